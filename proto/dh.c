#include "proto/dh.h"

#include <sodium.h>
#include <string.h>

_Static_assert((size_t)DH_SIZE == crypto_scalarmult_curve25519_BYTES, "one size on both sides");

struct public_key dh_public_of(const struct dh_secret *secret)
{
    struct public_key key;
    crypto_scalarmult_curve25519_base(key.b, secret->b);
    return key;
}

bool dh_agree(const struct dh_secret *ours, const struct public_key *theirs, uint8_t ret_shared[DH_SIZE])
{
    uint8_t shared[DH_SIZE];
    bool agreed = crypto_scalarmult_curve25519(shared, ours->b, theirs->b) == 0;
    if (agreed)
        memcpy(ret_shared, shared, sizeof shared);
    sodium_memzero(shared, sizeof shared);
    return agreed;
}
