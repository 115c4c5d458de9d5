#include "node/io/store/series.h"

#include <stdio.h>
#include <string.h>

void series_of(const struct ledger_occurrence *occurrence, int64_t last_ms, struct series *ret_series)
{
    *ret_series = (struct series){
        .life = occurrence->life,
        .version = occurrence->schedule_version,
        .trigger = occurrence->trigger,
        .target = occurrence->target,
        .cause = occurrence->cause,
        .first_ms = occurrence->due_ms,
        .last_ms = MAX_OF(last_ms, occurrence->due_ms),
    };
    snprintf(ret_series->job, sizeof ret_series->job, "%s", occurrence->job);
}

void series_bind(const struct series *series, sqlite3_stmt *statement)
{
    database_bind_text(statement, 1, series->job);
    database_bind_number(statement, 2, (int64_t)series->life);
    database_bind_number(statement, 3, (int64_t)series->version);
    database_bind_number(statement, 4, series->trigger);
    database_bind_id(statement, 5, &series->target);
    database_bind_hash(statement, 6, &series->cause);
    database_bind_number(statement, 7, series->first_ms);
    database_bind_number(statement, 8, series->last_ms);
}

static void read_fixed(sqlite3_stmt *statement, int column, void *out, size_t size)
{
    struct bytes value = database_column_bytes(statement, column);
    if (value.size == size)
        memcpy(out, value.data, size);
}

void series_read(sqlite3_stmt *statement, struct series *ret_series)
{
    *ret_series = (struct series){
        .life = (uint64_t)sqlite3_column_int64(statement, 1),
        .version = (uint64_t)sqlite3_column_int64(statement, 2),
        .trigger = (uint16_t)sqlite3_column_int(statement, 3),
        .first_ms = sqlite3_column_int64(statement, 6),
        .last_ms = sqlite3_column_int64(statement, 7),
    };
    snprintf(ret_series->job, sizeof ret_series->job, "%s", (const char *)sqlite3_column_text(statement, 0));
    read_fixed(statement, 4, ret_series->target.b, sizeof ret_series->target.b);
    read_fixed(statement, 5, ret_series->cause.b, sizeof ret_series->cause.b);
}

bool series_overlap(const struct series *a, const struct series *b)
{
    return a->first_ms <= b->last_ms && a->last_ms >= b->first_ms && a->life == b->life &&
           a->version == b->version && a->trigger == b->trigger && node_id_equal(&a->target, &b->target) &&
           hash_equal(&a->cause, &b->cause) && strcmp(a->job, b->job) == 0;
}
