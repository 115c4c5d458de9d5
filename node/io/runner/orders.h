// orders.h - orders to run a job now, as far as the runner needs them: verified, in memory, until too old.
//
// That an order is carried out once per node is the journal's business (seen.h). One that is not here
// is asked for again.
#ifndef NODE_IO_RUNNER_ORDERS_H
#define NODE_IO_RUNNER_ORDERS_H

#include "proto/change.h"

enum { ORDERS_COUNT_MAX = 4096 };

struct orders_item {
    struct hash id;
    struct node_id signer;
    char namespace_name[NAME_ROOM];
    char name[NAME_ROOM];
    uint64_t life;
    bool is_for_me; // no targets, or we are one
    int64_t not_before_ms, not_after_ms;
    int64_t from_ms, until_ms; // due times it makes anew; 0: none
    uint64_t stamp;
    uint64_t authority_number;
};

struct orders {
    struct orders_item *items; // owned, in no order
    size_t count, capacity;
};

void orders_deinit(struct orders *orders); // safe on a zeroed one
const struct orders_item *orders_find(const struct orders *orders, const struct hash *id); // NULL: not here
// When there are ORDERS_COUNT_MAX, the one whose window ended first goes.
void orders_add(struct orders *orders, const struct orders_item *item);

#endif
