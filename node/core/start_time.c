#include "node/core/start_time.h"

#include "node/core/state.h"

bool start_time_is_caught_up(const struct known_key *key, int64_t claimed_ms)
{
    return key->due_ms && hash_is_zero(&key->cause) && key->due_ms + START_TIME_LATE_MS < claimed_ms;
}

int64_t start_time_first_ms(const struct core *core, const struct job *job, const struct known_key *key,
                            int64_t claimed_ms)
{
    if (!key->due_ms || !hash_is_zero(&key->cause))
        return claimed_ms;
    return key->due_ms + due_offset_ms(jobs_definition(core, job)->jitter_ms, job->name, &key->target);
}

int64_t start_time_ms(const struct core *core, const struct job *job, const struct known_key *key,
                      int64_t claimed_ms)
{
    int64_t first_ms = start_time_first_ms(core, job, key, claimed_ms);
    if (!start_time_is_caught_up(key, claimed_ms))
        return first_ms;
    uint64_t spread_ms = jobs_definition(core, job)->catch_up_spread_ms;
    return MAX_OF(first_ms, claimed_ms + due_offset_ms(spread_ms, job->name, &core->self.id));
}
