// jobs.h - the jobs of the table as this node works on them: compiled triggers, cursors, what is due next.
//
// A struct job lives as long as its name is in the table (a deleted job goes as soon as nothing of it
// runs here). It is rebuilt in place when its definition changes; due times already claimed stay, so
// an edit that leaves the schedule alone moves nothing. There may be 100,000: what is seldom asked for is
// decoded when it is, and what is mostly empty takes no room.
#ifndef NODE_CORE_JOBS_H
#define NODE_CORE_JOBS_H

#include "node/core/ledger/known.h"
#include "node/core/trigger/due.h"
#include "node/core/trigger/heap.h"
#include "proto/definition.h"

struct barred;
struct core;
struct table_job;

// One trigger of a job, for one target: up to which due time it is decided.
struct jobs_slot {
    uint16_t trigger;       // index in the definition
    int64_t end_period_ms;  // its period counts from the end of a run (after_end.h); 0: it does not
    uint32_t block_step_ms; // its due times are this far apart and claimed in blocks; 0: one by one
    struct due *compiled;   // owned; NULL: no calendar, or it cannot be computed
    struct barred *barred;  // owned; of a trigger without one; NULL: whenever something happens is fine
    int64_t decided_ms; // claimed or judged up to here, events as well; never falls within a schedule version
    int64_t written_ms; // the cursor on disk
    uint64_t told_ms;   // monotonic: what did not start it was told of; 0: never
    int64_t stretch_ms; // the first of the events that lately were too many (emissions.h)
    int64_t stretch_last_ms; // and the last; behind decided_ms: not written yet
    uint64_t stretch_count;
    char *trouble; // owned; what is amiss with what it waits for, the job goes on; NULL: nothing
};

// A due time that is claimed and has not been started: an attempt in waiting.
struct jobs_pending {
    struct known_key key;
    uint32_t attempt;
    int64_t start_ms; // wall: due time, or later for a retry
    uint64_t step_ms; // to the next due time where these come every few seconds; 0: they do not
    uint8_t cause;    // enum frame_cause
};

struct jobs_stall {            // see stall.h
    enum ledger_status status; // what its due times get
    char reason[256];
    int64_t from_ms;                             // wall: a person stopped it; 0: nobody did
    int64_t since_ms;                            // wall: this node saw it stand still
    int64_t write_ms;                            // wall: what passed by is written then
    int64_t stretch_ms[LIMIT_TRIGGER_COUNT_MAX]; // first due time of the verdict written; 0: none yet
};

enum { JOBS_ASKED_MAX = 16 };

struct jobs_asked { // somebody a `take` asks
    struct node_id id;
    bool sent;
    bool answered;
    uint8_t tries; // in vain
};

enum jobs_role {
    JOBS_NOT_MINE,
    JOBS_TAKING, // asking the keepers: start nothing yet
    JOBS_OWNER,
};

#define JOBS_WAITING "waiting" // so begins a problem that time will mend

enum { JOBS_ZONE_MS = 1000 }; // reading a time zone takes less

struct job {
    char name[NAME_JOB_ROOM]; // "namespace/name"
    uint64_t life;
    struct table_job *row;           // the table's; NULL while the name is deleted
    const struct definition *former; // borrowed: it stands in for a schedule that is over (past.h)

    // From the active definition, which itself is decoded when somebody asks (jobs_definition).
    struct hash definition_id;
    struct node_id signer;
    uint64_t schedule_version;
    uint64_t max_clock_error_ms; // 0: no bound
    bool is_each;                // every matching node sees to its own due times
    bool is_anywhere;            // it names no node and no labels
    bool waits;                  // some trigger of it waits for something to happen
    bool follows;                // some trigger of it comes after other jobs (ends.h)
    bool is_hook;                // and one after everybody (trigger/upstream.h)
    bool awaits_boot;            // for this boot of the machine (happening.h)
    bool needs_clock;            // it goes by the calendar: owned only where the clock is trusted
    bool is_paused;
    bool is_denied;          // its signer is revoked, or it needs what this build has not
    char *problem;           // owned; why it cannot be scheduled here; NULL: nothing
    uint64_t zone_wanted_ms; // monotonic: since when it waits for its time zone; 0: it does not

    struct jobs_stall *stall; // owned; it stands still; NULL: it goes on
    bool settles;             // no node may own it, and this one is the first keeper

    enum jobs_role role;
    struct ledger_epoch epoch;    // of this node's own take
    struct ledger_epoch promised; // the highest seen; on disk before it is told to anybody
    struct jobs_asked *asked;     // owned; while taking
    size_t asked_count, asked_capacity;
    uint8_t round;     // of the present take: what its answers told may have to be asked about
    uint8_t anew;      // enum take_anew: why it takes what it had already
    uint64_t retry_ms; // monotonic: take again then, if still named; 0: no
    uint64_t look_ms;  // monotonic: whoever took it may have given it up again by then; 0: nobody did

    struct jobs_slot *slots; // owned, one a trigger
    size_t slot_count;
    struct jobs_pending *pending; // owned, by start_ms
    size_t pending_count, pending_capacity;
    struct known known;
    uint32_t index; // in jobs.by_index and in the heap
    size_t live;    // runs of it here
    uint64_t ends_seen,
        ends_told_ms; // of ends: up to which serial it looked; when it was said to be too many
    enum ledger_status last_status;
    int64_t last_due_ms;
};

struct jobs {
    struct job **items; // owned, by name
    size_t count, capacity;
    struct job **by_index; // borrowed; NULL where an index is free
    size_t index_count, index_capacity;
    struct heap due; // wall times at which jobs want schedule_wake
};

void jobs_deinit(struct jobs *jobs);
struct job *jobs_find(const struct jobs *jobs, const char *name); // NULL: none
struct job *jobs_get(struct core *core, const char *name);        // makes an empty one where there is none
// Follows what the table says of this name: creates, rebuilds or retires the job. To be called before
// anything else after the table changed.
void jobs_follow(struct core *core, struct table_job *row);
struct table_job *jobs_row(const struct core *core, const char *name); // the table's; NULL: never seen
// The job's definition; NULL while it is deleted. Use it at once: table_job_definition says how long it
// stays.
const struct definition *jobs_definition(const struct core *core, const struct job *job);
void jobs_set_problem(struct job *job, const char *format, ...) PRINTF_LIKE(2, 3);
void jobs_clear_problem(struct job *job);
// False: it was the same before. "": nothing is amiss.
bool jobs_set_trouble(struct jobs_slot *slot, const char *text);
const char *jobs_trouble(const struct job *job); // of the first trigger that has one; NULL: none, or paused
// What people are told: its problem, else its trouble. The moment it takes to read a time zone is none.
const char *jobs_complaint(const struct core *core, const struct job *job);
// A zone that some job waits for is here, or changed.
void jobs_zone_changed(struct core *core, const char *zone);
// Target of this job's occurrences here: this node for each-node jobs, zero else.
struct node_id jobs_target(const struct core *core, const struct job *job);
// Do the selector of the definition and the scope of its signer reach this node?
bool jobs_runs_on(const struct core *core, const struct job *job, const struct node_id *node);
// Lets go of a job that is deleted and of which nothing runs here. `job` may be gone afterwards.
void jobs_forget_if_gone(struct core *core, struct job *job);
void jobs_add_pending(struct job *job, const struct jobs_pending *pending);
void jobs_clear_pending(struct job *job); // and gives its memory back

#endif
