#include "gossip/outbox.h"

#include <stdlib.h>

void outbox_deinit(struct outbox *outbox)
{
    for (size_t i = outbox->next; i < outbox->count; i++)
        buffer_deinit(&outbox->entries[i].data);
    free(outbox->entries);
    buffer_deinit(&outbox->shown);
    *outbox = (struct outbox){0};
}

void outbox_add(struct outbox *outbox, const struct gossip_output *output)
{
    void *array = outbox->entries;
    base_grow(&array, &outbox->capacity, outbox->count + 1, sizeof(struct outbox_entry));
    outbox->entries = array;
    struct outbox_entry *entry = &outbox->entries[outbox->count++];
    *entry = (struct outbox_entry){.output = *output};
    buffer_add(&entry->data, output->data.data, output->data.size);
}

bool outbox_next(struct outbox *outbox, struct gossip_output *ret_output)
{
    if (outbox->next == outbox->count) {
        outbox->next = outbox->count = 0;
        return false;
    }
    struct outbox_entry *entry = &outbox->entries[outbox->next++];
    buffer_deinit(&outbox->shown);
    outbox->shown = entry->data;
    entry->data = (struct buffer){0};
    *ret_output = entry->output;
    ret_output->data = buffer_view(&outbox->shown);
    return true;
}
