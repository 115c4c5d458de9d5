#include "node/io/runner/orders.h"

#include <stdlib.h>

void orders_deinit(struct orders *orders)
{
    free(orders->items);
    *orders = (struct orders){0};
}

const struct orders_item *orders_find(const struct orders *orders, const struct hash *id)
{
    for (size_t i = orders->count; i > 0; i--)
        if (hash_equal(&orders->items[i - 1].id, id))
            return &orders->items[i - 1];
    return NULL;
}

static struct orders_item *first_to_end(struct orders *orders)
{
    struct orders_item *first = &orders->items[0];
    for (size_t i = 1; i < orders->count; i++)
        if (orders->items[i].not_after_ms < first->not_after_ms)
            first = &orders->items[i];
    return first;
}

void orders_add(struct orders *orders, const struct orders_item *item)
{
    if (orders_find(orders, &item->id))
        return;
    if (orders->count >= ORDERS_COUNT_MAX) {
        *first_to_end(orders) = *item;
        return;
    }
    void *array = orders->items;
    base_grow(&array, &orders->capacity, orders->count + 1, sizeof *orders->items);
    orders->items = array;
    orders->items[orders->count++] = *item;
}
