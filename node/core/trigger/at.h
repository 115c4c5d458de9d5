// at.h - due at one or several given instants.
//
// Unix milliseconds within 0 ... LIMIT_WALL_MS_MAX, kept sorted and each once, whatever the order
// they come in. How long after its instant a run may still start is the scheduler's business.
#ifndef NODE_CORE_TRIGGER_AT_H
#define NODE_CORE_TRIGGER_AT_H

#include "node/core/trigger/trigger_error.h"

struct at {
    int64_t *instants_ms; // owned, ascending, no two equal
    size_t count;
};

// Copies. Refuses none, more than LIMIT_INSTANT_COUNT_MAX, and instants outside the calendar.
bool at_init(const int64_t *instants_ms, size_t count, struct at *ret,
             struct trigger_error *ret_error) WARN_UNUSED;
void at_deinit(struct at *at);

// The first instant strictly after `after_ms`; false: none.
bool at_next(const struct at *at, int64_t after_ms, int64_t *ret_due_ms);
bool at_is_due(const struct at *at, int64_t due_ms);
// How many instants lie in (after_ms, until_ms].
uint64_t at_count(const struct at *at, int64_t after_ms, int64_t until_ms);

#endif
