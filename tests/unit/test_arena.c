// test_arena.c - the ceiling holds, memory is zeroed and aligned, texts end.
#include "proto/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_zeroed_arena_gives_nothing(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(arena_take(&arena, 1, 1));
    assert_null(arena_text(&arena, bytes_of_text("")));
    arena_deinit(&arena);
}

static void the_ceiling_is_reached_and_not_passed(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_allow(&arena, 1000);
    assert_int_equal(arena.ceiling, 8000 + LIMIT_ARENA_BASE_SIZE);
    while (arena_take(&arena, 1, 100))
        assert_true(arena.used <= arena.ceiling);
    assert_true(arena.ceiling - arena.used < 116);
    assert_null(arena_take(&arena, 1, 1000));
    arena_deinit(&arena);
}

static void several_decodes_add_up(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_allow(&arena, 0);
    assert_null(arena_take(&arena, 2, LIMIT_ARENA_BASE_SIZE));
    arena_allow(&arena, 0);
    assert_non_null(arena_take(&arena, 2, LIMIT_ARENA_BASE_SIZE));
    assert_null(arena_take(&arena, 1, 1));
    arena_deinit(&arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_allow(&arena, 0);
    assert_null(arena_take(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_take(&arena, 1, SIZE_MAX));
    assert_null(arena_take(&arena, 1, SIZE_MAX - 15));
    assert_non_null(arena_take(&arena, 0, 8));
    arena_deinit(&arena);
}

static void memory_is_zeroed_aligned_and_kept_apart(void **state)
{
    (void)state;
    struct arena arena = {0};
    uint8_t *taken[200];
    arena_allow(&arena, 4096);
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        taken[i] = arena_take(&arena, i + 1, 1);
        assert_non_null(taken[i]);
        assert_int_equal((uintptr_t)taken[i] % alignof(max_align_t), 0);
        for (size_t j = 0; j <= i; j++)
            assert_int_equal(taken[i][j], 0);
        memset(taken[i], (int)i, i + 1);
        assert_non_null(arena_text(&arena, bytes_of_text("x")));
    }
    for (size_t i = 0; i < COUNT_OF(taken); i++)
        for (size_t j = 0; j <= i; j++)
            assert_int_equal(taken[i][j], i);
    arena_deinit(&arena);
}

static void texts_are_copied_and_ended(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_allow(&arena, 0);
    for (size_t size = 0; size < 700; size += 7) {
        char source[700];
        memset(source, 'a', sizeof source);
        const char *text = arena_text(&arena, bytes_of(source, size));
        assert_int_equal(strlen(text), size);
    }
    arena_deinit(&arena);
    assert_null(arena.blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zeroed_arena_gives_nothing),
        cmocka_unit_test(the_ceiling_is_reached_and_not_passed),
        cmocka_unit_test(several_decodes_add_up),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(memory_is_zeroed_aligned_and_kept_apart),
        cmocka_unit_test(texts_are_copied_and_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
