// timers.h - which of many things is due first: a heap of entries embedded in what they belong to.
//
// The owner of an entry keeps it in place while it is in the heap. Entries due at one instant come in
// the order in which they were set, so a replay sees the same order.
#ifndef GOSSIP_TIMERS_H
#define GOSSIP_TIMERS_H

#include "proto/base.h"

struct timers_entry {
    uint64_t due_ms;
    uint64_t serial;
    size_t position; // in the heap, from 1; 0: not in it
};

struct timers {
    struct timers_entry **heap; // owned array of borrowed entries
    size_t count;
    size_t capacity;
    uint64_t serial;
};

void timers_deinit(struct timers *timers);
// Adds or moves.
void timers_set(struct timers *timers, struct timers_entry *entry, uint64_t due_ms);
// Nothing happens when it is not in the heap.
void timers_remove(struct timers *timers, struct timers_entry *entry);
// NULL when there is none. It stays in the heap.
struct timers_entry *timers_first(const struct timers *timers);

#endif
