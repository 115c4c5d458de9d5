// door.h - lets machines with a token into the fleet: the redeemer's side of a join.
//
// The door opens to those who know an invite that names this node (the call shows its tag); to anybody
// else a join connection is closed without a byte. Who holds a token that is used or has expired is told
// so. A use is durable before it is answered, and the same node key gets the same answer again, so a lost
// reply costs no use. The new node leaves its keys record here before it has an agent, so that the fleet
// can talk to it from its first packet on.
#ifndef NODE_CORE_NET_DOOR_H
#define NODE_CORE_NET_DOOR_H

#include "proto/join.h"
#include "proto/stream.h"

struct core;
struct link;

struct door_guest { // admitted: waiting for the disk, then for its keys record
    uint64_t link;
    uint64_t ticket;
    struct record_id admission;
    struct node_id node;
    bool is_told; // everything, and that it is admitted
};

struct door {
    struct door_guest *guests; // owned
    size_t count, capacity;
};

void door_deinit(struct door *door);

// Each returns false when the link is to be closed.
bool door_called(struct core *core, struct link *link, const uint8_t tag[STREAM_TAG_SIZE]);
bool door_frame(struct core *core, struct link *link, uint8_t type, struct bytes body);
void door_settled(struct core *core);               // more writes are durable
void door_closed(struct core *core, uint64_t link); // nobody stands there any more

#endif
