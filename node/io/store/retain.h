// retain.h - what is forgotten: the old history of a job, and the oldest of everything when room runs out.
//
// A claim never outlives the result that settled it: whoever read it at the next start would take it for
// a run that vanished, and run it again. So history goes by due times, with all items that cover them.
#ifndef NODE_IO_STORE_RETAIN_H
#define NODE_IO_STORE_RETAIN_H

#include "node/io/store/database.h"

enum {
    RETAIN_STORY_COUNT_MAX = 10000,
    RETAIN_STORY_DAYS = 30,
};

// Drops ended due times of `job` before `before_ms`, and those beyond its newest `keep_runs` (0: no such
// bound), with their output. Inside the caller's transaction.
int retain_job(struct database *database, const char *job, int64_t before_ms, uint32_t keep_runs) WARN_UNUSED;

// Sweeps up: records of cursors that were overtaken, old stories, and, while the database is larger than
// `size_max_bytes`, the oldest output, then the oldest ended due times. Adds to *dropped what those two
// cost. Makes its own transactions.
int retain_sweep(struct database *database, uint64_t size_max_bytes, uint64_t *dropped) WARN_UNUSED;

// min(256 MiB, a tenth of the disk that holds `directory`).
uint64_t retain_size_default(int directory);

#endif
