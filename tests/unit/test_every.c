// test_every.c - anchored periods: the phase never shifts, and nothing overflows at the ends.
#include "node/core/trigger/every.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"

static struct every every_of(uint64_t period_ms, int64_t anchor_ms)
{
    struct every every = {0};
    struct trigger_error error;
    assert_true(every_init(period_ms, anchor_ms, &every, &error));
    return every;
}

static void the_phase_comes_from_the_anchor(void **state)
{
    (void)state;
    struct every every = every_of(300000, 1800000123456);
    int64_t due_ms;
    assert_true(every_next(&every, 1800000123455, &due_ms));
    assert_int_equal(due_ms, 1800000123456);
    assert_true(every_next(&every, due_ms, &due_ms));
    assert_int_equal(due_ms, 1800000123456 + 300000);
    assert_true(every_is_due(&every, due_ms));
    assert_false(every_is_due(&every, due_ms + 1));
    assert_true(every_is_due(&every, 1800000123456 - 300000LL * 1000)); // before the anchor too
}

static void asking_from_anywhere_gives_the_same_due_times(void **state)
{
    (void)state;
    struct every near = every_of(7001, 50), far = every_of(7001, 50 + 7001LL * 123456789),
                 back = every_of(7001, 50 - 7001);
    for (int64_t after_ms = -10000; after_ms < 100000; after_ms += 333) {
        int64_t a = 0, b = 0, c = 0;
        assert_true(every_next(&near, after_ms, &a));
        assert_true(every_next(&far, after_ms, &b));
        assert_true(every_next(&back, after_ms, &c));
        assert_true(a == b && b == c && a > after_ms && a >= 0);
        assert_true(a - 7001 <= MAX_OF(after_ms, -1));
    }
}

static void counting_is_arithmetic(void **state)
{
    (void)state;
    struct every every = every_of(1000, 500);
    assert_int_equal(every_count(&every, 0, 500), 1);
    assert_int_equal(every_count(&every, 500, 1499), 0);
    assert_int_equal(every_count(&every, 500, 1500), 1);
    assert_int_equal(every_count(&every, 500, 500), 0);
    assert_int_equal(every_count(&every, 1500, 500), 0);
    assert_int_equal(every_count(&every, 0, 365LL * 24 * 3600 * 1000), 365 * 24 * 3600);
}

static void extremes_do_not_overflow(void **state)
{
    (void)state;
    static const int64_t anchors[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX};
    static const uint64_t periods[] = {LIMIT_PERIOD_MS_MIN, 86400000, LIMIT_PERIOD_MS_MAX};
    for (size_t i = 0; i < COUNT_OF(anchors); i++)
        for (size_t j = 0; j < COUNT_OF(periods); j++) {
            struct every every = every_of(periods[j], anchors[i]);
            int64_t first_ms, due_ms;
            assert_true(every_next(&every, INT64_MIN, &first_ms));
            assert_true(first_ms >= 0 && first_ms < (int64_t)periods[j]);
            assert_true(every_is_due(&every, first_ms));
            assert_false(every_next(&every, INT64_MAX, &due_ms));
            assert_false(every_next(&every, LIMIT_WALL_MS_MAX, &due_ms));
            assert_false(every_is_due(&every, INT64_MAX) || every_is_due(&every, INT64_MIN));
            uint64_t expected = (uint64_t)(LIMIT_WALL_MS_MAX - first_ms) / periods[j] + 1;
            assert_int_equal(every_count(&every, INT64_MIN, INT64_MAX), expected);
        }
}

static void periods_out_of_bounds_are_refused(void **state)
{
    (void)state;
    static const uint64_t periods[] = {0, 1, LIMIT_PERIOD_MS_MIN - 1, LIMIT_PERIOD_MS_MAX + 1ULL, UINT64_MAX};
    for (size_t i = 0; i < COUNT_OF(periods); i++) {
        struct every every;
        struct trigger_error error;
        assert_false(every_init(periods[i], 0, &every, &error));
        assert_non_null(strstr(error.text, "allowed are 1s to 3660d"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_phase_comes_from_the_anchor),
        cmocka_unit_test(asking_from_anywhere_gives_the_same_due_times),
        cmocka_unit_test(counting_is_arithmetic),
        cmocka_unit_test(extremes_do_not_overflow),
        cmocka_unit_test(periods_out_of_bounds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
