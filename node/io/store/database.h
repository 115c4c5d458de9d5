// database.h - the connection to SQLite: how it is set up, its prepared statements, what its errors mean.
//
// Used by one thread at a time. WAL with one connection that writes and checkpoints: the race between
// two connections that resets the log (SQLite 3.7.0 to 3.51.2) cannot happen. Checkpoints are ours, not
// SQLite's automatic ones, because those swallow a failed sync.
// Functions that return int give 0, STORE_FULL, STORE_CORRUPT, STORE_BUSY or STORE_FAILED.
#ifndef NODE_IO_STORE_DATABASE_H
#define NODE_IO_STORE_DATABASE_H

#include <sqlite3.h>

#include "node/io/store/sql.h"
#include "node/io/store/store.h"

// Measured with claims, cursors and results of 200 jobs, two commits a run: pages of 1 KiB cost about
// 40 KB of writing per run, those of 2 KiB 60 KB, those of 4 KiB 100 KB. Flash thanks for the smallest.
enum {
    DATABASE_PAGE_SIZE = 1024,
    DATABASE_CHECKPOINT_PAGES = 800, // with one more transaction (commit.h) less than the ballast: on a full
                                     // disk its room is all there is for copying the log back
    DATABASE_JOURNAL_SIZE_MAX = 1024 * 1024,
};

struct database {
    sqlite3 *connection;                 // owned
    sqlite3_stmt *statements[SQL_COUNT]; // owned, prepared at first use
    int log_pages;                       // length of the write-ahead log after the last commit
    int checkpoint_pages;
};

int database_open(struct database *database, const char *path,
                  const struct store_options *options) WARN_UNUSED;
void database_deinit(struct database *database);

// What the result code of a SQLite call means.
int database_outcome(struct database *database, int result);
int database_execute(struct database *database, const char *text) WARN_UNUSED;

// A statement without bindings, ready for them. Preparing fails only on a damaged database.
int database_prepare(struct database *database, enum sql sql, sqlite3_stmt **ret_statement) WARN_UNUSED;
// Runs it to its end, dropping rows.
int database_run(struct database *database, sqlite3_stmt *statement) WARN_UNUSED;
// *ret_row says whether there is a row; at the end of the rows the statement is reset.
int database_step(struct database *database, sqlite3_stmt *statement, bool *ret_row) WARN_UNUSED;
// Runs a statement without parameters; the first column of its first row, 0 without one.
int database_number(struct database *database, enum sql sql, int64_t *ret_number) WARN_UNUSED;

int database_begin(struct database *database) WARN_UNUSED;
int database_commit(struct database *database) WARN_UNUSED; // durable on 0, rolled back otherwise
void database_rollback(struct database *database);
// Copies the log back when it has grown long, or whenever asked; with `truncate` the log's file shrinks.
int database_checkpoint(struct database *database, bool truncate) WARN_UNUSED;

// Bindings live until the statement runs again. Zero ids and hashes are bound as NULL.
void database_bind_bytes(sqlite3_stmt *statement, int index, struct bytes value);
void database_bind_text(sqlite3_stmt *statement, int index, const char *value);
void database_bind_number(sqlite3_stmt *statement, int index, int64_t value);
void database_bind_id(sqlite3_stmt *statement, int index, const struct node_id *id);
void database_bind_hash(sqlite3_stmt *statement, int index, const struct hash *hash);
struct bytes database_column_bytes(sqlite3_stmt *statement, int index); // until the next step

#endif
