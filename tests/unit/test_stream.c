// test_stream.c - two ends of a stream talk through a wire that cuts, flips and lies about lengths.
#include "proto/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CALLER, LISTENER };

struct wire {
    struct stream ends[2];
    struct buffer log; // what both ends saw, one line of bytes per event
};

static struct fleet_id fleet_of(uint8_t number)
{
    return (struct fleet_id){.hash = {.b = {number}}};
}

static struct stream_options options_of(int side)
{
    struct stream_options options = {
        .initiator = side == CALLER, .purpose = STREAM_PEER, .fleet = fleet_of(1)};
    memset(options.identity.b, 10 + side, DH_SIZE);
    memset(options.one_time.b, 20 + side, DH_SIZE);
    return options;
}

static void wire_start(struct wire *wire)
{
    *wire = (struct wire){0};
    for (int side = 0; side < 2; side++) {
        struct stream_options options = options_of(side);
        stream_init(&wire->ends[side], &options);
    }
}

static void wire_stop(struct wire *wire)
{
    stream_deinit(&wire->ends[0]);
    stream_deinit(&wire->ends[1]);
    buffer_deinit(&wire->log);
}

// Reacts to one event as a caller would, and logs it.
static void react(struct wire *wire, int side, const struct stream_event *event)
{
    buffer_add_u8(&wire->log, (uint8_t)side);
    buffer_add_u8(&wire->log, (uint8_t)event->kind);
    if (event->kind == STREAM_EVENT_CALLED)
        assert_int_equal(stream_accept(&wire->ends[side]), 0);
    if (event->kind == STREAM_EVENT_ANSWERED) {
        assert_int_equal(stream_confirm(&wire->ends[side], bytes_of_text("certificate")), 0);
        assert_int_equal(stream_send(&wire->ends[side], 1, bytes_of_text("first")), 0);
        assert_int_equal(stream_send(&wire->ends[side], 2, bytes_of(NULL, 0)), 0);
    }
    if (event->kind == STREAM_EVENT_OPEN)
        assert_int_equal(stream_send(&wire->ends[side], 3, bytes_of_text("welcome")), 0);
    if (event->kind == STREAM_EVENT_FRAME)
        buffer_add_u8(&wire->log, event->type);
    buffer_add(&wire->log, event->payload.data, event->payload.size);
}

static void feed(struct wire *wire, int side, struct bytes bytes)
{
    struct stream_event event;
    stream_receive(&wire->ends[side], bytes);
    while (stream_next(&wire->ends[side], &event))
        react(wire, side, &event);
}

// Moves everything one side wants to send to the other, in pieces: one of `first` bytes, then `piece` each.
static bool deliver(struct wire *wire, int from, size_t first, size_t piece)
{
    struct buffer moved = *stream_output(&wire->ends[from]);
    *stream_output(&wire->ends[from]) = (struct buffer){0};
    size_t done = 0, size = MIN_OF(first, moved.size);
    for (; done < moved.size; done += size, size = MIN_OF(piece, moved.size - done))
        feed(wire, 1 - from, bytes_of(moved.data + done, size));
    bool any = moved.size > 0;
    buffer_deinit(&moved);
    return any;
}

static void settle(struct wire *wire, size_t first, size_t piece)
{
    bool more = true;
    while (more) {
        more = deliver(wire, CALLER, first, piece);
        more = deliver(wire, LISTENER, first, piece) || more;
    }
}

static const size_t WHOLE = 1 << 20;

static struct buffer log_of_undisturbed(void)
{
    struct wire wire;
    wire_start(&wire);
    settle(&wire, WHOLE, WHOLE);
    struct buffer log = wire.log;
    wire.log = (struct buffer){0};
    wire_stop(&wire);
    return log;
}

