// relay.h - pinging a member on behalf of another who met with silence.
//
// The helper answers with RELAYED as soon as the target acknowledges, or with NACK when four fifths of
// the asker's patience are over, so that the asker can tell a silent target from a silent helper
// (Lifeguard, section IV-A). Departure: a helper that the target has answered before puts its own
// signed suspicion (or one that convinced it) into the NACK; it counts only if the whole probe fails.
#ifndef GOSSIP_RELAY_H
#define GOSSIP_RELAY_H

#include "proto/member.h"
#include "proto/packet.h"

struct gossip;
struct members_node;

enum { RELAY_COUNT_MAX = 512 };

struct relay {
    struct node_id asker;
    struct address asker_address;
    uint32_t asker_sequence;
    struct node_id target;
    uint32_t sequence; // of our ping
    struct address pinged;
    uint64_t sent_ms;
    int64_t sent_wall_ms;
    uint64_t deadline_ms;
    bool is_signing; // the NACK waits for the signature of a suspicion
};

struct relays {
    struct relay *items; // owned
    size_t count;
    size_t capacity;
};

void relay_deinit(struct relays *relays);
void relay_begin(struct gossip *gossip, const struct node_id *asker, const struct address *address,
                 const struct packet *ask);
// An ack from `from`: true when it answers a ping sent for another; *ret_relay is what was.
bool relay_acked(struct gossip *gossip, const struct node_id *from, uint32_t sequence,
                 struct relay *ret_relay);
// Our suspicion of `target` was signed: it goes out with the NACKs that wait for it. True if any did.
bool relay_signed(struct gossip *gossip, const struct node_id *target, struct bytes envelope);
void relay_tick(struct gossip *gossip);
uint64_t relay_deadline_ms(const struct relays *relays);
// We were away: what we know of silence is worth nothing.
void relay_forgive(struct relays *relays);

#endif
