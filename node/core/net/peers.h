// peers.h - sealed datagrams between this node and each other one.
//
// A peer is a node of the directory whose datagram key is known and that is not revoked. What gossip has to
// say to it goes out sealed under a session (proto/datagram.h); while there is none the peer is asked for
// one and a few packets wait. What comes in is opened here and handed to gossip; a packet that cannot be
// opened changes nothing.
#ifndef NODE_CORE_NET_PEERS_H
#define NODE_CORE_NET_PEERS_H

#include "proto/address.h"
#include "proto/datagram.h"

struct core;

enum {
    PEERS_WAITING_COUNT_MAX = 8, // packets for a peer whose session is being asked for
    PEERS_ASK_AGAIN_MS = 250,    // between two questions to one peer
    PEERS_INTRODUCE_MS = 5000,   // between two streams to a peer that seems not to know our keys
};

struct peers_peer {
    struct datagram_peer datagram;
    struct address address;                         // where the waiting packets go
    struct buffer waiting[PEERS_WAITING_COUNT_MAX]; // owned
    size_t waiting_count;
    uint64_t asked_ms;
    uint64_t introduced_ms;
    // For fleet.c.
    bool was_counted;            // when it last looked
    uint64_t seen_generation;    // in which it was last counted
    uint64_t kept_generation;    // of the peer's own word that is on disk; 0: none
    struct address kept_address; // the first one in it
    bool kept_left;              // it says that the peer has left
};

struct peers {
    struct datagram_local local;
    struct peers_peer **items; // owned
    size_t count, capacity;
    uint64_t directory_generation; // of the directory they were made from
    bool is_known; // somebody has opened a datagram of ours since the start, so our keys are known
};

void peers_init(struct core *core, const uint8_t secret[32]); // the X25519 key of this node
void peers_deinit(struct peers *peers);

struct peers_peer *peers_find(const struct peers *peers, const struct node_id *id); // NULL: no peer
// Makes the peers those of the directory. False: nothing changed there.
bool peers_follow(struct core *core);

void peers_send(struct core *core, const struct node_id *to, const struct address *address,
                struct bytes data);
void peers_receive(struct core *core, const struct address *from, struct bytes packet);
// Somebody is at this address; every peer we have not reached is asked there, only the right one can answer.
void peers_find_out(struct core *core, const struct address *address);

#endif