static void two_ends_meet_and_talk(void **state)
{
    (void)state;
    struct wire wire;
    wire_start(&wire);
    settle(&wire, WHOLE, WHOLE);
    static const uint8_t wanted[] = {LISTENER,
                                     STREAM_EVENT_CALLED,
                                     CALLER,
                                     STREAM_EVENT_ANSWERED,
                                     LISTENER,
                                     STREAM_EVENT_OPEN,
                                     'c',
                                     'e',
                                     'r',
                                     't',
                                     'i',
                                     'f',
                                     'i',
                                     'c',
                                     'a',
                                     't',
                                     'e',
                                     LISTENER,
                                     STREAM_EVENT_FRAME,
                                     1,
                                     'f',
                                     'i',
                                     'r',
                                     's',
                                     't',
                                     LISTENER,
                                     STREAM_EVENT_FRAME,
                                     2,
                                     CALLER,
                                     STREAM_EVENT_FRAME,
                                     3,
                                     'w',
                                     'e',
                                     'l',
                                     'c',
                                     'o',
                                     'm',
                                     'e'};
    assert_int_equal(wire.log.size, sizeof wanted);
    assert_memory_equal(wire.log.data, wanted, sizeof wanted);
    assert_true(bytes_equal(stream_hash(&wire.ends[0]), stream_hash(&wire.ends[1])));
    for (int side = 0; side < 2; side++) {
        struct stream_options other = options_of(1 - side);
        struct public_key key = dh_public_of(&other.identity);
        assert_memory_equal(wire.ends[side].remote.b, key.b, PUBLIC_KEY_SIZE);
    }
    wire_stop(&wire);
}

static void every_split_of_the_bytes_gives_the_same_events(void **state)
{
    (void)state;
    struct buffer wanted = log_of_undisturbed();
    for (size_t first = 1; first < 200; first++) {
        struct wire wire;
        wire_start(&wire);
        settle(&wire, first, WHOLE);
        assert_true(bytes_equal(buffer_view(&wire.log), buffer_view(&wanted)));
        wire_stop(&wire);
    }
    for (size_t piece = 1; piece < 120; piece++) {
        struct wire wire;
        wire_start(&wire);
        settle(&wire, piece, piece);
        assert_true(bytes_equal(buffer_view(&wire.log), buffer_view(&wanted)));
        wire_stop(&wire);
    }
    buffer_deinit(&wanted);
}

static void a_join_call_shows_its_tag_before_any_answer(void **state)
{
    (void)state;
    struct stream_options options = options_of(CALLER);
    struct stream caller, listener;
    struct stream_event event;
    options.purpose = STREAM_JOIN;
    memcpy(options.tag, "tagtagta", STREAM_TAG_SIZE);
    stream_init(&caller, &options);
    options = options_of(LISTENER);
    stream_init(&listener, &options);
    stream_receive(&listener, buffer_view(stream_output(&caller)));
    assert_true(stream_next(&listener, &event));
    assert_int_equal(event.kind, STREAM_EVENT_CALLED);
    assert_int_equal(event.purpose, STREAM_JOIN);
    assert_memory_equal(event.tag, "tagtagta", STREAM_TAG_SIZE);
    assert_int_equal(stream_output(&listener)->size, 0);
    assert_int_equal(stream_accept(&listener), 0);
    assert_true(stream_output(&listener)->size <= stream_output(&caller)->size);
    stream_deinit(&caller);
    stream_deinit(&listener);
}

static void expect_broken(struct stream *stream, int outcome)
{
    struct stream_event event;
    assert_true(stream_next(stream, &event));
    assert_int_equal(event.kind, STREAM_EVENT_BROKEN);
    assert_int_equal(event.outcome, outcome);
    assert_false(stream_next(stream, &event));
    assert_int_equal(stream->input.size, 0);
    stream_receive(stream, bytes_of_text("more"));
    assert_false(stream_next(stream, &event));
}

static void a_claim_of_four_gigabytes_takes_no_memory(void **state)
{
    (void)state;
    static const uint8_t claim[4] = {0xff, 0xff, 0xff, 0xff};
    struct wire wire;
    wire_start(&wire);
    stream_receive(&wire.ends[LISTENER], bytes_of(claim, sizeof claim));
    expect_broken(&wire.ends[LISTENER], STREAM_BAD_LENGTH);
    wire_stop(&wire);

    wire_start(&wire);
    settle(&wire, WHOLE, WHOLE);
    stream_receive(&wire.ends[CALLER], bytes_of(claim, sizeof claim));
    assert_true(wire.ends[CALLER].input.capacity <= 4096);
    expect_broken(&wire.ends[CALLER], STREAM_BAD_LENGTH);
    wire_stop(&wire);
}

