#include "proto/bytes.h"

#include <stdlib.h>
#include <string.h>

struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){data, size};
}

struct bytes bytes_of_text(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t shared = MIN_OF(a.size, b.size);
    int order = shared ? memcmp(a.data, b.data, shared) : 0;
    if (order)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

void buffer_deinit(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
}

void buffer_add(struct buffer *buffer, const void *data, size_t size)
{
    if (!size)
        return;
    void *array = buffer->data;
    base_grow(&array, &buffer->capacity, buffer->size + size, 1);
    buffer->data = array;
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

static void buffer_add_number(struct buffer *buffer, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    buffer_add(buffer, bytes, size);
}

void buffer_add_u8(struct buffer *buffer, uint8_t value)
{
    buffer_add_number(buffer, value, 1);
}

void buffer_add_u16(struct buffer *buffer, uint16_t value)
{
    buffer_add_number(buffer, value, 2);
}

void buffer_add_u32(struct buffer *buffer, uint32_t value)
{
    buffer_add_number(buffer, value, 4);
}

void buffer_add_u64(struct buffer *buffer, uint64_t value)
{
    buffer_add_number(buffer, value, 8);
}

void buffer_drop_front(struct buffer *buffer, size_t size)
{
    assert(size <= buffer->size);
    if (size && size < buffer->size)
        memmove(buffer->data, buffer->data + size, buffer->size - size);
    buffer->size -= size;
}

struct bytes buffer_view(const struct buffer *buffer)
{
    return (struct bytes){buffer->data, buffer->size};
}

void reader_init(struct reader *reader, struct bytes input)
{
    *reader = (struct reader){.rest = input};
}

struct bytes reader_bytes(struct reader *reader, size_t size)
{
    if (reader->failed || size > reader->rest.size) {
        reader->failed = true;
        return (struct bytes){0};
    }
    struct bytes taken = {reader->rest.data, size};
    if (size) {
        reader->rest.data += size;
        reader->rest.size -= size;
    }
    return taken;
}

static uint64_t reader_number(struct reader *reader, size_t size)
{
    struct bytes taken = reader_bytes(reader, size);
    uint64_t value = 0;
    for (size_t i = 0; i < taken.size; i++)
        value |= (uint64_t)taken.data[i] << (8 * i);
    return value;
}

uint8_t reader_u8(struct reader *reader)
{
    return (uint8_t)reader_number(reader, 1);
}

uint16_t reader_u16(struct reader *reader)
{
    return (uint16_t)reader_number(reader, 2);
}

uint32_t reader_u32(struct reader *reader)
{
    return (uint32_t)reader_number(reader, 4);
}

uint64_t reader_u64(struct reader *reader)
{
    return reader_number(reader, 8);
}

void reader_copy(struct reader *reader, void *out, size_t size)
{
    struct bytes taken = reader_bytes(reader, size);
    if (taken.size == size && size)
        memcpy(out, taken.data, size);
    else if (size)
        memset(out, 0, size);
}

bool reader_is_done(const struct reader *reader)
{
    return !reader->failed && reader->rest.size == 0;
}

void hex_encode(const void *data, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * size] = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(const char *text, void *out, size_t size)
{
    if (strlen(text) != 2 * size)
        return false;
    for (size_t i = 0; i < 2 * size; i++)
        if (hex_digit(text[i]) < 0)
            return false;
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)out)[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return true;
}
