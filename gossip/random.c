#include "gossip/random.h"

#include "proto/bytes.h"

#include <sodium.h>
#include <string.h>

_Static_assert(RANDOM_SEED_SIZE == crypto_stream_chacha20_KEYBYTES, "a seed is a key");

void random_init(struct random *random, const uint8_t seed[RANDOM_SEED_SIZE])
{
    *random = (struct random){.used = sizeof random->pool};
    memcpy(random->key, seed, sizeof random->key);
}

static void refill(struct random *random)
{
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = (uint8_t)(random->block >> (8 * i));
    crypto_stream_chacha20(random->pool, sizeof random->pool, nonce, random->key);
    random->block++;
    random->used = 0;
}

uint64_t random_u64(struct random *random)
{
    if (random->used == sizeof random->pool)
        refill(random);
    struct reader reader;
    reader_init(&reader, bytes_of(random->pool + random->used, sizeof(uint64_t)));
    random->used += sizeof(uint64_t);
    return reader_u64(&reader);
}

void random_fill(struct random *random, void *out, size_t size)
{
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t value = random_u64(random);
        memcpy((char *)out + at, &value, MIN_OF(size - at, sizeof value));
    }
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    if (!bound)
        return 0;
    uint64_t surplus = UINT64_MAX % bound; // numbers from UINT64_MAX - surplus on would favour the small ones
    uint64_t value;
    do
        value = random_u64(random);
    while (value >= UINT64_MAX - surplus);
    return value % bound;
}
