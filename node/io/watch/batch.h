// batch.h - the files that changed since the last report, each once, by name.
//
// Bounded: of BATCH_COUNT_MAX the names are kept; of more it is only known how many there were.
#ifndef NODE_IO_WATCH_BATCH_H
#define NODE_IO_WATCH_BATCH_H

#include "node/io/watch/snapshot.h"
#include "node/io/watch/watch_report.h"

enum { BATCH_COUNT_MAX = SNAPSHOT_COUNT_MAX };

struct batch {
    struct snapshot_change *items; // owned, by name
    size_t count, capacity;
    uint32_t unnamed; // changes beyond the bound
};

void batch_deinit(struct batch *batch); // and is empty again
// What a file did last counts, but who writes to a file that is new is still making it.
void batch_add(struct batch *batch, const struct snapshot_change *change);
bool batch_is_empty(const struct batch *batch);
// As many as there is room for, by name.
void batch_report(const struct batch *batch, struct watch_report *report);

#endif
