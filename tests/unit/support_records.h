// support_records.h - a fleet with keys from fixed seeds, and valid records of every kind, to use and to
// bend.
#ifndef TESTS_UNIT_SUPPORT_RECORDS_H
#define TESTS_UNIT_SUPPORT_RECORDS_H

#include "proto/authority.h"
#include "proto/change.h"
#include "proto/definition.h"
#include "proto/envelope.h"
#include "proto/ledger.h"
#include "proto/member.h"

#define SUPPORT_WALL_MS 1790000000000LL // 2026-09-21, when all of this was signed
#define SUPPORT_STAMP   ((uint64_t)SUPPORT_WALL_MS << 16)

// Who signs with the key of seed {number, number, ...} in `fleet`; NULL: in none (genesis).
struct envelope_signer support_signer(const struct fleet_id *fleet, uint8_t number);

// A fleet "katydids": root (seed 1), an operator "ops" who may do everything (seed 2), a node "nas" (seed 3).
struct support_fleet {
    struct fleet_id id;
    struct envelope_signer root;
    struct envelope_signer operator_;
    struct envelope_signer node;
    struct node_id node_id;
    struct record_id entry_id;    // of authority entry 1: the head of the log
    struct record_id admitted_id; // of the node's record
    struct buffer genesis;        // envelopes
    struct buffer entry;          // authority entry 1: the operator
    struct buffer node_record;    // kind 13, labels role=storage
};
void support_fleet_init(struct support_fleet *fleet);
void support_fleet_deinit(struct support_fleet *fleet);

// main/NAME: runs /bin/true as nobody, every minute in UTC. Points to constants only.
struct definition support_definition(const char *name);
// Appends the signed definition to `out`.
struct record_id support_sign_definition(const struct envelope_signer *signer,
                                         const struct definition *definition, struct buffer *out);

// Every kind that has a codec, and a valid body of each.
extern const enum envelope_kind support_kinds[];
extern const size_t support_kind_count;
void support_body(enum envelope_kind kind, struct buffer *out);

// The next number of a repeatable sequence (splitmix64); start *state with any seed.
uint64_t support_random(uint64_t *state);

#endif
