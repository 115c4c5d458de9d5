// ends.h - how occurrences ended, for the jobs that come after them.
//
// A job with an `after` trigger is made due by signed results and verdicts of other jobs
// (trigger/upstream.h). This room notes those that somebody waits for, wherever they come from: written here,
// read from the disk, told by their executor. Its owner makes of each new one whatever is not known yet:
//
//   result, verdict --> ends_note --> ends_look, by the owner --> happening_occur --> claimed, started
//                          |
//                          +--> offered to the owners and keepers of what comes after, until they have it
//
// So when the owner dies between an end and what follows it, the next one finds the end here and looks again:
// at least once, under one id. A result that is to be tried again is no end; ok is one at once.
//
// Bounded: the newest ENDS_COUNT_MAX, and a job is started so at most ENDS_PER_HOUR times an hour. What comes
// on top is passed over, and said once an hour: circles closed from two sides at once stay harmless.
#ifndef NODE_CORE_ENDS_H
#define NODE_CORE_ENDS_H

#include "node/core/event.h"
#include "node/core/jobs.h"
#include "node/core/trigger/upstream.h"

enum {
    ENDS_COUNT_MAX = 4096,
    ENDS_SIZE_MAX = 4 * 1024 * 1024, // of their records
    ENDS_PER_HOUR = 60,
    ENDS_WINDOW_MS = 3600 * 1000, // how old an end may be that makes something due, without catch_up_within
};

struct ends_item {
    struct ledger_occurrence occurrence;
    struct upstream_end end; // its job is that of the occurrence
    uint32_t attempt;        // 0: a verdict
    struct hash record;
    uint32_t index; // of the item in the record
    struct node_id signer;
    struct buffer envelope; // owned
    uint64_t serial;        // in the order they came
};

struct ends_follower { // one `after` trigger of a job
    struct job *job;   // borrowed
    enum definition_outcome outcome;
    bool wants_all;         // those that do not fit too: only the latest counts
    struct buffer patterns; // owned: texts, each with its end
};

struct ends {
    struct ends_item **items; // owned, as they came
    size_t count, capacity, size;
    struct ends_follower *followers; // owned
    size_t follower_count, follower_capacity;
    bool is_stale;           // the followers: the table changed
    uint64_t serial, looked; // of the newest; up to which all followers have looked
};

void ends_deinit(struct ends *ends);

// A result or verdict came. Nothing is kept of what nobody waits for.
void ends_note(struct core *core, const struct event_row *row);
// A record written here: its ends go to the owners and keepers of what comes after.
void ends_offer(struct core *core, const struct hash *record, struct bytes envelope);
// This node has taken the job: whoever ran it before may have died before all were told.
void ends_offer_again(struct core *core, const struct job *job);

// Makes of the ends that came whatever is not known yet; for an owned job.
void ends_look(struct core *core, struct job *job);
void ends_tick(struct core *core); // after every event
bool ends_has_news(const struct core *core);

// The ends that made this occurrence due are known here.
bool ends_are_known(const struct core *core, const struct job *job, const struct known_key *key);
// Shows them to the runner, with all it needs to believe them. False: they are not known.
bool ends_show(struct core *core, const struct job *job, const struct known_key *key);
// "backup ok, due 2026-05-03T02:30:00Z" or "another job".
void ends_tell(const struct core *core, const struct job *job, const struct known_key *key, char *out,
               size_t room);

#endif
