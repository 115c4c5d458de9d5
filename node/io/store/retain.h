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

// What is still to be dropped of one job: due times in [from_ms, cut_ms). Done when from_ms reaches cut_ms.
struct retain_task {
    char job[NAME_JOB_ROOM];
    int64_t from_ms, cut_ms;
};

// Plans to drop the ended due times of `job` before `before_ms`, and those beyond its newest `keep_runs`
// (0: no such bound), with their output.
int retain_plan(struct database *database, const char *job, int64_t before_ms, uint32_t keep_runs,
                struct retain_task *ret_task) WARN_UNUSED;
// Drops the oldest part of it, in a transaction of its own, so that a long backlog neither holds up other
// writes nor needs much room in the log.
int retain_step(struct database *database, struct retain_task *task) WARN_UNUSED;
bool retain_is_done(const struct retain_task *task);

// Sweeps up: records of cursors that were overtaken, old stories, and, while the database is larger than
// `size_max_bytes`, the oldest output, then the oldest ended due times. Adds to *dropped what those two
// cost. Makes its own transactions.
int retain_sweep(struct database *database, uint64_t size_max_bytes, uint64_t *dropped) WARN_UNUSED;

// What of min(256 MiB, a tenth of the disk that holds `directory`) is left for the database when the other
// files of an agent have their part; 2 MiB at least.
uint64_t retain_size_default(int directory);

#endif
