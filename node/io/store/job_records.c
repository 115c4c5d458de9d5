#include "node/io/store/job_records.h"

#include <stdlib.h>
#include <string.h>

int job_records_names(struct reading *reading, const struct effect_query *query, bool *ret_more)
{
    char last[NAME_JOB_ROOM] = {0};
    struct buffer names = {0};
    uint32_t count = 0;
    int outcome = 0;
    memcpy(last, query->job, MIN_OF(strlen(query->job), sizeof last - 1));
    while (!outcome) {
        sqlite3_stmt *statement;
        bool row = false;
        outcome = database_prepare(reading->database, SQL_JOB_NEXT, &statement);
        if (outcome)
            break;
        database_bind_text(statement, 1, last);
        outcome = database_step(reading->database, statement, &row);
        const char *name = !outcome && row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        *ret_more = name && count == query->limit;
        bool is_taken = name && strlen(name) < sizeof last && !*ret_more;
        if (is_taken)
            memcpy(last, name, strlen(name) + 1);
        if (!outcome)
            sqlite3_reset(statement);
        if (!is_taken)
            break;
        buffer_add(&names, last, strlen(last) + 1);
        count++;
    }
    const struct event_row row = {.kind = EVENT_ROW_LIST, .is.list = buffer_view(&names)};
    if (!outcome)
        reading_emit(reading, &row, NULL);
    buffer_deinit(&names);
    return outcome;
}

// --- the ids of a job's records ---

struct rows {       // of the ledger
    int64_t *items; // owned
    size_t count, capacity;
};

static void add_row(struct rows *rows, int64_t row)
{
    base_grow((void **)&rows->items, &rows->capacity, rows->count + 1, sizeof *rows->items);
    rows->items[rows->count++] = row;
}

static int gather(struct database *database, sqlite3_stmt *statement, struct rows *rows)
{
    bool row = true;
    int outcome;
    while (!(outcome = database_step(database, statement, &row)) && row)
        add_row(rows, sqlite3_column_int64(statement, 0));
    return outcome;
}

static int gather_output(struct database *database, const struct run_id *run, struct rows *rows)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_RUN_OUTPUT, &statement);
    if (outcome)
        return outcome;
    database_bind_bytes(statement, 1, bytes_of(run->b, sizeof run->b));
    return gather(database, statement, rows);
}

static int gather_items(struct database *database, const struct effect_query *query, struct rows *rows)
{
    sqlite3_stmt *statement;
    struct run_id last_run = {{0}};
    int64_t last_ms = 0;
    bool row = true;
    int outcome = database_prepare(database, SQL_JOB_ITEMS, &statement);
    if (outcome)
        return outcome;
    database_bind_text(statement, 1, query->job);
    for (uint32_t count = 0; !(outcome = database_step(database, statement, &row)) && row; count++) {
        struct bytes run = database_column_bytes(statement, 2);
        if (count >= query->limit && sqlite3_column_int64(statement, 1) != last_ms)
            break;
        last_ms = sqlite3_column_int64(statement, 1);
        add_row(rows, sqlite3_column_int64(statement, 0));
        if (run.size != sizeof last_run.b || memcmp(run.data, last_run.b, run.size) == 0)
            continue;
        memcpy(last_run.b, run.data, run.size);
        outcome = gather_output(database, &last_run, rows);
        if (outcome)
            break;
    }
    sqlite3_reset(statement);
    return outcome;
}

static int gather_cursors(struct database *database, const struct effect_query *query, struct rows *rows)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_JOB_CURSORS, &statement);
    if (outcome)
        return outcome;
    database_bind_text(statement, 1, query->job);
    return gather(database, statement, rows);
}

struct named { // a record
    uint8_t order;
    struct hash id;
};

static int compare_rows(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int compare_named(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct named)); // bytes without gaps
}
_Static_assert(sizeof(struct named) == 1 + HASH_SIZE, "no gaps");

static uint8_t order_of(int64_t kind)
{
    return kind == ENVELOPE_CLAIM ? 1 : kind == ENVELOPE_CURSOR ? 2 : 0;
}

static int name_row(struct database *database, int64_t ledger, struct named *ret_named, bool *ret_found)
{
    sqlite3_stmt *statement;
    bool row = false;
    int outcome = database_prepare(database, SQL_LEDGER_ID, &statement);
    if (outcome)
        return outcome;
    database_bind_number(statement, 1, ledger);
    outcome = database_step(database, statement, &row);
    if (outcome || !row)
        return outcome;
    struct bytes id = database_column_bytes(statement, 0);
    *ret_found = id.size == sizeof ret_named->id.b;
    if (*ret_found)
        memcpy(ret_named->id.b, id.data, id.size);
    ret_named->order = order_of(sqlite3_column_int64(statement, 1));
    sqlite3_reset(statement);
    return 0;
}

static int name_rows(struct database *database, struct rows *rows, struct buffer *ids)
{
    struct named *named = base_alloc(rows->count + 1, sizeof *named);
    size_t count = 0;
    int outcome = 0;
    if (rows->count)
        qsort(rows->items, rows->count, sizeof *rows->items, compare_rows);
    for (size_t i = 0; i < rows->count && !outcome; i++) {
        bool found = false;
        if (i && rows->items[i] == rows->items[i - 1])
            continue;
        outcome = name_row(database, rows->items[i], &named[count], &found);
        count += found;
    }
    if (count)
        qsort(named, count, sizeof *named, compare_named);
    for (size_t i = 0; i < count; i++)
        buffer_add(ids, named[i].id.b, sizeof named[i].id.b);
    free(named);
    return outcome;
}

int job_records_ids(struct reading *reading, const struct effect_query *query)
{
    struct rows rows = {0};
    struct buffer ids = {0};
    int outcome = gather_items(reading->database, query, &rows);
    if (!outcome)
        outcome = gather_cursors(reading->database, query, &rows);
    if (!outcome)
        outcome = name_rows(reading->database, &rows, &ids);
    const struct event_row row = {.kind = EVENT_ROW_LIST, .is.list = buffer_view(&ids)};
    if (!outcome)
        reading_emit(reading, &row, NULL);
    buffer_deinit(&ids);
    free(rows.items);
    return outcome;
}

// --- records by their ids ---

int job_records_find(struct reading *reading, const struct effect_query *query)
{
    int outcome = 0;
    reading->is_ordered = true;
    for (size_t at = 0; at + HASH_SIZE <= query->ids.size && !outcome; at += HASH_SIZE) {
        sqlite3_stmt *statement;
        bool row = false;
        outcome = database_prepare(reading->database, SQL_LEDGER_FIND, &statement);
        if (outcome)
            break;
        database_bind_bytes(statement, 1, bytes_of(query->ids.data + at, HASH_SIZE));
        outcome = database_step(reading->database, statement, &row);
        if (outcome || !row)
            continue;
        base_grow((void **)&reading->references, &reading->capacity, reading->count + 1,
                  sizeof *reading->references);
        reading->references[reading->count++] =
            (struct reading_reference){.ledger = sqlite3_column_int64(statement, 0)};
        sqlite3_reset(statement);
    }
    return outcome;
}
