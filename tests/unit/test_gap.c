#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/io/gap.h"

#define MS 1000000ULL

static void waking_in_time_is_no_gap(void **state)
{
    (void)state;
    struct gap gap = {0};
    gap_sleep(&gap, 1000 * MS);
    assert_int_equal(gap_wake(&gap, 400 * MS), 0); // a packet came
    gap_sleep(&gap, 1000 * MS);
    assert_int_equal(gap_wake(&gap, 1000 * MS), 0);
}

static void sleeping_longer_than_asked_is_told_once(void **state)
{
    (void)state;
    struct gap gap = {0};
    gap_sleep(&gap, 1000 * MS);
    assert_int_equal(gap_wake(&gap, 31000 * MS), 30000);
    assert_int_equal(gap_wake(&gap, 31000 * MS), 0);
}

static void being_stopped_amid_work_is_a_gap_too(void **state)
{
    (void)state;
    struct gap gap = {0};
    gap_sleep(&gap, 1000 * MS);
    assert_int_equal(gap_wake(&gap, 900 * MS), 0);
    assert_int_equal(gap_wake(&gap, 5900 * MS), 5000);
}

static void before_the_first_sleep_nothing_is_known(void **state)
{
    (void)state;
    struct gap gap = {0};
    assert_int_equal(gap_wake(&gap, 5000 * MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waking_in_time_is_no_gap),
        cmocka_unit_test(sleeping_longer_than_asked_is_told_once),
        cmocka_unit_test(being_stopped_amid_work_is_a_gap_too),
        cmocka_unit_test(before_the_first_sleep_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
