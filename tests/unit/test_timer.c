#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include <cmocka.h>

#include "node/io/clock.h"
#include "node/io/timer.h"
#include "tests/unit/support_feed.h"

static struct support_feed feed;
static struct timer timer;

static int set_up(void **state)
{
    (void)state;
    support_feed_init(&feed);
    assert_int_equal(timer_open(&timer, &feed.loop, &feed.feed), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    timer_close(&timer);
    support_feed_deinit(&feed);
    return 0;
}

static void the_monotonic_deadline_is_never_early(void **state)
{
    (void)state;
    for (size_t round = 1; round <= 40; round++) {
        uint64_t deadline_ms = clock_now_ms() + round % 7;
        timer_set(&timer, deadline_ms, INT64_MAX);
        support_feed_run(&feed, EVENT_DEADLINE, round);
        assert_true(clock_now_ms() >= deadline_ms);
    }
}

static void the_wall_deadline_is_never_early(void **state)
{
    (void)state;
    for (size_t round = 1; round <= 40; round++) {
        int64_t deadline_ms = clock_wall_ms() + (int64_t)(round % 7);
        timer_set(&timer, UINT64_MAX, deadline_ms);
        support_feed_run(&feed, EVENT_DEADLINE, round);
        assert_true(clock_wall_ms() >= deadline_ms);
    }
}

static void a_deadline_in_the_past_comes_at_once(void **state)
{
    (void)state;
    timer_set(&timer, 0, INT64_MAX);
    support_feed_run(&feed, EVENT_DEADLINE, 1);
    timer_set(&timer, UINT64_MAX, -5);
    support_feed_run(&feed, EVENT_DEADLINE, 2);
}

static void a_deadline_comes_once_and_again_only_when_set_again(void **state)
{
    (void)state;
    timer_set(&timer, 1, INT64_MAX);
    support_feed_run(&feed, EVENT_DEADLINE, 1);
    for (int turn = 0; turn < 5; turn++)
        support_feed_turn(&feed);
    assert_int_equal(feed.count, 1);
    timer_set(&timer, 1, INT64_MAX);
    support_feed_run(&feed, EVENT_DEADLINE, 2);
}

static void a_deadline_moved_away_does_not_come(void **state)
{
    (void)state;
    timer_set(&timer, clock_now_ms() + 1, clock_wall_ms() + 1);
    timer_set(&timer, UINT64_MAX, INT64_MAX);
    timer_set(&timer, clock_now_ms() + 20, INT64_MAX);
    support_feed_run(&feed, EVENT_DEADLINE, 1);
    assert_int_equal(feed.count, 1);
}

static void an_offset_of_the_clock_is_taken_into_account(void **state)
{
    (void)state;
    setenv("KATYDID_CLOCK_OFFSET_MS", "86400000", 1);
    int64_t deadline_ms = clock_wall_ms() + 5;
    timer_set(&timer, UINT64_MAX, deadline_ms);
    support_feed_run(&feed, EVENT_DEADLINE, 1);
    assert_true(clock_wall_ms() >= deadline_ms);
    assert_true(clock_wall_ms() < deadline_ms + 5000);
    unsetenv("KATYDID_CLOCK_OFFSET_MS");
}

// Setting the clock to what it says is a step all the same. It is the whole machine's clock, so this
// runs only where somebody asks for it.
static void a_clock_that_is_set_wakes_the_core(void **state)
{
    (void)state;
    struct timespec now;
    if (!getenv("KATYDID_TEST_SETS_CLOCK")) {
        print_message("not without $KATYDID_TEST_SETS_CLOCK\n");
        skip();
    }
    timer_set(&timer, UINT64_MAX, clock_wall_ms() + 3600 * 1000);
    support_feed_turn(&feed);
    assert_int_equal(feed.count, 0);
    clock_gettime(CLOCK_REALTIME, &now);
    assert_int_equal(clock_settime(CLOCK_REALTIME, &now), 0);
    support_feed_run(&feed, EVENT_DEADLINE, 1);
    clock_gettime(CLOCK_REALTIME, &now);
    assert_int_equal(clock_settime(CLOCK_REALTIME, &now), 0);
    timer_set(&timer, UINT64_MAX, clock_wall_ms() + 7200 * 1000); // set again before the loop has looked
    support_feed_run(&feed, EVENT_DEADLINE, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_monotonic_deadline_is_never_early),
        TEST(the_wall_deadline_is_never_early),
        TEST(a_deadline_in_the_past_comes_at_once),
        TEST(a_deadline_comes_once_and_again_only_when_set_again),
        TEST(a_deadline_moved_away_does_not_come),
        TEST(an_offset_of_the_clock_is_taken_into_account),
        TEST(a_clock_that_is_set_wakes_the_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
