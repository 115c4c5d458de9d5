#include "tests/unit/support_store.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void support_store_init(struct support_store *fixture)
{
    *fixture = (struct support_store){0};
    support_dir_make(fixture->directory);
    snprintf(fixture->path, sizeof fixture->path, "%s/katydid.db", fixture->directory);
}

void support_store_open(struct support_store *fixture)
{
    int outcome = store_open(fixture->path, &fixture->options, &fixture->store);
    if (outcome) {
        char text[512];
        store_explain(outcome, fixture->path, text, sizeof text);
        fail_msg("%s", text);
    }
    fixture->storage = EVENT_STORAGE_OK;
    store_start(fixture->store);
}

void support_store_close(struct support_store *fixture)
{
    store_close(fixture->store);
    fixture->store = NULL;
}

void support_store_deinit(struct support_store *fixture)
{
    support_store_close(fixture);
    support_dir_remove(fixture->directory);
}

struct support_store support_store_fixture;

int support_store_set_up(void **state)
{
    (void)state;
    support_store_init(&support_store_fixture);
    support_store_open(&support_store_fixture);
    return 0;
}

int support_store_tear_down(void **state)
{
    (void)state;
    support_store_deinit(&support_store_fixture);
    return 0;
}

void support_store_wait(struct support_store *fixture, struct event *ret_event)
{
    while (!store_next(fixture->store, ret_event)) {
        struct pollfd waited = {.fd = store_descriptor(fixture->store), .events = POLLIN};
        if (poll(&waited, 1, 60000) != 1)
            fail_msg("the store said nothing for a minute");
    }
    if (ret_event->kind == EVENT_STORAGE)
        fixture->storage = ret_event->is.storage;
    if (ret_event->kind == EVENT_STORED && ret_event->is.stored.refused)
        fixture->refused++;
    else if (ret_event->kind == EVENT_STORED)
        fixture->settled = MAX_OF(fixture->settled, ret_event->is.stored.ticket);
}

void support_store_write(struct support_store *fixture, struct effect_write *write)
{
    write->ticket = ++fixture->ticket;
    store_write(fixture->store, write);
}

void support_store_settle(struct support_store *fixture)
{
    struct event event;
    while (fixture->settled < fixture->ticket)
        support_store_wait(fixture, &event);
}

static void note_text(struct support_rows *rows, const struct event_row *row)
{
    char *text = rows->text[rows->count];
    struct bytes from = {0};
    if (row->kind == EVENT_ROW_SEGMENT)
        from = row->is.segment.data;
    else if (row->kind == EVENT_ROW_STORY)
        from = bytes_of_text(row->is.story.what);
    else if (row->kind == EVENT_ROW_META)
        from = row->is.meta.value;
    memset(text, 0, sizeof *rows->text);
    if (from.size)
        memcpy(text, from.data, MIN_OF(from.size, sizeof *rows->text - 1));
}

static void add_row(struct support_rows *rows, const struct event_row *row)
{
    if (rows->count == rows->capacity) {
        rows->capacity = MAX_OF(2 * rows->capacity, 64);
        rows->rows = base_resize(rows->rows, rows->capacity, sizeof *rows->rows);
        rows->text = base_resize(rows->text, rows->capacity, sizeof *rows->text);
    }
    rows->rows[rows->count] = *row;
    note_text(rows, row);
    rows->count++;
}

void support_store_gather(struct support_store *fixture, uint64_t number, struct support_rows *ret_rows)
{
    struct support_rows rows = {0};
    struct event event;
    for (;;) {
        support_store_wait(fixture, &event);
        if (event.kind == EVENT_ROW && event.is.row.query == number)
            add_row(&rows, &event.is.row.row);
        if (event.kind == EVENT_ROWS_DONE && event.is.rows_done.query == number)
            break;
    }
    rows.more = event.is.rows_done.more;
    rows.failed = event.is.rows_done.failed;
    *ret_rows = rows;
}

void support_store_ask(struct support_store *fixture, const struct effect_query *query,
                       struct support_rows *ret_rows)
{
    store_query(fixture->store, query);
    support_store_gather(fixture, query->query, ret_rows);
    assert_false(ret_rows->failed);
}

void support_rows_deinit(struct support_rows *rows)
{
    free(rows->rows);
    free(rows->text);
    *rows = (struct support_rows){0};
}

