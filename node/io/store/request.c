#include "node/io/store/request.h"

#include <stdlib.h>
#include <string.h>

static size_t own_text(struct buffer *memory, const char *text)
{
    size_t offset = memory->size;
    if (text)
        buffer_add(memory, text, strlen(text) + 1);
    return offset;
}

static size_t own_bytes(struct buffer *memory, struct bytes bytes)
{
    size_t offset = memory->size;
    buffer_add(memory, bytes.data, bytes.size);
    return offset;
}

static struct bytes view(const struct buffer *memory, size_t offset, size_t size)
{
    return size ? bytes_of(memory->data + offset, size) : (struct bytes){0};
}

static const char *text_at(const struct buffer *memory, size_t offset, const char *original)
{
    return original ? (const char *)memory->data + offset : NULL;
}

// All is copied before any pointer is taken: the buffer moves while it grows.
struct request *request_new_write(const struct effect_write *write)
{
    struct request *request = base_alloc(1, sizeof *request);
    struct effect_write *copy = &request->write;
    struct buffer *memory = &request->memory;
    *copy = *write;
    size_t envelope = own_bytes(memory, write->envelope);
    size_t value = own_bytes(memory, write->value);
    size_t key = own_text(memory, write->key);
    size_t job = own_text(memory, write->job);
    size_t what = own_text(memory, write->story.what);
    copy->envelope = view(memory, envelope, write->envelope.size);
    copy->value = view(memory, value, write->value.size);
    copy->key = text_at(memory, key, write->key);
    copy->job = text_at(memory, job, write->job);
    copy->story.what = text_at(memory, what, write->story.what);
    request->size_bytes = sizeof *request + memory->size;
    return request;
}

struct request *request_new_query(const struct effect_query *query)
{
    struct request *request = base_alloc(1, sizeof *request);
    request->is_query = true;
    request->query = *query;
    size_t ids = own_bytes(&request->memory, query->ids);
    size_t job = own_text(&request->memory, query->job ? query->job : "");
    request->query.ids = view(&request->memory, ids, query->ids.size);
    request->query.job = (const char *)request->memory.data + job;
    return request;
}

void request_free(struct request *request)
{
    if (!request)
        return;
    buffer_deinit(&request->memory);
    free(request);
}

void request_add(struct request_list *list, struct request *request)
{
    request->next = NULL;
    if (list->last)
        list->last->next = request;
    else
        list->first = request;
    list->last = request;
}

struct request *request_take(struct request_list *list)
{
    struct request *request = list->first;
    if (!request)
        return NULL;
    list->first = request->next;
    if (!list->first)
        list->last = NULL;
    return request;
}

void request_move(struct request_list *from, struct request_list *to)
{
    if (!from->first)
        return;
    if (to->last)
        to->last->next = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    *from = (struct request_list){0};
}

void request_drop_all(struct request_list *list)
{
    struct request *request;
    while ((request = request_take(list)))
        request_free(request);
}
