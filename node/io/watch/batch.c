#include "node/io/watch/batch.h"

#include <stdlib.h>
#include <string.h>

#include "proto/definition.h"
#include "proto/sorted.h"

void batch_deinit(struct batch *batch)
{
    free(batch->items);
    *batch = (struct batch){0};
}

static int compare_names(const void *element, const void *key)
{
    const struct snapshot_change *item = element;
    const char *name = key;
    return strcmp(item->name, name);
}

void batch_add(struct batch *batch, const struct snapshot_change *change)
{
    size_t at;
    if (sorted_find(SORTED(batch->items, batch->count, compare_names), change->name, &at)) {
        if (change->what != DEFINITION_FILE_CHANGE)
            batch->items[at].what = change->what;
        return;
    }
    if (batch->count == BATCH_COUNT_MAX) {
        batch->unnamed++;
        return;
    }
    void *items = batch->items;
    struct snapshot_change *item = sorted_insert(&items, &batch->count, &batch->capacity, at, sizeof *item);
    batch->items = items;
    *item = *change;
}

bool batch_is_empty(const struct batch *batch)
{
    return !batch->count;
}

void batch_report(const struct batch *batch, struct watch_report *report)
{
    report->count = (uint32_t)batch->count + batch->unnamed;
    for (size_t i = 0; i < batch->count; i++)
        if (!watch_report_add(report, batch->items[i].what, batch->items[i].name))
            return;
}
