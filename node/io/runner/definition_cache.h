// definition_cache.h - verified definitions that are at hand when their jobs are due, by record id.
//
// Bounded by bytes: the one not used for longest goes first. What is gone is asked for again (NEED);
// it is believed then because its id is the floor's, and an id is the hash of what was signed.
#ifndef NODE_IO_RUNNER_DEFINITION_CACHE_H
#define NODE_IO_RUNNER_DEFINITION_CACHE_H

#include "proto/definition.h"
#include "proto/envelope.h"

enum { DEFINITION_CACHE_SIZE_MAX = 4 * 1024 * 1024 };

struct definition_cache_entry {
    struct hash id;
    struct node_id signer;
    struct definition_cache_entry *next_in_slot;
    struct definition_cache_entry *newer, *older; // by last use
    size_t size;
    uint8_t body[]; // protobuf, as signed
};

struct definition_cache {
    struct definition_cache_entry **slots; // owned
    struct definition_cache_entry *newest, *oldest;
    size_t bytes;
};

void definition_cache_deinit(struct definition_cache *cache); // safe on a zeroed one
// The envelope was verified. Keeps a copy of its body.
void definition_cache_add(struct definition_cache *cache, const struct hash *id,
                          const struct envelope *envelope);
// NULL: not here. Valid until the next add. Counts as a use.
const struct definition_cache_entry *definition_cache_find(struct definition_cache *cache,
                                                           const struct hash *id);
// Decodes into `arena`; pointers live as long as arena and entry.
void definition_cache_decode(const struct definition_cache_entry *entry, struct arena *arena,
                             struct definition *ret);

#endif
