#include "node/core/barred.h"

#include "node/core/catch_up.h"
#include "node/core/stall.h"
#include "node/core/state.h"

#include <stdlib.h>

struct barred {
    struct due *limits; // owned
    const char *reason; // of the stretch that goes on
    int64_t first_ms, last_ms, write_ms;
    uint64_t count, written; // how many there were; of those, written
};

int barred_open(const struct definition *definition, const struct zone *zone, struct barred **ret,
                struct trigger_error *ret_error)
{
    struct due *limits;
    int outcome = due_open_limits(definition, zone, &limits, ret_error);
    if (outcome)
        return outcome;
    *ret = base_alloc(1, sizeof **ret);
    (*ret)->limits = limits;
    return 0;
}

void barred_free(struct barred *barred)
{
    if (!barred)
        return;
    due_free(barred->limits);
    free(barred);
}

const char *barred_reason(const struct job *job, uint16_t trigger, int64_t at_ms)
{
    const struct barred *barred = trigger < job->slot_count ? job->slots[trigger].barred : NULL;
    return barred ? due_limit(barred->limits, at_ms) : NULL;
}

int64_t barred_blackout_end_ms(const struct jobs_slot *slot, int64_t at_ms)
{
    return slot->barred ? catch_up_blackout_end_ms(slot->barred->limits, at_ms) : 0;
}

static void write_stretch(struct core *core, struct job *job, struct jobs_slot *slot)
{
    struct barred *barred = slot->barred;
    const struct known_key key = {.schedule_version = job->schedule_version,
                                  .trigger = slot->trigger,
                                  .target = jobs_target(core, job),
                                  .due_ms = barred->first_ms};
    struct ledger_verdict verdict = {
        .occurrence = book_occurrence(job, &key),
        .last_due_ms = MAX_OF(barred->last_ms, barred->first_ms + (int64_t)barred->count - 1),
        .count = barred->count,
        .status = LEDGER_SKIPPED,
        .reason = barred->reason,
        .at_ms = core->wall_ms};
    book_write_verdict(core, &verdict);
    barred->written = barred->count;
    slot->decided_ms = MAX_OF(slot->decided_ms, barred->last_ms);
}

static void end_stretch(struct core *core, struct job *job, struct jobs_slot *slot)
{
    struct barred *barred = slot->barred;
    if (barred->written < barred->count && job->role == JOBS_OWNER)
        write_stretch(core, job, slot);
    barred->count = barred->written = 0;
}

bool barred_is(struct core *core, struct job *job, uint16_t trigger, int64_t at_ms)
{
    const char *reason = barred_reason(job, trigger, at_ms);
    if (!reason)
        return false;
    struct jobs_slot *slot = &job->slots[trigger];
    struct barred *barred = slot->barred;
    if (at_ms <= slot->decided_ms || (barred->count && at_ms <= barred->last_ms))
        return true;
    if (barred->count && barred->reason != reason)
        end_stretch(core, job, slot);
    if (!barred->count) {
        barred->first_ms = at_ms;
        barred->write_ms = core->wall_ms + STALL_FIRST_MS;
    }
    barred->reason = reason;
    barred->last_ms = at_ms;
    barred->count++;
    return true;
}

static void look(struct core *core, struct job *job, struct jobs_slot *slot)
{
    struct barred *barred = slot->barred;
    if (!barred->count)
        return;
    if (job->role != JOBS_OWNER || due_limit(barred->limits, core->wall_ms) != barred->reason) {
        end_stretch(core, job, slot);
    } else if (core->wall_ms >= barred->write_ms && barred->written < barred->count) {
        int64_t length_ms = MAX_OF(core->wall_ms - barred->first_ms, (int64_t)STALL_FIRST_MS);
        barred->write_ms = core->wall_ms + MIN_OF((STALL_GROWTH - 1) * length_ms, (int64_t)STALL_LONGEST_MS);
        write_stretch(core, job, slot);
    }
}

void barred_tick(struct core *core, struct job *job)
{
    for (size_t i = 0; job->row && i < job->slot_count; i++)
        if (job->slots[i].barred)
            look(core, job, &job->slots[i]);
}
