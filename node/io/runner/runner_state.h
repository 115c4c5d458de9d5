// runner_state.h - what the rooms of the runner share; nobody else includes it.
#ifndef NODE_IO_RUNNER_RUNNER_STATE_H
#define NODE_IO_RUNNER_RUNNER_STATE_H

#include "node/io/gap.h"
#include "node/io/runner/check.h"
#include "node/io/runner/child.h"
#include "node/io/runner/journal.h"
#include "node/io/runner/runner.h"
#include "node/io/runner/watches.h"

enum {
    RUNNER_BEAT_MS = 1000,
    RUNNER_GAP_MS = 1000,  // away for longer: no start until the network process took its jobs anew
    RUNNER_SYNC_MS = 1000, // a mark of the journal is on the disk by then
    RUNNER_BALLAST_MS = 60000,
    RUNNER_SWEEP_MS = 20, // between two looks at what ended runs left behind: hundreds may end at once
    RUNNER_PARKED_COUNT_MAX = 64,
    RUNNER_TURN_FRAME_COUNT = 256, // frames handled before other things have their turn
};

// A START that waits for a record that was asked for.
struct runner_parked {
    struct frame_start start;
    struct hash needed;
};

struct runner {
    const struct runner_options *options; // borrowed
    struct agent_dir dir;
    int control, signals;
    uint8_t boot[16];

    struct evidence evidence;
    struct zone_files zones;
    struct journal journal;
    struct intervals intervals;
    struct processes processes;
    struct watches watches;
    struct account_cache accounts;
    struct policy policies[2];
    struct child child;

    struct gap gap;
    char refuses[FRAME_REASON_ROOM]; // "": starts are accepted
    uint64_t resume_after_ns;        // a RESUME sent before this says nothing
    struct rate rate;
    uint64_t tokens, tokens_at_ms; // check.h

    struct evidence_answer *answers; // owned; told once what they say is on the disk
    size_t answer_count, answer_capacity;
    struct runner_parked parked[RUNNER_PARKED_COUNT_MAX];
    size_t parked_count;

    uint64_t beat_at_ms;
    uint64_t ballast_at_ms; // when to look after it again
    uint64_t sync_at_ms;    // UINT64_MAX: nothing to sync
    uint64_t swept_ms;      // when it was last looked at what ended runs left behind
    bool wants_sweep;
    uint64_t malformed; // frames, of all network processes so far
    bool is_ready;      // said so to the service manager
    bool is_stopping;
    uint64_t stop_at_ms; // when patience ends
    int exit_status;
};

// runner_talk.c - what is said to the network process
void runner_send(struct runner *runner, const struct frame *frame, const struct processes_run *with_pipes);
void runner_greet(struct runner *runner);
void runner_beat(struct runner *runner);
// Ends that were not acknowledged, after PROCESSES_TELL_AGAIN_MS.
void runner_tell_again(struct runner *runner, uint64_t now_ms);

// runner_listen.c - what the network process says
void runner_listen(struct runner *runner);
// What the rules look at now.
struct check_world runner_world(struct runner *runner);
// Makes durable what was fed, answers for it, and tries parked starts again.
void runner_settle_feed(struct runner *runner);
// Were we away since this was last asked? Then starts are refused until a RESUME. Returns the time it
// judged by, so that what follows can be measured without a hole.
uint64_t runner_check_gap(struct runner *runner);

// runner_reap.c - commands and what they leave behind
void runner_reap(struct runner *runner);
// Kills what ended runs left behind, if any has ended since and RUNNER_SWEEP_MS are over.
void runner_sweep(struct runner *runner, uint64_t now_ms);
// A run of an earlier runner that the journal calls open.
void runner_take_leftover(void *context, const struct journal_leftover *leftover);
// Ends what is left of such runs and writes them down as lost.
void runner_settle_leftovers(struct runner *runner);

// start.c - rule 8
void start_run(struct runner *runner, const struct check *check);
void start_ended(struct runner *runner, struct processes_run *run); // journal and network process

// A mark was written: sync it soon.
void runner_sync_soon(struct runner *runner);

#endif
