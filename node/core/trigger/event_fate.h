// event_fate.h - which of the events that a trigger listens to start a run.
//
// A function of what is there: the events that fit, by time, and which of them the ledger knows to have been
// started. Nothing is remembered between two looks, so every owner, after any hand-off, finds the same.
//
//   quiet     of a burst only the last starts, once nothing more came for so long
//   throttle  one that comes within so long of the last that started does not start
//   room      so many more may start within the hour; the others wait, oldest first, until they expire
#ifndef NODE_CORE_TRIGGER_EVENT_FATE_H
#define NODE_CORE_TRIGGER_EVENT_FATE_H

#include "proto/base.h"

enum event_fate {
    EVENT_FATE_STARTED, // known to the ledger
    EVENT_FATE_STARTS,
    EVENT_FATE_WAITS,    // until it was quiet for long enough
    EVENT_FATE_ABSORBED, // another one followed within the quiet time
    EVENT_FATE_THROTTLED,
    EVENT_FATE_CAPPED,
};

struct event_fate_item {
    int64_t at_ms; // when it was emitted
    bool is_started;
    enum event_fate fate; // the answer
};

struct event_fate_rules {
    uint64_t quiet_ms, throttle_ms;
    int64_t last_ms; // the last that started, where it is not among the items; INT64_MIN: none
    size_t room;
};

enum { EVENT_FATE_PER_HOUR = 60 };

// How many runs a throttle allows in an hour; 0, no throttle: EVENT_FATE_PER_HOUR.
size_t event_fate_per_hour(uint64_t throttle_ms);
// Items are ascending by at_ms. Returns when a waiting one may start; INT64_MAX: none waits.
int64_t event_fate_judge(struct event_fate_item *items, size_t count, const struct event_fate_rules *rules,
                         int64_t wall_ms);

#endif
