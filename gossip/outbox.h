// outbox.h - outputs waiting to be pulled, first in, first out.
#ifndef GOSSIP_OUTBOX_H
#define GOSSIP_OUTBOX_H

#include "gossip/gossip.h"

struct outbox_entry {
    struct gossip_output output;
    struct buffer data; // owned; what output.data shows
};

struct outbox {
    struct outbox_entry *entries; // owned
    size_t count;
    size_t capacity;
    size_t next;
    struct buffer shown; // owned: the data of the output handed out last
};

void outbox_deinit(struct outbox *outbox);
// Copies output->data.
void outbox_add(struct outbox *outbox, const struct gossip_output *output);
bool outbox_next(struct outbox *outbox, struct gossip_output *ret_output);

#endif
