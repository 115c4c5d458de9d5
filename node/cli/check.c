// `check`: what a job file means: each trigger in plain words, the next times, what the clock's changes do to
// them in the coming year, and instants at which many jobs want to start. Needs no agent; changes nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/cycle.h"
#include "node/cli/document.h"
#include "node/cli/job_set.h"
#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/cli/preview.h"
#include "node/cli/print.h"
#include "node/cli/trigger_words.h"
#include "node/core/trigger/dst_note.h"
#include "node/core/trigger/instant.h"
#include "node/core/trigger/phrase.h"
#include "node/io/clock.h"

enum {
    CHECK_NEXT_COUNT = 5,
    CHECK_CLASH_DEFAULT = 5,
    CHECK_CLASH_SHOWN = 5,
    CHECK_CLASH_DAYS = 7,
    CHECK_TIME_COUNT_MAX = 500000, // times looked at for clashes, all jobs together
    CHECK_NAMES_SHOWN = 4,
};

#define DAY_MS (24LL * 3600 * 1000)

// ---- clocks that change ----

// What the job does at one change of its zone's clock, in words; false: it is not touched by it.
static bool describe_change(const struct definition *definition, const struct dst_note_change *change,
                            char *out, size_t room)
{
    struct definition other = *definition;
    struct preview as_is, otherwise;
    struct preview_error error;
    int64_t jump_ms = change->at_s * 1000, hours_ms = 3 * 3600 * 1000LL, due_ms = jump_ms - hours_ms;
    bool is_forward = change->after.utc_offset_s > change->before.utc_offset_s;
    size_t counts[2] = {0, 0};
    other.gap = definition->gap == DEFINITION_GAP_SKIP ? DEFINITION_GAP_RUN_AFTER : DEFINITION_GAP_SKIP;
    other.overlap =
        definition->overlap == DEFINITION_OVERLAP_TWICE ? DEFINITION_OVERLAP_ONCE : DEFINITION_OVERLAP_TWICE;
    if (preview_open_definition(definition, NULL, &as_is, &error))
        return false;
    if (preview_open_definition(&other, NULL, &otherwise, &error)) {
        preview_close(&as_is);
        return false;
    }
    while (preview_next(&as_is, due_ms, &due_ms) && due_ms < jump_ms + hours_ms)
        counts[0]++;
    due_ms = jump_ms - hours_ms;
    while (preview_next(&otherwise, due_ms, &due_ms) && due_ms < jump_ms + hours_ms)
        counts[1]++;
    preview_close(&as_is);
    preview_close(&otherwise);
    if (counts[0] == counts[1])
        return false;
    snprintf(out, room, "%s",
             is_forward ? (definition->gap == DEFINITION_GAP_SKIP
                               ? "what the clock jumps over is left out (gap: skip)"
                               : "what the clock jumps over runs right after the jump (gap: run-after)")
                        : (definition->overlap == DEFINITION_OVERLAP_TWICE
                               ? "what the clock shows twice runs twice (overlap: twice)"
                               : "what the clock shows twice runs the first time (overlap: once)"));
    return true;
}

// Intervals go on whatever the clock does: nothing to say of its changes.
static bool follows_clock(const struct definition *definition)
{
    for (size_t i = 0; i < definition->trigger_count; i++)
        if (definition->triggers[i].kind == DEFINITION_CRON)
            return true;
    return definition->blackout_count > 0;
}

static json_t *list_changes(const struct definition *definition, const struct zone *zone, int64_t now_ms,
                            bool is_silent)
{
    json_t *list = json_array();
    struct dst_note_change change;
    int64_t at_s = now_ms / 1000;
    while (dst_note_next_change(zone, at_s, &change) && change.at_s < now_ms / 1000 + 366 * 24 * 3600) {
        char when[DST_NOTE_TEXT_SIZE], what[128] = "no due time is touched";
        dst_note_print_change(&change, when);
        (void)describe_change(definition, &change, what, sizeof what);
        json_array_append_new(list, json_pack("{s:o, s:s, s:s}", "at", document_time(change.at_s * 1000),
                                              "change", when, "effect", what));
        if (!is_silent)
            print_line("  clock   %s: %s", when, what);
        at_s = change.at_s;
    }
    return list;
}

// ---- one job ----

static void print_time(const struct preview *preview, int64_t due_ms, int64_t now_ms, bool is_first)
{
    char local[LOCAL_TIME_ROOM], distance[PRINT_ROOM], mark[PREVIEW_MARK_ROOM];
    local_time_long(preview->zone.zone, due_ms, local);
    print_relative(due_ms, now_ms, distance);
    preview_mark(preview, preview->zone.zone, due_ms, now_ms, mark);
    print_line("  %s  %s  %s%s%s", is_first ? "next  " : "      ", local, distance, mark[0] ? "  " : "",
               mark);
}

