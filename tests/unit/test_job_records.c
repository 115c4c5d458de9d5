// test_job_records.c - which records speak of a job, and in which order two disks tell them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_store.h"

#define MINUTE_MS 60000LL

static struct support_store *const fixture = &support_store_fixture;

// What the one row of the answer lists, or the ids of the records that its rows are about.
static struct buffer ask(struct effect_query query, bool *ret_more)
{
    struct buffer list = {0};
    struct event event;
    query.query = 7;
    support_store_settle(fixture);
    store_query(fixture->store, &query);
    for (;;) {
        support_store_wait(fixture, &event);
        if (event.kind == EVENT_ROWS_DONE && event.is.rows_done.query == query.query)
            break;
        if (event.kind != EVENT_ROW || event.is.row.query != query.query)
            continue;
        const struct event_row *row = &event.is.row.row;
        if (row->kind == EVENT_ROW_LIST)
            buffer_add(&list, row->is.list.data, row->is.list.size);
        else
            buffer_add(&list, row->record.b, sizeof row->record.b);
    }
    assert_false(event.is.rows_done.failed);
    *ret_more = event.is.rows_done.more;
    return list;
}

static struct buffer ids_of(const char *job, uint32_t limit)
{
    bool more;
    return ask((struct effect_query){.kind = EFFECT_QUERY_IDS, .job = job, .limit = limit}, &more);
}

static bool lists(const struct buffer *ids, const struct hash *id)
{
    for (size_t at = 0; at < ids->size; at += HASH_SIZE)
        if (memcmp(ids->data + at, id->b, HASH_SIZE) == 0)
            return true;
    return false;
}

static struct hash put(enum envelope_kind kind, struct buffer *body)
{
    return support_store_sign(fixture, 3, kind, body);
}

static struct hash put_claim(const char *job, int64_t due_ms)
{
    struct ledger_occurrence occurrence = support_due(job, due_ms);
    struct ledger_claim claim = support_claim(&occurrence);
    struct buffer body = {0};
    ledger_claims_encode(&claim, 1, &body);
    return put(ENVELOPE_CLAIM, &body);
}

static struct hash put_result(const char *job, int64_t due_ms)
{
    struct ledger_occurrence occurrence = support_due(job, due_ms);
    struct ledger_result result = support_result(&occurrence, LEDGER_OK);
    struct buffer body = {0};
    ledger_results_encode(&result, 1, &body);
    return put(ENVELOPE_RESULT, &body);
}

static struct hash put_cursor(const char *job, int64_t decided_ms)
{
    struct ledger_cursor cursor = support_cursor(job, decided_ms, 1);
    struct buffer body = {0};
    ledger_cursors_encode(&cursor, 1, &body);
    return put(ENVELOPE_CURSOR, &body);
}

static void names_come_in_pages(void **state)
{
    (void)state;
    bool more;
    put_claim("b", MINUTE_MS);
    put_claim("a", MINUTE_MS);
    put_result("a", MINUTE_MS);
    put_cursor("c", MINUTE_MS); // no item speaks of it
    struct effect_query query = {.kind = EFFECT_QUERY_JOBS, .job = "", .limit = 2};
    struct buffer names = ask(query, &more);
    assert_true(more);
    assert_int_equal(names.size, 14);
    assert_memory_equal(names.data, "main/a\0main/b", 14);
    buffer_deinit(&names);
    query.job = "main/b";
    names = ask(query, &more);
    assert_false(more);
    assert_int_equal(names.size, 7);
    assert_string_equal((const char *)names.data, "main/c");
    buffer_deinit(&names);
}

static void claims_come_after_what_settles_them_and_cursors_last(void **state)
{
    (void)state;
    struct hash cursor = put_cursor("a", 9 * MINUTE_MS);
    for (int64_t minute = 1; minute < 9; minute++) {
        put_claim("a", minute * MINUTE_MS);
        put_result("a", minute * MINUTE_MS);
        put_claim("b", minute * MINUTE_MS);
    }
    struct hash result = put_result("a", 9 * MINUTE_MS), claim = put_claim("a", 9 * MINUTE_MS);
    struct buffer ids = ids_of("main/a", 1000);
    assert_int_equal(ids.size, 19 * HASH_SIZE);
    assert_memory_equal(ids.data + 18 * HASH_SIZE, cursor.b, HASH_SIZE);
    struct buffer first = {0};
    buffer_add(&first, ids.data, 9 * HASH_SIZE);
    assert_true(lists(&first, &result));
    assert_false(lists(&first, &claim));
    buffer_deinit(&first);
    buffer_deinit(&ids);
}

// However they came: two disks with the same records list them alike.
static void equal_sets_are_listed_alike(void **state)
{
    (void)state;
    for (int64_t minute = 1; minute < 9; minute++)
        put_result("a", minute * MINUTE_MS);
    struct buffer forth = ids_of("main/a", 1000);
    support_store_tear_down(NULL);
    support_store_set_up(NULL);
    for (int64_t minute = 8; minute > 0; minute--)
        put_result("a", minute * MINUTE_MS);
    struct buffer back = ids_of("main/a", 1000);
    assert_true(bytes_equal(buffer_view(&forth), buffer_view(&back)));
    buffer_deinit(&forth);
    buffer_deinit(&back);
}

static void the_newest_are_listed_and_no_due_time_in_part(void **state)
{
    (void)state;
    struct hash oldest = put_claim("a", MINUTE_MS);
    for (int64_t minute = 2; minute < 9; minute++) {
        put_claim("a", minute * MINUTE_MS);
        put_result("a", minute * MINUTE_MS);
    }
    struct buffer ids = ids_of("main/a", 3);
    assert_int_equal(ids.size, 4 * HASH_SIZE);
    assert_false(lists(&ids, &oldest));
    buffer_deinit(&ids);
}

static void records_are_found_by_their_ids_in_the_order_asked_for(void **state)
{
    (void)state;
    struct hash wanted[3] = {put_claim("a", 1 * MINUTE_MS), {{7}}, put_claim("a", 2 * MINUTE_MS)};
    const struct hash turned[3] = {wanted[2], wanted[1], wanted[0]};
    bool more;
    struct buffer found = ask((struct effect_query){.kind = EFFECT_QUERY_RECORDS,
                                                    .job = "",
                                                    .ids = bytes_of(turned, sizeof turned)},
                              &more);
    assert_int_equal(found.size, 2 * HASH_SIZE);
    assert_memory_equal(found.data, wanted[2].b, HASH_SIZE);
    assert_memory_equal(found.data + HASH_SIZE, wanted[0].b, HASH_SIZE);
    buffer_deinit(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_come_in_pages, support_store_set_up, support_store_tear_down),
        cmocka_unit_test_setup_teardown(claims_come_after_what_settles_them_and_cursors_last,
                                        support_store_set_up, support_store_tear_down),
        cmocka_unit_test_setup_teardown(equal_sets_are_listed_alike, support_store_set_up,
                                        support_store_tear_down),
        cmocka_unit_test_setup_teardown(the_newest_are_listed_and_no_due_time_in_part, support_store_set_up,
                                        support_store_tear_down),
        cmocka_unit_test_setup_teardown(records_are_found_by_their_ids_in_the_order_asked_for,
                                        support_store_set_up, support_store_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
