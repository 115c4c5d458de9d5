#include "node/cli/job_modifier.h"

#include <string.h>

#include "node/cli/preview.h"

bool job_modifier_gap(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {
        [DEFINITION_GAP_RUN_AFTER] = "run-after", [DEFINITION_GAP_SKIP] = "skip"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->gap = (enum definition_gap)index;
    return true;
}

bool job_modifier_overlap(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {
        [DEFINITION_OVERLAP_ONCE] = "once", [DEFINITION_OVERLAP_TWICE] = "twice"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->overlap = (enum definition_overlap)index;
    return true;
}

static bool read_catch_up_word(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {[DEFINITION_CATCH_UP_LAST] = "last",
                                        [DEFINITION_CATCH_UP_NONE] = "none",
                                        [DEFINITION_CATCH_UP_ALL] = "all"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->catch_up = (enum definition_catch_up)index;
    return true;
}

// `last`, `last:12h`, or {run: last, within: 12h, spread: 10m}.
bool job_modifier_catch_up(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"run", "within", "spread"};
    uint64_t *within_ms = &reading->definition->catch_up_within_ms;
    if (node->kind == JOB_FILE_MAP) {
        const struct job_file_node *run = job_file_find(node, "run"), *within = job_file_find(node, "within");
        return job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)) &&
               (!run || read_catch_up_word(reading, run)) &&
               (!within || job_value_duration(&reading->value, within, within_ms)) &&
               job_reading_span(reading, node, "spread", &reading->definition->catch_up_spread_ms);
    }
    if (!job_value_is(&reading->value, node, JOB_FILE_SCALAR, "none, last or all"))
        return false;
    const char *colon = strchr(node->text, ':');
    if (!colon)
        return read_catch_up_word(reading, node);
    struct job_file_node word = *node, within = *node;
    word.text = arena_text(reading->value.arena, bytes_of(node->text, (size_t)(colon - node->text)));
    within.text = colon + 1;
    return read_catch_up_word(reading, &word) && job_value_duration(&reading->value, &within, within_ms);
}

bool job_modifier_jitter(struct job_reading *reading, const struct job_file_node *node)
{
    uint64_t *jitter_ms = &reading->definition->jitter_ms;
    if (!job_value_duration(&reading->value, node, jitter_ms))
        return false;
    return *jitter_ms <= LIMIT_JITTER_MS_MAX ||
           job_file_refuse(reading->value.error, node->place, "`%.40s`: at most a day", node->text);
}

bool job_modifier_not_before(struct job_reading *reading, const struct job_file_node *node)
{
    return job_reading_instant(reading, node, &reading->definition->not_before_ms);
}

bool job_modifier_not_after(struct job_reading *reading, const struct job_file_node *node)
{
    int64_t *until_ms = &reading->definition->not_after_ms;
    if (!job_reading_instant(reading, node, until_ms))
        return false;
    return *until_ms >= reading->definition->not_before_ms ||
           job_file_refuse(reading->value.error, node->place, "it lies before `not_before`: never due");
}

bool job_modifier_count(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_number(&reading->value, node, INT64_MAX, &reading->definition->due_count) &&
           (reading->definition->due_count ||
            job_file_refuse(reading->value.error, node->place, "`0`: never due; pause the job instead"));
}

static bool check_blackout(struct job_reading *reading, const struct job_file_node *node,
                           const char *expression)
{
    struct preview preview;
    struct preview_error error;
    if (!expression || preview_open_cron(expression, "UTC", &preview, &error) == 0) {
        if (expression)
            preview_close(&preview);
        return true;
    }
    return job_file_refuse(reading->value.error, node->place, "column %zu: %s", error.error.column,
                           error.error.text);
}

