#include "node/core/trigger/heap.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHILD_COUNT = 4,
};

void heap_deinit(struct heap *heap)
{
    free(heap->entries);
    free(heap->places);
    *heap = (struct heap){0};
}

static bool is_before(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->index < b->index);
}

static void put(struct heap *heap, size_t place, struct heap_entry entry)
{
    heap->entries[place] = entry;
    heap->places[entry.index] = (uint32_t)place + 1;
}

// Lets an entry rise from `place` towards the first.
static void rise(struct heap *heap, size_t place, struct heap_entry entry)
{
    while (place > 0) {
        size_t parent = (place - 1) / CHILD_COUNT;
        if (!is_before(&entry, &heap->entries[parent]))
            break;
        put(heap, place, heap->entries[parent]);
        place = parent;
    }
    put(heap, place, entry);
}

static size_t first_child(const struct heap *heap, size_t place)
{
    size_t begin = place * CHILD_COUNT + 1;
    size_t end = MIN_OF(begin + CHILD_COUNT, heap->count);
    size_t best = begin;
    for (size_t child = begin + 1; child < end; child++)
        if (is_before(&heap->entries[child], &heap->entries[best]))
            best = child;
    return best;
}

static void sink(struct heap *heap, size_t place, struct heap_entry entry)
{
    while (place * CHILD_COUNT + 1 < heap->count) {
        size_t child = first_child(heap, place);
        if (!is_before(&heap->entries[child], &entry))
            break;
        put(heap, place, heap->entries[child]);
        place = child;
    }
    put(heap, place, entry);
}

// The entry at `place` is replaced: by one that belongs higher or lower.
static void settle(struct heap *heap, size_t place, struct heap_entry entry)
{
    if (place > 0 && is_before(&entry, &heap->entries[(place - 1) / CHILD_COUNT]))
        rise(heap, place, entry);
    else
        sink(heap, place, entry);
}

static void make_place(struct heap *heap, uint32_t index)
{
    size_t capacity = heap->place_count;
    void *places = heap->places;
    base_grow(&places, &capacity, (size_t)index + 1, sizeof *heap->places);
    heap->places = places;
    if (capacity > heap->place_count)
        memset(heap->places + heap->place_count, 0, (capacity - heap->place_count) * sizeof *heap->places);
    heap->place_count = capacity;
}

void heap_set(struct heap *heap, uint32_t index, int64_t due_ms)
{
    struct heap_entry entry = {due_ms, index};
    make_place(heap, index);
    if (heap->places[index]) {
        settle(heap, heap->places[index] - 1, entry);
        return;
    }
    void *entries = heap->entries;
    base_grow(&entries, &heap->capacity, heap->count + 1, sizeof *heap->entries);
    heap->entries = entries;
    rise(heap, heap->count++, entry);
}

bool heap_has(const struct heap *heap, uint32_t index)
{
    return index < heap->place_count && heap->places[index];
}

bool heap_remove(struct heap *heap, uint32_t index)
{
    if (!heap_has(heap, index))
        return false;
    size_t place = heap->places[index] - 1;
    heap->places[index] = 0;
    struct heap_entry last = heap->entries[--heap->count];
    if (place < heap->count)
        settle(heap, place, last);
    return true;
}

bool heap_first(const struct heap *heap, struct heap_entry *ret)
{
    if (!heap->count)
        return false;
    *ret = heap->entries[0];
    return true;
}
