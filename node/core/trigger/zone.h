// zone.h - a time zone: what its wall clocks show at an instant, and which instants a wall clock means.
//
// Made from the bytes of a TZif file that somebody else has read (the runner hands the same bytes to
// everybody who computes due times). Immutable once decoded; all questions are pure. Instants are
// unix seconds, local times are seconds since 1970-01-01T00:00:00 on the wall (calendar.h).
//
// The rule in the file's footer is unrolled when the file is decoded, so that one sorted table
// answers everything until ZONE_INSTANT_MAX; beyond it the last offset stays.
// Source: RFC 8536 (TZif, versions 1 to 3; 4 reads the same), POSIX.1 for the footer. Where we
// depart: files that count leap seconds are refused, because unix time does not.
#ifndef NODE_CORE_TRIGGER_ZONE_H
#define NODE_CORE_TRIGGER_ZONE_H

#include "proto/bytes.h"

enum {
    ZONE_ABBREVIATION_SIZE = 16, // with the terminating zero
    ZONE_OFFSET_S_MAX = 26 * 3600,
};

#define ZONE_INSTANT_MIN (-(1LL << 40)) // about 33,000 years before 1970: "for ever" downwards
#define ZONE_INSTANT_MAX 16725225600LL  // 2500-01-01, past LIMIT_WALL_MS_MAX
#define ZONE_FOREVER     (1LL << 40)

enum zone_outcome {
    ZONE_TOO_LARGE = 1, // more than LIMIT_ZONE_FILE_SIZE_MAX
    ZONE_NOT_TZIF,
    ZONE_TRUNCATED,
    ZONE_MALFORMED, // the table contradicts itself
    ZONE_LEAP_SECONDS,
    ZONE_BAD_RULE, // the footer
};

struct zone; // opaque

// What clocks show while one offset lasts.
struct zone_offset {
    int32_t utc_offset_s; // local - UTC
    bool is_dst;
    char abbreviation[ZONE_ABBREVIATION_SIZE]; // "CEST", "+0530"
};

// The stretch of one offset around an instant: [start_s, end_s).
struct zone_period {
    int64_t start_s; // ZONE_INSTANT_MIN: no transition before
    int64_t end_s;   // ZONE_FOREVER: none after
    int32_t utc_offset_s;
    int32_t before_s; // the offset that ended at start_s; the same one where there was none
    size_t index;     // for zone_period_forward
};

enum zone_local_kind {
    ZONE_UNIQUE,  // exactly one instant shows this local time
    ZONE_GAP,     // none does: the clock jumped over it
    ZONE_OVERLAP, // two do: the clock was set back
};

// Both candidates read the local time with the offset in force before and after the jump. In an
// overlap they are the two instants, in order. In a gap neither shows the local time: first_s lies
// after the jump, second_s before it. Unique: both are the same.
struct zone_local {
    enum zone_local_kind kind;
    int64_t first_s;
    int64_t second_s;
    int64_t jump_s; // gap: the instant of the jump; otherwise first_s
};

// 0, or an enum zone_outcome. The bytes are not kept. Free with zone_free.
int zone_decode(struct bytes tzif, struct zone **ret) WARN_UNUSED;
const char *zone_outcome_text(int outcome); // a sentence part: "the file is cut short"
void zone_free(struct zone *zone);          // NULL is fine

const struct zone *zone_utc(void); // always there, never freed

struct zone_offset zone_offset_at(const struct zone *zone, int64_t unix_s);
struct zone_period zone_period_at(const struct zone *zone, int64_t unix_s);
// The same for an instant that is not before `from`, a period of this zone; faster where it is close to it.
struct zone_period zone_period_forward(const struct zone *zone, const struct zone_period *from,
                                       int64_t unix_s);
struct zone_local zone_local_at(const struct zone *zone, int64_t local_s);
// The first instant after `after_s` at which offset, DST flag or abbreviation change; false: none.
bool zone_next_transition(const struct zone *zone, int64_t after_s, int64_t *ret_s);

#endif
