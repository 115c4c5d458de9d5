// suspicion.h - how long an accused node has to speak up before it counts as dead.
//
// The clock starts at the maximum and falls with every independent accuser, on a logarithmic curve, to
// the minimum when as many have accused as are needed (Lifeguard, Dadgar et al. 2018, section IV).
// Departures: the minimum follows the fleet's size by measured spread times, not by probe intervals;
// needed are min(3, live members other than the target), ourselves included, so that a fragment of one
// or two neither waits for accusers that do not exist nor skips the wait of a larger one.
#ifndef GOSSIP_SUSPICION_H
#define GOSSIP_SUSPICION_H

#include "proto/base.h"

enum {
    SUSPICION_ACCUSER_COUNT_MAX = 3, // more change nothing
    SUSPICION_MAX_FACTOR = 6,        // maximum = 6 * minimum
};

// For a fleet of `member_count` live members: 2 s up to 8, 4.4 s at 100, 6.5 s at 1,000, 8.5 s at 10,000.
uint64_t suspicion_minimum_ms(size_t member_count);
size_t suspicion_accusers_needed(size_t live_others);
// From the first accusation on. accusers >= 1.
uint64_t suspicion_timeout_ms(uint64_t minimum_ms, size_t accusers, size_t needed);

#endif
