#include "crdt/fingerprint.h"

static uint64_t word_of(const struct hash *id, size_t index)
{
    uint64_t word = 0;
    for (size_t i = 0; i < 8; i++)
        word |= (uint64_t)id->b[8 * index + i] << (8 * i);
    return word;
}

void fingerprint_add(struct fingerprint *fingerprint, const struct hash *id)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < COUNT_OF(fingerprint->sum); i++) {
        uint64_t word = word_of(id, i), sum = fingerprint->sum[i] + carry;
        carry = sum < carry;
        sum += word;
        carry += sum < word;
        fingerprint->sum[i] = sum;
    }
    fingerprint->count++;
}

void fingerprint_remove(struct fingerprint *fingerprint, const struct hash *id)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < COUNT_OF(fingerprint->sum); i++) {
        uint64_t word = word_of(id, i), before = fingerprint->sum[i];
        fingerprint->sum[i] = before - word - borrow;
        borrow = before < word || (before == word && borrow) ? 1 : 0;
    }
    fingerprint->count--;
}

struct hash fingerprint_hash(const struct fingerprint *fingerprint)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-set-1");
    for (size_t i = 0; i < COUNT_OF(fingerprint->sum); i++)
        hasher_add_u64(&hasher, fingerprint->sum[i]);
    hasher_add_u64(&hasher, fingerprint->count);
    return hasher_finish(&hasher);
}
