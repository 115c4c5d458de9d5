#include "node/cli/job_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/job_modifier.h"
#include "node/cli/job_reading.h"
#include "node/cli/job_trigger.h"
#include "node/cli/preview.h"
#include "node/core/trigger/due.h"

enum {
    OUTPUT_LIMIT_MAX = 256 * 1024 * 1024,
    KEEP_RUNS_MAX = 100000,
};

// ---- the zone ----

static bool read_zone(struct job_reading *reading, const struct job_file_node *node)
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

// ---- the command ----

static bool read_run(struct job_reading *reading, const struct job_file_node *node)
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

static bool read_shell(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_text(&reading->value, node, LIMIT_DEFINITION_SIZE_MAX, &reading->definition->shell);
}

static bool read_user(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_name(&reading->value, node, reading->definition->user);
}

static bool read_directory(struct job_reading *reading, const struct job_file_node *node)
{
    if (!job_value_text(&reading->value, node, LIMIT_TEXT_SIZE_MAX, &reading->definition->directory))
        return false;
    return node->text[0] == '/' || job_file_refuse(reading->value.error, node->place,
                                                   "`%.60s`: a path from / on belongs here", node->text);
}

static bool read_env(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_variables(&reading->value, node, &reading->definition->environment,
                               &reading->definition->environment_count);
}

// A text, or the word `event`: the data of the event that the job runs for. {text: event}: that word.
static bool read_stdin(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"text"};
    if (node->kind == JOB_FILE_MAP) {
        if (!job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
            return false;
        const struct job_file_node *text = job_file_find(node, "text");
        if (!text)
            return job_file_refuse(reading->value.error, node->place, "`text` is missing");
        node = text;
    } else if (node->kind == JOB_FILE_SCALAR && strcmp(node->text, "event") == 0) {
        reading->definition->event_input = true;
        return true;
    }
    return job_value_text(&reading->value, node, LIMIT_DEFINITION_SIZE_MAX,
                          &reading->definition->standard_input);
}

static bool read_time_limit(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_duration(&reading->value, node, &reading->definition->time_limit_ms);
}

static bool read_grace(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_duration(&reading->value, node, &reading->definition->grace_ms);
}

static bool read_output_limit(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_size(&reading->value, node, OUTPUT_LIMIT_MAX, &reading->definition->output_limit_bytes);
}

// ---- where, how often, what then ----

