// door.h - lets machines with a token into the fleet: the redeemer's side of a join.
//
// The door opens only while an invite that names this node is in the directory, has uses left and has not
// expired; to anybody else a join connection is closed without a byte. A use is durable before it is
// answered, and the same node key gets the same answer again, so a lost reply costs no token.
#ifndef NODE_CORE_NET_DOOR_H
#define NODE_CORE_NET_DOOR_H

#include "proto/join.h"
#include "proto/stream.h"

struct core;
struct link;

struct door_guest { // admitted, waiting for the disk
    uint64_t link;
    uint64_t ticket;
    struct record_id admission;
    struct node_id node;
};

struct door {
    struct door_guest *guests; // owned
    size_t count, capacity;
};

void door_deinit(struct door *door);

// False: close the link.
bool door_called(struct core *core, struct link *link, const uint8_t tag[STREAM_TAG_SIZE]);
bool door_frame(struct core *core, struct link *link, uint8_t type, struct bytes body);
void door_settled(struct core *core); // more writes are durable

#endif
