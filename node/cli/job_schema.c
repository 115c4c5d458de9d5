#include "node/cli/job_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/job_value.h"
#include "node/cli/preview.h"
#include "node/core/trigger/instant.h"

enum {
    OUTPUT_LIMIT_MAX = 256 * 1024 * 1024,
    KEEP_RUNS_MAX = 100000,
};

// One job being read.
struct reading {
    struct job_value value;
    const struct job_schema_context *context;
    struct job_schema_job *job;
    struct definition *definition;       // of the job
    struct definition_trigger *triggers; // of the job
    struct job_file_place trigger_places[LIMIT_TRIGGER_COUNT_MAX];
    struct zone_file zone; // the definition's, for times without an offset
};

typedef bool read_key(struct reading *reading, const struct job_file_node *node);

// ---- triggers ----

static bool add_trigger(struct reading *reading, const struct job_file_node *node,
                        struct definition_trigger trigger)
{
    size_t index = reading->definition->trigger_count;
    if (index == LIMIT_TRIGGER_COUNT_MAX)
        return job_file_refuse(reading->value.error, node->place, "more than %d triggers",
                               LIMIT_TRIGGER_COUNT_MAX);
    reading->triggers[index] = trigger;
    reading->trigger_places[index] = node->place;
    reading->definition->trigger_count++;
    return true;
}

// A single value stands for a list of one.
static bool read_each(struct reading *reading, const struct job_file_node *node, read_key *read)
{
    if (node->kind != JOB_FILE_LIST)
        return read(reading, node);
    for (size_t i = 0; i < node->count; i++) {
        if (!read(reading, node->items[i]))
            return false;
    }
    return node->count > 0 ||
           job_file_refuse(reading->value.error, node->place, "an empty list says nothing");
}

static bool read_one_cron(struct reading *reading, const struct job_file_node *node)
{
    struct definition_trigger trigger = {.kind = DEFINITION_CRON};
    reading->job->needs_zone = true;
    return job_value_text(&reading->value, node, LIMIT_CRON_SIZE_MAX, &trigger.expression) &&
           add_trigger(reading, node, trigger);
}

static bool read_cron(struct reading *reading, const struct job_file_node *node)
{
    return read_each(reading, node, read_one_cron);
}

static bool read_instant(struct reading *reading, const struct job_file_node *node, int64_t *ret_ms)
{
    const char *text;
    struct instant instant;
    struct trigger_error error;
    if (!job_value_text(&reading->value, node, LIMIT_TEXT_SIZE_MAX, &text))
        return false;
    if (!instant_parse(text, reading->zone.zone, &instant, &error)) {
        struct job_file_place place = node->place;
        place.column += place.line && error.column ? error.column - 1 : 0;
        return job_file_refuse(reading->value.error, place, "`%.40s`: %s", text, error.text);
    }
    const char *clock = strpbrk(text, "Tt ");
    bool has_offset = clock && strpbrk(clock, "Zz+-");
    if (strcmp(reading->definition->zone, "local") == 0 && !has_offset)
        return job_file_refuse(reading->value.error, node->place,
                               "`%.40s`: with zone local a time needs an offset, like %.40sZ", text, text);
    *ret_ms = instant.ms;
    return true;
}

static bool read_one_every(struct reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"period", "anchor"};
    struct definition_trigger trigger = {.kind = DEFINITION_EVERY,
                                         .anchor_ms = reading->context->now_ms / 1000 * 1000};
    const struct job_file_node *period = node, *anchor = NULL;
    if (node->kind == JOB_FILE_MAP) {
        if (!job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
            return false;
        period = job_file_find(node, "period");
        anchor = job_file_find(node, "anchor");
        if (!period)
            return job_file_refuse(reading->value.error, node->place, "`period` is missing");
    }
    if (!job_value_duration(&reading->value, period, &trigger.period_ms))
        return false;
    if (anchor && !read_instant(reading, anchor, &trigger.anchor_ms))
        return false;
    if (anchor)
        reading->job->anchored |= 1u << reading->definition->trigger_count;
    return add_trigger(reading, node, trigger);
}

static bool read_every(struct reading *reading, const struct job_file_node *node)
{
    return read_each(reading, node, read_one_every);
}

static int compare_instants(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static bool read_at(struct reading *reading, const struct job_file_node *node)
{
    size_t count = node->kind == JOB_FILE_LIST ? node->count : 1, kept = 0;
    if (count == 0 || count > LIMIT_INSTANT_COUNT_MAX)
        return job_file_refuse(reading->value.error, node->place, "1 to %d times belong here",
                               LIMIT_INSTANT_COUNT_MAX);
    int64_t *instants = arena_take(reading->value.arena, count, sizeof *instants);
    for (size_t i = 0; i < count; i++) {
        if (!read_instant(reading, node->kind == JOB_FILE_LIST ? node->items[i] : node, &instants[i]))
            return false;
    }
    qsort(instants, count, sizeof *instants, compare_instants);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || instants[i] != instants[kept - 1])
            instants[kept++] = instants[i];
    }
    struct definition_trigger trigger = {
        .kind = DEFINITION_AT, .instants_ms = instants, .instant_count = kept};
    reading->job->needs_zone = true;
    return add_trigger(reading, node, trigger);
}

