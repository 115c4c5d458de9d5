// commit.h - settles batches of writes: one transaction each; what to do when the disk is full or fails.
//
//            writes fit          no room                    there is room again, ballast rewritten
//   OK -----------------> OK    OK ---------> FULL          FULL ---------------------------------> OK
//   OK, FULL -- anything else goes wrong --> FAILED, for good: nothing is written or acknowledged any more
#ifndef NODE_IO_STORE_COMMIT_H
#define NODE_IO_STORE_COMMIT_H

#include "node/io/store/ballast.h"
#include "node/io/store/delivery.h"
#include "node/io/store/request.h"
#include "node/io/store/retain.h"

enum {
    COMMIT_PART_BYTES = 128 * 1024, // of writes in one transaction, so that the log's length is bounded
    COMMIT_FULL_PAGES = 200,        // length of the log at which it is copied back while the disk is full
    COMMIT_SWEEP_COUNT = 2048,      // writes between two sweeps
    COMMIT_SWEEP_PART = 8,          // or this part of size_max_bytes, if that comes first
};

struct commit {
    struct database *database; // borrowed, as the next
    struct delivery_queue *answers;
    struct ballast ballast;
    enum event_storage state;
    struct request_list waiting; // of class MUST, while the disk is full; owned
    struct retain_task *tasks;   // history to be dropped by and by; owned
    size_t task_count, task_capacity;
    uint32_t unswept;       // writes since the last sweep
    uint64_t unswept_bytes; // what they held
    uint64_t size_max_bytes;
    _Atomic uint64_t unsettled_bytes;
    _Atomic uint64_t dropped;
};

// Writes the ballast; without room for it the disk counts as full from the start.
void commit_start(struct commit *commit);
// Takes the writes over; says with EVENT_STORED and EVENT_STORAGE what became of them.
void commit_batch(struct commit *commit, struct request_list *writes);
// While the disk is full, once a second: tries what waits, and whether there is room again.
void commit_retry(struct commit *commit);
void commit_fail(struct commit *commit); // a read or sweep found the database unusable
// Forgets what it costs too much to keep; does nothing until enough was written.
void commit_sweep(struct commit *commit);
// One step of dropping history, while there is nothing better to do.
void commit_retain(struct commit *commit);
bool commit_has_tasks(const struct commit *commit);
void commit_deinit(struct commit *commit);

#endif
