// state.h - the body of struct gossip, for the rooms of gossip/ only.
//
// Each room works on its own part: probe and relay ask, judge decides, mismatch compares, courier packs,
// hear unpacks; gossip.c is the front door.
#ifndef GOSSIP_STATE_H
#define GOSSIP_STATE_H

#include "gossip/gossip.h"
#include "gossip/mismatch.h"
#include "gossip/outputs.h"
#include "gossip/probe.h"
#include "gossip/relay.h"
#include "gossip/seen.h"

enum { STATE_TELLER_COUNT_MAX = 8 };

struct gossip {
    uint64_t interval_ms;
    uint64_t now_ms;
    int64_t wall_ms;
    struct random random;
    struct members members;
    struct probe probe;
    struct relays relays;
    struct rumors rumors;
    struct mismatch mismatch;
    struct seen seen;
    struct outputs outbox;

    struct packet_summary summary; // without the members, which are asked each time
    uint64_t round_ms;             // of the next round of retelling
    uint64_t pushed_ms;            // of the last push of urgent news
    uint64_t pushed_serial;        // urgent rumours up to here were pushed
    bool has_more;                 // the last push did not get all out
    uint64_t contact_ms;           // of the next contact of a dead member and a seed
    struct address seeds[GOSSIP_SEED_COUNT_MAX];
    size_t seed_count;
    size_t seed_next;

    bool is_settled;
    uint64_t settle_ms;  // settled at this time at the latest
    unsigned failures;   // probes in a row that failed, with no ack of anybody in between
    size_t needed;       // accusers, as of the last look at all suspects
    uint64_t considered; // changes of members, as of then

    bool is_signing;                                // an alive record is being signed
    uint64_t sign_ms;                               // sign one at this time; UINT64_MAX: no need
    uint64_t signed_ms;                             // when the last one was asked for
    struct node_id tellers[STATE_TELLER_COUNT_MAX]; // who said we are suspect: told at once that we are not
    size_t teller_count;
};

#endif
