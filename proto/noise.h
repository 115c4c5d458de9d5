// noise.h - a handshake between two strangers who end with two keys and each other's identity.
//
// Noise_XX_25519_ChaChaPoly_BLAKE2b after the Noise Protocol Framework, revision 34 (noiseprotocol.org):
//
//   -> e                 the initiator's one-time key; the payload of message 1 is readable by all
//   <- e, ee, s, es      the responder's one-time key, then its identity, encrypted
//   -> s, se             the initiator's identity, encrypted to somebody already proven
//
// Whoever reads message n is sure that the transcript so far is the same on both sides. Nothing here
// draws a random number: the one-time secret is an argument and must be used for one handshake only.
// All keys are erased by noise_handshake_deinit.
#ifndef PROTO_NOISE_H
#define PROTO_NOISE_H

#include "proto/dh.h"

enum {
    NOISE_KEY_SIZE = 32,
    NOISE_HASH_SIZE = 64,
    NOISE_TAG_SIZE = 16,
    NOISE_MESSAGE_SIZE_MAX = 65535, // of a handshake message, by the specification
};

enum {
    NOISE_MALFORMED = 1, // too short, or over NOISE_MESSAGE_SIZE_MAX
    NOISE_BAD_KEY,       // the peer's key agrees on the all-zero secret with everybody
    NOISE_FORGED,        // does not open: changed on the way, another prologue, another handshake
    NOISE_OUT_OF_TURN,   // the other side speaks now, or the handshake failed or is over
    NOISE_EXHAUSTED,     // 2^64 - 1 messages under one key
};

// One direction of an open connection: a key and the number of the next message.
struct noise_cipher {
    uint8_t key[NOISE_KEY_SIZE];
    uint64_t nonce;
    bool has_key; // without one, text passes as it is (message 1 of a handshake)
};

// Encrypts `plain` and appends it and its tag to `out`. `associated` is authenticated, not sent.
// 0 or NOISE_EXHAUSTED; on failure nothing is appended and the number stays.
int noise_cipher_seal(struct noise_cipher *cipher, struct bytes associated, struct bytes plain,
                      struct buffer *out) WARN_UNUSED;
// Decrypts `sealed` to `out`, which has room for its size less the tag; it may be sealed.data itself.
// 0, NOISE_MALFORMED, NOISE_FORGED or NOISE_EXHAUSTED; on failure the number stays and `out` is garbage.
int noise_cipher_open(struct noise_cipher *cipher, struct bytes associated, struct bytes sealed,
                      uint8_t *out) WARN_UNUSED;

struct noise_options {
    bool initiator;
    struct dh_secret identity; // long-lived
    struct dh_secret one_time; // fresh for this handshake
    struct bytes prologue;     // both sides must say the same; copied into the hash, not kept
};

struct noise_handshake {
    bool initiator;
    bool failed;
    int message; // 0..2: the one that comes next; 3: done
    struct dh_secret identity;
    struct dh_secret one_time;
    struct public_key identity_key;
    struct public_key one_time_key;
    struct public_key remote_identity; // known from message 2 (initiator), 3 (responder)
    struct public_key remote_one_time;
    uint8_t chain[NOISE_HASH_SIZE];
    uint8_t hash[NOISE_HASH_SIZE]; // of the transcript; when done, the name of this connection
    struct noise_cipher cipher;
};

void noise_handshake_init(struct noise_handshake *handshake, const struct noise_options *options);
void noise_handshake_deinit(struct noise_handshake *handshake); // erases; safe on a zeroed one

// Appends the next message with `payload` inside. 0 or an outcome; then `out` is as it was and the
// handshake is dead.
int noise_handshake_write(struct noise_handshake *handshake, struct bytes payload,
                          struct buffer *out) WARN_UNUSED;
// Reads the peer's next message and appends its payload. 0 or an outcome; then `out` is as it was and
// the handshake is dead: somebody meddled, and there is no second try with the same one-time key.
int noise_handshake_read(struct noise_handshake *handshake, struct bytes message,
                         struct buffer *out) WARN_UNUSED;

bool noise_handshake_is_done(const struct noise_handshake *handshake);
// The two directions of the connection. Only when done.
void noise_handshake_split(const struct noise_handshake *handshake, struct noise_cipher *ret_send,
                           struct noise_cipher *ret_receive);

const char *noise_outcome_text(int outcome);

#endif
