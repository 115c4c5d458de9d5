#include "node/core/start_time.h"

#include "node/core/state.h"

bool start_time_is_caught_up(const struct known_key *key, int64_t claimed_ms)
{
    return key->due_ms && hash_is_zero(&key->cause) && key->due_ms + START_TIME_LATE_MS < claimed_ms;
}

int64_t start_time_deadline_ms(const struct core *core, const struct job *job, const struct known_key *key)
{
    const struct definition *definition = jobs_definition(core, job);
    bool is_of_schedule = definition && key->trigger < definition->trigger_count && key->due_ms &&
                          hash_is_zero(&key->cause) && key->schedule_version == job->schedule_version;
    uint64_t expires_ms = is_of_schedule ? definition->triggers[key->trigger].expires_ms : 0;
    return expires_ms ? key->due_ms + (int64_t)expires_ms : INT64_MAX;
}

bool start_time_is_over(const struct core *core, const struct job *job, const struct known_key *key)
{
    const struct known_due *due = known_find(&job->known, key);
    bool has_begun = due && known_last_ended(due);
    return !has_begun && core->wall_ms > start_time_deadline_ms(core, job, key);
}

// What of a span from an instant on lies before the deadline.
static uint64_t bounded_ms(const struct core *core, const struct job *job, const struct known_key *key,
                           int64_t from_ms, uint64_t span_ms)
{
    int64_t left_ms = MAX_OF(start_time_deadline_ms(core, job, key) - from_ms, 0);
    return MIN_OF(span_ms, (uint64_t)left_ms / 2);
}

int64_t start_time_first_ms(const struct core *core, const struct job *job, const struct known_key *key,
                            int64_t claimed_ms)
{
    if (!key->due_ms || !hash_is_zero(&key->cause))
        return claimed_ms;
    uint64_t jitter_ms = bounded_ms(core, job, key, key->due_ms, jobs_definition(core, job)->jitter_ms);
    return key->due_ms + due_offset_ms(jitter_ms, job->name, &key->target);
}

int64_t start_time_ms(const struct core *core, const struct job *job, const struct known_key *key,
                      int64_t claimed_ms)
{
    int64_t first_ms = start_time_first_ms(core, job, key, claimed_ms);
    if (!start_time_is_caught_up(key, claimed_ms))
        return first_ms;
    uint64_t spread_ms =
        bounded_ms(core, job, key, claimed_ms, jobs_definition(core, job)->catch_up_spread_ms);
    return MAX_OF(first_ms, claimed_ms + due_offset_ms(spread_ms, job->name, &core->self.id));
}
