// test_terminal.c - nothing that comes from elsewhere can move a cursor, hide text or break a table.
#include "node/cli/grid.h"
#include "node/cli/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_escape(const char *text, const char *wanted)
{
    char *shown = terminal_escape_text(text);
    assert_string_equal(shown, wanted);
    free(shown);
}

static void plain_text_of_any_alphabet_passes(void **state)
{
    (void)state;
    check_escape("backup-nas", "backup-nas");
    check_escape("Grüße, мир, 世界 🎉", "Grüße, мир, 世界 🎉");
    check_escape("", "");
}

static void control_characters_become_visible(void **state)
{
    (void)state;
    check_escape("a\nb\tc\rd", "a\\nb\\tc\\rd");
    check_escape("\x1b[2Jgone", "\\x1b[2Jgone");
    check_escape("bell\a back\b del\x7f", "bell\\x07 back\\x08 del\\x7f");
    check_escape("\xc2\x9b"
                 "31m",
                 "\\x9b31m"); // the one-character form of ESC [
}

static void text_cannot_be_reordered_or_hidden(void **state)
{
    (void)state;
    check_escape("evil\xe2\x80\xae"
                 "gpj.sh",
                 "evil\\u202egpj.sh");
    check_escape("a\xe2\x80\x8b"
                 "b",
                 "a\\u200bb");
    check_escape("\xef\xbb\xbfx", "\\ufeffx");
    check_escape("\xf3\xa0\x81\x81", "\\U0e0041");
}

static void invalid_utf8_is_shown_byte_by_byte(void **state)
{
    (void)state;
    check_escape("a\xff\xfe", "a\\xff\\xfe");
    check_escape("\xc0\xaf", "\\xc0\\xaf");          // an overlong slash
    check_escape("\xed\xa0\x80", "\\xed\\xa0\\x80"); // half of a surrogate pair
    check_escape("\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80");
    check_escape("cut \xe4\xb8", "cut \\xe4\\xb8");
}

static void output_keeps_its_lines(void **state)
{
    (void)state;
    struct buffer out = {0};
    terminal_escape(bytes_of_text("one\n\ttwo\x1b[0m\r\n"), TERMINAL_MANY_LINES, &out);
    buffer_add_u8(&out, 0);
    assert_string_equal((char *)out.data, "one\n\ttwo\\x1b[0m\\r\n");
    buffer_deinit(&out);
}

static void widths_are_what_a_terminal_draws(void **state)
{
    (void)state;
    assert_int_equal(terminal_width("abc"), 3);
    assert_int_equal(terminal_width("Grüße"), 5);
    assert_int_equal(terminal_width("世界"), 4);
    assert_int_equal(terminal_width("e\xcc\x81"), 1); // e and a combining accent
    assert_int_equal(terminal_width("🎉"), 2);
    assert_int_equal(terminal_width("한국어"), 6);
}

static void a_file_has_no_colour(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_false(terminal_has_colour(file));
    fclose(file);
}

static void columns_line_up_whatever_is_in_them(void **state)
{
    (void)state;
    static const char *const HEADINGS[] = {"NAME", ">COUNT", "NOTE"};
    struct grid grid;
    char *text = NULL;
    size_t size = 0;
    grid_init(&grid, HEADINGS, 3);
    grid_add(&grid, "世界");
    grid_add_format(&grid, "%d", 7);
    grid_add(&grid, "");
    grid_add_colour(&grid, "a\nb", TERMINAL_RED);
    grid_add_format(&grid, "%d", 1234567);
    grid_add(&grid, "last");
    assert_int_equal(grid_row_count(&grid), 2);
    FILE *out = open_memstream(&text, &size);
    grid_print(&grid, out);
    fclose(out);
    assert_string_equal(text, "NAME    COUNT  NOTE\n"
                              "世界        7\n"
                              "a\\nb  1234567  last\n");
    free(text);
    grid_deinit(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_of_any_alphabet_passes),
        cmocka_unit_test(control_characters_become_visible),
        cmocka_unit_test(text_cannot_be_reordered_or_hidden),
        cmocka_unit_test(invalid_utf8_is_shown_byte_by_byte),
        cmocka_unit_test(output_keeps_its_lines),
        cmocka_unit_test(widths_are_what_a_terminal_draws),
        cmocka_unit_test(a_file_has_no_colour),
        cmocka_unit_test(columns_line_up_whatever_is_in_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
