// test_store_ranges.c - the store over blocks of claims and ranges of results: many due times in one item.
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "node/core/occurrence.h"
#include "tests/unit/support_store.h"

#define MINUTE_MS 60000LL

static struct support_store *const fixture = &support_store_fixture;

static void put_block(int64_t first_ms, uint32_t count)
{
    struct ledger_occurrence due = support_due("block", first_ms);
    struct ledger_claim claim = support_claim(&due);
    claim.count = count;
    claim.step_ms = 1000;
    support_store_claim(fixture, &claim);
}

static void put_block_result(int64_t first_ms, uint32_t count)
{
    struct ledger_occurrence due = support_due("block", first_ms);
    struct ledger_result result = support_result(&due, LEDGER_OK);
    result.count = count;
    result.step_ms = 1000;
    static const uint32_t late_ms[LIMIT_CLAIM_COUNT_MAX], took_ms[LIMIT_CLAIM_COUNT_MAX];
    result.late_ms = late_ms;
    result.took_ms = took_ms;
    support_store_result(fixture, &result);
}

static void a_block_of_claims_is_open_until_every_due_time_has_a_result(void **state)
{
    (void)state;
    struct support_rows rows;
    put_block(SUPPORT_WALL_MS, 10);
    put_block_result(SUPPORT_WALL_MS, 4);
    put_block_result(SUPPORT_WALL_MS + 4000, 5);
    put_block(SUPPORT_WALL_MS + 24 * 60 * MINUTE_MS, 1);
    support_store_reload(fixture, &rows);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_CLAIM), 2);
    support_rows_deinit(&rows);
    put_block_result(SUPPORT_WALL_MS + 9000, 1);
    support_store_reload(fixture, &rows);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_CLAIM), 1);
    support_rows_deinit(&rows);
}

static void a_stretch_brings_the_single_items_it_covers(void **state)
{
    (void)state;
    struct support_rows rows;
    put_block(SUPPORT_WALL_MS, 10);
    put_block_result(SUPPORT_WALL_MS, 4);
    put_block_result(SUPPORT_WALL_MS + 4000, 1);
    put_block_result(SUPPORT_WALL_MS + 5000, 5);
    struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_RUNS, .job = "main/block", .limit = 1};
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 4);
    assert_false(rows.more);
    support_rows_deinit(&rows);
}

// The run of the index-th second of a block, of which only the first has a row.
static struct run_id run_in_block(uint32_t index, const struct node_id *executor)
{
    const struct occurrence occurrence = {.job = "main/block",
                                          .life = 1,
                                          .schedule_version = 1,
                                          .due_ms = SUPPORT_WALL_MS + 1000 * (int64_t)index};
    struct occurrence_id id = occurrence_id_of(&occurrence);
    return run_id_of(&id, executor, 1, 1);
}

static void a_run_within_a_block_is_found_by_the_beginning_of_its_id(void **state)
{
    (void)state;
    struct support_rows rows;
    const struct node_id executor = {.b = {1}}; // of claims; results say it by their signer
    put_block(SUPPORT_WALL_MS, 10);
    put_block_result(SUPPORT_WALL_MS, 6);
    support_store_ask(
        fixture,
        &(struct effect_query){.query = 1, .kind = EFFECT_QUERY_DUE, .job = "main/block", .limit = 50},
        &rows);
    const struct node_id signer = rows.rows[rows.count - 1].signer;
    support_rows_deinit(&rows);
    for (uint32_t i = 1; i < 10; i++) {
        struct run_id run = run_in_block(i, i < 6 ? &signer : &executor);
        struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_RUN, .job = "", .limit = 5};
        hex_encode(run.b, sizeof run.b, query.run_prefix);
        query.run_prefix[9] = '\0';
        support_store_ask(fixture, &query, &rows);
        assert_int_equal(rows.count, i < 6 ? 2 : 1); // the block, and the range where it covers that second
        support_rows_deinit(&rows);
    }
}

static void a_claim_is_settled_by_a_range_that_covers_it(void **state)
{
    (void)state;
    struct support_rows rows;
    for (int64_t second = 0; second < 4; second++)
        put_block(SUPPORT_WALL_MS + 1000 * second, 1);
    put_block_result(SUPPORT_WALL_MS + 1000, 2);
    put_block(SUPPORT_WALL_MS + 24 * 60 * MINUTE_MS, 1);
    support_store_reload(fixture, &rows);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_CLAIM), 1 + 2); // and those of the seconds 0 and 3
    support_rows_deinit(&rows);
}

static size_t count_rows(const struct effect_query *query)
{
    struct support_rows rows;
    support_store_ask(fixture, query, &rows);
    size_t count = rows.count;
    support_rows_deinit(&rows);
    return count;
}

static void retention_never_cuts_through_a_block_of_claims(void **state)
{
    (void)state;
    put_block(SUPPORT_WALL_MS, 10);
    for (int64_t second = 0; second < 9; second++)
        put_block_result(SUPPORT_WALL_MS + second * 1000, 1);
    struct effect_write write = {
        .kind = EFFECT_WRITE_RETAIN,
        .job = "main/block",
        .before_ms = SUPPORT_WALL_MS + 5000,
    };
    support_store_write(fixture, &write);
    const struct effect_query query = {
        .query = 1, .kind = EFFECT_QUERY_RUNS, .job = "main/block", .limit = 100};
    for (int round = 0; round < 20; round++)
        assert_int_equal(count_rows(&query), 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, support_store_set_up, support_store_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_block_of_claims_is_open_until_every_due_time_has_a_result),
        TEST(a_stretch_brings_the_single_items_it_covers),
        TEST(a_run_within_a_block_is_found_by_the_beginning_of_its_id),
        TEST(a_claim_is_settled_by_a_range_that_covers_it),
        TEST(retention_never_cuts_through_a_block_of_claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
