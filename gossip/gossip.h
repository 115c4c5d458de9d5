// gossip.h - the front door: who is in the fleet, and how news gets to everybody.
//
// Like the core it is a machine without a world. The caller tells it the time, what arrived and what
// was signed, then pulls out what is to be done:
//
//   gossip_advance(gossip, now_ms, wall_ms, gap_ms);       // first thing with every event
//   gossip_receive(gossip, &from, &address, packet);       // an opened datagram; or gossip_add_..., ...
//   while (gossip_next_output(gossip, &output)) ...;        // until it is empty
//   gossip_deadline_ms(gossip);                             // call gossip_advance then at the latest
//
// Sealing, opening and hellos are the caller's, and so are all signatures: a record is handed over
// only after its signature held and its signer was found to belong to the fleet; what has to be signed
// comes out as an output and goes in again as a record. Packets come from an authenticated peer.
//
// How it works: probes (gossip/probe.h) find silence, accusations and time make it a death
// (gossip/judge.h), rumours (gossip/rumor.h) carry news, fingerprints in the pings tell when
// something was missed (gossip/mismatch.h). Lifeguard's local health is not in it yet, apart from the
// rule that a node that slept or was late blames nobody.
#ifndef GOSSIP_GOSSIP_H
#define GOSSIP_GOSSIP_H

#include "gossip/claims.h"
#include "gossip/random.h"
#include "gossip/rumor.h"

struct gossip;

enum {
    GOSSIP_PROBE_INTERVAL_MS = 1000,
    GOSSIP_ROUND_MS = 200, // between two rounds of retelling
    GOSSIP_FAN_OUT = 3,    // members told in one round
    GOSSIP_GAP_MS = 1000,  // away longer than this: everybody has to be heard again
    GOSSIP_LATE_MS = 250,  // late by more: nobody is blamed for what was under way
    GOSSIP_SEED_COUNT_MAX = 64,
};

#define GOSSIP_NOT_VOUCHED UINT64_MAX
#define GOSSIP_FORGET_MS   (UINT64_C(35) * 24 * 3600 * 1000) // dead and left members are kept so long

struct gossip_options {
    struct node_id self;
    uint8_t seed[RANDOM_SEED_SIZE]; // entropy of this process
    uint64_t probe_interval_ms;     // 0: GOSSIP_PROBE_INTERVAL_MS
    uint64_t now_ms;
    int64_t wall_ms;
};

struct gossip *gossip_new(const struct gossip_options *options) WARN_UNUSED;
void gossip_free(struct gossip *gossip);

// The time of everything that follows. `gap_ms`: how long this process was stopped or suspended, as far
// as the caller knows; lateness against the deadline is noticed here.
void gossip_advance(struct gossip *gossip, uint64_t now_ms, int64_t wall_ms, uint64_t gap_ms);
// UINT64_MAX: never.
uint64_t gossip_deadline_ms(const struct gossip *gossip);
void gossip_receive(struct gossip *gossip, const struct node_id *from, const struct address *address,
                    struct bytes packet);
// The same, said over a stream whose other end is proved to be `from`: only pings and acks go that way.
void gossip_receive_stream(struct gossip *gossip, const struct node_id *from, struct bytes packet);
// A packet to this node could not be sent at all (no route, refused by the kernel).
void gossip_send_failed(struct gossip *gossip, const struct node_id *to);

// A verified record. Also the way in for what is stored, repaired, or was just signed here.
struct gossip_record {
    struct node_id signer;
    struct bytes envelope;
    struct node_id from; // the member who sent it; zero: nobody (storage, or signed here)
    bool is_repair;      // found by comparing or in storage: old news
    uint64_t vouched_ms; // `from` knows of an ack so long ago; GOSSIP_NOT_VOUCHED
};

// Each returns 0 when it was news, else one of CLAIMS_...
int gossip_add_alive(struct gossip *gossip, const struct gossip_record *record,
                     const struct member_alive *alive);
int gossip_add_leave(struct gossip *gossip, const struct gossip_record *record,
                     const struct member_leave *leave);
int gossip_add_suspicion(struct gossip *gossip, const struct gossip_record *record,
                         const struct member_suspicion *suspicion);

