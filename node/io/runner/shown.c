#include "node/io/runner/shown.h"

#include <stdlib.h>
#include <string.h>

static void item_deinit(struct shown_item *item)
{
    for (size_t i = 0; i < LIMIT_UPSTREAM_COUNT_MAX; i++)
        free(item->ends[i]);
}

void shown_deinit(struct shown *shown)
{
    for (size_t i = 0; i < shown->count; i++)
        item_deinit(&shown->items[i]);
    free(shown->items);
    *shown = (struct shown){0};
}

static struct shown_item *find(const struct shown *shown, const struct hash *cause)
{
    for (size_t i = shown->count; i > 0; i--)
        if (hash_equal(&shown->items[i - 1].cause, cause))
            return &shown->items[i - 1];
    return NULL;
}

const struct shown_item *shown_find(const struct shown *shown, const struct hash *cause)
{
    return find(shown, cause);
}

static struct shown_item *add(struct shown *shown, const struct hash *cause)
{
    if (shown->count == SHOWN_COUNT_MAX) {
        item_deinit(&shown->items[0]);
        memmove(shown->items, shown->items + 1, --shown->count * sizeof *shown->items);
    }
    void *items = shown->items;
    base_grow(&items, &shown->capacity, shown->count + 1, sizeof *shown->items);
    shown->items = items;
    shown->items[shown->count] = (struct shown_item){.cause = *cause};
    return &shown->items[shown->count++];
}

void shown_put(struct shown *shown, const struct hash *cause, uint8_t place, const struct shown_end *end)
{
    struct shown_item *item = find(shown, cause);
    if (!item)
        item = add(shown, cause);
    assert(place < LIMIT_UPSTREAM_COUNT_MAX);
    if (!item->ends[place])
        item->ends[place] = base_alloc(1, sizeof *item->ends[place]);
    *item->ends[place] = *end;
    item->ends[place]->end.job = NULL;
}
