// token.h - what an inviting node prints and a joining machine reads: where to go, whom to trust.
//
// Bytes: version u8 | fleet id 32 | authority number u64 | authority head 32 | redeemer's datagram key 32 |
//        seed 32 | count u8 | count times {ip size u8 (4, 16), ip, port u16} | checksum 4
// The checksum is the first bytes of the BLAKE2b-256 of "katydid-token-1\0" and what stands before it, and is
// last in every version. Text: base32 in Crockford's alphabet (no i, l, o, u), lower case, no padding.
// Reading takes upper case, spaces and line breaks anywhere, o for 0, i and l for 1. The seed is the secret:
// whoever has it may join once. It never goes into an argument, a log or a record.
#ifndef PROTO_TOKEN_H
#define PROTO_TOKEN_H

#include "proto/address.h"
#include "proto/ids.h"
#include "proto/limits.h"

enum {
    TOKEN_VERSION = 1,
    TOKEN_SEED_SIZE = 32,
    TOKEN_TAG_SIZE = 8,
};

enum {
    TOKEN_EMPTY = 1,
    TOKEN_BAD_CHARACTER,
    TOKEN_CUT_SHORT,
    TOKEN_TOO_LONG,
    TOKEN_BAD_CHECKSUM,
    TOKEN_OTHER_VERSION, // the checksum holds: made by another version
    TOKEN_MALFORMED,     // the checksum holds: made by something else
};

struct token {
    struct fleet_id fleet;
    uint64_t authority_number; // what the redeemer must show at least
    struct hash authority_head;
    struct public_key redeemer_key; // X25519: who answers must have this one
    uint8_t seed[TOKEN_SEED_SIZE];  // of the token's signing key pair
    struct address addresses[LIMIT_ADDRESS_COUNT_MAX];
    size_t address_count; // at least one
};

// Appends the text, without a line break.
void token_encode(const struct token *token, struct buffer *out);

// 0 or an outcome. `ret_position` is written with TOKEN_BAD_CHARACTER only: which character, from 1.
int token_decode(struct bytes text, struct token *ret_token, size_t *ret_position) WARN_UNUSED;

// One sentence for the person who typed it, without an end stop.
const char *token_outcome_text(int outcome);

// What a joiner says in clear so that the redeemer finds the invite; tells nobody else anything.
void token_tag(const struct fleet_id *fleet, const struct public_key *token_key,
               uint8_t ret_tag[TOKEN_TAG_SIZE]);

#endif
