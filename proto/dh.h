// dh.h - key agreement between two nodes: X25519 (RFC 7748).
//
// A node has one such key pair beside its signing key; streams (proto/noise.h) and datagrams
// (proto/datagram.h) both start from it. Secrets are 32 bytes the caller drew at random; the usual
// clamping happens inside.
#ifndef PROTO_DH_H
#define PROTO_DH_H

#include "proto/ids.h"

enum { DH_SIZE = 32 };

struct dh_secret {
    uint8_t b[DH_SIZE];
};

struct public_key dh_public_of(const struct dh_secret *secret);

// False when the result is all zero, that is when `theirs` is one of the few points of small order: such
// a "secret" would be known to everybody. Then `ret_shared` is untouched.
bool dh_agree(const struct dh_secret *ours, const struct public_key *theirs,
              uint8_t ret_shared[DH_SIZE]) WARN_UNUSED;

#endif
