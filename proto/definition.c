#include "proto/definition.h"

#include <string.h>

#include "proto/codec.h"
#include "proto/definition.pb-c.h"

_Static_assert((int)DEFINITION_MALFORMED == (int)CODEC_MALFORMED, "one outcome");

const char *const definition_file_changes[] = {"create", "change", "remove", "move"};
const char *const definition_member_changes[] = {"join", "leave", "dead"};

const char *definition_file_change_text(enum definition_file_change change)
{
    size_t bit = 0;
    while (bit + 1 < DEFINITION_FILE_CHANGE_COUNT && change >> (bit + 1))
        bit++;
    return definition_file_changes[bit];
}

static uint64_t definition_span(struct codec *codec, uint64_t value_ms)
{
    return codec_number(codec, value_ms, 0, LIMIT_PERIOD_MS_MAX);
}

static bool definition_is_zone_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("+-_.", c));
}

// A zone names a file below the zone directory: parts between slashes, none empty or starting with a dot.
static bool definition_is_zone(const char *zone)
{
    for (const char *c = zone; *c; c++) {
        bool starts = c == zone || c[-1] == '/';
        if (*c == '/' ? starts : !definition_is_zone_character(*c) || (starts && *c == '.'))
            return false;
    }
    return *zone && zone[strlen(zone) - 1] != '/';
}

static void definition_read_instants(struct codec *codec, const Katydid__Definition__Trigger *in,
                                     struct definition_trigger *out)
{
    out->instant_count = in->n_instants_ms;
    int64_t *instants = codec_array(codec, &out->instant_count, LIMIT_INSTANT_COUNT_MAX, sizeof *instants);
    for (size_t i = 0; i < out->instant_count; i++) {
        instants[i] = codec_instant(codec, in->instants_ms[i]);
        codec_check(codec, i == 0 || instants[i] > instants[i - 1]);
    }
    out->instants_ms = instants;
}

static void definition_read_labels(struct codec *codec, Katydid__Definition__Pair *const *in, size_t count,
                                   struct labels *ret_labels)
{
    ret_labels->count = count;
    struct label *labels = codec_array(codec, &ret_labels->count, LIMIT_LABEL_COUNT_MAX, sizeof *labels);
    for (size_t i = 0; i < ret_labels->count; i++)
        codec_label(codec, in[i]->key, in[i]->value, labels, i);
    ret_labels->items = labels;
}

