// ask.h - questions about history that other nodes may answer better than this disk.
//
// A person's question goes to the own disk and to every node that may know more; rows come back as the
// signed records they stand in, so they are as good as one's own. Who does not answer in time is named.
#ifndef NODE_CORE_NET_ASK_H
#define NODE_CORE_NET_ASK_H

#include "node/core/effect.h"
#include "proto/message.h"

struct answer;
struct core;

enum {
    ASK_PATIENCE_MS = 2000,
    ASK_PEER_MAX = 64,         // nodes asked at once
    ASK_HELD_SIZE = 48 * 1024, // of records gathered for one message
};

struct ask_peer {
    uint64_t query; // of the answer that waits
    struct node_id node;
};

struct ask_question { // somebody else's, being answered from this disk
    struct node_id from;
    uint64_t number; // the asker's
    uint64_t query;
    char job[NAME_JOB_ROOM];
    struct bytes *held; // owned, and what they point to: records gathered for one message
    size_t held_count, held_capacity;
    struct message_story *stories; // owned, and what they say; the same
    size_t story_count, story_capacity;
    size_t held_size; // of both
    struct hash last; // record gathered; several rows may stand in one
};

struct asks {
    struct ask_peer *peers; // owned: nodes that have not answered yet
    size_t peer_count, peer_capacity;
    struct ask_question *questions; // owned
    size_t question_count, question_capacity;
};

void asks_deinit(struct asks *asks);

// Asks the others the same. Returns how many will answer.
size_t ask_others(struct core *core, struct answer *answer, const struct effect_query *query);
void ask_tick(struct core *core);
void ask_disconnected(struct core *core, const struct node_id *node);
void ask_forget(struct core *core, uint64_t query); // nobody waits any more

bool ask_row(struct core *core, uint64_t query, const struct event_row *row);
bool ask_rows_done(struct core *core, uint64_t query);

// Messages; false: malformed.
bool ask_received(struct core *core, const struct node_id *from, struct bytes body);
bool ask_told(struct core *core, const struct node_id *from, struct bytes body);

#endif