// `ret_blackouts`: those of them that are not carried out.
static json_t *list_times(const struct preview *preview, const struct definition *definition, bool is_json,
                          json_t *ret_blackouts)
{
    json_t *list = json_array();
    int64_t now_ms = clock_wall_ms(), due_ms = now_ms;
    char room[PREVIEW_WHY_ROOM];
    const char *never = preview_why_never(preview, definition, now_ms, room);
    char outside[PREVIEW_MARK_ROOM];
    for (int i = 0; i < CHECK_NEXT_COUNT && preview_next(preview, due_ms, &due_ms); i++) {
        if (!is_json)
            print_time(preview, due_ms, now_ms, i == 0);
        json_array_append_new(list, document_time(due_ms));
        if (preview_blackout_end_ms(preview, due_ms))
            json_array_append_new(ret_blackouts, document_time(due_ms));
    }
    if (!is_json && never) {
        print_line("  %s  never: %s", json_array_size(list) ? "but   " : "next  ", never);
    } else if (!is_json && json_array_size(list) && json_array_size(list) == json_array_size(ret_blackouts)) {
        preview_outside(preview, preview->zone.zone, due_ms, outside);
        print_line("          %s", outside);
    }
    return list;
}

static json_t *list_triggers(const struct definition *definition, const struct preview *preview, bool is_json)
{
    json_t *list = json_array();
    for (size_t i = 0; i < definition->trigger_count; i++) {
        char words[EXPLAIN_TEXT_SIZE] = "";
        trigger_words_print(definition, i, preview->zone.zone, words);
        json_array_append_new(list, document_text(words));
        if (!is_json)
            print_line("  %s    %s", i ? "or  " : "when", words);
    }
    return list;
}

static json_t *check_job(const struct definition *definition, bool is_json)
{
    struct preview preview;
    struct preview_error error;
    char job[NAME_JOB_ROOM], modifiers[EXPLAIN_TEXT_SIZE] = "";
    json_t *blackouts = json_array();
    int64_t now_ms = clock_wall_ms();
    name_join_job(definition->namespace_name, definition->name, job);
    if (preview_open_definition(definition, NULL, &preview, &error)) {
        json_decref(blackouts);
        return NULL; // said when the file was read
    }
    if (!is_json)
        print_line("%s", job_view_short(job));
    json_t *object = json_object();
    json_object_set_new(object, "job", json_string(job_view_short(job)));
    json_object_set_new(object, "when", list_triggers(definition, &preview, is_json));
    trigger_words_modifiers(definition, modifiers);
    json_object_set_new(object, "but", document_text_or_null(modifiers));
    if (modifiers[0] && !is_json)
        print_line("  but     %s", modifiers);
    json_object_set_new(object, "next", list_times(&preview, definition, is_json, blackouts));
    json_object_set_new(object, "in_blackout", blackouts);
    char room[PREVIEW_WHY_ROOM];
    json_object_set_new(object, "never",
                        document_text_or_null(preview_why_never(&preview, definition, now_ms, room)));
    json_object_set_new(object, "clock_changes",
                        preview.due_count ? list_changes(definition, preview.zone.zone, now_ms,
                                                         is_json || !follows_clock(definition))
                                          : json_array());
    preview_close(&preview);
    return object;
}

// ---- many jobs at one instant ----

struct instant_of_job {
    int64_t due_ms;
    size_t job;
};

struct crowd {
    int64_t due_ms;
    size_t first, count; // among the instants
    size_t times;        // how often as many meet
};

static int compare_instants(const void *a, const void *b)
{
    const struct instant_of_job *left = a, *right = b;
    if (left->due_ms != right->due_ms)
        return left->due_ms < right->due_ms ? -1 : 1;
    return (left->job > right->job) - (left->job < right->job);
}

static size_t gather(const struct job_set *set, struct instant_of_job *instants)
{
    int64_t now_ms = clock_wall_ms();
    size_t count = 0, share = CHECK_TIME_COUNT_MAX / MAX_OF(set->job_count, (size_t)1);
    for (size_t i = 0; i < set->job_count; i++) {
        struct preview preview;
        struct preview_error error;
        int64_t due_ms = now_ms;
        if (set->jobs[i].definition.jitter_ms ||
            preview_open_definition(&set->jobs[i].definition, NULL, &preview, &error))
            continue; // jitter is what keeps jobs apart
        for (size_t k = 0; k < share && preview_next(&preview, due_ms, &due_ms) &&
                           due_ms < now_ms + CHECK_CLASH_DAYS * DAY_MS;
             k++)
            instants[count++] = (struct instant_of_job){due_ms, i};
        preview_close(&preview);
    }
    qsort(instants, count, sizeof *instants, compare_instants);
    return count;
}

static bool is_same_crowd(const struct instant_of_job *instants, const struct crowd *a, const struct crowd *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->count != b->count || instants[a->first + i].job != instants[b->first + i].job)
            return false;
    return true;
}