static bool read_spread(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {[DEFINITION_SPREAD_ONE] = "one", [DEFINITION_SPREAD_ALL] = "all"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->spread = (enum definition_spread)index;
    return true;
}

static bool read_where(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_labels(&reading->value, node, &reading->definition->where);
}

static bool read_node(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_name(&reading->value, node, reading->definition->node);
}

static bool read_busy(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {"skip", "queue", "replace", "allow"};
    static const enum definition_busy POLICIES[] = {DEFINITION_BUSY_SKIP, DEFINITION_BUSY_QUEUE,
                                                    DEFINITION_BUSY_REPLACE, DEFINITION_BUSY_ALLOW};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->busy = POLICIES[index];
    return true;
}

static bool read_on_lost(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const WORDS[] = {
        [DEFINITION_ON_LOST_RERUN] = "rerun", [DEFINITION_ON_LOST_REPORT] = "report"};
    unsigned index;
    if (!job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    reading->definition->on_lost = (enum definition_on_lost)index;
    return true;
}

static bool read_retry_times(struct job_reading *reading, const struct job_file_node *node)
{
    uint64_t times;
    if (!job_value_number(&reading->value, node, LIMIT_RETRY_COUNT_MAX, &times))
        return false;
    reading->definition->retry_times = (uint32_t)times;
    return true;
}

// `5`, or {times: 5, delay: 1m, growth: 2}.
static bool read_retry(struct job_reading *reading, const struct job_file_node *node)
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

static bool read_keep(struct job_reading *reading, const struct job_file_node *node)
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

static bool read_note(struct job_reading *reading, const struct job_file_node *node)
{
    return job_value_text(&reading->value, node, LIMIT_TEXT_SIZE_MAX, &reading->definition->note);
}

// ---- the whole ----

// In the order in which they are read: times need the zone, `expires` needs `at`.
static const struct {
    const char *name;
    job_reading_key *read;
    bool is_own; // cannot be a default for many jobs
} KEYS[] = {
    {"zone", read_zone, false},
    {"cron", job_trigger_cron, true},
    {"every", job_trigger_every, true},
    {"at", job_trigger_at, true},
    {"expires", job_trigger_expires, true},
    {"event", job_trigger_event, true},
    {"file", job_trigger_file, true},
    {"after", job_trigger_after, true},
    {"boot", job_trigger_boot, true},
    {"member", job_trigger_member, true},
    {"gap", job_modifier_gap, false},
    {"overlap", job_modifier_overlap, false},
    {"catch_up", job_modifier_catch_up, false},
    {"jitter", job_modifier_jitter, false},
    {"not_before", job_modifier_not_before, false},
    {"not_after", job_modifier_not_after, false},
    {"count", job_modifier_count, false},
    {"blackout", job_modifier_blackout, false},
    {"max_clock_error", job_modifier_max_clock_error, false},
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

static bool read_keys(struct job_reading *reading, const struct job_file_node *map)
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
static void settle_zone(struct job_reading *reading)
{
    if (!reading->job->has_zone && !reading->job->needs_zone)
        reading->definition->zone = "UTC";
}

static bool check_triggers(struct job_reading *reading, const struct job_file_node *map)
{
    struct preview preview;
    struct preview_error error;
    if (reading->definition->trigger_count == 0)
        return job_file_refuse(
            reading->value.error, map->place,
            "no trigger: say when with cron, every, at, event, file, after, boot or member");
    int outcome = preview_open_definition(reading->definition, NULL, &preview, &error);
    if (outcome == 0) {
        preview_close(&preview);
        return true;
    }
    struct job_file_place place = reading->trigger_places[error.index];
    reading->value.error->key = job_trigger_name(reading->triggers[error.index].kind);
    if (place.line && error.error.column)
        place.column += error.error.column - 1;
    else if (error.error.column)
        return job_file_refuse(reading->value.error, place, "column %zu: %s", error.error.column,
                               error.error.text);
    return job_file_refuse(reading->value.error, place, "%s", error.error.text);
}

static bool has_trigger(const struct definition *definition, enum definition_trigger_kind kind)
{
    for (size_t i = 0; i < definition->trigger_count; i++)
        if (definition->triggers[i].kind == kind)
            return true;
    return false;
}

// What happens has no number that everybody knows.
static bool may_be_counted(const struct definition *definition)
{
    bool may = false;
    for (size_t i = 0; i < definition->trigger_count; i++)
        may |= due_has_calendar(&definition->triggers[i]);
    return may;
}

static bool check_whole(struct job_reading *reading, const struct job_file_node *map)
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
    if (definition->event_input && !has_trigger(definition, DEFINITION_EVENT))
        return job_file_refuse(reading->value.error, map->place,
                               "`stdin: event` goes with an event trigger, which is missing");
    if ((has_trigger(definition, DEFINITION_BOOT) || has_trigger(definition, DEFINITION_FILE)) &&
        definition->spread != DEFINITION_SPREAD_ALL && !definition->node[0])
        return job_file_refuse(
            reading->value.error, map->place,
            "a boot or file trigger needs `spread: all` or `node`: it happens on one machine");
    if (definition->due_count && !may_be_counted(definition))
        return job_file_refuse(reading->value.error, map->place,
                               "`count` counts due times: it goes with cron, at, and every from an anchor");
    definition_encode(definition, &encoded);
    size_t size = encoded.size;
    buffer_deinit(&encoded);
    if (size > LIMIT_DEFINITION_SIZE_MAX - 1024) // room for ids, stamps and the signature
        return job_file_refuse(reading->value.error, map->place, "the job takes %zu bytes; %d is the most",
                               size, LIMIT_DEFINITION_SIZE_MAX - 1024);
    return true;
}

static bool fill_user(struct job_reading *reading, const struct job_file_node *map)
{
    if (reading->definition->user[0])
        return true;
    if (!reading->context->user)
        return job_file_refuse(reading->value.error, map->place, "%s", reading->context->user_hint);
    snprintf(reading->definition->user, NAME_ROOM, "%s", reading->context->user);
    return true;
}

// Times that are read need a zone before the key `zone` has been seen.
static void begin_zone(struct job_reading *reading)
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
    struct job_reading reading = {
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
