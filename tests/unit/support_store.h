// support_store.h - a store in a directory of its own, and signed records of the ledger to put into it.
#ifndef TESTS_UNIT_SUPPORT_STORE_H
#define TESTS_UNIT_SUPPORT_STORE_H

#include "node/io/store/store.h"
#include "tests/unit/support_dir.h"
#include "tests/unit/support_records.h"

struct support_store {
    char directory[SUPPORT_DIR_ROOM];
    char path[SUPPORT_DIR_ROOM + 16];
    struct store_options options;
    struct store *store;
    uint64_t ticket;  // of the last write
    uint64_t settled; // the highest acknowledged
    uint64_t refused; // how many were
    enum event_storage storage;
};

struct support_rows {       // what a query answered; what rows point to is gone but for `text`
    struct event_row *rows; // owned
    char (*text)[64];       // beginning of a segment's data, a story's line or a meta value; owned
    size_t count;
    size_t capacity;
    bool more;
    bool failed;
};

// The one of a test, open and in an empty directory: between set_up and tear_down, for cmocka.
extern struct support_store support_store_fixture;
int support_store_set_up(void **state);
int support_store_tear_down(void **state);

void support_store_init(struct support_store *fixture); // makes the directory
void support_store_open(struct support_store *fixture); // fails the test when it cannot
void support_store_close(struct support_store *fixture);
void support_store_deinit(struct support_store *fixture);

// The next event, noted in the fixture; fails the test after a minute without one.
void support_store_wait(struct support_store *fixture, struct event *ret_event);
// Numbers the write and hands it over.
void support_store_write(struct support_store *fixture, struct effect_write *write);
void support_store_settle(struct support_store *fixture); // waits until the last write is acknowledged
// Waits for the end of the answer to query `number`.
void support_store_gather(struct support_store *fixture, uint64_t number, struct support_rows *ret_rows);
void support_store_ask(struct support_store *fixture, const struct effect_query *query,
                       struct support_rows *ret_rows);
void support_rows_deinit(struct support_rows *rows);
size_t support_rows_count(const struct support_rows *rows, enum event_row_kind kind);

// The run of an occurrence, from its first due time and attempt.
struct run_id support_run(const struct ledger_occurrence *occurrence, uint32_t attempt);
struct ledger_occurrence support_due(const char *job, int64_t due_ms);
struct ledger_claim support_claim(const struct ledger_occurrence *occurrence);
struct ledger_result support_result(const struct ledger_occurrence *occurrence, enum ledger_status status);
struct ledger_cursor support_cursor(const char *job, int64_t decided_ms, uint64_t epoch);

// Signs the body by key `signer` and hands it over as a write of class MUST.
struct hash support_store_sign(struct support_store *fixture, uint8_t signer, enum envelope_kind kind,
                               struct buffer *body);
void support_store_claim(struct support_store *fixture, const struct ledger_claim *claim);
void support_store_result(struct support_store *fixture, const struct ledger_result *result);

// Everything written so far is closed, opened again and loaded.
void support_store_reload(struct support_store *fixture, struct support_rows *ret_rows);

#endif
