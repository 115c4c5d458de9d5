// explain.h - triggers in plain words, for people who check what they have written.
//
// What is explained are the sets a trigger is made of, not the characters it was written with, so two
// expressions with the same due times read the same. `out` holds EXPLAIN_TEXT_SIZE; the text has no newline
// and no full stop. `zone_name` is put at the end; NULL: nothing.
//
//   every 15 minutes from 09:00 to 17:45 on weekdays, Europe/Berlin
//   at 18:00 on the last Friday of the month
//   at 00:00 on day 13 or on Fridays (both day fields set: either fits)
#ifndef NODE_CORE_TRIGGER_EXPLAIN_H
#define NODE_CORE_TRIGGER_EXPLAIN_H

#include "node/core/trigger/at.h"
#include "node/core/trigger/cron.h"
#include "node/core/trigger/every.h"

enum {
    EXPLAIN_TEXT_SIZE = 1024,
};

void explain_cron(const struct cron *cron, const char *zone_name, char *out);
void explain_every(const struct every *every, char *out);
void explain_at(const struct at *at, const struct zone *zone, const char *zone_name, char *out);

#endif
