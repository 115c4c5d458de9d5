#include "node/core/after_end.h"

#include "node/core/retry.h"
#include "node/core/state.h"

bool after_end_is(const struct jobs_slot *slot)
{
    return slot->end_period_ms > 0;
}

static bool goes_on(const struct definition *definition, const struct known_due *due)
{
    struct retry retry;
    return (due->status == LEDGER_OPEN && due->verdict == LEDGER_OPEN) || retry_find(definition, due, &retry);
}

bool after_end_due_ms(const struct core *core, const struct job *job, const struct jobs_slot *slot,
                      int64_t *ret_due_ms)
{
    const struct definition *definition = jobs_definition(core, job);
    int64_t end_ms = slot->decided_ms;
    for (size_t i = 0; i < job->known.count; i++) {
        const struct known_due *due = &job->known.items[i];
        if (goes_on(definition, due))
            return false;
        end_ms = MAX_OF(end_ms, due->settled_ms);
    }
    int64_t due_ms = MAX_OF(end_ms + slot->end_period_ms, definition->not_before_ms);
    if (definition->not_after_ms && due_ms > definition->not_after_ms)
        return false;
    *ret_due_ms = due_ms;
    return true;
}
