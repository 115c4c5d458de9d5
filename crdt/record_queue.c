#include "crdt/record_queue.h"

#include <stdlib.h>

void record_queue_deinit(struct record_queue *queue)
{
    free(queue->ids);
    *queue = (struct record_queue){0};
}

void record_queue_add(struct record_queue *queue, const struct record_id *id)
{
    void *array = queue->ids;
    base_grow(&array, &queue->capacity, queue->count + 1, sizeof *queue->ids);
    queue->ids = array;
    queue->ids[queue->count++] = *id;
}

bool record_queue_take(struct record_queue *queue, struct record_id *ret_id)
{
    if (queue->next == queue->count) {
        queue->next = queue->count = 0;
        return false;
    }
    *ret_id = queue->ids[queue->next++];
    return true;
}
