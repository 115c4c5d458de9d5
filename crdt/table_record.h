// table_record.h - one signed record of the table: a definition, pause, resume, delete or order.
//
// Kept byte for byte beside the few fields merging needs; the rest is decoded when somebody asks. Small
// on purpose: a fleet may have 100,000 of them on a device with 64 MB.
#ifndef CRDT_TABLE_RECORD_H
#define CRDT_TABLE_RECORD_H

#include "crdt/permission.h"
#include "crdt/tree.h"
#include "proto/change.h"
#include "proto/definition.h"

struct table_job;

enum table_record_kind {
    TABLE_RECORD_DEFINITION = 1,
    TABLE_RECORD_PAUSE,
    TABLE_RECORD_RESUME,
    TABLE_RECORD_DELETE,
    TABLE_RECORD_ORDER,
};

struct table_record {
    struct tree_node by_id; // first, so that the node is the record
    struct record_id id;
    uint64_t stamp;
    uint64_t life;
    uint64_t version; // definition; 0 otherwise
    uint64_t authority_number;
    int64_t until_ms;   // pause: when it ends by itself; order: the last moment it may run; 0: never
    int64_t expires_ms; // when everybody forgets it (table_prune); 0: never
    struct table_job *job;
    struct table_record *next; // of its job
    struct hash *lifts;        // owned; resume: pauses; definition: versions its author saw
    uint32_t lift_count;
    uint32_t size;      // of the envelope
    uint8_t kind;       // enum table_record_kind
    uint8_t permission; // enum permission, at the authority head last checked against
    bool is_live;       // takes part in the present state, in fingerprint and repair
    uint8_t envelope[]; // as it came
};

// What a body says, before it becomes a record. Pointers live as long as body and arena.
struct table_record_reading {
    enum table_record_kind kind;
    char namespace_name[NAME_ROOM];
    char name[NAME_ROOM]; // of the job; of the event for an order to emit one
    char user[NAME_ROOM]; // definition; "" otherwise
    uint64_t life;
    uint64_t version;
    uint64_t stamp;
    uint64_t authority_number;
    int64_t until_ms;
    int64_t expires_ms;
    const struct hash *lifts;
    size_t lift_count;
};

enum {
    TABLE_RECORD_MALFORMED = 1,
    TABLE_RECORD_WRONG_KIND,
};

// The envelope must have been verified, now or before it was stored.
int table_record_read(const struct envelope *envelope, struct arena *arena,
                      struct table_record_reading *ret_reading) WARN_UNUSED;
// What its signer must be allowed to do. Points into the reading.
struct permission_request table_record_request(const struct table_record_reading *reading);

struct table_record *table_record_new(const struct record_id *id, const struct table_record_reading *reading,
                                      struct bytes envelope);
void table_record_free(struct table_record *record);
struct bytes table_record_bytes(const struct table_record *record);
struct node_id table_record_signer(const struct table_record *record);

// Decode a definition, a pause or resume, or an order that is in the table. Pointers live as long as the
// arena.
void table_record_definition(const struct table_record *record, struct arena *arena, struct definition *ret);
void table_record_pause(const struct table_record *record, struct arena *arena, struct pause *ret);
void table_record_order(const struct table_record *record, struct arena *arena, struct order *ret);

// Whether it takes part in merging. What stops jobs (pauses, deletes) is never voided by a revocation.
bool table_record_counts(const struct table_record *record);
// Whether its signer may still make something run.
bool table_record_is_denied(const struct table_record *record);
// Highest (life, version, stamp, id) first.
int table_record_order_of(const struct table_record *a, const struct table_record *b);

#endif
