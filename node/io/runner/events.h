// events.h - events the runner was shown, verified, in memory: the last EVENTS_COUNT_MAX of them.
//
// The network process shows an event when a start needs it (NEED). That one starts a run once per job is the
// journal's business (seen.h).
#ifndef NODE_IO_RUNNER_EVENTS_H
#define NODE_IO_RUNNER_EVENTS_H

#include "proto/change.h"

enum { EVENTS_COUNT_MAX = 256 };

struct events_item {
    struct hash id;
    struct node_id signer;
    bool is_of_node;           // else of an operator
    struct event_record event; // its data point into `data`
    struct buffer data;        // owned
};

struct events {
    struct events_item items[EVENTS_COUNT_MAX];
    size_t count;
    size_t oldest; // goes next when there is no room
};

void events_deinit(struct events *events); // safe on a zeroed one
const struct events_item *events_find(const struct events *events, const struct hash *id); // NULL: not here
void events_add(struct events *events, const struct events_item *item);                    // copies the data

#endif
