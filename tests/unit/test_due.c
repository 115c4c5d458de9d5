// test_due.c - a job's bounds, counts and blackouts bend its due times, the same for everybody.
#include "crdt/stamp.h"
#include "node/core/trigger/due.h"
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY_MS  (24LL * 3600 * 1000)
#define HOUR_MS (3600 * 1000LL)

static const int64_t MONDAY_MS = 1772409600000; // 2026-03-02T00:00:00Z

static const struct definition_trigger HOURLY = {.kind = DEFINITION_CRON, .expression = "0 * * * *"};

static struct definition hourly(void)
{
    struct definition definition = support_definition("job");
    definition.triggers = &HOURLY;
    definition.trigger_count = 1;
    definition.since = (uint64_t)(MONDAY_MS - 1) << 16;
    return definition;
}

static struct due *open_due(const struct definition *definition)
{
    struct due *due = NULL;
    struct trigger_error error = {0};
    if (due_open(definition, 0, zone_utc(), &due, &error) != 0)
        fail_msg("%s", error.text);
    return due;
}

static void what_happens_is_bound_by_the_same_words(void **state)
{
    (void)state;
    struct definition definition = hourly();
    const struct definition_blackout night = {.expression = "0 2 * * *", .length_ms = 2 * (uint64_t)HOUR_MS};
    struct due *limits = NULL;
    struct trigger_error error = {0};
    assert_int_equal(due_open_limits(&definition, zone_utc(), &limits, &error), DUE_NO_CALENDAR);
    definition.not_before_ms = MONDAY_MS + HOUR_MS;
    definition.not_after_ms = MONDAY_MS + 9 * HOUR_MS;
    definition.blackouts = &night;
    definition.blackout_count = 1;
    assert_int_equal(due_open_limits(&definition, zone_utc(), &limits, &error), 0);
    assert_string_equal(due_limit(limits, MONDAY_MS), "before not_before");
    assert_null(due_limit(limits, MONDAY_MS + HOUR_MS));
    assert_string_equal(due_limit(limits, MONDAY_MS + 2 * HOUR_MS), "blackout");
    assert_string_equal(due_limit(limits, MONDAY_MS + 4 * HOUR_MS - 1), "blackout");
    assert_null(due_limit(limits, MONDAY_MS + 4 * HOUR_MS));
    assert_null(due_limit(limits, MONDAY_MS + 9 * HOUR_MS));
    assert_string_equal(due_limit(limits, MONDAY_MS + 9 * HOUR_MS + 1), "after not_after");
    due_free(limits);
}

static void nothing_is_due_before_the_schedule_began(void **state)
{
    (void)state;
    struct definition definition = hourly();
    int64_t due_ms;
    definition.since = (uint64_t)(MONDAY_MS + 1) << 16;
    struct due *due = open_due(&definition);
    assert_true(due_next(due, 0, &due_ms));
    assert_int_equal(due_ms, MONDAY_MS + HOUR_MS);
    assert_false(due_is(due, MONDAY_MS));
    assert_true(trigger_is_due(due_trigger(due), MONDAY_MS));
    due_free(due);
}

static void bounds_are_part_of_what_they_bound(void **state)
{
    (void)state;
    struct definition definition = hourly();
    int64_t due_ms, last_ms;
    definition.not_before_ms = MONDAY_MS + 2 * HOUR_MS;
    definition.not_after_ms = MONDAY_MS + 5 * HOUR_MS;
    struct due *due = open_due(&definition);
    assert_true(due_next(due, 0, &due_ms));
    assert_int_equal(due_ms, MONDAY_MS + 2 * HOUR_MS);
    assert_true(due_is(due, MONDAY_MS + 5 * HOUR_MS));
    assert_false(due_is(due, MONDAY_MS + 6 * HOUR_MS));
    assert_false(due_next(due, MONDAY_MS + 5 * HOUR_MS, &due_ms));
    assert_int_equal(due_count_between(due, 0, MONDAY_MS + 100 * HOUR_MS, 1000, &last_ms), 4);
    assert_int_equal(last_ms, MONDAY_MS + 5 * HOUR_MS);
    due_free(due);
}

static void only_the_first_due_times_count(void **state)
{
    (void)state;
    struct definition definition = hourly();
    int64_t due_ms;
    definition.due_count = 30;
    struct due *due = open_due(&definition);
    assert_true(due_is(due, MONDAY_MS + 29 * HOUR_MS));
    assert_false(due_is(due, MONDAY_MS + 30 * HOUR_MS));
    assert_false(due_next(due, MONDAY_MS + 29 * HOUR_MS, &due_ms));
    due_free(due);
    definition.due_count = INT64_MAX; // more than there will ever be
    due = open_due(&definition);
    assert_true(due_next(due, MONDAY_MS + 1000 * DAY_MS, &due_ms));
    due_free(due);
}

