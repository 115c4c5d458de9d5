// intervals.h - when each trigger whose period counts from the end of a run last started here.
//
// Such a due time cannot be recomputed from the definition alone. What the runner can see to is that no two
// of them start closer than the period, by the time since boot, which nobody sets. Attempts of one due time
// follow each other as they have to. Kept in memory: a runner that begins anew has nothing running either.
#ifndef NODE_IO_RUNNER_INTERVALS_H
#define NODE_IO_RUNNER_INTERVALS_H

#include "node/io/runner/seen.h"

struct intervals_item {
    struct hash job; // check.h
    uint16_t trigger;
    struct seen_key last;
    uint64_t started_ns; // since boot
};

struct intervals {                // one a trigger that operators signed: they are the bound
    struct intervals_item *items; // owned, in no order
    size_t count, capacity;
};

void intervals_deinit(struct intervals *intervals); // safe on a zeroed one
// NULL: nothing of it has started.
const struct intervals_item *intervals_find(const struct intervals *intervals, const struct hash *job,
                                            uint16_t trigger);
void intervals_note(struct intervals *intervals, const struct intervals_item *started);

#endif
