#include "proto/codec.h"

#include <stdlib.h>
#include <string.h>

static void *codec_allocate(void *arena, size_t size)
{
    return arena_take(arena, 1, size);
}

static void codec_forget(void *arena, void *memory)
{
    (void)arena; // given back with the arena
    (void)memory;
}

static bool codec_is_exact(const ProtobufCMessage *message);

static bool codec_field_is_exact(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *start = (const uint8_t *)message;
    const uint8_t *children = start + field->offset; // pointers to messages
    size_t count = 1;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        const uint8_t *array;
        memcpy(&count, start + field->quantifier_offset, sizeof count);
        memcpy(&array, start + field->offset, sizeof array);
        children = array;
    }
    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessage *child;
        memcpy(&child, children + i * sizeof child, sizeof child);
        if (child && !codec_is_exact(child))
            return false;
    }
    return true;
}

// Recursion ends: no message type of ours contains itself.
static bool codec_is_exact(const ProtobufCMessage *message)
{
    if (message->n_unknown_fields)
        return false;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && !codec_field_is_exact(message, field))
            return false;
    }
    return true;
}

int codec_decode(const struct codec_message *type, struct bytes body, struct arena *arena, void *ret)
{
    struct arena scratch = {0};
    struct codec codec = {.arena = arena, .failed = true};
    ProtobufCAllocator allocator = {codec_allocate, codec_forget, &scratch};
    arena_allow(&scratch, body.size);
    const ProtobufCMessage *message =
        protobuf_c_message_unpack(type->descriptor, &allocator, body.size, body.data);
    if (message && (!type->is_exact || codec_is_exact(message))) {
        void *out = base_alloc(1, type->size);
        codec.failed = false;
        arena_allow(arena, body.size);
        type->read(&codec, message, out);
        if (!codec.failed)
            memcpy(ret, out, type->size);
        free(out);
    }
    arena_deinit(&scratch);
    return codec.failed ? CODEC_MALFORMED : 0;
}

void codec_check(struct codec *codec, bool holds)
{
    if (!holds)
        codec->failed = true;
}

uint64_t codec_number(struct codec *codec, uint64_t value, uint64_t min, uint64_t max)
{
    codec_check(codec, value >= min && value <= max);
    return value;
}

uint64_t codec_counter(struct codec *codec, uint64_t value, uint64_t min)
{
    return codec_number(codec, value, min, INT64_MAX);
}

uint64_t codec_stamp(struct codec *codec, uint64_t value)
{
    return codec_number(codec, value, 0, (uint64_t)LIMIT_WALL_MS_MAX << 16);
}

int64_t codec_instant(struct codec *codec, int64_t value)
{
    codec_check(codec, value >= -LIMIT_WALL_MS_MAX && value <= LIMIT_WALL_MS_MAX);
    return value;
}

static struct bytes codec_view(ProtobufCBinaryData in)
{
    return bytes_of(in.data, in.len);
}

void codec_name(struct codec *codec, ProtobufCBinaryData in, char out[NAME_ROOM])
{
    if (name_is_valid(codec_view(in)))
        memcpy(out, in.data, in.len); // the rest of `out` was zero
    else
        codec->failed = true;
}

void codec_name_or_empty(struct codec *codec, ProtobufCBinaryData in, char out[NAME_ROOM])
{
    if (in.len)
        codec_name(codec, in, out);
}

const char *codec_text(struct codec *codec, ProtobufCBinaryData in, size_t size_max)
{
    const char *text = NULL;
    if (name_is_text(codec_view(in), size_max))
        text = arena_text(codec->arena, codec_view(in));
    codec_check(codec, text != NULL);
    return text ? text : "";
}

const char *codec_text_or_null(struct codec *codec, ProtobufCBinaryData in, size_t size_max)
{
    return in.len ? codec_text(codec, in, size_max) : NULL;
}

struct bytes codec_bytes(struct codec *codec, ProtobufCBinaryData in, size_t size_max)
{
    size_t size = in.len;
    uint8_t *copy = codec_array(codec, &size, size_max, 1);
    if (size)
        memcpy(copy, in.data, size);
    return bytes_of(copy, size);
}

