#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/io/notice.h"

static void expect(enum effect_level level, bool for_journal, const char *text, const char *expected)
{
    char line[NOTICE_SIZE_MAX];
    size_t size = notice_format(level, for_journal, text, line);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(line, expected, size);
}

static void the_journal_gets_levels_and_people_get_words(void **state)
{
    (void)state;
    expect(EFFECT_ERROR, true, "disk full", "<3>disk full\n");
    expect(EFFECT_ERROR, false, "disk full", "error: disk full\n");
    expect(EFFECT_WARNING, false, "clock off", "warning: clock off\n");
    expect(EFFECT_INFO, false, "listening", "listening\n");
}

static void a_text_cannot_start_a_line_or_steer_a_terminal(void **state)
{
    (void)state;
    expect(EFFECT_INFO, false, "a\nb\r\x1b[31m", "a\\x0ab\\x0d\\x1b[31m\n");
    expect(EFFECT_INFO, false, "\x7f", "\\x7f\n");
    expect(EFFECT_INFO, false, "\xc2\x9b", "\\xc2\\x9b\n"); // CSI as one character
}

static void other_languages_stay_and_broken_bytes_are_shown(void **state)
{
    (void)state;
    expect(EFFECT_INFO, false, "M\xc3\xbcller \xe2\x82\xac", "M\xc3\xbcller \xe2\x82\xac\n");
    expect(EFFECT_INFO, false, "\xc3", "\\xc3\n");
    expect(EFFECT_INFO, false, "\xff\xfe", "\\xff\\xfe\n");
}

static void a_long_text_is_cut_to_one_line(void **state)
{
    (void)state;
    char text[3 * NOTICE_SIZE_MAX], line[NOTICE_SIZE_MAX];
    memset(text, '\n', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    size_t size = notice_format(EFFECT_ERROR, false, text, line);
    assert_true(size <= NOTICE_SIZE_MAX);
    assert_ptr_equal(memchr(line, '\n', size), line + size - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_journal_gets_levels_and_people_get_words),
        cmocka_unit_test(a_text_cannot_start_a_line_or_steer_a_terminal),
        cmocka_unit_test(other_languages_stay_and_broken_bytes_are_shown),
        cmocka_unit_test(a_long_text_is_cut_to_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
