// request.h - copies of what the loop asked of the store, on their way to its thread.
#ifndef NODE_IO_STORE_REQUEST_H
#define NODE_IO_STORE_REQUEST_H

#include "node/core/effect.h"

struct request {
    struct request *next;
    bool is_query;
    bool is_refused; // a write without content any more, only its ticket has to be told
    struct effect_write write;
    struct effect_query query;
    size_t size_bytes;    // of a write: what it holds
    struct buffer memory; // what write and query point into
};

struct request_list {
    struct request *first, *last; // owned
};

struct request *request_new_write(const struct effect_write *write) WARN_UNUSED;
struct request *request_new_query(const struct effect_query *query) WARN_UNUSED;
void request_free(struct request *request);

void request_add(struct request_list *list, struct request *request);
struct request *request_take(struct request_list *list); // the first, NULL when empty
// Moves everything to the end of `to`.
void request_move(struct request_list *from, struct request_list *to);
void request_drop_all(struct request_list *list);

#endif
