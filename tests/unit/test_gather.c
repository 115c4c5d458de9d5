// test_gather.c - what several nodes say of the same due times becomes one row for each.
#include "node/core/gather.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND_MS = 1000 };

static const struct node_id anna = {{1}}, bert = {{2}};

static struct ledger_occurrence occurrence_at(int64_t due_ms)
{
    return (struct ledger_occurrence){.job = "main/a", .life = 1, .schedule_version = 1, .due_ms = due_ms};
}

// Due times each second, from first to last.
static void judge(struct gather *gather, const struct node_id *judge, enum ledger_status status,
                  int64_t first_ms, int64_t last_ms)
{
    struct event_row row = {.kind = EVENT_ROW_VERDICT, .signer = *judge};
    row.is.verdict = (struct ledger_verdict){.occurrence = occurrence_at(first_ms),
                                             .last_due_ms = last_ms,
                                             .count = (uint64_t)((last_ms - first_ms) / SECOND_MS) + 1,
                                             .status = status,
                                             .reason = "a reason"};
    gather_row(gather, &row, &row.signer);
}

static void run(struct gather *gather, const struct node_id *node, enum ledger_status status, int64_t due_ms)
{
    struct event_row row = {.kind = EVENT_ROW_RESULT, .signer = *node};
    row.is.result = (struct ledger_result){.occurrence = occurrence_at(due_ms),
                                           .run = {{node->b[0]}},
                                           .attempt = 1,
                                           .status = status,
                                           .reason = "",
                                           .started_ms = due_ms,
                                           .ended_ms = due_ms + 1,
                                           .count = 1};
    gather_row(gather, &row, &row.signer);
}

static const struct due *know_no_trigger(const void *context, const struct gather_due *stretch)
{
    (void)context;
    (void)stretch;
    return NULL;
}

static const struct due *know_this_trigger(const void *context, const struct gather_due *stretch)
{
    (void)stretch;
    return context;
}

// "first-last status" of each row, oldest first, times in seconds.
static void assert_rows(struct gather *gather, const char *expected)
{
    char text[512] = "";
    gather_sort(gather);
    for (size_t i = gather->count; i-- > 0;) {
        const struct gather_due *due = &gather->items[i];
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%d-%d %s", used ? ", " : "",
                 (int)(due->key.due_ms / SECOND_MS), (int)(due->last_due_ms / SECOND_MS),
                 ledger_status_text(gather_status(due)));
        int64_t length_ms = due->last_due_ms - due->key.due_ms;
        assert_int_equal(due->count, length_ms / SECOND_MS + 1);
    }
    assert_string_equal(text, expected);
    gather_deinit(gather);
}

static void a_stretch_that_overlaps_nothing_stays_whole(void **state)
{
    (void)state;
    struct gather gather = {0};
    judge(&gather, &anna, LEDGER_MISSED, 10000, 14000);
    judge(&gather, &anna, LEDGER_MISSED, 15000, 16000);
    gather_part(&gather, know_no_trigger, NULL);
    assert_rows(&gather, "10-14 missed, 15-16 missed");
}

static void what_ran_elsewhere_parts_a_stretch(void **state)
{
    (void)state;
    struct gather gather = {0};
    run(&gather, &bert, LEDGER_OK, 12000);
    judge(&gather, &anna, LEDGER_MISSED, 10000, 14000);
    run(&gather, &bert, LEDGER_FAILED, 10000);
    gather_part(&gather, know_no_trigger, NULL);
    assert_rows(&gather, "10-10 failed, 11-11 missed, 12-12 ok, 13-14 missed");
}

static void a_claim_that_never_ended_takes_the_verdict(void **state)
{
    (void)state;
    struct gather gather = {0};
    struct event_row row = {.kind = EVENT_ROW_CLAIM, .signer = anna};
    row.is.claim =
        (struct ledger_claim){.occurrence = occurrence_at(11000), .executor = anna, .attempt = 1, .count = 1};
    gather_row(&gather, &row, &row.signer);
    judge(&gather, &bert, LEDGER_LOST, 10000, 12000);
    gather_part(&gather, know_no_trigger, NULL);
    assert_rows(&gather, "10-10 lost, 11-11 lost, 12-12 lost");
}

static void stretches_of_two_judges_become_one_row_a_due_time(void **state)
{
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct gather gather = {0};
        judge(&gather, swapped ? &bert : &anna, LEDGER_MISSED, 10000, swapped ? 18000 : 14000);
        judge(&gather, swapped ? &anna : &bert, LEDGER_MISSED, 10000, swapped ? 14000 : 18000);
        judge(&gather, &bert, LEDGER_SKIPPED, 13000, 15000);
        gather_part(&gather, know_no_trigger, NULL);
        assert_rows(&gather, "10-12 missed, 13-15 skipped, 16-18 missed");
    }
}

static void a_known_trigger_says_where_the_pieces_begin(void **state)
{
    (void)state;
    struct due *trigger;
    struct trigger_error error;
    const struct definition_trigger each_second = {.kind = DEFINITION_EVERY, .period_ms = SECOND_MS};
    const struct definition definition = {.triggers = &each_second, .trigger_count = 1};
    assert_int_equal(due_open(&definition, 0, zone_utc(), &trigger, &error), 0);
    struct gather gather = {0};
    judge(&gather, &anna, LEDGER_MISSED, 10000, 40000);
    run(&gather, &bert, LEDGER_OK, 20000);
    run(&gather, &bert, LEDGER_OK, 40000);
    gather_part(&gather, know_this_trigger, trigger);
    assert_rows(&gather, "10-19 missed, 20-20 ok, 21-39 missed, 40-40 ok");
    due_free(trigger);
}