// A member we were told of (by an admission, an invite), and where it may be reached.
void gossip_add_contact(struct gossip *gossip, const struct node_id *id, const struct address *address);
// An address where some member may be found; at most GOSSIP_SEED_COUNT_MAX, further ones are ignored.
void gossip_add_seed(struct gossip *gossip, const struct address *address);
// An operator re-signed this node.
void gossip_clear_alarm(struct gossip *gossip, const struct node_id *id);
// What is signed in the alive record changed: sign a new one.
void gossip_renew(struct gossip *gossip);

// What this node has, for comparison with others.
void gossip_set_table(struct gossip *gossip, const struct packet_fingerprint *table);
void gossip_set_authority(struct gossip *gossip, uint64_t number, const struct hash *head);

struct gossip_news {
    uint8_t class; // RUMOR_NEWS or above, the caller's own
    struct hash key;
    struct bytes data;   // at most RUMOR_SIZE_MAX
    struct node_id from; // who told us; zero: we ourselves
    bool urgent;         // pushed at once instead of with the next round
};

// 0, RUMOR_TOO_LARGE or RUMOR_KNOWN.
int gossip_spread(struct gossip *gossip, const struct gossip_news *news);

enum gossip_output_kind {
    GOSSIP_SEND,           // seal `data` for `node` and send it to `address`, or say it `over_stream`
    GOSSIP_CONTACT,        // find out who is at `address`, then gossip_add_contact
    GOSSIP_SIGN_ALIVE,     // sign an alive record with `incarnation`; give it to gossip_add_alive
    GOSSIP_SIGN_SUSPICION, // sign `suspicion`; give it to gossip_add_suspicion
    GOSSIP_DELIVER,        // `data` of `class` from `node`; records of members: verify and add
    GOSSIP_CHANGED,        // look at member `node` again; it may be gone
    GOSSIP_DIFFERS,        // `node` lastingly has something else than we: repair `what`
    GOSSIP_SETTLED,        // since the start or the last gap every member was heard or asked in vain
};

enum gossip_what { GOSSIP_MEMBERS, GOSSIP_TABLE, GOSSIP_AUTHORITY, GOSSIP_WHAT_COUNT };

struct gossip_output {
    enum gossip_output_kind kind;
    struct node_id node;
    struct address address;
    bool over_stream;
    struct bytes data; // valid until the next call of gossip_next_output
    uint8_t class;
    uint64_t vouched_ms;
    uint64_t incarnation;
    struct member_suspicion suspicion;
    enum gossip_what what;
};

bool gossip_next_output(struct gossip *gossip, struct gossip_output *ret_output);

// To look at; the table stays gossip's.
const struct members *gossip_members(const struct gossip *gossip);
const struct members_node *gossip_find(const struct gossip *gossip, const struct node_id *id);
// How long ago `node` is known to have acknowledged anything; GOSSIP_NOT_VOUCHED if too long ago to say.
uint64_t gossip_vouch_ms(const struct gossip *gossip, const struct members_node *node);
bool gossip_is_settled(const struct gossip *gossip);
// Not heard yet, and asked in vain for less long than at a start: it may answer at any moment.
bool gossip_is_awaited(const struct gossip *gossip, const struct members_node *node);
// Nobody answers any more: the trouble may be here.
bool gossip_is_isolated(const struct gossip *gossip);

struct gossip_clock {
    int64_t offset_ms; // of our wall clock to the median of others: theirs minus ours
    uint64_t uncertainty_ms;
    size_t peer_count;       // whom it was made of, this node not counted; 0: nothing is known
    size_t unmeasured_count; // heard peers who trust their clocks, and were not compared yet
};

// The median of heard peers who trust their clocks: of those whose error is known where there are any. This
// node is one of them, with an offset of zero, unless `is_outsider` or it is less sure than they; of two
// values in the middle the one nearer to zero counts.
struct gossip_clock gossip_clock(const struct gossip *gossip, bool is_outsider);
// Our own wall clock was set: what was measured before says nothing any more.
void gossip_forget_clocks(struct gossip *gossip);

#endif