// Instants at which more than `most` jobs are due, the same company counted once; at most CHECK_CLASH_SHOWN.
static size_t find_crowds(const struct instant_of_job *instants, size_t count, size_t most,
                          struct crowd crowds[CHECK_CLASH_SHOWN])
{
    size_t found = 0;
    for (size_t first = 0, end; first < count; first = end) {
        size_t known = 0;
        for (end = first; end < count && instants[end].due_ms == instants[first].due_ms;)
            end++;
        struct crowd crowd = {instants[first].due_ms, first, end - first, 1};
        while (known < found && !is_same_crowd(instants, &crowds[known], &crowd))
            known++;
        if (crowd.count <= most)
            continue;
        if (known < found)
            crowds[known].times++;
        else if (found < CHECK_CLASH_SHOWN)
            crowds[found++] = crowd;
    }
    return found;
}

static json_t *list_crowd(const struct job_set *set, const struct instant_of_job *instants,
                          const struct crowd *crowd)
{
    json_t *names = json_array();
    for (size_t i = 0; i < crowd->count; i++) {
        const struct definition *definition = &set->jobs[instants[crowd->first + i].job].definition;
        char job[NAME_JOB_ROOM];
        name_join_job(definition->namespace_name, definition->name, job);
        json_array_append_new(names, json_string(job_view_short(job)));
    }
    return names;
}

static void print_crowd(const struct crowd *crowd, const json_t *names)
{
    char utc[INSTANT_TEXT_SIZE], some[CHECK_NAMES_SHOWN * (NAME_JOB_ROOM + 2) + 8] = "";
    struct phrase phrase;
    phrase_init(&phrase, some, sizeof some);
    for (size_t i = 0; i < MIN_OF(json_array_size(names), (size_t)CHECK_NAMES_SHOWN); i++)
        phrase_add(&phrase, "%s%s", i ? ", " : "", json_string_value(json_array_get(names, i)));
    instant_print(crowd->due_ms, utc);
    print_line("clash: %zu jobs are due at one instant, %s and %zu times more within %d days: %s%s",
               crowd->count, utc, crowd->times - 1, (int)CHECK_CLASH_DAYS, some,
               crowd->count > CHECK_NAMES_SHOWN ? " ..." : "");
}

static json_t *check_clashes(const struct job_set *set, size_t most, bool is_json)
{
    json_t *list = json_array();
    struct crowd crowds[CHECK_CLASH_SHOWN];
    struct instant_of_job *instants = base_alloc(CHECK_TIME_COUNT_MAX, sizeof *instants);
    size_t found = find_crowds(instants, gather(set, instants), most, crowds);
    for (size_t i = 0; i < found; i++) {
        json_t *jobs = list_crowd(set, instants, &crowds[i]);
        if (!is_json)
            print_crowd(&crowds[i], jobs);
        json_array_append_new(list, json_pack("{s:o, s:o, s:I}", "at", document_time(crowds[i].due_ms),
                                              "jobs", jobs, "times", (json_int_t)crowds[i].times));
    }
    if (found && !is_json)
        print_line("       spread them: H for the minute (`H 3 * * *`), or `jitter: 5m`");
    free(instants);
    return list;
}

// ---- the command ----

static int read_files(const struct command_line *line, struct job_set *set)
{
    const struct job_schema_context context = {.user = "nobody", .now_ms = clock_wall_ms()};
    const char *path;
    int status = COMMAND_DONE;
    for (size_t i = 0; status == COMMAND_DONE && (path = command_line_argument(line, i)); i++)
        status = job_set_add_file(set, path, &context);
    return status;
}

// The files alone, as they would be in an empty fleet.
static int refuse_circles(const struct job_set *set)
{
    struct cycle cycle = {0};
    char circle[CYCLE_TEXT_ROOM];
    const char *job;
    for (size_t i = 0; i < set->job_count; i++)
        cycle_add(&cycle, &set->jobs[i].definition);
    int status = cycle_find_any(&cycle, &job, circle) ? cycle_refuse(job, circle) : COMMAND_DONE;
    cycle_deinit(&cycle);
    return status;
}

int commands_check(const struct command_line *line)
{
    struct job_set set = {0};
    uint32_t most = CHECK_CLASH_DEFAULT;
    const char *clash = command_line_find(line, "clash");
    bool is_json = command_line_has(line, "json");
    if (clash && !command_line_parse_count(clash, 1000000, &most))
        return print_usage("--clash %s: write a number from 1 to 1000000", clash);
    int status = read_files(line, &set);
    if (status == COMMAND_DONE)
        status = refuse_circles(&set);
    json_t *jobs = json_array();
    for (size_t i = 0; status == COMMAND_DONE && i < set.job_count; i++) {
        if (i && !is_json)
            printf("\n");
        json_array_append_new(jobs, check_job(&set.jobs[i].definition, is_json));
    }
    if (status == COMMAND_DONE && set.job_count && !is_json)
        printf("\n");
    json_t *clashes = status == COMMAND_DONE ? check_clashes(&set, most, is_json) : json_array();
    if (status == COMMAND_DONE && is_json)
        document_print(json_pack("{s:O, s:O}", "items", jobs, "clashes", clashes));
    else if (status == COMMAND_DONE)
        print_line("%zu job%s, all fine%s", set.job_count, set.job_count == 1 ? "" : "s",
                   json_array_size(clashes) ? " but for the clashes" : "");
    json_decref(jobs);
    json_decref(clashes);
    job_set_deinit(&set);
    return status;
}
