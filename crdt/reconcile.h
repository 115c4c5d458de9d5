// reconcile.h - finds which records two replicas lack of each other, for little more than what differs.
//
// Both sides sort their live records by (stamp, record id). A message cuts that order into ranges and
// says about each: nothing (we agree), its fingerprint, the short names of all I have there, or the short
// names I want. An answer agrees, cuts a differing range into 16 finer ones, lists a short one, or names
// what it lacks. Each side ends up with the records it must send: nothing is ever fetched by full id.
//
// There is no session: an answer is a function of the set and the message, and either side may forget
// everything in between. The starter draws a salt that goes into every short name and fingerprint, so a
// collision, by chance or by design, is gone in the next repair; the pings' full fingerprints decide
// whether there must be one. Additions are cheap because they stand together at the newest end, which the
// first message cuts finer and finer; an empty set costs one message.
//
// Equal sets never get here (compare the fingerprints). Bytes: tests/unit/test_reconcile.c.
// Source: Meyer, "Range-Based Set Reconciliation", SRDS 2023, and the ideas of negentropy. Where we
// depart: salted short names instead of ids, bounds cut to the bits that separate, want-lists.
#ifndef CRDT_RECONCILE_H
#define CRDT_RECONCILE_H

#include "proto/ids.h"
#include "proto/limits.h"

struct reconcile_item {
    uint64_t stamp;
    struct hash id;
};

struct reconcile_view { // ascending by (stamp, id), no doubles; must not change during a call
    const struct reconcile_item *items;
    size_t count;
};

// What the other side lacks of ours: send it. Grows; an id comes at most once per answer.
struct reconcile_lacks {
    struct hash *ids; // owned: reconcile_lacks_deinit
    size_t count, capacity;
};

enum {
    RECONCILE_DONE = 1,  // nothing to answer: this repair is over
    RECONCILE_MALFORMED, // cut off, out of order, or of a version this build does not read
    RECONCILE_FANOUT = 16,
    RECONCILE_LIST_COUNT = 32, // a range with fewer is listed
};

int reconcile_item_compare(const struct reconcile_item *a, const struct reconcile_item *b);

// Appends the first message; never more than LIMIT_STREAM_FRAME_SIZE_MAX bytes. `salt`: drawn anew.
void reconcile_start(const struct reconcile_view *view, uint64_t salt, struct buffer *out);

// Reads a message and appends the answer, at most LIMIT_STREAM_FRAME_SIZE_MAX bytes (a longer one says
// of the rest that it differs and goes on next time), and what the other side lacks.
// 0: send the answer; RECONCILE_DONE or RECONCILE_MALFORMED: nothing to send. A malformed message changes
// nothing.
int reconcile_answer(const struct reconcile_view *view, struct bytes message, struct buffer *out,
                     struct reconcile_lacks *lacks) WARN_UNUSED;

void reconcile_lacks_deinit(struct reconcile_lacks *lacks);

#endif
