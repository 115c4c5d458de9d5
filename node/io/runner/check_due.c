// check_due.c - rule 4: is this really a due time of the job, and not too late; or was it really ordered?
#include <string.h>

#include "crdt/stamp.h"
#include "node/core/trigger/due.h"
#include "node/io/runner/check.h"

#define MINUTE_MS (60 * 1000LL)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

enum { GROWTH_ONE = 1000 };

// How long the attempts before this one may have taken, with what was waited between them.
static int64_t earlier_attempts_ms(const struct check *check)
{
    const struct definition *definition = &check->definition;
    int64_t limit_ms =
        definition->time_limit_ms ? (int64_t)definition->time_limit_ms : DEFINITION_TIME_LIMIT_MS_DEFAULT;
    int64_t grace_ms = definition->grace_ms ? (int64_t)definition->grace_ms : DEFINITION_GRACE_MS_DEFAULT;
    int64_t delay_ms = (int64_t)definition->retry_delay_ms, sum_ms = 0;
    for (unsigned attempt = 1; attempt < check->start->attempt && sum_ms < SEEN_AGE_MS; attempt++) {
        sum_ms += MIN_OF(limit_ms, DAY_MS * 8) + MIN_OF(grace_ms, DAY_MS) + MIN_OF(delay_ms, DAY_MS * 8);
        if (definition->retry_growth_milli > GROWTH_ONE && delay_ms < DAY_MS * 8)
            delay_ms = delay_ms * (int64_t)definition->retry_growth_milli / GROWTH_ONE;
    }
    return MIN_OF(sum_ms, SEEN_AGE_MS);
}

// What waiting adds: for a busy job or a slot up to a day, for the attempts before this one what they took.
int64_t check_waiting_ms(const struct check *check)
{
    bool waited = check->start->cause == FRAME_QUEUED || check->start->attempt > 1;
    return (waited ? DAY_MS : 0) + earlier_attempts_ms(check);
}

// By how much a start may be later than due though nothing is in its way.
static int64_t starts_later_ms(const struct definition *definition)
{
    bool catches_up = definition->catch_up != DEFINITION_CATCH_UP_NONE;
    return (int64_t)definition->jitter_ms + (catches_up ? (int64_t)definition->catch_up_spread_ms : 0);
}

// How late it may start. After a deadline nothing begins, whatever it waited for; only a retry may follow.
static int64_t window_ms(const struct check *check, const struct due *due)
{
    const struct definition *definition = &check->definition;
    const struct definition_trigger *source = &definition->triggers[check->start->trigger];
    int64_t window_ms = MINUTE_MS;
    if (source->kind == DEFINITION_AT && source->expires_ms)
        return (int64_t)source->expires_ms + (check->start->attempt > 1 ? check_waiting_ms(check) : 0);
    if (definition->catch_up != DEFINITION_CATCH_UP_NONE && definition->catch_up_within_ms)
        window_ms = MAX_OF(window_ms, (int64_t)definition->catch_up_within_ms);
    else if (definition->catch_up != DEFINITION_CATCH_UP_NONE)
        window_ms = MAX_OF(window_ms, MIN_OF(due_period_ms(due, check->start->due_ms), HOUR_MS));
    return window_ms + starts_later_ms(definition) + check_waiting_ms(check);
}

uint64_t check_period_ns(const struct definition_trigger *trigger)
{
    return trigger->period_ms * UINT64_C(1000000);
}

uint64_t check_paid_ns(const struct check *check, const struct definition_trigger *trigger)
{
    return intervals_paid_ns(check->world->intervals, &check->job_hash, check->start->trigger,
                             check_period_ns(trigger), check->world->boottime_ns);
}

int64_t check_wall_ms(const struct check *check)
{
    return check->world->wall_ms + check->start->clock_offset_ms;
}

// The network process says that our clock is wrong: then nothing may start that goes by it, and an interval
// no more often than its period.
static int judge_offset(struct check *check)
{
    const struct definition *definition = &check->definition;
    const struct definition_trigger *trigger = &definition->triggers[check->start->trigger];
    if (!check->start->clock_offset_ms)
        return 0;
    if (trigger->kind != DEFINITION_EVERY || definition->blackout_count || definition->not_before_ms ||
        definition->not_after_ms || definition->max_clock_error_ms)
        return check_deny(check, "this node's clock is said to be wrong, and the job goes by it");
    if (!trigger->from_end && check_paid_ns(check, trigger) > check->world->boottime_ns)
        return check_deny(check, "by a wrong clock it may not start more often than its period");
    return 0;
}

