#include "node/io/runner/rate.h"

#include <stdlib.h>

enum { HOUR_MS = 3600 * 1000 };

void rate_deinit(struct rate *rate)
{
    free(rate->starts);
    *rate = (struct rate){0};
}

bool rate_allows(const struct rate *rate, const struct hash *job, const struct hash *cause, uint64_t now_ms)
{
    size_t started = 0;
    for (size_t i = 0; i < rate->count; i++) {
        const struct rate_start *start = &rate->starts[i];
        if (start->at_ms + HOUR_MS <= now_ms || !hash_equal(&start->job, job))
            continue;
        if (hash_equal(&start->cause, cause))
            return true;
        started++;
    }
    return started < RATE_PER_HOUR;
}

void rate_add(struct rate *rate, const struct hash *job, const struct hash *cause, uint64_t now_ms)
{
    if (!rate->starts)
        rate->starts = base_alloc(RATE_COUNT_MAX, sizeof *rate->starts);
    for (size_t i = 0; i < rate->count; i++)
        if (hash_equal(&rate->starts[i].cause, cause) && hash_equal(&rate->starts[i].job, job))
            return;
    rate->starts[rate->next] = (struct rate_start){*job, *cause, now_ms};
    rate->next = (rate->next + 1) % RATE_COUNT_MAX;
    rate->count += rate->count < RATE_COUNT_MAX;
}
