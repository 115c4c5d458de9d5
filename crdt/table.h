// table.h - the replicated job table: which jobs there are, which are paused, what was ordered.
//
// A set of signed records (definitions, pauses and resumes, deletes, orders) that every node has. Each
// is verified and judged (crdt/permission.h) before it enters; what a name's records add up to is in
// crdt/table_job.h. Merging is adding: equal sets of accepted records and equal authority logs give
// byte-equal tables whatever the order of arrival; no merge reads a clock.
//
// Spreading and repair: a record that table_add() answers with 0 is news and worth telling. Fingerprint
// and live list cover the live records only; two tables with equal fingerprints act alike. Records of
// signers unknown here are not stored: ask whoever sent them for its authority log, then for them again.
//
// Memory: the table owns everything it points to. Pointers to jobs stay valid until table_prune or
// table_deinit; those to records, orders and definitions until the next call that changes the table.
#ifndef CRDT_TABLE_H
#define CRDT_TABLE_H

#include "crdt/reconcile.h"
#include "crdt/record_queue.h"
#include "crdt/table_job.h"

struct table_order {
    struct tree_node by_id; // first
    struct table_record *record;
    struct order order; // decoded
    struct arena arena;
};

struct table {
    struct tree records; // struct table_record, by record id
    struct tree jobs;    // struct table_job, by name
    struct tree orders;  // struct table_order, by record id
    struct fingerprint live;
    uint64_t generation; // rises with every change of what is live or permitted
    int64_t pruned_ms;   // what expires by then is gone and stays gone
    struct table_job *changed_first, *changed_last;
    struct record_queue changed_orders;
    struct record_queue dropped;
    struct table_job_cache *decoded; // owned; asking fills it
    struct reconcile_item *listed;   // table_live, when it was last asked for
    size_t listed_count;
    uint64_t listed_generation;
};

enum {
    TABLE_KNOWN = 1,      // already here
    TABLE_SUPERSEDED,     // accepted, and changes nothing that is live: keep it, do not tell it on
    TABLE_SIGNER_UNKNOWN, // not stored: ask the sender for its authority log, then again
    TABLE_LOG_BEHIND,     // not stored: signed under a newer authority log than ours; the same remedy
    TABLE_OUT_OF_SCOPE,   // its signer may not say this
    TABLE_VOID,           // stamped after its signer was revoked
    TABLE_FORGED,         // the signature does not hold
    TABLE_MALFORMED,
    TABLE_WRONG_KIND, // not a record of the table
    TABLE_EXPIRED,    // forgotten everywhere
    TABLE_FULL,
    // Only from table_submit:
    TABLE_AHEAD,           // stamped more than LIMIT_STAMP_AHEAD_MS ahead of this clock
    TABLE_NO_JOB,          // there is no such job to pause or delete
    TABLE_STALE,           // the job was changed since its author looked
    TABLE_TOO_MANY_PAUSES, // LIMIT_OPEN_PAUSE_COUNT_MAX are open
};

void table_init(struct table *table);
void table_deinit(struct table *table); // safe on a zeroed one

// A record from a peer. *ret_id is written for 0, TABLE_KNOWN and TABLE_SUPERSEDED.
int table_add(struct table *table, const struct authority_log *log, struct bytes envelope,
              struct record_id *ret_id) WARN_UNUSED;
// A record from this node's own disk: verified before it was stored, so its signature is not checked again.
int table_restore(struct table *table, const struct authority_log *log, struct bytes envelope) WARN_UNUSED;
// A record from a person, through this node: what merging must take, a person's node may refuse.
int table_submit(struct table *table, const struct authority_log *log, struct bytes envelope, int64_t wall_ms,
                 struct record_id *ret_id) WARN_UNUSED;

// The authority log changed: judge every record anew.
void table_recheck(struct table *table, const struct authority_log *log);
// Forgets what expired (orders a day after their window, pauses a day after their end) and superseded
// records older than 35 days. Rounded down to the full hour, so that nodes whose clocks differ a little
// forget together. Call it at start and every few minutes, with a trusted clock only.
void table_prune(struct table *table, int64_t wall_ms);

// --- asking ---

// The active definition of `job`; table_job_definition says how long it stays.
const struct definition *table_definition(const struct table *table, struct table_job *job);
// NULL when the name was never seen. A job of life 0 or even does not exist now.
struct table_job *table_find_job(const struct table *table, const char *namespace_name, const char *name);
// Walk in name order; NULL first. Passes over names without any live record.
struct table_job *table_next_job(const struct table *table, const struct table_job *last);
const struct table_record *table_find_record(const struct table *table, const struct record_id *id);
// Live or denied orders, in record id order; NULL first.
const struct table_order *table_next_order(const struct table *table, const struct table_order *last);
const struct table_order *table_find_order(const struct table *table, const struct record_id *id);
bool table_order_is_denied(const struct table_order *order);

// What changed since it was last asked, each name once; NULL: no more. A job may have ceased to exist.
struct table_job *table_take_changed_job(struct table *table);
// Orders that came or changed permission; NULL: no more.
const struct table_order *table_take_changed_order(struct table *table);
// Records that are no longer kept here: delete them from disk. False: no more.
bool table_take_dropped(struct table *table, struct record_id *ret_id) WARN_UNUSED;

// --- replication ---

// Equal when the live records are equal. The first 16 bytes ride in pings.
struct hash table_fingerprint(const struct table *table);
// All live records by (stamp, id), for crdt/reconcile.h. Valid until the table changes.
struct reconcile_view table_live(struct table *table);
// A hash over everything the table means: every live record, permission, life, active definition.
struct hash table_digest(const struct table *table);

const char *table_outcome_text(int outcome);

#endif