// "namespace/name" with wildcards, or "*" for all.
static bool definition_is_pattern(const char *pattern)
{
    const char *slash = strchr(pattern, '/');
    size_t size = strlen(pattern);
    if (strspn(pattern, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*?/") != size)
        return false;
    return size < NAME_JOB_ROOM &&
           (slash ? slash > pattern && slash[1] && !strchr(slash + 1, '/') : strcmp(pattern, "*") == 0);
}

static bool definition_is_path(const char *path)
{
    return path && path[0] == '/';
}

static void definition_read_upstream(struct codec *codec, const Katydid__Definition__Trigger *in,
                                     struct definition_trigger *out)
{
    out->job_count = in->n_jobs;
    out->jobs = codec_texts(codec, in->jobs, &out->job_count, LIMIT_UPSTREAM_COUNT_MAX, NAME_JOB_ROOM - 1);
    for (size_t i = 0; i < out->job_count; i++) {
        codec_check(codec, definition_is_pattern(out->jobs[i]));
        for (size_t k = 0; k < i; k++)
            codec_check(codec, strcmp(out->jobs[i], out->jobs[k]) != 0);
    }
    out->all = in->all;
    out->latest = in->latest;
    out->outcome = (enum definition_outcome)codec_number(codec, in->outcome, 0, DEFINITION_OUTCOME_ANY);
}

static void definition_check_trigger(struct codec *codec, const struct definition_trigger *trigger)
{
    switch (trigger->kind) {
    case DEFINITION_CRON:
        codec_check(codec, trigger->expression);
        break;
    case DEFINITION_EVERY:
        codec_check(codec, trigger->period_ms >= LIMIT_PERIOD_MS_MIN);
        break;
    case DEFINITION_AT:
        codec_check(codec, trigger->instant_count);
        break;
    case DEFINITION_EVENT:
        codec_check(codec, trigger->name && definition_is_pattern(trigger->name));
        break;
    case DEFINITION_AFTER:
        codec_check(codec, trigger->job_count);
        break;
    case DEFINITION_BOOT:
        break;
    case DEFINITION_MEMBER:
        codec_check(codec, trigger->changes && trigger->changes <= DEFINITION_MEMBER_ALL);
        break;
    case DEFINITION_FILE:
        codec_check(codec, trigger->changes && trigger->changes <= DEFINITION_FILE_ALL);
        codec_check(codec, definition_is_path(trigger->path));
        break;
    }
}

static void definition_read_trigger(struct codec *codec, const Katydid__Definition__Trigger *in,
                                    struct definition_trigger *out)
{
    out->kind = (enum definition_trigger_kind)codec_number(codec, in->kind, DEFINITION_CRON, DEFINITION_FILE);
    out->expression = codec_text_or_null(codec, in->expression, LIMIT_TEXT_SIZE_MAX);
    out->period_ms = definition_span(codec, in->period_ms);
    out->anchor_ms = codec_instant(codec, in->anchor_ms);
    definition_read_instants(codec, in, out);
    out->expires_ms = definition_span(codec, in->expires_ms);
    out->name = codec_text_or_null(codec, in->name, LIMIT_TEXT_SIZE_MAX);
    out->from_end = in->from_end;
    out->from = (enum definition_from)codec_number(codec, in->from, 0, DEFINITION_FROM_ANY);
    definition_read_labels(codec, in->where, in->n_where, &out->where);
    codec_name_or_empty(codec, in->node, out->node);
    out->quiet_ms = definition_span(codec, in->quiet_ms);
    out->throttle_ms = definition_span(codec, in->throttle_ms);
    out->path = codec_text_or_null(codec, in->path, LIMIT_TEXT_SIZE_MAX);
    out->changes = in->changes;
    definition_read_upstream(codec, in, out);
    out->delay_ms = definition_span(codec, in->delay_ms);
    definition_check_trigger(codec, out);
}

static void definition_read_blackouts(struct codec *codec, const Katydid__Definition__Definition *in,
                                      struct definition *out)
{
    out->blackout_count = in->n_blackouts;
    struct definition_blackout *blackouts =
        codec_array(codec, &out->blackout_count, LIMIT_BLACKOUT_COUNT_MAX, sizeof *blackouts);
    for (size_t i = 0; i < out->blackout_count; i++) {
        blackouts[i].expression =
            codec_text_or_null(codec, in->blackouts[i]->expression, LIMIT_TEXT_SIZE_MAX);
        blackouts[i].from_ms = codec_instant(codec, in->blackouts[i]->from_ms);
        blackouts[i].length_ms = codec_number(codec, in->blackouts[i]->length_ms, 1, LIMIT_PERIOD_MS_MAX);
        codec_check(codec, !blackouts[i].expression || blackouts[i].from_ms == 0);
    }
    out->blackouts = blackouts;
}

static void definition_read_modifiers(struct codec *codec, const Katydid__Definition__Definition *in,
                                      struct definition *out)
{
    out->catch_up = (enum definition_catch_up)codec_number(codec, in->catch_up, 0, DEFINITION_CATCH_UP_ALL);
    out->catch_up_within_ms = definition_span(codec, in->catch_up_within_ms);
    out->catch_up_spread_ms = definition_span(codec, in->catch_up_spread_ms);
    out->not_before_ms = codec_instant(codec, in->not_before_ms);
    out->not_after_ms = codec_instant(codec, in->not_after_ms);
    out->due_count = codec_counter(codec, in->due_count, 0);
    definition_read_blackouts(codec, in, out);
    out->jitter_ms = codec_number(codec, in->jitter_ms, 0, LIMIT_JITTER_MS_MAX);
    out->max_clock_error_ms = definition_span(codec, in->max_clock_error_ms);
}

static void definition_read_schedule(struct codec *codec, const Katydid__Definition__Definition *in,
                                     struct definition *out)
{
    out->trigger_count = in->n_triggers;
    struct definition_trigger *triggers =
        codec_array(codec, &out->trigger_count, LIMIT_TRIGGER_COUNT_MAX, sizeof *triggers);
    for (size_t i = 0; i < out->trigger_count; i++)
        definition_read_trigger(codec, in->triggers[i], &triggers[i]);
    out->triggers = triggers;
    out->zone = codec_text(codec, in->zone, LIMIT_NAME_SIZE_MAX);
    codec_check(codec, definition_is_zone(out->zone));
    out->gap = (enum definition_gap)codec_number(codec, in->gap, 0, DEFINITION_GAP_SKIP);
    out->overlap = (enum definition_overlap)codec_number(codec, in->overlap, 0, DEFINITION_OVERLAP_TWICE);
}

// KATYDID_ variables tell a command who it is; a definition that could set them could lie to it.
static void definition_read_variable(struct codec *codec, const Katydid__Definition__Pair *in,
                                     struct definition_pair *pairs, size_t index)
{
    const char *key = codec_text(codec, in->key, LIMIT_TEXT_SIZE_MAX);
    codec_check(codec, *key && !strchr(key, '=') && strncmp(key, "KATYDID_", 8) != 0);
    for (size_t i = 0; i < index; i++)
        codec_check(codec, strcmp(pairs[i].key, key) != 0);
    pairs[index].key = key;
    pairs[index].value = codec_text(codec, in->value, LIMIT_DEFINITION_SIZE_MAX);
}

static void definition_read_environment(struct codec *codec, const Katydid__Definition__Definition *in,
                                        struct definition *out)
{
    out->environment_count = in->n_environment;
    struct definition_pair *pairs =
        codec_array(codec, &out->environment_count, LIMIT_ENVIRONMENT_COUNT_MAX, sizeof *pairs);
    for (size_t i = 0; i < out->environment_count; i++)
        definition_read_variable(codec, in->environment[i], pairs, i);
    out->environment = pairs;
}

static void definition_read_command(struct codec *codec, const Katydid__Definition__Definition *in,
                                    struct definition *out)
{
    out->argument_count = in->n_argv;
    out->argv = codec_texts(codec, in->argv, &out->argument_count, LIMIT_ARGUMENT_COUNT_MAX,
                            LIMIT_DEFINITION_SIZE_MAX);
    out->shell = codec_text_or_null(codec, in->shell, LIMIT_DEFINITION_SIZE_MAX);
    codec_check(codec, (out->argument_count > 0) != (out->shell != NULL));
    codec_check(codec, out->argument_count == 0 || *out->argv[0]);
    codec_name(codec, in->user, out->user);
    out->directory = codec_text_or_null(codec, in->directory, LIMIT_TEXT_SIZE_MAX);
    definition_read_environment(codec, in, out);
    out->standard_input = codec_text_or_null(codec, in->standard_input, LIMIT_DEFINITION_SIZE_MAX);
    out->event_input = in->event_input;
    codec_check(codec, !out->event_input || !out->standard_input);
    out->time_limit_ms = definition_span(codec, in->time_limit_ms);
    out->grace_ms = definition_span(codec, in->grace_ms);
    out->output_limit_bytes = codec_counter(codec, in->output_limit, 0);
}

static void definition_read_placement(struct codec *codec, const Katydid__Definition__Definition *in,
                                      struct definition *out)
{
    out->spread = (enum definition_spread)codec_number(codec, in->spread, 0, DEFINITION_SPREAD_ALL);
    definition_read_labels(codec, in->where, in->n_where, &out->where);
    codec_name_or_empty(codec, in->node, out->node);
}

static void definition_read_policy(struct codec *codec, const Katydid__Definition__Definition *in,
                                   struct definition *out)
{
    out->busy = (enum definition_busy)codec_number(codec, in->busy, 0, DEFINITION_BUSY_SKIP);
    out->on_lost = (enum definition_on_lost)codec_number(codec, in->on_lost, 0, DEFINITION_ON_LOST_REPORT);
    out->guarantee =
        (enum definition_guarantee)codec_number(codec, in->guarantee, 0, DEFINITION_AT_MOST_ONCE);
    out->retry_times = (uint32_t)codec_number(codec, in->retry_times, 0, LIMIT_RETRY_COUNT_MAX);
    out->retry_delay_ms = definition_span(codec, in->retry_delay_ms);
    out->retry_growth_milli = in->retry_growth_milli;
    out->keep_ms = definition_span(codec, in->keep_ms);
    out->keep_runs = in->keep_runs;
    out->note = codec_text_or_null(codec, in->note, LIMIT_TEXT_SIZE_MAX);
}

static void definition_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Definition__Definition *in = message;
    struct definition *out = ret;
    codec_name(codec, in->namespace_, out->namespace_name);
    codec_name(codec, in->name, out->name);
    out->life = codec_counter(codec, in->life, 1);
    codec_check(codec, out->life % 2 == 1);
    out->version = codec_counter(codec, in->version, 1);
    out->stamp = codec_stamp(codec, in->stamp);
    codec_id_or_zero(codec, in->edited_from, out->edited_from.b, sizeof out->edited_from.b);
    out->settle_count = in->n_settles;
    out->settles =
        codec_ids(codec, in->settles, &out->settle_count, LIMIT_SETTLED_COUNT_MAX, sizeof *out->settles);
    out->schedule_version = codec_counter(codec, in->schedule_version, 0);
    out->since = codec_stamp(codec, in->since);
    out->authority_number = codec_counter(codec, in->authority_number, 0);
    out->need_count = in->n_needs;
    out->needs = codec_texts(codec, in->needs, &out->need_count, LIMIT_NEED_COUNT_MAX, LIMIT_NAME_SIZE_MAX);
    for (size_t i = 0; i < out->need_count; i++)
        codec_check(codec, name_is_valid(bytes_of_text(out->needs[i])));
    definition_read_schedule(codec, in, out);
    definition_read_modifiers(codec, in, out);
    definition_read_command(codec, in, out);
    definition_read_placement(codec, in, out);
    definition_read_policy(codec, in, out);
}

int definition_decode(struct bytes body, struct arena *arena, struct definition *ret)
{
    static const struct codec_message type = {
        .descriptor = &katydid__definition__definition__descriptor,
        .size = sizeof *ret,
        .read = definition_read,
    };
    return body.size > LIMIT_DEFINITION_SIZE_MAX ? DEFINITION_MALFORMED
                                                 : codec_decode(&type, body, arena, ret);
}

static Katydid__Definition__Pair **definition_write_labels(const struct labels *in, struct arena *room)
{
    Katydid__Definition__Pair **out =
        codec_put_messages(room, &katydid__definition__pair__descriptor, in->count);
    for (size_t i = 0; i < in->count; i++) {
        out[i]->key = codec_put_text(in->items[i].key);
        out[i]->value = codec_put_text(in->items[i].value);
    }
    return out;
}

static void definition_write_trigger(const struct definition_trigger *in, struct arena *room,
                                     Katydid__Definition__Trigger *out)
{
    out->kind = (uint32_t)in->kind;
    out->expression = codec_put_text(in->expression);
    out->period_ms = in->period_ms;
    out->anchor_ms = in->anchor_ms;
    out->from_end = in->from_end;
    out->n_instants_ms = in->instant_count;
    out->instants_ms = (int64_t *)(uintptr_t)in->instants_ms; // packing only reads
    out->expires_ms = in->expires_ms;
    out->name = codec_put_text(in->name);
    out->from = (uint32_t)in->from;
    out->n_where = in->where.count;
    out->where = definition_write_labels(&in->where, room);
    out->node = codec_put_text(in->node);
    out->quiet_ms = in->quiet_ms;
    out->throttle_ms = in->throttle_ms;
    out->path = codec_put_text(in->path);
    out->changes = in->changes;
    out->n_jobs = in->job_count;
    out->jobs = codec_put_texts(room, in->jobs, in->job_count);
    out->all = in->all;
    out->latest = in->latest;
    out->outcome = (uint32_t)in->outcome;
    out->delay_ms = in->delay_ms;
}

static void definition_write_schedule(const struct definition *in, struct arena *room,
                                      Katydid__Definition__Definition *out)
{
    out->n_triggers = in->trigger_count;
    out->triggers = codec_put_messages(room, &katydid__definition__trigger__descriptor, in->trigger_count);
    for (size_t i = 0; i < in->trigger_count; i++)
        definition_write_trigger(&in->triggers[i], room, out->triggers[i]);
    out->zone = codec_put_text(in->zone);
    out->gap = (uint32_t)in->gap;
    out->overlap = (uint32_t)in->overlap;
    out->not_before_ms = in->not_before_ms;
    out->not_after_ms = in->not_after_ms;
    out->due_count = in->due_count;
    out->n_blackouts = in->blackout_count;
    out->blackouts = codec_put_messages(room, &katydid__definition__blackout__descriptor, in->blackout_count);
    for (size_t i = 0; i < in->blackout_count; i++) {
        out->blackouts[i]->expression = codec_put_text(in->blackouts[i].expression);
        out->blackouts[i]->from_ms = in->blackouts[i].from_ms;
        out->blackouts[i]->length_ms = in->blackouts[i].length_ms;
    }
}

static void definition_write_command(const struct definition *in, struct arena *room,
                                     Katydid__Definition__Definition *out)
{
    out->n_argv = in->argument_count;
    out->argv = codec_put_texts(room, in->argv, in->argument_count);
    out->shell = codec_put_text(in->shell);
    out->user = codec_put_text(in->user);
    out->directory = codec_put_text(in->directory);
    out->n_environment = in->environment_count;
    out->environment =
        codec_put_messages(room, &katydid__definition__pair__descriptor, in->environment_count);
    for (size_t i = 0; i < in->environment_count; i++) {
        out->environment[i]->key = codec_put_text(in->environment[i].key);
        out->environment[i]->value = codec_put_text(in->environment[i].value);
    }
    out->standard_input = codec_put_text(in->standard_input);
    out->event_input = in->event_input;
    out->time_limit_ms = in->time_limit_ms;
    out->grace_ms = in->grace_ms;
    out->output_limit = in->output_limit_bytes;
}

static void definition_write_placement(const struct definition *in, struct arena *room,
                                       Katydid__Definition__Definition *out)
{
    out->spread = (uint32_t)in->spread;
    out->n_where = in->where.count;
    out->where = definition_write_labels(&in->where, room);
    out->node = codec_put_text(in->node);
}

static void definition_write_policy(const struct definition *in, Katydid__Definition__Definition *out)
{
    out->catch_up = (uint32_t)in->catch_up;
    out->catch_up_within_ms = in->catch_up_within_ms;
    out->catch_up_spread_ms = in->catch_up_spread_ms;
    out->jitter_ms = in->jitter_ms;
    out->max_clock_error_ms = in->max_clock_error_ms;
    out->busy = (uint32_t)in->busy;
    out->on_lost = (uint32_t)in->on_lost;
    out->guarantee = (uint32_t)in->guarantee;
    out->retry_times = in->retry_times;
    out->retry_delay_ms = in->retry_delay_ms;
    out->retry_growth_milli = in->retry_growth_milli;
    out->keep_ms = in->keep_ms;
    out->keep_runs = in->keep_runs;
    out->note = codec_put_text(in->note);
}

void definition_encode(const struct definition *in, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Definition__Definition message = KATYDID__DEFINITION__DEFINITION__INIT;
    message.namespace_ = codec_put_text(in->namespace_name);
    message.name = codec_put_text(in->name);
    message.life = in->life;
    message.version = in->version;
    message.stamp = in->stamp;
    message.edited_from = codec_put_id(in->edited_from.b, sizeof in->edited_from.b);
    message.n_settles = in->settle_count;
    message.settles = codec_put_ids(&room, in->settles, in->settle_count, sizeof *in->settles);
    message.schedule_version = in->schedule_version;
    message.since = in->since;
    message.authority_number = in->authority_number;
    message.n_needs = in->need_count;
    message.needs = codec_put_texts(&room, in->needs, in->need_count);
    definition_write_schedule(in, &room, &message);
    definition_write_command(in, &room, &message);
    definition_write_placement(in, &room, &message);
    definition_write_policy(in, &message);
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

static struct hash definition_hash(const char *tag, const struct definition *definition)
{
    struct buffer body = {0};
    struct hasher hasher;
    definition_encode(definition, &body);
    hasher_start(&hasher, tag);
    hasher_add(&hasher, body.data, body.size);
    buffer_deinit(&body);
    return hasher_finish(&hasher);
}

struct hash definition_content(const struct definition *definition)
{
    struct definition content = *definition;
    content.life = 0;
    content.version = 0;
    content.stamp = 0;
    content.edited_from = (struct hash){0};
    content.settles = NULL;
    content.settle_count = 0;
    content.schedule_version = 0;
    content.since = 0;
    content.authority_number = 0;
    return definition_hash("katydid-content-1", &content);
}

struct hash definition_schedule(const struct definition *definition)
{
    struct definition schedule = {
        .triggers = definition->triggers,
        .trigger_count = definition->trigger_count,
        .zone = definition->zone,
        .gap = definition->gap,
        .overlap = definition->overlap,
        .not_before_ms = definition->not_before_ms,
        .not_after_ms = definition->not_after_ms,
        .due_count = definition->due_count,
        .blackouts = definition->blackouts,
        .blackout_count = definition->blackout_count,
    };
    return definition_hash("katydid-schedule-1", &schedule);
}
