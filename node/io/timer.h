// timer.h - wakes the core at its two deadlines: one on the monotonic clock, one on the wall clock.
//
// Two timerfds, for libuv's own timers go by a cached clock and may fire early; these never do. The wall
// timer is cancelled by the kernel when somebody sets the clock, and then too the core is woken, so that
// a step forward or back is noticed at once and not at the old deadline.
#ifndef NODE_IO_TIMER_H
#define NODE_IO_TIMER_H

#include <uv.h>

#include "node/io/feed.h"

struct timer_clock { // one of the two
    struct timer *timer;
    uv_poll_t poll;
    int descriptor;
};

struct timer {
    struct feed *feed;
    struct timer_clock monotonic, wall;
    uint64_t now_ms; // as set
    int64_t wall_ms;
    bool is_open;
};

// 0 or -errno.
int timer_open(struct timer *timer, uv_loop_t *loop, struct feed *feed) WARN_UNUSED;
// UINT64_MAX and INT64_MAX: never. EVENT_DEADLINE comes once for each time set.
void timer_set(struct timer *timer, uint64_t now_ms, int64_t wall_ms);
// The handles are closed when the loop has gone round once more; the struct must live until then.
void timer_close(struct timer *timer);

#endif
