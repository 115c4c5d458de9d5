// local_time.h - an instant as people read it: on the wall of a zone.
#ifndef NODE_CLI_LOCAL_TIME_H
#define NODE_CLI_LOCAL_TIME_H

#include "node/core/trigger/zone.h"

enum {
    LOCAL_TIME_ROOM = 48,
};

// "Sun 02:30" within six days of now, "Sun 2026-11-22 02:30" beyond; seconds only where they are not
// zero. "-" when at_ms is 0.
void local_time_short(const struct zone *zone, int64_t at_ms, int64_t now_ms, char out[LOCAL_TIME_ROOM]);
// The same with the seconds in any case, for columns where some times have them.
void local_time_exact(const struct zone *zone, int64_t at_ms, int64_t now_ms, char out[LOCAL_TIME_ROOM]);
// "Sun 2026-11-22 02:30:00 CET".
void local_time_long(const struct zone *zone, int64_t at_ms, char out[LOCAL_TIME_ROOM]);
// "02:29:58.0": the time of day, to a tenth of a second.
void local_time_of_day(const struct zone *zone, int64_t at_ms, char out[LOCAL_TIME_ROOM]);
// True when both lie on the same day of the zone's calendar.
bool local_time_same_day(const struct zone *zone, int64_t a_ms, int64_t b_ms);

#endif
