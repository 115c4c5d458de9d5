#include "proto/noise.h"

#include <sodium.h>
#include <string.h>

enum { BLOCK_SIZE = 128 }; // of BLAKE2b, for HMAC

static const char protocol_name[] = "Noise_XX_25519_ChaChaPoly_BLAKE2b";

// What the three messages carry, in order. The names are those of the specification.
enum token { NO_TOKEN, TOKEN_E, TOKEN_S, TOKEN_EE, TOKEN_ES, TOKEN_SE };

static const enum token pattern[3][5] = {
    {TOKEN_E},
    {TOKEN_E, TOKEN_EE, TOKEN_S, TOKEN_ES},
    {TOKEN_S, TOKEN_SE},
};

// --- hash, HMAC, HKDF ---

// Where the bytes begin that were added since `out` had the size `start`.
static uint8_t *tail(const struct buffer *out, size_t start)
{
    return out->data ? out->data + start : NULL;
}

static void hash_two(struct bytes first, struct bytes second, uint8_t ret_hash[NOISE_HASH_SIZE])
{
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, NULL, 0, NOISE_HASH_SIZE);
    if (first.size)
        crypto_generichash_blake2b_update(&state, first.data, first.size);
    if (second.size)
        crypto_generichash_blake2b_update(&state, second.data, second.size);
    crypto_generichash_blake2b_final(&state, ret_hash, NOISE_HASH_SIZE);
    sodium_memzero(&state, sizeof state);
}

// HMAC (RFC 2104) with a key of one hash, as Noise wants it; BLAKE2b's own keyed mode is something else.
static void hmac(const uint8_t key[NOISE_HASH_SIZE], struct bytes data, uint8_t ret_mac[NOISE_HASH_SIZE])
{
    uint8_t pad[BLOCK_SIZE], inner[NOISE_HASH_SIZE];
    memset(pad, 0x36, sizeof pad);
    for (size_t i = 0; i < NOISE_HASH_SIZE; i++)
        pad[i] ^= key[i];
    hash_two(bytes_of(pad, sizeof pad), data, inner);
    for (size_t i = 0; i < BLOCK_SIZE; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    hash_two(bytes_of(pad, sizeof pad), bytes_of(inner, sizeof inner), ret_mac);
    sodium_memzero(pad, sizeof pad);
    sodium_memzero(inner, sizeof inner);
}

static void hkdf_two(const uint8_t chain[NOISE_HASH_SIZE], struct bytes input,
                     uint8_t ret_first[NOISE_HASH_SIZE], uint8_t ret_second[NOISE_HASH_SIZE])
{
    uint8_t secret[NOISE_HASH_SIZE], first[NOISE_HASH_SIZE + 1];
    static const uint8_t one = 1;
    hmac(chain, input, secret);
    hmac(secret, bytes_of(&one, 1), first);
    memcpy(ret_first, first, NOISE_HASH_SIZE);
    first[NOISE_HASH_SIZE] = 2;
    hmac(secret, bytes_of(first, sizeof first), ret_second);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(first, sizeof first);
}

// --- the cipher of one direction ---

static void cipher_start(struct noise_cipher *cipher, const uint8_t key[NOISE_KEY_SIZE])
{
    memcpy(cipher->key, key, NOISE_KEY_SIZE);
    cipher->nonce = 0;
    cipher->has_key = true;
}

static void nonce_encode(uint64_t number, uint8_t ret_nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES])
{
    memset(ret_nonce, 0, 4);
    for (size_t i = 0; i < 8; i++)
        ret_nonce[4 + i] = (uint8_t)(number >> (8 * i));
}

int noise_cipher_seal(struct noise_cipher *cipher, struct bytes associated, struct bytes plain,
                      struct buffer *out)
{
    if (!cipher->has_key) {
        buffer_add(out, plain.data, plain.size);
        return 0;
    }
    if (cipher->nonce == UINT64_MAX)
        return NOISE_EXHAUSTED;
    uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];
    static const uint8_t tag[NOISE_TAG_SIZE];
    size_t start = out->size;
    nonce_encode(cipher->nonce++, nonce);
    buffer_add(out, plain.data, plain.size);
    buffer_add(out, tag, sizeof tag); // room for the real one
    crypto_aead_chacha20poly1305_ietf_encrypt(out->data + start, NULL, out->data + start, plain.size,
                                              associated.data, associated.size, NULL, nonce, cipher->key);
    return 0;
}

