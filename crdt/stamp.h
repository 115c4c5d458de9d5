// stamp.h - the hybrid logical clock: a time that never runs back and that orders what follows what.
//
// A stamp is unix milliseconds << 16 | counter. It is read by people as a time and compared by
// machines as a number. The wall clock is an argument; nothing here reads one.
// Source: Kulkarni et al., "Logical Physical Clocks", 2014, packed into 64 bits. Where we depart: a
// stamp is bounded when it enters (a CLI may be LIMIT_STAMP_AHEAD_MS ahead), never when it merges.
#ifndef CRDT_STAMP_H
#define CRDT_STAMP_H

#include <stdbool.h>
#include <stdint.h>

struct stamp_clock {
    uint64_t last; // the highest stamp given or seen
};

// A stamp above every one given or seen, at or after wall_ms.
uint64_t stamp_next(struct stamp_clock *clock, int64_t wall_ms);
// A stamp came from elsewhere: later ones of ours will be above it.
void stamp_seen(struct stamp_clock *clock, uint64_t stamp);

int64_t stamp_wall_ms(uint64_t stamp);
uint64_t stamp_of_wall_ms(int64_t wall_ms); // the lowest stamp of that millisecond

#endif
