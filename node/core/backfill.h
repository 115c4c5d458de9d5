// backfill.h - an order to run the due times of a past range, each of them, one after another.
//
// Such an occurrence has a trigger, a due time and a cause, the order's record id; a plain due time has no
// cause and a plain order no due time. So the due time as it was once decided stays as it is, and each order
// makes it anew. The owner claims all of them when it takes the order up; from then on they are attempts in
// waiting like any others, for a new owner too. They wait for each other and let everything else of the job
// go first. The bounds of the schedule do not count: what would have been due before the job was made may be
// wanted. The runner computes each due time again and sees that it lies in the range an operator signed.
#ifndef NODE_CORE_BACKFILL_H
#define NODE_CORE_BACKFILL_H

#include "node/core/jobs.h"
#include "proto/change.h"

enum {
    BACKFILL_COUNT_MAX = 1000, // due times of one order, all triggers together
};

// Was it made by such an order?
bool backfill_is(const struct known_key *key);
// Due times in [from, until], of all triggers with a calendar, counted to one more than BACKFILL_COUNT_MAX.
uint64_t backfill_count(const struct trigger *trigger, int64_t from_ms, int64_t until_ms);
// The job is owned here. `id` is the order's record. What is known already stays as it is.
void backfill_order(struct core *core, struct job *job, const struct hash *id, const struct order *order);

#endif
