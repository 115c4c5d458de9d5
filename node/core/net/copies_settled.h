// copies_settled.h - the jobs of which no keeper lacks anything, as far as this node knows, and who those
// are.
//
// Names and nodes are told apart by a few bytes of their hashes: 24 bytes a job. That two are mixed up, at
// worst, delays a comparison until the next change.
#ifndef NODE_CORE_NET_COPIES_SETTLED_H
#define NODE_CORE_NET_COPIES_SETTLED_H

#include "node/core/owner.h"

struct copies_settled_keepers {        // of a job, this node too
    uint32_t keys[OWNER_KEEPER_COUNT]; // ascending; 0: none
    bool is_each;                      // every node writes about it
};

struct copies_settled_job {
    uint64_t name_key;
    struct copies_settled_keepers keepers;
};

struct copies_settled {
    struct copies_settled_job *items; // owned, by name
    size_t count, capacity;
};

void copies_settled_deinit(struct copies_settled *settled);

struct copies_settled_keepers copies_settled_keepers_of(const struct owner_rank *rank, bool is_each);
bool copies_settled_equal(const struct copies_settled_keepers *a, const struct copies_settled_keepers *b);

// Under these keepers?
bool copies_settled_has(const struct copies_settled *settled, const char *job,
                        const struct copies_settled_keepers *keepers);
void copies_settled_add(struct copies_settled *settled, const char *job,
                        const struct copies_settled_keepers *keepers);
// Forgets the job unless it was settled under these. False: it was not settled under others.
bool copies_settled_forget_others(struct copies_settled *settled, const char *job,
                                  const struct copies_settled_keepers *keepers);
// Forgets the jobs that the node keeps; and of those that each node sees to itself, the ones that this node
// keeps: it alone may have what the other has not told the rest.
void copies_settled_forget_node(struct copies_settled *settled, const struct node_id *self,
                                const struct node_id *node);

#endif
