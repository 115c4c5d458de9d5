// floors.h - the least the runner believes of each job, on disk: DIR/runner/floors.
//
// Per name: the highest life that was deleted, the highest definition in the order (life, version,
// stamp, record id), and the pauses of the present life with the ids that resumes lifted. A network
// process that is somebody else's by now can withhold what is newer, but what was once shown cannot be
// taken back by showing something older. Only a root's revocation lowers anything: a definition or
// resume stamped after its signer was revoked counts no more (crdt/permission.h says void).
// These are the rules of crdt/table_job.h, kept small: one name costs about 150 bytes, because the
// definition itself is not kept here.
//
// A change is appended to the file and durable after floors_sync. Functions that change return 0,
// one of the outcomes or -errno.
#ifndef NODE_IO_RUNNER_FLOORS_H
#define NODE_IO_RUNNER_FLOORS_H

#include "crdt/authority_log.h"
#include "node/io/runner/applog.h"
#include "proto/change.h"
#include "proto/definition.h"

enum {
    FLOORS_KNOWN = 1,             // nothing new
    FLOORS_SUPERSEDED,            // something higher is known
    FLOORS_FULL,                  // LIMIT_JOB_COUNT_MAX names are known, or too many pauses of one
    FLOORS_PAUSE_COUNT_MAX = 512, // of one name, lifted ones included
};

struct floors_definition { // life 0: none
    uint64_t life, version, stamp;
    struct hash id;
    struct node_id signer;
};

struct floors_pause {
    struct hash id;
    uint64_t life;
    int64_t until_ms; // 0: until lifted
};

struct floors_lift { // one pause that one resume names
    struct hash pause;
    uint64_t life;
    uint64_t stamp;
    struct node_id signer;
};

struct floor {
    uint8_t job[16]; // of the name
    uint64_t deleted_life;
    struct floors_definition definition;
    struct floors_pause *pauses; // owned
    struct floors_lift *lifts;   // owned
    size_t pause_count, pause_capacity;
    size_t lift_count, lift_capacity;
    struct floor *next_by_id; // of those whose definition's id begins alike
};

struct floors {
    struct applog log;
    struct floor **slots; // owned; open addressing
    struct floor **by_id; // slot_count lists, by the definition's id
    size_t slot_count, count;
    uint64_t compact_at_bytes;
};

// What of a signed record counts here.
struct floors_signed {
    struct hash id;
    struct node_id signer;
};

int floors_open(struct floors *floors, int directory) WARN_UNUSED;
void floors_close(struct floors *floors); // safe after a failed open

// NULL: nothing is known of this name.
const struct floor *floors_find(const struct floors *floors, const char *namespace_name, const char *name);
// True: this is the definition in force of some name, so its signature was checked.
bool floors_has_definition(const struct floors *floors, const struct hash *id);
uint64_t floor_life(const struct floor *floor); // odd exists, even is deleted, 0 neither
bool floor_is_paused(const struct floor *floor, int64_t wall_ms);

int floors_define(struct floors *floors, const struct definition *definition,
                  const struct floors_signed *by) WARN_UNUSED;
int floors_delete(struct floors *floors, const struct removal *removal) WARN_UNUSED;
int floors_pause(struct floors *floors, const struct pause *pause,
                 const struct floors_signed *by) WARN_UNUSED; // and resume

// The authority log changed: what is void now counts no more. 0 or -errno.
int floors_recheck(struct floors *floors, const struct authority_log *log) WARN_UNUSED;
// Makes changes durable; now and then rewrites the file. 0 or -errno.
int floors_sync(struct floors *floors) WARN_UNUSED;

#endif
