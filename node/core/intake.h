// intake.h - where every signed record enters, from the disk, a person or a peer, and what follows.
//
// One record: into the authority log, the directory or the table, which verify and judge it; then to
// the disk, to the runner (which verifies it again for itself), and to the jobs it changes.
#ifndef NODE_CORE_INTAKE_H
#define NODE_CORE_INTAKE_H

#include "proto/bytes.h"
#include "proto/envelope.h"

struct core;
struct job;
struct known_due;

enum intake_origin {
    INTAKE_DISK,   // verified before it was stored
    INTAKE_PERSON, // through the control socket: may be refused where a peer's must be merged
    INTAKE_PEER,
};

enum intake_outcome {
    INTAKE_KNOWN = 1,
    INTAKE_REFUSED,
    INTAKE_SIGNER_UNKNOWN, // ask the sender for its authority log first
};

struct intake_note {
    struct record_id id;
    const char *text; // why it was refused
    uint64_t ticket;  // of the write that makes it durable; 0: none
};

// 0: taken and new.
int intake_record(struct core *core, struct bytes envelope, enum intake_origin origin,
                  struct intake_note *ret_note);
// Lets jobs, orders and the disk follow what changed. Called after a batch of records.
void intake_follow(struct core *core);
// Everything the runner has to know, after it or this process was started.
void intake_feed_runner(struct core *core);
void intake_feed_node(struct core *core, const struct node_id *id); // what proves it
void intake_feed_record(struct core *core, const struct hash *id);  // the runner asked for it
// Did a person cancel what waits of this due time, since this wall time?
bool intake_is_cancelled(const struct core *core, const struct job *job, const struct known_due *due,
                         int64_t since_ms);
// Orders for this job that wait for an owner.
void intake_orders(struct core *core, const char *job);

#endif
