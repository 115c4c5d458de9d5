// sim_check.h - what must never be seen, watched at every step, and what must be true in the end.
//
// Watched: nothing is asked for before its due time by the node's own clock, nor while the node knows the job
// to be paused, deleted or otherwise defined; the runner never has to deny anything for a rule of substance;
// no node starts one attempt twice; who starts as owner has taken the job since its process began and since
// its last gap, and has promised it to nobody; promises of whoever answered a take hold for ever. What starts
// twice at all is counted, unless the first one was lost, and in strict worlds it must not happen unless
// something came between the nodes. In the end: every due time of the oracle has one outcome on the node
// asked, none is invented, and what runs were told to have done is what they did.
#ifndef TESTS_SIM_SIM_CHECK_H
#define TESTS_SIM_SIM_CHECK_H

#include "node/core/occurrence.h"
#include "proto/frame.h"
#include "proto/ledger.h"
#include "tests/sim/sim_heard.h"

struct sim;
struct sim_node;
struct sim_run;

struct sim_start { // a run that began
    struct hash occurrence;
    struct run_id run;
    char job[NAME_JOB_ROOM];
    int64_t due_ms;
    uint16_t attempt;
    size_t node;
    uint64_t generation;
    int64_t started_wall_ms, ended_wall_ms; // by the node's clock
    uint64_t started_ms, ended_ms;          // true; 0: lives
    enum ledger_status status;              // as the runner told it; open: lives
    bool is_acknowledged;                   // the network process has it on disk
    bool is_lost;                           // it died with its runner or its machine
};

struct sim_hold { // what a node has to do with a job
    uint64_t life;
    struct ledger_epoch floor; // of the highest completed take that it answered
    struct ledger_epoch epoch; // of its own
    uint64_t asked, answered;  // while it takes: bits of nodes
    bool is_owner;
    uint64_t process;  // that took it
    uint64_t taken_ms; // true time
};

struct sim_check {
    struct sim_start *starts; // owned, in the order they began
    size_t start_count, start_capacity;
    size_t asked_count, denied_count; // STARTs of cores; denials for rules 1-8
    size_t double_count;              // due times begun once more though the first run lived or ended well
    bool allows_denials;              // the story makes them happen
    int64_t hearing_ms;               // a change may need so long to reach every node
    bool is_strict;                   // nothing may start twice while all nodes hear each other
    uint64_t uneasy_ms;               // true time up to which something came between the nodes
    struct sim_heard heard;           // who was up together with whom
    struct sim_hold *holds;           // owned; by job, then node
    size_t hold_count;
};

void sim_check_deinit(struct sim_check *check);

void sim_check_booted(struct sim *sim, struct sim_node *node);
void sim_check_ceased(struct sim *sim, struct sim_node *node);
// Something came between the nodes, or goes on to: a cut, a stop, a clock that jumps.
void sim_check_uneasy(struct sim *sim);
void sim_check_stepped(struct sim *sim, struct sim_node *node);
void sim_check_asked(struct sim *sim, struct sim_node *node, const struct frame *start);
void sim_check_denied(struct sim *sim, struct sim_node *node, const struct frame *denied);
void sim_check_started(struct sim *sim, struct sim_node *node, const struct sim_run *run,
                       const struct occurrence *occurrence);
void sim_check_ended(struct sim *sim, struct sim_node *node, const struct sim_run *run);
void sim_check_acknowledged(struct sim *sim, struct sim_node *node, const struct sim_run *run);
// A run whose machine remembers nothing of it: its runner's journal was not synced.
void sim_check_forgotten(struct sim *sim, const struct sim_run *run);
void sim_check_jobs_died(struct sim *sim, struct sim_node *node);

// The last start of a job on any node; NULL: none.
const struct sim_start *sim_check_last_start(const struct sim *sim, const char *name);
const struct sim_start *sim_check_find_start(const struct sim *sim, const struct run_id *run);

#endif
