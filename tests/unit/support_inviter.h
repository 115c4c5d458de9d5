// support_inviter.h - a whole node as a state machine that has invited somebody, and the wire to it.
//
// A fleet on paper (support_trust.h) with Alice as operator and one node, SUPPORT_NODE; its
// core is real, its disk keeps everything at once unless told not to. A joiner (node/cli/joiner.h) talks to
// it over a wire in memory.
#ifndef TESTS_UNIT_SUPPORT_INVITER_H
#define TESTS_UNIT_SUPPORT_INVITER_H

#include "node/cli/joiner.h"
#include "node/core/core.h"
#include "tests/unit/support_nodes.h"

struct inviter {
    struct support_trust trust;
    struct envelope_signer alice, node;
    struct agent_keys keys;  // of the node
    struct token token;      // for the invite
    struct buffer authority; // its one entry: Alice
    struct support_envelope node_record, node_keys, invite;
    struct core *core;
    uint64_t now_ms;
    int64_t wall_ms;
    uint64_t next_stream; // of the next caller
    bool is_disk_slow;    // writes are not durable before inviter_settle
    uint64_t written;     // ticket of the last write
    size_t record_writes;
    struct buffer replies; // owned: what the core sent to the caller in hand, in order
    bool has_closed;       // the core closed that caller's stream
    uint64_t caller;
};

// An invite for one use that expires a minute after SUPPORT_WALL_MS, with the label site=berlin.
struct invite inviter_invite(const struct inviter *inviter);
void inviter_init(struct inviter *inviter, const struct invite *invite); // NULL: the one above
void inviter_deinit(struct inviter *inviter);
void inviter_settle(struct inviter *inviter);                             // the disk has written everything
void inviter_give_record(struct inviter *inviter, struct bytes envelope); // from its disk

// Keys of the machine with this number.
struct agent_keys inviter_machine_keys(uint8_t number);
// A machine calls: initialises the joiner.
void inviter_call(struct inviter *inviter, struct joiner *joiner, const struct agent_keys *keys,
                  const char *name);
// Until nobody has anything to say. Returns the joiner's outcome, 0: it waits.
int inviter_talk(struct inviter *inviter, struct joiner *joiner);
// One turn each: what the joiner wants to send is heard, what came back is the caller's to free.
void inviter_hear(struct inviter *inviter, struct joiner *joiner);
struct buffer inviter_take_replies(struct inviter *inviter);
void inviter_hang_up(struct inviter *inviter);

#endif
