// packet.h - one signed record of the ledger, decoded: shared by all rows that speak of its items.
//
// Made by the store's thread, given back by the loop: the count of holders is atomic.
#ifndef NODE_IO_STORE_PACKET_H
#define NODE_IO_STORE_PACKET_H

#include <stdatomic.h>

#include "node/core/event.h"
#include "proto/envelope.h"

struct packet {
    atomic_uint holders;
    struct arena arena;
    struct buffer memory; // of the envelope
    struct envelope envelope;
    struct hash record;
    size_t count;
    union { // by envelope.kind
        struct ledger_claim *claims;
        struct ledger_result *results;
        struct ledger_verdict *verdicts;
        struct ledger_cursor *cursors;
        struct ledger_segment *segments;
    } items;
};

// Takes the buffer over, whatever comes of it. NULL when it is no record of the ledger this build can
// read. The caller holds it once.
struct packet *packet_new(struct buffer *envelope, const struct hash *record) WARN_UNUSED;
struct packet *packet_hold(struct packet *packet);
void packet_release(struct packet *packet); // NULL is fine

// The row of one item; lives as long as the packet.
void packet_row(const struct packet *packet, size_t index, struct event_row *ret_row);

#endif
