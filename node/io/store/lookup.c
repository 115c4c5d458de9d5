#include "node/io/store/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "node/io/store/job_records.h"
#include "node/io/store/ranges.h"

static int load_kinds(struct reading *reading, enum envelope_kind first, enum envelope_kind last)
{
    sqlite3_stmt *statement;
    bool is_row = true;
    int outcome = database_prepare(reading->database, SQL_RECORD_KINDS, &statement);
    if (!outcome) {
        database_bind_number(statement, 1, first);
        database_bind_number(statement, 2, last);
    }
    while (!outcome && !reading->stopped) {
        outcome = database_step(reading->database, statement, &is_row);
        if (outcome || !is_row)
            break;
        struct event_row row = {.kind = EVENT_ROW_RECORD, .envelope = database_column_bytes(statement, 1)};
        struct bytes id = database_column_bytes(statement, 0);
        struct envelope envelope;
        if (id.size != sizeof row.record.b || envelope_parse(row.envelope, &envelope))
            continue;
        memcpy(row.record.b, id.data, id.size);
        row.signer = envelope.signer;
        reading_emit(reading, &row, NULL);
    }
    if (!outcome)
        sqlite3_reset(statement);
    return outcome;
}

// What others rest on comes first: node records make the nodes that sign admissions and keys.
static int load_records(struct reading *reading)
{
    static const struct {
        enum envelope_kind first, last;
    } kinds[] = {{ENVELOPE_GENESIS, ENVELOPE_AUTHORITY},
                 {ENVELOPE_NODE, ENVELOPE_NODE},
                 {ENVELOPE_INVITE, ENVELOPE_KEYS},
                 {ENVELOPE_DEFINITION, ENVELOPE_EVENT}};
    int outcome = 0;
    for (size_t i = 0; i < COUNT_OF(kinds) && !outcome && !reading->stopped; i++)
        outcome = load_kinds(reading, kinds[i].first, kinds[i].last);
    return outcome;
}

static int load_meta(struct reading *reading)
{
    sqlite3_stmt *statement;
    bool is_row = true;
    int outcome = database_prepare(reading->database, SQL_META_ALL, &statement);
    while (!outcome && !reading->stopped) {
        outcome = database_step(reading->database, statement, &is_row);
        if (outcome || !is_row)
            break;
        struct event_row row = {.kind = EVENT_ROW_META};
        row.is.meta.key = (const char *)sqlite3_column_text(statement, 0);
        row.is.meta.value = database_column_bytes(statement, 1);
        reading_emit(reading, &row, NULL);
    }
    if (!outcome)
        sqlite3_reset(statement);
    return outcome;
}

static int load_cursors(struct reading *reading)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(reading->database, SQL_LOAD_CURSORS, &statement);
    if (!outcome)
        outcome = reading_gather(reading, statement);
    return outcome;
}

// Recent is counted back from the last due time known where that lies before the clock's time: a node
// that was off for a week, or whose clock fell back, still learns what it did last.
static int load_items(struct reading *reading, int64_t wall_ms)
{
    sqlite3_stmt *statement;
    int64_t newest_ms = 0;
    int outcome = database_number(reading->database, SQL_LOAD_NEWEST, &newest_ms);
    if (!outcome)
        outcome = database_prepare(reading->database, SQL_LOAD_ITEMS, &statement);
    if (outcome)
        return outcome;
    database_bind_number(statement, 1, MIN_OF(newest_ms, wall_ms) - LOOKUP_RECENT_MS);
    return reading_gather(reading, statement);
}

int lookup_load(struct database *database, int64_t wall_ms, const struct reading_sink *sink)
{
    struct reading reading = {.database = database, .sink = sink};
    int outcome = load_records(&reading);
    if (!outcome)
        outcome = load_meta(&reading);
    if (!outcome)
        outcome = load_cursors(&reading);
    if (!outcome)
        outcome = load_items(&reading, wall_ms);
    if (!outcome)
        outcome = reading_finish(&reading);
    reading_deinit(&reading);
    return outcome;
}

static int gather_series(struct reading *reading, const struct series *series)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(reading->database, SQL_SERIES_ITEMS, &statement);
    if (outcome)
        return outcome;
    series_bind(series, statement);
    return reading_gather(reading, statement);
}

static int is_ok(struct reading *reading, const struct series *series, bool *ret_ok)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(reading->database, SQL_SERIES_IS_OK, &statement);
    if (outcome)
        return outcome;
    series_bind(series, statement);
    outcome = database_step(reading->database, statement, ret_ok);
    sqlite3_reset(statement);
    return outcome;
}

