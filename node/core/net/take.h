// take.h - the only way to become the owner of a job (rules 6 to 8).
//
//                 named first, fleet settled             all asked have answered or are dead
//   NOT_MINE ------------------------------> TAKING --------------------------------------> OWNER
//      ^                                       |  refused: a higher epoch is known             |
//      '---------------------------------------+-----------------------------------------------'
//                            answered somebody's take; slept; the job went; a node returned
//
// The taker asks the keepers of its view and the previous owner, with an epoch above any it has seen.
// Who answers first makes its promise durable, hands over what it has written about the job, gives up
// every attempt it is not running, and from then on refuses epochs that are not higher. There is no time-out
// but death. Who is refused tries again after one to two seconds, if it is still the first.
// Model: shared rules 6-8; checked with three nodes, crashes, cuts and lost messages.
#ifndef NODE_CORE_NET_TAKE_H
#define NODE_CORE_NET_TAKE_H

#include "node/core/jobs.h"
#include "proto/message.h"

struct core;
struct event_row;

enum {
    TAKE_AGAIN_MS = 1000, // an unanswered question is repeated
    TAKE_LOOK_MS = 3000,  // after somebody took a job: is it ours after all?
};

struct take_answer { // an answer in the making: waits for the disk
    struct node_id to;
    char job[NAME_JOB_ROOM];
    uint64_t life;
    uint64_t number;
    struct node_id previous_owner;
    uint64_t query;
    uint64_t ticket;
    bool rows_done;
};

struct take_promise { // about a job that is not known here yet
    char job[NAME_JOB_ROOM];
    uint64_t life;
    struct ledger_epoch epoch;
};

struct takes {
    struct take_promise *promises; // owned
    size_t promise_count, promise_capacity;
    struct take_answer *answers; // owned
    size_t count, capacity;
    uint64_t again_ms; // monotonic: next look at what is under way
};

void takes_deinit(struct takes *takes);

void take_start(struct core *core, struct job *job);
// Completes when nobody who matters is left unanswered. To be called when the view changed.
void take_check(struct core *core, struct job *job);
// This node is owner of nothing until it has taken again.
void take_drop_all(struct core *core);
void take_drop(struct core *core, struct job *job);
void take_again(struct core *core); // a node returned: what is owned or being taken is taken anew
void take_tick(struct core *core);
void take_settled(struct core *core);

bool take_row(struct core *core, uint64_t query, const struct event_row *row);
bool take_rows_done(struct core *core, uint64_t query);

// Messages; false: malformed.
bool take_asked(struct core *core, const struct node_id *from, struct bytes body);
bool take_answered(struct core *core, const struct node_id *from, struct bytes body);

// A job of a new life is known now: what was promised about it before counts.
void take_remember(struct core *core, struct job *job);
// A promise from the disk.
void take_load(struct core *core, const char *key, struct bytes value);

#endif
