// check.h - may this START run? The rules of the runner, one function each, in order.
//
//  0 it is fresh, and the runner was not away since the network process last took its jobs
//  1 the definition is known, is the one in force, its job is neither deleted nor paused, and this build
//    can do all it needs
//  2 its signer may still say this, for this namespace, user and node; the machine's policy allows it
//  3 it is meant for this node
//  4 it is due: recomputed from the signed triggers with our own zone data and clock, or ordered
//  5 this attempt has not been made, the job is not busy here, and there is room
//  6 at most once: not in this build
//  7 nothing of it pretends to be ours
// (8, the start itself, is start.h's.)
// The first rule that fails is the answer: DENIED {rule, reason}. Nothing here changes anything but the
// count of starts per second.
#ifndef NODE_IO_RUNNER_CHECK_H
#define NODE_IO_RUNNER_CHECK_H

#include "node/core/occurrence.h"
#include "node/io/runner/account.h"
#include "node/io/runner/evidence.h"
#include "node/io/runner/intervals.h"
#include "node/io/runner/policy.h"
#include "node/io/runner/processes.h"
#include "node/io/runner/rate.h"
#include "node/io/runner/seen.h"
#include "node/io/runner/zone_files.h"

enum {
    CHECK_DENIED = 1,
    CHECK_NEED, // a record is not here: ask for it, then check again
};
enum {
    CHECK_FRESH_MS = 2000,        // older STARTs are stale
    CHECK_RATE_PER_SECOND = 2000, // starts, all jobs together
    CHECK_RATE_BURST = 4000,
    CHECK_ALLOW_COUNT_MAX = 64, // live runs of one job with `busy: allow`
};

struct watches;

// What the rules look at. Borrowed.
struct check_world {
    struct evidence *evidence;
    struct zone_files *zones;
    const struct seen *seen;
    const struct intervals *intervals;
    const struct processes *processes;
    const struct watches *watches;
    struct policy *policies[2];
    struct account_cache *accounts;
    const struct rate *rate;
    const uint8_t *boot; // boot id of this machine, 16 bytes
    const char *refuses; // NULL: starts are accepted; else why not (rule 0)
    int64_t wall_ms;
    uint64_t now_ms;
    uint64_t boottime_ns;
    // The count of starts: tokens in thousandths, filled up as time goes by.
    uint64_t *tokens;
    uint64_t *tokens_at_ms;
};

// What the rules work out; valid as long as the world does not change, until check_deinit.
struct check {
    const struct check_world *world;
    const struct frame_start *start;
    const struct definition_cache_entry *entry; // NULL: no such definition here
    const struct directory_node *self;
    const struct orders_item *order; // NULL: not an order
    struct arena arena;
    struct definition definition;
    char job[NAME_JOB_ROOM];
    struct hash job_hash; // by which live runs are counted
    struct occurrence occurrence;
    struct run_id run; // zero when there is no definition to compute it from
    struct seen_key key;
    const struct shown_item *shown;      // the ends it comes after; NULL: it comes after none
    const struct events_item *event;     // that it starts for; NULL: none
    const struct directory_node *member; // whose coming or going it starts for; NULL: none
    size_t starts_per_hour;              // of this trigger; 0: no bound
    int64_t happened_ms;                 // when what it is for happened; 0: it has a due time, or is an order
    struct account user;                 // name only when there is no such user
    bool has_user;
    const struct watches_news *news; // of a file; NULL: it is not about one
    struct hash needed;              // CHECK_NEED
    uint8_t rule;                    // CHECK_DENIED
    struct reason reason;
};

// 0, CHECK_DENIED or CHECK_NEED.
int check_start(struct check *check, const struct check_world *world,
                const struct frame_start *start) WARN_UNUSED;
// Rules 1 to 3 alone: may runs of this definition's job be started here at all? Of `start` only the
// definition counts. The same outcomes.
int check_standing(struct check *check, const struct check_world *world,
                   const struct frame_start *start) WARN_UNUSED;
void check_deinit(struct check *check);

// For the rooms check*.c: notes why and returns CHECK_DENIED.
PRINTF_LIKE(2, 3) int check_deny(struct check *check, const char *text, ...);
int check_need(struct check *check, const struct hash *record); // returns CHECK_NEED
bool check_is_order(const struct check *check);
bool check_is_backfill(const struct check *check); // a past due time, by an order
// Causes that no due time of a calendar or an interval has.
bool check_is_of_no_calendar(enum frame_cause cause);
// How long waiting in a queue, and the attempts before this one, may have taken.
int64_t check_waiting_ms(const struct check *check);
// What starts of an interval by a corrected clock cost, and up to where they are paid for (intervals.h).
uint64_t check_period_ns(const struct definition_trigger *trigger);
uint64_t check_paid_ns(const struct check *check, const struct definition_trigger *trigger);
// What a right clock shows, by what START says of ours; only intervals may go by that.
int64_t check_wall_ms(const struct check *check);
int check_due(struct check *check); // rule 4; check_due.c
// Rule 4 for a trigger without a calendar; check_happening.c
int check_happening(struct check *check, const struct definition_trigger *trigger);

// Rule 4 for what comes after other jobs; check_upstream.c
int check_upstream(struct check *check, const struct definition_trigger *trigger);

#endif
