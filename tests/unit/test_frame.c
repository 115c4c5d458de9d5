// test_frame.c - frames between runner and network process: what goes in comes out, nothing else gets in.
#include "proto/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t ZONE_FILE[] = {'T', 'Z', 'i', 'f', 0, 1, 2};

static struct frame full_frame(enum frame_kind kind)
{
    struct frame frame = {
        .kind = kind,
        .start = {.trigger = 3,
                  .targeted = true,
                  .due_ms = 1790000000123,
                  .cause = FRAME_CATCH_UP,
                  .attempt = 2,
                  .generation = 77,
                  .sent_boottime_ns = 123456789012345,
                  .clock_offset_ms = -600000},
        .ok = true,
        .rule = 4,
        .reason = "due time is not one of the trigger's",
        .pid = 4711,
        .started_ms = 1790000000200,
        .taken = {70000, 5},
        .ended_ms = 1790000000300,
        .status = LEDGER_TIMEOUT,
        .exit_code = -1,
        .signal = 9,
        .user_ms = 5,
        .system_ms = 6,
        .memory_bytes = 1 << 20,
        .action = FRAME_STOP,
        .name = "Europe/Berlin",
        .boottime_ns = 42,
        .confined = MEMBER_CONFINED_FULL,
        .is_root = true,
        .data = {ZONE_FILE, sizeof ZONE_FILE},
    };
    memset(frame.run.b, 0x11, sizeof frame.run.b);
    memset(frame.start.definition.b, 0x22, sizeof frame.start.definition.b);
    memset(frame.start.cause_record.b, 0x33, sizeof frame.start.cause_record.b);
    memset(frame.record.b, 0x44, sizeof frame.record.b);
    memset(frame.boot, 0x55, sizeof frame.boot);
    return frame;
}

static void every_kind_survives_the_round_trip(void **state)
{
    (void)state;
    for (int kind = 1; kind < FRAME_KIND_COUNT; kind++) {
        struct frame frame = full_frame((enum frame_kind)kind), decoded;
        struct buffer first = {0}, second = {0};
        frame_encode(&frame, &first);
        assert_int_equal(frame_decode(buffer_view(&first), &decoded), 0);
        assert_int_equal(decoded.kind, kind);
        frame_encode(&decoded, &second);
        assert_true(bytes_equal(buffer_view(&first), buffer_view(&second)));
        buffer_deinit(&first);
        buffer_deinit(&second);
    }
}

static void a_start_carries_each_of_its_fields(void **state)
{
    (void)state;
    struct frame frame = full_frame(FRAME_START), decoded;
    struct buffer out = {0};
    frame_encode(&frame, &out);
    assert_int_equal(frame_decode(buffer_view(&out), &decoded), 0);
    assert_memory_equal(decoded.start.definition.b, frame.start.definition.b, HASH_SIZE);
    assert_memory_equal(decoded.start.cause_record.b, frame.start.cause_record.b, HASH_SIZE);
    assert_int_equal(decoded.start.trigger, 3);
    assert_true(decoded.start.targeted);
    assert_true(decoded.start.due_ms == 1790000000123);
    assert_int_equal(decoded.start.cause, FRAME_CATCH_UP);
    assert_int_equal(decoded.start.attempt, 2);
    assert_true(decoded.start.generation == 77);
    assert_true(decoded.start.sent_boottime_ns == 123456789012345);
    assert_true(decoded.start.clock_offset_ms == -600000);
    buffer_deinit(&out);
}

static void an_end_carries_each_of_its_fields(void **state)
{
    (void)state;
    struct frame frame = full_frame(FRAME_ENDED), decoded;
    struct buffer out = {0};
    frame_encode(&frame, &out);
    assert_int_equal(frame_decode(buffer_view(&out), &decoded), 0);
    assert_int_equal(decoded.status, LEDGER_TIMEOUT);
    assert_int_equal(decoded.exit_code, -1);
    assert_int_equal(decoded.signal, 9);
    assert_true(decoded.started_ms == frame.started_ms && decoded.ended_ms == frame.ended_ms);
    assert_true(decoded.user_ms == 5 && decoded.system_ms == 6 && decoded.memory_bytes == 1 << 20);
    assert_string_equal(decoded.reason, frame.reason);
    buffer_deinit(&out);
}

