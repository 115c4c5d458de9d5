#include "node/io/store/schema.h"

#include <stdio.h>

static const char *const steps[] = {
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE record (row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL,"
    " number INTEGER NOT NULL, envelope BLOB NOT NULL);"
    "CREATE INDEX record_order ON record (kind, number);"

    "CREATE TABLE ledger (row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL,"
    " size INTEGER NOT NULL, envelope BLOB NOT NULL);"
    "CREATE INDEX ledger_cursor ON ledger (kind) WHERE kind = 68;"

    // first and last are the due times covered; what an order or event caused has none, there both are
    // the time of the item of its occurrence that came first. target x'': any node. cause NULL: a schedule.
    "CREATE TABLE item (ledger INTEGER NOT NULL, position INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " job TEXT NOT NULL, life INTEGER NOT NULL, version INTEGER NOT NULL, trigger INTEGER NOT NULL,"
    " target BLOB NOT NULL, cause BLOB, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " count INTEGER NOT NULL, step INTEGER NOT NULL, run BLOB, status INTEGER NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY (ledger, position)) WITHOUT ROWID;"
    "CREATE INDEX item_job ON item (job, last);"
    "CREATE INDEX item_last ON item (last);"
    "CREATE INDEX item_long ON item (job, last) WHERE last - first > 60000;"
    "CREATE INDEX item_run ON item (run) WHERE run IS NOT NULL;"
    "CREATE INDEX item_cause ON item (cause) WHERE cause IS NOT NULL;"
    "CREATE INDEX item_failed ON item (last) WHERE status BETWEEN 1 AND 8;"

    "CREATE TABLE cursor (job TEXT NOT NULL, life INTEGER NOT NULL, version INTEGER NOT NULL,"
    " trigger INTEGER NOT NULL, target BLOB NOT NULL, signer BLOB NOT NULL, decided INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL, epoch_node BLOB NOT NULL, ledger INTEGER NOT NULL, position INTEGER NOT NULL,"
    " PRIMARY KEY (job, life, version, trigger, target, signer, decided)) WITHOUT ROWID;"

    "CREATE TABLE segment (ledger INTEGER NOT NULL, position INTEGER NOT NULL, run BLOB NOT NULL,"
    " number INTEGER NOT NULL, PRIMARY KEY (ledger, position)) WITHOUT ROWID;"
    "CREATE INDEX segment_run ON segment (run, number);"

    "CREATE TABLE story (row INTEGER PRIMARY KEY, stamp INTEGER NOT NULL, job TEXT NOT NULL, occurrence BLOB,"
    " node BLOB NOT NULL, what TEXT NOT NULL);"
    "CREATE INDEX story_job ON story (job, stamp);"
    "CREATE INDEX story_stamp ON story (stamp);",

    "CREATE INDEX item_range ON item (last) WHERE count > 1;",
};

static int take_step(struct database *database, int version)
{
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", version + 1);
    int outcome = database_begin(database);
    if (outcome)
        return outcome;
    outcome = database_execute(database, steps[version]);
    if (!outcome)
        outcome = database_execute(database, pragma);
    if (outcome) {
        database_rollback(database);
        return outcome;
    }
    return database_commit(database);
}

static int read_version(struct database *database, int *ret_version)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database->connection, "PRAGMA user_version", -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    int outcome = database_outcome(database, result);
    if (!outcome)
        *ret_version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return outcome;
}

int schema_migrate(struct database *database)
{
    int version = 0;
    int outcome = read_version(database, &version);
    if (outcome)
        return outcome;
    if (version < 0 || version > (int)COUNT_OF(steps))
        return STORE_NEWER;
    for (; version < (int)COUNT_OF(steps) && !outcome; version++)
        outcome = take_step(database, version);
    return outcome;
}
