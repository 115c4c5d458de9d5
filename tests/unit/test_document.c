// test_document.c - what --json prints is valid, and says absent where something is absent.
#include "node/cli/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check(json_t *value, const char *wanted)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(value);
}

static void times_are_utc_with_milliseconds(void **state)
{
    (void)state;
    check(document_time(1795694400007), "\"2026-11-26T12:00:00.007Z\"");
    check(document_time(0), "null");
}

static void text_is_always_valid(void **state)
{
    (void)state;
    check(document_text("Grüße"), "\"Grüße\"");
    check(document_text("a\xff"
                        "b"),
          "\"a\xef\xbf\xbd"
          "b\"");
    check(document_bytes(bytes_of("a\0\x1b", 3)), "\"a\\u0000\\u001B\"");
    check(document_text_or_null(""), "null");
    check(document_text_or_null(NULL), "null");
    check(document_text_or_null("x"), "\"x\"");
    check(document_text(""), "\"\"");
}

static void ids_are_lower_case_hexadecimal(void **state)
{
    (void)state;
    static const uint8_t ID[] = {0xAB, 0x01};
    check(document_hex(ID, sizeof ID), "\"ab01\"");
}

static void lists_and_numbers(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"nas", "gw-1"};
    check(document_texts(NAMES, 2), "[\"nas\",\"gw-1\"]");
    check(document_texts(NULL, 0), "[]");
    check(document_number(UINT64_MAX), "9223372036854775807");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_utc_with_milliseconds),
        cmocka_unit_test(text_is_always_valid),
        cmocka_unit_test(ids_are_lower_case_hexadecimal),
        cmocka_unit_test(lists_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
