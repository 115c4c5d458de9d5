// owner.h - who decides a job's due times, and how a node comes to be that one.
//
// Among the nodes that may run the job, rendezvous hashing names the owner; anyone can compute it.
// Being named is not enough: a node acts only after it has completed `take` (rules 6-8).
#ifndef NODE_CORE_OWNER_H
#define NODE_CORE_OWNER_H

#include "node/core/jobs.h"

enum {
    OWNER_KEEPER_COUNT = 3, // R: the owner and the next two keep the job's records
};

struct owner_rank {
    struct node_id nodes[OWNER_KEEPER_COUNT]; // the first is the owner
    size_t count;
    bool nobody_eligible; // keepers there are, but none of them may run the job
};

// Who owns and keeps the job, as seen from here; nodes in `without` are thought away.
void owner_rank(struct core *core, const struct job *job, const struct node_id *without, size_t without_count,
                struct owner_rank *ret_rank);
// Something that ownership depends on has changed for this job, or for all.
void owner_job(struct core *core, struct job *job);
void owner_all(struct core *core);

#endif
