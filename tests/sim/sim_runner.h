// sim_runner.h - a node's runner and the jobs it runs, as RECORDS section 3 wants it, without processes.
//
// It survives the network process, keeps floors (a table of its own, fed by RECORD) and a journal that is
// synced within a second, denies what breaks the rules that matter here (1 definition, 4 due time, 5
// attempts, 0 stale or waiting for RESUME), and tells a new network process which runs live and which ended.
//
// What a job does stands in its argv: {"work", "for=5000", "exit=1" ...}; see struct sim_work.
#ifndef TESTS_SIM_SIM_RUNNER_H
#define TESTS_SIM_SIM_RUNNER_H

#include "crdt/authority_log.h"
#include "crdt/table.h"
#include "node/core/occurrence.h"
#include "proto/frame.h"

struct sim;
struct sim_node;

struct sim_work {
    uint64_t for_ms;    // for=
    uint64_t spread_ms; // spread=: up to this much longer, at random
    uint64_t say_bytes; // say=: over its time
    int32_t exit_code;  // exit=
    uint32_t fails;     // fails=: so many first attempts end with exit 1
    bool is_deaf;       // deaf: ignores TERM
};

enum { SIM_RUNNER_PARKED_MAX = 16 };

enum sim_run_state { SIM_RUN_LIVE, SIM_RUN_OVER, SIM_RUN_ENDED, SIM_RUN_ACKNOWLEDGED };

struct sim_run { // also its line in the journal
    struct run_id id;
    struct hash occurrence;
    struct frame_start start;
    enum sim_run_state state;
    struct sim_work work;
    uint64_t grace_ms, time_limit_ms;
    int32_t pid;
    int64_t started_wall_ms;
    uint64_t started_ms, ended_ms, acknowledged_ms; // true times; 0 not yet
    uint64_t end_number;                            // of the end that counts
    enum ledger_status end_status;
    int32_t end_exit, end_signal;
    uint64_t said_bytes; // by the job
    uint64_t kept_bytes; // of those, out of the pipe: on the node's disk
    bool is_closed;      // it closed its output
    bool has_no_pipe;    // it was started by an earlier runner
    bool is_silent;      // its output is not handed over: no network process has the pipe
    struct frame ended;
};

struct sim_parcel; // a frame on its way from the network process

struct sim_runner {
    struct sim_node *node;
    bool is_running;
    uint64_t number; // counts starts of the runner
    uint64_t forks;  // counts network processes
    uint64_t back_off_ms;
    uint64_t frame_ms; // when the last frame to the network process arrives: they stay in order
    uint64_t hear_ms;  // the same, from it
    bool needs_resume;
    uint64_t gap_end_ns;
    uint64_t synced_ms; // true time up to which the journal is durable
    bool is_dirty;
    int32_t pid;
    struct sim_parcel *held_first, *held_last;  // owned: what came while it was stopped
    struct frame parked[SIM_RUNNER_PARKED_MAX]; // STARTs that wait for their definition
    size_t parked_count;
    struct authority_log authority;
    struct table floors;
    struct sim_run **runs; // owned; every one since the world began
    size_t run_count, run_capacity;
    size_t open;              // runs before this index are acknowledged
    unsigned denied[9];       // by rule
    const char *zone_version; // of its zone data; NULL: what the others have
};

void sim_runner_init(struct sim_runner *runner, struct sim_node *node);
void sim_runner_deinit(struct sim_runner *runner);

void sim_runner_start(struct sim_runner *runner);
void sim_runner_kill(struct sim_runner *runner);      // its jobs die with it
void sim_runner_power_cut(struct sim_runner *runner); // and the journal loses what was not synced
void sim_runner_network_died(struct sim_runner *runner);
void sim_runner_thaw(struct sim_runner *runner, uint64_t gap_ms);

void sim_runner_hear(struct sim_runner *runner, const struct frame *frame); // from the network process

size_t sim_runner_live_count(const struct sim_runner *runner);

// sim_runner_jobs.c, for sim_runner.c.
void sim_runner_begin(struct sim_runner *runner, const struct frame *start,
                      const struct definition *definition, const struct occurrence *occurrence);
void sim_runner_signal(struct sim_runner *runner, const struct run_id *id, enum frame_signal action);
void sim_runner_acknowledged(struct sim_runner *runner, const struct run_id *id);
void sim_runner_kept(struct sim_runner *runner, const struct run_id *id, uint64_t bytes);
void sim_runner_tell_runs(struct sim_runner *runner); // to a new network process
void sim_runner_look(struct sim_runner *runner);      // what ended while nobody looked
void sim_runner_lose_runs(struct sim_runner *runner); // the jobs are gone
void sim_runner_forget_unsynced(struct sim_runner *runner);
void sim_runner_say(struct sim_runner *runner, const struct frame *frame);
// The last attempt of this occurrence; 0: none.
uint16_t sim_runner_last_attempt(const struct sim_runner *runner, const struct hash *occurrence);

#endif
