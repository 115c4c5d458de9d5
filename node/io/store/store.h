// store.h - what a node keeps on disk: one SQLite file, one thread that owns it, no waiting for it.
//
// The loop hands over writes and queries (copied) and goes on. The thread takes everything that has
// gathered, makes few transactions of the writes, syncs each, then answers the queries: so a commit costs
// one sync however many wait (group commit), and a query sees every write that was handed over before it.
// What comes of it is fetched with store_next when store_descriptor is readable.
//
// Life: store_open (migrates; no thread yet), the functions of the calling thread, store_start,
// then write, query and next, at last store_close, which drains.
//
// EVENT_STORED comes in the order of tickets and says that every write up to its ticket is settled: on
// the disk, or refused, which each has its own EVENT_STORED to say. Full disk: writes of class MAY are
// refused, those of class MUST get the room of the ballast file, or wait; tried each second.
// After any other failure of a write or sync nothing is acknowledged any more: a page that failed to
// sync may be lost and look clean (Rebello et al., "Can Applications Recover from fsync Failures?",
// ATC 2020), so there is no second try; the next start reads what the disk really holds.
#ifndef NODE_IO_STORE_STORE_H
#define NODE_IO_STORE_STORE_H

#include "node/core/effect.h"

struct store;

struct store_options {
    const char *vfs;           // of SQLite; NULL: the platform's. Tests record through their own
    uint64_t size_max_bytes;   // of the database; 0: retain_size_default()
    uint32_t checkpoint_pages; // length of the write-ahead log at which it is copied back; 0: the default
};

enum {
    STORE_CORRUPT = 1, // the file is damaged or no database
    STORE_NEWER,       // written by a later version of katydid
    STORE_BUSY,        // another process has it open
    STORE_FULL,        // no room on the disk
    STORE_FAILED,      // it cannot be opened, read or written
    STORE_NOT_FOUND,
};

// 0, STORE_CORRUPT, _NEWER, _BUSY, _FULL or _FAILED. Without a file at `path` a new one is made. The
// ballast lies beside it.
int store_open(const char *path, const struct store_options *options, struct store **ret_store) WARN_UNUSED;
// One line for people: what is wrong with the store at `path`, and what to do.
void store_explain(int outcome, const char *path, char *out, size_t size);

// Before store_start only, on the caller's thread; durable when they return 0.
// Counts the generation of this node up.
int store_next_generation(struct store *store, uint64_t *ret_generation) WARN_UNUSED;
int store_write_now(struct store *store, const struct effect_write *writes, size_t count) WARN_UNUSED;
// Appends the value; 0, STORE_NOT_FOUND or STORE_FAILED.
int store_find_meta(struct store *store, const char *key, struct buffer *out) WARN_UNUSED;

// Starts the thread. Its first answer is query 0: every record (genesis, the authority log in order,
// then by kind), meta, the highest cursors, the claims that have no result, and all claims, results
// and verdicts of the last two hours; then EVENT_ROWS_DONE.
void store_start(struct store *store);

void store_write(struct store *store, const struct effect_write *write);
void store_query(struct store *store, const struct effect_query *query);
// Bytes handed over and not settled yet: whoever feeds the store stops while this is large.
uint64_t store_unsettled_bytes(const struct store *store);
// Segments and due times given up so far to stay within size_max_bytes.
uint64_t store_dropped(const struct store *store);

int store_descriptor(const struct store *store); // readable while store_next has something
// False when there is nothing. Fills in `kind` and `is` alone; what it points to lives until the next
// call of store_next or store_close.
bool store_next(struct store *store, struct event *ret_event);

// Settles what was handed over (unless the disk refuses), stops the thread, closes the file. NULL is fine.
void store_close(struct store *store);

#endif
