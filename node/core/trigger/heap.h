// heap.h - which of many things is due first.
//
// A 4-ary min-heap of (due time, index). The index is the caller's own small number (a slot in its
// table) and at the same time the handle: each index is in the heap at most once, and can be moved
// or removed by it. Equal due times come out in the order of their indexes, so the order depends on
// nothing but the contents. 16 bytes per entry and 4 per index, at most doubled by growth.
// Source: D. B. Johnson, "Priority queues with update and finding minimum spanning trees", 1975.
#ifndef NODE_CORE_TRIGGER_HEAP_H
#define NODE_CORE_TRIGGER_HEAP_H

#include "proto/base.h"

struct heap_entry {
    int64_t due_ms;
    uint32_t index;
};

struct heap {
    struct heap_entry *entries; // owned
    size_t count;
    size_t capacity;
    uint32_t *places; // owned; by index: where its entry is, plus one; 0: not in the heap
    size_t place_count;
};

void heap_deinit(struct heap *heap); // a zeroed heap is an empty one

// Adds the index or moves it to another due time.
void heap_set(struct heap *heap, uint32_t index, int64_t due_ms);
bool heap_remove(struct heap *heap, uint32_t index); // false: it was not there
bool heap_has(const struct heap *heap, uint32_t index);
bool heap_first(const struct heap *heap, struct heap_entry *ret); // false: empty

#endif
