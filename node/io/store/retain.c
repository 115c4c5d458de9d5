#include "node/io/store/retain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "node/io/store/series.h"

enum {
    BATCH_COUNT = 128, // due times
    BATCH_ITEM_COUNT = 500,
    BATCH_SEGMENT_COUNT = 16, // a quarter of a mebibyte
};

struct reference { // of an item or segment
    int64_t ledger;
    int64_t position;
    bool has_run;
    struct run_id run;
};

struct references {
    struct reference *items; // owned
    size_t count;
    size_t capacity;
};

// Rows of (ledger, position[, run]); gathered before anything is deleted under the statement's feet.
static int gather(struct database *database, sqlite3_stmt *statement, bool has_run, struct references *out)
{
    bool row = true;
    int outcome;
    while (!(outcome = database_step(database, statement, &row)) && row) {
        base_grow((void **)&out->items, &out->capacity, out->count + 1, sizeof *out->items);
        struct reference *reference = &out->items[out->count++];
        *reference = (struct reference){
            .ledger = sqlite3_column_int64(statement, 0),
            .position = sqlite3_column_int64(statement, 1),
        };
        struct bytes run = has_run ? database_column_bytes(statement, 2) : bytes_of(NULL, 0);
        reference->has_run = run.size == sizeof reference->run.b;
        if (reference->has_run)
            memcpy(reference->run.b, run.data, run.size);
    }
    return outcome;
}

// Deletes one row of `table_drop`, and its record when that was the last.
static int drop(struct database *database, enum sql table_drop, const struct reference *reference)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, table_drop, &statement);
    if (outcome)
        return outcome;
    database_bind_number(statement, 1, reference->ledger);
    database_bind_number(statement, 2, reference->position);
    outcome = database_run(database, statement);
    if (!outcome)
        outcome = database_prepare(database, SQL_LEDGER_DROP_EMPTY, &statement);
    if (outcome)
        return outcome;
    database_bind_number(statement, 1, reference->ledger);
    return database_run(database, statement);
}

static int drop_all(struct database *database, enum sql table_drop, const struct references *references)
{
    int outcome = 0;
    for (size_t i = 0; i < references->count && !outcome; i++)
        outcome = drop(database, table_drop, &references->items[i]);
    return outcome;
}

static int drop_output(struct database *database, const struct run_id *run)
{
    struct references segments = {0};
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_RETAIN_RUN_SEGMENTS, &statement);
    if (!outcome) {
        database_bind_bytes(statement, 1, bytes_of(run->b, sizeof run->b));
        outcome = gather(database, statement, false, &segments);
    }
    if (!outcome)
        outcome = drop_all(database, SQL_SEGMENT_DROP, &segments);
    free(segments.items);
    return outcome;
}

// Runs the statement and drops the items its rows name, and the output of runs that have no item left.
static int drop_items(struct database *database, sqlite3_stmt *statement)
{
    struct references items = {0};
    int outcome = gather(database, statement, true, &items);
    if (!outcome)
        outcome = drop_all(database, SQL_ITEM_DROP, &items);
    for (size_t i = 0; i < items.count && !outcome; i++)
        if (items.items[i].has_run)
            outcome = drop_output(database, &items.items[i].run);
    free(items.items);
    return outcome;
}

static int drop_series(struct database *database, const struct series *series)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_SERIES_ITEMS, &statement);
    if (outcome)
        return outcome;
    series_bind(series, statement);
    return drop_items(database, statement);
}

// Drops the due times the statement's rows name, at most BATCH_COUNT of them.
static int drop_listed(struct database *database, sqlite3_stmt *statement, size_t *ret_count)
{
    struct series *listed = base_alloc(BATCH_COUNT, sizeof *listed);
    size_t count = 0;
    bool row = true;
    int outcome = 0;
    while (count < BATCH_COUNT && !(outcome = database_step(database, statement, &row)) && row)
        series_read(statement, &listed[count++]);
    sqlite3_reset(statement);
    for (size_t i = 0; i < count && !outcome; i++)
        outcome = drop_series(database, &listed[i]);
    free(listed);
    if (!outcome)
        *ret_count = count;
    return outcome;
}

