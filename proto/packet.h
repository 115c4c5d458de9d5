// packet.h - what two nodes say to each other in one datagram: are you there, and have you heard.
//
// This is the plain text inside a sealed datagram, so who sent it is known and nothing here is signed
// again. Fixed layout, little endian, no protobuf: the idle fleet says little else, and every byte of a
// ping is paid by every node every second.
//
//   type and flags u8 | (not NEWS) sequence u32 | by type | items
//   PING     summary                       I want to know whether you are alive
//   ACK      wall clock u48 | summary      the answer, under the sequence of the ping
//   ASK      target 16 | wait ms u16       ping that node for me; say so if it is silent that long
//   RELAYED                                it answered; under the sequence of the ASK
//   NACK                                   it was silent (or I do not know it); same sequence
//   NEWS                                   items only
//   item     class u8 | size u16 | bytes   repeated to the end of the packet
//
// A summary is what two nodes compare to find out that they differ. Equal is the rule, so it travels as
// a digest of 8 bytes in a ping and as nothing at all in the answer to an equal one; flag WHOLE says
// that all its fields follow instead. Unknown types, unknown flags, a field cut short and an item that
// overruns are PACKET_MALFORMED; there is one encoding of each packet.
#ifndef PROTO_PACKET_H
#define PROTO_PACKET_H

#include "proto/ids.h"
#include "proto/limits.h"

enum {
    PACKET_MALFORMED = 1,
};

enum {
    PACKET_FINGERPRINT_SIZE = 8,
    PACKET_ITEM_OVERHEAD_SIZE = 3,
    // Sealing takes at most 72 bytes of a datagram (proto/datagram.h: first packets of a session).
    PACKET_SIZE_MAX = LIMIT_DATAGRAM_SIZE_MAX - 72,
    PACKET_HEADER_SIZE_MAX = 1 + 4 + 6 + 3 * PACKET_FINGERPRINT_SIZE + 8,
    PACKET_ITEM_SIZE_MAX = PACKET_SIZE_MAX - PACKET_HEADER_SIZE_MAX - PACKET_ITEM_OVERHEAD_SIZE,
};

enum packet_type {
    PACKET_PING = 1,
    PACKET_ACK,
    PACKET_ASK,
    PACKET_RELAYED,
    PACKET_NACK,
    PACKET_NEWS,
};

struct packet_fingerprint {
    uint8_t b[PACKET_FINGERPRINT_SIZE];
};

struct packet_summary {
    struct packet_fingerprint members;        // of the members that are not dead
    struct packet_fingerprint table;          // of definitions, pauses, deletes, orders
    struct packet_fingerprint authority_head; // the first bytes of it
    uint64_t authority_number;
};

struct packet {
    enum packet_type type;
    uint32_t sequence;
    bool whole;                       // PING, ACK: `summary` holds; otherwise
    struct packet_fingerprint digest; // PING: of the sender's summary. ACK: equal to that of the ping
    struct packet_summary summary;
    uint64_t wall_ms;      // ACK; 48 bits
    struct node_id target; // ASK
    uint16_t wait_ms;      // ASK
    struct bytes items;    // as encoded; read them with packet_next_item
};

struct packet_item {
    uint8_t class;
    struct bytes data; // a view into the packet
};

// 0 or PACKET_MALFORMED. On 0 all items are known to be whole; views point into `input`.
int packet_decode(struct bytes input, struct packet *ret_packet) WARN_UNUSED;
// Appends header and `packet->items`.
void packet_encode(const struct packet *packet, struct buffer *out);

// Takes the first item off `items`; false when there is none.
bool packet_next_item(struct bytes *items, struct packet_item *ret_item);
void packet_add_item(struct buffer *items, uint8_t class, struct bytes data);

struct packet_fingerprint packet_summary_digest(const struct packet_summary *summary);
bool packet_fingerprint_equal(const struct packet_fingerprint *a, const struct packet_fingerprint *b);

#endif
