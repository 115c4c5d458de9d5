// cheap.c - cryptography without secrecy, for lives made up from seeds: fast, and true to its contracts.
//
// Linked with --wrap over libsodium's functions (tests/sim/CMakeLists.txt). A signature still holds for one
// key and one message only, a sealed packet still opens with its key alone, two sides still agree on a
// secret; what is lost is that nobody else could make them, and nobody in a made-up life tries. Stories use
// the real ones. Three quarters of a life's time went into the real ones.
#include "proto/base.h"

#include <sodium.h>
#include <string.h>

enum { LANES = 4, BLOCK = 8 * LANES, TAG_SIZE = 16 };

struct mixer { // lives in a crypto_generichash_state
    uint64_t lanes[LANES];
    uint64_t size;
    uint8_t block[BLOCK];
};

_Static_assert(sizeof(struct mixer) <= sizeof(crypto_generichash_state), "it has room");

static uint64_t stir(uint64_t lane, uint64_t word)
{
    lane = (lane ^ word) * 0x9e3779b97f4a7c15;
    return lane ^ lane >> 29;
}

static void mixer_start(struct mixer *mixer)
{
    *mixer = (struct mixer){
        .lanes = {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89}};
}

static void take_block(struct mixer *mixer, const uint8_t *block)
{
    for (size_t i = 0; i < LANES; i++) {
        uint64_t word;
        memcpy(&word, block + 8 * i, sizeof word);
        mixer->lanes[i] = stir(mixer->lanes[i], word);
    }
}

// The same bytes give the same sum however they are cut.
static void mixer_add(struct mixer *mixer, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t used = mixer->size % BLOCK;
    mixer->size += size;
    if (used) {
        size_t part = MIN_OF(size, BLOCK - used);
        memcpy(mixer->block + used, bytes, part);
        bytes += part;
        size -= part;
        if (used + part < BLOCK)
            return;
        take_block(mixer, mixer->block);
    }
    for (; size >= BLOCK; bytes += BLOCK, size -= BLOCK)
        take_block(mixer, bytes);
    if (size)
        memcpy(mixer->block, bytes, size);
}

// Whatever length is wanted.
static void mixer_finish(struct mixer *mixer, uint8_t *out, size_t size)
{
    size_t used = mixer->size % BLOCK;
    memset(mixer->block + used, 0, BLOCK - used);
    take_block(mixer, mixer->block);
    uint64_t sum = mixer->size;
    for (size_t round = 0; round < 2; round++)
        for (size_t i = 0; i < LANES; i++)
            sum = mixer->lanes[i] = stir(mixer->lanes[i], sum);
    for (size_t at = 0; at < size; at += 8) {
        sum = stir(sum, mixer->lanes[at / 8 % LANES]);
        memcpy(out + at, &sum, MIN_OF(size - at, sizeof sum));
    }
}

// --- hashes ---

int __wrap_crypto_generichash_init(crypto_generichash_state *state, const unsigned char *key, size_t key_size,
                                   size_t size);
int __wrap_crypto_generichash_update(crypto_generichash_state *state, const unsigned char *data,
                                     unsigned long long size);
int __wrap_crypto_generichash_final(crypto_generichash_state *state, unsigned char *out, size_t size);

int __wrap_crypto_generichash_init(crypto_generichash_state *state, const unsigned char *key, size_t key_size,
                                   size_t size)
{
    struct mixer *mixer = (struct mixer *)(void *)state;
    (void)size;
    mixer_start(mixer);
    if (key_size)
        mixer_add(mixer, key, key_size);
    return 0;
}

int __wrap_crypto_generichash_update(crypto_generichash_state *state, const unsigned char *data,
                                     unsigned long long size)
{
    mixer_add((struct mixer *)(void *)state, data, (size_t)size);
    return 0;
}

int __wrap_crypto_generichash_final(crypto_generichash_state *state, unsigned char *out, size_t size)
{
    mixer_finish((struct mixer *)(void *)state, out, size);
    return 0;
}