static int judge_time(struct check *check, const struct due *due)
{
    int64_t due_ms = check->start->due_ms, late_ms = check_wall_ms(check) - due_ms;
    if (due_ms <= stamp_wall_ms(check->definition.since))
        return check_deny(check, "it lies before this schedule began");
    if (late_ms < 0)
        return check_deny(check, "it is due in %lld ms by this node's clock", (long long)-late_ms);
    if (!due_is(due, due_ms))
        return check_deny(check, "no trigger of the definition is due then");
    int64_t end_ms;
    if (due_is_blacked_out(due, due_ms, &end_ms))
        return check_deny(check, "it lies in a blackout");
    if (late_ms > window_ms(check, due))
        return check_deny(check, "it is %lld s late, beyond its window", (long long)(late_ms / 1000));
    return 0;
}

// Is the order for this job, and are we within the times it is for?
static int judge_meant(struct check *check, int64_t longer_ms)
{
    const struct orders_item *order = check->order;
    const struct definition *definition = &check->definition;
    int64_t wall_ms = check->world->wall_ms;
    if (strcmp(order->namespace_name, definition->namespace_name) != 0 ||
        strcmp(order->name, definition->name) != 0)
        return check_deny(check, "the order is for another job");
    if (order->life != definition->life)
        return check_deny(check, "the order is for another life of the job");
    if (wall_ms < order->not_before_ms)
        return check_deny(check, "the order is for later");
    if (wall_ms > order->not_after_ms + check_waiting_ms(check) + longer_ms)
        return check_deny(check, "the order is too old");
    return 0;
}

static int judge_past(struct check *check, const struct due *due)
{
    const struct orders_item *order = check->order;
    int64_t due_ms = check->start->due_ms;
    if (due_ms < order->from_ms || due_ms > order->until_ms || !order->from_ms)
        return check_deny(check, "the order is for other due times");
    if (due_ms > check->world->wall_ms)
        return check_deny(check, "it is due in %lld ms by this node's clock",
                          (long long)(due_ms - check->world->wall_ms));
    if (!trigger_is_due(due_trigger(due), due_ms))
        return check_deny(check, "no trigger of the definition is due then");
    return judge_meant(check, LIMIT_ORDER_MS_MAX);
}

static int judge_trigger(struct check *check)
{
    const struct definition *definition = &check->definition;
    bool local = strcmp(definition->zone, "local") == 0;
    if (local && definition->spread != DEFINITION_SPREAD_ALL && !definition->node[0])
        return check_deny(check, "zone local needs a job for one named node or for each");
    const struct zone *zone = zone_files_zone(check->world->zones, definition->zone);
    if (!zone && !due_needs_zone(definition))
        zone = zone_utc();
    if (!zone)
        return check_deny(check, "time zone %s is not known here", definition->zone);
    struct due *due = NULL;
    struct trigger_error error = {0};
    int outcome = due_open(definition, check->start->trigger, zone, &due, &error);
    if (outcome == DUE_NO_CALENDAR)
        return check_deny(check, "its trigger has no due times");
    if (outcome)
        return check_deny(check, "its trigger cannot be computed: %s", error.text);
    outcome = check_is_backfill(check) ? judge_past(check, due) : judge_time(check, due);
    due_free(due);
    return outcome;
}

static int judge_order(struct check *check)
{
    const struct orders_item *order = check->order;
    if (check->start->due_ms != 0)
        return check_deny(check, "an order has no due time");
    if (order->from_ms)
        return check_deny(check, "the order is for past due times");
    return judge_meant(check, 0);
}

// The journal forgets old marks of a series and then denies whatever is older; each order is one of its own.
static int check_backfill(struct check *check)
{
    uint64_t part;
    memcpy(&part, check->start->cause_record.b, sizeof part);
    check->key.series = (check->key.series ^ part) | 1;
    return judge_trigger(check);
}

bool check_is_of_no_calendar(enum frame_cause cause)
{
    return cause == FRAME_ORDERED || cause == FRAME_EVENT || cause == FRAME_UPSTREAM || cause == FRAME_BOOT ||
           cause == FRAME_MEMBER || cause == FRAME_FILE;
}

int check_due(struct check *check)
{
    const struct frame_start *start = check->start;
    if (check_is_order(check))
        return judge_order(check);
    if (start->trigger >= check->definition.trigger_count)
        return check_deny(check, "the definition has no trigger %u", start->trigger + 1u);
    const struct definition_trigger *trigger = &check->definition.triggers[start->trigger];
    if (check_is_backfill(check))
        return check_backfill(check);
    int outcome = trigger->kind == DEFINITION_EVERY || due_has_calendar(trigger) ? judge_offset(check) : 0;
    if (outcome)
        return outcome;
    if (!due_has_calendar(trigger))
        return check_happening(check, trigger);
    if (check_is_of_no_calendar(start->cause) || !hash_is_zero(&start->cause_record))
        return check_deny(check, "a due time of a calendar has no other cause");
    return judge_trigger(check);
}
