#include "node/io/gap.h"

void gap_sleep(struct gap *gap, uint64_t wake_ns)
{
    gap->wake_ns = wake_ns;
    gap->is_set = true;
}

// Between two things to do in one turn of the loop there should be no time at all: a process stopped
// just there was away too.
uint64_t gap_wake(struct gap *gap, uint64_t boottime_ns)
{
    uint64_t late_ns = gap->is_set && boottime_ns > gap->wake_ns ? boottime_ns - gap->wake_ns : 0;
    gap->wake_ns = boottime_ns;
    gap->is_set = true;
    return late_ns / 1000000;
}
