#include "node/core/trigger/upstream.h"

#include <string.h>

// `*` alone, or for a whole namespace.
static bool is_everybody(const char *pattern)
{
    const char *slash = strrchr(pattern, '/'), *name = slash ? slash + 1 : pattern;
    return name[0] && name[strspn(name, "*")] == 0;
}

bool upstream_is_hook(const struct definition *definition)
{
    for (size_t i = 0; i < definition->trigger_count; i++) {
        const struct definition_trigger *trigger = &definition->triggers[i];
        for (size_t k = 0; trigger->kind == DEFINITION_AFTER && k < trigger->job_count; k++)
            if (is_everybody(trigger->jobs[k]))
                return true;
    }
    return false;
}

bool upstream_means(const char *pattern, const char *job, bool is_hook)
{
    return name_fits(pattern, job) && !(is_hook && is_everybody(pattern));
}

bool upstream_is_named(const struct definition_trigger *trigger, const char *downstream, const char *job,
                       bool is_hook)
{
    bool is_named = false;
    for (size_t i = 0; i < trigger->job_count; i++)
        is_named |= upstream_means(trigger->jobs[i], job, is_hook);
    return is_named && strcmp(downstream, job) != 0;
}

bool upstream_fits(const struct definition_trigger *trigger, enum ledger_status status)
{
    if (status == LEDGER_OPEN)
        return false;
    return trigger->outcome == DEFINITION_OUTCOME_ANY ||
           (status == LEDGER_OK) == (trigger->outcome == DEFINITION_OUTCOME_OK);
}

static bool is_same_moment(const struct upstream_end *a, const struct upstream_end *b)
{
    return a->due_ms == b->due_ms && hash_equal(&a->cause, &b->cause);
}

// A total order, so that everybody calls the same end the latest.
static bool is_later(const struct upstream_end *a, const struct upstream_end *b)
{
    if (a->ended_ms != b->ended_ms)
        return a->ended_ms > b->ended_ms;
    int order = memcmp(&a->occurrence, &b->occurrence, sizeof a->occurrence);
    return order ? order > 0 : a->status > b->status;
}

// What an end has to be to stand for one of the jobs of the trigger.
struct wish {
    const struct definition_trigger *trigger;
    const char *downstream;
    const char *job;                  // as the trigger names it
    const struct upstream_end *along; // of the same moment as this; NULL: of any
    const struct upstream_end *until; // not later than this; NULL: any
};

static bool grants(const struct wish *wish, const struct upstream_end *end)
{
    return upstream_means(wish->job, end->job, end->is_hook) && strcmp(wish->downstream, end->job) != 0 &&
           (!wish->along || is_same_moment(end, wish->along)) &&
           (!wish->until || !is_later(end, wish->until));
}

// The latest; for one moment the latest that fits, as the outcome of an occurrence may still rise.
static bool find_end(const struct wish *wish, const struct upstream_end *ends, size_t count, size_t *ret_at)
{
    size_t found = count;
    for (size_t i = 0; i < count; i++) {
        bool counts =
            grants(wish, &ends[i]) && (!wish->along || upstream_fits(wish->trigger, ends[i].status));
        if (counts && (found == count || is_later(&ends[i], &ends[found])))
            found = i;
    }
    if (found == count || !upstream_fits(wish->trigger, ends[found].status))
        return false;
    *ret_at = found;
    return true;
}

size_t upstream_choose(const struct upstream_trigger *of, const struct upstream_end *ends, size_t count,
                       size_t newest, size_t ret_chosen[LIMIT_UPSTREAM_COUNT_MAX])
{
    const struct definition_trigger *trigger = of->trigger;
    size_t chosen[LIMIT_UPSTREAM_COUNT_MAX];
    if (!upstream_is_named(trigger, of->downstream, ends[newest].job, ends[newest].is_hook) ||
        !upstream_fits(trigger, ends[newest].status))
        return 0;
    if (!trigger->all) {
        ret_chosen[0] = newest;
        return 1;
    }
    struct wish wish = {.trigger = trigger, .downstream = of->downstream};
    *(trigger->latest ? &wish.until : &wish.along) = &ends[newest];
    for (size_t i = 0; i < trigger->job_count; i++) {
        wish.job = trigger->jobs[i];
        if (!find_end(&wish, ends, count, &chosen[i]))
            return 0;
    }
    memcpy(ret_chosen, chosen, trigger->job_count * sizeof *chosen);
    return trigger->job_count;
}

static struct hash cause_of_moment(const struct upstream_trigger *of, const struct upstream_end *end)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-join-1");
    hasher_add_text(&hasher, of->downstream);
    hasher_add_u64(&hasher, of->index);
    hasher_add_u64(&hasher, (uint64_t)end->due_ms);
    hasher_add(&hasher, end->cause.b, sizeof end->cause.b);
    return hasher_finish(&hasher);
}

static struct hash cause_of_latest(const struct upstream_trigger *of, const struct upstream_end *chosen,
                                   size_t count)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-latest-1");
    hasher_add_text(&hasher, of->downstream);
    hasher_add_u64(&hasher, of->index);
    for (size_t i = 0; i < count; i++)
        hasher_add(&hasher, chosen[i].occurrence.hash.b, sizeof chosen[i].occurrence.hash.b);
    return hasher_finish(&hasher);
}

static bool is_all(const struct upstream_trigger *of, const struct upstream_end *chosen, size_t count)
{
    const struct definition_trigger *trigger = of->trigger;
    bool is_complete = count == trigger->job_count;
    for (size_t i = 0; is_complete && i < count; i++) {
        const struct wish wish = {.trigger = trigger,
                                  .downstream = of->downstream,
                                  .job = trigger->jobs[i],
                                  .along = trigger->latest ? NULL : &chosen[0]};
        is_complete = grants(&wish, &chosen[i]) && upstream_fits(trigger, chosen[i].status);
    }
    return is_complete;
}

bool upstream_cause(const struct upstream_trigger *of, const struct upstream_end *chosen, size_t count,
                    struct hash *ret_cause)
{
    const struct definition_trigger *trigger = of->trigger;
    if (!trigger->all) {
        if (count != 1 || !upstream_is_named(trigger, of->downstream, chosen->job, chosen->is_hook) ||
            !upstream_fits(trigger, chosen->status))
            return false;
        *ret_cause = chosen->occurrence.hash;
        return true;
    }
    if (!is_all(of, chosen, count))
        return false;
    *ret_cause = trigger->latest ? cause_of_latest(of, chosen, count) : cause_of_moment(of, chosen);
    return true;
}
