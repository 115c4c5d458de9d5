// copies.h - old records and new keepers: what was written before is offered to whoever keeps its job now.
//
//   a node with records of the job                       a keeper of it
//   COMPARE  digests of what is here of 64 jobs ------>  looks at its own disk
//            <------------------------------- COMPARED   the jobs of which it has something else
//   OFFER    the ids of the records of those ---------->
//            <----------------------------------- LACK   those that are not there
//   KEEP     the records ------------------------------> stored, as new ones are (keep.h)
//
// A node walks over all names that its ledger speaks of, and does this with every keeper of each, until the
// keeper lacked nothing. It walks when it comes itself, when a node came, went or began anew (a power cut may
// have cost it what it had not yet on disk, its own word too, or its disk was replaced), and when the keepers
// of a job may be others for another reason. Nothing is said of names that were settled under the same
// keepers, none of which came, went or began anew. Whoever has records does so, keeper or not: it may be the
// only one. While nobody comes or goes, nothing is sent.
//
// Bounded: the newest COPIES_ITEM_COUNT_MAX items of a job; one message of each kind under way per pair of
// nodes; who does not answer is passed over, and asked again in a later walk, ever less often.
#ifndef NODE_CORE_NET_COPIES_H
#define NODE_CORE_NET_COPIES_H

#include "node/core/effect.h"
#include "node/core/net/copies_settled.h"
#include "proto/message.h"

struct core;

enum {
    COPIES_ITEM_COUNT_MAX = 8192,
    COPIES_SETTLE_MS = 2000,    // changes come together
    COPIES_SPREAD_MS = 10,      // for each member
    COPIES_PATIENCE_MS = 10000, // without any answer
    COPIES_AGAIN_MS = 5000,     // until the next walk when something was lacking; doubled each time
    COPIES_AGAIN_MS_MAX = 5 * 60 * 1000,
    COPIES_LOOK_COUNT_MAX = 4,    // offers and wants of one node that are being answered
    COPIES_HELD_SIZE = 48 * 1024, // of records gathered for one message
};

struct copies_job { // one of the page
    char name[NAME_JOB_ROOM];
    struct node_id keepers[OWNER_KEEPER_COUNT]; // the others
    bool differs[OWNER_KEEPER_COUNT];
    size_t keeper_count;
    struct copies_settled_keepers keys;
    uint8_t digest[MESSAGE_DIGEST_SIZE];
};

struct copies_peer { // a keeper of some job of the page
    struct node_id id;
    bool has_compared, is_offered, has_lacked;
    size_t reading;      // jobs whose ids are being read for it
    struct buffer ids;   // owned; to be offered
    size_t offered_size; // of them
};

struct copies_page {         // jobs that are compared together
    struct copies_job *jobs; // owned
    size_t job_count;
    struct copies_peer *peers; // owned
    size_t peer_count, peer_capacity;
    size_t reading;       // jobs whose ids are being read
    uint64_t number;      // in the messages
    uint64_t serial;      // of the changes when it began
    uint64_t deadline_ms; // monotonic; 0: no page is under way
    char last[NAME_JOB_ROOM];
    bool has_more;
};

enum copies_look_mode {
    COPIES_NAMING,    // the next names
    COPIES_READING,   // the ids of a job of the page
    COPIES_OFFERING,  // the same, for somebody who has others
    COPIES_SENDING,   // records that somebody lacks
    COPIES_COMPARING, // the ids of a job that somebody asks about
    COPIES_CHECKING,  // what of an offer is here
};

struct copies_look { // at this disk
    enum copies_look_mode mode;
    uint64_t query;
    struct node_id peer;
    uint64_t number; // of the peer's message, or of the page
    uint16_t index;  // of the job
    uint8_t digest[MESSAGE_DIGEST_SIZE];
    struct buffer ids, found; // owned; CHECKING
    struct bytes *held;       // owned, and what they point to; SENDING: until there is enough for a message
    size_t held_count, held_capacity, held_size;
};

struct copies_question { // somebody else's comparison, being answered
    struct node_id from;
    size_t reading;
    struct message_compared compared;
};

struct copies {
    bool is_wanted;    // a walk
    uint64_t start_ms; // monotonic: not before
    uint64_t again_ms;
    uint64_t serial; // of changes
    bool is_walking, is_unsettled;
    struct copies_page page;
    struct copies_settled settled;
    struct copies_look *looks; // owned
    size_t look_count, look_capacity;
    struct copies_question *questions; // owned
    size_t question_count, question_capacity;
    uint64_t number; // of the last page
};

void copies_deinit(struct copies *copies);

// This node came, went or began anew: what it kept, and what was written about by it, is looked at again.
void copies_changed(struct core *core, const struct node_id *node);
// The same of everything.
void copies_forget(struct core *core);
// A record about this job was handed to these, which may keep it for a moment only.
void copies_written(struct core *core, const char *name, const struct owner_rank *rank);
// The keepers of some job may be others now.
void copies_look_again(struct core *core);
void copies_tick(struct core *core); // each second

bool copies_row(struct core *core, uint64_t query, const struct event_row *row);
bool copies_rows_done(struct core *core, uint64_t query, bool more);

// Messages; false: malformed.
bool copies_asked(struct core *core, const struct node_id *from, struct bytes body);
bool copies_compared(struct core *core, const struct node_id *from, struct bytes body);
bool copies_offered(struct core *core, const struct node_id *from, struct bytes body);
bool copies_lacked(struct core *core, const struct node_id *from, struct bytes body);

// For copies_answer.c.
struct copies_look *copies_begin(struct core *core, const struct copies_look *shape,
                                 struct effect_query *query);
void copies_digest(struct bytes ids, uint8_t out[MESSAGE_DIGEST_SIZE]);
void copies_answer_row(struct core *core, struct copies_look *look, const struct event_row *row);
void copies_answer_done(struct core *core, struct copies_look *look);

#endif
