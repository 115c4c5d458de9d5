// test_event_fate.c - bursts, throttles and the cap, as a function of the events that are there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "node/core/trigger/event_fate.h"

static void of_a_burst_only_the_last_starts_when_it_is_quiet(void **state)
{
    (void)state;
    struct event_fate_item items[] = {{.at_ms = 1000}, {.at_ms = 3000}, {.at_ms = 9000}, {.at_ms = 10000}};
    const struct event_fate_rules rules = {.quiet_ms = 5000, .last_ms = INT64_MIN, .room = 60};
    assert_int_equal(event_fate_judge(items, 4, &rules, 12000), 15000);
    assert_int_equal(items[0].fate, EVENT_FATE_ABSORBED);
    assert_int_equal(items[1].fate, EVENT_FATE_STARTS); // 6 s of quiet followed
    assert_int_equal(items[2].fate, EVENT_FATE_ABSORBED);
    assert_int_equal(items[3].fate, EVENT_FATE_WAITS);
    items[1].is_started = true;
    assert_int_equal(event_fate_judge(items, 4, &rules, 15000), INT64_MAX);
    assert_int_equal(items[1].fate, EVENT_FATE_STARTED);
    assert_int_equal(items[3].fate, EVENT_FATE_STARTS);
}

static void a_throttle_counts_from_the_last_that_started(void **state)
{
    (void)state;
    struct event_fate_item items[] = {{.at_ms = 1000}, {.at_ms = 3000}, {.at_ms = 61000}, {.at_ms = 61001}};
    struct event_fate_rules rules = {.throttle_ms = 60000, .last_ms = INT64_MIN, .room = 60};
    (void)event_fate_judge(items, 4, &rules, 70000);
    assert_int_equal(items[0].fate, EVENT_FATE_STARTS);
    assert_int_equal(items[1].fate, EVENT_FATE_THROTTLED);
    assert_int_equal(items[2].fate, EVENT_FATE_STARTS);
    assert_int_equal(items[3].fate, EVENT_FATE_THROTTLED);
    rules.last_ms = 500; // it has expired meanwhile; the ledger knows it
    (void)event_fate_judge(items, 4, &rules, 70000);
    assert_int_equal(items[0].fate, EVENT_FATE_THROTTLED);
    assert_int_equal(items[2].fate, EVENT_FATE_STARTS);
    items[2].is_started = true; // one that was told late does not start beside it
    rules.last_ms = INT64_MIN;
    (void)event_fate_judge(items, 4, &rules, 70000);
    assert_int_equal(items[0].fate, EVENT_FATE_THROTTLED);
}

static void beyond_the_room_they_wait_oldest_first(void **state)
{
    (void)state;
    struct event_fate_item items[] = {{.at_ms = 1}, {.at_ms = 2}, {.at_ms = 3}};
    const struct event_fate_rules rules = {.last_ms = INT64_MIN, .room = 2};
    assert_int_equal(event_fate_judge(items, 3, &rules, 10), INT64_MAX);
    assert_int_equal(items[0].fate, EVENT_FATE_STARTS);
    assert_int_equal(items[1].fate, EVENT_FATE_STARTS);
    assert_int_equal(items[2].fate, EVENT_FATE_CAPPED);
}

static void a_throttle_says_how_many_an_hour(void **state)
{
    (void)state;
    assert_int_equal(event_fate_per_hour(0), 60);
    assert_int_equal(event_fate_per_hour(10000), 361);
    assert_int_equal(event_fate_per_hour(1), 3601);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_burst_only_the_last_starts_when_it_is_quiet),
        cmocka_unit_test(a_throttle_counts_from_the_last_that_started),
        cmocka_unit_test(beyond_the_room_they_wait_oldest_first),
        cmocka_unit_test(a_throttle_says_how_many_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
