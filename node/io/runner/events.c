#include "node/io/runner/events.h"

void events_deinit(struct events *events)
{
    for (size_t i = 0; i < events->count; i++)
        buffer_deinit(&events->items[i].data);
    *events = (struct events){0};
}

const struct events_item *events_find(const struct events *events, const struct hash *id)
{
    for (size_t i = 0; i < events->count; i++)
        if (hash_equal(&events->items[i].id, id))
            return &events->items[i];
    return NULL;
}

void events_add(struct events *events, const struct events_item *item)
{
    if (events_find(events, &item->id))
        return;
    size_t at = events->count;
    if (at == EVENTS_COUNT_MAX) {
        at = events->oldest;
        events->oldest = (at + 1) % EVENTS_COUNT_MAX;
        buffer_deinit(&events->items[at].data);
    } else {
        events->count++;
    }
    struct events_item *kept = &events->items[at];
    *kept = *item;
    kept->data = (struct buffer){0};
    buffer_add(&kept->data, item->event.data.data, item->event.data.size);
    kept->event.data = buffer_view(&kept->data);
}
