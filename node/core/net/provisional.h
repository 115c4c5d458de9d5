// provisional.h - ends that their node holds back for a range (held.h), known to the keepers meanwhile.
//
// What is held is not on any disk yet. If its node died now, whoever takes the job would think that the run
// was lost and repeat it. So each end is signed alone as well and sent to the keepers, which remember it
// and write nothing. When the range comes it is forgotten. It is written only when the range may not
// come: its node is gone, somebody takes the job, or it stays away for too long.
#ifndef NODE_CORE_NET_PROVISIONAL_H
#define NODE_CORE_NET_PROVISIONAL_H

#include "node/core/event.h"
#include "proto/bytes.h"
#include "proto/envelope.h"

struct core;

enum {
    PROVISIONAL_MS = 20 * 1000,   // a range comes sooner than this
    PROVISIONAL_COUNT_MAX = 2048, // beyond it the oldest is written
};

struct provisional_item { // one result or verdict of another node
    enum event_row_kind kind;
    struct hash id;
    struct node_id signer;
    struct ledger_occurrence occurrence;
    struct buffer envelope; // owned
    uint64_t until_ms;      // monotonic
};

struct provisional {
    struct provisional_item *items; // owned, oldest first
    size_t count, capacity;
};

void provisional_deinit(struct provisional *provisional);

// Signs the body, a list of one item about `job`, and tells the keepers.
void provisional_tell(struct core *core, enum envelope_kind kind, struct bytes body, const char *job);
bool provisional_receive(struct core *core, const struct node_id *from,
                         struct bytes body); // false: malformed
// An item is being stored: what it says need not be remembered.
void provisional_forget(struct core *core, const struct event_row *row);
// Writes what is remembered of the job.
void provisional_write_job(struct core *core, const char *job);
void provisional_tick(struct core *core);

#endif
