// test_replay_window.c - the window at its edges, and against a plain list of what was taken.
#include "proto/replay_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_number_is_taken_once(void **state)
{
    (void)state;
    struct replay_window window;
    replay_window_init(&window, 0);
    assert_false(replay_window_take(&window, 0));
    assert_true(replay_window_take(&window, 1));
    assert_false(replay_window_take(&window, 1));
    assert_true(replay_window_take(&window, 3));
    assert_true(replay_window_take(&window, 2));
    assert_false(replay_window_take(&window, 2));
    assert_false(replay_window_take(&window, 3));
}

static void the_window_is_exactly_as_wide_as_it_says(void **state)
{
    (void)state;
    struct replay_window window;
    replay_window_init(&window, 0);
    assert_true(replay_window_take(&window, 5000));
    assert_false(replay_window_take(&window, 5000 - REPLAY_WINDOW_SIZE));
    assert_true(replay_window_take(&window, 5000 - REPLAY_WINDOW_SIZE + 1));
    assert_false(replay_window_take(&window, 5000 - REPLAY_WINDOW_SIZE + 1));
    assert_true(replay_window_take(&window, 5001));
    assert_false(replay_window_take(&window, 5000 - REPLAY_WINDOW_SIZE + 1));
    assert_true(replay_window_take(&window, 5000 - REPLAY_WINDOW_SIZE + 2));
}

static void a_jump_forgets_nothing_it_should_keep(void **state)
{
    (void)state;
    static const uint64_t jumps[] = {
        1, 63, 64, 65, REPLAY_WINDOW_SIZE - 1, REPLAY_WINDOW_SIZE, REPLAY_WINDOW_SIZE + 1, 1u << 30};
    for (size_t i = 0; i < COUNT_OF(jumps); i++) {
        struct replay_window window;
        replay_window_init(&window, 0);
        for (uint64_t number = 1; number <= 2000; number++)
            assert_true(replay_window_take(&window, number));
        assert_true(replay_window_take(&window, 2000 + jumps[i]));
        for (uint64_t number = 1; number <= 2000; number++)
            assert_false(replay_window_take(&window, number));
        for (uint64_t number = MAX_OF(2001, 2000 + jumps[i] - REPLAY_WINDOW_SIZE + 1);
             number < 2000 + jumps[i]; number++)
            assert_true(replay_window_take(&window, number));
    }
}

static void everything_up_to_the_floor_counts_as_taken(void **state)
{
    (void)state;
    struct replay_window window;
    replay_window_init(&window, 700);
    assert_true(replay_window_take(&window, 703));
    for (uint64_t number = 0; number <= 700; number++)
        assert_false(replay_window_take(&window, number));
    assert_true(replay_window_take(&window, 701));
    assert_true(replay_window_take(&window, 702));
}

static void the_last_number_there_is_does_not_wrap_around(void **state)
{
    (void)state;
    struct replay_window window;
    replay_window_init(&window, 5);
    assert_true(replay_window_take(&window, UINT64_MAX));
    assert_false(replay_window_take(&window, UINT64_MAX));
    assert_false(replay_window_take(&window, 6));
    assert_true(replay_window_take(&window, UINT64_MAX - 1));
    assert_true(replay_window_take(&window, UINT64_MAX - REPLAY_WINDOW_SIZE + 1));
    assert_false(replay_window_take(&window, UINT64_MAX - REPLAY_WINDOW_SIZE));
}

// The same question asked of a list that remembers everything.
static void it_agrees_with_a_complete_memory(void **state)
{
    (void)state;
    static bool taken[20000];
    struct replay_window window;
    uint64_t top = 0, random = 88172645463325252u;
    memset(taken, 0, sizeof taken);
    taken[0] = true;
    replay_window_init(&window, 0);
    for (int i = 0; i < 200000; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        uint64_t low = top > 1200 ? top - 1200 : 0;
        uint64_t number = MIN_OF(low + random % 1220, COUNT_OF(taken) - 1);
        bool wanted = !taken[number] && (number > top || top - number < REPLAY_WINDOW_SIZE);
        assert_int_equal(replay_window_take(&window, number), wanted);
        taken[number] = taken[number] || wanted;
        top = MAX_OF(top, number);
    }
    assert_true(top > 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_taken_once),
        cmocka_unit_test(the_window_is_exactly_as_wide_as_it_says),
        cmocka_unit_test(a_jump_forgets_nothing_it_should_keep),
        cmocka_unit_test(everything_up_to_the_floor_counts_as_taken),
        cmocka_unit_test(the_last_number_there_is_does_not_wrap_around),
        cmocka_unit_test(it_agrees_with_a_complete_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
