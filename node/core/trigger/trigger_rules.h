// trigger_rules.h - what a job wants when its zone's clock jumps.
//
// All zero are the defaults: a due time that falls into a gap fires right after the jump, once; one
// that the clock shows twice fires the first time.
#ifndef NODE_CORE_TRIGGER_TRIGGER_RULES_H
#define NODE_CORE_TRIGGER_TRIGGER_RULES_H

#include <stdbool.h>

struct trigger_rules {
    bool skip_in_gap;      // gap: skip (false: run-after)
    bool twice_in_overlap; // overlap: twice (false: once)
};

#endif
