// random.h - chance that can be replayed: a stream of numbers from one seed.
//
// Whom to probe and whom to tell must be unpredictable for other nodes and equal in every replay, so
// the caller draws 32 bytes of entropy once and all else follows from them (ChaCha20 keystream).
#ifndef GOSSIP_RANDOM_H
#define GOSSIP_RANDOM_H

#include "proto/base.h"

enum { RANDOM_SEED_SIZE = 32 };

struct random {
    uint8_t key[RANDOM_SEED_SIZE];
    uint64_t block; // number of the next 256 bytes of the stream
    uint8_t pool[256];
    size_t used; // bytes of the pool handed out
};

void random_init(struct random *random, const uint8_t seed[RANDOM_SEED_SIZE]);
uint64_t random_u64(struct random *random);
void random_fill(struct random *random, void *out, size_t size);
// Uniform in [0, bound); 0 when bound is 0.
uint64_t random_below(struct random *random, uint64_t bound);

#endif
