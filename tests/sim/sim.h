// sim.h - a world in one process: one virtual clock, and all that happens in it, in order.
//
// Nodes, disks, runners and wires put what will happen into one queue; sim_run takes it out by time, and
// things of one time in the order they were put in. Nothing here reads a real clock or draws real entropy:
// the seed says it all, so a failing seed replays exactly and the trace of two equal worlds is equal.
//
// True time is milliseconds since the world began. What a node's clocks show is sim_node.h's.
//
//   sim_node.h    a machine: its clocks, its network process with the core, crashes, stops and sleep
//   sim_disk.h    its disk: what becomes durable when, full and broken disks
//   sim_runner.h  its runner and the jobs it runs
//   sim_net.h     the wires between machines: datagrams, streams, cuts
//   sim_fleet.h   keys and signed records of a fleet that has met already
//   sim_job.h     what a person signs, and which due times that must give (the oracle)
//   sim_person.h  a person at a node's control socket
//   sim_check.h   what must never be seen, and what must be true in the end
//   sim_rule.h    the rules all that is held to
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "proto/bytes.h"
#include "tests/sim/sim_rule.h"

struct sim;
struct sim_check;
struct sim_fleet;
struct sim_jobs;
struct sim_net;
struct sim_node;
struct sim_people;

typedef void sim_act(struct sim *sim, void *thing, uint64_t number);

struct sim_event {
    uint64_t at_ms;
    uint64_t order;
    sim_act *act;
    void *thing;
    uint64_t number;
    bool is_owned; // `thing` is freed when it is over
};

struct sim {
    uint64_t seed;
    uint64_t random;       // state of the one sequence
    uint64_t now_ms;       // true time
    int64_t start_wall_ms; // unix time at which the world began
    uint64_t trace;        // a hash over everything that cores were told and did
    uint64_t step_count;   // of cores
    uint64_t rules[SIM_RULE_COUNT];
    bool is_loud;             // tells what happens, on stderr
    char failure[1024];       // the first thing that went wrong; "" nothing. The world stands still then
    struct sim_event *events; // owned; a heap
    size_t event_count, event_capacity;
    uint64_t order;
    struct sim_node **nodes; // owned
    size_t node_count;
    struct sim_fleet *fleet; // owned, as the following
    struct sim_net *net;
    struct sim_jobs *jobs;
    struct sim_people *people;
    struct sim_check *check;
};

// `node_count` machines that know of each other, switched off.
struct sim *sim_new(uint64_t seed, size_t node_count, int64_t start_wall_ms) WARN_UNUSED;
void sim_free(struct sim *sim);

void sim_after(struct sim *sim, uint64_t delay_ms, sim_act *act, void *thing, uint64_t number);
void sim_after_owned(struct sim *sim, uint64_t delay_ms, sim_act *act, void *thing); // frees `thing`

// One thing happens. False: nothing is left, or the world has failed.
bool sim_happens(struct sim *sim);
void sim_run(struct sim *sim, uint64_t for_ms);
// True as soon as `is_so` is; false when it is not within that time.
bool sim_run_until(struct sim *sim, bool (*is_so)(struct sim *sim, void *context), void *context,
                   uint64_t within_ms);

int64_t sim_wall_ms(const struct sim *sim);           // true unix time
uint64_t sim_random(struct sim *sim, uint64_t below); // 0 ... below - 1; 0 for 0
uint64_t sim_between(struct sim *sim, uint64_t from, uint64_t to);
bool sim_chance(struct sim *sim, unsigned per_mille);

void sim_trace(struct sim *sim, const void *data, size_t size);
void sim_trace_u64(struct sim *sim, uint64_t value);

void sim_fail(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3); // the first counts
void sim_say(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3);  // when loud
// "2026-10-25 01:00:03.250" of a unix time. `out` has room for 32.
void sim_time_text(int64_t wall_ms, char *out);

#endif
