// shorthand.h - texts that stand where a cron expression does and are a trigger of another kind.
//
// "@every 5m" is the trigger every with that period (duration.h), "@reboot" the trigger boot; in any case,
// blanks around them are fine. Who reads what a person typed asks here before anything is signed, so that
// a definition says every or boot and its expressions are of the calendar: cron_parse refuses both.
#ifndef NODE_CORE_TRIGGER_SHORTHAND_H
#define NODE_CORE_TRIGGER_SHORTHAND_H

#include "node/core/trigger/trigger_error.h"

enum shorthand_outcome {
    SHORTHAND_EVERY = 1,
    SHORTHAND_BOOT,
    SHORTHAND_REFUSED, // one of them, but see the error
};

// 0: no shorthand, so it may be a cron expression. ret_period_ms: written on SHORTHAND_EVERY, within
// LIMIT_PERIOD_MS_MIN ... LIMIT_PERIOD_MS_MAX.
int shorthand_read(const char *text, uint64_t *ret_period_ms, struct trigger_error *ret_error) WARN_UNUSED;

#endif
