#include "node/core/trigger/trigger.h"

#include <stdlib.h>

#include "node/core/trigger/at.h"
#include "node/core/trigger/calendar.h"
#include "node/core/trigger/cron.h"
#include "node/core/trigger/every.h"
#include "node/core/trigger/explain.h"
#include "proto/limits.h"

struct trigger {
    enum trigger_kind kind;
    struct trigger_rules rules;
    const struct zone *zone;
    union {
        struct cron cron;
        struct every every;
        struct at at;
    };
};

static bool compile(const struct trigger_source *source, struct trigger *trigger,
                    struct trigger_error *ret_error)
{
    switch (source->kind) {
    case TRIGGER_CRON:
        return cron_parse(source->expression ? source->expression : "",
                          source->job_name ? source->job_name : "", &trigger->cron, ret_error);
    case TRIGGER_EVERY:
        return every_init(source->period_ms, source->anchor_ms, &trigger->every, ret_error);
    case TRIGGER_AT:
        return at_init(source->instants_ms, source->instant_count, &trigger->at, ret_error);
    }
    return false;
}

static bool is_known(enum trigger_kind kind)
{
    return kind == TRIGGER_CRON || kind == TRIGGER_EVERY || kind == TRIGGER_AT;
}

int trigger_compile(const struct trigger_source *source, const struct zone *zone, struct trigger_rules rules,
                    struct trigger **ret, struct trigger_error *ret_error)
{
    if (!is_known(source->kind)) {
        (void)trigger_error_set(ret_error, 0, "a trigger of kind %u is not known to this version",
                                (unsigned)source->kind);
        return TRIGGER_UNKNOWN_KIND;
    }
    struct trigger compiled = {.kind = source->kind, .rules = rules, .zone = zone};
    if (!compile(source, &compiled, ret_error))
        return TRIGGER_REFUSED;
    *ret = base_copy(&compiled, sizeof compiled);
    return 0;
}

void trigger_free(struct trigger *trigger)
{
    if (trigger && trigger->kind == TRIGGER_AT)
        at_deinit(&trigger->at);
    free(trigger);
}

bool trigger_next(const struct trigger *trigger, int64_t after_ms, int64_t *ret_due_ms)
{
    switch (trigger->kind) {
    case TRIGGER_CRON:
        return cron_next(&trigger->cron, trigger->zone, trigger->rules, after_ms, ret_due_ms);
    case TRIGGER_EVERY:
        return every_next(&trigger->every, after_ms, ret_due_ms);
    case TRIGGER_AT:
        return at_next(&trigger->at, after_ms, ret_due_ms);
    }
    return false;
}

bool trigger_is_due(const struct trigger *trigger, int64_t due_ms)
{
    switch (trigger->kind) {
    case TRIGGER_CRON:
        return cron_is_due(&trigger->cron, trigger->zone, trigger->rules, due_ms);
    case TRIGGER_EVERY:
        return every_is_due(&trigger->every, due_ms);
    case TRIGGER_AT:
        return at_is_due(&trigger->at, due_ms);
    }
    return false;
}

int64_t trigger_period_ms(const struct trigger *trigger, int64_t around_ms)
{
    int64_t first_ms, second_ms;
    int64_t before_ms = MAX_OF(around_ms, 0) - 1;
    if (!trigger_next(trigger, before_ms, &first_ms) || !trigger_next(trigger, first_ms, &second_ms))
        return LIMIT_PERIOD_MS_MAX;
    return MIN_OF(second_ms - first_ms, LIMIT_PERIOD_MS_MAX);
}

static uint64_t count_between(const struct trigger *trigger, int64_t after_ms, int64_t until_ms)
{
    switch (trigger->kind) {
    case TRIGGER_CRON:
        return cron_count(&trigger->cron, trigger->zone, trigger->rules, after_ms, until_ms);
    case TRIGGER_EVERY:
        return every_count(&trigger->every, after_ms, until_ms);
    case TRIGGER_AT:
        return at_count(&trigger->at, after_ms, until_ms);
    }
    return 0;
}

uint64_t trigger_count_between(const struct trigger *trigger, int64_t after_ms, int64_t until_ms,
                               uint64_t most, int64_t *ret_last_ms)
{
    int64_t low_ms = MAX_OF(after_ms, -1), high_ms = MIN_OF(until_ms, LIMIT_WALL_MS_MAX);
    if (low_ms >= high_ms)
        return 0;
    uint64_t count = MIN_OF(count_between(trigger, low_ms, high_ms), most);
    if (!count)
        return 0;
    // The count rises to its value exactly at the due time we look for.
    int64_t start_ms = low_ms;
    while (high_ms - low_ms > 1) {
        int64_t middle_ms = low_ms + (high_ms - low_ms) / 2;
        if (count_between(trigger, start_ms, middle_ms) >= count)
            high_ms = middle_ms;
        else
            low_ms = middle_ms;
    }
    *ret_last_ms = high_ms;
    return count;
}

void trigger_explain(const struct trigger *trigger, const char *zone_name, char *out)
{
    switch (trigger->kind) {
    case TRIGGER_CRON:
        explain_cron(&trigger->cron, zone_name, out);
        return;
    case TRIGGER_EVERY:
        explain_every(&trigger->every, out);
        return;
    case TRIGGER_AT:
        explain_at(&trigger->at, trigger->zone, zone_name, out);
        return;
    }
}

struct dst_note trigger_dst_note(const struct trigger *trigger, int64_t due_ms)
{
    int64_t due_s = calendar_floor_divide(due_ms, 1000), local_s;
    if (trigger->kind == TRIGGER_EVERY)
        return (struct dst_note){.kind = DST_NOTE_NONE};
    if (trigger->kind == TRIGGER_CRON &&
        cron_is_moved(&trigger->cron, trigger->zone, trigger->rules, due_ms, &local_s))
        return dst_note_of_moved(trigger->zone, due_s, local_s);
    return dst_note_of_instant(trigger->zone, due_s);
}
