// newcomer.h - what a machine that was let in may believe, judged from its token alone.
//
// The token names the fleet, an entry of its authority log and the inviter's datagram key; everything else
// has to follow from signatures: genesis is the fleet, the log is its root's and holds that entry, the
// invite is an operator's who may invite, the admission is the inviter's and names our key. Records about
// other nodes that do not hold here are left out. Nothing is written before all of it holds.
#ifndef NODE_CLI_NEWCOMER_H
#define NODE_CLI_NEWCOMER_H

#include "crdt/directory.h"
#include "proto/token.h"

enum {
    NEWCOMER_MALFORMED = 1,  // records that cannot be read, or too many
    NEWCOMER_OTHER_FLEET,    // no genesis, or that of another fleet
    NEWCOMER_BAD_LOG,        // an authority entry the root did not sign
    NEWCOMER_OLD_LOG,        // without the entry the token names
    NEWCOMER_FORGED,         // a record about nodes or members whose signature does not hold
    NEWCOMER_OTHER_INVITER,  // the admission is not by the node whose key the token has
    NEWCOMER_NOT_OUR_INVITE, // it rests on an invite for another token
    NEWCOMER_NOT_ADMITTED,   // the record that is to admit us does not hold, or names another key
};

enum {
    NEWCOMER_RECORD_COUNT_MAX = LIMIT_AUTHORITY_COUNT_MAX + 4096,
};

struct newcomer_claim {
    const struct token *token;
    struct public_key node_key;
    struct record_id admission; // what the inviter says admits us
    struct bytes records;       // a parcel (proto/parcel.h); is looked at until newcomer_deinit
};

struct newcomer {
    struct authority_log log;
    struct directory directory;
    const struct directory_node *self; // in the directory
    struct bytes *members;             // owned; alive records (kind 30) of nodes in the directory; views
    size_t member_count;
};

// 0 or an outcome; newcomer_deinit is needed after either.
int newcomer_init(struct newcomer *newcomer, const struct newcomer_claim *claim) WARN_UNUSED;
void newcomer_deinit(struct newcomer *newcomer); // safe on a zeroed one

const char *newcomer_outcome_text(int outcome);

#endif
