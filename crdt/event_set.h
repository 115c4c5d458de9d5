// event_set.h - the events that have not expired: what operators and nodes said has happened.
//
// A set of signed records (kind 50) that every node has, like the table, but for hours only. Each is verified
// and judged before it enters: an operator needs the action `trigger` in the namespace of the event, a node
// has to be one. Whose events a job listens to is the job's to say. Merging is adding: what a set holds
// depends on the records alone, not on their order.
//
// Bounded, whatever storm there is: of each signer the first EVENT_SET_SIGNER_COUNT_MAX are kept, of all the
// first LIMIT_EVENT_COUNT_MAX, by (stamp, record id). So what was there stays, what comes on top is refused,
// before its signature costs anything, and all nodes end up with the same events.
//
// The data of an event stay in its envelope: only the runner reads them.
// Memory: the set owns copies; pointers to items stay valid until the set changes.
#ifndef CRDT_EVENT_SET_H
#define CRDT_EVENT_SET_H

#include "crdt/directory.h"
#include "proto/change.h"
#include "proto/name.h"

enum { EVENT_SET_SIGNER_COUNT_MAX = LIMIT_EVENT_COUNT_MAX / 4 };

struct event_set_item {
    struct tree_node by_id; // first
    struct record_id id;
    struct node_id signer;
    bool is_of_node; // else of an operator
    bool is_denied;  // its signer was revoked or narrowed since: it makes nothing due
    uint64_t stamp;
    uint64_t authority_number;
    int64_t expires_ms;
    char name[NAME_JOB_ROOM]; // "namespace/name"
    struct buffer envelope;   // owned
};

struct event_set_signer {
    struct node_id id;
    size_t count;
};

struct event_set {
    struct tree by_id;
    struct event_set_item **items; // owned; ascending by (stamp, id)
    size_t count, capacity;
    struct event_set_signer *signers; // owned; by id
    size_t signer_count, signer_capacity;
    struct fingerprint live;
    uint64_t generation; // rises with every change
    int64_t pruned_ms;   // what expires by then is gone and stays gone
    struct record_queue dropped;
    struct reconcile_item *listed; // event_set_live, when it was last asked for
    uint64_t listed_generation;
};

enum {
    EVENT_SET_KNOWN = 1,
    EVENT_SET_SIGNER_UNKNOWN, // neither operator nor node: ask the sender for what it rests on
    EVENT_SET_LOG_BEHIND,     // signed under a newer authority log than ours; the same remedy
    EVENT_SET_OUT_OF_SCOPE,
    EVENT_SET_VOID, // its signer was revoked before
    EVENT_SET_FORGED,
    EVENT_SET_MALFORMED,
    EVENT_SET_EXPIRED,
    EVENT_SET_FULL,
    EVENT_SET_AHEAD, // only from event_set_submit: stamped ahead of this clock
};

void event_set_init(struct event_set *set);
void event_set_deinit(struct event_set *set); // safe on a zeroed one

// What signers are judged by. Borrowed.
struct event_set_trust {
    const struct authority_log *log;
    const struct directory *directory;
};

// From a peer; from a person at this node, with its clock; from this node's disk, verified before.
// *ret_id is written for 0 and EVENT_SET_KNOWN.
int event_set_add(struct event_set *set, const struct event_set_trust *trust, struct bytes envelope,
                  struct record_id *ret_id) WARN_UNUSED;
int event_set_submit(struct event_set *set, const struct event_set_trust *trust, struct bytes envelope,
                     int64_t wall_ms, struct record_id *ret_id) WARN_UNUSED;
int event_set_restore(struct event_set *set, const struct event_set_trust *trust,
                      struct bytes envelope) WARN_UNUSED;

// Somebody was revoked, narrowed or relabelled: judges all anew.
void event_set_recheck(struct event_set *set, const struct event_set_trust *trust);
// Forgets what expired, by the full minute, so that nodes whose clocks differ a little forget together.
void event_set_prune(struct event_set *set, int64_t wall_ms);

const struct event_set_item *event_set_find(const struct event_set *set, const struct hash *id); // NULL: none
// Records that are no longer kept: delete them from disk. False: no more.
bool event_set_take_dropped(struct event_set *set, struct record_id *ret_id) WARN_UNUSED;

struct hash event_set_fingerprint(const struct event_set *set);
struct reconcile_view event_set_live(struct event_set *set); // valid until the set changes

const char *event_set_outcome_text(int outcome);

#endif
