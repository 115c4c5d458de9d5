// explain_days.h - the days of a cron expression in words: "on the last Friday of the month".
#ifndef NODE_CORE_TRIGGER_EXPLAIN_DAYS_H
#define NODE_CORE_TRIGGER_EXPLAIN_DAYS_H

#include "node/core/trigger/cron_days.h"
#include "node/core/trigger/phrase.h"

// Begins with a blank. Where all days fit it says `all`, which may be "".
void explain_days(const struct cron_days *days, const char *all, struct phrase *phrase);

#endif