static void a_blackout_begins_with_each_due_time_of_its_expression(void **state)
{
    (void)state;
    struct definition definition = hourly();
    const struct definition_blackout blackouts[] = {
        {.expression = "0 8 * * MON-FRI", .length_ms = 10 * HOUR_MS},
        {.from_ms = MONDAY_MS + 17 * HOUR_MS, .length_ms = 3 * HOUR_MS}};
    int64_t end_ms, start_ms;
    definition.blackouts = blackouts;
    definition.blackout_count = COUNT_OF(blackouts);
    struct due *due = open_due(&definition);
    assert_false(due_is_blacked_out(due, MONDAY_MS + 8 * HOUR_MS - 1, &end_ms));
    assert_true(due_is_blacked_out(due, MONDAY_MS + 8 * HOUR_MS, &end_ms));
    assert_int_equal(end_ms, MONDAY_MS + 18 * HOUR_MS);
    assert_true(due_is_blacked_out(due, MONDAY_MS + 17 * HOUR_MS, &end_ms)); // in both: the later end
    assert_int_equal(end_ms, MONDAY_MS + 20 * HOUR_MS);
    assert_true(due_is_blacked_out(due, MONDAY_MS + 20 * HOUR_MS - 1, &end_ms));
    assert_false(due_is_blacked_out(due, MONDAY_MS + 20 * HOUR_MS, &end_ms));
    assert_false(due_is_blacked_out(due, MONDAY_MS + 5 * DAY_MS + 9 * HOUR_MS, &end_ms)); // Saturday
    assert_true(due_blackout_start(due, MONDAY_MS + 17 * HOUR_MS, &start_ms)); // in both: the earlier start
    assert_int_equal(start_ms, MONDAY_MS + 8 * HOUR_MS);
    assert_false(due_blackout_start(due, MONDAY_MS + 20 * HOUR_MS, &start_ms));
    assert_true(due_next_blackout(due, MONDAY_MS + 8 * HOUR_MS, &start_ms));
    assert_int_equal(start_ms, MONDAY_MS + 17 * HOUR_MS);
    assert_true(due_next_blackout(due, start_ms, &start_ms));
    assert_int_equal(start_ms, MONDAY_MS + DAY_MS + 8 * HOUR_MS);
    assert_true(due_is(due, MONDAY_MS + 9 * HOUR_MS)); // it is due all the same, and skipped
    due_free(due);
}

static void a_wrong_blackout_is_refused(void **state)
{
    (void)state;
    struct definition definition = hourly();
    const struct definition_blackout blackout = {.expression = "0 99 * * *", .length_ms = 1};
    struct due *due = NULL;
    struct trigger_error error = {0};
    definition.blackouts = &blackout;
    definition.blackout_count = 1;
    assert_int_equal(due_open(&definition, 0, zone_utc(), &due, &error), DUE_REFUSED);
    assert_non_null(strstr(error.text, "blackout 1: column 3"));
}

static void what_waits_for_something_has_no_calendar(void **state)
{
    (void)state;
    struct definition definition = hourly();
    const struct definition_trigger others[] = {
        {.kind = DEFINITION_EVENT, .name = "main/a"},
        {.kind = DEFINITION_BOOT},
        {.kind = DEFINITION_EVERY, .period_ms = 1000, .from_end = true},
    };
    struct due *due = NULL;
    struct trigger_error error;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        definition.triggers = &others[i];
        assert_int_equal(due_open(&definition, 0, zone_utc(), &due, &error), DUE_NO_CALENDAR);
    }
}

static void offsets_are_stable_and_spread(void **state)
{
    (void)state;
    int64_t low = INT64_MAX, high = 0;
    for (int i = 0; i < 200; i++) {
        struct node_id node = {{(uint8_t)i}};
        int64_t offset_ms = due_offset_ms(1000, "main/a", &node);
        assert_int_equal(offset_ms, due_offset_ms(1000, "main/a", &node));
        assert_in_range(offset_ms, 0, 1000);
        low = MIN_OF(low, offset_ms);
        high = MAX_OF(high, offset_ms);
    }
    assert_true(low < 100 && high > 900);
    assert_int_equal(due_offset_ms(0, "main/a", &(struct node_id){{1}}), 0);
}

static void only_what_goes_by_the_calendar_needs_a_zone(void **state)
{
    (void)state;
    struct definition definition = hourly();
    struct definition_trigger triggers[2] = {{.kind = DEFINITION_EVERY, .period_ms = 60000}, {0}};
    struct definition_blackout night = {.expression = "0 22 * * *", .length_ms = 1000};
    struct definition_blackout once = {.from_ms = 1, .length_ms = 1000};
    definition.triggers = triggers;
    definition.trigger_count = 1;
    definition.blackout_count = 0;
    assert_false(due_needs_zone(&definition));
    triggers[1].kind = DEFINITION_AT;
    definition.trigger_count = 2;
    assert_false(due_needs_zone(&definition));
    definition.blackout_count = 1;
    definition.blackouts = &once;
    assert_false(due_needs_zone(&definition));
    definition.blackouts = &night;
    assert_true(due_needs_zone(&definition));
    definition.blackout_count = 0;
    triggers[1].kind = DEFINITION_CRON;
    assert_true(due_needs_zone(&definition));
    triggers[0].kind = DEFINITION_BOOT;
    triggers[1].kind = DEFINITION_EVENT;
    assert_false(due_needs_zone(&definition));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_happens_is_bound_by_the_same_words),
        cmocka_unit_test(nothing_is_due_before_the_schedule_began),
        cmocka_unit_test(bounds_are_part_of_what_they_bound),
        cmocka_unit_test(only_the_first_due_times_count),
        cmocka_unit_test(a_blackout_begins_with_each_due_time_of_its_expression),
        cmocka_unit_test(a_wrong_blackout_is_refused),
        cmocka_unit_test(what_waits_for_something_has_no_calendar),
        cmocka_unit_test(offsets_are_stable_and_spread),
        cmocka_unit_test(only_what_goes_by_the_calendar_needs_a_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
