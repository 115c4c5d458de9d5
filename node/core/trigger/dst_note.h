// dst_note.h - what a change of the clock does to a local time or a due time, in words for people.
//
// Only changes of the offset count; a zone that merely renames itself changes nothing here. Instants are unix
// seconds, local times seconds since 1970-01-01T00:00:00 on the wall (zone.h).
//
//   02:30 does not exist (the clock jumps 02:00 -> 03:00)
//   02:30 is shown twice (the clock goes back 03:00 -> 02:00): this is the first
//   moved from 02:30 by the jump 02:00 -> 03:00
#ifndef NODE_CORE_TRIGGER_DST_NOTE_H
#define NODE_CORE_TRIGGER_DST_NOTE_H

#include "node/core/trigger/zone.h"

enum {
    DST_NOTE_TEXT_SIZE = 128,
};

enum dst_note_kind {
    DST_NOTE_NONE,
    DST_NOTE_MISSING, // the clock never shows this local time
    DST_NOTE_FIRST,   // it shows it twice, and this is the first time
    DST_NOTE_SECOND,
    DST_NOTE_MOVED, // a due time that stands for a local time which the clock jumps over
};

struct dst_note_change {
    int64_t at_s; // the first instant with the new offset
    struct zone_offset before;
    struct zone_offset after;
};

struct dst_note {
    enum dst_note_kind kind;
    int64_t local_s;               // the local time it is about; moved: where it was
    struct dst_note_change change; // unless none
};

// A local time as somebody typed it. What is shown twice is told as the first.
struct dst_note dst_note_of_local(const struct zone *zone, int64_t local_s);
// What the clock shows at an instant: none, first or second.
struct dst_note dst_note_of_instant(const struct zone *zone, int64_t unix_s);
// A due time at the instant of a jump that stands for the local time `local_s`.
struct dst_note dst_note_of_moved(const struct zone *zone, int64_t unix_s, int64_t local_s);

// The first change of the offset after an instant; false: none. So a year is gone through.
bool dst_note_next_change(const struct zone *zone, int64_t after_s, struct dst_note_change *ret);

// `out` holds DST_NOTE_TEXT_SIZE. None: "".
void dst_note_print(const struct dst_note *note, char *out);
// "2027-03-28 02:00 -> 03:00 (CET -> CEST)"
void dst_note_print_change(const struct dst_note_change *change, char *out);

#endif
