// delivery.h - answers on their way from the store's thread to the loop, each with memory of its own.
//
// A descriptor is readable while something waits. Rows wait for the loop when it falls behind, so that
// an answer of a hundred megabytes never lies in memory whole; what settles writes never waits.
#ifndef NODE_IO_STORE_DELIVERY_H
#define NODE_IO_STORE_DELIVERY_H

#include <uv.h>

#include "node/io/store/packet.h"

enum {
    DELIVERY_COUNT_MAX = 128, // rows in wait
    DELIVERY_BYTES_MAX = 1024 * 1024,
};

struct delivery;

struct delivery_queue {
    uv_mutex_t lock;
    uv_cond_t taken;
    struct delivery *first, *last; // owned
    struct delivery *out;          // handed out last; owned
    size_t count;
    size_t bytes;
    int descriptor;
    bool closing;
};

void delivery_init(struct delivery_queue *queue);
void delivery_deinit(struct delivery_queue *queue);

// An event without pointers.
void delivery_add(struct delivery_queue *queue, const struct event *event);
// Waits while too many are in the queue; false once it is closing. `packet` may be NULL, else the row
// points into it and it is held; without it everything the row points to is copied.
bool delivery_add_row(struct delivery_queue *queue, uint64_t query, const struct event_row *row,
                      struct packet *packet);
// What it hands out lives until the next call.
bool delivery_next(struct delivery_queue *queue, struct event *ret_event);
// From now on rows are refused and nobody waits.
void delivery_close(struct delivery_queue *queue);

#endif
