// `next EXPR` needs no agent: it computes with this machine's zone files. `next JOB` computes from the
// verified definition. What looks like a job's name is one; no cron expression does.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/grid.h"
#include "node/cli/job_time.h"
#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/cli/preview.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/cli/time_option.h"
#include "node/cli/trigger_words.h"
#include "node/core/trigger/instant.h"
#include "node/io/clock.h"

enum {
    NEXT_COUNT_DEFAULT = 10,
    NEXT_COUNT_MAX = 10000,
};

struct range {
    int64_t after_ms; // due times after this
    uint32_t count;
};

static int read_range(const struct command_line *line, const struct zone *zone, struct range *ret)
{
    const char *count = command_line_find(line, "count");
    struct typed_time_context context = {zone, clock_wall_ms(), TYPED_TIME_FUTURE};
    struct typed_time start = {.ms = context.now_ms};
    *ret = (struct range){.count = NEXT_COUNT_DEFAULT};
    if (count && !command_line_parse_count(count, NEXT_COUNT_MAX, &ret->count))
        return print_usage("--count %s: write a number from 1 to %d", count, NEXT_COUNT_MAX);
    int status = time_option_read(line, "from", &context, &start);
    // A due time at FROM itself is shown.
    ret->after_ms = command_line_has(line, "from") ? start.ms - 1 : start.ms;
    return status;
}

static void describe_offset(int32_t offset_s, char out[16])
{
    int32_t size = offset_s < 0 ? -offset_s : offset_s;
    snprintf(out, 16, "%c%02d:%02d", offset_s < 0 ? '-' : '+', (int)(size / 3600), (int)(size / 60 % 60));
}

// What a change of the clock has to do with this due time itself.
static struct dst_note find_note(const struct preview *preview, int64_t due_ms)
{
    struct dst_note note = {.kind = DST_NOTE_NONE};
    for (size_t i = 0; i < preview->due_count && note.kind == DST_NOTE_NONE; i++)
        if (due_is(preview->dues[i], due_ms))
            note = trigger_dst_note(due_trigger(preview->dues[i]), due_ms);
    return note;
}

// That, or what the clock did since the due time before.
static void describe_dst(const struct preview *preview, int64_t before_ms, int64_t due_ms,
                         char out[DST_NOTE_TEXT_SIZE])
{
    struct zone_period period = zone_period_at(preview->zone.zone, due_ms / 1000);
    struct dst_note note = find_note(preview, due_ms);
    bool has_changed = period.start_s > before_ms / 1000 && period.start_s != ZONE_INSTANT_MIN &&
                       period.utc_offset_s != period.before_s;
    char before[16], after[16];
    describe_offset(period.before_s, before);
    describe_offset(period.utc_offset_s, after);
    out[0] = '\0';
    if (note.kind != DST_NOTE_NONE)
        dst_note_print(&note, out);
    else if (has_changed)
        snprintf(out, DST_NOTE_TEXT_SIZE, "clock changed from UTC%s to UTC%s", before, after);
}

// What is shown on another clock than the job's: then a note says whose clock changed.
static void add_row(struct grid *grid, const struct preview *preview, const struct zone_file *shown,
                    int64_t before_ms, int64_t due_ms)
{
    char local[LOCAL_TIME_ROOM], utc[INSTANT_TEXT_SIZE], distance[PRINT_ROOM], dst[DST_NOTE_TEXT_SIZE];
    char mark[PREVIEW_MARK_ROOM], note[sizeof dst + ZONE_FILE_NAME_ROOM + PREVIEW_MARK_ROOM];
    bool is_other = strcmp(shown->name, preview->zone.name) != 0;
    local_time_long(shown->zone, due_ms, local);
    instant_print(due_ms, utc);
    print_relative(due_ms, clock_wall_ms(), distance);
    describe_dst(preview, before_ms, due_ms, dst);
    preview_mark(preview, shown->zone, due_ms, clock_wall_ms(), mark);
    snprintf(note, sizeof note, "%s%s%s%s%s", mark, mark[0] && dst[0] ? " " : "",
             is_other && dst[0] ? preview->zone.name : "", is_other && dst[0] ? ": " : "", dst);
    grid_add(grid, local);
    grid_add(grid, utc);
    grid_add(grid, distance);
    grid_add_colour(grid, note, TERMINAL_YELLOW);
}