static bool is_listed(const struct series *listed, size_t count, const struct series *series)
{
    for (size_t i = count; i-- > 0;)
        if (series_overlap(&listed[i], series))
            return true;
    return false;
}

// Walks due times from the newest back and lists at most `limit`; a stretch counts as one. What overlaps
// a listed one belongs to it.
static int list_due_times(struct reading *reading, sqlite3_stmt *statement, const struct effect_query *query,
                          struct series *listed, size_t *ret_count)
{
    size_t count = 0;
    bool row = true;
    int outcome = 0;
    while (count <= query->limit) {
        struct series series;
        bool ok = false;
        outcome = database_step(reading->database, statement, &row);
        if (outcome || !row)
            break;
        series_read(statement, &series);
        if (is_listed(listed, count, &series))
            continue;
        if (query->failed)
            outcome = is_ok(reading, &series, &ok);
        if (outcome)
            break;
        if (!ok)
            listed[count++] = series;
    }
    sqlite3_reset(statement);
    if (!outcome)
        *ret_count = count;
    return outcome;
}

static enum sql newest_statement(const struct effect_query *query)
{
    if (query->failed)
        return SQL_DUE_FAILED;
    return query->job[0] ? SQL_DUE_NEWEST_JOB : SQL_DUE_NEWEST;
}

static int64_t since_of(const struct effect_query *query)
{
    return query->since_ms ? query->since_ms : INT64_MIN;
}

static int64_t until_of(const struct effect_query *query)
{
    return query->until_ms ? query->until_ms : INT64_MAX;
}

static int answer_runs(struct reading *reading, const struct effect_query *query, bool *ret_more)
{
    sqlite3_stmt *statement;
    size_t count = 0;
    int outcome = database_prepare(reading->database, newest_statement(query), &statement);
    if (outcome)
        return outcome;
    struct series *listed = base_alloc(query->limit + 1, sizeof *listed);
    database_bind_text(statement, 1, query->job);
    database_bind_number(statement, 2, since_of(query));
    database_bind_number(statement, 3, until_of(query));
    outcome = list_due_times(reading, statement, query, listed, &count);
    *ret_more = count > query->limit;
    for (size_t i = 0; i < MIN_OF(count, query->limit) && !outcome; i++)
        outcome = gather_series(reading, &listed[i]);
    free(listed);
    return outcome;
}

// The ids that begin with a prefix of hex digits lie between it filled up with 0 and with f.
static bool prefix_bounds(const char *prefix, struct run_id *ret_low, struct run_id *ret_high)
{
    char low[2 * RUN_ID_SIZE + 1], high[2 * RUN_ID_SIZE + 1];
    size_t size = strlen(prefix);
    if (size == 0 || size > 2 * RUN_ID_SIZE)
        return false;
    memset(low, '0', sizeof low);
    memset(high, 'f', sizeof high);
    memcpy(low, prefix, size);
    memcpy(high, prefix, size);
    low[2 * RUN_ID_SIZE] = high[2 * RUN_ID_SIZE] = '\0';
    return hex_decode(low, ret_low->b, RUN_ID_SIZE) && hex_decode(high, ret_high->b, RUN_ID_SIZE);
}

static int answer_run(struct reading *reading, const struct effect_query *query, bool *ret_more)
{
    sqlite3_stmt *statement;
    struct run_id low, high;
    if (!prefix_bounds(query->run_prefix, &low, &high))
        return 0;
    int outcome = database_prepare(reading->database, SQL_RUN_ITEMS, &statement);
    if (outcome)
        return outcome;
    struct effect_query all = *query;
    all.failed = false;
    size_t count = 0;
    struct series *listed = base_alloc(query->limit + 1, sizeof *listed);
    database_bind_bytes(statement, 1, bytes_of(low.b, sizeof low.b));
    database_bind_bytes(statement, 2, bytes_of(high.b, sizeof high.b));
    outcome = list_due_times(reading, statement, &all, listed, &count);
    if (!outcome && !count)
        outcome = ranges_find_run(reading->database, &(struct ranges_wanted){low, high, query->limit + 1},
                                  listed, &count);
    *ret_more = count > query->limit;
    for (size_t i = 0; i < MIN_OF(count, query->limit) && !outcome; i++)
        outcome = gather_series(reading, &listed[i]);
    free(listed);
    return outcome;
}

static int answer_due(struct reading *reading, const struct effect_query *query)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(reading->database, SQL_DUE_ITEMS, &statement);
    if (outcome)
        return outcome;
    database_bind_text(statement, 1, query->job);
    database_bind_number(statement, 2, since_of(query));
    database_bind_number(statement, 3, until_of(query));
    return reading_gather(reading, statement);
}