int noise_cipher_open(struct noise_cipher *cipher, struct bytes associated, struct bytes sealed, uint8_t *out)
{
    if (!cipher->has_key) {
        if (sealed.size)
            memmove(out, sealed.data, sealed.size);
        return 0;
    }
    if (cipher->nonce == UINT64_MAX)
        return NOISE_EXHAUSTED;
    if (sealed.size < NOISE_TAG_SIZE)
        return NOISE_MALFORMED;
    uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];
    nonce_encode(cipher->nonce, nonce);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data, sealed.size, associated.data,
                                                  associated.size, nonce, cipher->key) != 0)
        return NOISE_FORGED;
    cipher->nonce++;
    return 0;
}

// --- the handshake's running state ---

static struct bytes transcript(const struct noise_handshake *handshake)
{
    return bytes_of(handshake->hash, sizeof handshake->hash);
}

static void mix_hash(struct noise_handshake *handshake, struct bytes data)
{
    hash_two(transcript(handshake), data, handshake->hash);
}

static void mix_key(struct noise_handshake *handshake, const uint8_t shared[DH_SIZE])
{
    uint8_t key[NOISE_HASH_SIZE];
    hkdf_two(handshake->chain, bytes_of(shared, DH_SIZE), handshake->chain, key);
    cipher_start(&handshake->cipher, key);
    sodium_memzero(key, sizeof key);
}

static int mix_agreement(struct noise_handshake *handshake, const struct dh_secret *ours,
                         const struct public_key *theirs)
{
    uint8_t shared[DH_SIZE];
    if (!dh_agree(ours, theirs, shared))
        return NOISE_BAD_KEY;
    mix_key(handshake, shared);
    sodium_memzero(shared, sizeof shared);
    return 0;
}

// Of es and se the first letter is the initiator's key, the second the responder's.
static int mix_token(struct noise_handshake *handshake, enum token token)
{
    bool ours_is_identity = handshake->initiator ? token == TOKEN_SE : token == TOKEN_ES;
    bool theirs_is_identity = token != TOKEN_EE && !ours_is_identity;
    return mix_agreement(handshake, ours_is_identity ? &handshake->identity : &handshake->one_time,
                         theirs_is_identity ? &handshake->remote_identity : &handshake->remote_one_time);
}

static int seal_and_mix(struct noise_handshake *handshake, struct bytes plain, struct buffer *out)
{
    size_t start = out->size;
    int outcome = noise_cipher_seal(&handshake->cipher, transcript(handshake), plain, out);
    if (outcome == 0)
        mix_hash(handshake, bytes_of(tail(out, start), out->size - start));
    return outcome;
}

static int open_and_mix(struct noise_handshake *handshake, struct bytes sealed, uint8_t *out)
{
    int outcome = noise_cipher_open(&handshake->cipher, transcript(handshake), sealed, out);
    if (outcome == 0)
        mix_hash(handshake, sealed);
    return outcome;
}

static size_t tag_size(const struct noise_handshake *handshake)
{
    return handshake->cipher.has_key ? NOISE_TAG_SIZE : 0;
}

void noise_handshake_init(struct noise_handshake *handshake, const struct noise_options *options)
{
    _Static_assert(sizeof protocol_name - 1 <= NOISE_HASH_SIZE, "a short name is padded, not hashed");
    *handshake = (struct noise_handshake){.initiator = options->initiator,
                                          .identity = options->identity,
                                          .one_time = options->one_time,
                                          .identity_key = dh_public_of(&options->identity),
                                          .one_time_key = dh_public_of(&options->one_time)};
    memcpy(handshake->hash, protocol_name, sizeof protocol_name - 1);
    memcpy(handshake->chain, handshake->hash, sizeof handshake->chain);
    mix_hash(handshake, options->prologue);
}

void noise_handshake_deinit(struct noise_handshake *handshake)
{
    sodium_memzero(handshake, sizeof *handshake);
}

// --- messages ---

static int write_token(struct noise_handshake *handshake, enum token token, struct buffer *out)
{
    switch (token) {
    case TOKEN_E:
        buffer_add(out, handshake->one_time_key.b, PUBLIC_KEY_SIZE);
        mix_hash(handshake, bytes_of(handshake->one_time_key.b, PUBLIC_KEY_SIZE));
        return 0;
    case TOKEN_S:
        return seal_and_mix(handshake, bytes_of(handshake->identity_key.b, PUBLIC_KEY_SIZE), out);
    default:
        return mix_token(handshake, token);
    }
}

