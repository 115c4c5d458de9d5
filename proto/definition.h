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
    DEFINITION_EVENT, // 4 and above: kept, not run by this build (denied: needs X)
    DEFINITION_AFTER,
    DEFINITION_BOOT,
    DEFINITION_MEMBER,
    DEFINITION_FILE,
};
enum definition_gap { DEFINITION_GAP_RUN_AFTER, DEFINITION_GAP_SKIP };
enum definition_overlap { DEFINITION_OVERLAP_ONCE, DEFINITION_OVERLAP_TWICE };
enum definition_catch_up { DEFINITION_CATCH_UP_LAST, DEFINITION_CATCH_UP_NONE, DEFINITION_CATCH_UP_ALL };
enum definition_spread { DEFINITION_SPREAD_ONE, DEFINITION_SPREAD_ALL };
enum definition_busy {
    DEFINITION_BUSY_SKIP,
    DEFINITION_BUSY_QUEUE,
    DEFINITION_BUSY_REPLACE,
    DEFINITION_BUSY_ALLOW
};
enum definition_on_lost { DEFINITION_ON_LOST_RERUN, DEFINITION_ON_LOST_REPORT };
enum definition_guarantee { DEFINITION_AT_LEAST_ONCE, DEFINITION_AT_MOST_ONCE };

#define DEFINITION_TIME_LIMIT_MS_DEFAULT (24LL * 3600 * 1000)
#define DEFINITION_GRACE_MS_DEFAULT      10000LL
#define DEFINITION_KEEP_MS_DEFAULT       (30LL * 24 * 3600 * 1000)
#define DEFINITION_KEEP_RUNS_DEFAULT     100

struct definition_trigger {
    enum definition_trigger_kind kind;
    const char *expression; // cron; NULL: none
    uint64_t period_ms;     // every
    int64_t anchor_ms;
    const int64_t *instants_ms; // at, strictly ascending
    size_t instant_count;
    uint64_t expires_ms;
    const char *name; // event; NULL: none
};

struct definition_pair {
    const char *key;
    const char *value;
};

struct definition {
    char namespace_name[NAME_ROOM];
    char name[NAME_ROOM];
    uint64_t life; // odd
    uint64_t version;
    uint64_t stamp;
    struct hash edited_from; // record id of the version edited; zero for the first
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

    const char *const *argv; // exactly one of argv and shell
    size_t argument_count;
    const char *shell; // NULL: argv
    char user[NAME_ROOM];
    const char *directory;                     // NULL: the user's home
    const struct definition_pair *environment; // keys distinct, without '=', not KATYDID_...
    size_t environment_count;
    const char *standard_input; // NULL: /dev/null
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
// Triggers, zone and calendar modifiers only: when it changes, the schedule version does.
struct hash definition_schedule(const struct definition *definition);

#endif