void codec_id(struct codec *codec, ProtobufCBinaryData in, void *out, size_t size)
{
    if (in.len == size)
        memcpy(out, in.data, size);
    else
        codec->failed = true;
}

void codec_id_or_zero(struct codec *codec, ProtobufCBinaryData in, void *out, size_t size)
{
    if (in.len)
        codec_id(codec, in, out, size);
}

void *codec_array(struct codec *codec, size_t *count, size_t max, size_t size)
{
    void *array = *count && *count <= max ? arena_take(codec->arena, *count, size) : NULL;
    if (!array) {
        codec_check(codec, *count == 0);
        *count = 0;
    }
    return array;
}

const char **codec_texts(struct codec *codec, const ProtobufCBinaryData *in, size_t *count, size_t max,
                         size_t size_max)
{
    const char **texts = codec_array(codec, count, max, sizeof *texts);
    for (size_t i = 0; i < *count; i++)
        texts[i] = codec_text(codec, in[i], size_max);
    return texts;
}

void *codec_ids(struct codec *codec, const ProtobufCBinaryData *in, size_t *count, size_t max, size_t size)
{
    uint8_t *ids = codec_array(codec, count, max, size);
    for (size_t i = 0; i < *count; i++)
        codec_id(codec, in[i], ids + i * size, size);
    return ids;
}

void codec_label(struct codec *codec, ProtobufCBinaryData key, ProtobufCBinaryData value,
                 struct label *labels, size_t index)
{
    struct label *label = &labels[index];
    codec_name(codec, key, label->key);
    if (name_is_text(codec_view(value), LIMIT_LABEL_VALUE_SIZE_MAX)) {
        if (value.len)
            memcpy(label->value, value.data, value.len);
    } else {
        codec->failed = true;
    }
    for (size_t i = 0; i < index; i++)
        codec_check(codec, strcmp(labels[i].key, label->key) != 0);
}

static void *codec_put_room(struct arena *room, size_t count, size_t size)
{
    room->ceiling = SIZE_MAX; // ours, not a peer's: bounded by what is encoded
    void *memory = arena_take(room, count, size);
    assert(memory);
    return memory;
}

ProtobufCBinaryData codec_put(const void *data, size_t size)
{
    // Packing only reads, but protobuf-c has one type for both directions.
    return (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)data};
}

ProtobufCBinaryData codec_put_text(const char *text)
{
    return codec_put(text, text ? strlen(text) : 0);
}

ProtobufCBinaryData codec_put_id(const void *id, size_t size)
{
    static const uint8_t zero[HASH_SIZE];
    assert(size <= sizeof zero);
    return codec_put(id, memcmp(id, zero, size) ? size : 0);
}

ProtobufCBinaryData *codec_put_texts(struct arena *room, const char *const *texts, size_t count)
{
    ProtobufCBinaryData *out = codec_put_room(room, count, sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = codec_put_text(texts[i]);
    return out;
}

ProtobufCBinaryData *codec_put_ids(struct arena *room, const void *ids, size_t count, size_t size)
{
    ProtobufCBinaryData *out = codec_put_room(room, count, sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = codec_put((const uint8_t *)ids + i * size, size);
    return out;
}

void *codec_put_messages(struct arena *room, const ProtobufCMessageDescriptor *descriptor, size_t count)
{
    uint8_t *messages = codec_put_room(room, count, descriptor->sizeof_message);
    uint8_t *pointers = codec_put_room(room, count, sizeof(void *));
    for (size_t i = 0; i < count; i++) {
        void *message = messages + i * descriptor->sizeof_message;
        protobuf_c_message_init(descriptor, message);
        memcpy(pointers + i * sizeof message, &message, sizeof message);
    }
    return pointers;
}

void codec_pack(const ProtobufCMessage *message, struct buffer *out)
{
    struct arena room = {0};
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = codec_put_room(&room, 1, size);
    protobuf_c_message_pack(message, packed);
    buffer_add(out, packed, size);
    arena_deinit(&room);
}
