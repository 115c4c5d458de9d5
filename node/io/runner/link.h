// link.h - one end of the socket between runner and network process: whole frames, with descriptors.
//
// A SOCK_SEQPACKET descriptor, non-blocking: one frame per message, so a reader never meets half of
// one. What the kernel does not take at once waits in a queue of at most LINK_QUEUE_SIZE_MAX bytes;
// poll for POLLOUT while link_wants_write and call link_flush. Both ends use this file, the runner in
// its poll loop, the network process from a uv_poll_t.
#ifndef NODE_IO_RUNNER_LINK_H
#define NODE_IO_RUNNER_LINK_H

#include "proto/frame.h"

enum {
    LINK_DESCRIPTOR_COUNT_MAX = 2,
    LINK_QUEUE_SIZE_MAX = 8 * 1024 * 1024,
};

enum {
    LINK_EMPTY = 1, // receive: nothing there now
    LINK_CLOSED,    // the other end is gone
    LINK_MALFORMED, // receive: not a frame, or descriptors that do not belong to one
    LINK_FULL,      // send: the other end has not read for long; nothing was sent
};

struct link_message;

struct link {
    int fd; // owned
    struct link_message *first, *last;
    size_t queued_bytes;
    uint8_t *storage; // owned; the frame last received
};

// A frame and what came with it. Descriptors are the receiver's to close; 0 or exactly 2 of them.
struct link_delivery {
    struct frame frame; // frame.data is a view that lasts until the next receive
    int descriptors[LINK_DESCRIPTOR_COUNT_MAX];
    size_t descriptor_count;
};

// Both ends, close-on-exec and non-blocking. 0 or -errno.
int link_pair(int ret_fds[2]) WARN_UNUSED;
void link_init(struct link *link, int fd); // takes `fd` over
void link_deinit(struct link *link);       // closes it and what is queued; safe on a zeroed one

// Sends, or queues a copy. Descriptors are duplicated when queued, so the caller may close its own at
// once. 0, LINK_CLOSED or LINK_FULL.
int link_send(struct link *link, const struct frame *frame, const int *descriptors,
              size_t descriptor_count) WARN_UNUSED;
// Sends what is queued as far as possible. 0 or LINK_CLOSED.
int link_flush(struct link *link) WARN_UNUSED;
bool link_wants_write(const struct link *link);

// 0, LINK_EMPTY, LINK_CLOSED or LINK_MALFORMED. Only STARTED and RUNNING may carry descriptors; any
// others are closed here and the frame is malformed.
int link_receive(struct link *link, struct link_delivery *ret_delivery) WARN_UNUSED;

#endif