static void a_frame_cut_or_lengthened_is_malformed(void **state)
{
    (void)state;
    for (int kind = 1; kind < FRAME_KIND_COUNT; kind++) {
        struct frame frame = full_frame((enum frame_kind)kind), decoded;
        struct buffer out = {0};
        frame_encode(&frame, &out);
        bool open_ended = kind == FRAME_RECORD || kind == FRAME_SHOW || kind == FRAME_ZONE;
        size_t fixed = open_ended ? out.size - frame.data.size : out.size;
        for (size_t size = 0; size < fixed; size++)
            assert_int_equal(frame_decode(bytes_of(out.data, size), &decoded), FRAME_MALFORMED);
        buffer_add_u8(&out, 0);
        assert_int_equal(frame_decode(buffer_view(&out), &decoded), open_ended ? 0 : FRAME_MALFORMED);
        buffer_deinit(&out);
    }
}

static int decode_start(const struct frame_start *start)
{
    struct frame frame = {.kind = FRAME_START, .start = *start}, decoded;
    struct buffer out = {0};
    frame_encode(&frame, &out);
    int outcome = frame_decode(buffer_view(&out), &decoded);
    buffer_deinit(&out);
    return outcome;
}

static void numbers_out_of_range_are_malformed(void **state)
{
    (void)state;
    const struct frame_start good = full_frame(FRAME_START).start;
    assert_int_equal(decode_start(&good), 0);
    struct frame_start bad = good;
    bad.attempt = 0;
    assert_int_equal(decode_start(&bad), FRAME_MALFORMED);
    bad = good;
    bad.due_ms = -1;
    assert_int_equal(decode_start(&bad), FRAME_MALFORMED);
    bad.due_ms = LIMIT_WALL_MS_MAX + 1;
    assert_int_equal(decode_start(&bad), FRAME_MALFORMED);
    bad = good;
    bad.trigger = LIMIT_TRIGGER_COUNT_MAX;
    assert_int_equal(decode_start(&bad), FRAME_MALFORMED);
    bad.trigger = FRAME_TRIGGER_ORDER;
    assert_int_equal(decode_start(&bad), 0);
    bad = good;
    bad.cause = (enum frame_cause)FRAME_CAUSE_COUNT;
    assert_int_equal(decode_start(&bad), FRAME_MALFORMED);
    bad.cause = (enum frame_cause)0;
    assert_int_equal(decode_start(&bad), FRAME_MALFORMED);
}

static void unknown_kinds_and_giants_are_malformed(void **state)
{
    (void)state;
    struct frame decoded;
    uint8_t kind[2] = {0};
    assert_int_equal(frame_decode(bytes_of(kind, 1), &decoded), FRAME_MALFORMED);
    kind[0] = FRAME_KIND_COUNT;
    assert_int_equal(frame_decode(bytes_of(kind, 1), &decoded), FRAME_MALFORMED);
    struct buffer giant = {0};
    buffer_add_u8(&giant, FRAME_RECORD);
    while (giant.size < LIMIT_RUNNER_FRAME_SIZE_MAX)
        buffer_add_u8(&giant, 7);
    assert_int_equal(frame_decode(buffer_view(&giant), &decoded), 0);
    assert_int_equal(decoded.data.size, LIMIT_RUNNER_FRAME_SIZE_MAX - 1);
    buffer_add_u8(&giant, 7);
    assert_int_equal(frame_decode(buffer_view(&giant), &decoded), FRAME_MALFORMED);
    buffer_deinit(&giant);
}

static void a_name_with_a_zero_byte_or_too_long_is_malformed(void **state)
{
    (void)state;
    struct frame decoded;
    uint8_t text[200] = {FRAME_ZONE_WANT, 3, 'U', 0, 'C'};
    assert_int_equal(frame_decode(bytes_of(text, 5), &decoded), FRAME_MALFORMED);
    text[3] = 'T';
    assert_int_equal(frame_decode(bytes_of(text, 5), &decoded), 0);
    assert_string_equal(decoded.name, "UTC");
    memset(text + 2, 'a', sizeof text - 2);
    text[1] = FRAME_NAME_ROOM;
    assert_int_equal(frame_decode(bytes_of(text, 2 + FRAME_NAME_ROOM), &decoded), FRAME_MALFORMED);
    text[1] = FRAME_NAME_ROOM - 1;
    assert_int_equal(frame_decode(bytes_of(text, 1 + FRAME_NAME_ROOM), &decoded), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_survives_the_round_trip),
        cmocka_unit_test(a_start_carries_each_of_its_fields),
        cmocka_unit_test(an_end_carries_each_of_its_fields),
        cmocka_unit_test(a_frame_cut_or_lengthened_is_malformed),
        cmocka_unit_test(numbers_out_of_range_are_malformed),
        cmocka_unit_test(unknown_kinds_and_giants_are_malformed),
        cmocka_unit_test(a_name_with_a_zero_byte_or_too_long_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
