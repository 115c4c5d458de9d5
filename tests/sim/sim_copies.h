// sim_copies.h - is what one disk says of a job on the disks of all nodes that keep the job? (rule 12)
#ifndef TESTS_SIM_SIM_COPIES_H
#define TESTS_SIM_SIM_COPIES_H

#include "tests/sim/sim_node.h"

enum { SIM_COPIES_WITHIN_MS = 30 * 1000 }; // what is younger may be on its way

// Fails the world when it is not: of what `node` has about the job ("main/NAME"), in all its lives.
void sim_copies_check(struct sim *sim, const struct sim_node *node, const char *job);

#endif
