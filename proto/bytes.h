// bytes.h - stretches of bytes: a borrowed view, an owned buffer that grows, a reader with bounds.
//
// A view never owns. A buffer owns its memory until buffer_deinit. All integers are little endian.
// A reader that is asked for more than there is returns zeroes and remembers it: check
// reader_is_done once at the end instead of after every field.
#ifndef PROTO_BYTES_H
#define PROTO_BYTES_H

#include "proto/base.h"

struct bytes {
    const uint8_t *data;
    size_t size;
};

struct buffer {
    uint8_t *data; // owned
    size_t size;
    size_t capacity;
};

struct reader {
    struct bytes rest;
    bool failed; // asked for more than there was
};

struct bytes bytes_of(const void *data, size_t size);
struct bytes bytes_of_text(const char *text); // without the terminating zero
bool bytes_equal(struct bytes a, struct bytes b);
int bytes_compare(struct bytes a, struct bytes b); // <0, 0, >0; a prefix sorts first

void buffer_deinit(struct buffer *buffer); // safe on a zeroed one; zeroes it
void buffer_clear(struct buffer *buffer);  // size 0, memory kept
void buffer_add(struct buffer *buffer, const void *data, size_t size);
void buffer_add_u8(struct buffer *buffer, uint8_t value);
void buffer_add_u16(struct buffer *buffer, uint16_t value);
void buffer_add_u32(struct buffer *buffer, uint32_t value);
void buffer_add_u64(struct buffer *buffer, uint64_t value);
void buffer_drop_front(struct buffer *buffer, size_t size);
struct bytes buffer_view(const struct buffer *buffer); // valid until the buffer changes

void reader_init(struct reader *reader, struct bytes input);
uint8_t reader_u8(struct reader *reader);
uint16_t reader_u16(struct reader *reader);
uint32_t reader_u32(struct reader *reader);
uint64_t reader_u64(struct reader *reader);
void reader_copy(struct reader *reader, void *out, size_t size); // zeroes `out` when short
struct bytes reader_bytes(struct reader *reader, size_t size);   // a view into the input; empty when short
bool reader_is_done(const struct reader *reader);                // all read, nothing missing

// Lower-case hexadecimal. `out` has room for 2 * size + 1 characters.
void hex_encode(const void *data, size_t size, char *out);
// Exactly 2 * size hex digits (either case); false otherwise and `out` is untouched.
bool hex_decode(const char *text, void *out, size_t size) WARN_UNUSED;

#endif
