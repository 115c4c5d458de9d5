// feed.h - where the rooms of the shell put what happened; the daemon hands it to the core.
//
// A room fills in `kind` and `is`; the time is the feed's business. What the event points to need live
// for the call only. Never called from within a room's own functions, only from the loop: a failure
// that shows while an effect is performed is told from the loop afterwards.
#ifndef NODE_IO_FEED_H
#define NODE_IO_FEED_H

#include "node/core/event.h"

struct feed {
    void (*take)(struct feed *feed, struct event *event);
};

static inline void feed_event(struct feed *feed, struct event *event)
{
    feed->take(feed, event);
}

#endif