static int answer_cause(struct reading *reading, const struct effect_query *query)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(reading->database, SQL_CAUSE_ITEMS, &statement);
    if (outcome)
        return outcome;
    database_bind_hash(statement, 1, &query->cause);
    return reading_gather(reading, statement);
}

static int answer_segments(struct reading *reading, const struct effect_query *query, bool *ret_more)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(reading->database, SQL_SEGMENTS, &statement);
    if (outcome)
        return outcome;
    database_bind_bytes(statement, 1, bytes_of(query->run.b, sizeof query->run.b));
    database_bind_number(statement, 2, query->from);
    database_bind_number(statement, 3, (int64_t)query->limit + 1);
    reading->is_ordered = true;
    outcome = reading_gather(reading, statement);
    *ret_more = reading->count > query->limit;
    reading->count = MIN_OF(reading->count, query->limit);
    return outcome;
}

static void read_story(sqlite3_stmt *statement, struct event_row *ret_row)
{
    *ret_row = (struct event_row){.kind = EVENT_ROW_STORY};
    struct event_story *story = &ret_row->is.story;
    struct bytes occurrence = database_column_bytes(statement, 2);
    struct bytes node = database_column_bytes(statement, 3);
    const char *job = (const char *)sqlite3_column_text(statement, 1);
    story->stamp = (uint64_t)sqlite3_column_int64(statement, 0);
    memcpy(story->job, job, MIN_OF(strlen(job), sizeof story->job - 1));
    if (occurrence.size == sizeof story->occurrence.b)
        memcpy(story->occurrence.b, occurrence.data, occurrence.size);
    if (node.size == sizeof story->node.b)
        memcpy(story->node.b, node.data, node.size);
    story->what = (const char *)sqlite3_column_text(statement, 4);
}

// A stamp is unix milliseconds << 16 | counter.
static int64_t stamp_bound(int64_t wall_ms, int64_t none, int64_t counter)
{
    return wall_ms ? MIN_OF(wall_ms, INT64_MAX >> 16) << 16 | counter : none;
}

static int answer_story(struct reading *reading, const struct effect_query *query, bool *ret_more)
{
    sqlite3_stmt *statement;
    bool is_row = true;
    uint32_t count = 0;
    int outcome = database_prepare(reading->database, query->job[0] ? SQL_STORY_JOB : SQL_STORY, &statement);
    if (outcome)
        return outcome;
    if (query->job[0])
        database_bind_text(statement, 1, query->job);
    database_bind_number(statement, 2, stamp_bound(query->since_ms, 0, 0));
    database_bind_number(statement, 3, stamp_bound(query->until_ms, INT64_MAX, 0xffff));
    database_bind_number(statement, 4, (int64_t)query->limit + 1);
    while (!reading->stopped) {
        struct event_row row;
        outcome = database_step(reading->database, statement, &is_row);
        if (outcome || !is_row || count == query->limit)
            break;
        read_story(statement, &row);
        reading_emit(reading, &row, NULL);
        count++;
    }
    sqlite3_reset(statement);
    *ret_more = !outcome && is_row && count == query->limit;
    return outcome;
}

static int answer_by_kind(struct reading *reading, const struct effect_query *query, bool *ret_more)
{
    switch (query->kind) {
    case EFFECT_QUERY_RUNS:
        return answer_runs(reading, query, ret_more);
    case EFFECT_QUERY_RUN:
        return answer_run(reading, query, ret_more);
    case EFFECT_QUERY_DUE:
        return answer_due(reading, query);
    case EFFECT_QUERY_SEGMENTS:
        return answer_segments(reading, query, ret_more);
    case EFFECT_QUERY_STORY:
        return answer_story(reading, query, ret_more);
    case EFFECT_QUERY_CAUSE:
        return answer_cause(reading, query);
    case EFFECT_QUERY_JOBS:
        return job_records_names(reading, query, ret_more);
    case EFFECT_QUERY_IDS:
        return job_records_ids(reading, query);
    case EFFECT_QUERY_RECORDS:
        return job_records_find(reading, query);
    }
    assert(false && "a kind of query the store does not know");
    return 0;
}

int lookup_query(struct database *database, const struct effect_query *query, const struct reading_sink *sink,
                 bool *ret_more)
{
    struct reading reading = {.database = database, .sink = sink};
    struct effect_query bounded = *query;
    bounded.limit = MIN_OF(query->limit ? query->limit : LOOKUP_LIMIT_MAX, (uint32_t)LOOKUP_LIMIT_MAX);
    *ret_more = false;
    int outcome = answer_by_kind(&reading, &bounded, ret_more);
    if (!outcome)
        outcome = reading_finish(&reading);
    reading_deinit(&reading);
    return outcome;
}
