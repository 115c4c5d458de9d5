#include "crdt/stamp.h"

uint64_t stamp_of_wall_ms(int64_t wall_ms)
{
    return wall_ms <= 0 ? 0 : (uint64_t)wall_ms << 16;
}

int64_t stamp_wall_ms(uint64_t stamp)
{
    return (int64_t)(stamp >> 16);
}

uint64_t stamp_next(struct stamp_clock *clock, int64_t wall_ms)
{
    uint64_t wall = stamp_of_wall_ms(wall_ms);
    clock->last = wall > clock->last ? wall : clock->last + 1;
    return clock->last;
}

void stamp_seen(struct stamp_clock *clock, uint64_t stamp)
{
    if (stamp > clock->last)
        clock->last = stamp;
}