static void lengths_just_outside_their_bounds_are_refused(void **state)
{
    (void)state;
    static const uint32_t calls[] = {0, 1, 95, 97}, frames[] = {0, 16, LIMIT_STREAM_FRAME_SIZE_MAX + 18};
    struct wire wire;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        struct buffer claim = {0};
        wire_start(&wire);
        buffer_add_u32(&claim, calls[i]);
        stream_receive(&wire.ends[LISTENER], buffer_view(&claim));
        expect_broken(&wire.ends[LISTENER], STREAM_BAD_LENGTH);
        buffer_deinit(&claim);
        wire_stop(&wire);
    }
    for (size_t i = 0; i < COUNT_OF(frames); i++) {
        struct buffer claim = {0};
        wire_start(&wire);
        settle(&wire, WHOLE, WHOLE);
        buffer_add_u32(&claim, frames[i]);
        stream_receive(&wire.ends[LISTENER], buffer_view(&claim));
        expect_broken(&wire.ends[LISTENER], STREAM_BAD_LENGTH);
        buffer_deinit(&claim);
        wire_stop(&wire);
    }
}

static void the_largest_frame_arrives_and_its_memory_is_given_back(void **state)
{
    (void)state;
    struct buffer large = {0};
    struct stream_event event;
    struct wire wire;
    wire_start(&wire);
    settle(&wire, WHOLE, WHOLE);
    for (size_t i = 0; i < LIMIT_STREAM_FRAME_SIZE_MAX; i++)
        buffer_add_u8(&large, (uint8_t)(i * 7));
    assert_int_equal(stream_send(&wire.ends[CALLER], 9, buffer_view(&large)), 0);
    stream_receive(&wire.ends[LISTENER], buffer_view(stream_output(&wire.ends[CALLER])));
    assert_true(stream_next(&wire.ends[LISTENER], &event));
    assert_int_equal(event.type, 9);
    assert_true(bytes_equal(event.payload, buffer_view(&large)));
    assert_false(stream_next(&wire.ends[LISTENER], &event));
    assert_true(wire.ends[LISTENER].input.capacity <= 4096);

    buffer_clear(stream_output(&wire.ends[CALLER]));
    buffer_add_u8(&large, 0);
    assert_int_equal(stream_send(&wire.ends[CALLER], 9, buffer_view(&large)), STREAM_TOO_LARGE);
    assert_int_equal(stream_output(&wire.ends[CALLER])->size, 0);
    buffer_deinit(&large);
    wire_stop(&wire);
}

// Runs the whole conversation with one bit of one direction flipped. True when both ends stayed whole.
static bool survives_flip(int from, size_t position, struct bytes *ret_log, struct wire *wire)
{
    size_t passed = 0;
    wire_start(wire);
    for (int round = 0; round < 8; round++) {
        int side = round % 2;
        struct buffer *output = stream_output(&wire->ends[side]);
        if (side == from && position >= passed && position < passed + output->size)
            output->data[position - passed] ^= 1;
        if (side == from)
            passed += output->size;
        deliver(wire, side, WHOLE, WHOLE);
    }
    *ret_log = buffer_view(&wire->log);
    return wire->ends[0].state == STREAM_OPEN && wire->ends[1].state == STREAM_OPEN;
}

static void a_flipped_bit_never_reaches_the_caller_as_data(void **state)
{
    (void)state;
    struct buffer wanted = log_of_undisturbed();
    static const size_t sizes[2] = {100 + 4 + 64 + 11 + 4 + 22 + 4 + 17, 100 + 4 + 24};
    for (int from = 0; from < 2; from++) {
        for (size_t position = 0; position < sizes[from]; position++) {
            struct wire wire;
            struct bytes log;
            bool whole = survives_flip(from, position, &log, &wire);
            // A length that grew waits for bytes that never come; all else is broken at once.
            assert_false(whole && bytes_equal(log, buffer_view(&wanted)));
            assert_true(log.size < wanted.size || !whole);
            wire_stop(&wire);
        }
    }
    buffer_deinit(&wanted);
}

