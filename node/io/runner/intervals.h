// intervals.h - when each trigger whose period counts from the end of a run last started here.
//
// Such a due time cannot be recomputed from the definition alone. What the runner can see to is that no two
// of them start closer than the period, by the time since boot, which nobody sets. Attempts of one due time
// follow each other as they have to. Kept in memory: a runner that begins anew has nothing running either.
//
// An anchored interval may be started on a machine whose clock is wrong, by the network process's word for
// how wrong it is. It can lie about that, so its due times are not what bounds it: each start costs a period,
// by the time since boot. What was saved up is good for INTERVALS_SAVED_MAX starts (as many as may queue up),
// and nobody begins with more than two.
#ifndef NODE_IO_RUNNER_INTERVALS_H
#define NODE_IO_RUNNER_INTERVALS_H

#include "node/io/runner/seen.h"

struct intervals_item {
    struct hash job; // check.h
    uint16_t trigger;
    struct seen_key last;
    uint64_t started_ns; // since boot
    uint64_t paid_ns; // since boot: what started by a corrected clock is paid for up to here; 0: nothing did
};

enum { INTERVALS_SAVED_MAX = 256 };

struct intervals {                // one a trigger that operators signed: they are the bound
    struct intervals_item *items; // owned, in no order
    size_t count, capacity;
};

void intervals_deinit(struct intervals *intervals); // safe on a zeroed one
// NULL: nothing of it has started.
const struct intervals_item *intervals_find(const struct intervals *intervals, const struct hash *job,
                                            uint16_t trigger);
// Up to where the starts before this one are paid for; the next is allowed once that has passed.
uint64_t intervals_paid_ns(const struct intervals *intervals, const struct hash *job, uint16_t trigger,
                           uint64_t period_ns, uint64_t now_ns);
void intervals_note(struct intervals *intervals, const struct intervals_item *started);

#endif
