// keep.h - the ledger on other nodes: every record once written is offered to its keepers until they have it.
//
// A record signed here goes at once to the nodes that keep the jobs it speaks of. It waits in memory
// until each has said that it is durable there. What was written before a node came to keep a job, or what
// a node lost or missed, is in copies.h.
#ifndef NODE_CORE_NET_KEEP_H
#define NODE_CORE_NET_KEEP_H

#include "node/core/event.h"
#include "node/core/owner.h"
#include "proto/bytes.h"
#include "proto/ids.h"

struct core;

enum {
    KEEP_HOLDER_MAX = 16,          // one record may speak of several jobs, each with keepers of its own
    KEEP_WAITING_COUNT_MAX = 4096, // beyond it the oldest waits on disk only, and is offered later
    KEEP_AGAIN_MS = 3000,          // a keeper that has not answered is told again
};

struct keep_item { // a record of ours on its way to its keepers
    struct hash id;
    struct buffer envelope;  // owned
    struct node_id *holders; // owned
    size_t holder_count;     // that have not answered
    uint64_t sent_ms;
};

struct keep_receipt { // a record of another node that is being made durable here
    struct node_id to;
    struct hash id;
    uint64_t ticket;
};

struct keep {
    struct keep_item *items; // owned, oldest first
    size_t count, capacity;
    struct keep_receipt *receipts; // owned
    size_t receipt_count, receipt_capacity;
};

void keep_deinit(struct keep *keep);

// A record signed here, which speaks of these jobs ("" ends the list).
void keep_record(struct core *core, const struct hash *id, struct bytes envelope, const char *const *jobs,
                 size_t job_count);
// The same for these nodes, beside those that were told already.
void keep_record_at(struct core *core, const struct hash *id, struct bytes envelope,
                    const struct node_id *holders, size_t holder_count);
// The keepers of all jobs a record speaks of, and who has them or takes them at this moment: a run that
// ends while its job is being taken is known to the taker before the answer is. Without this node.
size_t keep_find_holders(struct core *core, const char *const *jobs, size_t job_count,
                         struct node_id holders[KEEP_HOLDER_MAX]);
// One more, if it is not there yet and another node. False: there is no room.
bool keep_add_holder(const struct core *core, const struct node_id *id,
                     struct node_id holders[KEEP_HOLDER_MAX], size_t *count);
// The present keepers of a job by its name, also of one that was deleted. False: the table never had it.
bool keep_find_keepers(struct core *core, const char *name, struct owner_rank *ret_rank);
void keep_connected(struct core *core, const struct node_id *node);
void keep_settled(struct core *core); // more writes are durable
void keep_tick(struct core *core);

// Sends ledger records of anybody, as many in a message as fit. False: not all of them went out on one link.
bool keep_send(struct core *core, const struct node_id *to, const struct bytes *envelopes, size_t count);

// Messages; false: malformed.
bool keep_receive(struct core *core, const struct node_id *from, struct bytes body);
bool keep_acknowledged(struct core *core, const struct node_id *from, struct bytes body);

// Verifies a ledger record and calls `each` for every item, as a row. False: not to be believed.
bool keep_read(struct core *core, struct bytes envelope,
               void (*each)(void *context, const struct event_row *row), void *context);

#endif
