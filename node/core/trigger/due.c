#include "node/core/trigger/due.h"

#include <stdio.h>
#include <stdlib.h>

#include "crdt/stamp.h"
#include "proto/name.h"

struct blackout {
    struct trigger *starts; // owned; NULL: one stretch from from_ms on
    int64_t from_ms;
    int64_t length_ms;
};

struct due {
    struct trigger *trigger; // owned
    int64_t after_ms;        // due times are later than this
    int64_t last_ms;         // and not later than this
    size_t blackout_count;
    struct blackout blackouts[];
};

bool due_has_calendar(const struct definition_trigger *trigger)
{
    switch (trigger->kind) {
    case DEFINITION_CRON:
    case DEFINITION_AT:
        return true;
    case DEFINITION_EVERY:
        return !trigger->from_end;
    case DEFINITION_EVENT:
    case DEFINITION_AFTER:
    case DEFINITION_BOOT:
    case DEFINITION_MEMBER:
    case DEFINITION_FILE:
        return false;
    }
    return false;
}

bool due_needs_clock(const struct definition_trigger *trigger)
{
    return trigger->kind == DEFINITION_CRON || trigger->kind == DEFINITION_AT;
}

bool due_needs_zone(const struct definition *definition)
{
    bool needs = false;
    for (size_t i = 0; i < definition->trigger_count; i++)
        needs |= definition->triggers[i].kind == DEFINITION_CRON;
    for (size_t i = 0; i < definition->blackout_count; i++)
        needs |= definition->blackouts[i].expression != NULL;
    return needs;
}

static struct trigger_rules rules_of(const struct definition *definition)
{
    return (struct trigger_rules){.skip_in_gap = definition->gap == DEFINITION_GAP_SKIP,
                                  .twice_in_overlap = definition->overlap == DEFINITION_OVERLAP_TWICE};
}

static int compile(const struct definition *definition, const struct definition_trigger *trigger,
                   const struct zone *zone, struct trigger **ret, struct trigger_error *ret_error)
{
    char job[NAME_JOB_ROOM];
    name_join_job(definition->namespace_name, definition->name, job);
    const struct trigger_source source = {.kind = (enum trigger_kind)trigger->kind,
                                          .expression = trigger->expression,
                                          .job_name = job,
                                          .period_ms = trigger->period_ms,
                                          .anchor_ms = trigger->anchor_ms,
                                          .instants_ms = trigger->instants_ms,
                                          .instant_count = trigger->instant_count};
    return trigger_compile(&source, zone, rules_of(definition), ret, ret_error) ? DUE_REFUSED : 0;
}

static int open_blackouts(const struct definition *definition, const struct zone *zone, struct due *due,
                          struct trigger_error *ret_error)
{
    for (size_t i = 0; i < definition->blackout_count; i++) {
        const struct definition_blackout *from = &definition->blackouts[i];
        struct blackout *to = &due->blackouts[i];
        const struct definition_trigger starts = {.kind = DEFINITION_CRON, .expression = from->expression};
        struct trigger_error why;
        *to = (struct blackout){.from_ms = from->from_ms, .length_ms = (int64_t)from->length_ms};
        if (!from->expression || compile(definition, &starts, zone, &to->starts, &why) == 0)
            continue;
        (void)trigger_error_set(ret_error, 0, "blackout %zu: column %zu: %.150s", i + 1, why.column,
                                why.text);
        return DUE_REFUSED;
    }
    return 0;
}

// The due time of this number, counted from 1 after `after_ms`. The span is doubled until it holds enough,
// because counting takes time by the length of the span.
static int64_t nth_ms(const struct trigger *trigger, int64_t after_ms, uint64_t number)
{
    int64_t last_ms = LIMIT_WALL_MS_MAX, span_ms = 24LL * 3600 * 1000;
    while (after_ms < LIMIT_WALL_MS_MAX - span_ms) {
        if (trigger_count_between(trigger, after_ms, after_ms + span_ms, number, &last_ms) == number)
            return last_ms;
        span_ms *= 2;
    }
    return trigger_count_between(trigger, after_ms, LIMIT_WALL_MS_MAX, number, &last_ms) == number
               ? last_ms
               : LIMIT_WALL_MS_MAX;
}

static void set_bounds(const struct definition *definition, struct due *due)
{
    due->after_ms = stamp_wall_ms(definition->since);
    due->last_ms = LIMIT_WALL_MS_MAX;
    if (definition->not_before_ms)
        due->after_ms = MAX_OF(due->after_ms, definition->not_before_ms - 1);
    if (definition->due_count)
        due->last_ms = nth_ms(due->trigger, due->after_ms, definition->due_count);
    if (definition->not_after_ms)
        due->last_ms = MIN_OF(due->last_ms, definition->not_after_ms);
}

int due_open(const struct definition *definition, size_t trigger, const struct zone *zone, struct due **ret,
             struct trigger_error *ret_error)
{
    const struct definition_trigger *source = &definition->triggers[trigger];
    if (!due_has_calendar(source))
        return DUE_NO_CALENDAR;
    struct due *due = base_alloc(1, sizeof *due + definition->blackout_count * sizeof due->blackouts[0]);
    due->blackout_count = definition->blackout_count;
    int outcome = compile(definition, source, zone, &due->trigger, ret_error);
    if (outcome == 0)
        outcome = open_blackouts(definition, zone, due, ret_error);
    if (outcome) {
        due_free(due);
        return outcome;
    }
    set_bounds(definition, due);
    *ret = due;
    return 0;
}

