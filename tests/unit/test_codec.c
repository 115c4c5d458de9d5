// test_codec.c - unpacking stops at the ceiling, before anybody reads what was unpacked.
#include "proto/codec.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

// Of the generated code, which only proto/ledger.c includes: a list of messages.
extern const ProtobufCMessageDescriptor katydid__ledger__cursors__descriptor;

static void remember_reading(struct codec *codec, const void *message, void *out)
{
    (void)codec;
    (void)message;
    *(bool *)out = true;
}

static bool reads_empty_items(size_t count)
{
    static const struct codec_message type = {
        .descriptor = &katydid__ledger__cursors__descriptor, .size = sizeof(bool), .read = remember_reading};
    struct buffer body = {0};
    struct arena arena = {0};
    bool was_read = false;
    for (size_t i = 0; i < count; i++)
        buffer_add(&body, "\x0a\x00", 2);
    int outcome = codec_decode(&type, buffer_view(&body), &arena, &was_read);
    assert_int_equal(outcome, was_read ? 0 : CODEC_MALFORMED);
    assert_int_equal(arena.used, 0); // what protobuf-c took is not the caller's
    buffer_deinit(&body);
    arena_deinit(&arena);
    return was_read;
}

static void a_bomb_is_not_unpacked(void **state)
{
    (void)state;
    assert_true(reads_empty_items(LIMIT_LEDGER_ITEM_COUNT_MAX + 1));
    assert_false(reads_empty_items(LIMIT_RECORD_SIZE_MAX / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bomb_is_not_unpacked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
