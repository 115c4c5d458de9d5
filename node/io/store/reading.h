// reading.h - one answer in the making: the items found so far, then their rows.
#ifndef NODE_IO_STORE_READING_H
#define NODE_IO_STORE_READING_H

#include "node/io/store/database.h"
#include "node/io/store/packet.h"

struct reading_sink {
    // `packet` is what the row points into, NULL when it points into memory that lives for the call.
    // False: stop, nobody listens any more.
    bool (*take)(void *context, const struct event_row *row, struct packet *packet);
    void *context;
};

struct reading_reference { // of one item
    int64_t ledger;
    int64_t position;
};

struct reading {
    struct database *database;
    const struct reading_sink *sink;
    struct reading_reference *references; // owned
    size_t count;
    size_t capacity;
    bool is_ordered; // keep the order of finding; else they go in the order they were stored
    bool stopped;    // the sink listens no more
};

void reading_deinit(struct reading *reading);
// Runs a statement whose rows begin with (ledger, position).
int reading_gather(struct reading *reading, sqlite3_stmt *statement) WARN_UNUSED;
void reading_emit(struct reading *reading, const struct event_row *row, struct packet *packet);
// Hands out the rows of what was gathered: each item once, each record decoded once.
int reading_finish(struct reading *reading) WARN_UNUSED;

#endif