static void print_times(const struct preview *preview, const struct zone_file *shown,
                        const struct range *range, bool is_json, bool waits)
{
    char heading[ZONE_FILE_NAME_ROOM + 16];
    snprintf(heading, sizeof heading, "LOCAL (%s)", shown->name);
    const char *headings[] = {heading, "UTC", "WHEN", ""};
    struct grid grid;
    grid_init(&grid, headings, COUNT_OF(headings));
    json_t *times = json_array();
    char outside[PREVIEW_MARK_ROOM];
    bool is_carried_out = false;
    int64_t before_ms = range->after_ms, due_ms;
    for (uint32_t i = 0; i < range->count && preview_next(preview, before_ms, &due_ms); i++) {
        json_array_append_new(times, document_time(due_ms));
        add_row(&grid, preview, shown, before_ms, due_ms);
        is_carried_out |= !preview_blackout_end_ms(preview, due_ms);
        before_ms = due_ms;
    }
    if (is_json)
        document_print(json_incref(times));
    else if (grid_row_count(&grid) == 0)
        printf("%s", waits ? "" : "never again\n");
    else
        grid_print(&grid, stdout);
    if (!is_json && !waits && grid_row_count(&grid) && grid_row_count(&grid) < range->count)
        printf("never again after that\n");
    if (!is_json && grid_row_count(&grid) && !is_carried_out) {
        preview_outside(preview, shown->zone, before_ms, outside);
        print_line("%s", outside);
    }
    json_decref(times);
    grid_deinit(&grid);
}

static int refuse(const struct command_line *line, int outcome, const struct trigger_error *error)
{
    if (outcome == PREVIEW_BAD_ZONE)
        return print_usage("--zone %s: %s", command_line_find(line, "zone"), error->text);
    if (error->column)
        return print_usage("cron, column %zu: %s", error->column, error->text);
    return print_usage("cron: %s", error->text);
}

static int print_preview(const struct command_line *line, const struct preview *preview,
                         const struct zone_file *shown, bool waits)
{
    struct range range;
    int status = read_range(line, shown->zone, &range);
    if (status == COMMAND_DONE)
        print_times(preview, shown, &range, command_line_has(line, "json"), waits);
    return status;
}

// H, H/15 or H(0-29), not the letter of a name.
static bool has_spread(const char *expression)
{
    for (const char *at = expression; *at; at++)
        if ((*at == 'H' || *at == 'h') && (at == expression || !isalpha((unsigned char)at[-1])))
            return expression[0] != '@';
    return false;
}

static int next_of_expression(const struct command_line *line, const char *expression)
{
    struct preview preview;
    struct preview_error error;
    int outcome = preview_open_cron(expression, command_line_find(line, "zone"), &preview, &error);
    if (outcome)
        return refuse(line, outcome, &error.error);
    if (has_spread(expression))
        print_notice(
            "H is another number for each job, made of its name; `katydid next JOB` shows that of a job");
    int status = print_preview(line, &preview, &preview.zone, false);
    preview_close(&preview);
    return status;
}

static size_t count_calendars(const struct definition *definition)
{
    size_t count = 0;
    for (size_t i = 0; i < definition->trigger_count; i++)
        count += due_has_calendar(&definition->triggers[i]);
    return count;
}

// What starts it that no calendar knows of: "when an operator tells of the event deploy".
static void print_waits(const struct definition *definition, const struct zone *zone)
{
    bool is_first = count_calendars(definition) == 0;
    for (size_t i = 0; i < definition->trigger_count; i++) {
        char words[EXPLAIN_TEXT_SIZE] = "";
        if (due_has_calendar(&definition->triggers[i]))
            continue;
        trigger_words_print(definition, i, zone, words);
        print_line("%s%s", is_first ? "" : "or ", words);
        is_first = false;
    }
}

static int next_of_definition(const struct command_line *line, const struct definition *definition,
                              const char *job)
{
    struct preview preview;
    struct preview_error error;
    struct zone_file shown;
    if (preview_open_definition(definition, NULL, &preview, &error))
        return print_failure("%s: zone %s: %s", job_view_short(job), definition->zone, error.error.text);
    int status = job_time_open_zone(line, definition, &shown);
    if (status == COMMAND_DONE) {
        status =
            print_preview(line, &preview, &shown, count_calendars(definition) < definition->trigger_count);
        if (status == COMMAND_DONE && !command_line_has(line, "json"))
            print_waits(definition, preview.zone.zone);
        zone_file_close(&shown);
    }
    preview_close(&preview);
    return status;
}

static int next_of_job(const struct command_line *line, const char *typed)
{
    struct session session;
    struct job_view view = {0};
    char name[NAME_JOB_ROOM];
    int status = job_view_name(typed, name);
    if (status != COMMAND_DONE)
        return status;
    status = session_open(line, &session);
    if (status == COMMAND_DONE)
        status = job_view_open(&session.client, &session.trust, name, &view);
    if (status == COMMAND_DONE) {
        if (view.row->paused)
            print_notice("%s is paused: it does not start at these times", job_view_short(name));
        status = next_of_definition(line, &view.signed_.definition, name);
    }
    job_view_close(&view);
    session_close(&session);
    return status;
}

int commands_next(const struct command_line *line)
{
    const char *typed = command_line_argument(line, 0);
    char namespace_name[NAME_ROOM], name[NAME_ROOM];
    if (name_split_job(typed, namespace_name, name))
        return next_of_job(line, typed);
    return next_of_expression(line, typed);
}
