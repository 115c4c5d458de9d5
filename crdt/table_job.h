// table_job.h - one name of the table: all records about it, and what they add up to.
//
// The state is a pure function of the set of records that count:
//   life       the highest of definitions and deletes: odd exists, even is deleted, 0 is nothing at all
//   active     of that life, the definition with the highest (version, stamp, record id)
//   conflicts  definitions of that life and version that lost: two people edited at once; and of the version
//              before, those that the author of the active one did not see: somebody edited twice
//   pauses     of that life that no resume of that life names
// Live records are those this state rests on: active, conflicts, open pauses, resumes, the highest
// delete. Any set that contains the live ones gives the same state, so only they are fingerprinted and
// repaired; older ones are kept for a while because a revocation can void what superseded them.
// The causal length of names is from Yu & Rostad, "A Low-Cost Set CRDT", 2020.
#ifndef CRDT_TABLE_JOB_H
#define CRDT_TABLE_JOB_H

#include "crdt/fingerprint.h"
#include "crdt/table_record.h"

enum {
    TABLE_JOB_RECORD_COUNT_MAX = 16384,
    TABLE_JOB_OLD_DEFINITION_COUNT_MAX = 8, // superseded ones that are kept
};

struct table_job_decoded;

enum { TABLE_JOB_DECODED_COUNT_MAX = 64 }; // definitions a cache keeps

// Definitions decoded a moment ago: there may be 100,000 jobs, and few of them are looked at at a time.
struct table_job_cache { // zeroed: empty
    struct table_job_decoded *newest, *oldest;
    size_t count;
};

struct table_job {
    struct tree_node by_name;          // first, so that the node is the job
    struct table_record *records;      // owned; in table_record_order_of
    const struct table_record *active; // NULL: deleted, or no definition here
    struct table_job_decoded *decoded; // owned; of `active`, while a cache keeps it
    struct table_job *next_changed;    // the table's list of what changed
    uint64_t life;
    uint32_t record_count;
    uint32_t open_pause_count; // those with an end that has passed too
    uint32_t conflict_count;
    bool is_changed;
    uint8_t name_offset;
    char names[]; // namespace, 0, name, 0
};

struct table_job_key {
    const char *namespace_name;
    const char *name;
};

struct table_job *table_job_new(const struct table_job_key *key);
void table_job_free(struct table_job *job); // and its records
struct table_job_key table_job_get_key(const struct table_job *job);
int table_job_compare(const struct tree_node *node, const void *key); // by namespace, then name

void table_job_add(struct table_job *job, struct table_record *record);
void table_job_remove(struct table_job *job, struct table_record *record); // the caller frees it
// Works out the state anew and keeps `live`, the fingerprint of all live records, in step. True when
// anything changed.
bool table_job_settle(struct table_job *job, struct fingerprint *live);
// The lowest superseded definition when there are more than are kept; NULL otherwise.
struct table_record *table_job_find_surplus(const struct table_job *job);

// True when a pause is open at this time. A pause with an end counts until that end.
bool table_job_is_paused(const struct table_job *job, int64_t wall_ms);
// The active definition may start runs: there is one and its signer still may. Pauses are asked apart.
bool table_job_is_runnable(const struct table_job *job);
// Why not, for `denied: ...`; PERMISSION_GRANTED when there is no active definition.
enum permission table_job_permission(const struct table_job *job);

// The active definition, decoded; NULL when there is none. It stays until it changes, is trimmed, or
// TABLE_JOB_DECODED_COUNT_MAX others were asked for: use it at once and do not keep it.
const struct definition *table_job_definition(struct table_job *job, struct table_job_cache *cache);
void table_job_trim(struct table_job *job); // gives the decoded copy back

// Walk: pass NULL first, then what the last call returned.
const struct table_record *table_job_next_pause(const struct table_job *job, const struct table_record *last);
const struct table_record *table_job_next_conflict(const struct table_job *job,
                                                   const struct table_record *last);
// Every record kept of this name, live or not, highest first.
const struct table_record *table_job_next_record(const struct table_job *job,
                                                 const struct table_record *last);

#endif
