// series.h - the due times an item of the ledger is about, as columns of the database.
//
// Items belong to the same due times when all but first and last are equal and the two stretches
// overlap: a block of claims covers ten due times, a verdict a week of them, a result one.
#ifndef NODE_IO_STORE_SERIES_H
#define NODE_IO_STORE_SERIES_H

#include "node/io/store/database.h"

struct series {
    char job[NAME_JOB_ROOM];
    uint64_t life;
    uint64_t version;
    uint16_t trigger;
    struct node_id target;
    struct hash cause;
    int64_t first_ms, last_ms;
};

void series_of(const struct ledger_occurrence *occurrence, int64_t last_ms, struct series *ret_series);
// As parameters ?1 to ?8; `series` must outlive the statement's run.
void series_bind(const struct series *series, sqlite3_stmt *statement);
// From the first eight columns of a row.
void series_read(sqlite3_stmt *statement, struct series *ret_series);
bool series_overlap(const struct series *a, const struct series *b);

#endif
