// plants.h - mistakes planted in the core, to see whether the simulator finds them.
//
// Nothing of the core knows of them: they are linked over its functions with --wrap, in one program of the
// tests (planted.c). Each breaks one rule of the protocol, or of the house, as a slip of the pen would.
#ifndef TESTS_SIM_PLANTS_H
#define TESTS_SIM_PLANTS_H

#include <stdbool.h>
#include <stddef.h>

struct plant {
    const char *name;
    unsigned rule; // of the protocol
    const char *what;
    bool is_slow; // many seeds are needed: only in the full set
};

extern const struct plant plants[];
extern const size_t plant_count;

void plants_choose(const struct plant *plant); // the one that counts in this process; NULL: none

#endif
