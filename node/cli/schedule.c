#include "node/cli/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_zone(const char *zone, struct schedule *schedule, struct schedule_error *error)
{
    char why[160];
    if (!zone || strcmp(zone, "local") == 0) {
        zone_file_open_local(&schedule->zone);
    } else if (zone_file_open(zone, &schedule->zone, why)) {
        error->error.column = 0;
        snprintf(error->error.text, sizeof error->error.text, "%s", why);
        return SCHEDULE_BAD_ZONE;
    }
    return 0;
}

static int add_trigger(const struct trigger_source *source, struct trigger_rules rules,
                       struct schedule *schedule, struct schedule_error *error)
{
    struct trigger *trigger;
    int outcome = trigger_compile(source, schedule->zone.zone, rules, &trigger, &error->error);
    if (outcome == TRIGGER_UNKNOWN_KIND)
        return 0;
    if (outcome)
        return SCHEDULE_BAD_TRIGGER;
    schedule->triggers =
        base_resize(schedule->triggers, schedule->trigger_count + 1, sizeof(struct trigger *));
    schedule->triggers[schedule->trigger_count++] = trigger;
    return 0;
}

int schedule_open_cron(const char *expression, const char *zone, struct schedule *ret,
                       struct schedule_error *ret_error)
{
    struct trigger_source source = {.kind = TRIGGER_CRON, .expression = expression};
    *ret = (struct schedule){0};
    *ret_error = (struct schedule_error){0};
    int outcome = open_zone(zone, ret, ret_error);
    if (outcome == 0)
        outcome = add_trigger(&source, (struct trigger_rules){0}, ret, ret_error);
    if (outcome)
        schedule_close(ret);
    return outcome;
}

int schedule_open_definition(const struct definition *definition, const char *zone, struct schedule *ret,
                             struct schedule_error *ret_error)
{
    struct trigger_rules rules = {
        .skip_in_gap = definition->gap == DEFINITION_GAP_SKIP,
        .twice_in_overlap = definition->overlap == DEFINITION_OVERLAP_TWICE,
    };
    *ret = (struct schedule){0};
    *ret_error = (struct schedule_error){0};
    int outcome = open_zone(zone ? zone : definition->zone, ret, ret_error);
    for (size_t i = 0; outcome == 0 && i < definition->trigger_count; i++) {
        const struct definition_trigger *trigger = &definition->triggers[i];
        struct trigger_source source = {
            .kind = (enum trigger_kind)trigger->kind,
            .expression = trigger->expression,
            .period_ms = trigger->period_ms,
            .anchor_ms = trigger->anchor_ms,
            .instants_ms = trigger->instants_ms,
            .instant_count = trigger->instant_count,
        };
        ret_error->index = i;
        outcome = add_trigger(&source, rules, ret, ret_error);
    }
    if (outcome)
        schedule_close(ret);
    return outcome;
}

void schedule_close(struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->trigger_count; i++)
        trigger_free(schedule->triggers[i]);
    free(schedule->triggers);
    zone_file_close(&schedule->zone);
    *schedule = (struct schedule){0};
}

bool schedule_next(const struct schedule *schedule, int64_t after_ms, int64_t *ret_due_ms)
{
    bool is_found = false;
    for (size_t i = 0; i < schedule->trigger_count; i++) {
        int64_t due_ms;
        if (!trigger_next(schedule->triggers[i], after_ms, &due_ms) || (is_found && due_ms >= *ret_due_ms))
            continue;
        *ret_due_ms = due_ms;
        is_found = true;
    }
    return is_found;
}
