#include "node/io/store/ranges.h"

#include <string.h>

#include "node/core/occurrence.h"
#include "node/io/store/reading.h"

struct search {
    const struct ranges_wanted *wanted;
    struct series *series;
    size_t count;
};

struct range { // of runs: what the ids are made of
    struct ledger_occurrence first;
    struct node_id executor;
    uint64_t generation, step_ms;
    uint32_t attempt, count;
};

static void add(struct search *search, const struct ledger_occurrence *occurrence)
{
    struct series series;
    series_of(occurrence, occurrence->due_ms, &series);
    for (size_t i = 0; i < search->count; i++)
        if (series_overlap(&search->series[i], &series))
            return;
    if (search->count < search->wanted->limit)
        search->series[search->count++] = series;
}

static void look(struct search *search, const struct range *range)
{
    struct ledger_occurrence due = range->first;
    for (uint32_t i = 1; i < range->count; i++) {
        due.due_ms = range->first.due_ms + (int64_t)(i * range->step_ms);
        const struct occurrence occurrence = {.job = due.job,
                                              .life = due.life,
                                              .schedule_version = due.schedule_version,
                                              .trigger = due.trigger,
                                              .target = due.target,
                                              .due_ms = due.due_ms};
        struct occurrence_id id = occurrence_id_of(&occurrence);
        struct run_id run = run_id_of(&id, &range->executor, range->generation, range->attempt);
        if (memcmp(&run, &search->wanted->low, sizeof run) >= 0 &&
            memcmp(&run, &search->wanted->high, sizeof run) <= 0)
            add(search, &due);
    }
}

static bool take(void *context, const struct event_row *row, struct packet *packet)
{
    struct search *search = context;
    struct range range;
    (void)packet;
    if (row->kind == EVENT_ROW_CLAIM) {
        const struct ledger_claim *claim = &row->is.claim;
        range = (struct range){claim->occurrence, claim->executor, claim->executor_generation,
                               claim->step_ms,    claim->attempt,  claim->count};
        look(search, &range);
    } else if (row->kind == EVENT_ROW_RESULT) {
        const struct ledger_result *result = &row->is.result;
        range = (struct range){result->occurrence, row->signer,     result->generation,
                               result->step_ms,    result->attempt, result->count};
        look(search, &range);
    }
    return search->count < search->wanted->limit;
}

int ranges_find_run(struct database *database, const struct ranges_wanted *wanted, struct series *ret_series,
                    size_t *ret_count)
{
    struct search search = {.wanted = wanted, .series = ret_series};
    const struct reading_sink sink = {take, &search};
    struct reading reading = {.database = database, .sink = &sink};
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_RANGE_ITEMS, &statement);
    if (!outcome) {
        database_bind_number(statement, 1, RANGES_COUNT_MAX);
        outcome = reading_gather(&reading, statement);
    }
    if (!outcome)
        outcome = reading_finish(&reading);
    if (!outcome)
        *ret_count = search.count;
    reading_deinit(&reading);
    return outcome;
}
