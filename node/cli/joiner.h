// joiner.h - how a machine with a token talks to the node that invited it; touches no socket.
//
//   calling -- message 2, by the key of the token --> asking -- ADMITTED or REFUSED --> over
//
// What is collected here is not believed yet: newcomer.h judges it. The request is signed by the token's
// key and by the new node's, both over the name of this very connection (proto/join.h).
#ifndef NODE_CLI_JOINER_H
#define NODE_CLI_JOINER_H

#include "node/io/runner/agent_keys.h"
#include "proto/join.h"
#include "proto/stream.h"
#include "proto/token.h"

enum {
    JOINER_ADMITTED = 1,
    JOINER_REFUSED,  // `refusal` says why, in the inviter's words
    JOINER_IMPOSTOR, // another key than the token's answered
    JOINER_BROKEN,   // `stream_outcome` says how
    JOINER_STRANGE,  // an answer that makes no sense, or more than JOINER_BYTES_MAX
};

enum { JOINER_BYTES_MAX = 48 * 1024 * 1024 }; // a full authority log and some nodes

struct joiner_options {
    const struct token *token;     // borrowed
    const struct agent_keys *keys; // borrowed
    const char *name;              // valid; borrowed
    struct dh_secret one_time;     // random, for this connection only
};

struct joiner {
    struct joiner_options options;
    struct stream stream;
    int outcome;                // 0: it goes on
    int stream_outcome;         // BROKEN
    struct buffer records;      // owned: a parcel (proto/parcel.h)
    struct record_id admission; // ADMITTED: which record admits us, they say
    char refusal[LIMIT_TEXT_SIZE_MAX + 1];
};

void joiner_init(struct joiner *joiner, const struct joiner_options *options);
void joiner_deinit(struct joiner *joiner); // safe on a zeroed one

// What came from the other side. 0 while it goes on, else the outcome, which then stays.
int joiner_receive(struct joiner *joiner, struct bytes bytes);
// What is to be sent; the caller drops what it has sent from the front.
struct buffer *joiner_output(struct joiner *joiner);

// After JOINER_ADMITTED: hands over our keys record, so that the fleet knows us before our agent runs.
void joiner_tell_keys(struct joiner *joiner, struct bytes envelope);

#endif
