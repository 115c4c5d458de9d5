#include "gossip/rendezvous.h"

#include <stdlib.h>
#include <string.h>

struct ranked {
    uint64_t score;
    struct rendezvous_node node;
};

// -log2(value / 2^64) in units of 2^-32, for value >= 1: between 0 and 64 * 2^32.
static uint64_t negative_log2(uint64_t value)
{
    int top = 63 - __builtin_clzll(value);
    uint64_t whole = (uint64_t)(63 - top) << 32; // leading zeros
    uint64_t mantissa = value << (63 - top);     // 1.63 fixed point in [1, 2)
    uint64_t fraction = 0;
    for (int bit = 31; bit >= 0; bit--) {
        __extension__ unsigned __int128 square = (__extension__(unsigned __int128) mantissa) * mantissa;
        if (square >> 127) { // the square is 2 or more: this bit of the logarithm is set
            fraction |= UINT64_C(1) << bit;
            mantissa = (uint64_t)(square >> 64);
        } else {
            mantissa = (uint64_t)(square >> 63);
        }
    }
    // log2(value) = top + fraction; -log2(value / 2^64) = 64 - top - fraction = whole + 1 - fraction
    return whole + (UINT64_C(1) << 32) - fraction;
}

uint64_t rendezvous_score(const struct hash *job, const struct rendezvous_node *node)
{
    if (!node->weight)
        return 0;
    struct hasher hasher;
    hasher_start(&hasher, "katydid-rank-1");
    hasher_add(&hasher, job->b, sizeof job->b);
    hasher_add(&hasher, node->id.b, sizeof node->id.b);
    hasher_add(&hasher, node->salt, sizeof node->salt);
    struct hash hash = hasher_finish(&hasher);
    struct reader reader;
    reader_init(&reader, bytes_of(hash.b, sizeof hash.b));
    uint64_t draw = reader_u64(&reader) | 1;
    __extension__ unsigned __int128 weight = (__extension__(unsigned __int128) node->weight) << 48;
    __extension__ unsigned __int128 score = weight / (negative_log2(draw) + 1);
    return score > UINT64_MAX ? UINT64_MAX : (uint64_t)score;
}

static int ranked_order(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    return memcmp(&left->node.id, &right->node.id, sizeof left->node.id);
}

void rendezvous_rank(const struct hash *job, struct rendezvous_node *nodes, size_t count)
{
    struct ranked *ranked = base_alloc(count, sizeof *ranked);
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){rendezvous_score(job, &nodes[i]), nodes[i]};
    qsort(ranked, count, sizeof *ranked, ranked_order);
    for (size_t i = 0; i < count; i++)
        nodes[i] = ranked[i].node;
    free(ranked);
}
