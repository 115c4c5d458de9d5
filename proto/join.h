// join.h - what a machine with a token and the node that invited it say, over a STREAM_JOIN stream.
//
//   joiner -> redeemer   REQUEST   node key 32 | name | signature by the token key 64 | by the node key 64
//   redeemer -> joiner   RECORDS   list of envelopes (proto/message.h), as often as needed
//                        ADMITTED  the admission's record id 32: all has been said
//                        REFUSED   one sentence: what, why, what to do
//   joiner -> redeemer   KEYS      its keys record (envelope of kind 12), so that the fleet can talk to it
//   from
//                                  its first packet on; without it a node introduces itself over a stream
// Both signatures are over "katydid-join-1\0" | the stream's hash | node key | name, so neither can be used
// on another connection.
#ifndef PROTO_JOIN_H
#define PROTO_JOIN_H

#include "proto/ids.h"
#include "proto/name.h"

enum {
    JOIN_MALFORMED = 1,
};

enum join_type {
    JOIN_REQUEST = 1,
    JOIN_RECORDS,
    JOIN_ADMITTED,
    JOIN_REFUSED,
    JOIN_KEYS,
};

struct join_request {
    struct public_key node_key;
    char name[NAME_ROOM];
    struct signature by_token;
    struct signature by_node;
};

int join_request_decode(struct bytes body, struct join_request *ret) WARN_UNUSED;
void join_request_encode(const struct join_request *request, struct buffer *out);

// Fills in both signatures.
void join_request_sign(struct join_request *request, struct bytes stream_hash, const struct secret_key *token,
                       const struct secret_key *node);
bool join_request_verify(const struct join_request *request, struct bytes stream_hash,
                         const struct public_key *token) WARN_UNUSED;

#endif
