// fuzz_packet.c - any plain text of a datagram: refused, or a packet that encodes to the same bytes.
#include "proto/packet.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet packet;
    if (packet_decode(bytes_of(data, size), &packet) != 0)
        return 0;
    struct buffer out = {0};
    packet_encode(&packet, &out);
    assert(bytes_equal(buffer_view(&out), bytes_of(data, size)));
    buffer_deinit(&out);
    size_t items_size = 0;
    struct packet_item item;
    struct bytes items = packet.items;
    while (packet_next_item(&items, &item))
        items_size += PACKET_ITEM_OVERHEAD_SIZE + item.data.size;
    assert(items_size == packet.items.size);
    return 0;
}
