#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/support_store.h"

#define MINUTE_MS 60000LL

static struct support_store *const fixture = &support_store_fixture;

static void put_meta(const char *key, const char *value)
{
    struct effect_write write = {.kind = EFFECT_WRITE_META, .key = key, .value = bytes_of_text(value)};
    support_store_write(fixture, &write);
}

static void put_authority(uint64_t number)
{
    struct buffer body = {0};
    struct authority_entry entry = {.number = number, .previous = {.b = {1}}, .change = AUTHORITY_SETTING};
    snprintf(entry.setting.key, sizeof entry.setting.key, "speed");
    entry.setting.value = "1";
    authority_entry_encode(&entry, &body);
    support_store_sign(fixture, 1, ENVELOPE_AUTHORITY, &body);
}

static struct hash put_pause(uint64_t stamp)
{
    struct buffer body = {0};
    buffer_add_u64(&body, stamp); // the store does not read it
    return support_store_sign(fixture, 2, ENVELOPE_PAUSE, &body);
}

static void records_are_loaded_authority_first_and_in_order(void **state)
{
    (void)state;
    struct support_rows rows;
    struct hash pause = put_pause(1);
    for (uint64_t number = 12; number > 0; number--)
        put_authority(number);
    support_store_reload(fixture, &rows);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_RECORD), 13);
    assert_int_equal(rows.count, 13);
    assert_true(hash_equal(&rows.rows[12].record, &pause));
    support_rows_deinit(&rows);
    struct effect_write drop = {.kind = EFFECT_WRITE_RECORD_DROP, .record = pause};
    support_store_write(fixture, &drop);
    support_store_reload(fixture, &rows);
    assert_int_equal(rows.count, 12);
    support_rows_deinit(&rows);
}

// The rows' envelopes are gone once gathered, so the numbers are read while they pass.
static void authority_entries_come_by_number(void **state)
{
    (void)state;
    struct event event;
    uint64_t expected = 1;
    for (uint64_t number = 12; number > 0; number--)
        put_authority(number);
    support_store_close(fixture);
    support_store_open(fixture);
    for (;;) {
        support_store_wait(fixture, &event);
        if (event.kind == EVENT_ROWS_DONE)
            break;
        if (event.kind != EVENT_ROW)
            continue;
        struct envelope envelope;
        struct arena arena = {0};
        struct authority_entry entry;
        assert_int_equal(envelope_parse(event.is.row.row.envelope, &envelope), 0);
        arena_allow(&arena, envelope.body.size);
        assert_int_equal(authority_entry_decode(envelope.body, &arena, &entry), 0);
        assert_int_equal(entry.number, expected++);
        assert_true(node_id_equal(&envelope.signer, &event.is.row.row.signer));
        arena_deinit(&arena);
    }
    assert_int_equal(expected, 13);
}

static void a_meta_value_is_replaced_and_an_empty_one_forgotten(void **state)
{
    (void)state;
    struct support_rows rows;
    put_meta("seeds", "old");
    put_meta("seeds", "new");
    put_meta("drained", "yes");
    put_meta("drained", "");
    support_store_reload(fixture, &rows);
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.text[0], "new");
    support_rows_deinit(&rows);
}

static void put_cursor(uint8_t signer, int64_t decided_ms, uint64_t epoch)
{
    struct buffer body = {0};
    struct ledger_cursor cursor = support_cursor("a", decided_ms, epoch);
    ledger_cursors_encode(&cursor, 1, &body);
    support_store_sign(fixture, signer, ENVELOPE_CURSOR, &body);
}

static void only_cursors_that_no_other_covers_are_loaded(void **state)
{
    (void)state;
    struct support_rows rows;
    put_cursor(1, 1000, 1);
    put_cursor(1, 3000, 1);
    put_cursor(1, 2000, 1); // covered when it came
    put_cursor(2, 500, 9);  // somebody else's
    support_store_reload(fixture, &rows);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.rows[0].is.cursor.decided_ms, 3000);
    assert_int_equal(rows.rows[1].is.cursor.decided_ms, 500);
    support_rows_deinit(&rows);
    put_cursor(1, 2500, 2); // less decided, but a higher epoch: both are needed
    support_store_reload(fixture, &rows);
    assert_int_equal(rows.count, 3);
    support_rows_deinit(&rows);
    put_cursor(1, 3000, 3); // covers both
    support_store_reload(fixture, &rows);
    assert_int_equal(rows.count, 2);
    support_rows_deinit(&rows);
}

