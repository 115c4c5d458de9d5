// outputs.h - outputs waiting to be pulled, first in, first out.
#ifndef GOSSIP_OUTPUTS_H
#define GOSSIP_OUTPUTS_H

#include "gossip/gossip.h"

struct outputs_entry {
    struct gossip_output output;
    struct buffer data; // owned; what output.data shows
};

struct outputs {
    struct outputs_entry *entries; // owned
    size_t count;
    size_t capacity;
    size_t next;
    struct buffer shown; // owned: the data of the output handed out last
};

void outputs_deinit(struct outputs *outbox);
// Copies output->data.
void outputs_add(struct outputs *outbox, const struct gossip_output *output);
bool outputs_next(struct outputs *outbox, struct gossip_output *ret_output);

#endif