int due_open_limits(const struct definition *definition, const struct zone *zone, struct due **ret,
                    struct trigger_error *ret_error)
{
    if (!definition->blackout_count && !definition->not_before_ms && !definition->not_after_ms)
        return DUE_NO_CALENDAR;
    struct due *due = base_alloc(1, sizeof *due + definition->blackout_count * sizeof due->blackouts[0]);
    due->blackout_count = definition->blackout_count;
    if (open_blackouts(definition, zone, due, ret_error)) {
        due_free(due);
        return DUE_REFUSED;
    }
    due->after_ms = definition->not_before_ms ? definition->not_before_ms - 1 : INT64_MIN;
    due->last_ms = definition->not_after_ms ? definition->not_after_ms : INT64_MAX;
    *ret = due;
    return 0;
}

const char *due_limit(const struct due *due, int64_t at_ms)
{
    int64_t end_ms;
    if (at_ms <= due->after_ms)
        return "before not_before";
    if (at_ms > due->last_ms)
        return "after not_after";
    return due_is_blacked_out(due, at_ms, &end_ms) ? "blackout" : NULL;
}

void due_free(struct due *due)
{
    if (!due)
        return;
    for (size_t i = 0; i < due->blackout_count; i++)
        trigger_free(due->blackouts[i].starts);
    trigger_free(due->trigger);
    free(due);
}

bool due_next(const struct due *due, int64_t after_ms, int64_t *ret_due_ms)
{
    int64_t due_ms;
    if (!trigger_next(due->trigger, MAX_OF(after_ms, due->after_ms), &due_ms) || due_ms > due->last_ms)
        return false;
    *ret_due_ms = due_ms;
    return true;
}

bool due_is(const struct due *due, int64_t due_ms)
{
    return due_ms > due->after_ms && due_ms <= due->last_ms && trigger_is_due(due->trigger, due_ms);
}

int64_t due_period_ms(const struct due *due, int64_t around_ms)
{
    return trigger_period_ms(due->trigger, around_ms);
}

uint64_t due_count_between(const struct due *due, int64_t after_ms, int64_t until_ms, uint64_t most,
                           int64_t *ret_last_ms)
{
    return trigger_count_between(due->trigger, MAX_OF(after_ms, due->after_ms),
                                 MIN_OF(until_ms, due->last_ms), most, ret_last_ms);
}

const struct trigger *due_trigger(const struct due *due)
{
    return due->trigger;
}

// The last start of this blackout at or before an instant is the one that ends last.
static bool last_start_ms(const struct blackout *blackout, int64_t at_ms, int64_t *ret_start_ms)
{
    int64_t start_ms = blackout->from_ms;
    if (blackout->starts && trigger_count_between(blackout->starts, at_ms - blackout->length_ms, at_ms,
                                                  UINT64_MAX, &start_ms) == 0)
        return false;
    if (at_ms < start_ms || at_ms - start_ms >= blackout->length_ms)
        return false;
    *ret_start_ms = start_ms;
    return true;
}

bool due_is_blacked_out(const struct due *due, int64_t at_ms, int64_t *ret_end_ms)
{
    bool is_found = false;
    for (size_t i = 0; i < due->blackout_count; i++) {
        int64_t start_ms;
        if (!last_start_ms(&due->blackouts[i], at_ms, &start_ms))
            continue;
        int64_t end_ms = start_ms + due->blackouts[i].length_ms;
        *ret_end_ms = is_found ? MAX_OF(*ret_end_ms, end_ms) : end_ms;
        is_found = true;
    }
    return is_found;
}

bool due_blackout_start(const struct due *due, int64_t at_ms, int64_t *ret_start_ms)
{
    bool is_found = false;
    for (size_t i = 0; i < due->blackout_count; i++) {
        int64_t start_ms;
        if (!last_start_ms(&due->blackouts[i], at_ms, &start_ms))
            continue;
        *ret_start_ms = is_found ? MIN_OF(*ret_start_ms, start_ms) : start_ms;
        is_found = true;
    }
    return is_found;
}

bool due_next_blackout(const struct due *due, int64_t after_ms, int64_t *ret_start_ms)
{
    bool is_found = false;
    for (size_t i = 0; i < due->blackout_count; i++) {
        int64_t start_ms = due->blackouts[i].from_ms;
        bool comes = due->blackouts[i].starts ? trigger_next(due->blackouts[i].starts, after_ms, &start_ms)
                                              : start_ms > after_ms;
        if (!comes)
            continue;
        *ret_start_ms = is_found ? MIN_OF(*ret_start_ms, start_ms) : start_ms;
        is_found = true;
    }
    return is_found;
}

int64_t due_offset_ms(uint64_t span_ms, const char *job, const struct node_id *node)
{
    struct hasher hasher;
    uint64_t number = 0;
    hasher_start(&hasher, "katydid-offset-1");
    hasher_add_text(&hasher, job);
    hasher_add(&hasher, node, sizeof *node);
    struct hash hash = hasher_finish(&hasher);
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | hash.b[i];
    return (int64_t)(number % (span_ms + 1));
}