static void old_claims_are_loaded_only_without_their_result(void **state)
{
    (void)state;
    struct support_rows rows;
    for (int64_t minute = 0; minute < 600; minute += 100) {
        struct ledger_occurrence due = support_due("a", SUPPORT_WALL_MS + minute * MINUTE_MS);
        struct ledger_claim claim = support_claim(&due);
        struct ledger_result result = support_result(&due, LEDGER_OK);
        support_store_claim(fixture, &claim);
        if (minute != 200)
            support_store_result(fixture, &result);
    }
    support_store_reload(fixture, &rows); // recent: minutes 400 (100 before the newest) and 500; open: 200
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_CLAIM), 3);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_RESULT), 2);
    assert_int_equal(rows.rows[0].is.claim.occurrence.due_ms, SUPPORT_WALL_MS + 200 * MINUTE_MS);
    support_rows_deinit(&rows);
}

// Ten due times of two jobs, a minute apart: those of `b` fail in odd minutes, but at 3 a rerun was ok.
static void fill_history(void)
{
    for (int64_t minute = 0; minute < 10; minute++) {
        for (size_t job = 0; job < 2; job++) {
            struct ledger_occurrence due = support_due(job ? "b" : "a", SUPPORT_WALL_MS + minute * MINUTE_MS);
            struct ledger_claim claim = support_claim(&due);
            bool fails = job && minute % 2;
            struct ledger_result result = support_result(&due, fails ? LEDGER_FAILED : LEDGER_OK);
            support_store_claim(fixture, &claim);
            support_store_result(fixture, &result);
            if (fails && minute == 3) {
                result = support_result(&due, LEDGER_OK);
                result.run = support_run(&due, 2);
                result.attempt = 2;
                support_store_result(fixture, &result);
            }
        }
    }
}

static void runs_come_whole_from_the_newest_back(void **state)
{
    (void)state;
    struct support_rows rows;
    fill_history();
    struct effect_query query = {.query = 5, .kind = EFFECT_QUERY_RUNS, .job = "main/b", .limit = 3};
    support_store_ask(fixture, &query, &rows);
    assert_true(rows.more);
    assert_int_equal(rows.count, 6);
    assert_int_equal(rows.rows[0].is.claim.occurrence.due_ms, SUPPORT_WALL_MS + 7 * MINUTE_MS);
    support_rows_deinit(&rows);
    query.job = "";
    query.limit = 20;
    support_store_ask(fixture, &query, &rows);
    assert_false(rows.more);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_CLAIM), 20);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_RESULT), 21);
    support_rows_deinit(&rows);
    query.since_ms = SUPPORT_WALL_MS + 2 * MINUTE_MS;
    query.until_ms = SUPPORT_WALL_MS + 4 * MINUTE_MS;
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_CLAIM), 6);
    support_rows_deinit(&rows);
}

static void failed_runs_leave_out_what_a_rerun_made_good(void **state)
{
    (void)state;
    struct support_rows rows;
    fill_history();
    struct ledger_occurrence open = support_due("b", SUPPORT_WALL_MS + 20 * MINUTE_MS);
    struct ledger_claim claim = support_claim(&open);
    support_store_claim(fixture, &claim);
    struct effect_query query = {
        .query = 5, .kind = EFFECT_QUERY_RUNS, .job = "", .limit = 50, .failed = true};
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_CLAIM), 4); // minutes 1 5 7 9
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_RESULT), 4);
    support_rows_deinit(&rows);
}

static void a_run_is_found_by_the_beginning_of_its_id(void **state)
{
    (void)state;
    struct support_rows rows;
    fill_history();
    struct ledger_occurrence due = support_due("b", SUPPORT_WALL_MS + 3 * MINUTE_MS);
    struct run_id run = support_run(&due, 2);
    struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_RUN, .job = "", .limit = 5};
    hex_encode(run.b, sizeof run.b, query.run_prefix);
    query.run_prefix[9] = '\0';
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 3); // the claim and both results of that due time
    support_rows_deinit(&rows);
    snprintf(query.run_prefix, sizeof query.run_prefix, "%s", "");
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 0);
    support_rows_deinit(&rows);
}

static void due_times_are_asked_by_window(void **state)
{
    (void)state;
    struct support_rows rows;
    fill_history();
    struct effect_query query = {
        .query = 1,
        .kind = EFFECT_QUERY_DUE,
        .job = "main/a",
        .since_ms = SUPPORT_WALL_MS + MINUTE_MS,
        .until_ms = SUPPORT_WALL_MS + 3 * MINUTE_MS - 1,
    };
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 4);
    support_rows_deinit(&rows);
}

