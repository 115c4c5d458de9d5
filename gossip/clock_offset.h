// clock_offset.h - how far a peer's wall clock is from ours, and how sure we are.
//
// A ping and its ack give one sample: the peer's wall clock somewhere between our sending and our
// receiving, so the middle of the two is off by half the round trip at most (Cristian 1989). The surest
// sample is kept; it becomes less sure with age, as clocks drift (200 ppm assumed for the two together).
// A sample that contradicts what is kept replaces it: one of the clocks was set.
#ifndef GOSSIP_CLOCK_OFFSET_H
#define GOSSIP_CLOCK_OFFSET_H

#include "proto/base.h"

struct clock_offset {
    int64_t offset_ms; // theirs minus ours
    uint64_t uncertainty_ms;
    uint64_t at_ms; // when it was measured, monotonic
    bool known;
};

struct clock_offset_sample {
    uint64_t sent_ms, received_ms; // monotonic, ours
    int64_t sent_wall_ms;          // ours, at sending
    int64_t received_wall_ms;      // ours, at receiving
    int64_t peer_wall_ms;          // theirs, in between
};

// A sample during which our own clock was set is ignored.
void clock_offset_add(struct clock_offset *offset, const struct clock_offset_sample *sample);
// Half the width of the interval that holds the true offset, as of now_ms.
uint64_t clock_offset_uncertainty_ms(const struct clock_offset *offset, uint64_t now_ms);

// The median of the known among `offsets`, of two in the middle the one nearer to zero; 0 when none is known.
int64_t clock_offset_median_ms(const struct clock_offset *const *offsets, size_t count);

#endif
