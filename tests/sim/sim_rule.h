// sim_rule.h - the rules a world is held to, and how often each was put to the test.
//
// A rule that is never asked about proves nothing; sim_seeds fails when one is not.
#ifndef TESTS_SIM_SIM_RULE_H
#define TESTS_SIM_SIM_RULE_H

#include "proto/base.h"

enum sim_rule {
    SIM_RULE_SIGNED,    // 1
    SIM_RULE_FORGED,    // 1
    SIM_RULE_ALLOWED,   // 3
    SIM_RULE_EARLY,     // 4
    SIM_RULE_DUE,       // 4
    SIM_RULE_DENIED,    // 1 to 5, as the runner sees it
    SIM_RULE_TAKEN,     // 6
    SIM_RULE_GIVEN_UP,  // 6
    SIM_RULE_PROMISED,  // 7
    SIM_RULE_RUNNING,   // 8
    SIM_RULE_ATTEMPT,   // 8
    SIM_RULE_DOUBLED,   // 6 to 8
    SIM_RULE_TABLES,    // 2
    SIM_RULE_OWNERS,    // 2
    SIM_RULE_ONE_OWNER, // 6
    SIM_RULE_MEMBERS,   // 11
    SIM_RULE_SUSPECTED, // 11
    SIM_RULE_OUTCOME,   // 5
    SIM_RULE_INVENTED,  // 4
    SIM_RULE_TRUE,      // 5
    SIM_RULE_SAME,      // 2, 5, 12
    SIM_RULE_RISES,     // 5
    SIM_RULE_KEPT,      // 12
    SIM_RULE_COUNT
};

const char *sim_rule_text(enum sim_rule rule);

struct sim;
// Counts the question and returns the answer.
bool sim_rule(struct sim *sim, enum sim_rule rule, bool holds);

#endif
