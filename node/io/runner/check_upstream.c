// check_upstream.c - rule 4 for what comes after other jobs: the ends it is due by were shown, signed by
// nodes of the fleet, and make the cause it names, recomputed with the functions of the core.
//
// Whether an end is one of a hook, which other hooks do not hear of, is the core's to know: the runner has
// the definitions of what it starts, not of what that comes after.
//
// A network process in wrong hands signs with this node's key, so it can invent an end. What it gains by
// that is bounded: a start of a command that an operator signed to follow, RATE_PER_HOUR times an hour.
#include <string.h>

#include "crdt/stamp.h"
#include "node/io/runner/check.h"

#define HOUR_MS (3600 * 1000LL)
#define DAY_MS  (24 * HOUR_MS)

static int need(struct check *check)
{
    check->needed = check->start->cause_record;
    return CHECK_NEED;
}

// As what is caught up; and it may have waited for a day.
static int64_t window_ms(const struct definition *definition)
{
    int64_t window_ms = definition->catch_up == DEFINITION_CATCH_UP_NONE ? 60 * 1000
                        : definition->catch_up_within_ms ? (int64_t)definition->catch_up_within_ms
                                                         : HOUR_MS;
    return window_ms + DAY_MS;
}

static int judge_time(struct check *check, int64_t ended_ms)
{
    int64_t wall_ms = check->world->wall_ms;
    if (ended_ms <= stamp_wall_ms(check->definition.since))
        return check_deny(check, "what it comes after ended before this schedule began");
    if (ended_ms + window_ms(&check->definition) < wall_ms)
        return check_deny(check, "what it comes after ended too long ago");
    check->happened_ms = MIN_OF(ended_ms, wall_ms);
    return 0;
}

int check_upstream(struct check *check, const struct definition_trigger *trigger)
{
    const struct evidence *evidence = check->world->evidence;
    const struct upstream_trigger of = {check->job, trigger, check->start->trigger};
    const struct shown_item *shown = shown_find(&evidence->shown, &check->start->cause_record);
    struct upstream_end ends[LIMIT_UPSTREAM_COUNT_MAX];
    struct hash cause;
    int64_t ended_ms = 0;
    size_t count = trigger->all ? trigger->job_count : 1;
    for (size_t i = 0; i < count; i++) {
        if (!shown || !shown->ends[i])
            return need(check);
        if (!evidence_find_node(evidence, &shown->ends[i]->signer))
            return check_deny(check, "who signed what it comes after is no node of this fleet any more");
        ends[i] = shown->ends[i]->end;
        ends[i].job = shown->ends[i]->job;
        ended_ms = MAX_OF(ended_ms, ends[i].ended_ms);
    }
    if (!upstream_cause(&of, ends, count, &cause))
        return check_deny(check, "what was shown is not what it comes after");
    if (!hash_equal(&cause, &check->start->cause_record))
        return check_deny(check, "what was shown has another cause");
    if (!rate_allows(check->world->rate, &check->job_hash, &cause, check->world->now_ms))
        return check_deny(check, "it came after other jobs %d times within an hour", (int)RATE_PER_HOUR);
    check->shown = shown;
    return judge_time(check, ended_ms);
}
