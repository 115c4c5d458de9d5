// runs.h - the runs of this machine: from START to a result that is durable.
//
//            START            STARTED             ENDED           output ended            durable
//   (none) --------> STARTING --------> RUNNING --------> ENDED ------------------> WRITTEN -------> gone
//                        | DENIED          ^                 | nothing to tell         ^
//                        +--------> ENDED  |                 +----------------> HELD --+ in a range (held.h)
//                                          RUNNING: the runner tells a new network process what lives
//
// The runner repeats ENDED until it is acknowledged; it is acknowledged when the result is on disk.
// Nothing here decides whether something should run; schedule.h does.
#ifndef NODE_CORE_RUNS_H
#define NODE_CORE_RUNS_H

#include "node/core/event.h"
#include "node/core/jobs.h"
#include "node/core/log.h"
#include "proto/frame.h"

enum run_state { RUN_STARTING, RUN_RUNNING, RUN_ENDED, RUN_HELD, RUN_WRITTEN };

struct run {
    struct run_id id;
    char job[NAME_JOB_ROOM];
    uint64_t life;
    struct known_key key;
    uint32_t attempt;
    struct frame_start start;
    enum run_state state;
    int64_t started_ms;
    uint64_t sent_ms; // monotonic: when START went out
    bool output_ended;
    bool is_cancelled;
    struct frame ended;     // of ENDED or DENIED
    uint64_t ended_now_ms;  // monotonic
    uint64_t result_ticket; // 0: not written
    struct log log;
};

struct runs {
    struct run **items; // owned, by id
    size_t count, capacity;
    bool needs_resume; // the runner refuses starts until RESUME
    uint64_t tick_ms;  // monotonic: when all of them are looked at again
};

void runs_deinit(struct runs *runs);
struct run *runs_find(const struct runs *runs, const struct run_id *id);

// Sends START for this due time of the job. The attempt must be claimed.
void runs_start(struct core *core, struct job *job, const struct jobs_pending *pending);
void runs_frame(struct core *core, const struct frame *frame);
void runs_output(struct core *core, const struct event_output *output);
// Rows of a query of ours: the log of an adopted run; false: not ours.
bool runs_row(struct core *core, uint64_t query, const struct event_row *row);
bool runs_rows_done(struct core *core, uint64_t query, bool more);
bool runs_is_over(const struct run *run);                               // it ended and its outcome is decided
void runs_result_is_booked(struct core *core, const struct run_id *id); // one that was held
// The results gathered in the book are in the write with this ticket.
void runs_results_written(struct core *core, uint64_t ticket);
void runs_settled(struct core *core); // more writes are durable
void runs_tick(struct core *core);
uint64_t runs_deadline_ms(const struct core *core);
// The runner wants to see the ends that something it shall start comes after. False: it wants something else.
bool runs_show_ends(struct core *core, const struct hash *cause);
// Asks the runner to end runs of `job` (any), or the one run. Returns how many.
size_t runs_cancel(struct core *core, const char *job, const struct run_id *run);

#endif
