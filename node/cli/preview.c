#include "node/cli/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_zone(const char *zone, struct preview *preview, struct preview_error *error)
{
    char why[160];
    if (!zone || strcmp(zone, "local") == 0) {
        zone_file_open_local(&preview->zone);
    } else if (zone_file_open(zone, &preview->zone, why)) {
        error->error.column = 0;
        snprintf(error->error.text, sizeof error->error.text, "%s", why);
        return PREVIEW_BAD_ZONE;
    }
    return 0;
}

static int add_trigger(const struct trigger_source *source, struct trigger_rules rules,
                       struct preview *preview, struct preview_error *error)
{
    struct trigger *trigger;
    int outcome = trigger_compile(source, preview->zone.zone, rules, &trigger, &error->error);
    if (outcome == TRIGGER_UNKNOWN_KIND)
        return 0;
    if (outcome)
        return PREVIEW_BAD_TRIGGER;
    preview->triggers = base_resize(preview->triggers, preview->trigger_count + 1, sizeof(struct trigger *));
    preview->triggers[preview->trigger_count++] = trigger;
    return 0;
}

int preview_open_cron(const char *expression, const char *zone, struct preview *ret,
                      struct preview_error *ret_error)
{
    struct trigger_source source = {.kind = TRIGGER_CRON, .expression = expression};
    *ret = (struct preview){0};
    *ret_error = (struct preview_error){0};
    int outcome = open_zone(zone, ret, ret_error);
    if (outcome == 0)
        outcome = add_trigger(&source, (struct trigger_rules){0}, ret, ret_error);
    if (outcome)
        preview_close(ret);
    return outcome;
}

int preview_open_definition(const struct definition *definition, const char *zone, struct preview *ret,
                            struct preview_error *ret_error)
{
    struct trigger_rules rules = {
        .skip_in_gap = definition->gap == DEFINITION_GAP_SKIP,
        .twice_in_overlap = definition->overlap == DEFINITION_OVERLAP_TWICE,
    };
    char job_name[NAME_JOB_ROOM];
    name_join_job(definition->namespace_name, definition->name, job_name);
    *ret = (struct preview){0};
    *ret_error = (struct preview_error){0};
    int outcome = open_zone(zone ? zone : definition->zone, ret, ret_error);
    for (size_t i = 0; outcome == 0 && i < definition->trigger_count; i++) {
        const struct definition_trigger *trigger = &definition->triggers[i];
        struct trigger_source source = {
            .kind = (enum trigger_kind)trigger->kind,
            .expression = trigger->expression,
            .job_name = job_name,
            .period_ms = trigger->period_ms,
            .anchor_ms = trigger->anchor_ms,
            .instants_ms = trigger->instants_ms,
            .instant_count = trigger->instant_count,
        };
        ret_error->index = i;
        outcome = add_trigger(&source, rules, ret, ret_error);
    }
    if (outcome)
        preview_close(ret);
    return outcome;
}

void preview_close(struct preview *preview)
{
    for (size_t i = 0; i < preview->trigger_count; i++)
        trigger_free(preview->triggers[i]);
    free(preview->triggers);
    zone_file_close(&preview->zone);
    *preview = (struct preview){0};
}

bool preview_next(const struct preview *preview, int64_t after_ms, int64_t *ret_due_ms)
{
    bool is_found = false;
    for (size_t i = 0; i < preview->trigger_count; i++) {
        int64_t due_ms;
        if (!trigger_next(preview->triggers[i], after_ms, &due_ms) || (is_found && due_ms >= *ret_due_ms))
            continue;
        *ret_due_ms = due_ms;
        is_found = true;
    }
    return is_found;
}
