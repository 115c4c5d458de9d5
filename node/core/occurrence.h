// occurrence.h - what a due time and a run are called, the same on every node.
//
// An occurrence is one due time of one job. Its id depends on the job's name, life and schedule
// version, so editing anything else never changes it and nothing re-fires. A run is one attempt of
// an occurrence by one node in one generation (boot) of that node. Occurrences meet, runs do not.
#ifndef NODE_CORE_OCCURRENCE_H
#define NODE_CORE_OCCURRENCE_H

#include "proto/ids.h"

struct occurrence {
    const char *job; // "namespace/name"
    uint64_t life;   // odd
    uint64_t
        schedule_version;  // 0 for what an order asked for: it runs once, whatever becomes of the schedule
    uint16_t trigger;      // index in the definition; OCCURRENCE_ORDER for run-now
    struct node_id target; // zero: any node
    int64_t
        due_ms; // nominal, unix, before jitter; 0 when there is a `cause`, unless a backfill makes it anew
    struct hash cause; // zero, or the record id of the order, or what happened (happening.h)
};

enum {
    OCCURRENCE_ORDER = 0xffff, // the trigger index of a run that an order asked for
};

struct occurrence_id occurrence_id_of(const struct occurrence *occurrence);
struct run_id run_id_of(const struct occurrence_id *occurrence, const struct node_id *node,
                        uint64_t generation, uint32_t attempt);
// What rendezvous hashing ranks: the job's name and life.
struct hash job_hash_of(const char *job, uint64_t life);

#endif
