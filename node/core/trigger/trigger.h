// trigger.h - the front door to due times: one trigger of a job, compiled, whatever its kind.
//
// The scheduler asks when a job is due next; the runner recomputes with the same functions whether
// it was due at all. Both give the same answers from the same bytes of the definition and the zone
// file. Times are unix milliseconds; due times lie within 0 ... LIMIT_WALL_MS_MAX.
#ifndef NODE_CORE_TRIGGER_TRIGGER_H
#define NODE_CORE_TRIGGER_TRIGGER_H

#include "node/core/trigger/dst_note.h"
#include "node/core/trigger/trigger_error.h"
#include "node/core/trigger/trigger_rules.h"
#include "node/core/trigger/zone.h"

enum trigger_kind { // the numbers of enum definition_trigger_kind
    TRIGGER_CRON = 1,
    TRIGGER_EVERY,
    TRIGGER_AT,
};

enum trigger_outcome {
    TRIGGER_REFUSED = 1,  // see the error
    TRIGGER_UNKNOWN_KIND, // a kind this build does not compute
};

// What a definition says about one trigger. Borrowed, only while trigger_compile runs.
struct trigger_source {
    enum trigger_kind kind;
    const char *expression;     // cron; the column of an error counts in it
    const char *job_name;       // cron: "namespace/name", what H spreads by; NULL: no job
    uint64_t period_ms;         // every
    int64_t anchor_ms;          // every: the phase
    const int64_t *instants_ms; // at
    size_t instant_count;
};

struct trigger; // opaque

// 0, or an enum trigger_outcome with the error filled. `zone` is borrowed: it has to outlive the
// trigger, so compile anew when a zone changes. Free with trigger_free.
int trigger_compile(const struct trigger_source *source, const struct zone *zone, struct trigger_rules rules,
                    struct trigger **ret, struct trigger_error *ret_error) WARN_UNUSED;
void trigger_free(struct trigger *trigger); // NULL is fine

// The first due time strictly after `after_ms`; false: there is none any more.
bool trigger_next(const struct trigger *trigger, int64_t after_ms, int64_t *ret_due_ms);
bool trigger_is_due(const struct trigger *trigger, int64_t due_ms);

// The usual distance of due times around an instant: from the first one at or after it to the one
// after that. LIMIT_PERIOD_MS_MAX where there are no two.
int64_t trigger_period_ms(const struct trigger *trigger, int64_t around_ms);

// How many due times lie in (after_ms, until_ms], counted to `most`. ret_last_ms is the last of
// those counted, written if there is one. Does not walk through them: a year of seconds is as cheap
// as a year of days.
uint64_t trigger_count_between(const struct trigger *trigger, int64_t after_ms, int64_t until_ms,
                               uint64_t most, int64_t *ret_last_ms);

// In plain words, EXPLAIN_TEXT_SIZE of them (explain.h). `zone_name` may be NULL.
void trigger_explain(const struct trigger *trigger, const char *zone_name, char *out);
// What a change of the clock has to do with one of its due times. None for every, which follows no clock.
struct dst_note trigger_dst_note(const struct trigger *trigger, int64_t due_ms);

#endif
