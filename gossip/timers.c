#include "gossip/timers.h"

#include <stdlib.h>

void timers_deinit(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){0};
}

static bool is_before(const struct timers_entry *a, const struct timers_entry *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->serial < b->serial;
}

static void timers_put(struct timers *timers, size_t position, struct timers_entry *entry)
{
    timers->heap[position - 1] = entry;
    entry->position = position;
}

static void timers_rise(struct timers *timers, struct timers_entry *entry, size_t position)
{
    while (position > 1 && is_before(entry, timers->heap[position / 2 - 1])) {
        timers_put(timers, position, timers->heap[position / 2 - 1]);
        position /= 2;
    }
    timers_put(timers, position, entry);
}

static void timers_sink(struct timers *timers, struct timers_entry *entry, size_t position)
{
    for (;;) {
        size_t child = 2 * position;
        if (child > timers->count)
            break;
        if (child < timers->count && is_before(timers->heap[child], timers->heap[child - 1]))
            child++;
        if (!is_before(timers->heap[child - 1], entry))
            break;
        timers_put(timers, position, timers->heap[child - 1]);
        position = child;
    }
    timers_put(timers, position, entry);
}

void timers_set(struct timers *timers, struct timers_entry *entry, uint64_t due_ms)
{
    timers_remove(timers, entry);
    entry->due_ms = due_ms;
    entry->serial = timers->serial++;
    void *array = timers->heap;
    base_grow(&array, &timers->capacity, timers->count + 1, sizeof(struct timers_entry *));
    timers->heap = array;
    timers->count++;
    timers_rise(timers, entry, timers->count);
}

void timers_remove(struct timers *timers, struct timers_entry *entry)
{
    size_t position = entry->position;
    if (!position)
        return;
    entry->position = 0;
    struct timers_entry *last = timers->heap[--timers->count];
    if (last == entry)
        return;
    if (position > 1 && is_before(last, timers->heap[position / 2 - 1]))
        timers_rise(timers, last, position);
    else
        timers_sink(timers, last, position);
}

struct timers_entry *timers_first(const struct timers *timers)
{
    return timers->count ? timers->heap[0] : NULL;
}