static bool add_blackout(struct job_reading *reading, const struct job_file_node *node,
                         struct definition_blackout blackout)
{
    if (!check_blackout(reading, node, blackout.expression))
        return false;
    struct definition *definition = reading->definition;
    size_t count = definition->blackout_count;
    if (count == LIMIT_BLACKOUT_COUNT_MAX)
        return job_file_refuse(reading->value.error, node->place, "more than %d blackouts",
                               LIMIT_BLACKOUT_COUNT_MAX);
    struct definition_blackout *all = arena_take(reading->value.arena, count + 1, sizeof *all);
    if (count)
        memcpy(all, definition->blackouts, count * sizeof *all);
    all[count] = blackout;
    definition->blackouts = all;
    definition->blackout_count++;
    return true;
}

// From one point in time to another.
static bool read_stretch(struct job_reading *reading, const struct job_file_node *from,
                         const struct job_file_node *until, struct definition_blackout *ret)
{
    int64_t until_ms;
    if (!job_reading_instant(reading, from, &ret->from_ms) || !job_reading_instant(reading, until, &until_ms))
        return false;
    ret->length_ms = (uint64_t)(until_ms - ret->from_ms);
    if (until_ms <= ret->from_ms || ret->length_ms > LIMIT_PERIOD_MS_MAX)
        return job_file_refuse(reading->value.error, until->place,
                               "`%.40s`: after the beginning, and at most ten years later", until->text);
    return true;
}

// {cron: "0 8 * * MON-FRI", for: 10h} or {from: TIME, until: TIME}.
static bool read_blackout_map(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"cron", "for", "from", "until"};
    struct definition_blackout blackout = {0};
    const struct job_file_node *cron = job_file_find(node, "cron"), *span = job_file_find(node, "for"),
                               *from = job_file_find(node, "from"), *until = job_file_find(node, "until");
    if (!job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
        return false;
    if (!cron != !span || !from != !until || !cron == !from)
        return job_file_refuse(reading->value.error, node->place,
                               "{cron: EXPR, for: DUR} or {from: TIME, until: TIME} belongs here");
    if (from && !read_stretch(reading, from, until, &blackout))
        return false;
    if (cron && (!job_value_text(&reading->value, cron, LIMIT_CRON_SIZE_MAX, &blackout.expression) ||
                 !job_value_duration(&reading->value, span, &blackout.length_ms)))
        return false;
    reading->job->needs_zone = true;
    return add_blackout(reading, node, blackout);
}

// The same on one line: "0 8 * * MON-FRI for 10h", "2026-12-24T00:00 until 2026-12-27T00:00".
static bool read_blackout(struct job_reading *reading, const struct job_file_node *node)
{
    static const struct {
        const char *word, *first, *second;
    } FORMS[] = {{" for ", "cron", "for"}, {" until ", "from", "until"}};
    struct arena *arena = reading->value.arena;
    if (node->kind == JOB_FILE_MAP)
        return read_blackout_map(reading, node);
    for (size_t i = 0; node->kind == JOB_FILE_SCALAR && i < COUNT_OF(FORMS); i++) {
        const char *word = strstr(node->text, FORMS[i].word);
        if (!word)
            continue;
        struct job_file_node first = *node, second = *node, *map = job_file_map(arena);
        first.text = arena_text(arena, bytes_of(node->text, (size_t)(word - node->text)));
        second.text = word + strlen(FORMS[i].word);
        second.place.column += second.place.line ? (size_t)(second.text - node->text) : 0;
        map->place = node->place;
        job_file_set(arena, map, FORMS[i].first, &first);
        job_file_set(arena, map, FORMS[i].second, &second);
        return read_blackout_map(reading, map);
    }
    return job_file_refuse(reading->value.error, node->place,
                           "\"EXPR for DUR\" or \"TIME until TIME\" belongs here");
}

bool job_modifier_blackout(struct job_reading *reading, const struct job_file_node *node)
{
    return job_reading_each(reading, node, read_blackout);
}

bool job_modifier_max_clock_error(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_duration(&reading->value, node, &reading->definition->max_clock_error_ms);
}
