// instant.h - points in time as people and programs write them.
//
// RFC 3339 (`2027-03-28T01:30:00.250+01:00`, `...Z`) and its shorter relatives: a blank for the T,
// no seconds, no offset. A text without an offset is a local time of a zone; one that the zone's
// clock shows twice or never is reported as such. Milliseconds are the finest; a leap second is
// refused, because unix time has none. Instants lie within 0 ... LIMIT_WALL_MS_MAX.
#ifndef NODE_CORE_TRIGGER_INSTANT_H
#define NODE_CORE_TRIGGER_INSTANT_H

#include "node/core/trigger/trigger_error.h"
#include "node/core/trigger/zone.h"

enum {
    INSTANT_TEXT_SIZE = 40,
};

struct instant {
    int64_t ms;                // what is meant; in a gap: right after the jump; in an overlap: the first
    int64_t other_ms;          // overlap: the second; otherwise the same as ms
    enum zone_local_kind kind; // always ZONE_UNIQUE for a text with an offset
    int64_t local_s;           // what was written, on the wall: seconds since 1970-01-01T00:00:00
};

bool instant_parse(const char *text, const struct zone *zone, struct instant *ret,
                   struct trigger_error *ret_error) WARN_UNUSED;

// `out` holds INSTANT_TEXT_SIZE. "2027-03-28T01:30:00.250Z"; instants before 1970 and after 9999
// are shown as the nearest that has four digits.
void instant_print(int64_t ms, char *out);
// "2027-03-28T03:30:00.250+02:00"; an offset with seconds has them: "-00:44:30".
void instant_print_local(int64_t ms, const struct zone *zone, char *out);

#endif
