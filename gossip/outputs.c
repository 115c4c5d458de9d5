#include "gossip/outputs.h"

#include <stdlib.h>

void outputs_deinit(struct outputs *outbox)
{
    for (size_t i = outbox->next; i < outbox->count; i++)
        buffer_deinit(&outbox->entries[i].data);
    free(outbox->entries);
    buffer_deinit(&outbox->shown);
    *outbox = (struct outputs){0};
}

void outputs_add(struct outputs *outbox, const struct gossip_output *output)
{
    void *array = outbox->entries;
    base_grow(&array, &outbox->capacity, outbox->count + 1, sizeof(struct outputs_entry));
    outbox->entries = array;
    struct outputs_entry *entry = &outbox->entries[outbox->count++];
    *entry = (struct outputs_entry){.output = *output};
    buffer_add(&entry->data, output->data.data, output->data.size);
}

bool outputs_next(struct outputs *outbox, struct gossip_output *ret_output)
{
    if (outbox->next == outbox->count) {
        outbox->next = outbox->count = 0;
        return false;
    }
    struct outputs_entry *entry = &outbox->entries[outbox->next++];
    buffer_deinit(&outbox->shown);
    outbox->shown = entry->data;
    entry->data = (struct buffer){0};
    *ret_output = entry->output;
    ret_output->data = buffer_view(&outbox->shown);
    return true;
}
