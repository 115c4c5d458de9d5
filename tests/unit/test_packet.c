// test_packet.c - the plain text of datagrams: every type comes back as it was, nothing bent is taken.
#include "proto/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct packet_summary summary_of(uint8_t fill)
{
    struct packet_summary summary = {.authority_number = fill * UINT64_C(1000000007)};
    memset(summary.members.b, fill, sizeof summary.members.b);
    memset(summary.table.b, fill + 1, sizeof summary.table.b);
    memset(summary.authority_head.b, fill + 2, sizeof summary.authority_head.b);
    return summary;
}

static struct packet through_the_wire(const struct packet *packet, struct buffer *wire)
{
    struct packet back;
    buffer_clear(wire);
    packet_encode(packet, wire);
    assert_int_equal(packet_decode(buffer_view(wire), &back), 0);
    return back;
}

static void an_idle_ping_takes_13_bytes_and_its_ack_11(void **state)
{
    (void)state;
    struct buffer wire = {0};
    struct packet_summary summary = summary_of(1);
    struct packet ping = {.type = PACKET_PING, .sequence = 7, .digest = packet_summary_digest(&summary)};
    struct packet back = through_the_wire(&ping, &wire);
    assert_int_equal(wire.size, 13);
    assert_false(back.whole);
    assert_int_equal(back.sequence, 7);
    assert_true(packet_fingerprint_equal(&back.digest, &ping.digest));
    struct packet ack = {.type = PACKET_ACK, .sequence = 7, .wall_ms = UINT64_C(0xfedcba987654)};
    back = through_the_wire(&ack, &wire);
    assert_int_equal(wire.size, 11);
    assert_int_equal(back.wall_ms, UINT64_C(0xfedcba987654));
    buffer_deinit(&wire);
}

static void a_whole_summary_comes_back(void **state)
{
    (void)state;
    struct buffer wire = {0};
    static const enum packet_type types[] = {PACKET_PING, PACKET_ACK};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct packet packet = {.type = types[i], .whole = true, .summary = summary_of(9)};
        struct packet back = through_the_wire(&packet, &wire);
        assert_true(back.whole);
        assert_memory_equal(&back.summary, &packet.summary, sizeof back.summary);
    }
    buffer_deinit(&wire);
}

static void the_other_types_come_back(void **state)
{
    (void)state;
    struct buffer wire = {0};
    struct packet ask = {.type = PACKET_ASK, .sequence = 3, .wait_ms = 700};
    memset(ask.target.b, 0xab, sizeof ask.target.b);
    struct packet back = through_the_wire(&ask, &wire);
    assert_int_equal(back.wait_ms, 700);
    assert_true(node_id_equal(&back.target, &ask.target));
    static const enum packet_type types[] = {PACKET_RELAYED, PACKET_NACK, PACKET_NEWS};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct packet packet = {.type = types[i], .sequence = types[i] == PACKET_NEWS ? 0 : 77};
        back = through_the_wire(&packet, &wire);
        assert_int_equal(back.type, types[i]);
        assert_int_equal(back.sequence, packet.sequence);
    }
    buffer_deinit(&wire);
}

static void items_come_back_in_order(void **state)
{
    (void)state;
    struct buffer items = {0}, wire = {0};
    packet_add_item(&items, 1, bytes_of_text("first"));
    packet_add_item(&items, 200, bytes_of_text(""));
    packet_add_item(&items, 3, bytes_of_text("third"));
    struct packet news = {.type = PACKET_NEWS, .items = buffer_view(&items)};
    struct packet back = through_the_wire(&news, &wire);
    struct packet_item item;
    assert_true(packet_next_item(&back.items, &item));
    assert_int_equal(item.class, 1);
    assert_true(bytes_equal(item.data, bytes_of_text("first")));
    assert_true(packet_next_item(&back.items, &item));
    assert_int_equal(item.data.size, 0);
    assert_true(packet_next_item(&back.items, &item));
    assert_int_equal(item.class, 3);
    assert_false(packet_next_item(&back.items, &item));
    buffer_deinit(&items);
    buffer_deinit(&wire);
}

