#include "node/core/net/copies_settled.h"

#include "node/core/occurrence.h"
#include "proto/sorted.h"

#include <stdlib.h>
#include <string.h>

void copies_settled_deinit(struct copies_settled *settled)
{
    free(settled->items);
    *settled = (struct copies_settled){0};
}

static uint64_t name_key(const char *name)
{
    struct hash hash = job_hash_of(name, 0);
    uint64_t key;
    memcpy(&key, hash.b, sizeof key);
    return key;
}

static uint32_t node_key(const struct node_id *id)
{
    uint32_t key;
    memcpy(&key, id->b, sizeof key);
    return key;
}

static int compare_keys(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

struct copies_settled_keepers copies_settled_keepers_of(const struct owner_rank *rank, bool is_each)
{
    struct copies_settled_keepers keepers = {.is_each = is_each};
    for (size_t i = 0; i < rank->count; i++)
        keepers.keys[i] = node_key(&rank->nodes[i]);
    qsort(keepers.keys, COUNT_OF(keepers.keys), sizeof keepers.keys[0], compare_keys);
    return keepers;
}

bool copies_settled_equal(const struct copies_settled_keepers *a, const struct copies_settled_keepers *b)
{
    return memcmp(a->keys, b->keys, sizeof a->keys) == 0 && a->is_each == b->is_each;
}

static bool has_key(const struct copies_settled_keepers *keepers, uint32_t key)
{
    for (size_t i = 0; i < COUNT_OF(keepers->keys); i++)
        if (keepers->keys[i] == key)
            return true;
    return false;
}

static int compare_names(const void *element, const void *key)
{
    const struct copies_settled_job *job = element;
    uint64_t name = *(const uint64_t *)key;
    return (job->name_key > name) - (job->name_key < name);
}

static bool find(const struct copies_settled *settled, uint64_t name, size_t *ret_at)
{
    return sorted_find(SORTED(settled->items, settled->count, compare_names), &name, ret_at);
}

bool copies_settled_has(const struct copies_settled *settled, const char *job,
                        const struct copies_settled_keepers *keepers)
{
    size_t at;
    return find(settled, name_key(job), &at) && copies_settled_equal(&settled->items[at].keepers, keepers);
}

void copies_settled_add(struct copies_settled *settled, const char *job,
                        const struct copies_settled_keepers *keepers)
{
    uint64_t name = name_key(job);
    size_t at;
    if (!find(settled, name, &at)) {
        void *items = settled->items;
        sorted_insert(&items, &settled->count, &settled->capacity, at, sizeof *settled->items);
        settled->items = items;
    }
    settled->items[at] = (struct copies_settled_job){name, *keepers};
}

bool copies_settled_forget_others(struct copies_settled *settled, const char *job,
                                  const struct copies_settled_keepers *keepers)
{
    size_t at;
    if (!find(settled, name_key(job), &at) || copies_settled_equal(&settled->items[at].keepers, keepers))
        return false;
    memmove(&settled->items[at], &settled->items[at + 1], (--settled->count - at) * sizeof *settled->items);
    return true;
}

void copies_settled_forget_node(struct copies_settled *settled, const struct node_id *self,
                                const struct node_id *node)
{
    uint32_t own = node_key(self), other = node_key(node);
    size_t kept = 0;
    for (size_t i = 0; i < settled->count; i++) {
        const struct copies_settled_job job = settled->items[i];
        bool is_touched = has_key(&job.keepers, other) || (job.keepers.is_each && has_key(&job.keepers, own));
        if (!is_touched)
            settled->items[kept++] = job;
    }
    settled->count = kept;
}
