// sim_node.h - one machine: its clocks, its two processes, and what can befall them.
//
// A machine that is on has a runner (sim_runner.h), which keeps a network process running: the core and
// the loop around it, which lives here. perform() is one switch over effects, as in node/io.
//
//   killed     the process is gone at once; what it had not written is lost, the machine goes on
//   stopped    both processes stand still (SIGSTOP) while clocks and jobs go on; afterwards gap_ms tells
//   asleep     the whole machine stands still (suspend): the monotonic clock does too, boottime does not
//   power cut  everything is gone but what the disk and the runner's journal have synced
#ifndef TESTS_SIM_SIM_NODE_H
#define TESTS_SIM_SIM_NODE_H

#include "node/core/core.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_fleet.h"
#include "tests/sim/sim_runner.h"

struct sim_letter; // an event on its way to the core

struct sim_node {
    struct sim *sim;
    size_t index;
    const struct sim_identity *identity; // the fleet's
    struct sim_disk disk;
    struct sim_runner runner;

    // The machine.
    bool is_on;
    uint64_t boot;      // counts times it was switched on
    uint64_t on_ms;     // true time of the last one
    uint64_t joined_ms; // true time; 0: it is of the fleet from the beginning
    bool is_asleep;
    uint64_t asleep_ms; // in this boot, all sleeps together
    uint64_t asleep_since_ms;
    int64_t wall_offset_ms; // what its clock shows beyond true time

    // The network process.
    struct core *core; // owned; NULL: none runs
    uint64_t process;  // counts them
    uint64_t generation;
    uint64_t up_ms; // true time at which this one began
    bool is_stopped;
    uint64_t stopped_ms;
    uint64_t gap_ms;        // what the next event tells
    uint64_t gap_end_ms;    // true time of the end of the last gap that counts
    uint64_t clock_back_ms; // true time until which what was asked for may lie ahead: the clock fell back
    bool has_forgotten;     // its disk broke: the runner's journal knows of more than the network process
    bool has_left;          // the core said EFFECT_EXIT
    struct sim_letter *held_first, *held_last; // owned: what came while it was stopped
    size_t held_count;
    uint64_t wake, wake_ms; // number and true time of the wake-up that counts
    uint64_t spin_ms;
    size_t spin_count;
    uint64_t started_count; // runs its runner started
};

struct sim_node *sim_node_new(struct sim *sim, size_t index) WARN_UNUSED;
void sim_node_free(struct sim_node *node);

void sim_node_switch_on(struct sim_node *node); // and its service starts
void sim_node_power_cut(struct sim_node *node);
void sim_node_kill(struct sim_node *node);         // both processes; nobody restarts them
void sim_node_start(struct sim_node *node);        // both, on a machine that is on
void sim_node_kill_network(struct sim_node *node); // the runner starts a new one
void sim_node_stop(struct sim_node *node);
void sim_node_continue(struct sim_node *node);
void sim_node_sleep(struct sim_node *node);
void sim_node_wake(struct sim_node *node);
void sim_node_step_clock(struct sim_node *node, int64_t by_ms); // the wall clock jumps

bool sim_node_is_up(const struct sim_node *node); // its network process runs and is not stopped
uint64_t sim_node_now_ms(const struct sim_node *node);
int64_t sim_node_wall_ms(const struct sim_node *node);
uint64_t sim_node_boottime_ns(const struct sim_node *node);
void sim_node_boot_id(const struct sim_node *node, uint8_t out[16]); // drawn at each switching on

// For the rooms around it.
void sim_node_begin_network(struct sim_node *node); // what the runner forks
void sim_node_end_network(struct sim_node *node);
// Hands an event to the core after a while, unless its process has ended by then. `data` is copied: what
// the event's own view will point to; of EVENT_FRAME the encoded frame, of EVENT_CONTROL the encoded request.
void sim_node_post(struct sim_node *node, uint64_t delay_ms, const struct event *event, struct bytes data);
// Hands it over now; what it points to lives for the call.
void sim_node_step(struct sim_node *node, struct event *event);

#endif