static void the_largest_item_fits_beside_the_largest_header(void **state)
{
    (void)state;
    static const uint8_t data[PACKET_ITEM_SIZE_MAX];
    struct buffer items = {0}, wire = {0};
    packet_add_item(&items, 1, bytes_of(data, sizeof data));
    struct packet ack = {.type = PACKET_ACK, .whole = true, .items = buffer_view(&items)};
    through_the_wire(&ack, &wire);
    assert_int_equal(wire.size, PACKET_SIZE_MAX);
    assert_in_range(LIMIT_RUMOUR_RECORD_SIZE_MAX, 1, PACKET_ITEM_SIZE_MAX);
    buffer_deinit(&items);
    buffer_deinit(&wire);
}

static void a_packet_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct buffer items = {0}, wire = {0};
    packet_add_item(&items, 1, bytes_of_text("an item"));
    struct packet ack = {
        .type = PACKET_ACK, .whole = true, .summary = summary_of(4), .items = buffer_view(&items)};
    packet_encode(&ack, &wire);
    struct packet back;
    size_t header_size = wire.size - items.size;
    for (size_t size = 0; size < wire.size; size++) {
        int expected = size == header_size ? 0 : PACKET_MALFORMED; // cut between items is a whole packet
        assert_int_equal(packet_decode(bytes_of(wire.data, size), &back), expected);
    }
    buffer_deinit(&items);
    buffer_deinit(&wire);
}

static void unknown_types_and_flags_are_refused(void **state)
{
    (void)state;
    uint8_t wire[64] = {0};
    struct packet back;
    for (unsigned first = 0; first < 256; first++) {
        wire[0] = (uint8_t)first;
        unsigned type = first & 0x0f;
        bool whole = first & 0x10;
        bool known =
            type >= PACKET_PING && type <= PACKET_NEWS && !(first & 0xe0) && (!whole || type <= PACKET_ACK);
        int expected = known ? 0 : PACKET_MALFORMED;
        // what follows the header reads as empty items of class 0, if it is a multiple of three
        size_t header = type == PACKET_PING   ? (whole ? 37 : 13)
                        : type == PACKET_ACK  ? (whole ? 43 : 11)
                        : type == PACKET_ASK  ? 23
                        : type == PACKET_NEWS ? 1
                                              : 5;
        assert_int_equal(packet_decode(bytes_of(wire, header + 6), &back), expected);
    }
}

static void more_than_a_datagram_is_refused(void **state)
{
    (void)state;
    static uint8_t wire[PACKET_SIZE_MAX + 1] = {PACKET_NEWS};
    struct packet back;
    assert_int_equal(packet_decode(bytes_of(wire, sizeof wire), &back), PACKET_MALFORMED);
}

static void every_field_of_a_summary_is_in_its_digest(void **state)
{
    (void)state;
    struct packet_summary summaries[5];
    for (size_t i = 0; i < 5; i++)
        summaries[i] = summary_of(1);
    summaries[1].members.b[0] ^= 1;
    summaries[2].table.b[7] ^= 1;
    summaries[3].authority_head.b[3] ^= 1;
    summaries[4].authority_number++;
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < i; j++) {
            struct packet_fingerprint a = packet_summary_digest(&summaries[i]);
            struct packet_fingerprint b = packet_summary_digest(&summaries[j]);
            assert_false(packet_fingerprint_equal(&a, &b));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_ping_takes_13_bytes_and_its_ack_11),
        cmocka_unit_test(a_whole_summary_comes_back),
        cmocka_unit_test(the_other_types_come_back),
        cmocka_unit_test(items_come_back_in_order),
        cmocka_unit_test(the_largest_item_fits_beside_the_largest_header),
        cmocka_unit_test(a_packet_cut_anywhere_is_refused),
        cmocka_unit_test(unknown_types_and_flags_are_refused),
        cmocka_unit_test(more_than_a_datagram_is_refused),
        cmocka_unit_test(every_field_of_a_summary_is_in_its_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
