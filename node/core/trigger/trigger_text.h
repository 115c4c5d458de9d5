// trigger_text.h - a trigger named in a few words, as its author wrote it: "cron */5 * * * *", "event
// deploy".
//
// Tells the triggers of one job apart: in `runs` and `why`, and for a command in KATYDID_TRIGGER. What a
// trigger means is explain.h's.
#ifndef NODE_CORE_TRIGGER_TRIGGER_TEXT_H
#define NODE_CORE_TRIGGER_TRIGGER_TEXT_H

#include "proto/definition.h"

enum { TRIGGER_TEXT_SIZE = LIMIT_TEXT_SIZE_MAX };

// `out` holds TRIGGER_TEXT_SIZE; what does not fit is cut off. Instants are in UTC.
void trigger_text_print(const struct definition_trigger *trigger, char *out);

#endif