static bool read_expires(struct reading *reading, const struct job_file_node *node)
{
    uint64_t expires_ms;
    bool has_at = false;
    if (!job_value_duration(&reading->value, node, &expires_ms))
        return false;
    for (size_t i = 0; i < reading->definition->trigger_count; i++) {
        if (reading->triggers[i].kind != DEFINITION_AT)
            continue;
        reading->triggers[i].expires_ms = expires_ms;
        has_at = true;
    }
    return has_at ||
           job_file_refuse(reading->value.error, node->place, "`expires` goes with `at`, which is missing");
}

static bool read_zone(struct reading *reading, const struct job_file_node *node)
{
    char why[160];
    if (!job_value_text(&reading->value, node, ZONE_FILE_NAME_ROOM - 1, &reading->definition->zone))
        return false;
    reading->job->has_zone = true;
    if (strcmp(node->text, "local") == 0)
        return true;
    zone_file_close(&reading->zone);
    return zone_file_open(node->text, &reading->zone, why) == 0 ||
           job_file_refuse(reading->value.error, node->place, "`%.60s`: %s", node->text, why);
}

static bool read_gap(struct reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {
        [DEFINITION_GAP_RUN_AFTER] = "run-after", [DEFINITION_GAP_SKIP] = "skip"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->gap = (enum definition_gap)index;
    return true;
}

static bool read_overlap(struct reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {
        [DEFINITION_OVERLAP_ONCE] = "once", [DEFINITION_OVERLAP_TWICE] = "twice"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->overlap = (enum definition_overlap)index;
    return true;
}

static bool read_catch_up_word(struct reading *reading, const struct job_file_node *node)
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

// `last`, `last:12h`, or {run: last, within: 12h}.
static bool read_catch_up(struct reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"run", "within"};
    uint64_t *within_ms = &reading->definition->catch_up_within_ms;
    if (node->kind == JOB_FILE_MAP) {
        const struct job_file_node *run = job_file_find(node, "run"), *within = job_file_find(node, "within");
        return job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)) &&
               (!run || read_catch_up_word(reading, run)) &&
               (!within || job_value_duration(&reading->value, within, within_ms));
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

// ---- the command ----

static bool read_run(struct reading *reading, const struct job_file_node *node)
{
    struct definition *definition = reading->definition;
    if (node->kind == JOB_FILE_SCALAR)
        return job_file_refuse(reading->value.error, node->place,
                               "a list belongs here, like [ls, -l]; a line for the shell goes under `shell`");
    if (!job_value_texts(&reading->value, node, LIMIT_ARGUMENT_COUNT_MAX, &definition->argv,
                         &definition->argument_count))
        return false;
    return definition->argv[0][0] ||
           job_file_refuse(reading->value.error, node->place, "the command is empty");
}

static bool read_shell(struct reading *reading, const struct job_file_node *node)
{
    return job_value_text(&reading->value, node, LIMIT_DEFINITION_SIZE_MAX, &reading->definition->shell);
}

static bool read_user(struct reading *reading, const struct job_file_node *node)
{
    return job_value_name(&reading->value, node, reading->definition->user);
}

static bool read_directory(struct reading *reading, const struct job_file_node *node)
{
    if (!job_value_text(&reading->value, node, LIMIT_TEXT_SIZE_MAX, &reading->definition->directory))
        return false;
    return node->text[0] == '/' || job_file_refuse(reading->value.error, node->place,
                                                   "`%.60s`: a path from / on belongs here", node->text);
}

static bool read_env(struct reading *reading, const struct job_file_node *node)
{
    return job_value_variables(&reading->value, node, &reading->definition->environment,
                               &reading->definition->environment_count);
}

static bool read_stdin(struct reading *reading, const struct job_file_node *node)
{
    return job_value_text(&reading->value, node, LIMIT_DEFINITION_SIZE_MAX,
                          &reading->definition->standard_input);
}

static bool read_time_limit(struct reading *reading, const struct job_file_node *node)
{
    return job_value_duration(&reading->value, node, &reading->definition->time_limit_ms);
}

static bool read_grace(struct reading *reading, const struct job_file_node *node)
{
    return job_value_duration(&reading->value, node, &reading->definition->grace_ms);
}

static bool read_output_limit(struct reading *reading, const struct job_file_node *node)
{
    return job_value_size(&reading->value, node, OUTPUT_LIMIT_MAX, &reading->definition->output_limit_bytes);
}

// ---- where, how often, what then ----

static bool read_spread(struct reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {[DEFINITION_SPREAD_ONE] = "one", [DEFINITION_SPREAD_ALL] = "all"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->spread = (enum definition_spread)index;
    return true;
}

static bool read_where(struct reading *reading, const struct job_file_node *node)
{
    return job_value_labels(&reading->value, node, &reading->definition->where);
}

static bool read_node(struct reading *reading, const struct job_file_node *node)
{
    return job_value_name(&reading->value, node, reading->definition->node);
}

static bool read_busy(struct reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {[DEFINITION_BUSY_SKIP] = "skip",
                                        [DEFINITION_BUSY_QUEUE] = "queue",
                                        [DEFINITION_BUSY_REPLACE] = "replace",
                                        [DEFINITION_BUSY_ALLOW] = "allow"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->busy = (enum definition_busy)index;
    return true;
}

static bool read_on_lost(struct reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {
        [DEFINITION_ON_LOST_RERUN] = "rerun", [DEFINITION_ON_LOST_REPORT] = "report"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->on_lost = (enum definition_on_lost)index;
    return true;
}

static bool read_retry_times(struct reading *reading, const struct job_file_node *node)
{
    uint64_t times;
    if (!job_value_number(&reading->value, node, LIMIT_RETRY_COUNT_MAX, &times))
        return false;
    reading->definition->retry_times = (uint32_t)times;
    return true;
}

// `5`, or {times: 5, delay: 1m, growth: 2}.
static bool read_retry(struct reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"times", "delay", "growth"};
    if (node->kind != JOB_FILE_MAP)
        return read_retry_times(reading, node);
    const struct job_file_node *times = job_file_find(node, "times"), *delay = job_file_find(node, "delay"),
                               *growth = job_file_find(node, "growth");
    if (!job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
        return false;
    if (!times)
        return job_file_refuse(reading->value.error, node->place, "`times` is missing");
    return read_retry_times(reading, times) &&
           (!delay || job_value_duration(&reading->value, delay, &reading->definition->retry_delay_ms)) &&
           (!growth || job_value_factor(&reading->value, growth, &reading->definition->retry_growth_milli));
}

static bool read_keep(struct reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"for", "runs"};
    uint64_t runs = 0;
    if (!job_value_is(&reading->value, node, JOB_FILE_MAP, "a map like {for: 30d, runs: 100}") ||
        !job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
        return false;
    const struct job_file_node *span = job_file_find(node, "for"), *count = job_file_find(node, "runs");
    if ((span && !job_value_duration(&reading->value, span, &reading->definition->keep_ms)) ||
        (count && !job_value_number(&reading->value, count, KEEP_RUNS_MAX, &runs)))
        return false;
    reading->definition->keep_runs = (uint32_t)runs;
    return true;
}

static bool read_note(struct reading *reading, const struct job_file_node *node)
{
    return job_value_text(&reading->value, node, LIMIT_TEXT_SIZE_MAX, &reading->definition->note);
}

// ---- the whole ----

// In the order in which they are read: times need the zone, `expires` needs `at`.
static const struct {
    const char *name;
    read_key *read;
    bool is_own; // cannot be a default for many jobs
} KEYS[] = {
    {"zone", read_zone, false},
    {"cron", read_cron, true},
    {"every", read_every, true},
    {"at", read_at, true},
    {"expires", read_expires, true},
    {"gap", read_gap, false},
    {"overlap", read_overlap, false},
    {"catch_up", read_catch_up, false},
    {"run", read_run, true},
    {"shell", read_shell, true},
    {"user", read_user, false},
    {"directory", read_directory, false},
    {"env", read_env, false},
    {"stdin", read_stdin, true},
    {"time_limit", read_time_limit, false},
    {"grace", read_grace, false},
    {"output_limit", read_output_limit, false},
    {"spread", read_spread, false},
    {"where", read_where, false},
    {"node", read_node, false},
    {"busy", read_busy, false},
    {"on_lost", read_on_lost, false},
    {"retry", read_retry, false},
    {"keep", read_keep, false},
    {"note", read_note, true},
};

static bool check_keys(const struct job_value *value, const struct job_file_node *map, bool are_defaults)
{
    const char *names[COUNT_OF(KEYS)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        if (!are_defaults || !KEYS[i].is_own)
            names[count++] = KEYS[i].name;
    }
    return job_value_check_keys(value, map, names, count);
}

static bool read_keys(struct reading *reading, const struct job_file_node *map)
{
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        const struct job_file_node *node = job_file_find(map, KEYS[i].name);
        if (!node)
            node = job_file_find(reading->context->defaults, KEYS[i].name);
        if (!node)
            continue;
        reading->value.error->key = KEYS[i].name;
        if (!KEYS[i].read(reading, node))
            return false;
    }
    reading->value.error->key = NULL;
    return true;
}

// A job that looks at no wall clock says the same wherever it was typed.
static void settle_zone(struct reading *reading)
{
    if (!reading->job->has_zone && !reading->job->needs_zone)
        reading->definition->zone = "UTC";
}

static bool check_triggers(struct reading *reading, const struct job_file_node *map)
{
    struct preview preview;
    struct preview_error error;
    if (reading->definition->trigger_count == 0)
        return job_file_refuse(reading->value.error, map->place,
                               "no trigger: say when with cron, every or at");
    int outcome = preview_open_definition(reading->definition, NULL, &preview, &error);
    if (outcome == 0) {
        preview_close(&preview);
        return true;
    }
    static const char *const NAMES[] = {
        [DEFINITION_CRON] = "cron", [DEFINITION_EVERY] = "every", [DEFINITION_AT] = "at"};
    struct job_file_place place = reading->trigger_places[error.index];
    reading->value.error->key = NAMES[reading->triggers[error.index].kind];
    if (place.line && error.error.column)
        place.column += error.error.column - 1;
    else if (error.error.column)
        return job_file_refuse(reading->value.error, place, "column %zu: %s", error.error.column,
                               error.error.text);
    return job_file_refuse(reading->value.error, place, "%s", error.error.text);
}

static bool check_whole(struct reading *reading, const struct job_file_node *map)
{
    struct definition *definition = reading->definition;
    struct buffer encoded = {0};
    if (!definition->argument_count && !definition->shell)
        return job_file_refuse(reading->value.error, map->place, "no command: say what with run or shell");
    if (definition->argument_count && definition->shell)
        return job_file_refuse(reading->value.error, map->place, "run and shell together; choose one");
    if (strcmp(definition->zone, "local") == 0 && definition->spread != DEFINITION_SPREAD_ALL &&
        !definition->node[0])
        return job_file_refuse(
            reading->value.error, map->place,
            "zone local needs `spread: all` or `node`, or nobody knows whose clock counts");
    definition_encode(definition, &encoded);
    size_t size = encoded.size;
    buffer_deinit(&encoded);
    if (size > LIMIT_DEFINITION_SIZE_MAX - 1024) // room for ids, stamps and the signature
        return job_file_refuse(reading->value.error, map->place, "the job takes %zu bytes; %d is the most",
                               size, LIMIT_DEFINITION_SIZE_MAX - 1024);
    return true;
}

static bool fill_user(struct reading *reading, const struct job_file_node *map)
{
    if (reading->definition->user[0])
        return true;
    if (!reading->context->user)
        return job_file_refuse(reading->value.error, map->place, "%s", reading->context->user_hint);
    snprintf(reading->definition->user, NAME_ROOM, "%s", reading->context->user);
    return true;
}

// Times that are read need a zone before the key `zone` has been seen.
static void begin_zone(struct reading *reading)
{
    char why[160];
    const char *zone = reading->context->zone ? reading->context->zone : "UTC";
    reading->definition->zone = zone;
    if (zone_file_open(zone, &reading->zone, why)) {
        reading->zone = (struct zone_file){"UTC", zone_utc(), NULL};
        reading->definition->zone = "UTC";
    }
}

bool job_schema_read(const struct job_file_node *map, const struct job_schema_context *context,
                     struct arena *arena, struct job_schema_job *job, struct job_file_error *ret_error)
{
    struct reading reading = {
        .value = {arena, ret_error}, .context = context, .job = job, .definition = &job->definition};
    if (!job_value_is(&reading.value, map, JOB_FILE_MAP, "a map of keys"))
        return false;
    arena->ceiling = SIZE_MAX;
    reading.triggers = arena_take(arena, LIMIT_TRIGGER_COUNT_MAX, sizeof *reading.triggers);
    job->definition.triggers = job->triggers = reading.triggers;
    begin_zone(&reading);
    bool is_read = check_keys(&reading.value, map, false) && read_keys(&reading, map) &&
                   fill_user(&reading, map) && check_triggers(&reading, map) && check_whole(&reading, map);
    settle_zone(&reading);
    zone_file_close(&reading.zone);
    return is_read;
}

bool job_schema_check_defaults(const struct job_file_node *defaults, struct arena *arena,
                               struct job_file_error *ret_error)
{
    struct job_value value = {arena, ret_error};
    return job_value_is(&value, defaults, JOB_FILE_MAP, "a map of keys") &&
           check_keys(&value, defaults, true);
}
