// support_feed.h - a loop of its own and a feed that writes down what a room of the shell tells.
#ifndef TESTS_UNIT_SUPPORT_FEED_H
#define TESTS_UNIT_SUPPORT_FEED_H

#include <uv.h>

#include "node/io/feed.h"

enum { SUPPORT_FEED_COUNT_MAX = 512 };

struct support_feed {
    struct feed feed;
    uv_loop_t loop;
    uv_timer_t guard;
    struct event events[SUPPORT_FEED_COUNT_MAX]; // what they point to is gone, but for `data`
    struct buffer data[SUPPORT_FEED_COUNT_MAX];  // of OUTPUT, DATAGRAM, STREAM_BYTES; job of CONTROL
    size_t count;
    void (*heard)(struct support_feed *feed, const struct event *event); // NULL; called as they come
};

void support_feed_init(struct support_feed *feed);
// Runs until `count` events of `kind` were told; fails the test after ten seconds.
void support_feed_run(struct support_feed *feed, enum event_kind kind, size_t count);
// Runs until every handle is closed, or fails the test.
void support_feed_deinit(struct support_feed *feed);

size_t support_feed_count(const struct support_feed *feed, enum event_kind kind);
// The index-th event of this kind; its position in `events`.
size_t support_feed_find(const struct support_feed *feed, enum event_kind kind, size_t index);
// A round of the loop that waits for nothing.
void support_feed_turn(struct support_feed *feed);

#endif
