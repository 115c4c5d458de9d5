// seen.h - which attempts of which occurrences have started here, so that none starts twice.
//
// Bounded: when it is full, the trigger with the most entries gives up its older half, and what was
// due at or before the newest of those counts as seen for ever (a watermark per trigger). So a job
// that runs each second costs its own late starts, never anybody else's, and forgetting never lets
// anything start twice. Orders have no due time and are kept until they are too old to be accepted.
#ifndef NODE_IO_RUNNER_SEEN_H
#define NODE_IO_RUNNER_SEEN_H

#include "node/core/occurrence.h"

enum {
    SEEN_COUNT_MAX = 65536,
    SEEN_COUNT_KEPT = 4096, // the newest stay whatever their age: a clock that jumped ahead comes back
};
#define SEEN_AGE_MS           (8LL * 24 * 3600 * 1000)
#define SEEN_WATERMARK_AGE_MS (400LL * 24 * 3600 * 1000)

struct seen_key {
    uint8_t occurrence[16];
    uint64_t series; // (job, life, schedule version, trigger, target); 0: an order
    int64_t due_ms;
};

struct seen_entry {
    struct seen_key key;
    int64_t at_ms; // wall, of the last attempt
    uint16_t attempt;
};

struct seen_watermark {
    uint64_t series;
    int64_t due_ms;
};

struct seen {
    struct seen_entry *slots; // owned; open addressing; attempt 0: empty
    size_t slot_count, count;
    struct seen_watermark *watermarks; // owned; by series
    size_t watermark_count, watermark_capacity;
};

// An order counts once per node whatever else its start says, so its key is its record id.
struct seen_key seen_key_of(const struct occurrence *occurrence);

void seen_deinit(struct seen *seen); // safe on a zeroed one

// The last attempt started, 0: none.
uint16_t seen_attempt(const struct seen *seen, const struct seen_key *key);
// True: it was due before what is remembered of its trigger, so it may have started.
bool seen_is_forgotten(const struct seen *seen, const struct seen_key *key);

// Occurrences of a series whose last attempt started after this wall time.
size_t seen_count_since(const struct seen *seen, uint64_t series, int64_t after_ms);
// Notes an attempt. False: full of orders, nothing can be forgotten; not noted.
bool seen_add(struct seen *seen, const struct seen_key *key, uint16_t attempt, int64_t at_ms) WARN_UNUSED;
void seen_add_watermark(struct seen *seen, uint64_t series, int64_t due_ms);
// Forgets what is older than SEEN_AGE_MS, beyond the newest SEEN_COUNT_KEPT.
void seen_expire(struct seen *seen, int64_t now_ms);

#endif