// One number of `job`; *ret_number stays when there is none.
static int ask(struct database *database, enum sql sql, const char *job, int64_t second, int64_t *ret_number)
{
    sqlite3_stmt *statement;
    bool row = false;
    int outcome = database_prepare(database, sql, &statement);
    if (outcome)
        return outcome;
    database_bind_text(statement, 1, job);
    database_bind_number(statement, 2, second);
    outcome = database_step(database, statement, &row);
    if (outcome)
        return outcome;
    if (row && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *ret_number = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return 0;
}

int retain_plan(struct database *database, const char *job, int64_t before_ms, uint32_t keep_runs,
                struct retain_task *ret_task)
{
    struct retain_task task = {.cut_ms = before_ms};
    int64_t oldest_kept_ms = INT64_MIN;
    snprintf(task.job, sizeof task.job, "%s", job);
    int outcome = 0;
    if (keep_runs)
        outcome = ask(database, SQL_RETAIN_COUNT, job, (int64_t)keep_runs - 1, &oldest_kept_ms);
    task.cut_ms = task.from_ms = MAX_OF(before_ms, oldest_kept_ms);
    if (!outcome)
        outcome = ask(database, SQL_RETAIN_OLDEST, job, INT64_MIN, &task.from_ms);
    if (!outcome)
        *ret_task = task;
    return outcome;
}

bool retain_is_done(const struct retain_task *task)
{
    return task->from_ms >= task->cut_ms;
}

// The end of a part of about `count` items that starts where the task stands; no stretch straddles it.
static int find_part(struct database *database, const struct retain_task *task, int64_t count,
                     int64_t *ret_end_ms)
{
    sqlite3_stmt *statement;
    bool row = false;
    int64_t end_ms = task->cut_ms;
    int outcome = database_prepare(database, SQL_RETAIN_PART, &statement);
    if (outcome)
        return outcome;
    database_bind_text(statement, 1, task->job);
    database_bind_number(statement, 2, task->from_ms);
    database_bind_number(statement, 3, count);
    outcome = database_step(database, statement, &row);
    if (outcome)
        return outcome;
    if (row)
        end_ms = MIN_OF(end_ms, sqlite3_column_int64(statement, 0));
    sqlite3_reset(statement);
    int64_t floor_ms = end_ms;
    outcome = ask(database, SQL_RETAIN_FLOOR, task->job, end_ms, &floor_ms);
    if (!outcome)
        *ret_end_ms = MIN_OF(end_ms, floor_ms);
    return outcome;
}

static int drop_part(struct database *database, const struct retain_task *task, int64_t end_ms)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_RETAIN_ITEMS, &statement);
    if (outcome)
        return outcome;
    database_bind_text(statement, 1, task->job);
    database_bind_number(statement, 2, task->from_ms);
    database_bind_number(statement, 3, end_ms);
    return drop_items(database, statement);
}

// A part that a long stretch straddles from its very start is made larger, up to the whole.
static int step(struct database *database, struct retain_task *task)
{
    int64_t end_ms = task->from_ms;
    int outcome = 0;
    for (int64_t count = BATCH_ITEM_COUNT; !outcome && end_ms <= task->from_ms; count *= 4) {
        outcome = find_part(database, task, count, &end_ms);
        if (count > INT32_MAX)
            break;
    }
    if (outcome)
        return outcome;
    if (end_ms <= task->from_ms) { // a stretch reaches from before the oldest to beyond the cut: it stays
        task->from_ms = task->cut_ms;
        return 0;
    }
    outcome = drop_part(database, task, end_ms);
    if (!outcome)
        task->from_ms = end_ms;
    return outcome;
}

int retain_step(struct database *database, struct retain_task *task)
{
    struct retain_task after = *task;
    int outcome = database_begin(database);
    if (outcome)
        return outcome;
    outcome = step(database, &after);
    if (outcome) {
        database_rollback(database);
        return outcome;
    }
    outcome = database_commit(database);
    if (!outcome)
        *task = after;
    return outcome;
}

static int drop_oldest_output(struct database *database, size_t *ret_count)
{
    struct references segments = {0};
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_OLDEST_SEGMENTS, &statement);
    if (!outcome) {
        database_bind_number(statement, 1, BATCH_SEGMENT_COUNT);
        outcome = gather(database, statement, false, &segments);
    }
    if (!outcome)
        outcome = drop_all(database, SQL_SEGMENT_DROP, &segments);
    if (!outcome)
        *ret_count = segments.count;
    free(segments.items);
    return outcome;
}

