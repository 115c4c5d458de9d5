// roundtrip.h - how long a peer usually takes to answer, and how long to wait before doubting it.
//
// Source: RFC 6298 (Jacobson's smoothed mean and deviation). Departures: milliseconds with three bits of
// fraction, and an answer to a repeated ping is measured from its first sending: too long is harmless
// here, while no sample at all would never let a slow path be learnt.
#ifndef GOSSIP_ROUNDTRIP_H
#define GOSSIP_ROUNDTRIP_H

#include "proto/base.h"

struct roundtrip {
    uint32_t mean_eighths;      // of a millisecond
    uint32_t deviation_eighths; //
    bool known;
};

void roundtrip_add(struct roundtrip *roundtrip, uint64_t sample_ms);
// mean + 4 deviations, within [floor_ms, ceiling_ms]; the ceiling while nothing is known.
uint64_t roundtrip_timeout_ms(const struct roundtrip *roundtrip, uint64_t floor_ms, uint64_t ceiling_ms);

#endif
