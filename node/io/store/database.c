#include "node/io/store/database.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "node/io/store/schema.h"

int database_outcome(struct database *database, int result)
{
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_IOERR: {
        int error = database->connection ? sqlite3_system_errno(database->connection) : 0;
        bool is_room = error == ENOSPC || error == EDQUOT;
        return is_room && result != SQLITE_IOERR_FSYNC ? STORE_FULL : STORE_FAILED;
    }
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STORE_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    default:
        return STORE_FAILED;
    }
}

int database_execute(struct database *database, const char *text)
{
    return database_outcome(database, sqlite3_exec(database->connection, text, NULL, NULL, NULL));
}

static int note_log_length(void *context, sqlite3 *connection, const char *name, int pages)
{
    (void)connection;
    (void)name;
    ((struct database *)context)->log_pages = pages;
    return SQLITE_OK;
}

// Exclusive locking comes before anything that reads, so that the log's index lives in our memory and
// not in a shared file. Page size and vacuum mode are for a new file; on an old one setting them would
// write, and a full disk could not be opened.
static int set_up(struct database *database)
{
    char text[512];
    int64_t pages = 0;
    int outcome = database_execute(database, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;"
                                             "PRAGMA mmap_size = 0; PRAGMA cache_size = -1024;"
                                             "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
    if (!outcome)
        outcome = database_number(database, SQL_PAGE_COUNT, &pages);
    if (!outcome && !pages) {
        snprintf(text, sizeof text, "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL",
                 DATABASE_PAGE_SIZE);
        outcome = database_execute(database, text);
    }
    snprintf(text, sizeof text,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = %d;"
             "PRAGMA wal_autocheckpoint = 0",
             DATABASE_JOURNAL_SIZE_MAX);
    return outcome ? outcome : database_execute(database, text);
}

// A short file is read whole, so that damage shows at the start and not on the day somebody asks.
static int check(struct database *database)
{
    enum { CHECKED_BYTES_MAX = 8 * 1024 * 1024 };
    int64_t pages = 0;
    int outcome = database_number(database, SQL_PAGE_COUNT, &pages);
    if (outcome || pages > CHECKED_BYTES_MAX / DATABASE_PAGE_SIZE)
        return outcome;
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database->connection, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    outcome = database_outcome(database, result);
    if (!outcome && strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
        outcome = STORE_CORRUPT;
    sqlite3_finalize(statement);
    return outcome;
}

int database_open(struct database *database, const char *path, const struct store_options *options)
{
    *database = (struct database){
        .checkpoint_pages =
            options->checkpoint_pages ? (int)options->checkpoint_pages : DATABASE_CHECKPOINT_PAGES,
    };
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int result = sqlite3_open_v2(path, &database->connection, flags, options->vfs);
    int outcome = database_outcome(database, result);
    if (!outcome)
        outcome = set_up(database);
    if (!outcome)
        outcome = check(database);
    if (!outcome) {
        sqlite3_wal_hook(database->connection, note_log_length, database);
        outcome = schema_migrate(database);
    }
    if (outcome)
        database_deinit(database);
    return outcome;
}

void database_deinit(struct database *database)
{
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(database->statements[i]);
    sqlite3_close(database->connection);
    *database = (struct database){0};
}

int database_prepare(struct database *database, enum sql sql, sqlite3_stmt **ret_statement)
{
    sqlite3_stmt **statement = &database->statements[sql];
    if (!*statement) {
        int result = sqlite3_prepare_v3(database->connection, sql_text(sql), -1, SQLITE_PREPARE_PERSISTENT,
                                        statement, NULL);
        // A statement that does not compile is our mistake, unless the disk garbled the tables.
        if (result != SQLITE_OK)
            return database_outcome(database, result);
    }
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
    *ret_statement = *statement;
    return 0;
}

int database_step(struct database *database, sqlite3_stmt *statement, bool *ret_row)
{
    int result = sqlite3_step(statement);
    int outcome = database_outcome(database, result);
    if (result != SQLITE_ROW)
        sqlite3_reset(statement);
    if (!outcome)
        *ret_row = result == SQLITE_ROW;
    return outcome;
}

int database_run(struct database *database, sqlite3_stmt *statement)
{
    bool row = true;
    int outcome = 0;
    while (!outcome && row)
        outcome = database_step(database, statement, &row);
    return outcome;
}

int database_number(struct database *database, enum sql sql, int64_t *ret_number)
{
    sqlite3_stmt *statement;
    bool row = false;
    int outcome = database_prepare(database, sql, &statement);
    if (outcome)
        return outcome;
    outcome = database_step(database, statement, &row);
    if (outcome)
        return outcome;
    *ret_number = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return 0;
}

static int run_plain(struct database *database, enum sql sql)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, sql, &statement);
    return outcome ? outcome : database_run(database, statement);
}

int database_begin(struct database *database)
{
    return run_plain(database, SQL_BEGIN);
}

int database_commit(struct database *database)
{
    int outcome = run_plain(database, SQL_COMMIT);
    if (outcome)
        database_rollback(database);
    return outcome;
}

// A failed statement may have rolled back by itself. Cached statements are reset first: one that still
// runs would keep the transaction open.
void database_rollback(struct database *database)
{
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_reset(database->statements[i]);
    if (sqlite3_get_autocommit(database->connection))
        return;
    int outcome = run_plain(database, SQL_ROLLBACK);
    (void)outcome; // nothing is left to do about it; the next begin tells
}

int database_checkpoint(struct database *database, bool truncate)
{
    if (!truncate && database->log_pages < database->checkpoint_pages)
        return 0;
    int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int result = sqlite3_wal_checkpoint_v2(database->connection, NULL, mode, NULL, NULL);
    int outcome = database_outcome(database, result);
    if (!outcome)
        database->log_pages = 0;
    return outcome;
}

void database_bind_bytes(sqlite3_stmt *statement, int index, struct bytes value)
{
    if (value.size)
        sqlite3_bind_blob64(statement, index, value.data, value.size, SQLITE_STATIC);
    else
        sqlite3_bind_zeroblob(statement, index, 0);
}

void database_bind_text(sqlite3_stmt *statement, int index, const char *value)
{
    sqlite3_bind_text(statement, index, value, -1, SQLITE_STATIC);
}

void database_bind_number(sqlite3_stmt *statement, int index, int64_t value)
{
    sqlite3_bind_int64(statement, index, value);
}

void database_bind_id(sqlite3_stmt *statement, int index, const struct node_id *id)
{
    database_bind_bytes(statement, index, bytes_of(id->b, node_id_is_zero(id) ? 0 : sizeof id->b));
}

void database_bind_hash(sqlite3_stmt *statement, int index, const struct hash *hash)
{
    if (hash_is_zero(hash))
        sqlite3_bind_null(statement, index);
    else
        database_bind_bytes(statement, index, bytes_of(hash->b, sizeof hash->b));
}

struct bytes database_column_bytes(sqlite3_stmt *statement, int index)
{
    const void *data = sqlite3_column_blob(statement, index);
    return bytes_of(data, (size_t)sqlite3_column_bytes(statement, index));
}
