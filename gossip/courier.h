// courier.h - packs packets: what was asked for, corrections, and as many rumours as fit.
#ifndef GOSSIP_COURIER_H
#define GOSSIP_COURIER_H

#include "gossip/members.h"
#include "gossip/rumor.h"

struct gossip;

enum {
    COURIER_PUSH_MS = 5,          // between two pushes of urgent news
    COURIER_PACKET_COUNT_MAX = 4, // to one member in one push or round
    COURIER_VOUCH_UNIT_MS = 100,
    COURIER_NOT_VOUCHED = 255, // in the byte before a claim of life
};

struct courier_stop { // where a packet goes
    struct node_id node;
    struct address address;
    bool over_stream; // the address does not matter
};

struct packet_summary courier_summary(const struct gossip *gossip);
void courier_ping(struct gossip *gossip, const struct courier_stop *stop, uint32_t sequence);
void courier_ack(struct gossip *gossip, const struct courier_stop *stop, const struct packet *ping);
void courier_ask(struct gossip *gossip, const struct courier_stop *stop, const struct packet *ask);
// RELAYED or NACK; `suspicion` may be empty.
void courier_report(struct gossip *gossip, const struct courier_stop *stop, const struct packet *report,
                    struct bytes suspicion);
// One item straight to one member, if we know where it is.
void courier_tell(struct gossip *gossip, struct members_node *node, uint8_t class, struct bytes envelope);
// The newest claim of `about` (or an accusation of it, which it will refute) to somebody with an older one.
void courier_correct(struct gossip *gossip, const struct node_id *to, const struct members_node *about);
// All accusations of a member that is dead here, to somebody for whom it lives.
void courier_accuse(struct gossip *gossip, const struct node_id *to, const struct members_node *about);
// Rumours to members chosen at random. True: there is more than fitted, and somebody to tell it to.
bool courier_round(struct gossip *gossip);

#endif