static int drop_oldest_items(struct database *database, size_t *ret_count)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_OLDEST_ITEMS, &statement);
    if (outcome)
        return outcome;
    database_bind_number(statement, 1, BATCH_COUNT);
    return drop_listed(database, statement, ret_count);
}

static int used_bytes(struct database *database, uint64_t *ret_used, uint64_t *ret_free)
{
    int64_t pages = 0, free_pages = 0;
    int outcome = database_number(database, SQL_PAGE_COUNT, &pages);
    if (!outcome)
        outcome = database_number(database, SQL_FREE_COUNT, &free_pages);
    if (!outcome) {
        *ret_used = (uint64_t)(pages - free_pages) * DATABASE_PAGE_SIZE;
        *ret_free = (uint64_t)free_pages * DATABASE_PAGE_SIZE;
    }
    return outcome;
}

// From seven eighths down to three quarters: until the next sweep an eighth may come (COMMIT_SWEEP_PART), and
// the file, which grows only when no page in it is free, stays below the bound.
static int make_room(struct database *database, uint64_t size_max_bytes, uint64_t *dropped)
{
    uint64_t used = 0, unused = 0;
    int outcome = used_bytes(database, &used, &unused);
    if (outcome || used <= size_max_bytes / 8 * 7)
        return outcome;
    while (!outcome && used > size_max_bytes / 4 * 3) {
        size_t count = 0;
        outcome = drop_oldest_output(database, &count);
        if (!outcome && !count)
            outcome = drop_oldest_items(database, &count);
        if (outcome || !count)
            break;
        *dropped += count;
        outcome = used_bytes(database, &used, &unused);
    }
    return outcome;
}

// Freed pages are used again; the file shrinks only when a third of it lies empty, for shrinking moves
// pages and flash wears.
static int shrink(struct database *database)
{
    const uint64_t worth_it = 256 * (uint64_t)DATABASE_PAGE_SIZE;
    uint64_t used = 0, unused = 0;
    int outcome = used_bytes(database, &used, &unused);
    while (!outcome && unused >= used / 2 && unused >= worth_it) {
        sqlite3_stmt *statement;
        outcome = database_prepare(database, SQL_VACUUM, &statement);
        if (!outcome)
            outcome = database_run(database, statement);
        if (!outcome)
            outcome = used_bytes(database, &used, &unused);
    }
    return outcome;
}

static int drop_overtaken(struct database *database)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_LEDGER_DROP_CURSORS, &statement);
    if (!outcome)
        outcome = database_run(database, statement);
    if (!outcome)
        outcome = database_prepare(database, SQL_STORY_DROP_OLD, &statement);
    if (outcome)
        return outcome;
    database_bind_number(statement, 1, RETAIN_STORY_COUNT_MAX);
    database_bind_number(statement, 2, (int64_t)RETAIN_STORY_DAYS * 24 * 3600 * 1000 << 16);
    return database_run(database, statement);
}

int retain_sweep(struct database *database, uint64_t size_max_bytes, uint64_t *dropped)
{
    uint64_t count = 0;
    int outcome = database_begin(database);
    if (outcome)
        return outcome;
    outcome = drop_overtaken(database);
    if (!outcome)
        outcome = make_room(database, size_max_bytes, &count);
    if (!outcome)
        outcome = shrink(database);
    if (outcome) {
        database_rollback(database);
        return outcome;
    }
    outcome = database_commit(database);
    if (!outcome)
        *dropped += count;
    return outcome;
}

uint64_t retain_size_default(int directory)
{
    // Beside the database: its log, two ballasts, the runner's journal and floors.
    enum { SIZE_MAX_MIB = 256, SIZE_MIN_MIB = 2, OTHERS_MIB = 6 };
    const uint64_t mib = 1024 * 1024;
    struct statvfs disk;
    uint64_t whole = SIZE_MAX_MIB * mib;
    if (fstatvfs(directory, &disk) == 0)
        whole = MIN_OF(whole, (uint64_t)disk.f_blocks * disk.f_frsize / 10);
    return MAX_OF(whole, (SIZE_MIN_MIB + OTHERS_MIB) * mib) - OTHERS_MIB * mib;
}
