// sim_job.h - what a person signs about jobs, and which due times that must give.
//
// A struct sim_job is a job as a person would type it. The world remembers every version signed, so that it
// can sign edits, pauses and deletes as a command line would, and so that it knows, by arithmetic of its own,
// which due times there are: every by its anchor, cron by the list the story gives. Nothing of node/core is
// used for that.
//
// A due time belongs to the schedule version with the latest stamp before it; deletes end the last one.
#ifndef TESTS_SIM_SIM_JOB_H
#define TESTS_SIM_SIM_JOB_H

#include "proto/change.h"
#include "proto/definition.h"
#include "tests/sim/sim_fleet.h"

struct sim;

enum { SIM_JOB_WORD_MAX = 8 };

struct sim_job {
    const char *name;
    uint64_t every_ms; // one of these three
    const char *cron;
    int64_t at_ms;
    uint64_t expires_ms; // of at_ms: the deadline; 0: none
    int64_t anchor_ms;
    const struct definition_trigger *waits; // or this one: it waits for something to happen
    const int64_t *due_ms;                  // of cron: all due times the story may see, ascending
    size_t due_count;
    const char *zone;                   // NULL: UTC
    const char *work[SIM_JOB_WORD_MAX]; // words for struct sim_work: "for=5000"
    enum definition_catch_up catch_up;
    uint64_t catch_up_within_ms, catch_up_spread_ms;
    uint64_t jitter_ms;
    bool from_end;                         // every_ms counts from the end of the run before
    uint64_t blackout_minute, blackout_ms; // from this minute of each hour, for so long; 0: none
    int64_t not_before_ms, not_after_ms;
    uint64_t max_clock_error_ms;
    enum definition_busy busy;
    enum definition_on_lost on_lost;
    enum definition_spread spread;
    const char *node;  // NULL: any
    const char *needs; // a feature; NULL: none
    uint32_t retry_times;
    uint64_t retry_delay_ms;
    uint32_t retry_growth_milli;
    uint64_t time_limit_ms, grace_ms, output_limit_bytes;
};

struct sim_version { // of a job's schedule, as far as the oracle minds
    char job[NAME_JOB_ROOM];
    uint64_t life, schedule_version;
    int64_t since_ms; // due times after it
    int64_t until_ms; // and up to here: the next version, or a delete; INT64_MAX
    uint64_t every_ms;
    int64_t anchor_ms;
    int64_t at_ms;
    bool from_end; // nobody but the owner knows its due times
    bool waits;    // it has none
    uint64_t blackout_minute, blackout_ms;
    const int64_t *due_ms; // the story's
    size_t due_count;
};

struct sim_signed { // a definition that was signed
    struct hash id;
    size_t version; // index of its schedule version
    size_t name;    // index of its job
};

struct sim_name { // what was last signed of a name
    struct sim_job job;
    char full[NAME_JOB_ROOM]; // "main/NAME"
    uint64_t life, version, schedule_version, since;
    struct hash definition; // the last one signed
    struct hash schedule;
    struct hash *pauses; // owned; open
    size_t pause_count, pause_capacity;
    bool is_deleted;
};

struct sim_jobs {
    struct sim_name *names;       // owned
    struct sim_version *versions; // owned
    struct sim_signed *signed_;   // owned
    size_t name_count, name_capacity;
    size_t version_count, version_capacity;
    size_t signed_count, signed_capacity;
    uint64_t stamp; // the last one given
};

void sim_jobs_deinit(struct sim_jobs *jobs);

// Each signs a record, to be freed with buffer_deinit. Stamps follow the true clock, and each other.
// A new job, a new life of a deleted one, or an edit of a living one.
struct sim_record sim_job_define(struct sim *sim, const struct sim_job *job);
struct sim_record sim_job_pause(struct sim *sim, const char *name);
struct sim_record sim_job_pause_until(struct sim *sim, const char *name, int64_t until_ms);
struct sim_record sim_job_resume(struct sim *sim, const char *name, const struct hash *pause); // NULL: all
struct sim_record sim_job_delete(struct sim *sim, const char *name);
struct sim_record sim_job_run(struct sim *sim, const char *name); // an order
struct sim_record sim_job_backfill(struct sim *sim, const char *name, int64_t from_ms, int64_t until_ms);
struct sim_record sim_job_emit(struct sim *sim, const char *event, uint64_t expires_ms); // of main
struct sim_record sim_job_cancel(struct sim *sim, const char *name);

struct sim_name *sim_jobs_find(const struct sim *sim, const char *name);
// The oracle: is this a due time of the schedule this definition has?
bool sim_jobs_is_due(const struct sim *sim, const struct hash *definition, int64_t due_ms);
// And without the bounds of the schedule?
bool sim_jobs_was_due(const struct sim *sim, const struct hash *definition, int64_t due_ms);
// The oracle: does it lie in a blackout?
bool sim_jobs_is_blacked_out(const struct sim_version *version, int64_t due_ms);
// The first due time of a version after an instant; INT64_MAX: none.
int64_t sim_version_next(const struct sim_version *version, int64_t after_ms);
const struct sim_version *sim_jobs_version_of(const struct sim *sim, const struct hash *definition);

#endif
