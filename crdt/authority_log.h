// authority_log.h - who may sign what: the numbered, hash-linked log that the fleet's root signs.
//
// It begins with genesis (number 0), whose record id is the fleet id. Entry n names the record id of
// entry n - 1, so a log cannot be cut or reordered without a gap that shows. Entries make operators,
// change their scope, revoke keys, name voters and settings. The network process and the runner each
// keep one and check every entry themselves.
//
// Fork: two entries that follow the same one prove that the root key was used twice without knowing of
// each other. Everything is kept; the chain in force goes, where branches part, to the entry that
// revokes, else to the lower record id (judged at the parting, so a branch that grows never takes the
// chain over). Revocations of every branch stay in force, and has_fork stays set: a person must look.
// Equal sets of entries give equal logs, whatever order they came in.
//
// Revocation never shrinks: of several for one key the earliest stamp counts, and no later entry makes
// that key an operator again. A root key revoked on a branch signs nothing further on that branch.
// The log owns copies of the envelopes; pointers it gives stay valid until the next add or deinit.
#ifndef CRDT_AUTHORITY_LOG_H
#define CRDT_AUTHORITY_LOG_H

#include "proto/authority.h"
#include "proto/envelope.h"

struct authority_log_entry {
    uint64_t number;
    struct record_id id;
    struct buffer envelope; // owned by the log, as it came
    struct authority_entry entry;
    struct arena arena;                         // what `entry` points into
    const struct authority_log_entry *previous; // NULL: genesis
    bool is_in_force;                           // on the chain in force, not on a lost branch
};

// What one entry of the chain gave an operator.
struct authority_log_grant {
    uint64_t number;
    struct scope scope;
    int64_t not_after_ms; // records stamped later do not count; 0: never ends
};

struct authority_log_revocation {
    struct node_id id;
    struct public_key key;
    uint64_t stamp;  // the earliest of all revocations of this key
    uint64_t number; // the lowest number that revokes it
};

struct authority_log_operator {
    struct node_id id;
    struct public_key key;
    const char *name;                   // as last given
    struct authority_log_grant *grants; // owned by the log; ascending by number, the last is the present one
    size_t grant_count;
    bool is_revoked;
    uint64_t revoked_stamp;
};

struct authority_log_head {
    uint64_t number;     // 0: genesis alone
    struct record_id id; // of the last entry in force
};

struct authority_log {
    struct fleet_id fleet;
    struct genesis genesis;
    struct buffer genesis_envelope;       // owned
    struct arena arena;                   // what `genesis` points into
    struct authority_log_entry **entries; // owned; by number, then record id; lost branches too
    size_t entry_count, entry_capacity;
    struct authority_log_entry **chain; // the entries in force: chain[n - 1] has number n
    size_t chain_count, chain_capacity;
    struct authority_log_operator *operators; // by id
    size_t operator_count, operator_capacity;
    struct authority_log_revocation *revocations; // by id; nodes' keys as well
    size_t revocation_count, revocation_capacity;
    bool has_fork;
};

enum {
    AUTHORITY_LOG_KNOWN = 1,   // already here; nothing changed
    AUTHORITY_LOG_FORK,        // added, and it parts from an entry we have
    AUTHORITY_LOG_GAP,         // what it follows is not here; *ret_needed is the number to ask for
    AUTHORITY_LOG_NOT_ROOT,    // signed by somebody else, or by a root key its own branch revoked
    AUTHORITY_LOG_FORGED,      // the signature does not hold
    AUTHORITY_LOG_MALFORMED,   // not an authority entry, or not well formed
    AUTHORITY_LOG_FULL,        // LIMIT_AUTHORITY_COUNT_MAX entries are here
    AUTHORITY_LOG_WRONG_FLEET, // init: the genesis of another fleet
};

// `pinned` is the fleet id this machine was given by init or join. 0, AUTHORITY_LOG_WRONG_FLEET, _FORGED
// or _MALFORMED; on failure the log is left zeroed.
int authority_log_init(struct authority_log *log, struct bytes genesis,
                       const struct fleet_id *pinned) WARN_UNUSED;
void authority_log_deinit(struct authority_log *log); // safe on a zeroed one

// Checks everything and adds. 0 and AUTHORITY_LOG_FORK: it is in the log, keep its bytes.
int authority_log_add(struct authority_log *log, struct bytes envelope, uint64_t *ret_needed) WARN_UNUSED;

struct authority_log_head authority_log_get_head(const struct authority_log *log);
// Like the head's record id while there is no fork; with one it also covers the lost branches. Two logs
// with equal summaries are equal: this is what packets carry.
struct hash authority_log_summary(const struct authority_log *log);
// True when this entry (number 0: genesis) is in the log, on whichever branch.
bool authority_log_has(const struct authority_log *log, uint64_t number, const struct hash *id);
// The index of the first entry with at least this number: from there on send to a peer that lacks it.
size_t authority_log_index_of(const struct authority_log *log, uint64_t number);

// The operator with this signer id, revoked ones too; NULL when the chain in force makes none.
const struct authority_log_operator *authority_log_find_operator(const struct authority_log *log,
                                                                 const struct node_id *id);
// What that operator had at `number`; NULL when it was not one yet.
const struct authority_log_grant *authority_log_find_grant(const struct authority_log_operator *operator_,
                                                           uint64_t number);
// The key of a root or operator; NULL: neither.
const struct public_key *authority_log_find_key(const struct authority_log *log, const struct node_id *id);
// Of any key: root, operator, node. NULL: not revoked.
const struct authority_log_revocation *authority_log_find_revocation(const struct authority_log *log,
                                                                     const struct node_id *id);
// The last value set on the chain in force, or NULL.
const char *authority_log_find_setting(const struct authority_log *log, const char *key);
// The entry in force with the highest epoch of this voter group, or NULL.
const struct authority_log_entry *authority_log_find_voters(const struct authority_log *log,
                                                            const char *group);

const char *authority_log_outcome_text(int outcome);

#endif
