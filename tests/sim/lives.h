// lives.h - lives made up from seeds, each in a process of its own, several at a time.
//
// So a life that crashes or never ends is one that failed, and its seed is known.
#ifndef TESTS_SIM_LIVES_H
#define TESTS_SIM_LIVES_H

#include "tests/sim/sim_world.h"

struct lives {
    uint64_t first, count; // seeds
    double seconds;        // none begins later than this; one at least does
    size_t parallel;       // at a time
    bool goes_on;          // after a failure
};

// Called for each life that ended, in any order.
typedef void lives_ended(void *context, uint64_t seed, const struct sim_world_result *result);

// How many lives ended; *ret_failed_count of them failed.
uint64_t lives_run(const struct lives *lives, lives_ended *ended, void *context, uint64_t *ret_failed_count);

double lives_seconds_now(void); // of a clock that only rises

#endif
