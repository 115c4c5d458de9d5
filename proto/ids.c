#include "proto/ids.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(struct hasher) >= sizeof(crypto_generichash_state), "room for the hash state");

static crypto_generichash_state *hasher_state(struct hasher *hasher)
{
    return (crypto_generichash_state *)(void *)hasher->opaque;
}

void hasher_start(struct hasher *hasher, const char *tag)
{
    crypto_generichash_init(hasher_state(hasher), NULL, 0, HASH_SIZE);
    hasher_add(hasher, tag, strlen(tag) + 1);
}

void hasher_add(struct hasher *hasher, const void *data, size_t size)
{
    if (size)
        crypto_generichash_update(hasher_state(hasher), data, size);
}

void hasher_add_u64(struct hasher *hasher, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    hasher_add(hasher, bytes, sizeof bytes);
}

void hasher_add_text(struct hasher *hasher, const char *text)
{
    hasher_add_u64(hasher, strlen(text));
    hasher_add(hasher, text, strlen(text));
}

struct hash hasher_finish(struct hasher *hasher)
{
    struct hash hash;
    crypto_generichash_final(hasher_state(hasher), hash.b, sizeof hash.b);
    return hash;
}

struct node_id node_id_of(const struct public_key *key)
{
    struct hasher hasher;
    struct node_id id;
    hasher_start(&hasher, "katydid-key-1");
    hasher_add(&hasher, key->b, sizeof key->b);
    struct hash hash = hasher_finish(&hasher);
    memcpy(id.b, hash.b, sizeof id.b);
    return id;
}

bool node_id_equal(const struct node_id *a, const struct node_id *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool node_id_is_zero(const struct node_id *id)
{
    static const struct node_id zero;
    return node_id_equal(id, &zero);
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool hash_is_zero(const struct hash *hash)
{
    static const struct hash zero;
    return hash_equal(hash, &zero);
}

bool run_id_equal(const struct run_id *a, const struct run_id *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}
