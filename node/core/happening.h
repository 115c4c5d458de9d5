// happening.h - jobs that wait for something to happen, and what happens when it does.
//
// A calendar trigger has due times that anybody can compute. The others have occurrences: each is named by a
// `cause`, a hash that every node finds alike (of a signed record, of a boot), and its due time is 0. The
// owner of the job, or each node for a job that runs on all of them, makes it: happening_occur claims it and
// starts it like an order. From there on it is an occurrence like any other: its claim goes to the keepers, a
// new owner reopens it (reopen.h), retries follow it, the ledger says what became of it.
//
//   something happened --> happening_look, by the owner --> happening_occur --> claimed, started, settled
//                              ^    what the ledger knows already is passed over
//                              |
//   a new owner, after its take; each second; as soon as something came
//
// Nothing is kept about what was seen to happen but what any owner can find again: events stand in a set that
// every node has, changes of members are remembered by everybody for ten minutes, the boot id is the
// machine's. So an owner that dies between a happening and its start costs nothing: the next one looks. What
// was carried out is known from the ledger, and known.h keeps it for a day.
//
// To add a kind of trigger: name its cause in a room of node/core/trigger, which the runner can recompute;
// give it a look, called from happening_look, that calls happening_occur for whatever is not known yet; let
// happening_describe fill in what START has to say beyond the cause, and happening_tell what people read.
#ifndef NODE_CORE_HAPPENING_H
#define NODE_CORE_HAPPENING_H

#include "node/core/jobs.h"
#include "node/core/trigger/boot.h"
#include "proto/frame.h"

enum {
    HAPPENING_TEXT_ROOM = 200,
    HAPPENING_HOUR_MS = 3660 * 1000, // a little longer than the runner's, so that it never has to deny
    HAPPENING_LATE_MS = 600 * 1000,  // what was claimed and did not start is started so much later still
    HAPPENING_BOOT_MS = 3600 * 1000, // a boot job that cannot run for so long after its time waits no longer
};

struct happenings {
    uint8_t boot[BOOT_ID_SIZE];      // of this machine, as the runner read it
    uint8_t boot_done[BOOT_ID_SIZE]; // of which all jobs were seen to; on disk
    bool is_boot_new;                // jobs may wait for it
    uint64_t look_ms;                // monotonic: something may be ready then; 0: no time is known
};

// Is this an occurrence without a due time that no order made?
bool happening_is(const struct known_key *key);
// When it is said to have been due: for a boot a while ago, for all else now.
int64_t happening_due_ms(const struct core *core, const struct job *job, const struct known_key *key);
// What a START of it is called; the kind of trigger says it.
enum frame_cause happening_cause(const struct core *core, const struct job *job, uint16_t trigger);

// Claims and starts an occurrence of this trigger, once. False: it is known already, or this node may not
// start anything of the job now; then a later look finds it again.
bool happening_occur(struct core *core, struct job *job, uint16_t trigger, const struct hash *cause);

// Does the ledger, as this node knows it, have this occurrence of the trigger?
bool happening_is_known(const struct core *core, const struct job *job, uint16_t trigger,
                        const struct hash *cause);
// Is this a claimed occurrence of the trigger as it is now?
bool happening_is_of(const struct job *job, const struct known_due *due, uint16_t trigger);
// How many of them were claimed within HAPPENING_HOUR_MS.
size_t happening_count_lately(const struct core *core, const struct job *job, uint16_t trigger);

// The job is owned here: makes of what happened whatever is not known yet.
void happening_look(struct core *core, struct job *job);
// Looks at all jobs again at this monotonic time, or sooner.
void happening_look_at(struct core *core, uint64_t now_ms);
// What START says beyond the cause. False: nobody here knows any more what it was.
bool happening_describe(const struct core *core, const struct job *job, const struct known_key *key,
                        struct frame_start *start);
// Why it may not start now; NULL: it may. Of what is judged by when it happened, nothing comes so far.
const char *happening_bars(const struct core *core, const struct job *job, const struct known_key *key);
// For people: "boot", "event main/deploy from anna".
void happening_tell(const struct core *core, const struct job *job, const struct known_key *key,
                    char out[HAPPENING_TEXT_ROOM]);

// --- files ---

// Jobs with file triggers that may run here: the runner watches once it has their definitions.
void happening_offer(struct core *core, struct job *job);
// The runner saw a file change. It says so again until a START names the token, so nothing is kept here.
void happening_seen(struct core *core, const struct frame *frame);
// It says whether it can look at what a trigger watches; once each time that changes.
void happening_watched(struct core *core, const struct frame *frame);

// --- for core.c ---

void happening_load(struct core *core, struct bytes boot_done); // the row of meta "boot"
void happening_ready(struct core *core);                        // the disk is read and the runner has spoken
void happening_tick(struct core *core);                         // after every event
void happening_keep_house(struct core *core);                   // each second
uint64_t happening_deadline_ms(const struct core *core);

#endif
