#include "node/cli/job_trigger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/core/trigger/shorthand.h"

const char *job_trigger_name(enum definition_trigger_kind kind)
{
    static const char *const NAMES[] = {
        [DEFINITION_CRON] = "cron",     [DEFINITION_EVERY] = "every", [DEFINITION_AT] = "at",
        [DEFINITION_EVENT] = "event",   [DEFINITION_AFTER] = "after", [DEFINITION_BOOT] = "boot",
        [DEFINITION_MEMBER] = "member", [DEFINITION_FILE] = "file"};
    return NAMES[kind];
}

static bool add_trigger(struct job_reading *reading, const struct job_file_node *node,
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

static bool refuse_column(struct job_reading *reading, const struct job_file_node *node,
                          const struct trigger_error *error)
{
    struct job_file_place place = node->place;
    if (!place.line && error->column)
        return job_file_refuse(reading->value.error, place, "column %zu: %s", error->column, error->text);
    place.column += error->column ? error->column - 1 : 0;
    return job_file_refuse(reading->value.error, place, "%s", error->text);
}

// "@every 5m" and "@reboot" stand where an expression does and are triggers of other kinds.
static bool read_one_cron(struct job_reading *reading, const struct job_file_node *node)
{
    struct definition_trigger trigger = {.kind = DEFINITION_CRON};
    struct trigger_error error;
    if (!job_value_text(&reading->value, node, LIMIT_CRON_SIZE_MAX, &trigger.expression))
        return false;
    switch (shorthand_read(trigger.expression, &trigger.period_ms, &error)) {
    case SHORTHAND_EVERY:
        trigger.kind = DEFINITION_EVERY;
        trigger.anchor_ms = reading->context->now_ms / 1000 * 1000;
        break;
    case SHORTHAND_BOOT:
        trigger.kind = DEFINITION_BOOT;
        break;
    case SHORTHAND_REFUSED:
        return refuse_column(reading, node, &error);
    default:
        reading->job->needs_zone = true;
    }
    if (trigger.kind != DEFINITION_CRON)
        trigger.expression = NULL;
    return add_trigger(reading, node, trigger);
}

bool job_trigger_cron(struct job_reading *reading, const struct job_file_node *node)
{
    return job_reading_each(reading, node, read_one_cron);
}

static bool read_one_every(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"period", "anchor", "from"}, *const FROM[] = {"anchor", "end"};
    struct definition_trigger trigger = {.kind = DEFINITION_EVERY,
                                         .anchor_ms = reading->context->now_ms / 1000 * 1000};
    const struct job_file_node *period = node, *anchor = NULL, *from = NULL;
    unsigned counts_from = 0;
    if (node->kind == JOB_FILE_MAP) {
        if (!job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
            return false;
        period = job_file_find(node, "period");
        anchor = job_file_find(node, "anchor");
        from = job_file_find(node, "from");
        if (!period)
            return job_file_refuse(reading->value.error, node->place, "`period` is missing");
    }
    if (!job_value_duration(&reading->value, period, &trigger.period_ms))
        return false;
    if (from && !job_value_choice(&reading->value, from, FROM, COUNT_OF(FROM), &counts_from))
        return false;
    if (counts_from && anchor)
        return job_file_refuse(reading->value.error, anchor->place,
                               "from the end of a run there is no anchor; choose one");
    if (anchor && !job_reading_instant(reading, anchor, &trigger.anchor_ms))
        return false;
    trigger.from_end = counts_from;
    if (counts_from)
        trigger.anchor_ms = 0;
    if (anchor || counts_from)
        reading->job->anchored |= 1u << reading->definition->trigger_count;
    return add_trigger(reading, node, trigger);
}

bool job_trigger_every(struct job_reading *reading, const struct job_file_node *node)
{
    return job_reading_each(reading, node, read_one_every);
}

static int compare_instants(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

bool job_trigger_at(struct job_reading *reading, const struct job_file_node *node)
{
    size_t count = node->kind == JOB_FILE_LIST ? node->count : 1, kept = 0;
    if (count == 0 || count > LIMIT_INSTANT_COUNT_MAX)
        return job_file_refuse(reading->value.error, node->place, "1 to %d times belong here",
                               LIMIT_INSTANT_COUNT_MAX);
    int64_t *instants = arena_take(reading->value.arena, count, sizeof *instants);
    for (size_t i = 0; i < count; i++) {
        if (!job_reading_instant(reading, node->kind == JOB_FILE_LIST ? node->items[i] : node, &instants[i]))
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

bool job_trigger_expires(struct job_reading *reading, const struct job_file_node *node)
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

// "name" or "namespace/name", wildcards allowed, becomes "namespace/name"; `*` alone means all.
static bool read_pattern(struct job_reading *reading, const struct job_file_node *node,
                         const char **ret_pattern)
{
    static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*?";
    const char *text;
    char whole[NAME_JOB_ROOM + 8];
    if (!job_value_text(&reading->value, node, NAME_JOB_ROOM - 1, &text))
        return false;
    const char *slash = strchr(text, '/'), *name = slash ? slash + 1 : text;
    size_t space_size = slash ? (size_t)(slash - text) : 0, name_size = strlen(name);
    if (name_size == 0 || name_size > LIMIT_NAME_SIZE_MAX || strspn(name, ALLOWED) != name_size ||
        (slash && (space_size == 0 || strspn(text, ALLOWED) != space_size)))
        return job_file_refuse(reading->value.error, node->place,
                               "`%.70s`: a name like deploy, usb/* or backup-? belongs here", text);
    if (slash || strcmp(text, "*") == 0)
        *ret_pattern = text;
    else {
        snprintf(whole, sizeof whole, "main/%s", text);
        *ret_pattern = arena_text(reading->value.arena, bytes_of_text(whole));
    }
    return true;
}

// `join`, or [join, dead]: bit i of *ret_bits for words[i].
static bool read_bits(struct job_reading *reading, const struct job_file_node *node, const char *const *words,
                      size_t count, uint32_t *ret_bits)
{
    size_t given = node->kind == JOB_FILE_LIST ? node->count : 1;
    uint32_t bits = 0;
    for (size_t i = 0; i < given; i++) {
        unsigned index;
        const struct job_file_node *word = node->kind == JOB_FILE_LIST ? node->items[i] : node;
        if (!job_value_choice(&reading->value, word, words, count, &index))
            return false;
        bits |= 1u << index;
    }
    *ret_bits = bits;
    return bits || job_file_refuse(reading->value.error, node->place, "an empty list says nothing");
}

// Which nodes: `where` and `node` of a map.
static bool read_nodes(struct job_reading *reading, const struct job_file_node *map,
                       struct definition_trigger *trigger)
{
    const struct job_file_node *where = job_file_find(map, "where"), *node = job_file_find(map, "node");
    return (!where || job_value_labels(&reading->value, where, &trigger->where)) &&
           (!node || job_value_name(&reading->value, node, trigger->node));
}

static bool read_rate(struct job_reading *reading, const struct job_file_node *map,
                      struct definition_trigger *trigger)
{
    return job_reading_span(reading, map, "quiet_for", &trigger->quiet_ms) &&
           job_reading_span(reading, map, "throttle", &trigger->throttle_ms);
}

// `from: operators | nodes | any`, or a map of labels: nodes that have them.
static bool read_from(struct job_reading *reading, const struct job_file_node *node,
                      struct definition_trigger *trigger)
{
    static const char *const WORDS[] = {[DEFINITION_FROM_OPERATORS] = "operators",
                                        [DEFINITION_FROM_NODES] = "nodes",
                                        [DEFINITION_FROM_ANY] = "any"};
    unsigned index = DEFINITION_FROM_NODES;
    if (node->kind == JOB_FILE_MAP && !job_value_labels(&reading->value, node, &trigger->where))
        return false;
    if (node->kind != JOB_FILE_MAP &&
        !job_value_choice(&reading->value, node, WORDS, COUNT_OF(WORDS), &index))
        return false;
    trigger->from = (enum definition_from)index;
    return true;
}

// `NAME`, or {name: "usb/*", from: {role: gateway}, quiet_for: 10s, throttle: 1m}.
static bool read_one_event(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"name", "from", "quiet_for", "throttle"};
    struct definition_trigger trigger = {.kind = DEFINITION_EVENT};
    const struct job_file_node *name = node, *from = NULL;
    if (node->kind == JOB_FILE_MAP) {
        if (!job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
            return false;
        name = job_file_find(node, "name");
        from = job_file_find(node, "from");
        if (!name)
            return job_file_refuse(reading->value.error, node->place, "`name` is missing");
    }
    return read_pattern(reading, name, &trigger.name) && (!from || read_from(reading, from, &trigger)) &&
           read_rate(reading, node, &trigger) && add_trigger(reading, node, trigger);
}

bool job_trigger_event(struct job_reading *reading, const struct job_file_node *node)
{
    return job_reading_each(reading, node, read_one_event);
}

static bool read_upstream(struct job_reading *reading, const struct job_file_node *node,
                          struct definition_trigger *trigger)
{
    size_t count = node->kind == JOB_FILE_LIST ? node->count : 1;
    if (count == 0 || count > LIMIT_UPSTREAM_COUNT_MAX)
        return job_file_refuse(reading->value.error, node->place, "1 to %d jobs belong here",
                               LIMIT_UPSTREAM_COUNT_MAX);
    const char **jobs = arena_take(reading->value.arena, count, sizeof *jobs);
    for (size_t i = 0; i < count; i++) {
        const struct job_file_node *job = node->kind == JOB_FILE_LIST ? node->items[i] : node;
        if (!read_pattern(reading, job, &jobs[i]))
            return false;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(jobs[k], jobs[i]) == 0)
                return job_file_refuse(reading->value.error, job->place, "`%s` stands here twice", job->text);
        }
    }
    trigger->jobs = jobs;
    trigger->job_count = count;
    return true;
}

// How several jobs before this one count together.
static bool read_join(struct job_reading *reading, const struct job_file_node *map,
                      struct definition_trigger *trigger)
{
    static const char *const WAIT[] = {"any", "all"}, *const MATCH[] = {"due", "latest"};
    const struct job_file_node *wait = job_file_find(map, "wait"), *match = job_file_find(map, "match");
    unsigned all = trigger->job_count > 1, latest = 0;
    if ((wait && !job_value_choice(&reading->value, wait, WAIT, COUNT_OF(WAIT), &all)) ||
        (match && !job_value_choice(&reading->value, match, MATCH, COUNT_OF(MATCH), &latest)))
        return false;
    trigger->all = all;
    trigger->latest = latest;
    for (size_t i = 0; all && i < trigger->job_count; i++) {
        if (strpbrk(trigger->jobs[i], "*?"))
            return job_file_refuse(reading->value.error, map->place,
                                   "to wait for all, name each job; `%s` may be any number of them",
                                   trigger->jobs[i]);
    }
    return true;
}

// `JOB`, or {job: JOB, outcome: ok | not-ok | any}, or {jobs: [A, B], wait: all | any, match: due | latest}.
static bool read_one_after(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"job", "jobs", "outcome", "wait", "match"};
    static const char *const OUTCOMES[] = {[DEFINITION_OUTCOME_OK] = "ok",
                                           [DEFINITION_OUTCOME_NOT_OK] = "not-ok",
                                           [DEFINITION_OUTCOME_ANY] = "any"};
    struct definition_trigger trigger = {.kind = DEFINITION_AFTER};
    const struct job_file_node *jobs = node, *outcome = NULL;
    unsigned index = DEFINITION_OUTCOME_OK;
    if (node->kind == JOB_FILE_MAP) {
        if (!job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
            return false;
        const struct job_file_node *one = job_file_find(node, "job");
        jobs = job_file_find(node, "jobs");
        outcome = job_file_find(node, "outcome");
        if (!one == !jobs)
            return job_file_refuse(reading->value.error, node->place, "one of `job` and `jobs` belongs here");
        jobs = one ? one : jobs;
    }
    if (outcome && !job_value_choice(&reading->value, outcome, OUTCOMES, COUNT_OF(OUTCOMES), &index))
        return false;
    trigger.outcome = (enum definition_outcome)index;
    return read_upstream(reading, jobs, &trigger) && read_join(reading, node, &trigger) &&
           add_trigger(reading, node, trigger);
}

bool job_trigger_after(struct job_reading *reading, const struct job_file_node *node)
{
    return job_reading_each(reading, node, read_one_after);
}

// `true`, or {delay: 30s}.
bool job_trigger_boot(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"delay"};
    struct definition_trigger trigger = {.kind = DEFINITION_BOOT};
    if (node->kind != JOB_FILE_MAP) {
        if (node->kind != JOB_FILE_SCALAR || strcmp(node->text, "true") != 0)
            return job_file_refuse(reading->value.error, node->place, "`true` or {delay: 30s} belongs here");
        return add_trigger(reading, node, trigger);
    }
    return job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)) &&
           job_reading_span(reading, node, "delay", &trigger.delay_ms) && add_trigger(reading, node, trigger);
}

