// links.h - encrypted connections to other nodes, opened when there is something to say.
//
// One link per node is enough; of several the one that was heard last is used. A message to a node
// without a link waits in the new one until the handshake is over. What waits or was sent when a link
// breaks is lost: whoever needs an answer notices by links_is_up or asks again. A link that says
// nothing for a while is closed. Who is at the other end is proved by its datagram key, which its
// keys record in the directory binds to its identity; a caller sends its own records along.
#ifndef NODE_CORE_NET_LINKS_H
#define NODE_CORE_NET_LINKS_H

#include "proto/member.h"
#include "proto/message.h"
#include "proto/stream.h"

struct core;

enum {
    LINKS_IDLE_MS = 60 * 1000,
    LINKS_WAITING_BYTES_MAX = 4 * 1024 * 1024, // beyond it the link is given up
};

struct link {
    uint64_t id; // of the stream, as effects and events name it
    struct stream stream;
    struct node_id node; // zero while an accepted one has not proved who it is
    bool is_connected;   // the transport is
    bool is_open;        // the handshake is over
    bool is_accepted;
    bool is_joining;         // somebody with a token, see door.h
    bool is_closing;         // all is said: close when it is written
    struct record_id invite; // of a joining one
    uint64_t opened_ms, used_ms;
    uint64_t heard_ms;       // 0: never
    struct node_id via, far; // of a detour (detour.h): over whom, and to whom; else zero
    uint64_t channel;        // of a detour
    struct buffer waiting;   // {type u8, size u32, body}*: until open
};

struct links {
    struct link **items; // owned
    size_t count, capacity;
    uint64_t next_id; // of those we open: odd
};

void links_deinit(struct links *links);

// False when the node's address or key is not known here, or too much waits: nothing was sent.
bool links_send(struct core *core, const struct node_id *node, enum message_type type, struct bytes body);
// The same over a connection of its own, never by way of a third.
bool links_send_direct(struct core *core, const struct node_id *node, enum message_type type,
                       struct bytes body);
bool links_is_detour(const struct link *link);
// A link by way of a third, in the shape of this one: `node` where we call, `far`, `via`, `channel` where it
// was accepted, `is_accepted`.
struct link *links_detour(struct core *core, const struct link *shape);
bool links_is_open(const struct core *core, const struct node_id *node);

void links_opened(struct core *core, uint64_t id, const struct address *peer, bool accepted);
void links_bytes(struct core *core, uint64_t id, struct bytes data);
void links_closed(struct core *core, uint64_t id);
void links_tick(struct core *core);
// The node died, or its process began anew: what is said into a link to the one before reaches nobody.
void links_drop(struct core *core, const struct node_id *node);

struct link *links_find(const struct core *core, uint64_t id); // NULL: closed meanwhile
void links_write(struct core *core, struct link *link);        // what its stream wants to say

#endif
