#include "proto/definition.h"

#include <string.h>

#include "proto/codec.h"
#include "proto/definition.pb-c.h"

_Static_assert((int)DEFINITION_MALFORMED == (int)CODEC_MALFORMED, "one outcome");

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
    codec_check(codec, out->kind != DEFINITION_CRON || out->expression);
    codec_check(codec, out->kind != DEFINITION_EVERY || out->period_ms >= LIMIT_PERIOD_MS_MIN);
    codec_check(codec, out->kind != DEFINITION_AT || out->instant_count);
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
    out->catch_up = (enum definition_catch_up)codec_number(codec, in->catch_up, 0, DEFINITION_CATCH_UP_ALL);
    out->catch_up_within_ms = definition_span(codec, in->catch_up_within_ms);
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
    out->time_limit_ms = definition_span(codec, in->time_limit_ms);
    out->grace_ms = definition_span(codec, in->grace_ms);
    out->output_limit_bytes = codec_counter(codec, in->output_limit, 0);
}

static void definition_read_placement(struct codec *codec, const Katydid__Definition__Definition *in,
                                      struct definition *out)
{
    out->spread = (enum definition_spread)codec_number(codec, in->spread, 0, DEFINITION_SPREAD_ALL);
    out->where.count = in->n_where;
    struct label *labels = codec_array(codec, &out->where.count, LIMIT_LABEL_COUNT_MAX, sizeof *labels);
    for (size_t i = 0; i < out->where.count; i++)
        codec_label(codec, in->where[i]->key, in->where[i]->value, labels, i);
    out->where.items = labels;
    codec_name_or_empty(codec, in->node, out->node);
}

static void definition_read_policy(struct codec *codec, const Katydid__Definition__Definition *in,
                                   struct definition *out)
{
    out->busy = (enum definition_busy)codec_number(codec, in->busy, 0, DEFINITION_BUSY_ALLOW);
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
    out->schedule_version = codec_counter(codec, in->schedule_version, 0);
    out->since = codec_stamp(codec, in->since);
    out->authority_number = codec_counter(codec, in->authority_number, 0);
    out->need_count = in->n_needs;
    out->needs = codec_texts(codec, in->needs, &out->need_count, LIMIT_NEED_COUNT_MAX, LIMIT_NAME_SIZE_MAX);
    for (size_t i = 0; i < out->need_count; i++)
        codec_check(codec, name_is_valid(bytes_of_text(out->needs[i])));
    definition_read_schedule(codec, in, out);
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

static void definition_write_schedule(const struct definition *in, struct arena *room,
                                      Katydid__Definition__Definition *out)
{
    out->n_triggers = in->trigger_count;
    out->triggers = codec_put_messages(room, &katydid__definition__trigger__descriptor, in->trigger_count);
    for (size_t i = 0; i < in->trigger_count; i++) {
        const struct definition_trigger *trigger = &in->triggers[i];
        Katydid__Definition__Trigger *message = out->triggers[i];
        message->kind = (uint32_t)trigger->kind;
        message->expression = codec_put_text(trigger->expression);
        message->period_ms = trigger->period_ms;
        message->anchor_ms = trigger->anchor_ms;
        message->n_instants_ms = trigger->instant_count;
        message->instants_ms = (int64_t *)(uintptr_t)trigger->instants_ms; // packing only reads
        message->expires_ms = trigger->expires_ms;
        message->name = codec_put_text(trigger->name);
    }
    out->zone = codec_put_text(in->zone);
    out->gap = (uint32_t)in->gap;
    out->overlap = (uint32_t)in->overlap;
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
    out->time_limit_ms = in->time_limit_ms;
    out->grace_ms = in->grace_ms;
    out->output_limit = in->output_limit_bytes;
}

static void definition_write_placement(const struct definition *in, struct arena *room,
                                       Katydid__Definition__Definition *out)
{
    out->spread = (uint32_t)in->spread;
    out->n_where = in->where.count;
    out->where = codec_put_messages(room, &katydid__definition__pair__descriptor, in->where.count);
    for (size_t i = 0; i < in->where.count; i++) {
        out->where[i]->key = codec_put_text(in->where.items[i].key);
        out->where[i]->value = codec_put_text(in->where.items[i].value);
    }
    out->node = codec_put_text(in->node);
}

static void definition_write_policy(const struct definition *in, Katydid__Definition__Definition *out)
{
    out->catch_up = (uint32_t)in->catch_up;
    out->catch_up_within_ms = in->catch_up_within_ms;
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
    };
    return definition_hash("katydid-schedule-1", &schedule);
}
