// definition.h - one whole job, as an operator signed it (kind 20).
//
// Decoded into an arena like everything in proto/authority.h. Durations and instants are
// milliseconds. A zero duration or count means "the default" (DEFINITION_..._DEFAULT below), so that a
// record says only what its author said. An encoder leaves out empty text, so NULL and "" are the same.
#ifndef PROTO_DEFINITION_H
#define PROTO_DEFINITION_H

#include "proto/authority.h"

enum definition_trigger_kind {
    DEFINITION_CRON = 1,
    DEFINITION_EVERY,
    DEFINITION_AT,
    DEFINITION_EVENT,
    DEFINITION_AFTER,
    DEFINITION_BOOT,
    DEFINITION_MEMBER,
    DEFINITION_FILE,
};
enum definition_from { DEFINITION_FROM_OPERATORS, DEFINITION_FROM_NODES, DEFINITION_FROM_ANY };
enum definition_outcome { DEFINITION_OUTCOME_OK, DEFINITION_OUTCOME_NOT_OK, DEFINITION_OUTCOME_ANY };
// Bits of `changes`.
enum definition_file_change {
    DEFINITION_FILE_CREATE = 1,
    DEFINITION_FILE_CHANGE = 2,
    DEFINITION_FILE_REMOVE = 4,
    DEFINITION_FILE_MOVE = 8,
    DEFINITION_FILE_ALL = 15,
};
enum definition_member_change {
    DEFINITION_MEMBER_JOIN = 1,
    DEFINITION_MEMBER_LEAVE = 2,
    DEFINITION_MEMBER_DEAD = 4,
    DEFINITION_MEMBER_ALL = 7,
};
enum definition_gap { DEFINITION_GAP_RUN_AFTER, DEFINITION_GAP_SKIP };
enum definition_overlap { DEFINITION_OVERLAP_ONCE, DEFINITION_OVERLAP_TWICE };
enum definition_catch_up { DEFINITION_CATCH_UP_LAST, DEFINITION_CATCH_UP_NONE, DEFINITION_CATCH_UP_ALL };
enum definition_spread { DEFINITION_SPREAD_ONE, DEFINITION_SPREAD_ALL };
enum definition_busy {
    DEFINITION_BUSY_DEFAULT, // a due time is skipped, for it comes again; what happened waits
    DEFINITION_BUSY_QUEUE,
    DEFINITION_BUSY_REPLACE,
    DEFINITION_BUSY_ALLOW,
    DEFINITION_BUSY_SKIP,
};
enum definition_on_lost { DEFINITION_ON_LOST_RERUN, DEFINITION_ON_LOST_REPORT };
enum definition_guarantee { DEFINITION_AT_LEAST_ONCE, DEFINITION_AT_MOST_ONCE };

// What these bits are called, everywhere: words[i] for bit i.
enum { DEFINITION_FILE_CHANGE_COUNT = 4, DEFINITION_MEMBER_CHANGE_COUNT = 3 };
extern const char *const definition_file_changes[DEFINITION_FILE_CHANGE_COUNT];
extern const char *const definition_member_changes[DEFINITION_MEMBER_CHANGE_COUNT];
// The word for one bit of a file change.
const char *definition_file_change_text(enum definition_file_change change);

#define DEFINITION_TIME_LIMIT_MS_DEFAULT (24LL * 3600 * 1000)
#define DEFINITION_GRACE_MS_DEFAULT      10000LL
#define DEFINITION_KEEP_MS_DEFAULT       (30LL * 24 * 3600 * 1000)
#define DEFINITION_KEEP_RUNS_DEFAULT     100

