// test_at.c - given instants: in order, each once, bounded.
#include "node/core/trigger/at.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"

static void instants_are_sorted_and_each_comes_once(void **state)
{
    (void)state;
    static const int64_t given[] = {3000, 1000, 2000, 1000, 3000};
    struct at at;
    struct trigger_error error;
    int64_t due_ms = -1;
    assert_true(at_init(given, COUNT_OF(given), &at, &error));
    for (int64_t expected = 1000; expected <= 3000; expected += 1000) {
        assert_true(at_next(&at, due_ms, &due_ms));
        assert_int_equal(due_ms, expected);
        assert_true(at_is_due(&at, due_ms));
        assert_false(at_is_due(&at, due_ms + 1) || at_is_due(&at, due_ms - 1));
    }
    assert_false(at_next(&at, due_ms, &due_ms));
    assert_int_equal(at_count(&at, INT64_MIN, INT64_MAX), 3);
    assert_int_equal(at_count(&at, 1000, 3000), 2);
    assert_int_equal(at_count(&at, 999, 2999), 2);
    assert_int_equal(at_count(&at, 3000, 1000), 0);
    at_deinit(&at);
}

static void the_ends_of_the_calendar_are_instants_too(void **state)
{
    (void)state;
    static const int64_t given[] = {LIMIT_WALL_MS_MAX, 0};
    struct at at;
    struct trigger_error error;
    int64_t due_ms;
    assert_true(at_init(given, COUNT_OF(given), &at, &error));
    assert_true(at_next(&at, INT64_MIN, &due_ms));
    assert_int_equal(due_ms, 0);
    assert_true(at_next(&at, 0, &due_ms));
    assert_int_equal(due_ms, LIMIT_WALL_MS_MAX);
    assert_false(at_next(&at, INT64_MAX, &due_ms));
    at_deinit(&at);
    at_deinit(&at);
}

static void none_too_many_and_absurd_ones_are_refused(void **state)
{
    (void)state;
    int64_t many[LIMIT_INSTANT_COUNT_MAX + 1] = {0};
    const int64_t early = -1, late = LIMIT_WALL_MS_MAX + 1;
    struct at at;
    struct trigger_error error;
    assert_false(at_init(many, 0, &at, &error));
    assert_false(at_init(many, COUNT_OF(many), &at, &error));
    assert_non_null(strstr(error.text, "allowed are 1-64"));
    assert_false(at_init(&early, 1, &at, &error));
    assert_false(at_init(&late, 1, &at, &error));
    assert_non_null(strstr(error.text, "instant 1"));
    assert_true(at_init(many, LIMIT_INSTANT_COUNT_MAX, &at, &error));
    assert_int_equal(at.count, 1);
    at_deinit(&at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_sorted_and_each_comes_once),
        cmocka_unit_test(the_ends_of_the_calendar_are_instants_too),
        cmocka_unit_test(none_too_many_and_absurd_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
