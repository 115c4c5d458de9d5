// support_datagram.h - two nodes that exchange packets by hand.
#ifndef TESTS_UNIT_SUPPORT_DATAGRAM_H
#define TESTS_UNIT_SUPPORT_DATAGRAM_H

#include "proto/datagram.h"

struct party {
    struct datagram_local local;
    struct datagram_peer peer; // the other one
    uint8_t number;            // 1, 2: decides the keys
    uint32_t draws;            // so that each "random" draw is a new one
};

struct two {
    struct party a, b;
};

// Starts party `number` in its process life `life`, knowing party `other`.
void party_start(struct party *party, uint8_t number, uint32_t life, uint8_t other);
void party_stop(struct party *party);
void two_start(struct two *two); // strangers
void two_meet(struct two *two);  // both ESTABLISHED
void two_stop(struct two *two);

struct node_id party_id(uint8_t number);
struct dh_secret party_secret(uint8_t number);
struct datagram_session party_session(uint8_t number, uint32_t life);
struct datagram_nonce party_nonce(struct party *party);

struct buffer party_question(struct party *party);
struct buffer party_seal(struct party *party, const char *text); // must succeed

// Hands over one packet. What comes out (payload or answer) replaces `out`.
int party_take(struct party *party, struct bytes packet, struct buffer *out);
// The same where the outcome is all that matters; asserts that a refused packet changed nothing.
int party_try(struct party *party, struct bytes packet);

// A question of `asker`, answered by `other`, all packets dropped afterwards.
void party_greet(struct party *asker, struct party *other);
// Seals at one side and opens at the other.
void party_say(struct party *from, struct party *to, const char *text);

#endif
