// test_format.c - the bytes of every kind of record, pinned: signed formats must not change by accident.
//
// A line changes only together with the format itself, on purpose, before the first release.
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    enum envelope_kind kind;
    size_t size;           // of the body
    const char *beginning; // of the record id
} pinned[] = {
    {ENVELOPE_GENESIS, 64, "552c714eb7074334"},    {ENVELOPE_AUTHORITY, 88, "7e3e1939bfcbd498"},
    {ENVELOPE_INVITE, 86, "0b7a4d9ac0d36fcf"},     {ENVELOPE_ADMISSION, 103, "18e08b070ada7d9d"},
    {ENVELOPE_KEYS, 77, "445bd3cd80e64176"},       {ENVELOPE_NODE, 80, "282fd367a8f22db6"},
    {ENVELOPE_DEFINITION, 78, "19e712bb68c1ec78"}, {ENVELOPE_PAUSE, 120, "2da4d271944075f3"},
    {ENVELOPE_DELETE, 28, "08b11abfaa83bae5"},     {ENVELOPE_ORDER, 98, "13381ee329f82545"},
    {ENVELOPE_EVENT, 52, "71e6dea357ab3164"},      {ENVELOPE_ALIVE, 110, "1abbcfb97961d929"},
    {ENVELOPE_LEAVE, 4, "fabf172dc842d945"},       {ENVELOPE_SUSPICION, 24, "a7022bc8413a0897"},
    {ENVELOPE_CLAIM, 159, "ad580d80c77d04ca"},     {ENVELOPE_RESULT, 147, "77aa086a323e86c4"},
    {ENVELOPE_VERDICT, 58, "cca9ea7679b45ef9"},    {ENVELOPE_CURSOR, 66, "4d6d02614d252acd"},
    {ENVELOPE_SEGMENT, 109, "1ed552fa9c3d48d6"},
};

static void bodies_are_what_they_were(void **state)
{
    (void)state;
    struct envelope_signer signer = support_signer(NULL, 1);
    assert_int_equal(COUNT_OF(pinned), support_kind_count);
    for (size_t i = 0; i < COUNT_OF(pinned); i++) {
        struct buffer body = {0}, record = {0};
        char text[17];
        support_body(pinned[i].kind, &body);
        struct record_id id = envelope_sign(&signer, pinned[i].kind, buffer_view(&body), &record);
        hex_encode(id.hash.b, 8, text);
        if (body.size != pinned[i].size || strcmp(text, pinned[i].beginning) != 0)
            fail_msg("kind %02x has become {0x%02x, %zu, \"%s\"}", pinned[i].kind, pinned[i].kind, body.size,
                     text);
        buffer_deinit(&body);
        buffer_deinit(&record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_what_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
