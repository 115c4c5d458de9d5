// emissions.h - events that operators and nodes emitted, and the jobs they make due.
//
// An event is a signed record (kind 50) that every node has until it expires (crdt/event_set.h). It is told
// on like any news and repaired like the table. The owner of a job with an event trigger looks through the
// events that fit its pattern and its `from`; which of them start a run is a function of what is there
// (trigger/event_fate.h), so a new owner comes to the same answer. Those that a throttle holds back are one
// range in the ledger, `skipped: throttled`, and those that expire before there is room in the hour `missed`;
// while some wait for that it is a trouble of the job.
//
// A storm costs bounded memory and work: the set is bounded, what comes on top of it is refused before its
// signature is looked at, and jobs are looked at at most every EMISSIONS_LOOK_MS.
#ifndef NODE_CORE_EMISSIONS_H
#define NODE_CORE_EMISSIONS_H

#include "crdt/event_set.h"
#include "node/core/happening.h"
#include "node/core/intake.h"

enum {
    EMISSIONS_LOOK_MS = 50,
    EMISSIONS_TELL_MS =
        60000, // a stretch of those that were throttled is written anew so often while it grows
    EMISSIONS_LAST_MS = 2000,           // who has not started so long before its end never will
    EMISSIONS_STRETCH_MS = 3600 * 1000, // and no stretch begins earlier than so long before its last
};

struct emissions {
    struct event_set set;
    uint64_t looked_ms;    // monotonic
    uint64_t full_told_ms; // monotonic: said that there are too many; 0: not yet
};

void emissions_init(struct emissions *emissions);
void emissions_deinit(struct emissions *emissions);

// For intake_record. 0 or an intake_outcome; the note says why.
int emissions_take(struct core *core, struct bytes envelope, enum intake_origin origin,
                   struct intake_note *note);
void emissions_recheck(struct core *core); // authority or directory changed
void emissions_keep_house(struct core *core);
// The runner asked for it: sends it, after what proves its signer. False: there is no such event.
bool emissions_feed(struct core *core, const struct hash *id);

// Signs an event with this node's own key and takes it. As emissions_take.
int emissions_emit(struct core *core, struct event_record *event, struct intake_note *note);

// The job is owned here: starts what this trigger listens to and nobody started yet.
void emissions_look(struct core *core, struct job *job, uint16_t trigger);
void emissions_tell(const struct core *core, const struct hash *cause, char out[HAPPENING_TEXT_ROOM]);

#endif
