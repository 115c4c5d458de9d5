// sync.h - makes every node's table, directory and authority log the same: fetches news too large for a
// rumour, and repairs what rumours missed, after the pings have shown that two nodes differ.
#ifndef NODE_CORE_NET_SYNC_H
#define NODE_CORE_NET_SYNC_H

#include "gossip/gossip.h"
#include "proto/bytes.h"
#include "proto/ids.h"

struct core;

enum {
    SYNC_WAITING_COUNT_MAX = 512, // records of unknown signers that wait for authority or admissions
    SYNC_ASK_AGAIN_MS = 1000,     // between two questions to one sender
};

struct sync_waiting {
    struct node_id from;
    struct buffer envelope; // owned
    uint64_t asked_ms;      // when its sender was asked for what it rests on; 0: it was not
};

struct sync {
    struct sync_waiting *waiting; // owned
    size_t waiting_count, waiting_capacity;
    bool is_retrying;
    uint64_t repair_bytes; // sent since start
};

void sync_deinit(struct sync *sync);

// `node` lastingly has something else than we.
void sync_repair(struct core *core, const struct node_id *node, enum gossip_what what);
// The first node that answered since the start: it is asked for what went round before.
void sync_met_first(struct core *core, const struct node_id *node);
// Asks for what its authority log has beyond ours.
void sync_ask_authority(struct core *core, const struct node_id *node);
// A record is announced that was too large for a rumour: fetch it if it is not here.
void sync_announced(struct core *core, const struct node_id *from, const struct hash *id);
// A record whose signer or invite is not known here: ask the sender for what it rests on, try again then.
void sync_wait(struct core *core, const struct node_id *from, struct bytes envelope);
void sync_retry(struct core *core);

// Messages; false: malformed.
bool sync_wanted(struct core *core, const struct node_id *from, struct bytes body);
bool sync_authority_asked(struct core *core, const struct node_id *from, struct bytes body);
bool sync_reconcile(struct core *core, const struct node_id *from, struct bytes body);

#endif
