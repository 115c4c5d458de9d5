// reconcile_wire.h - the messages of crdt/reconcile.h, byte by byte.
//
//   message   version u8 | salt u64 | range...         what follows the last range is agreed
//   range     head u8 | bound | payload                covers from the range before it to its bound
//   head      mode in the low 2 bits, form of the bound in the high 6
//   bound     form 0..61   varint v: the stamp is (previous >> form) + v, << form; the id is zero
//             form 62      varint: stamp - previous stamp; u8 n; n bytes: the id begins so, zeroes follow
//             form 63      no bytes: the end of everything
//   payload   skip: none; fingerprint: 8 bytes; list, want: u8 count | 6 bytes each
// A bound is exclusive, and above the one before. A writer cuts it to the few bits that separate two
// items: a range costs 10 or 11 bytes.
#ifndef CRDT_RECONCILE_WIRE_H
#define CRDT_RECONCILE_WIRE_H

#include "crdt/reconcile.h"

enum reconcile_wire_mode {
    RECONCILE_WIRE_SKIP,
    RECONCILE_WIRE_FINGERPRINT,
    RECONCILE_WIRE_LIST, // all that I have
    RECONCILE_WIRE_WANT, // what you listed and I lack
};

enum {
    RECONCILE_WIRE_VERSION = 1,
    RECONCILE_WIRE_FINGERPRINT_SIZE = 8,
    RECONCILE_WIRE_SHORT_SIZE = 6,
    RECONCILE_WIRE_RANGE_SIZE_MAX = 1 + 10 + 1 + HASH_SIZE + RECONCILE_WIRE_FINGERPRINT_SIZE,
    RECONCILE_WIRE_LIST_SIZE_MAX =
        1 + 10 + 1 + HASH_SIZE + 1 + (RECONCILE_LIST_COUNT - 1) * RECONCILE_WIRE_SHORT_SIZE,
};

struct reconcile_wire_bound { // zeroed: before everything
    struct reconcile_item item;
    bool is_end; // after everything
};

struct reconcile_wire_range {
    enum reconcile_wire_mode mode;
    struct reconcile_wire_bound upper;
    struct bytes payload; // the fingerprint, or `count` short names
    size_t count;
};

int reconcile_wire_compare(const struct reconcile_wire_bound *a, const struct reconcile_wire_bound *b);
// The shortest bound above `low` and not above `high`; low < high.
struct reconcile_wire_bound reconcile_wire_between(const struct reconcile_item *low,
                                                   const struct reconcile_item *high);

struct reconcile_wire_writer {
    struct buffer *out;
    struct reconcile_wire_bound last; // where the ranges written so far end
};

void reconcile_wire_start(struct reconcile_wire_writer *writer, struct buffer *out, uint64_t salt);
// Writes a range from `lower` to range->upper, and the skip before it where there is a gap.
void reconcile_wire_write(struct reconcile_wire_writer *writer, const struct reconcile_wire_bound *lower,
                          const struct reconcile_wire_range *range);

struct reconcile_wire_reader {
    struct reader reader;
    struct reconcile_wire_bound last;
};

// False: of another version, or cut off.
bool reconcile_wire_open(struct reconcile_wire_reader *reader, struct bytes message,
                         uint64_t *ret_salt) WARN_UNUSED;
bool reconcile_wire_has_more(const struct reconcile_wire_reader *reader);
// False: malformed.
bool reconcile_wire_read(struct reconcile_wire_reader *reader,
                         struct reconcile_wire_range *ret_range) WARN_UNUSED;

#endif
