// past.h - schedules that are over: every due time they had gets its outcome, whoever was dead meanwhile.
//
// A due time belongs to the schedule version with the latest stamp before it. When a job gets another
// schedule, or is deleted, the due times of the old one end at that stamp. An owner that is there has claimed
// them in time. Where it was not, the first node of the order that is there (as for the present schedule, by
// what the old definition says) asks its disk, then all nodes, up to where the old schedule was decided; what
// lies between there and its end was missed, and claims that nobody carries out any more are closed. A cursor
// at the very end of the schedule says that all this was done.
//
// Nothing of a schedule that is over is ever started: the runner would refuse it.
#ifndef NODE_CORE_PAST_H
#define NODE_CORE_PAST_H

#include "node/core/event.h"
#include "node/core/jobs.h"

struct answer;

enum {
    PAST_DAYS = 35,         // schedules that ended before that are left alone
    PAST_FIRST_MS = 10000,  // news of the end travels, and an owner that is there sees to it itself
    PAST_AGAIN_MS = 15000,  // somebody else is the first, or a run still goes on
    PAST_NEXT_MS = 60000,   // the next in the order sees to it when the one before has not
    PAST_LOOK_COUNT = 20,   // schedules looked at in one second
    PAST_OPEN_MS = 7200000, // claims of so long before the end may be open
    PAST_GRACE_MS = 180000, // a claim of a living node that does not run, nor is held, by then was given up
};

struct past_item { // one schedule version of one life of a job
    char job[NAME_JOB_ROOM];
    uint64_t life, schedule_version;
    struct record_id definition; // in the table
    int64_t since_ms, until_ms;  // its due times lie in (since, until]
    bool is_deleted;             // it ended with the life of the job
    size_t trigger_count;
    int64_t decided_ms[LIMIT_TRIGGER_COUNT_MAX];
    bool is_closed[LIMIT_TRIGGER_COUNT_MAX]; // a cursor says so
    uint64_t noted_ms, look_ms;              // monotonic: known since then; not looked at before
};

struct past {
    struct past_item *items; // owned; by job, life, schedule version
    size_t count, capacity;
    size_t next;          // looked at next
    struct past_item ask; // the one that is asked about
    uint64_t client;      // stands for that question among the answers; 0: none is under way
};

void past_deinit(struct past *past);

// The row changed. To be called while the job (NULL: none) still has its old schedule.
void past_follow(struct core *core, struct table_job *row, const struct job *job);
// Something became known about a due time, or a cursor.
void past_learn(struct core *core, const struct event_row *row);
void past_tick(struct core *core); // each second
// All have said what they know.
void past_answered(struct core *core, struct answer *answer);
// A job as it was when it was last defined, for those who ask who keeps its records. False: never seen.
bool past_job(const struct core *core, const char *name, struct arena *arena, struct definition *definition,
              struct job *ret_job);

#endif