static void frames_cannot_be_repeated_swapped_or_dropped(void **state)
{
    (void)state;
    static const int orders[3][2] = {{0, 0}, {1, 0}, {1, 1}};
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct wire wire;
        struct stream_event event;
        wire_start(&wire);
        settle(&wire, WHOLE, WHOLE);
        struct buffer *output = stream_output(&wire.ends[CALLER]);
        assert_int_equal(stream_send(&wire.ends[CALLER], 7, bytes_of_text("aaa")), 0);
        size_t size = output->size;
        assert_int_equal(stream_send(&wire.ends[CALLER], 7, bytes_of_text("bbb")), 0);
        stream_receive(&wire.ends[LISTENER], bytes_of(output->data + size * (size_t)orders[i][0], size));
        if (orders[i][0] == 0)
            assert_true(stream_next(&wire.ends[LISTENER], &event));
        stream_receive(&wire.ends[LISTENER], bytes_of(output->data + size * (size_t)orders[i][1], size));
        expect_broken(&wire.ends[LISTENER], STREAM_FORGED);
        wire_stop(&wire);
    }
}

static void a_frame_sent_back_to_its_sender_does_not_open(void **state)
{
    (void)state;
    struct wire wire;
    wire_start(&wire);
    settle(&wire, WHOLE, WHOLE);
    assert_int_equal(stream_send(&wire.ends[CALLER], 7, bytes_of_text("mirror")), 0);
    stream_receive(&wire.ends[CALLER], buffer_view(stream_output(&wire.ends[CALLER])));
    expect_broken(&wire.ends[CALLER], STREAM_FORGED);
    wire_stop(&wire);
}

static void another_fleet_or_purpose_does_not_open(void **state)
{
    (void)state;
    for (int variant = 0; variant < 2; variant++) {
        struct stream caller, listener;
        struct stream_event event;
        struct stream_options options = options_of(CALLER);
        stream_init(&caller, &options);
        options = options_of(LISTENER);
        if (variant == 0)
            options.fleet = fleet_of(2);
        else
            stream_output(&caller)->data[4 + 32 + 1] = STREAM_JOIN; // on the way
        stream_init(&listener, &options);
        stream_receive(&listener, buffer_view(stream_output(&caller)));
        assert_true(stream_next(&listener, &event)); // nothing proven yet on either side
        assert_int_equal(stream_accept(&listener), 0);
        stream_receive(&caller, buffer_view(stream_output(&listener)));
        expect_broken(&caller, STREAM_FORGED);
        stream_deinit(&caller);
        stream_deinit(&listener);
    }
}

static void unknown_versions_and_purposes_get_no_answer(void **state)
{
    (void)state;
    static const struct {
        size_t position;
        uint8_t value;
        int outcome;
    } cases[] = {{0, 2, STREAM_OTHER_VERSION},
                 {0, 0, STREAM_OTHER_VERSION},
                 {1, 0, STREAM_UNKNOWN_PURPOSE},
                 {1, 3, STREAM_UNKNOWN_PURPOSE}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct wire wire;
        wire_start(&wire);
        struct buffer *call = stream_output(&wire.ends[CALLER]);
        call->data[4 + 32 + cases[i].position] = cases[i].value;
        stream_receive(&wire.ends[LISTENER], buffer_view(call));
        expect_broken(&wire.ends[LISTENER], cases[i].outcome);
        assert_int_equal(stream_output(&wire.ends[LISTENER])->size, 0);
        wire_stop(&wire);
    }
}

static void a_key_of_small_order_gets_no_answer(void **state)
{
    (void)state;
    struct wire wire;
    struct stream_event event;
    wire_start(&wire);
    memset(stream_output(&wire.ends[CALLER])->data + 4, 0, 32);
    stream_receive(&wire.ends[LISTENER], buffer_view(stream_output(&wire.ends[CALLER])));
    assert_true(stream_next(&wire.ends[LISTENER], &event));
    assert_int_equal(stream_accept(&wire.ends[LISTENER]), STREAM_FORGED);
    assert_int_equal(stream_output(&wire.ends[LISTENER])->size, 0);
    wire_stop(&wire);
}