// Noise names BLAKE2b outright.
int __wrap_crypto_generichash_blake2b_init(crypto_generichash_state *state, const unsigned char *key,
                                           size_t key_size, size_t size);
int __wrap_crypto_generichash_blake2b_update(crypto_generichash_state *state, const unsigned char *data,
                                             unsigned long long size);
int __wrap_crypto_generichash_blake2b_final(crypto_generichash_state *state, unsigned char *out, size_t size);

int __wrap_crypto_generichash_blake2b_init(crypto_generichash_state *state, const unsigned char *key,
                                           size_t key_size, size_t size)
{
    return __wrap_crypto_generichash_init(state, key, key_size, size);
}

int __wrap_crypto_generichash_blake2b_update(crypto_generichash_state *state, const unsigned char *data,
                                             unsigned long long size)
{
    return __wrap_crypto_generichash_update(state, data, size);
}

int __wrap_crypto_generichash_blake2b_final(crypto_generichash_state *state, unsigned char *out, size_t size)
{
    return __wrap_crypto_generichash_final(state, out, size);
}

// --- signatures: the public key is the second half of the secret one ---

int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *ret_size,
                                const unsigned char *data, unsigned long long size,
                                const unsigned char *secret);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *data,
                                       unsigned long long size, const unsigned char *key);

static void sign(uint8_t *signature, const uint8_t *data, size_t size, const uint8_t *key)
{
    struct mixer mixer;
    mixer_start(&mixer);
    mixer_add(&mixer, key, crypto_sign_PUBLICKEYBYTES);
    mixer_add(&mixer, data, size);
    mixer_finish(&mixer, signature, crypto_sign_BYTES);
}

int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *ret_size,
                                const unsigned char *data, unsigned long long size,
                                const unsigned char *secret)
{
    sign(signature, data, (size_t)size, secret + crypto_sign_SECRETKEYBYTES - crypto_sign_PUBLICKEYBYTES);
    if (ret_size)
        *ret_size = crypto_sign_BYTES;
    return 0;
}

int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *data,
                                       unsigned long long size, const unsigned char *key)
{
    uint8_t expected[crypto_sign_BYTES];
    sign(expected, data, (size_t)size, key);
    return memcmp(expected, signature, sizeof expected) == 0 ? 0 : -1;
}

// --- agreement: both sides mix the same two public keys ---

int __wrap_crypto_scalarmult_curve25519_base(unsigned char *key, const unsigned char *secret);
int __wrap_crypto_scalarmult_curve25519(unsigned char *shared, const unsigned char *secret,
                                        const unsigned char *key);

int __wrap_crypto_scalarmult_curve25519_base(unsigned char *key, const unsigned char *secret)
{
    struct mixer mixer;
    mixer_start(&mixer);
    mixer_add(&mixer, secret, crypto_scalarmult_curve25519_SCALARBYTES);
    mixer_finish(&mixer, key, crypto_scalarmult_curve25519_BYTES);
    return 0;
}

int __wrap_crypto_scalarmult_curve25519(unsigned char *shared, const unsigned char *secret,
                                        const unsigned char *key)
{
    uint8_t both[crypto_scalarmult_curve25519_BYTES];
    __wrap_crypto_scalarmult_curve25519_base(both, secret);
    for (size_t i = 0; i < sizeof both; i++)
        both[i] ^= key[i];
    return __wrap_crypto_scalarmult_curve25519_base(shared, both);
}

// --- sealing: a tag, and the text as it is ---

struct sealing {
    const uint8_t *associated, *nonce, *key;
    size_t associated_size, nonce_size;
};