static void what_an_order_caused_is_found_by_the_order_and_in_one_piece(void **state)
{
    (void)state;
    struct support_rows rows;
    fill_history();
    struct ledger_occurrence order = support_due("a", 0);
    order.cause = (struct hash){.b = {9}};
    struct ledger_claim claim = support_claim(&order);
    struct ledger_result result = support_result(&order, LEDGER_OK);
    claim.at_ms = SUPPORT_WALL_MS + 20 * MINUTE_MS;
    result.started_ms = SUPPORT_WALL_MS + 30 * MINUTE_MS;
    result.ended_ms = SUPPORT_WALL_MS + 40 * MINUTE_MS;
    support_store_claim(fixture, &claim);
    support_store_result(fixture, &result);
    struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_CAUSE, .cause = order.cause};
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 2);
    support_rows_deinit(&rows);
    query = (struct effect_query){.query = 2, .kind = EFFECT_QUERY_RUNS, .job = "main/a", .limit = 1};
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 2);
    assert_true(hash_equal(&rows.rows[0].is.claim.occurrence.cause, &order.cause));
    support_rows_deinit(&rows);
}

static void put_segment(const struct run_id *run, uint32_t index, size_t size)
{
    char *data = base_alloc(size, 1);
    memset(data, 'x', size);
    data[0] = (char)('a' + index);
    struct ledger_segment segment = {
        .run = *run,
        .index = index,
        .stream = 1,
        .at_ms = SUPPORT_WALL_MS,
        .data = bytes_of(data, size),
    };
    segment.hash = ledger_segment_hash(&segment);
    struct buffer body = {0};
    ledger_segments_encode(&segment, 1, &body);
    support_store_sign(fixture, 1, ENVELOPE_SEGMENT, &body);
    free(data);
}

static void segments_come_by_index_however_they_arrived(void **state)
{
    (void)state;
    struct support_rows rows;
    struct run_id run = {.b = {1}}, other = {.b = {2}};
    const uint32_t arrival[] = {2, 0, 3, 1};
    for (size_t i = 0; i < COUNT_OF(arrival); i++) {
        put_segment(&run, arrival[i], 10000);
        put_segment(&other, arrival[i], 1);
    }
    struct effect_query query = {
        .query = 1, .kind = EFFECT_QUERY_SEGMENTS, .run = run, .from = 1, .limit = 2};
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 2);
    assert_true(rows.more);
    assert_int_equal(rows.text[0][0], 'b');
    assert_int_equal(rows.text[1][0], 'c');
    assert_int_equal(rows.rows[0].is.segment.data.size, 10000);
    support_rows_deinit(&rows);
    query.from = 3;
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 1);
    assert_false(rows.more);
    support_rows_deinit(&rows);
}

static void put_story(const char *job, uint64_t second, const char *what)
{
    struct effect_write write = {.kind = EFFECT_WRITE_STORY, .story = {.what = what}};
    snprintf(write.story.job, sizeof write.story.job, "%s", job);
    write.story.stamp = ((uint64_t)SUPPORT_WALL_MS + second * 1000) << 16;
    support_store_write(fixture, &write);
}

static void the_story_of_a_job_includes_lines_of_no_job(void **state)
{
    (void)state;
    struct support_rows rows;
    put_story("main/a", 3, "third");
    put_story("main/a", 1, "first");
    put_story("main/b", 1, "not ours");
    put_story("", 2, "second");
    struct effect_query query = {
        .query = 1,
        .kind = EFFECT_QUERY_STORY,
        .job = "main/a",
        .since_ms = SUPPORT_WALL_MS,
        .until_ms = SUPPORT_WALL_MS + 3000,
    };
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 3);
    assert_string_equal(rows.text[0], "first");
    assert_string_equal(rows.text[1], "second");
    assert_string_equal(rows.text[2], "third");
    assert_false(rows.more);
    support_rows_deinit(&rows);
    query.limit = 1;
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 1);
    assert_true(rows.more);
    support_rows_deinit(&rows);
}

static void retain(int64_t before_ms, uint32_t keep_runs)
{
    struct effect_write write = {
        .kind = EFFECT_WRITE_RETAIN,
        .job = "main/a",
        .before_ms = before_ms,
        .keep_runs = keep_runs,
    };
    support_store_write(fixture, &write);
}

