// hear.h - unpacks what arrived and hands each part to the room that knows what to do with it.
#ifndef GOSSIP_HEAR_H
#define GOSSIP_HEAR_H

#include "proto/member.h"

struct gossip;

void hear_packet(struct gossip *gossip, const struct node_id *from, const struct address *address,
                 struct bytes packet);

void hear_stream_packet(struct gossip *gossip, const struct node_id *from, struct bytes packet);

#endif
