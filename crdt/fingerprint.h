// fingerprint.h - equal sets of records have equal fingerprints, whatever the order they came in.
//
// The sum, mod 2^256, of the record ids of a set, and their count. A record id is a BLAKE2b-256 that
// covers the whole signed record, stamp included, so adding and removing an element costs one addition
// and needs nothing but its id. What leaves the room is the hash of sum and count.
//
// Why a sum and not XOR: with XOR anybody who may sign a few hundred records finds two sets that
// cancel out by solving linear equations in minutes. With a sum mod 2^256 that takes a generalized
// birthday search (Wagner 2002): tens of thousands of signed records and 2^30 or more hashes, and all
// it buys is that replicas which were given different records by that same signer do not notice;
// other signers' records still differ in the sum. Range reconciliation salts its own fingerprints.
// Source: Clarke et al. 2003 (MSet-Add-Hash); Meyer, "Range-Based Set Reconciliation", 2023.
#ifndef CRDT_FINGERPRINT_H
#define CRDT_FINGERPRINT_H

#include "proto/ids.h"

struct fingerprint { // zeroed: the empty set
    uint64_t sum[4]; // least significant word first
    uint64_t count;
};

void fingerprint_add(struct fingerprint *fingerprint, const struct hash *id);
void fingerprint_remove(struct fingerprint *fingerprint, const struct hash *id);
struct hash fingerprint_hash(const struct fingerprint *fingerprint);

#endif
