// rendezvous.h - who comes first for a job: a score of (job, node) that anyone can compute.
//
// Every node sorts the same candidates by the same integer score, so all agree on the order without
// talking; a node that leaves moves only what it had, and taking any subset keeps the order.
// The salt and the weight come from the node's admission, so a node cannot grind a key to win a job.
//
// Source: Thaler & Ravishankar 1998 (highest random weight); weighted form by Schindelhauer &
// Schomaker, score = weight / -ln(hash). Where we depart: integers only, so that every machine gets
// the same bits: -log2 of the hash in 2^-32 units from a table-free bit-by-bit logarithm (Turner
// 2010), and the quotient as a 64-bit fixed point number. Test vectors: tests/unit/test_rendezvous.c.
#ifndef GOSSIP_RENDEZVOUS_H
#define GOSSIP_RENDEZVOUS_H

#include "proto/ids.h"

struct rendezvous_node {
    struct node_id id;
    uint8_t salt[16];
    uint32_t weight; // 1..10000, 100 is usual; 0 never wins
};

// The higher, the earlier. Equal scores are broken by the lower node id.
uint64_t rendezvous_score(const struct hash *job, const struct rendezvous_node *node);

// Sorts `nodes` in place, the first owner of `job` first.
void rendezvous_rank(const struct hash *job, struct rendezvous_node *nodes, size_t count);

#endif
