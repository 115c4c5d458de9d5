#include "tests/unit/support_records.h"

#include <string.h>

struct envelope_signer support_signer(const struct fleet_id *fleet, uint8_t number)
{
    struct envelope_signer signer = {0};
    uint8_t seed[32];
    memset(seed, number, sizeof seed);
    envelope_keypair(seed, &signer.key, &signer.secret);
    if (fleet)
        signer.fleet = *fleet;
    return signer;
}

uint64_t support_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
