#include "node/core/backfill.h"

#include "node/core/schedule.h"
#include "node/core/state.h"

bool backfill_is(const struct known_key *key)
{
    return key->due_ms != 0 && !hash_is_zero(&key->cause);
}

uint64_t backfill_count(const struct trigger *trigger, int64_t from_ms, int64_t until_ms)
{
    int64_t last_ms;
    return trigger_count_between(trigger, from_ms - 1, until_ms, BACKFILL_COUNT_MAX + 1, &last_ms);
}

static void claim(struct core *core, struct job *job, const struct jobs_pending *shape,
                  const struct trigger *trigger, int64_t until_ms)
{
    struct jobs_pending pending = *shape;
    while (trigger_next(trigger, pending.key.due_ms, &pending.key.due_ms) && pending.key.due_ms <= until_ms)
        if (!known_find(&job->known, &pending.key))
            schedule_attempt(core, job, &pending);
}

void backfill_order(struct core *core, struct job *job, const struct hash *id, const struct order *order)
{
    struct jobs_pending shape = {
        .key = {.schedule_version = job->schedule_version, .target = jobs_target(core, job), .cause = *id},
        .attempt = 1,
        .cause = FRAME_BACKFILL,
        .start_ms = core->wall_ms};
    int64_t until_ms = MIN_OF(order->until_ms, core->wall_ms);
    uint64_t count = 0;
    if (!schedule_is_possible(core, job) || until_ms < order->from_ms)
        return;
    for (size_t i = 0; i < job->slot_count; i++)
        if (job->slots[i].compiled)
            count += backfill_count(due_trigger(job->slots[i].compiled), order->from_ms, until_ms);
    for (size_t i = 0; count <= BACKFILL_COUNT_MAX && i < job->slot_count; i++) {
        shape.key.trigger = job->slots[i].trigger;
        shape.key.due_ms = order->from_ms - 1;
        if (job->slots[i].compiled)
            claim(core, job, &shape, due_trigger(job->slots[i].compiled), until_ms);
    }
    schedule_job(core, job);
}
