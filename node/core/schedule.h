// schedule.h - from a due time to a start: claims ahead, catching up, skipping, retrying.
//
// Shortly before a due time the owner writes the claim; at the due time it re-reads the table and
// starts, so safety costs no lateness. What lies between a slot's cursor and now without a claim was
// missed (or skipped while paused) and is settled as one stretch, the last of it started if the job
// catches up. Nothing is started early, nothing without being the owner.
#ifndef NODE_CORE_SCHEDULE_H
#define NODE_CORE_SCHEDULE_H

#include "node/core/jobs.h"
#include "node/core/runs.h"
#include "node/core/start_time.h"

enum {
    SCHEDULE_AHEAD_MS = 2000,              // a claim is written this long before its due time
    SCHEDULE_BLOCK_PERIOD_MS = 10000,      // shorter periods are claimed in blocks
    SCHEDULE_BLOCK_MS = 10000,             // of this length
    SCHEDULE_LATE_MS = START_TIME_LATE_MS, // a start later than this needs catch_up
    SCHEDULE_FULL_MS = 1000,               // try again after this when the machine runs all it can
    SCHEDULE_QUEUE_MAX = 256, // due times of one job in waiting; beyond it they are skipped, or missed
};

// May this node start anything of the job now?
bool schedule_is_possible(const struct core *core, const struct job *job);
// Wakes every job whose time has come.
void schedule_run_due(struct core *core);
// Something about the job changed: decide anew when it wants to be woken. What is due by now starts at the
// end of this step, so that a pause that came along with the definition is known by then.
void schedule_job(struct core *core, struct job *job);
// Claims and starts what is due; settles what was missed. Only for owned jobs.
void schedule_wake(struct core *core, struct job *job);
// Due times of the slot in (decided, until] get the status and the reason of `shape`; the cursor follows. How
// many there were.
uint64_t schedule_settle_slot(struct core *core, struct job *job, struct jobs_slot *slot, int64_t until_ms,
                              const struct ledger_verdict *shape);
// Due times in waiting that cannot start in time any more, because the job stands still, are closed.
void schedule_expire(struct core *core, struct job *job);
// A run ended, here or elsewhere, and its result is known: retry, or let the next one in.
void schedule_run_ended(struct core *core, struct job *job, const struct known_key *key);
// Claims an attempt for this node and puts it in waiting.
void schedule_attempt(struct core *core, struct job *job, const struct jobs_pending *pending);
// Ends one due time without a run; soon on disk (held.h), in one piece with its neighbours.
void schedule_close(struct core *core, struct job *job, const struct known_key *key,
                    enum ledger_status status, const char *reason);
// Ends one whose deadline has passed (start_time.h).
void schedule_close_expired(struct core *core, struct job *job, const struct known_key *key);
// An order to run the job now. `id` is the order's record.
void schedule_order(struct core *core, struct job *job, const struct hash *id, int64_t at_ms);
// Due times in waiting are skipped: their job is gone.
void schedule_abandon(struct core *core, struct job *job, const char *reason);
// Due times in waiting are cancelled: all of them, or the one with this run.
void schedule_cancel(struct core *core, struct job *job, const struct run_id *run);

#endif
