// owner.h - who decides a job's due times, and who keeps its records.
//
// Among the nodes that may run the job, rendezvous hashing names the owner; anyone can compute it from
// the same view. Being named is not enough: a node acts only after `take` (net/take.h). An owner stays
// owner until somebody else has taken the job from it, so planned moves lose nothing.
#ifndef NODE_CORE_OWNER_H
#define NODE_CORE_OWNER_H

#include "node/core/jobs.h"

enum {
    OWNER_KEEPER_COUNT = 3, // R: the owner and the next two keep the job's records
    OWNER_HOUR_MS = 3600 * 1000,
    OWNER_SETTLE_MS = 5000, // after this node came, until when it meets those that were there
};

struct owner_rank {
    struct node_id nodes[OWNER_KEEPER_COUNT]; // the first is the owner
    size_t count;
    bool nobody_eligible; // keepers there are, but none of them may run the job
};

// Who owns and keeps the job, as seen from here; nodes in `without` are thought away.
void owner_rank(struct core *core, const struct job *job, const struct node_id *without, size_t without_count,
                struct owner_rank *ret_rank);
// A job that goes by the calendar belongs where the clock is trusted, and right enough for it.
enum { OWNER_CLOCK_ROOM = 128 };
// What is wrong with the clock of a node that may not own the job for its sake: "a clock that is not
// trusted".
void owner_tell_clock(const struct core *core, const struct job *job, const struct node_id *id,
                      char out[OWNER_CLOCK_ROOM]);
bool owner_trusts_clock(const struct core *core, const struct job *job, const struct node_id *id);
// Why nobody may run it, node by node: ": n1 has no role=gateway, n2 is away", as much as fits.
void owner_explain(const struct core *core, const struct job *job, char *out, size_t size);
// Something that ownership depends on has changed for this job, or for all.
void owner_job(struct core *core, struct job *job);
void owner_all(struct core *core);
// Dead, left, or unheard although the fleet has settled and it had time to answer: nobody waits for it. A
// node that has just started anew is not gone: it may have run what nobody else knows of.
bool owner_is_gone(const struct core *core, const struct node_id *id);
// How long a node that came back keeps and does not own: twice the suspicion minimum.
uint64_t owner_returning_ms(const struct core *core);
// Stands among the first of the order when nobody is thought dead: it may hold records of the job.
bool owner_may_keep(const struct core *core, const struct job *job, const struct node_id *id);
// The others that came back into this node's view within the last hour.
size_t owner_returned(const struct core *core, struct node_id *ids, size_t room);

#endif