static size_t count_rows(const struct effect_query *query)
{
    struct support_rows rows;
    support_store_ask(fixture, query, &rows);
    size_t count = rows.count;
    support_rows_deinit(&rows);
    return count;
}

// History is dropped by and by, so what has to be gone is asked for until it is.
static void expect_rows(const struct effect_query *query, size_t expected)
{
    for (int round = 0; round < 1000 && count_rows(query) != expected; round++)
        ;
    assert_int_equal(count_rows(query), expected);
}

static void retention_drops_old_ended_runs_with_their_output(void **state)
{
    (void)state;
    fill_history();
    struct ledger_occurrence open = support_due("a", SUPPORT_WALL_MS - MINUTE_MS);
    struct ledger_claim claim = support_claim(&open);
    support_store_claim(fixture, &claim);
    struct ledger_occurrence first = support_due("a", SUPPORT_WALL_MS);
    struct run_id run = support_run(&first, 1);
    put_segment(&run, 0, 100);
    const struct effect_query ours = {.query = 1, .kind = EFFECT_QUERY_RUNS, .job = "main/a", .limit = 100};
    const struct effect_query theirs = {.query = 2, .kind = EFFECT_QUERY_RUNS, .job = "main/b", .limit = 100};
    const struct effect_query output = {.query = 3, .kind = EFFECT_QUERY_SEGMENTS, .run = run};
    size_t before = count_rows(&theirs);
    retain(SUPPORT_WALL_MS + 2 * MINUTE_MS, 0);
    expect_rows(&ours, 2 * 8 + 1); // claims and results of minutes 2 to 9, and the open claim
    retain(0, 3);
    expect_rows(&ours, 2 * 3 + 1);
    expect_rows(&output, 0);
    assert_int_equal(count_rows(&theirs), before);
}

static void a_long_history_is_dropped_in_parts(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 1500; i++) {
        struct ledger_occurrence due = support_due("a", SUPPORT_WALL_MS + i * 1000);
        struct ledger_result result = support_result(&due, LEDGER_OK);
        support_store_result(fixture, &result);
    }
    const struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_RUNS, .job = "main/a", .limit = 1000};
    retain(0, 10);
    expect_rows(&query, 10);
}

static void a_missed_week_goes_when_all_of_it_is_old(void **state)
{
    (void)state;
    const int64_t week_ms = 7 * 24 * 60 * MINUTE_MS;
    struct buffer body = {0};
    struct ledger_verdict verdict = {
        .occurrence = support_due("a", SUPPORT_WALL_MS),
        .last_due_ms = SUPPORT_WALL_MS + week_ms,
        .count = 7 * 24,
        .status = LEDGER_MISSED,
        .reason = "no node up",
        .at_ms = SUPPORT_WALL_MS + week_ms,
    };
    ledger_verdicts_encode(&verdict, 1, &body);
    support_store_sign(fixture, 1, ENVELOPE_VERDICT, &body);
    struct ledger_occurrence within = support_due("a", SUPPORT_WALL_MS + week_ms / 2);
    struct ledger_claim claim = support_claim(&within); // refused by somebody: the verdict covers it
    support_store_claim(fixture, &claim);
    const struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_RUNS, .job = "main/a", .limit = 10};
    expect_rows(&query, 2);
    retain(SUPPORT_WALL_MS + week_ms, 0); // its last due time is not old yet
    expect_rows(&query, 2);
    retain(SUPPORT_WALL_MS + week_ms + 1, 0);
    expect_rows(&query, 0);
}

static uint64_t incompressible(uint64_t *state, char *out, size_t size)
{
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t number = support_random(state);
        memcpy(out + i, &number, 8);
    }
    return *state;
}

static void put_random_segment(uint64_t *state, uint32_t index)
{
    static char data[LIMIT_LOG_SEGMENT_SIZE_MAX];
    incompressible(state, data, sizeof data);
    struct ledger_segment segment = {
        .run = {.b = {3}}, .index = index, .stream = 1, .data = bytes_of(data, sizeof data)};
    segment.hash = ledger_segment_hash(&segment);
    struct buffer body = {0};
    ledger_segments_encode(&segment, 1, &body);
    support_store_sign(fixture, 1, ENVELOPE_SEGMENT, &body);
}

