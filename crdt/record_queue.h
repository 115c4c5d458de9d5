// record_queue.h - record ids waiting to be taken, in the order they were added.
#ifndef CRDT_RECORD_QUEUE_H
#define CRDT_RECORD_QUEUE_H

#include "proto/ids.h"

struct record_queue {      // zeroed: empty
    struct record_id *ids; // owned
    size_t count, capacity, next;
};

void record_queue_deinit(struct record_queue *queue);
void record_queue_add(struct record_queue *queue, const struct record_id *id);
bool record_queue_take(struct record_queue *queue, struct record_id *ret_id) WARN_UNUSED; // false: empty

#endif
