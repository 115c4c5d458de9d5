// ids.h - the names machines give to things: keys, hashes and the ids cut from them.
//
// Every id is the hash of what it names, so two replicas that name the same thing give the same id
// and nobody hands out numbers. Types differ so that the compiler tells them apart.
#ifndef PROTO_IDS_H
#define PROTO_IDS_H

#include "proto/bytes.h"

enum {
    NODE_ID_SIZE = 16,
    RUN_ID_SIZE = 16,
    HASH_SIZE = 32,
    PUBLIC_KEY_SIZE = 32,
    SECRET_KEY_SIZE = 64, // Ed25519 as libsodium stores it: seed and public key
    SIGNATURE_SIZE = 64,
};

struct hash {
    uint8_t b[HASH_SIZE];
};

// A signer: a node, an operator or a root. The first 16 bytes of the tagged hash of its public key.
struct node_id {
    uint8_t b[NODE_ID_SIZE];
};

struct record_id { // of a signed record: hash of its signed bytes
    struct hash hash;
};

struct fleet_id { // the record id of genesis
    struct hash hash;
};

struct occurrence_id { // one due time of one job
    struct hash hash;
};

struct run_id { // one attempt of an occurrence on one node
    uint8_t b[RUN_ID_SIZE];
};

struct public_key {
    uint8_t b[PUBLIC_KEY_SIZE];
};

struct secret_key {
    uint8_t b[SECRET_KEY_SIZE];
};

struct signature {
    uint8_t b[SIGNATURE_SIZE];
};

// A BLAKE2b-256 over parts: start with a tag (its zero byte is part of it), add, finish.
struct hasher {
    _Alignas(64) uint8_t opaque[384];
};
void hasher_start(struct hasher *hasher, const char *tag);
void hasher_add(struct hasher *hasher, const void *data, size_t size);
void hasher_add_u64(struct hasher *hasher, uint64_t value);
void hasher_add_text(struct hasher *hasher, const char *text); // length first, so parts cannot run together
struct hash hasher_finish(struct hasher *hasher);

struct node_id node_id_of(const struct public_key *key);

bool node_id_equal(const struct node_id *a, const struct node_id *b);
bool node_id_is_zero(const struct node_id *id);
bool hash_equal(const struct hash *a, const struct hash *b);
bool hash_is_zero(const struct hash *hash);
bool run_id_equal(const struct run_id *a, const struct run_id *b);

#endif