static void the_oldest_output_makes_room_when_the_database_grows_too_large(void **state)
{
    (void)state;
    struct support_rows rows;
    struct stat status;
    uint64_t random = 1;
    support_store_close(fixture);
    fixture->options.size_max_bytes = 1024 * 1024;
    support_store_open(fixture);
    for (uint32_t index = 0; index < 256; index++) // 4 MiB
        put_random_segment(&random, index);
    support_store_settle(fixture);
    struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_SEGMENTS, .run = {.b = {3}}};
    support_store_ask(fixture, &query, &rows);
    support_rows_deinit(&rows);
    put_random_segment(&random, 256);
    support_store_settle(fixture);
    support_store_ask(fixture, &query, &rows); // of the settled ones all but the last were swept up
    assert_true(rows.count > 20 && rows.count < 80);
    assert_int_equal(rows.rows[rows.count - 1].is.segment.index, 256);
    assert_int_equal(store_dropped(fixture->store) + rows.count, 257);
    support_rows_deinit(&rows);
    support_store_close(fixture);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_true(status.st_size < 3 * 1024 * 1024);
    support_store_open(fixture);
}

static void a_query_sees_every_write_handed_over_before_it(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 20; round++) {
        struct support_rows rows;
        put_story("main/a", round, "line");
        struct effect_query query = {.query = round, .kind = EFFECT_QUERY_STORY, .job = "main/a"};
        support_store_ask(fixture, &query, &rows);
        assert_int_equal(rows.count, round);
        support_rows_deinit(&rows);
    }
}

static void an_answer_larger_than_the_queue_arrives_whole(void **state)
{
    (void)state;
    struct support_rows rows;
    struct run_id run = {.b = {4}};
    for (uint32_t index = 0; index < 300; index++)
        put_segment(&run, index % 20 + index / 20 * 20, LIMIT_LOG_SEGMENT_SIZE_MAX);
    struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_SEGMENTS, .run = run};
    support_store_ask(fixture, &query, &rows);
    assert_int_equal(rows.count, 300);
    for (uint32_t index = 0; index < 300; index++)
        assert_int_equal(rows.rows[index].is.segment.index, index);
    support_rows_deinit(&rows);
}

static void closing_amid_an_answer_nobody_takes_does_not_hang(void **state)
{
    (void)state;
    struct run_id run = {.b = {4}};
    for (uint32_t index = 0; index < 300; index++)
        put_segment(&run, index, 1000);
    struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_SEGMENTS, .run = run};
    store_query(fixture->store, &query);
    support_store_close(fixture);
}

static void closing_settles_what_was_handed_over(void **state)
{
    (void)state;
    struct support_rows rows;
    for (uint64_t i = 0; i < 100; i++)
        put_pause(i);
    support_store_reload(fixture, &rows);
    assert_int_equal(rows.count, 100);
    support_rows_deinit(&rows);
    assert_int_equal(store_unsettled_bytes(fixture->store), 0);
}

static void the_same_record_twice_is_kept_once(void **state)
{
    (void)state;
    struct support_rows rows;
    struct ledger_occurrence due = support_due("a", SUPPORT_WALL_MS);
    struct ledger_claim claim = support_claim(&due);
    put_pause(1);
    put_pause(1);
    support_store_claim(fixture, &claim);
    support_store_claim(fixture, &claim);
    support_store_reload(fixture, &rows);
    assert_int_equal(rows.count, 2);
    support_rows_deinit(&rows);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, support_store_set_up, support_store_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(records_are_loaded_authority_first_and_in_order),
        TEST(authority_entries_come_by_number),
        TEST(a_meta_value_is_replaced_and_an_empty_one_forgotten),
        TEST(only_cursors_that_no_other_covers_are_loaded),
        TEST(old_claims_are_loaded_only_without_their_result),
        TEST(runs_come_whole_from_the_newest_back),
        TEST(failed_runs_leave_out_what_a_rerun_made_good),
        TEST(a_run_is_found_by_the_beginning_of_its_id),
        TEST(due_times_are_asked_by_window),
        TEST(what_an_order_caused_is_found_by_the_order_and_in_one_piece),
        TEST(segments_come_by_index_however_they_arrived),
        TEST(the_story_of_a_job_includes_lines_of_no_job),
        TEST(retention_drops_old_ended_runs_with_their_output),
        TEST(a_long_history_is_dropped_in_parts),
        TEST(a_missed_week_goes_when_all_of_it_is_old),
        TEST(the_oldest_output_makes_room_when_the_database_grows_too_large),
        TEST(a_query_sees_every_write_handed_over_before_it),
        TEST(an_answer_larger_than_the_queue_arrives_whole),
        TEST(closing_amid_an_answer_nobody_takes_does_not_hang),
        TEST(closing_settles_what_was_handed_over),
        TEST(the_same_record_twice_is_kept_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