static int read_token(struct noise_handshake *handshake, enum token token, struct reader *reader)
{
    struct bytes taken;
    switch (token) {
    case TOKEN_E:
        taken = reader_bytes(reader, PUBLIC_KEY_SIZE);
        if (reader->failed)
            return NOISE_MALFORMED;
        memcpy(handshake->remote_one_time.b, taken.data, PUBLIC_KEY_SIZE);
        mix_hash(handshake, taken);
        return 0;
    case TOKEN_S:
        taken = reader_bytes(reader, PUBLIC_KEY_SIZE + tag_size(handshake));
        if (reader->failed)
            return NOISE_MALFORMED;
        return open_and_mix(handshake, taken, handshake->remote_identity.b);
    default:
        return mix_token(handshake, token);
    }
}

static bool is_writing(const struct noise_handshake *handshake)
{
    return handshake->initiator == (handshake->message % 2 == 0);
}

static bool is_live(const struct noise_handshake *handshake)
{
    return !handshake->failed && handshake->message < 3;
}

static int write_message(struct noise_handshake *handshake, struct bytes payload, struct buffer *out)
{
    const enum token *token = pattern[handshake->message];
    size_t start = out->size;
    for (; *token != NO_TOKEN; token++) {
        int outcome = write_token(handshake, *token, out);
        if (outcome)
            return outcome;
    }
    if (payload.size > NOISE_MESSAGE_SIZE_MAX - (out->size - start) - tag_size(handshake))
        return NOISE_MALFORMED;
    return seal_and_mix(handshake, payload, out);
}

static int read_message(struct noise_handshake *handshake, struct bytes message, struct buffer *out)
{
    struct reader reader;
    reader_init(&reader, message);
    for (const enum token *token = pattern[handshake->message]; *token != NO_TOKEN; token++) {
        int outcome = read_token(handshake, *token, &reader);
        if (outcome)
            return outcome;
    }
    if (reader.rest.size < tag_size(handshake))
        return NOISE_MALFORMED;
    size_t start = out->size, size = reader.rest.size - tag_size(handshake);
    buffer_add(out, reader.rest.data, size); // room, overwritten in place
    return open_and_mix(handshake, reader.rest, tail(out, start));
}

static int settle(struct noise_handshake *handshake, int outcome, struct buffer *out, size_t start)
{
    if (outcome == 0) {
        handshake->message++;
        return 0;
    }
    handshake->failed = true;
    out->size = start;
    return outcome;
}

int noise_handshake_write(struct noise_handshake *handshake, struct bytes payload, struct buffer *out)
{
    size_t start = out->size;
    if (!is_live(handshake) || !is_writing(handshake))
        return NOISE_OUT_OF_TURN;
    return settle(handshake, write_message(handshake, payload, out), out, start);
}

int noise_handshake_read(struct noise_handshake *handshake, struct bytes message, struct buffer *out)
{
    size_t start = out->size;
    if (!is_live(handshake) || is_writing(handshake))
        return NOISE_OUT_OF_TURN;
    if (message.size > NOISE_MESSAGE_SIZE_MAX)
        return settle(handshake, NOISE_MALFORMED, out, start);
    return settle(handshake, read_message(handshake, message, out), out, start);
}

bool noise_handshake_is_done(const struct noise_handshake *handshake)
{
    return !handshake->failed && handshake->message == 3;
}

void noise_handshake_split(const struct noise_handshake *handshake, struct noise_cipher *ret_send,
                           struct noise_cipher *ret_receive)
{
    assert(noise_handshake_is_done(handshake));
    uint8_t of_initiator[NOISE_HASH_SIZE], of_responder[NOISE_HASH_SIZE];
    hkdf_two(handshake->chain, bytes_of(NULL, 0), of_initiator, of_responder);
    cipher_start(handshake->initiator ? ret_send : ret_receive, of_initiator);
    cipher_start(handshake->initiator ? ret_receive : ret_send, of_responder);
    sodium_memzero(of_initiator, sizeof of_initiator);
    sodium_memzero(of_responder, sizeof of_responder);
}

const char *noise_outcome_text(int outcome)
{
    switch (outcome) {
    case 0:
        return "ok";
    case NOISE_MALFORMED:
        return "handshake message of a wrong size";
    case NOISE_BAD_KEY:
        return "the peer's key is of small order";
    case NOISE_FORGED:
        return "handshake message does not open";
    case NOISE_OUT_OF_TURN:
        return "handshake message out of turn";
    case NOISE_EXHAUSTED:
        return "too many messages under one key";
    default:
        return "unknown";
    }
}
