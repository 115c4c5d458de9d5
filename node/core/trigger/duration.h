// duration.h - lengths of time as people write them: 90s 5m 2h30m 1d 250ms 1w.
//
// A number and a unit, one or more times without blanks, larger units first, each unit once. Units:
// w d h m s ms; a day is 24 hours here, whatever a zone makes of it. Whole numbers only.
#ifndef NODE_CORE_TRIGGER_DURATION_H
#define NODE_CORE_TRIGGER_DURATION_H

#include "node/core/trigger/trigger_error.h"

enum {
    DURATION_TEXT_SIZE = 40, // of the longest text of any uint64, with its zero
};

// Refuses more than LIMIT_PERIOD_MS_MAX (ten years).
bool duration_parse(const char *text, uint64_t *ret_ms, struct trigger_error *ret_error) WARN_UNUSED;
// With no part that is zero: "2h30m", "1w" (weeks only when they are whole), "0s". `out` holds
// DURATION_TEXT_SIZE. duration_parse reads back the same number.
void duration_print(uint64_t duration_ms, char *out);

#endif
