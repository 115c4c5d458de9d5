#include "proto/packet.h"

#include <string.h>

enum {
    TYPE_MASK = 0x0f,
    FLAG_WHOLE = 0x10,
    WALL_SIZE = 6,
};

static void read_summary(struct reader *reader, struct packet_summary *ret_summary)
{
    reader_copy(reader, ret_summary->members.b, PACKET_FINGERPRINT_SIZE);
    reader_copy(reader, ret_summary->table.b, PACKET_FINGERPRINT_SIZE);
    reader_copy(reader, ret_summary->authority_head.b, PACKET_FINGERPRINT_SIZE);
    ret_summary->authority_number = reader_u64(reader);
}

static void add_summary(struct buffer *out, const struct packet_summary *summary)
{
    buffer_add(out, summary->members.b, PACKET_FINGERPRINT_SIZE);
    buffer_add(out, summary->table.b, PACKET_FINGERPRINT_SIZE);
    buffer_add(out, summary->authority_head.b, PACKET_FINGERPRINT_SIZE);
    buffer_add_u64(out, summary->authority_number);
}

static uint64_t read_wall(struct reader *reader)
{
    uint64_t low = reader_u32(reader);
    return low | (uint64_t)reader_u16(reader) << 32;
}

static void add_wall(struct buffer *out, uint64_t wall_ms)
{
    assert(wall_ms >> (8 * WALL_SIZE) == 0);
    buffer_add_u32(out, (uint32_t)wall_ms);
    buffer_add_u16(out, (uint16_t)(wall_ms >> 32));
}

static bool has_summary(enum packet_type type)
{
    return type == PACKET_PING || type == PACKET_ACK;
}

static void read_by_type(struct reader *reader, struct packet *packet)
{
    switch (packet->type) {
    case PACKET_PING:
        if (!packet->whole)
            reader_copy(reader, packet->digest.b, PACKET_FINGERPRINT_SIZE);
        break;
    case PACKET_ACK:
        packet->wall_ms = read_wall(reader);
        break;
    case PACKET_ASK:
        reader_copy(reader, packet->target.b, sizeof packet->target.b);
        packet->wait_ms = reader_u16(reader);
        break;
    case PACKET_RELAYED:
    case PACKET_NACK:
    case PACKET_NEWS:
        break;
    }
    if (packet->whole)
        read_summary(reader, &packet->summary);
}

int packet_decode(struct bytes input, struct packet *ret_packet)
{
    struct packet packet = {0};
    struct reader reader;
    if (input.size > PACKET_SIZE_MAX)
        return PACKET_MALFORMED;
    reader_init(&reader, input);
    uint8_t first = reader_u8(&reader);
    if ((first & TYPE_MASK) < PACKET_PING || (first & TYPE_MASK) > PACKET_NEWS)
        return PACKET_MALFORMED;
    packet.type = (enum packet_type)(first & TYPE_MASK);
    packet.whole = first & FLAG_WHOLE;
    if ((first & ~(TYPE_MASK | FLAG_WHOLE)) || (packet.whole && !has_summary(packet.type)))
        return PACKET_MALFORMED;
    if (packet.type != PACKET_NEWS)
        packet.sequence = reader_u32(&reader);
    read_by_type(&reader, &packet);
    if (reader.failed)
        return PACKET_MALFORMED;
    packet.items = reader.rest;
    struct packet_item item;
    while (packet_next_item(&reader.rest, &item))
        ;
    if (reader.rest.size)
        return PACKET_MALFORMED;
    *ret_packet = packet;
    return 0;
}

void packet_encode(const struct packet *packet, struct buffer *out)
{
    assert(!packet->whole || has_summary(packet->type));
    buffer_add_u8(out, (uint8_t)(packet->type | (packet->whole ? FLAG_WHOLE : 0)));
    if (packet->type != PACKET_NEWS)
        buffer_add_u32(out, packet->sequence);
    if (packet->type == PACKET_PING && !packet->whole)
        buffer_add(out, packet->digest.b, PACKET_FINGERPRINT_SIZE);
    if (packet->type == PACKET_ACK)
        add_wall(out, packet->wall_ms);
    if (packet->type == PACKET_ASK) {
        buffer_add(out, packet->target.b, sizeof packet->target.b);
        buffer_add_u16(out, packet->wait_ms);
    }
    if (packet->whole)
        add_summary(out, &packet->summary);
    buffer_add(out, packet->items.data, packet->items.size);
}

bool packet_next_item(struct bytes *items, struct packet_item *ret_item)
{
    struct reader reader;
    reader_init(&reader, *items);
    uint8_t class = reader_u8(&reader);
    struct bytes data = reader_bytes(&reader, reader_u16(&reader));
    if (reader.failed)
        return false;
    *ret_item = (struct packet_item){class, data};
    *items = reader.rest;
    return true;
}

void packet_add_item(struct buffer *items, uint8_t class, struct bytes data)
{
    assert(data.size <= PACKET_ITEM_SIZE_MAX);
    buffer_add_u8(items, class);
    buffer_add_u16(items, (uint16_t)data.size);
    buffer_add(items, data.data, data.size);
}

struct packet_fingerprint packet_summary_digest(const struct packet_summary *summary)
{
    struct hasher hasher;
    struct packet_fingerprint digest;
    hasher_start(&hasher, "katydid-summary-1");
    hasher_add(&hasher, summary->members.b, PACKET_FINGERPRINT_SIZE);
    hasher_add(&hasher, summary->table.b, PACKET_FINGERPRINT_SIZE);
    hasher_add(&hasher, summary->authority_head.b, PACKET_FINGERPRINT_SIZE);
    hasher_add_u64(&hasher, summary->authority_number);
    struct hash hash = hasher_finish(&hasher);
    memcpy(digest.b, hash.b, sizeof digest.b);
    return digest;
}

bool packet_fingerprint_equal(const struct packet_fingerprint *a, const struct packet_fingerprint *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}