// `join`, [join, dead], or {on: [leave, dead], where: {role: gateway}, node: nas}.
bool job_trigger_member(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"on", "where", "node"};
    struct definition_trigger trigger = {.kind = DEFINITION_MEMBER};
    const struct job_file_node *changes = node;
    if (node->kind == JOB_FILE_MAP) {
        if (!job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
            return false;
        changes = job_file_find(node, "on");
    }
    trigger.changes = DEFINITION_MEMBER_ALL;
    return (!changes || read_bits(reading, changes, definition_member_changes, DEFINITION_MEMBER_CHANGE_COUNT,
                                  &trigger.changes)) &&
           read_nodes(reading, node, &trigger) && add_trigger(reading, node, trigger);
}

static bool read_path(struct job_reading *reading, const struct job_file_node *node, const char **ret_path)
{
    if (!job_value_text(&reading->value, node, LIMIT_TEXT_SIZE_MAX, ret_path))
        return false;
    return node->text[0] == '/' || job_file_refuse(reading->value.error, node->place,
                                                   "`%.60s`: a path from / on belongs here", node->text);
}

// `/srv/in`, or {path: /srv/in, match: "*.csv", on: [create, change], quiet_for: 5s, throttle: 1m}.
static bool read_one_file(struct job_reading *reading, const struct job_file_node *node)
{
    static const char *const KEYS[] = {"path", "match", "on", "quiet_for", "throttle"};
    struct definition_trigger trigger = {.kind = DEFINITION_FILE, .changes = DEFINITION_FILE_ALL};
    const struct job_file_node *path = node, *match = NULL, *changes = NULL;
    if (node->kind == JOB_FILE_MAP) {
        if (!job_value_check_keys(&reading->value, node, KEYS, COUNT_OF(KEYS)))
            return false;
        path = job_file_find(node, "path");
        match = job_file_find(node, "match");
        changes = job_file_find(node, "on");
        if (!path)
            return job_file_refuse(reading->value.error, node->place, "`path` is missing");
    }
    if (match && !job_value_text(&reading->value, match, LIMIT_TEXT_SIZE_MAX, &trigger.name))
        return false;
    if (match && strchr(match->text, '/'))
        return job_file_refuse(reading->value.error, match->place,
                               "`%.60s`: a pattern of names in the directory, without /", match->text);
    return read_path(reading, path, &trigger.path) &&
           (!changes || read_bits(reading, changes, definition_file_changes, DEFINITION_FILE_CHANGE_COUNT,
                                  &trigger.changes)) &&
           read_rate(reading, node, &trigger) && add_trigger(reading, node, trigger);
}

bool job_trigger_file(struct job_reading *reading, const struct job_file_node *node)
{
    return job_reading_each(reading, node, read_one_file);
}
