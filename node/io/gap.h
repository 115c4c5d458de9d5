// gap.h - how much longer than asked was the loop away? A stopped or suspended machine does not know it
// slept.
//
// Before the loop sleeps it notes when it wants to be awake again, on CLOCK_BOOTTIME, which counts
// through a suspend; when it is awake it compares. Ordinary lag is a few milliseconds.
#ifndef NODE_IO_GAP_H
#define NODE_IO_GAP_H

#include <stdbool.h>
#include <stdint.h>

struct gap {
    uint64_t wake_ns; // when the loop should be awake again
    bool is_set;
};

// About to sleep, until `wake_ns` at most.
void gap_sleep(struct gap *gap, uint64_t wake_ns);
// About to work on what comes next. Milliseconds beyond what was asked, since the last sleep or, without
// one in between, since the last call.
uint64_t gap_wake(struct gap *gap, uint64_t boottime_ns);

#endif
