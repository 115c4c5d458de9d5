// take.h - the only way to become the owner of a job (rules 6 to 8).
//
//                 named first, fleet settled             all asked have answered or are dead
//   NOT_MINE ------------------------------> TAKING --------------------------------------> OWNER
//      ^                                       |  refused: a higher epoch is known             |
//      '---------------------------------------+-----------------------------------------------'
//                            answered somebody's take; slept; the job went; a node returned
//
// The taker asks the keepers of its view and the previous owner, with an epoch above any it has seen.
// Who answers first makes its promise durable, gives up every attempt it is not running, and from then on
// refuses epochs that are not higher. There is no time-out but death. Who is refused tries again after one to
// two seconds, if it is still the first.
//
// A taker says up to where it knows the job and which due times it knows no end of. The answer hands over
// what the rules need: all about due times without an end, here or there, and live orders; and from the
// previous owner, or from everybody where that is dead, what has ended beyond what the taker knows, as far as
// it fits. Older history follows by net/copies.h. One message asks for many jobs, so that a node that goes or
// comes costs few of them; a record that speaks of many jobs is handed over once.
//
// What only an answer tells of, others may know the end of, but were not asked: one keeper was away when the
// run ended, another was not told to speak of it. So when all have answered and there is such news of due
// times without an end, the job is taken once more, with all of them named. News that comes later, with a
// history that is caught up record by record, is left alone until the owner has done the same.
//
// A wire that is missing between two nodes which both reach a third makes neither of them dead, so a take
// that has to ask over it would wait until it is there again. Letting the second in rank go ahead instead
// would need agreement on who cannot be reached, and a time-out would break rule 6. So after a few questions
// in vain the taker makes a link by way of another member (net/detour.h), and is answered over that.
//
// Model: shared rules 6-8; checked with three nodes, crashes, cuts and lost messages.
#ifndef NODE_CORE_NET_TAKE_H
#define NODE_CORE_NET_TAKE_H

#include "crdt/tree.h"
#include "node/core/jobs.h"
#include "proto/message.h"

struct core;
struct event_row;

enum {
    TAKE_AGAIN_MS = 1000,             // an unanswered question is repeated
    TAKE_LOOK_MS = 3000,              // after somebody took a job: is it ours after all?
    TAKE_ROUND_MAX = 4,               // times that a job is asked about again because of the answers
    TAKE_HISTORY_MS = 15 * 60 * 1000, // what has ended is handed over no further back
    TAKE_HISTORY_SIZE_MAX = 1024 * 1024,
    TAKE_ANSWER_SIZE_MAX = 2 * 1024 * 1024, // of records; jobs beyond it are asked for again
};

enum take_anew { TAKE_ANEW_NOT, TAKE_ANEW_RETURN, TAKE_ANEW_NEWS };

struct take_item { // one job of an answer
    struct message_take_job asked;
    struct node_id previous_owner;
    bool is_left_out; // the answer is full: the taker asks again
};

struct take_query { // a look at this disk
    size_t item;
    bool is_history; // what it finds may be left out
};

struct take_record {       // to be handed over
    struct tree_node node; // by id; first
    struct hash id;
    struct buffer envelope; // owned
};

struct take_answer { // to one message, in the making: waits for the disk
    struct node_id to;
    struct take_item *items; // owned
    size_t item_count;
    struct take_query *queries; // owned; numbered from first_query on
    size_t query_count, query_capacity;
    uint64_t first_query;
    size_t unfinished;   // queries
    struct tree records; // owned
    size_t records_size, history_size;
    uint64_t ticket; // of the promises
};

struct take_promise { // about a job that is not known here yet
    char job[NAME_JOB_ROOM];
    uint64_t life;
    struct ledger_epoch epoch;
};

struct takes {
    struct take_promise *promises; // owned
    size_t promise_count, promise_capacity;
    struct take_answer **answers; // owned
    size_t count, capacity;
    bool has_unsent;   // somebody is to be asked at the end of this step
    uint64_t again_ms; // monotonic: next look at what is under way
};

void takes_deinit(struct takes *takes);

void take_start(struct core *core, struct job *job);
void take_flush(struct core *core); // asks; at the end of every step
// Completes when nobody who matters is left unanswered. To be called when the view changed.
void take_check(struct core *core, struct job *job);
// This node is owner of nothing until it has taken again.
// Somebody took the job, or told this owner of it what it did not know: it looks at it again in a while.
void take_look(struct core *core, struct job *job);
void take_drop_all(struct core *core);
void take_drop(struct core *core, struct job *job);
void take_again(struct core *core); // a node returned: what is owned or being taken is taken anew
void take_tick(struct core *core);
void take_settled(struct core *core);

bool take_row(struct core *core, uint64_t query, const struct event_row *row);
bool take_rows_done(struct core *core, uint64_t query);

// A run of it may still end, or an attempt follow.
bool take_is_unsettled(const struct core *core, const struct job *job, const struct known_due *due);
// What the taker says of a job: how far it knows it.
void take_describe(const struct core *core, const struct job *job, struct message_take_job *ret_asked);
// The highest epoch told to anybody must be on disk.
void take_write_promise(struct core *core, const char *job, uint64_t life, const struct ledger_epoch *epoch);
const struct take_promise *take_find_promise(const struct core *core, const char *job); // NULL: none
void take_keep_promise(struct core *core, const char *job, uint64_t life, const struct ledger_epoch *epoch);

// Messages; false: malformed.
bool take_asked(struct core *core, const struct node_id *from, struct bytes body);
bool take_answered(struct core *core, const struct node_id *from, struct bytes body);

// A job of a new life is known now: what was promised about it before counts.
void take_remember(struct core *core, struct job *job);
// A promise from the disk.
void take_load(struct core *core, const char *key, struct bytes value);

#endif
