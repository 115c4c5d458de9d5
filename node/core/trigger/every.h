// every.h - due times at a fixed distance: anchor + k * period, for every whole k.
//
// The anchor fixes the phase only: due times before it exist too. So a job keeps its phase wherever
// and whenever it is computed, whoever owns it. Unix milliseconds, UTC: no clock change touches them.
// Due times lie within 0 ... LIMIT_WALL_MS_MAX; any int64 may be asked about.
#ifndef NODE_CORE_TRIGGER_EVERY_H
#define NODE_CORE_TRIGGER_EVERY_H

#include "node/core/trigger/trigger_error.h"

struct every {
    int64_t period_ms;
    int64_t phase_ms; // 0 ... period_ms - 1
};

// Refuses a period outside LIMIT_PERIOD_MS_MIN ... LIMIT_PERIOD_MS_MAX.
bool every_init(uint64_t period_ms, int64_t anchor_ms, struct every *ret,
                struct trigger_error *ret_error) WARN_UNUSED;

// The first due time strictly after `after_ms`; false: none before LIMIT_WALL_MS_MAX.
bool every_next(const struct every *every, int64_t after_ms, int64_t *ret_due_ms);
bool every_is_due(const struct every *every, int64_t due_ms);
// How many due times lie in (after_ms, until_ms].
uint64_t every_count(const struct every *every, int64_t after_ms, int64_t until_ms);

#endif