static void the_run_that_decides_is_the_same_whatever_came_first(void **state)
{
    (void)state;
    struct gather one = {0}, other = {0};
    run(&one, &anna, LEDGER_OK, 10000);
    run(&one, &bert, LEDGER_OK, 10000);
    run(&other, &bert, LEDGER_OK, 10000);
    run(&other, &anna, LEDGER_OK, 10000);
    const struct gather_run *run = gather_deciding_run(&one.items[0]);
    assert_true(run_id_equal(&run->run, &gather_deciding_run(&other.items[0])->run));
    gather_deinit(&one);
    gather_deinit(&other);
}

static void another_job_is_another_matter(void **state)
{
    (void)state;
    struct gather gather = {0};
    judge(&gather, &anna, LEDGER_MISSED, 10000, 12000);
    run(&gather, &bert, LEDGER_OK, 11000);
    memcpy(gather.items[1].job, "main/b", sizeof "main/b");
    gather_part(&gather, know_no_trigger, NULL);
    assert_rows(&gather, "10-12 missed, 11-11 ok");
}

// The ends of anna's runs of the seconds 10 to 14, as one item.
static struct event_row range_of_anna(void)
{
    static const uint32_t late_ms[4] = {1, 2, 3, 4}, took_ms[4] = {50, 60, 70, 80};
    struct event_row row = {.kind = EVENT_ROW_RESULT, .signer = anna};
    row.is.result = (struct ledger_result){.occurrence = occurrence_at(10000),
                                           .run = {{anna.b[0]}},
                                           .attempt = 1,
                                           .status = LEDGER_OK,
                                           .reason = "",
                                           .started_ms = 10005,
                                           .ended_ms = 10040,
                                           .count = 5,
                                           .step_ms = SECOND_MS,
                                           .late_ms = late_ms,
                                           .took_ms = took_ms,
                                           .generation = 1};
    return row;
}

static void a_range_is_a_row_a_due_time_each_with_its_own_times(void **state)
{
    (void)state;
    struct gather gather = {0};
    const struct event_row row = range_of_anna();
    gather_row(&gather, &row, &anna);
    gather_sort(&gather);
    assert_int_equal(gather.count, 5);
    const struct gather_run *first = &gather.items[4].runs[0], *last = &gather.items[0].runs[0];
    assert_int_equal(first->started_ms, 10005);
    assert_int_equal(first->ended_ms, 10040);
    assert_int_equal(last->started_ms, 14004);
    assert_int_equal(last->ended_ms, 14084);
    assert_false(run_id_equal(&first->run, &last->run));
    gather_deinit(&gather);
}

static void a_due_time_of_a_range_that_also_ran_elsewhere_is_doubled(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct gather gather = {0};
        const struct event_row row = range_of_anna();
        if (order == 0)
            gather_row(&gather, &row, &anna);
        run(&gather, &bert, LEDGER_OK, 12000);
        if (order == 1)
            gather_row(&gather, &row, &anna);
        gather_sort(&gather);
        assert_int_equal(gather.count, 5);
        for (size_t i = 0; i < gather.count; i++)
            assert_int_equal(gather_duplicate_count(&gather.items[i]),
                             gather.items[i].key.due_ms == 12000 ? 1 : 0);
        gather_deinit(&gather);
    }
}

static void copies_are_the_disks_that_have_what_decides(void **state)
{
    (void)state;
    struct gather gather = {0};
    const struct node_id carl = {{3}};
    const struct event_row row = range_of_anna();
    struct event_row claim = {.kind = EVENT_ROW_CLAIM, .signer = anna};
    claim.is.claim = (struct ledger_claim){.occurrence = occurrence_at(10000),
                                           .run = row.is.result.run,
                                           .executor = anna,
                                           .executor_generation = 1,
                                           .attempt = 1,
                                           .count = 6,
                                           .step_ms = SECOND_MS,
                                           .at_ms = 8000};
    gather_row(&gather, &claim, &anna);
    gather_row(&gather, &claim, &bert);
    gather_row(&gather, &claim, &carl);
    gather_row(&gather, &row, &anna);
    gather_row(&gather, &row, &bert);
    gather_row(&gather, &row, &bert); // told twice is held once
    gather_sort(&gather);
    assert_int_equal(gather.count, 6);
    assert_int_equal(gather_copy_count(&gather.items[0]), 3); // claimed only
    for (size_t i = 1; i < 6; i++)
        assert_int_equal(gather_copy_count(&gather.items[i]), 2);
    gather_deinit(&gather);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stretch_that_overlaps_nothing_stays_whole),
        cmocka_unit_test(what_ran_elsewhere_parts_a_stretch),
        cmocka_unit_test(a_claim_that_never_ended_takes_the_verdict),
        cmocka_unit_test(stretches_of_two_judges_become_one_row_a_due_time),
        cmocka_unit_test(a_known_trigger_says_where_the_pieces_begin),
        cmocka_unit_test(the_run_that_decides_is_the_same_whatever_came_first),
        cmocka_unit_test(another_job_is_another_matter),
        cmocka_unit_test(a_range_is_a_row_a_due_time_each_with_its_own_times),
        cmocka_unit_test(a_due_time_of_a_range_that_also_ran_elsewhere_is_doubled),
        cmocka_unit_test(copies_are_the_disks_that_have_what_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