static void make_tag(const struct sealing *sealing, const uint8_t *data, size_t size, uint8_t tag[TAG_SIZE])
{
    struct mixer mixer;
    uint64_t sizes[2] = {size, sealing->associated_size};
    mixer_start(&mixer);
    mixer_add(&mixer, sealing->key, crypto_aead_chacha20poly1305_IETF_KEYBYTES);
    mixer_add(&mixer, sealing->nonce, sealing->nonce_size);
    mixer_add(&mixer, sizes, sizeof sizes);
    if (sealing->associated_size)
        mixer_add(&mixer, sealing->associated, sealing->associated_size);
    if (size)
        mixer_add(&mixer, data, size);
    mixer_finish(&mixer, tag, TAG_SIZE);
}

static int seal(const struct sealing *sealing, const uint8_t *plain, size_t size, uint8_t *out)
{
    if (size)
        memmove(out, plain, size);
    make_tag(sealing, out, size, out + size);
    return 0;
}

static int unseal(const struct sealing *sealing, const uint8_t *sealed, size_t size, uint8_t *out)
{
    uint8_t tag[TAG_SIZE];
    if (size < TAG_SIZE)
        return -1;
    make_tag(sealing, sealed, size - TAG_SIZE, tag);
    if (memcmp(tag, sealed + size - TAG_SIZE, TAG_SIZE) != 0)
        return -1;
    if (size > TAG_SIZE)
        memmove(out, sealed, size - TAG_SIZE);
    return 0;
}

#define SEALED_WITH(name, nonce_size_)                                                                       \
    int __wrap_##name##_encrypt(                                                                             \
        unsigned char *out, unsigned long long *ret_size, const unsigned char *plain,                        \
        unsigned long long size, const unsigned char *associated, unsigned long long associated_size,        \
        const unsigned char *secret_nonce, const unsigned char *nonce, const unsigned char *key);            \
    int __wrap_##name##_decrypt(                                                                             \
        unsigned char *out, unsigned long long *ret_size, unsigned char *secret_nonce,                       \
        const unsigned char *sealed, unsigned long long size, const unsigned char *associated,               \
        unsigned long long associated_size, const unsigned char *nonce, const unsigned char *key);           \
    int __wrap_##name##_encrypt(                                                                             \
        unsigned char *out, unsigned long long *ret_size, const unsigned char *plain,                        \
        unsigned long long size, const unsigned char *associated, unsigned long long associated_size,        \
        const unsigned char *secret_nonce, const unsigned char *nonce, const unsigned char *key)             \
    {                                                                                                        \
        const struct sealing sealing = {associated, nonce, key, (size_t)associated_size, (nonce_size_)};     \
        (void)secret_nonce;                                                                                  \
        if (ret_size)                                                                                        \
            *ret_size = size + TAG_SIZE;                                                                     \
        return seal(&sealing, plain, (size_t)size, out);                                                     \
    }                                                                                                        \
    int __wrap_##name##_decrypt(                                                                             \
        unsigned char *out, unsigned long long *ret_size, unsigned char *secret_nonce,                       \
        const unsigned char *sealed, unsigned long long size, const unsigned char *associated,               \
        unsigned long long associated_size, const unsigned char *nonce, const unsigned char *key)            \
    {                                                                                                        \
        const struct sealing sealing = {associated, nonce, key, (size_t)associated_size, (nonce_size_)};     \
        (void)secret_nonce;                                                                                  \
        if (ret_size)                                                                                        \
            *ret_size = size >= TAG_SIZE ? size - TAG_SIZE : 0;                                              \
        return unseal(&sealing, sealed, (size_t)size, out);                                                  \
    }

SEALED_WITH(crypto_aead_chacha20poly1305_ietf, crypto_aead_chacha20poly1305_IETF_NPUBBYTES)
SEALED_WITH(crypto_aead_xchacha20poly1305_ietf, crypto_aead_xchacha20poly1305_IETF_NPUBBYTES)

// --- logs are stored as they are ---

size_t __wrap_ZSTD_compress(void *out, size_t room, const void *data, size_t size, int level);

size_t __wrap_ZSTD_compress(void *out, size_t room, const void *data, size_t size, int level)
{
    (void)out;
    (void)room;
    (void)data;
    (void)size;
    (void)level;
    return SIZE_MAX; // an error: the store keeps what it has
}
