// shown.h - ends of other jobs that the network process has shown: why something that comes after them is
// due.
//
// Verified (evidence_show), in memory, by the cause they are said to make; whether they do make it is looked
// at when something is to be started by it (check_upstream.c). What is not here is asked for again.
#ifndef NODE_IO_RUNNER_SHOWN_H
#define NODE_IO_RUNNER_SHOWN_H

#include "node/core/trigger/upstream.h"

enum { SHOWN_COUNT_MAX = 256 }; // causes; beyond it the oldest goes

struct shown_end {
    char job[NAME_JOB_ROOM];
    struct node_id signer;
    struct run_id run;       // zero: none, it is a verdict
    struct upstream_end end; // its job is NULL: a copy may lie anywhere
};

struct shown_item {
    struct hash cause;
    struct shown_end *ends[LIMIT_UPSTREAM_COUNT_MAX]; // owned; NULL: not shown yet
};

struct shown {
    struct shown_item *items; // owned, oldest first
    size_t count, capacity;
};

void shown_deinit(struct shown *shown); // safe on a zeroed one
const struct shown_item *shown_find(const struct shown *shown, const struct hash *cause); // NULL: not here
void shown_put(struct shown *shown, const struct hash *cause, uint8_t place, const struct shown_end *end);

#endif
