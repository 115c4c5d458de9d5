// test_bytes.c - views, buffers, readers and hexadecimal.
#include "proto/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void buffer_grows_and_drops(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    for (uint32_t i = 0; i < 1000; i++)
        buffer_add_u32(&buffer, i);
    assert_int_equal(buffer.size, 4000);
    buffer_drop_front(&buffer, 3996);
    struct reader reader;
    reader_init(&reader, buffer_view(&buffer));
    assert_int_equal(reader_u32(&reader), 999);
    assert_true(reader_is_done(&reader));
    buffer_deinit(&buffer);
}

static void reader_remembers_a_short_read(void **state)
{
    (void)state;
    uint8_t three[3] = {1, 2, 3};
    struct reader reader;
    reader_init(&reader, bytes_of(three, sizeof three));
    assert_int_equal(reader_u16(&reader), 0x0201);
    assert_int_equal(reader_u32(&reader), 0);
    assert_int_equal(reader_u8(&reader), 0);
    assert_false(reader_is_done(&reader));
}

static void hex_is_checked(void **state)
{
    (void)state;
    uint8_t out[2] = {9, 9};
    char text[5];
    assert_false(hex_decode("12g4", out, 2));
    assert_false(hex_decode("123", out, 2));
    assert_int_equal(out[0], 9);
    assert_true(hex_decode("12aB", out, 2));
    hex_encode(out, 2, text);
    assert_string_equal(text, "12ab");
}

static void prefixes_sort_first(void **state)
{
    (void)state;
    assert_true(bytes_compare(bytes_of_text("ab"), bytes_of_text("abc")) < 0);
    assert_true(bytes_compare(bytes_of_text("b"), bytes_of_text("abc")) > 0);
    assert_true(bytes_equal(bytes_of_text("abc"), bytes_of_text("abc")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_grows_and_drops),
        cmocka_unit_test(reader_remembers_a_short_read),
        cmocka_unit_test(hex_is_checked),
        cmocka_unit_test(prefixes_sort_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
