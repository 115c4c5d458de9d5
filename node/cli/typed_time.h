// typed_time.h - a point in time as somebody types it.
//
// "2027-03-28T01:30" and the other forms of instant.h, "2027-03-28" alone (midnight); "now"; "02:30",
// "sun 02:30", "yesterday 02:30", "tomorrow 2:30", "tomorrow" alone (its midnight); "5m ago", "in 5m", "5m".
// Without a date the nearest such time in the wanted direction is meant. Local times are of the zone given;
// one that its clock jumps over means right after the jump.
#ifndef NODE_CLI_TYPED_TIME_H
#define NODE_CLI_TYPED_TIME_H

#include "node/core/trigger/dst_note.h"
#include "node/core/trigger/trigger_error.h"

enum {
    TYPED_TIME_NOTE_ROOM = DST_NOTE_TEXT_SIZE + 40,
};

enum typed_time_direction {
    TYPED_TIME_PAST,   // "02:30" is the last one
    TYPED_TIME_FUTURE, // "02:30" is the next one
};

struct typed_time_context {
    const struct zone *zone;
    int64_t now_ms;
    enum typed_time_direction direction;
};

struct typed_time {
    int64_t ms;
    enum zone_local_kind kind; // ZONE_GAP, ZONE_OVERLAP: the person should be told what was made of it
    int64_t local_s;           // then: what was typed, on the wall
};

bool typed_time_parse(const char *text, const struct typed_time_context *context, struct typed_time *ret,
                      struct trigger_error *ret_error) WARN_UNUSED;

// What was made of a time that the clock of the zone never shows, or shows twice; else "".
// "02:30 does not exist (the clock jumps 02:00 -> 03:00); right after the jump is meant"
void typed_time_note(const struct typed_time *time, const struct zone *zone,
                     char ret_text[TYPED_TIME_NOTE_ROOM]);

#endif
