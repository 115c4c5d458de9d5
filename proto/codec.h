// codec.h - what the codecs of proto/ share: protobuf-c under a ceiling, and checks that remember a failure.
//
// Used by proto/X.c only, each of which turns the messages of proto/X.proto into the structs of
// proto/X.h and back. Protobuf-c unpacks into a scratch arena that is gone when the decoder returns;
// what the decoder returns is copied into the caller's. Text travels as `bytes`, because protobuf-c
// neither checks UTF-8 nor sees a zero byte inside a string.
//
// Reading: like a struct reader, a codec that meets something out of bounds remembers it and hands out
// zeroes, so a decoder reads field after field and is asked once, at the end, by codec_decode.
#ifndef PROTO_CODEC_H
#define PROTO_CODEC_H

#include <protobuf-c/protobuf-c.h>

#include "proto/authority.h"

struct codec {
    struct arena *arena; // the caller's
    bool failed;         // something was out of bounds
};

struct codec_message { // one message type and how to read it
    const ProtobufCMessageDescriptor *descriptor;
    size_t size; // of the struct it becomes
    void (*read)(struct codec *codec, const void *message, void *out);
    bool is_exact; // unknown fields, also in messages inside, are refused instead of skipped
};

enum {
    CODEC_MALFORMED = 1, // every decoder's own X_MALFORMED has this value
};

// Unpacks, reads and checks. `ret` (type->size bytes) is written on 0 only.
int codec_decode(const struct codec_message *type, struct bytes body, struct arena *arena,
                 void *ret) WARN_UNUSED;

void codec_check(struct codec *codec, bool holds);
uint64_t codec_number(struct codec *codec, uint64_t value, uint64_t min, uint64_t max);
uint64_t codec_counter(struct codec *codec, uint64_t value,
                       uint64_t min);                      // up to INT64_MAX, as SQLite stores it
uint64_t codec_stamp(struct codec *codec, uint64_t value); // within LIMIT_WALL_MS_MAX
int64_t codec_instant(struct codec *codec, int64_t value); // within +-LIMIT_WALL_MS_MAX
void codec_name(struct codec *codec, ProtobufCBinaryData in, char out[NAME_ROOM]);
void codec_name_or_empty(struct codec *codec, ProtobufCBinaryData in, char out[NAME_ROOM]);
const char *codec_text(struct codec *codec, ProtobufCBinaryData in, size_t size_max); // "" when empty
const char *codec_text_or_null(struct codec *codec, ProtobufCBinaryData in, size_t size_max);
struct bytes codec_bytes(struct codec *codec, ProtobufCBinaryData in, size_t size_max);
void codec_id(struct codec *codec, ProtobufCBinaryData in, void *out, size_t size); // exactly `size` bytes
void codec_id_or_zero(struct codec *codec, ProtobufCBinaryData in, void *out, size_t size);

// Lists. *count is what the message has; it becomes 0, and the list NULL, when that is over `max`.
void *codec_array(struct codec *codec, size_t *count, size_t max, size_t size);
const char **codec_texts(struct codec *codec, const ProtobufCBinaryData *in, size_t *count, size_t max,
                         size_t size_max);
void *codec_ids(struct codec *codec, const ProtobufCBinaryData *in, size_t *count, size_t max, size_t size);
// Reads labels[index]; its key differs from all before it.
void codec_label(struct codec *codec, ProtobufCBinaryData key, ProtobufCBinaryData value,
                 struct label *labels, size_t index);

// Writing. `room` holds what a message points to until it is packed; deinit it afterwards. NULL text, ""
// and an id of zeroes are left out. Nothing here fails: encoders are given what decoders accept.
ProtobufCBinaryData codec_put(const void *data, size_t size);
ProtobufCBinaryData codec_put_text(const char *text);
ProtobufCBinaryData codec_put_id(const void *id, size_t size);
ProtobufCBinaryData *codec_put_texts(struct arena *room, const char *const *texts, size_t count);
ProtobufCBinaryData *codec_put_ids(struct arena *room, const void *ids, size_t count, size_t size);
// `count` initialised messages, as the array of pointers that protobuf-c wants; NULL for none.
void *codec_put_messages(struct arena *room, const ProtobufCMessageDescriptor *descriptor, size_t count);
void codec_pack(const ProtobufCMessage *message, struct buffer *out);

#endif
