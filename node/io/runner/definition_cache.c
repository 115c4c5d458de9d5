#include "node/io/runner/definition_cache.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_COUNT = 4096 };

static size_t slot_of(const struct hash *id)
{
    uint32_t start;
    memcpy(&start, id->b, sizeof start);
    return start % SLOT_COUNT;
}

static void unlink_use(struct definition_cache *cache, struct definition_cache_entry *entry)
{
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void link_newest(struct definition_cache *cache, struct definition_cache_entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    if (cache->newest)
        cache->newest->newer = entry;
    else
        cache->oldest = entry;
    cache->newest = entry;
}

static void remove_entry(struct definition_cache *cache, struct definition_cache_entry *entry)
{
    struct definition_cache_entry **link = &cache->slots[slot_of(&entry->id)];
    while (*link != entry)
        link = &(*link)->next_in_slot;
    *link = entry->next_in_slot;
    unlink_use(cache, entry);
    cache->bytes -= entry->size;
    free(entry);
}

void definition_cache_deinit(struct definition_cache *cache)
{
    while (cache->oldest)
        remove_entry(cache, cache->oldest);
    free(cache->slots);
    *cache = (struct definition_cache){0};
}

void definition_cache_add(struct definition_cache *cache, const struct hash *id,
                          const struct envelope *envelope)
{
    if (definition_cache_find(cache, id))
        return;
    if (!cache->slots)
        cache->slots = base_alloc(SLOT_COUNT, sizeof(struct definition_cache_entry *));
    struct definition_cache_entry *entry = base_alloc(1, sizeof *entry + envelope->body.size);
    entry->id = *id;
    entry->signer = envelope->signer;
    entry->size = envelope->body.size;
    memcpy(entry->body, envelope->body.data, envelope->body.size);
    entry->next_in_slot = cache->slots[slot_of(id)];
    cache->slots[slot_of(id)] = entry;
    link_newest(cache, entry);
    cache->bytes += entry->size;
    while (cache->bytes > DEFINITION_CACHE_SIZE_MAX && cache->oldest != entry)
        remove_entry(cache, cache->oldest);
}

const struct definition_cache_entry *definition_cache_find(struct definition_cache *cache,
                                                           const struct hash *id)
{
    if (!cache->slots)
        return NULL;
    for (struct definition_cache_entry *entry = cache->slots[slot_of(id)]; entry; entry = entry->next_in_slot)
        if (hash_equal(&entry->id, id)) {
            unlink_use(cache, entry);
            link_newest(cache, entry);
            return entry;
        }
    return NULL;
}

void definition_cache_decode(const struct definition_cache_entry *entry, struct arena *arena,
                             struct definition *ret)
{
    arena_allow(arena, entry->size);
    int outcome = definition_decode(bytes_of(entry->body, entry->size), arena, ret);
    assert(outcome == 0); // it was decoded before it was added
}
