// support_trust.h - a fleet on paper: genesis, an authority log that grows, and records signed under it.
#ifndef TESTS_UNIT_SUPPORT_TRUST_H
#define TESTS_UNIT_SUPPORT_TRUST_H

#include "crdt/authority_log.h"
#include "proto/change.h"
#include "tests/unit/support_records.h"

enum {
    SUPPORT_ROOT = 1,  // seeds, see support_signer
    SUPPORT_ALICE = 2, // first operators
    SUPPORT_BOB = 3,
    SUPPORT_CAROL = 4,
    SUPPORT_NODE = 100, // first of the nodes
};

struct support_trust {
    struct envelope_signer root;
    struct fleet_id fleet;
    struct buffer genesis;
    struct authority_log log; // what was signed so far
};

void support_trust_init(struct support_trust *trust); // genesis alone
void support_trust_deinit(struct support_trust *trust);
// A fresh log with genesis only, as another machine of the fleet would start.
void support_trust_new_log(const struct support_trust *trust, struct authority_log *log);

struct scope support_scope_all(void);
struct authority_entry support_operator(uint8_t number, const struct scope *scope);
struct authority_entry support_revoke(uint8_t number, uint64_t stamp);

// Signs `entry` to follow (number - 1, previous); appends it to `out`.
struct record_id support_sign_entry(const struct envelope_signer *root, uint64_t number,
                                    const struct hash *previous, struct authority_entry entry,
                                    struct buffer *out);
// Signs `entry` to follow the head of trust->log, adds it there, and appends it to `out` unless NULL.
struct record_id support_trust_entry(struct support_trust *trust, struct authority_entry entry,
                                     struct buffer *out);
// Makes SUPPORT_ALICE ... operators with all rights; `count` of them.
void support_trust_operators(struct support_trust *trust, size_t count);

// The stamp `ms` after SUPPORT_WALL_MS.
uint64_t support_stamp(int64_t ms);

struct record_id support_sign_pause(const struct envelope_signer *signer, const struct pause *pause,
                                    struct buffer *out);
struct record_id support_sign_removal(const struct envelope_signer *signer, const struct removal *removal,
                                      struct buffer *out);
struct record_id support_sign_order(const struct envelope_signer *signer, const struct order *order,
                                    struct buffer *out);

#endif
