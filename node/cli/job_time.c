#include "node/cli/job_time.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/print.h"
#include "node/core/trigger/due.h"
#include "node/core/trigger/instant.h"

int job_time_open_zone(const struct command_line *line, const struct definition *definition,
                       struct zone_file *ret_zone)
{
    const char *typed = command_line_find(line, "zone");
    char why[160];
    if (typed && strcmp(typed, "local") != 0)
        return zone_file_open(typed, ret_zone, why) ? print_usage("--zone %s: %s", typed, why) : COMMAND_DONE;
    bool is_local = typed || !definition || strcmp(definition->zone, "local") == 0;
    if (!is_local && zone_file_open(definition->zone, ret_zone, why) == 0)
        return COMMAND_DONE;
    zone_file_open_local(ret_zone);
    if (!is_local)
        print_notice("zone %s: %s; times are those of %s", definition->zone, why, ret_zone->name);
    else if (!typed && definition)
        print_notice("zone local: each node goes by its own clock; times are those of %s", ret_zone->name);
    return COMMAND_DONE;
}

enum fit { // how a cron trigger takes a local time
    FIT_NONE,
    FIT_MOVED,  // gap: due right after the jump in its place
    FIT_GONE,   // gap: fits, and nothing is due instead
    FIT_FIRST,  // overlap
    FIT_SECOND, // overlap
    FIT_BOTH,   // overlap
};

static enum fit fit_of_gap(const struct trigger *trigger, const struct trigger *on_wall,
                           const struct typed_time *time)
{
    if (!trigger_is_due(on_wall, time->local_s * 1000))
        return FIT_NONE;
    return trigger_is_due(trigger, time->ms) && trigger_dst_note(trigger, time->ms).kind == DST_NOTE_MOVED
               ? FIT_MOVED
               : FIT_GONE;
}

static enum fit fit_of_overlap(const struct trigger *trigger, int64_t first_ms, int64_t second_ms)
{
    bool is_first = trigger_is_due(trigger, first_ms), is_second = trigger_is_due(trigger, second_ms);
    if (is_first)
        return is_second ? FIT_BOTH : FIT_FIRST;
    return is_second ? FIT_SECOND : FIT_NONE;
}

// Of the first cron trigger that has anything to do with the time. What a clock without jumps would make of
// the expression is what it does in UTC.
static enum fit find_fit(const struct definition *definition, const struct zone *zone,
                         const struct typed_time *time)
{
    enum fit fit = FIT_NONE;
    int64_t second_ms = zone_local_at(zone, time->local_s).second_s * 1000;
    for (size_t i = 0; fit == FIT_NONE && i < definition->trigger_count; i++) {
        struct due *due = NULL, *on_wall = NULL;
        struct trigger_error error;
        if (definition->triggers[i].kind == DEFINITION_CRON && !due_open(definition, i, zone, &due, &error) &&
            !due_open(definition, i, zone_utc(), &on_wall, &error))
            fit = time->kind == ZONE_GAP ? fit_of_gap(due_trigger(due), due_trigger(on_wall), time)
                                         : fit_of_overlap(due_trigger(due), time->ms, second_ms);
        due_free(due);
        due_free(on_wall);
    }
    return fit;
}

static const char *describe(const struct definition *definition, const struct zone *zone,
                            const struct typed_time *time)
{
    switch (find_fit(definition, zone, time)) {
    case FIT_MOVED:
        return "it is due right after the jump (gap: run-after)";
    case FIT_GONE:
        return definition->gap == DEFINITION_GAP_SKIP
                   ? "nothing is due instead (gap: skip)"
                   : "it is due every hour that passes, so none is left out";
    case FIT_FIRST:
        return "it is due the first time only (overlap: once)";
    case FIT_SECOND:
        return "it is due the second time only";
    case FIT_BOTH:
        return "it is due both times";
    case FIT_NONE:
        break;
    }
    return time->kind == ZONE_GAP ? "it would not be due at that time of day" : "it is due neither time";
}

void job_time_note(const struct definition *definition, const struct zone_file *zone,
                   const struct typed_time *time, char ret_text[JOB_TIME_NOTE_ROOM])
{
    char second[INSTANT_TEXT_SIZE] = "", note[TYPED_TIME_NOTE_ROOM];
    typed_time_note(time, zone->zone, note);
    bool is_of_job =
        definition && (strcmp(definition->zone, zone->name) == 0 || strcmp(definition->zone, "local") == 0);
    if (time->kind == ZONE_OVERLAP)
        instant_print_local(zone_local_at(zone->zone, time->local_s).second_s * 1000, zone->zone, second);
    snprintf(ret_text, JOB_TIME_NOTE_ROOM, "%s%s%s%s%s", note, second[0] ? ", the second is " : "", second,
             note[0] && is_of_job ? "; " : "",
             note[0] && is_of_job ? describe(definition, zone->zone, time) : "");
}
