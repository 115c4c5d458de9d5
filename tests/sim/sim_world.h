// sim_world.h - a whole life of a fleet made up from a seed: nodes, jobs, people and misfortunes.
//
// Each seed has its own kinds of misfortune, so that some fleets know power cuts only and some know
// everything. For a few minutes things happen; then all is healed, mended and switched on, and after a while
// everything must be in order again (sim_world_run says what).
#ifndef TESTS_SIM_SIM_WORLD_H
#define TESTS_SIM_SIM_WORLD_H

#include "tests/sim/sim_rule.h"

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
    SIM_BROKEN_DISKS = 1 << 9,
    SIM_DRAINS = 1 << 10,
    SIM_CHANGES = 1 << 11, // people pause, edit, delete, order
    SIM_SKEW = 1 << 12,    // no two wall clocks are alike
    SIM_JOINS = 1 << 13,
    SIM_LEAVES = 1 << 14,
    SIM_FORGERIES = 1 << 15,
};

enum { SIM_TROUBLE_COUNT = 16 };

const char *sim_trouble_text(size_t bit);

struct sim_world_result {
    uint64_t trace;
    uint64_t step_count;
    uint64_t lived_ms; // virtual
    uint64_t rules[SIM_RULE_COUNT];
    size_t node_count, job_count, start_count, double_count, trouble_count;
    unsigned troubles;
    char failure[1024]; // "" all is well
};

// Checked at every step: sim_check.h. In between: nobody counts as dead while all hear each other, and no
// outcome falls. In the end: every machine sees all others, all tables are equal, each job has one owner,
// every due time has one outcome and every node tells the same one, every record is on as many disks as it
// should be. Nothing ran twice unless machines could not hear each other. sim_rule.h lists all of it.
struct sim_world_result sim_world_run(uint64_t seed);

#endif
