// envelope.h - a signed record as it is stored and passed on: who says what, and the proof.
//
// Layout (fixed, little endian):
//   kind u8 | version u8 | signer id 16 | signature 64 | body length u32 | body (protobuf)
// Signed bytes: "katydid-signed-1\0" | kind | version | fleet id 32 | signer's public key 32 | body.
// The record id is the BLAKE2b-256 of the signed bytes, never of the signature: Ed25519 signatures
// can be varied by their maker, ids must not. Records are kept byte for byte and parsed only after
// the signature holds. Genesis has a zero fleet id in its signed bytes, whatever fleet is asked for; its
// record id is the fleet id.
// Source: RFC 8032 (Ed25519), strict verification as libsodium does it.
#ifndef PROTO_ENVELOPE_H
#define PROTO_ENVELOPE_H

#include "proto/ids.h"
#include "proto/limits.h"

enum envelope_kind {
    ENVELOPE_GENESIS = 0x01,
    ENVELOPE_AUTHORITY = 0x02,
    ENVELOPE_INVITE = 0x10,
    ENVELOPE_ADMISSION = 0x11,
    ENVELOPE_KEYS = 0x12,
    ENVELOPE_NODE = 0x13,
    ENVELOPE_DEFINITION = 0x20,
    ENVELOPE_PAUSE = 0x21,
    ENVELOPE_DELETE = 0x22,
    ENVELOPE_ORDER = 0x23,
    ENVELOPE_ALIVE = 0x30,
    ENVELOPE_LEAVE = 0x31,
    ENVELOPE_SUSPICION = 0x32,
    ENVELOPE_CLAIM = 0x40,
    ENVELOPE_GRANT = 0x41,
    ENVELOPE_RESULT = 0x42,
    ENVELOPE_VERDICT = 0x43,
    ENVELOPE_CURSOR = 0x44,
    ENVELOPE_SEGMENT = 0x45,
    ENVELOPE_EVENT = 0x50,
};

enum {
    ENVELOPE_VERSION = 1,
    ENVELOPE_HEADER_SIZE = 1 + 1 + NODE_ID_SIZE + SIGNATURE_SIZE + 4,
};

// A parsed envelope: views into the bytes it was read from.
struct envelope {
    uint8_t kind; // enum envelope_kind, or something this build does not know
    uint8_t version;
    struct node_id signer;
    struct signature signature;
    struct bytes body;
    struct bytes whole; // header and body
};

enum {
    ENVELOPE_SHORT = 1,    // cut off, or bytes left over
    ENVELOPE_TOO_LARGE,    // over LIMIT_RECORD_SIZE_MAX, or the limit of its kind
    ENVELOPE_VERSION_NEW,  // a version this build does not read
    ENVELOPE_WRONG_SIGNER, // the key is not the one whose id stands in the header
    ENVELOPE_FORGED,       // the signature does not hold
};

// Reads the header; checks sizes, not the signature. 0 or ENVELOPE_SHORT, _TOO_LARGE, _VERSION_NEW.
int envelope_parse(struct bytes input, struct envelope *ret_envelope) WARN_UNUSED;

// Checks that `key` signed it for `fleet`. 0, ENVELOPE_WRONG_SIGNER or ENVELOPE_FORGED.
// On 0, *ret_id is the record id.
int envelope_verify(const struct envelope *envelope, const struct fleet_id *fleet,
                    const struct public_key *key, struct record_id *ret_id) WARN_UNUSED;

// The record id without checking the signature: for records verified before and stored since.
struct record_id envelope_id(const struct envelope *envelope, const struct fleet_id *fleet,
                             const struct public_key *key);

struct envelope_signer {
    struct fleet_id fleet; // zero for genesis
    struct public_key key;
    struct secret_key secret;
};

// Signs `body` and appends the envelope to `out`. Returns the record id.
struct record_id envelope_sign(const struct envelope_signer *signer, enum envelope_kind kind,
                               struct bytes body, struct buffer *out);

// A key pair from a 32-byte seed that the caller drew.
void envelope_keypair(const uint8_t seed[32], struct public_key *ret_key, struct secret_key *ret_secret);

const char *envelope_outcome_text(int outcome);

#endif
