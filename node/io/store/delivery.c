#include "node/io/store/delivery.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct delivery {
    struct delivery *next;
    struct event event;
    struct packet *packet; // held
    struct buffer memory;  // what a row without packet points into
    size_t size_bytes;
};

static void delivery_free(struct delivery *delivery)
{
    if (!delivery)
        return;
    packet_release(delivery->packet);
    buffer_deinit(&delivery->memory);
    free(delivery);
}

void delivery_init(struct delivery_queue *queue)
{
    *queue = (struct delivery_queue){.descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (queue->descriptor < 0 || uv_mutex_init(&queue->lock) || uv_cond_init(&queue->taken))
        abort();
}

void delivery_deinit(struct delivery_queue *queue)
{
    while (queue->first) {
        struct delivery *next = queue->first->next;
        delivery_free(queue->first);
        queue->first = next;
    }
    delivery_free(queue->out);
    uv_cond_destroy(&queue->taken);
    uv_mutex_destroy(&queue->lock);
    close(queue->descriptor);
}

// The counter of the descriptor is above zero exactly while the queue is not empty.
static void append(struct delivery_queue *queue, struct delivery *delivery)
{
    const uint64_t one = 1;
    if (queue->last)
        queue->last->next = delivery;
    else
        queue->first = delivery;
    queue->last = delivery;
    queue->count++;
    queue->bytes += delivery->size_bytes;
    if (queue->count == 1 && write(queue->descriptor, &one, sizeof one) != (ssize_t)sizeof one)
        abort();
}

void delivery_add(struct delivery_queue *queue, const struct event *event)
{
    struct delivery *delivery = base_alloc(1, sizeof *delivery);
    delivery->event = *event;
    uv_mutex_lock(&queue->lock);
    append(queue, delivery);
    uv_mutex_unlock(&queue->lock);
}

static void own_text(struct buffer *memory, const char *text)
{
    buffer_add(memory, text, strlen(text) + 1);
}

// All is copied before any pointer is taken: the buffer moves while it grows.
static void own_row(struct delivery *delivery)
{
    struct event_row *row = &delivery->event.is.row.row;
    struct buffer *memory = &delivery->memory;
    switch (row->kind) {
    case EVENT_ROW_RECORD:
        buffer_add(memory, row->envelope.data, row->envelope.size);
        row->envelope = buffer_view(memory);
        break;
    case EVENT_ROW_META:
        own_text(memory, row->is.meta.key);
        size_t key_size = memory->size;
        buffer_add(memory, row->is.meta.value.data, row->is.meta.value.size);
        row->is.meta.key = (const char *)memory->data;
        row->is.meta.value = bytes_of(memory->data + key_size, memory->size - key_size);
        break;
    case EVENT_ROW_STORY:
        own_text(memory, row->is.story.what);
        row->is.story.what = (const char *)memory->data;
        break;
    case EVENT_ROW_LIST:
        buffer_add(memory, row->is.list.data, row->is.list.size);
        row->is.list = buffer_view(memory);
        break;
    case EVENT_ROW_CLAIM:
    case EVENT_ROW_RESULT:
    case EVENT_ROW_VERDICT:
    case EVENT_ROW_CURSOR:
    case EVENT_ROW_SEGMENT:
        assert(false && "rows of the ledger come with their packet");
    }
}

bool delivery_add_row(struct delivery_queue *queue, uint64_t query, const struct event_row *row,
                      struct packet *packet)
{
    struct delivery *delivery = base_alloc(1, sizeof *delivery);
    delivery->event.kind = EVENT_ROW;
    delivery->event.is.row.query = query;
    delivery->event.is.row.row = *row;
    if (packet)
        delivery->packet = packet_hold(packet);
    else
        own_row(delivery);
    delivery->size_bytes = sizeof *delivery + (packet ? row->envelope.size : delivery->memory.size);
    uv_mutex_lock(&queue->lock);
    while (!queue->closing && (queue->count >= DELIVERY_COUNT_MAX || queue->bytes >= DELIVERY_BYTES_MAX))
        uv_cond_wait(&queue->taken, &queue->lock);
    bool is_open = !queue->closing;
    if (is_open)
        append(queue, delivery);
    uv_mutex_unlock(&queue->lock);
    if (!is_open)
        delivery_free(delivery);
    return is_open;
}

bool delivery_next(struct delivery_queue *queue, struct event *ret_event)
{
    uint64_t counted;
    delivery_free(queue->out);
    uv_mutex_lock(&queue->lock);
    struct delivery *delivery = queue->out = queue->first;
    if (delivery) {
        queue->first = delivery->next;
        queue->count--;
        queue->bytes -= delivery->size_bytes;
        if (!queue->first) {
            queue->last = NULL;
            if (read(queue->descriptor, &counted, sizeof counted) != (ssize_t)sizeof counted)
                abort();
        }
        uv_cond_signal(&queue->taken);
    }
    uv_mutex_unlock(&queue->lock);
    if (delivery)
        *ret_event = delivery->event;
    return delivery;
}

void delivery_close(struct delivery_queue *queue)
{
    uv_mutex_lock(&queue->lock);
    queue->closing = true;
    uv_cond_signal(&queue->taken);
    uv_mutex_unlock(&queue->lock);
}
