// test_name.c - names, UTF-8 text, job names.
#include "proto/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void names_follow_the_pattern(void **state)
{
    (void)state;
    static const char *const good[] = {"a",          "A",     "0",    "a.b_c-d", "9lives",
                                       "backup-nas", "0.1.0", "x..y", "a-"};
    static const char *const bad[] = {"",   ".a", "-a",  "_a",  "a b", "a/b",   "a*",
                                      "\n", "ä",  "a\n", "a\t", "a;b", "a\x7f", "$x"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(name_is_valid(bytes_of_text(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(name_is_valid(bytes_of_text(bad[i])));
    assert_false(name_is_valid(bytes_of("a\0b", 3)));
}

static void names_have_63_characters_at_most(void **state)
{
    (void)state;
    char text[64];
    memset(text, 'a', sizeof text);
    assert_true(name_is_valid(bytes_of(text, 63)));
    assert_false(name_is_valid(bytes_of(text, 64)));
}

// Every byte string of one to three bytes against the definition of UTF-8, written down differently.
static bool is_utf8_by_decoding(const uint8_t *data, size_t size)
{
    static const uint32_t lowest[] = {0, 1, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < size;) {
        size_t count = data[i] < 0x80       ? 1
                       : data[i] >> 5 == 6  ? 2
                       : data[i] >> 4 == 14 ? 3
                       : data[i] >> 3 == 30 ? 4
                                            : 0;
        if (!count || i + count > size)
            return false;
        uint32_t point = count == 1 ? data[i] : data[i] & (0x7fu >> count);
        for (size_t j = 1; j < count; j++) {
            if ((data[i + j] & 0xc0) != 0x80)
                return false;
            point = point << 6 | (data[i + j] & 0x3f);
        }
        if (point < lowest[count] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
            return false;
        i += count;
    }
    return true;
}

static void text_is_utf8_without_zero_bytes(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 1u << 24; number += 1 + (number >> 8) % 3) {
        uint8_t data[] = {(uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
        for (size_t size = 1; size <= 3; size++)
            if (name_is_text(bytes_of(data, size), 3) != is_utf8_by_decoding(data, size))
                fail_msg("%02x %02x %02x, first %zu", data[0], data[1], data[2], size);
    }
}

static void four_byte_characters_end_at_10ffff(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 1u << 16; number++) {
        uint8_t data[] = {0xf0 | (number >> 12 & 7), (uint8_t)(0x40 + (number >> 4 & 0xff)),
                          (uint8_t)(0x7e + (number & 3)), (uint8_t)(0xbe + (number >> 2 & 3))};
        assert_int_equal(name_is_text(bytes_of(data, 4), 4), is_utf8_by_decoding(data, 4));
    }
}

static void text_has_a_size(void **state)
{
    (void)state;
    assert_true(name_is_text(bytes_of_text(""), 0));
    assert_true(name_is_text(bytes_of_text("grün"), 5));
    assert_false(name_is_text(bytes_of_text("grün"), 4));
    assert_false(name_is_text(bytes_of("a\0", 2), 10));
}

static void job_names_are_split_and_joined(void **state)
{
    (void)state;
    char space[NAME_ROOM] = "kept", name[NAME_ROOM] = "kept", job[NAME_JOB_ROOM];
    static const char *const bad[] = {"", "/", "a/", "/a", "a/b/c", "a//b", "a /b", "main/.b"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(name_split_job(bad[i], space, name));
    assert_string_equal(space, "kept");
    assert_string_equal(name, "kept");
    assert_true(name_split_job("digest", space, name));
    assert_string_equal(space, "main");
    assert_string_equal(name, "digest");
    assert_true(name_split_job("ops/backup", space, name));
    name_join_job(space, name, job);
    assert_string_equal(job, "ops/backup");
}

static void the_longest_job_name_fits(void **state)
{
    (void)state;
    char space[NAME_ROOM], name[NAME_ROOM], job[NAME_JOB_ROOM], text[2 * 64 + 1];
    memset(text, 'a', sizeof text);
    text[63] = '/';
    text[127] = 0;
    assert_true(name_split_job(text, space, name));
    name_join_job(space, name, job);
    assert_string_equal(job, text);
}

static void a_star_matches_all(void **state)
{
    (void)state;
    assert_true(name_matches("*", "anything"));
    assert_true(name_matches("ops", "ops"));
    assert_false(name_matches("ops", "opsx"));
    assert_false(name_matches("op*", "ops"));
}

static void patterns_have_stars_and_question_marks(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool fits;
    } CASES[] = {
        {"usb/*", "usb/stick", true},
        {"usb/*", "usb/", true},
        {"usb/*", "usb", false},
        {"*", "", true},
        {"*", "a/b", true},
        {"?", "", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"*.csv", "x.csv.csv", true},
        {"*.csv", "x.csv2", false},
        {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-c-b", false},
        {"", "", true},
        {"", "a", false},
        {"**a", "bba", true},
        {"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        assert_int_equal(name_fits(CASES[i].pattern, CASES[i].text), CASES[i].fits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_the_pattern),
        cmocka_unit_test(names_have_63_characters_at_most),
        cmocka_unit_test(text_is_utf8_without_zero_bytes),
        cmocka_unit_test(four_byte_characters_end_at_10ffff),
        cmocka_unit_test(text_has_a_size),
        cmocka_unit_test(job_names_are_split_and_joined),
        cmocka_unit_test(the_longest_job_name_fits),
        cmocka_unit_test(a_star_matches_all),
        cmocka_unit_test(patterns_have_stars_and_question_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
