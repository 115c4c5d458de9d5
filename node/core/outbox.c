#include "node/core/outbox.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTBOX_OWNED_MAX = 4 };

struct outbox_entry {
    struct outbox_entry *next;
    struct effect effect;
    void *owned[OUTBOX_OWNED_MAX]; // what the effect points to
    size_t owned_count;
};

static void entry_free(struct outbox_entry *entry)
{
    if (!entry)
        return;
    for (size_t i = 0; i < entry->owned_count; i++)
        free(entry->owned[i]);
    free(entry);
}

void outbox_deinit(struct outbox *outbox)
{
    struct effect effect;
    while (outbox_next(outbox, &effect))
        ;
    entry_free(outbox->out);
    *outbox = (struct outbox){0};
}

bool outbox_next(struct outbox *outbox, struct effect *ret_effect)
{
    entry_free(outbox->out);
    outbox->out = outbox->first;
    if (!outbox->out)
        return false;
    outbox->first = outbox->out->next;
    if (!outbox->first)
        outbox->last = NULL;
    *ret_effect = outbox->out->effect;
    return true;
}

static struct outbox_entry *append(struct outbox *outbox, enum effect_kind kind)
{
    struct outbox_entry *entry = base_alloc(1, sizeof *entry);
    entry->effect.kind = kind;
    if (outbox->last)
        outbox->last->next = entry;
    else
        outbox->first = entry;
    outbox->last = entry;
    return entry;
}

static const void *keep(struct outbox_entry *entry, const void *data, size_t size)
{
    assert(entry->owned_count < OUTBOX_OWNED_MAX);
    void *copy = base_copy(data, size);
    entry->owned[entry->owned_count++] = copy;
    return copy;
}

static struct bytes keep_bytes(struct outbox_entry *entry, struct bytes bytes)
{
    return bytes.size ? bytes_of(keep(entry, bytes.data, bytes.size), bytes.size) : (struct bytes){0};
}

static const char *keep_text(struct outbox_entry *entry, const char *text)
{
    return text ? keep(entry, text, strlen(text) + 1) : NULL;
}

uint64_t outbox_write(struct outbox *outbox, const struct effect_write *write)
{
    struct outbox_entry *entry = append(outbox, EFFECT_STORE);
    struct effect_write *kept = &entry->effect.is.write;
    *kept = *write;
    kept->ticket = ++outbox->ticket;
    kept->envelope = keep_bytes(entry, write->envelope);
    kept->value = keep_bytes(entry, write->value);
    kept->key = keep_text(entry, write->key);
    if (write->kind == EFFECT_WRITE_STORY)
        kept->story.what = keep_text(entry, write->story.what);
    else
        kept->job = keep_text(entry, write->job);
    return kept->ticket;
}

void outbox_query(struct outbox *outbox, const struct effect_query *query)
{
    struct outbox_entry *entry = append(outbox, EFFECT_QUERY);
    entry->effect.is.query = *query;
    entry->effect.is.query.job = keep_text(entry, query->job ? query->job : "");
    entry->effect.is.query.ids = keep_bytes(entry, query->ids);
}

void outbox_frame(struct outbox *outbox, const struct frame *frame)
{
    struct outbox_entry *entry = append(outbox, EFFECT_FRAME);
    entry->effect.is.frame = *frame;
    entry->effect.is.frame.data = keep_bytes(entry, frame->data);
}

void outbox_reply(struct outbox *outbox, uint64_t client, const struct control_reply *reply)
{
    struct buffer message = {0};
    control_reply_encode(reply, &message);
    struct outbox_entry *entry = append(outbox, EFFECT_REPLY);
    entry->effect.is.reply.client = client;
    entry->effect.is.reply.last = reply->last;
    entry->effect.is.reply.message = buffer_view(&message);
    entry->owned[entry->owned_count++] = message.data;
}

void outbox_datagram(struct outbox *outbox, const struct address *to, struct bytes data)
{
    struct outbox_entry *entry = append(outbox, EFFECT_DATAGRAM);
    entry->effect.is.datagram.to = *to;
    entry->effect.is.datagram.data = keep_bytes(entry, data);
}

void outbox_stream(struct outbox *outbox, enum effect_kind kind, uint64_t stream, const struct address *to,
                   struct bytes data)
{
    struct outbox_entry *entry = append(outbox, kind);
    entry->effect.is.stream.stream = stream;
    if (to)
        entry->effect.is.stream.to = *to;
    entry->effect.is.stream.data = keep_bytes(entry, data);
}

void outbox_notice(struct outbox *outbox, enum effect_level level, const char *format, ...)
{
    char text[LIMIT_TEXT_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct outbox_entry *entry = append(outbox, EFFECT_NOTICE);
    entry->effect.is.notice.level = level;
    entry->effect.is.notice.text = keep_text(entry, text);
}

void outbox_exit(struct outbox *outbox)
{
    append(outbox, EFFECT_EXIT);
}