static void speaking_before_the_answer_breaks_the_stream(void **state)
{
    (void)state;
    struct wire wire;
    struct stream_event event;
    wire_start(&wire);
    struct buffer *call = stream_output(&wire.ends[CALLER]);
    buffer_add_u8(call, 0);
    stream_receive(&wire.ends[LISTENER], buffer_view(call));
    assert_true(stream_next(&wire.ends[LISTENER], &event));
    assert_int_equal(event.kind, STREAM_EVENT_CALLED);
    expect_broken(&wire.ends[LISTENER], STREAM_OUT_OF_TURN);
    assert_int_equal(stream_accept(&wire.ends[LISTENER]), STREAM_OUT_OF_TURN); // too late
    assert_int_equal(stream_output(&wire.ends[LISTENER])->size, 0);
    wire_stop(&wire);

    wire_start(&wire);
    deliver(&wire, CALLER, WHOLE, WHOLE);
    struct buffer *answer = stream_output(&wire.ends[LISTENER]);
    buffer_add_u8(answer, 0);
    stream_receive(&wire.ends[CALLER], buffer_view(answer));
    assert_true(stream_next(&wire.ends[CALLER], &event));
    assert_int_equal(event.kind, STREAM_EVENT_ANSWERED);
    expect_broken(&wire.ends[CALLER], STREAM_OUT_OF_TURN);
    assert_int_equal(stream_confirm(&wire.ends[CALLER], bytes_of_text("x")), STREAM_OUT_OF_TURN);
    wire_stop(&wire);
}

static void nothing_is_sent_before_the_stream_is_open(void **state)
{
    (void)state;
    struct wire wire;
    wire_start(&wire);
    size_t before = stream_output(&wire.ends[CALLER])->size;
    assert_int_equal(stream_send(&wire.ends[CALLER], 1, bytes_of_text("x")), STREAM_NOT_OPEN);
    assert_int_equal(stream_send(&wire.ends[LISTENER], 1, bytes_of_text("x")), STREAM_NOT_OPEN);
    assert_int_equal(stream_output(&wire.ends[CALLER])->size, before);
    wire_stop(&wire);
}

static void a_certificate_that_is_too_large_leaves_a_second_try(void **state)
{
    (void)state;
    static const uint8_t large[STREAM_PAYLOAD_OF_CONFIRM_MAX + 1];
    struct wire wire;
    struct stream_event event;
    wire_start(&wire);
    deliver(&wire, CALLER, WHOLE, WHOLE);
    stream_receive(&wire.ends[CALLER], buffer_view(stream_output(&wire.ends[LISTENER])));
    assert_true(stream_next(&wire.ends[CALLER], &event));
    assert_int_equal(stream_confirm(&wire.ends[CALLER], bytes_of(large, sizeof large)), STREAM_TOO_LARGE);
    assert_int_equal(stream_confirm(&wire.ends[CALLER], bytes_of(large, sizeof large - 1)), 0);
    buffer_clear(stream_output(&wire.ends[LISTENER]));
    deliver(&wire, CALLER, 100, 1000);
    assert_int_equal(wire.ends[LISTENER].state, STREAM_OPEN);
    wire_stop(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_ends_meet_and_talk),
        cmocka_unit_test(every_split_of_the_bytes_gives_the_same_events),
        cmocka_unit_test(a_join_call_shows_its_tag_before_any_answer),
        cmocka_unit_test(a_claim_of_four_gigabytes_takes_no_memory),
        cmocka_unit_test(lengths_just_outside_their_bounds_are_refused),
        cmocka_unit_test(the_largest_frame_arrives_and_its_memory_is_given_back),
        cmocka_unit_test(a_flipped_bit_never_reaches_the_caller_as_data),
        cmocka_unit_test(frames_cannot_be_repeated_swapped_or_dropped),
        cmocka_unit_test(a_frame_sent_back_to_its_sender_does_not_open),
        cmocka_unit_test(another_fleet_or_purpose_does_not_open),
        cmocka_unit_test(unknown_versions_and_purposes_get_no_answer),
        cmocka_unit_test(a_key_of_small_order_gets_no_answer),
        cmocka_unit_test(speaking_before_the_answer_breaks_the_stream),
        cmocka_unit_test(nothing_is_sent_before_the_stream_is_open),
        cmocka_unit_test(a_certificate_that_is_too_large_leaves_a_second_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
