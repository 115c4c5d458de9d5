// fleet.h - this node among the others: membership, and what follows from a change of it.
//
// Gossip decides what to send to whom and what it believes of whom; here its records are signed and verified,
// and news of the table goes in and out; peers.h seals and opens the packets. Anything that bears on
// ownership ends in owner_all.
#ifndef NODE_CORE_NET_FLEET_H
#define NODE_CORE_NET_FLEET_H

#include "gossip/gossip.h"
#include "node/core/event.h"
#include "node/core/net/peers.h"

struct core;

enum {
    FLEET_CLASS_RECORD = RUMOR_NEWS, // a signed record, whole
    FLEET_CLASS_ID = RUMOR_NEWS + 1, // the id of a larger one: fetch it
};

struct fleet {
    struct gossip *gossip; // owned; NULL until the disk is read: it settles among those it knows at its start
    struct buffer *stored; // owned: what members said about themselves, from the disk, until then
    size_t stored_count, stored_capacity;
    struct address seeds[LIMIT_ADDRESS_COUNT_MAX];
    size_t seed_count;
    struct peers peers;
    uint64_t table_generation, told_directory_generation,
        told_event_generation; // what gossip was last told of
    uint64_t returned_ms;      // monotonic: when this node itself came back, from a boot or a gap
    uint64_t recheck_ms;       // monotonic: a returned node may own from then on; UINT64_MAX: none waits
    bool is_dirty;             // ownership has to be worked out anew
};

enum fleet_state { FLEET_UNHEARD, FLEET_ALIVE, FLEET_SUSPECT, FLEET_DEAD, FLEET_LEFT };

void fleet_boot(struct core *core, const struct event_boot *boot);
void fleet_deinit(struct fleet *fleet);
void fleet_load_member(struct core *core, struct bytes envelope); // an alive record from the disk
void fleet_loaded(struct core *core);

// A datagram to there could not leave: who lives there is asked for through others at once.
void fleet_unsent(struct core *core, const struct address *to);
bool fleet_is_isolated(const struct core *core); // nobody answers this node any more
// An operator has signed anew who the node is: that its key was seen twice counts no more.
void fleet_signed_anew(struct core *core, const struct node_id *id);
void fleet_advance(struct core *core, uint64_t gap_ms); // the time of the event that follows
void fleet_pump(struct core *core);                     // performs what gossip wants; after every event
uint64_t fleet_deadline_ms(const struct core *core);

// A packet of membership that came over a stream.
void fleet_probed(struct core *core, const struct node_id *from, struct bytes packet);

// A record that is new here: tell it on. `from`: who told us, NULL nobody.
void fleet_spread(struct core *core, const struct record_id *id, struct bytes envelope,
                  const struct node_id *from);
// Verifies and takes a record about membership (kinds 30-32).
void fleet_member_record(struct core *core, struct bytes envelope, const struct node_id *from,
                         uint64_t vouched_ms);
// The same, of news that had to wait. False: its signer is still unknown here.
bool fleet_member_news(struct core *core, struct bytes envelope, const struct node_id *from);
void fleet_renew(struct core *core); // what our alive record says has changed
void fleet_dirty(struct core *core);
void fleet_leave(struct core *core); // signs that this node goes for good, and tells it

enum fleet_state fleet_state_of(const struct core *core, const struct node_id *id);
bool fleet_address(const struct core *core, const struct node_id *id, struct address *ret_address);
// Heard, alive or suspect, no doubt about its key: may keep records.
bool fleet_is_counted(const struct core *core, const struct node_id *id);
// Takes work and did not return a moment ago: may own.
bool fleet_is_alone(const struct core *core); // no other node is counted
bool fleet_may_own(const struct core *core, const struct node_id *id);
uint32_t fleet_clock_error_ms(const struct core *core, const struct node_id *id); // as it says itself
// Trusts its clock, and knows it to be at most so wrong (0: no matter how wrong).
bool fleet_trusts_clock(const struct core *core, const struct node_id *id, uint64_t error_max_ms);
bool fleet_is_settled(const struct core *core);
bool fleet_is_awaited(const struct core *core, const struct node_id *id); // unheard, and asked a moment ago
// All members that are not dead or left, but this node; at most `room`.
size_t fleet_list(const struct core *core, struct node_id *ids, size_t room);

#endif