size_t support_rows_count(const struct support_rows *rows, enum event_row_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++)
        count += rows->rows[i].kind == kind;
    return count;
}

struct run_id support_run(const struct ledger_occurrence *occurrence, uint32_t attempt)
{
    struct hasher hasher;
    struct run_id run;
    hasher_start(&hasher, "test-run");
    hasher_add_text(&hasher, occurrence->job);
    hasher_add_u64(&hasher, (uint64_t)occurrence->due_ms);
    hasher_add(&hasher, occurrence->cause.b, sizeof occurrence->cause.b);
    hasher_add_u64(&hasher, attempt);
    struct hash hash = hasher_finish(&hasher);
    memcpy(run.b, hash.b, sizeof run.b);
    return run;
}

struct ledger_occurrence support_due(const char *job, int64_t due_ms)
{
    struct ledger_occurrence occurrence = {.life = 1, .schedule_version = 1, .due_ms = due_ms};
    snprintf(occurrence.job, sizeof occurrence.job, "main/%s", job);
    return occurrence;
}

struct ledger_claim support_claim(const struct ledger_occurrence *occurrence)
{
    return (struct ledger_claim){
        .occurrence = *occurrence,
        .run = support_run(occurrence, 1),
        .executor = {.b = {1}},
        .executor_generation = 1,
        .attempt = 1,
        .epoch = {.number = 1, .node = {.b = {1}}},
        .definition = {.b = {1}},
        .count = 1,
        .at_ms = occurrence->due_ms,
    };
}

struct ledger_result support_result(const struct ledger_occurrence *occurrence, enum ledger_status status)
{
    return (struct ledger_result){
        .occurrence = *occurrence,
        .run = support_run(occurrence, 1),
        .attempt = 1,
        .status = status,
        .reason = "",
        .started_ms = occurrence->due_ms,
        .ended_ms = occurrence->due_ms + 100,
        .exit_code = status == LEDGER_OK ? 0 : 1,
        .count = 1,
        .generation = 1,
        .definition = {.b = {1}},
    };
}

struct ledger_cursor support_cursor(const char *job, int64_t decided_ms, uint64_t epoch)
{
    struct ledger_cursor cursor = {
        .life = 1,
        .schedule_version = 1,
        .decided_ms = decided_ms,
        .epoch = {.number = epoch, .node = {.b = {1}}},
    };
    snprintf(cursor.job, sizeof cursor.job, "main/%s", job);
    return cursor;
}

struct hash support_store_sign(struct support_store *fixture, uint8_t signer, enum envelope_kind kind,
                               struct buffer *body)
{
    struct fleet_id fleet = {.hash = {.b = {7}}};
    struct envelope_signer key = support_signer(&fleet, signer);
    struct buffer envelope = {0};
    struct record_id id = envelope_sign(&key, kind, buffer_view(body), &envelope);
    struct effect_write write = {
        .kind = kind < ENVELOPE_CLAIM      ? EFFECT_WRITE_RECORD
                : kind == ENVELOPE_SEGMENT ? EFFECT_WRITE_SEGMENT
                                           : EFFECT_WRITE_LEDGER,
        .class = EFFECT_WRITE_MUST,
        .record = id.hash,
        .record_kind = (uint8_t)kind,
        .signer = node_id_of(&key.key),
        .envelope = buffer_view(&envelope),
    };
    support_store_write(fixture, &write);
    buffer_deinit(&envelope);
    buffer_deinit(body);
    return id.hash;
}

void support_store_claim(struct support_store *fixture, const struct ledger_claim *claim)
{
    struct buffer body = {0};
    ledger_claims_encode(claim, 1, &body);
    support_store_sign(fixture, 1, ENVELOPE_CLAIM, &body);
}

void support_store_result(struct support_store *fixture, const struct ledger_result *result)
{
    struct buffer body = {0};
    ledger_results_encode(result, 1, &body);
    support_store_sign(fixture, 1, ENVELOPE_RESULT, &body);
}

void support_store_reload(struct support_store *fixture, struct support_rows *ret_rows)
{
    support_store_close(fixture);
    support_store_open(fixture);
    support_store_gather(fixture, 0, ret_rows);
    assert_false(ret_rows->failed);
}
