// ranges.h - runs that have no row of their own: all but the first of a block of claims or a range of
// results.
//
// Their ids follow from their due times, so they are not stored: a person's question for one of them is
// rare, and computing the ids of all that is kept takes a moment.
#ifndef NODE_IO_STORE_RANGES_H
#define NODE_IO_STORE_RANGES_H

#include "node/io/store/series.h"

enum { RANGES_COUNT_MAX = 20000 }; // newest that are looked at

struct ranges_wanted { // run ids from `low` to `high`
    struct run_id low, high;
    size_t limit;
};

// The due times of such runs, each once, at most wanted->limit of them.
int ranges_find_run(struct database *database, const struct ranges_wanted *wanted, struct series *ret_series,
                    size_t *ret_count) WARN_UNUSED;

#endif
