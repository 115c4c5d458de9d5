// stall.h - jobs that stand still: what becomes of their due times, and who says so.
//
//   skipped   paused; or drained, for a job that each node sees to itself
//   denied    its signer may not let it run any more, or it needs what this build has not
//   blocked   no node that is here may run it, its time zone cannot be read, or (where each node sees to the
//             job itself) the clock cannot be believed
//
// Due times of a job that stands still get one verdict for the whole stretch. It is written by the job's
// owner or, where no node may own it, by the first of its keepers: they keep and settle, they do not run.
// While the stretch goes on, the verdict is written anew with a later end: after a minute, when it has become
// eight times as long, and so on, at least once a day. So a long stretch costs few records, and is one for
// whoever reads them (gather_part.c). What is not written yet is open, with the same reason.
//
// Nobody whose clock is not trusted judges due times of the calendar. Who is blocked may catch up: a due time
// is given up as blocked only when it can no longer be caught up.
#ifndef NODE_CORE_STALL_H
#define NODE_CORE_STALL_H

#include "node/core/jobs.h"

enum {
    STALL_FIRST_MS = 60000,
    STALL_GROWTH = 8,
    STALL_LONGEST_MS = 24 * 3600 * 1000,
};

// Something about the job changed. To be called before anything is claimed.
void stall_follow(struct core *core, struct job *job);
// The schedule the job has here ended at this wall time. The definition may be gone.
void stall_end(struct core *core, struct job *job, int64_t end_ms);
// Writes what is to be written by now; each second.
void stall_tick(struct core *core, struct job *job);

#endif
