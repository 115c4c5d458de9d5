// due.h - the due times of one trigger of a definition: its calendar, within the bounds the job sets.
//
// What a definition says beside its triggers bends them here, in one place for everybody who computes due
// times: the schedule begins at `since`, nothing is due before `not_before` or after `not_after`, only the
// first `count` due times of each trigger are, and a blackout is a time in which a due time is not carried
// out. Blackouts do not remove due times: each of them still gets an outcome, `skipped: blackout`.
//
// Triggers that wait for something to happen (event, after, boot, member, file) and periods that count from
// the end of a run have no calendar; due_open says so. Times are unix milliseconds.
#ifndef NODE_CORE_TRIGGER_DUE_H
#define NODE_CORE_TRIGGER_DUE_H

#include "node/core/trigger/trigger.h"
#include "proto/definition.h"

enum due_outcome {
    DUE_REFUSED = 1, // the trigger, or a blackout: see the error
    DUE_NO_CALENDAR, // it waits for something to happen
};

struct due; // opaque

// `zone` is borrowed and has to outlive it, `definition` only this call. 0 or an enum due_outcome; the
// error is filled with DUE_REFUSED. `since_ms`: the schedule yields only later due times. Free with due_free.
int due_open(const struct definition *definition, size_t trigger, const struct zone *zone, struct due **ret,
             struct trigger_error *ret_error) WARN_UNUSED;
void due_free(struct due *due); // NULL is fine

// Does a trigger of this kind have due times that can be computed?
bool due_has_calendar(const struct definition_trigger *trigger);
// Does it depend on what the clock shows? True for cron and at; an interval needs no right clock.
bool due_needs_clock(const struct definition_trigger *trigger);

// Do the due times of such a definition depend on its time zone? Intervals and instants do not, unless a
// blackout keeps to it.
bool due_needs_zone(const struct definition *definition);

// The first due time strictly after `after_ms`; false: there is none any more.
bool due_next(const struct due *due, int64_t after_ms, int64_t *ret_due_ms);
bool due_is(const struct due *due, int64_t due_ms);
// As trigger_period_ms and trigger_count_between.
int64_t due_period_ms(const struct due *due, int64_t around_ms);
uint64_t due_count_between(const struct due *due, int64_t after_ms, int64_t until_ms, uint64_t most,
                           int64_t *ret_last_ms);
// The same due times without the bounds: what would have been due before the schedule began.
const struct trigger *due_trigger(const struct due *due);

// Is this instant in a blackout? Then *ret_end_ms is where it ends: the first instant outside of those
// that hold this one.
bool due_is_blacked_out(const struct due *due, int64_t at_ms, int64_t *ret_end_ms);

// Where that blackout began: the earliest start of those that hold the instant.
bool due_blackout_start(const struct due *due, int64_t at_ms, int64_t *ret_start_ms);
// The first start of a blackout after an instant. False: none comes.
bool due_next_blackout(const struct due *due, int64_t after_ms, int64_t *ret_start_ms);

// --- triggers without a calendar ---

// What the definition says beside its triggers, alone. 0, DUE_REFUSED, or DUE_NO_CALENDAR: it says nothing,
// so whatever happens counts. Only to be asked for blackouts and with due_limit.
int due_open_limits(const struct definition *definition, const struct zone *zone, struct due **ret,
                    struct trigger_error *ret_error) WARN_UNUSED;
// Why nothing that happens at this instant counts: one of few texts, each always the same one. NULL: it does.
const char *due_limit(const struct due *due, int64_t at_ms);

// By how much a node starts later than due, the same at every start: 0 ... span_ms by hash of job and node.
int64_t due_offset_ms(uint64_t span_ms, const char *job, const struct node_id *node);

#endif