struct definition_trigger {
    enum definition_trigger_kind kind;
    const char *expression; // cron; NULL: none
    uint64_t period_ms;     // every
    int64_t anchor_ms;
    bool from_end;              // every: the period counts from the end of the run before; no anchor
    const int64_t *instants_ms; // at, strictly ascending
    size_t instant_count;
    uint64_t expires_ms;
    const char *name;          // event: "namespace/pattern"; file: a pattern of names, NULL: the path itself
    enum definition_from from; // event: whose count; a node's only if `where` and `node` fit it
    struct labels where;       // event, member: nodes with these labels
    char node[NAME_ROOM];      // event, member: the node of this name; "": any
    uint64_t quiet_ms;         // event, file: fires once nothing more came for so long
    uint64_t throttle_ms;      // event, file: at most one run in so long
    const char *path;          // file, absolute
    uint32_t changes;          // file, member: bits, at least one
    const char *const *jobs;   // after: patterns of "namespace/name", distinct
    size_t job_count;
    bool all;                        // after: once all of them have ended; false: each time one has
    bool latest;                     // after all: whatever their due times; false: for the same one
    enum definition_outcome outcome; // after
    uint64_t delay_ms;               // boot: so long after it
};

struct definition_pair {
    const char *key;
    const char *value;
};

struct definition_blackout {
    const char *expression; // cron, in the job's zone: each due time begins one; NULL: from_ms does
    int64_t from_ms;
    uint64_t length_ms;
};

struct definition {
    char namespace_name[NAME_ROOM];
    char name[NAME_ROOM];
    uint64_t life; // odd
    uint64_t version;
    uint64_t stamp;
    struct hash edited_from;    // record id of the version edited; zero for the first
    const struct hash *settles; // record ids of conflicting versions that were seen, and lost on purpose
    size_t settle_count;
    uint64_t schedule_version;
    uint64_t since; // stamp: the schedule version yields only due times after it
    uint64_t authority_number;
    const char *const *needs;
    size_t need_count;

    const struct definition_trigger *triggers;
    size_t trigger_count;
    const char *zone; // "UTC", "Europe/Berlin", "local"; never empty, never a path that leads out
    enum definition_gap gap;
    enum definition_overlap overlap;
    enum definition_catch_up catch_up;
    uint64_t catch_up_within_ms;
    uint64_t catch_up_spread_ms; // what is caught up starts within so long, by hash of job and node
    int64_t not_before_ms;       // no due time is earlier; 0: no bound
    int64_t not_after_ms;        // nor later; 0: no bound
    uint64_t due_count;          // only the first so many due times of each trigger that has any; 0: no bound
    const struct definition_blackout *blackouts;
    size_t blackout_count;
    uint64_t jitter_ms;          // starts up to so much later than due, by hash of job and node
    uint64_t max_clock_error_ms; // 0: no bound of its own

    const char *const *argv; // exactly one of argv and shell
    size_t argument_count;
    const char *shell; // NULL: argv
    char user[NAME_ROOM];
    const char *directory;                     // NULL: the user's home
    const struct definition_pair *environment; // keys distinct, without '=', not KATYDID_...
    size_t environment_count;
    const char *standard_input; // NULL: /dev/null
    bool event_input;           // the data of the event that it runs for; then no standard_input
    uint64_t time_limit_ms;
    uint64_t grace_ms;
    uint64_t output_limit_bytes;

    enum definition_spread spread;
    struct labels where;
    char node[NAME_ROOM]; // "": any
    enum definition_busy busy;
    enum definition_on_lost on_lost;
    enum definition_guarantee guarantee;
    uint32_t retry_times; // <= LIMIT_RETRY_COUNT_MAX
    uint64_t retry_delay_ms;
    uint32_t retry_growth_milli;
    uint64_t keep_ms;
    uint32_t keep_runs;
    const char *note; // NULL: none
};

enum {
    DEFINITION_MALFORMED = 1,
};

int definition_decode(struct bytes body, struct arena *arena, struct definition *ret) WARN_UNUSED;
void definition_encode(const struct definition *definition, struct buffer *out);

// The specification without life, versions, stamps and base: equal specifications mean "nothing to do" for
// apply.
struct hash definition_content(const struct definition *definition);
// Triggers, zone and calendar modifiers only: when it changes, the schedule version does. Jitter moves
// starts, not due times, and is none of them.
struct hash definition_schedule(const struct definition *definition);

#endif
