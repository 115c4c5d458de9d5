// authority.h - the words of trust: genesis, authority entries, invites, admissions, keys, node records.
//
// Decoders take a verified body and an arena; pointers in what they return point into the arena and live
// as long. They check every size against proto/limits.h, every name and text, and that numbers
// are in range; what they return needs no further checking of form. Meaning (is the signer allowed?)
// is judged in crdt/authority_log.h. Encoders append to a buffer and assume valid input.
// Every decoder returns 0 or AUTHORITY_MALFORMED. The records of this file may hold no field that this
// build does not know; in other records such fields are skipped, and `needs` says what must be known.
#ifndef PROTO_AUTHORITY_H
#define PROTO_AUTHORITY_H

#include "proto/arena.h"
#include "proto/ids.h"
#include "proto/name.h"

enum {
    AUTHORITY_MALFORMED = 1,
};

struct label {
    char key[NAME_ROOM];
    char value[NAME_ROOM];
};

struct labels {
    const struct label *items;
    size_t count; // <= LIMIT_LABEL_COUNT_MAX, keys distinct
};

struct genesis { // kind 01, signer root_keys[0]
    const struct public_key *root_keys;
    size_t root_key_count; // 1..LIMIT_ROOT_COUNT_MAX
    uint32_t threshold;    // 1
    uint8_t random[16];
    char name[NAME_ROOM];
};

// What an operator may do. "*" in a list means all; an empty list means none (labels: any node).
struct scope {
    const char *const *namespaces;
    size_t namespace_count;
    struct labels labels;       // a node must carry them all
    const char *const *actions; // define pause trigger invite
    size_t action_count;
    const char *const *users;
    size_t user_count;
};

enum authority_change {
    AUTHORITY_OPERATOR = 1,
    AUTHORITY_REVOKE,
    AUTHORITY_VOTERS,
    AUTHORITY_SETTING,
};

struct authority_entry {  // kind 02, signer a root key
    uint64_t number;      // 1, 2, ... LIMIT_AUTHORITY_COUNT_MAX
    struct hash previous; // record id of number - 1; of genesis for number 1
    enum authority_change change;
    struct { // AUTHORITY_OPERATOR
        struct public_key key;
        char name[NAME_ROOM];
        struct scope scope;
        int64_t not_after_ms; // 0: never ends
    } operator_;
    struct { // AUTHORITY_REVOKE
        struct public_key key;
        uint64_t stamp;
    } revoke;
    struct { // AUTHORITY_VOTERS
        char group[NAME_ROOM];
        uint64_t epoch;
        const struct node_id *nodes;
        size_t node_count;
    } voters;
    struct { // AUTHORITY_SETTING
        char key[NAME_ROOM];
        const char *value;
    } setting;
};

struct invite { // kind 10, signer an operator
    struct public_key token_key;
    struct node_id redeemer;
    struct labels labels;
    uint32_t uses; // 1..LIMIT_MEMBER_COUNT_MAX
    int64_t expires_ms;
    const char *name_pattern; // a name, or the beginning of one and "*"; "*": any
    uint64_t authority_number;
};

struct admission { // kind 11, signer the invite's redeemer
    struct hash invite;
    uint32_t use; // 0..uses-1
    struct public_key node_key;
    char name[NAME_ROOM];
    uint8_t salt[16];
    uint32_t weight; // <= LIMIT_WEIGHT_MAX
    int64_t at_ms;
};

struct node_keys {                  // kind 12, signer the node
    struct public_key datagram_key; // X25519
    uint64_t serial;
    struct hash admission; // record id of the admission or node record it came in by
    char version[NAME_ROOM];
};

struct node_record { // kind 13, signer an operator
    struct public_key node_key;
    char name[NAME_ROOM];
    struct labels labels;
    uint8_t salt[16];
    uint32_t weight;
    const char *const *roles;
    size_t role_count;
    uint64_t serial; // >= 1
    uint64_t authority_number;
};

int genesis_decode(struct bytes body, struct arena *arena, struct genesis *ret) WARN_UNUSED;
void genesis_encode(const struct genesis *genesis, struct buffer *out);
int authority_entry_decode(struct bytes body, struct arena *arena, struct authority_entry *ret) WARN_UNUSED;
void authority_entry_encode(const struct authority_entry *entry, struct buffer *out);
int invite_decode(struct bytes body, struct arena *arena, struct invite *ret) WARN_UNUSED;
void invite_encode(const struct invite *invite, struct buffer *out);
int admission_decode(struct bytes body, struct arena *arena, struct admission *ret) WARN_UNUSED;
void admission_encode(const struct admission *admission, struct buffer *out);
int node_keys_decode(struct bytes body, struct arena *arena, struct node_keys *ret) WARN_UNUSED;
void node_keys_encode(const struct node_keys *keys, struct buffer *out);
int node_record_decode(struct bytes body, struct arena *arena, struct node_record *ret) WARN_UNUSED;
void node_record_encode(const struct node_record *record, struct buffer *out);

// The value of a label, or NULL.
const char *labels_find(const struct labels *labels, const char *key);
// True when `labels` has every pair of `wanted`; a wanted value "*" takes any.
bool labels_cover(const struct labels *labels, const struct labels *wanted);

#endif
