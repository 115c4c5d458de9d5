// sim_world.h - a whole life of a fleet made up from a seed: nodes, jobs, people and misfortunes.
//
// Each seed has its own kinds of misfortune, so that some fleets know power cuts only and some know
// everything. For a few minutes things happen; then all is healed, mended and switched on, and after a while
// everything must be in order again (sim_world_run says what).
#ifndef TESTS_SIM_SIM_WORLD_H
#define TESTS_SIM_SIM_WORLD_H

#include "proto/base.h"

enum sim_trouble {
    SIM_POWER_CUTS = 1 << 0,
    SIM_KILLS = 1 << 1,
    SIM_NETWORK_KILLS = 1 << 2, // of the network process alone
    SIM_STOPS = 1 << 3,
    SIM_SLEEPS = 1 << 4,
    SIM_CUTS = 1 << 5,
    SIM_LOSS = 1 << 6,
    SIM_CLOCK_STEPS = 1 << 7,
    SIM_FULL_DISKS = 1 << 8,
    SIM_DRAINS = 1 << 9,
    SIM_CHANGES = 1 << 10, // people pause, edit, delete, order
    SIM_TROUBLES = 1 << 11,
};

struct sim_world_result {
    uint64_t trace;
    uint64_t step_count;
    size_t node_count, job_count, start_count, double_count, unjudged_count, trouble_count;
    unsigned troubles;
    char failure[1024]; // "" all is well
};

// Checked at every step: sim_check.h. In the end: every machine sees all others, all tables are equal, each
// job has one owner, every due time has one outcome and every node tells the same one, and nothing ran twice
// unless machines could not hear each other.
struct sim_world_result sim_world_run(uint64_t seed);

#endif
