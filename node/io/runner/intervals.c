#include "node/io/runner/intervals.h"

#include <stdlib.h>

void intervals_deinit(struct intervals *intervals)
{
    free(intervals->items);
    *intervals = (struct intervals){0};
}

static struct intervals_item *find(const struct intervals *intervals, const struct hash *job,
                                   uint16_t trigger)
{
    for (size_t i = 0; i < intervals->count; i++)
        if (intervals->items[i].trigger == trigger && hash_equal(&intervals->items[i].job, job))
            return &intervals->items[i];
    return NULL;
}

const struct intervals_item *intervals_find(const struct intervals *intervals, const struct hash *job,
                                            uint16_t trigger)
{
    return find(intervals, job, trigger);
}

void intervals_note(struct intervals *intervals, const struct intervals_item *started)
{
    struct intervals_item *item = find(intervals, &started->job, started->trigger);
    if (!item) {
        void *items = intervals->items;
        base_grow(&items, &intervals->capacity, intervals->count + 1, sizeof *intervals->items);
        intervals->items = items;
        item = &intervals->items[intervals->count++];
    }
    *item = *started;
}

uint64_t intervals_paid_ns(const struct intervals *intervals, const struct hash *job, uint16_t trigger,
                           uint64_t period_ns, uint64_t now_ns)
{
    const struct intervals_item *item = find(intervals, job, trigger);
    uint64_t saved_ns = period_ns * (item && item->paid_ns ? INTERVALS_SAVED_MAX : 1);
    uint64_t from_ns = now_ns > saved_ns ? now_ns - saved_ns : 0;
    return item ? MAX_OF(item->paid_ns, from_ns) : from_ns;
}
