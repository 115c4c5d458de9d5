// journal.h - what started and how it ended, on disk before it starts: DIR/runner/journal.
//
// A run has up to three marks: STARTED (written before exec), ENDED (with the result), ACKNOWLEDGED
// (the network process has stored the result). A runner that starts finds those that lack the second
// (lost with an earlier runner) or the third (to be told again). The attempts themselves are
// remembered in seen.h. Marks are synced within a second by journal_sync; a start that was an order is
// synced at once, because an order is executed once.
// Functions return 0 or -errno; after an error nothing may start (applog.h).
#ifndef NODE_IO_RUNNER_JOURNAL_H
#define NODE_IO_RUNNER_JOURNAL_H

#include "node/io/runner/applog.h"
#include "node/io/runner/seen.h"
#include "proto/frame.h"

enum {
    JOURNAL_FULL = 1, // start: no more orders can be remembered
};

struct journal_open_run;

struct journal {
    struct applog log;
    struct seen seen;
    struct journal_open_run *open; // owned; not acknowledged yet, in no order
    size_t open_count, open_capacity;
    uint64_t compact_at_bytes;
};

// A run that was not acknowledged when the journal was opened.
struct journal_leftover {
    struct frame frame; // ENDED as it was reported; else kind STARTED with run, start and started_ms
    uint8_t boot[16];   // of the boot in which it started
};
typedef void journal_left(void *context, const struct journal_leftover *leftover);

// Reads, forgets what is old, and calls `left` for each run not acknowledged.
int journal_open(struct journal *journal, int directory, int64_t wall_ms, journal_left *left,
                 void *context) WARN_UNUSED;
void journal_close(struct journal *journal); // safe after a failed open

// Before exec. 0, JOURNAL_FULL or -errno.
int journal_start(struct journal *journal, const struct journal_leftover *start,
                  const struct seen_key *key) WARN_UNUSED;
// `ended` is the FRAME_ENDED that is told to the network process.
int journal_end(struct journal *journal, const struct frame *ended) WARN_UNUSED;
int journal_acknowledge(struct journal *journal, const struct run_id *run) WARN_UNUSED;

bool journal_is_unsynced(const struct journal *journal);
// Makes all marks durable; now and then rewrites the file without what is no longer needed.
int journal_sync(struct journal *journal, int64_t wall_ms) WARN_UNUSED;

#endif
