#include "crdt/reconcile_wire.h"

#include <string.h>

enum {
    MODE_MASK = 3,
    FORM_SHIFT = 2,
    FORM_SHIFTED_MAX = 61,
    FORM_ID = 62,
    FORM_END = 63,
};

int reconcile_wire_compare(const struct reconcile_wire_bound *a, const struct reconcile_wire_bound *b)
{
    if (a->is_end || b->is_end)
        return (int)a->is_end - (int)b->is_end;
    return reconcile_item_compare(&a->item, &b->item);
}

struct reconcile_wire_bound reconcile_wire_between(const struct reconcile_item *low,
                                                   const struct reconcile_item *high)
{
    struct reconcile_wire_bound bound = {0};
    bound.item.stamp = high->stamp;
    if (low->stamp != high->stamp) { // the highest bit that differs is set in the higher: the rest can go
        int shift = 63 - __builtin_clzll(low->stamp ^ high->stamp);
        bound.item.stamp = high->stamp >> shift << shift;
        return bound;
    }
    size_t shared = 0;
    while (low->id.b[shared] == high->id.b[shared])
        shared++;
    memcpy(bound.item.id.b, high->id.b, shared + 1);
    return bound;
}

// --- writing -----------------------------------------------------------------

static void write_varint(struct buffer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buffer_add_u8(out, (uint8_t)(value | 0x80));
    buffer_add_u8(out, (uint8_t)value);
}

static size_t id_size(const struct hash *id)
{
    size_t size = HASH_SIZE;
    while (size && !id->b[size - 1])
        size--;
    return size;
}

static void write_head(struct buffer *out, enum reconcile_wire_mode mode, unsigned form)
{
    buffer_add_u8(out, (uint8_t)((unsigned)mode | form << FORM_SHIFT));
}

static void write_bound(struct reconcile_wire_writer *writer, enum reconcile_wire_mode mode,
                        const struct reconcile_wire_bound *bound)
{
    uint64_t before = writer->last.item.stamp, stamp = bound->item.stamp;
    size_t size = id_size(&bound->item.id);
    if (bound->is_end) {
        write_head(writer->out, mode, FORM_END);
    } else if (size || stamp == before) {
        write_head(writer->out, mode, FORM_ID);
        write_varint(writer->out, stamp - before);
        buffer_add_u8(writer->out, (uint8_t)size);
        buffer_add(writer->out, bound->item.id.b, size);
    } else {
        unsigned form = MIN_OF((unsigned)__builtin_ctzll(stamp), FORM_SHIFTED_MAX);
        write_head(writer->out, mode, form);
        write_varint(writer->out, (stamp >> form) - (before >> form));
    }
    writer->last = *bound;
}

void reconcile_wire_start(struct reconcile_wire_writer *writer, struct buffer *out, uint64_t salt)
{
    *writer = (struct reconcile_wire_writer){.out = out};
    buffer_add_u8(out, RECONCILE_WIRE_VERSION);
    buffer_add_u64(out, salt);
}

void reconcile_wire_write(struct reconcile_wire_writer *writer, const struct reconcile_wire_bound *lower,
                          const struct reconcile_wire_range *range)
{
    if (reconcile_wire_compare(&writer->last, lower) < 0)
        write_bound(writer, RECONCILE_WIRE_SKIP, lower);
    write_bound(writer, range->mode, &range->upper);
    if (range->mode == RECONCILE_WIRE_LIST || range->mode == RECONCILE_WIRE_WANT)
        buffer_add_u8(writer->out, (uint8_t)range->count);
    buffer_add(writer->out, range->payload.data, range->payload.size);
}

// --- reading -----------------------------------------------------------------

static bool read_varint(struct reader *reader, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t byte = reader_u8(reader);
        uint64_t part = byte & 0x7f;
        if (part << shift >> shift != part)
            return false;
        value |= part << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return !reader->failed;
        }
    }
    return false;
}

static bool read_shifted(struct reconcile_wire_reader *reader, unsigned form, struct reconcile_item *item)
{
    uint64_t before = reader->last.item.stamp >> form, delta;
    if (!read_varint(&reader->reader, &delta) || delta > (UINT64_MAX >> form) - before)
        return false;
    item->stamp = (before + delta) << form;
    return true;
}

static bool read_with_id(struct reconcile_wire_reader *reader, struct reconcile_item *item)
{
    uint64_t before = reader->last.item.stamp, delta;
    if (!read_varint(&reader->reader, &delta) || delta > UINT64_MAX - before)
        return false;
    item->stamp = before + delta;
    size_t size = reader_u8(&reader->reader);
    if (size > HASH_SIZE)
        return false;
    reader_copy(&reader->reader, item->id.b, size);
    return true;
}

static bool read_bound(struct reconcile_wire_reader *reader, unsigned form,
                       struct reconcile_wire_bound *bound)
{
    bool is_read = true;
    *bound = (struct reconcile_wire_bound){.is_end = form == FORM_END};
    if (form == FORM_ID)
        is_read = read_with_id(reader, &bound->item);
    else if (form != FORM_END)
        is_read = read_shifted(reader, form, &bound->item);
    return is_read && !reader->reader.failed && reconcile_wire_compare(&reader->last, bound) < 0;
}

bool reconcile_wire_open(struct reconcile_wire_reader *reader, struct bytes message, uint64_t *ret_salt)
{
    *reader = (struct reconcile_wire_reader){0};
    reader_init(&reader->reader, message);
    uint8_t version = reader_u8(&reader->reader);
    uint64_t salt = reader_u64(&reader->reader);
    if (reader->reader.failed || version != RECONCILE_WIRE_VERSION ||
        message.size > LIMIT_STREAM_FRAME_SIZE_MAX)
        return false;
    *ret_salt = salt;
    return true;
}

bool reconcile_wire_has_more(const struct reconcile_wire_reader *reader)
{
    return reader->reader.rest.size > 0;
}

bool reconcile_wire_read(struct reconcile_wire_reader *reader, struct reconcile_wire_range *ret_range)
{
    struct reconcile_wire_range range = {0};
    uint8_t head = reader_u8(&reader->reader);
    range.mode = (enum reconcile_wire_mode)(head & MODE_MASK);
    if (!read_bound(reader, head >> FORM_SHIFT, &range.upper))
        return false;
    if (range.mode == RECONCILE_WIRE_FINGERPRINT) {
        range.payload = reader_bytes(&reader->reader, RECONCILE_WIRE_FINGERPRINT_SIZE);
    } else if (range.mode != RECONCILE_WIRE_SKIP) {
        range.count = reader_u8(&reader->reader);
        if (range.count >= RECONCILE_LIST_COUNT)
            return false;
        range.payload = reader_bytes(&reader->reader, range.count * RECONCILE_WIRE_SHORT_SIZE);
    }
    if (reader->reader.failed)
        return false;
    reader->last = range.upper;
    *ret_range = range;
    return true;
}
