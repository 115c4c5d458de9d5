// The part of job_yaml.h that says when: triggers, zone and what bends due times.
#include "node/cli/job_trigger.h"
#include "node/cli/job_yaml.h"
#include "node/cli/yaml_writer.h"
#include "node/core/trigger/duration.h"

static size_t count_triggers(const struct definition *definition, enum definition_trigger_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < definition->trigger_count; i++)
        count += definition->triggers[i].kind == kind;
    return count;
}

static void add_periods(struct buffer *out, const struct definition *definition)
{
    size_t count = count_triggers(definition, DEFINITION_EVERY), shown = 0;
    if (count)
        yaml_writer_key(out, "every");
    for (size_t i = 0; i < definition->trigger_count; i++) {
        const struct definition_trigger *trigger = &definition->triggers[i];
        char text[DURATION_TEXT_SIZE];
        if (trigger->kind != DEFINITION_EVERY)
            continue;
        duration_print(trigger->period_ms, text);
        if (count > 1)
            yaml_writer_add(out, shown++ ? ", " : "[");
        yaml_writer_add(out, "{period: ");
        yaml_writer_value(out, text);
        yaml_writer_add(out, trigger->from_end ? ", from: end" : ", anchor: ");
        if (!trigger->from_end)
            yaml_writer_instant(out, trigger->anchor_ms);
        yaml_writer_add(out, "}");
    }
    if (count)
        yaml_writer_add(out, count > 1 ? "]\n" : "\n");
}

static void add_instants(struct buffer *out, const struct definition *definition)
{
    uint64_t expires_ms = 0;
    size_t shown = 0;
    for (size_t i = 0; i < definition->trigger_count; i++) {
        const struct definition_trigger *trigger = &definition->triggers[i];
        for (size_t k = 0; trigger->kind == DEFINITION_AT && k < trigger->instant_count; k++) {
            if (shown == 0)
                yaml_writer_key(out, "at");
            yaml_writer_add(out, shown++ ? ", " : "[");
            yaml_writer_instant(out, trigger->instants_ms[k]);
            expires_ms = trigger->expires_ms;
        }
    }
    if (shown)
        yaml_writer_add(out, "]\n");
    yaml_writer_duration(out, "expires", expires_ms);
}

static void add_expressions(struct buffer *out, const struct definition *definition)
{
    size_t count = count_triggers(definition, DEFINITION_CRON), shown = 0;
    if (count)
        yaml_writer_key(out, "cron");
    for (size_t i = 0; i < definition->trigger_count; i++) {
        if (definition->triggers[i].kind != DEFINITION_CRON)
            continue;
        if (count > 1)
            yaml_writer_add(out, shown++ ? ", " : "[");
        yaml_writer_value(out, definition->triggers[i].expression);
    }
    if (count)
        yaml_writer_add(out, count > 1 ? "]\n" : "\n");
}

static void add_event(struct buffer *out, const struct definition_trigger *trigger)
{
    static const char *const FROM[] = {NULL, "nodes", "any"};
    size_t shown = 0;
    yaml_writer_text_entry(out, &shown, "name", trigger->name);
    if (trigger->where.count)
        yaml_writer_labels_entry(out, &shown, "from", &trigger->where);
    else
        yaml_writer_text_entry(out, &shown, "from", FROM[trigger->from]);
    yaml_writer_span_entry(out, &shown, "quiet_for", trigger->quiet_ms);
    yaml_writer_span_entry(out, &shown, "throttle", trigger->throttle_ms);
    yaml_writer_add(out, "}");
}

static void add_file(struct buffer *out, const struct definition_trigger *trigger)
{
    size_t shown = 0;
    yaml_writer_text_entry(out, &shown, "path", trigger->path);
    yaml_writer_text_entry(out, &shown, "match", trigger->name);
    yaml_writer_bits_entry(out, &shown, trigger->changes, definition_file_changes);
    yaml_writer_span_entry(out, &shown, "quiet_for", trigger->quiet_ms);
    yaml_writer_span_entry(out, &shown, "throttle", trigger->throttle_ms);
    yaml_writer_add(out, "}");
}

static void add_after(struct buffer *out, const struct definition_trigger *trigger)
{
    static const char *const OUTCOMES[] = {"ok", "not-ok", "any"};
    size_t shown = 0;
    yaml_writer_entry(out, &shown, "jobs");
    for (size_t i = 0; i < trigger->job_count; i++) {
        yaml_writer_add(out, i ? ", " : "[");
        yaml_writer_value(out, trigger->jobs[i]);
    }
    yaml_writer_add(out, "]");
    yaml_writer_text_entry(out, &shown, "outcome", OUTCOMES[trigger->outcome]);
    if (trigger->job_count > 1)
        yaml_writer_text_entry(out, &shown, "wait", trigger->all ? "all" : "any");
    yaml_writer_text_entry(out, &shown, "match", trigger->latest ? "latest" : NULL);
    yaml_writer_add(out, "}");
}

static void add_boot(struct buffer *out, const struct definition_trigger *trigger)
{
    size_t shown = 0;
    yaml_writer_span_entry(out, &shown, "delay", trigger->delay_ms);
    yaml_writer_add(out, shown ? "}" : "true");
}

static void add_member(struct buffer *out, const struct definition_trigger *trigger)
{
    size_t shown = 0;
    yaml_writer_bits_entry(out, &shown, trigger->changes, definition_member_changes);
    yaml_writer_labels_entry(out, &shown, "where", &trigger->where);
    yaml_writer_text_entry(out, &shown, "node", trigger->node);
    yaml_writer_add(out, "}");
}

// All triggers of one kind that is no calendar: one, or a list of them.
static void add_happenings(struct buffer *out, const struct definition *definition,
                           enum definition_trigger_kind kind)
{
    static void (*const PRINT[])(struct buffer *, const struct definition_trigger *) = {
        [DEFINITION_EVENT] = add_event,   [DEFINITION_AFTER] = add_after, [DEFINITION_BOOT] = add_boot,
        [DEFINITION_MEMBER] = add_member, [DEFINITION_FILE] = add_file,
    };
    size_t count = count_triggers(definition, kind), shown = 0;
    if (!count)
        return;
    yaml_writer_key(out, job_trigger_name(kind));
    for (size_t i = 0; i < definition->trigger_count; i++) {
        if (definition->triggers[i].kind != kind)
            continue;
        if (count > 1)
            yaml_writer_add(out, shown++ ? ", " : "[");
        PRINT[kind](out, &definition->triggers[i]);
    }
    yaml_writer_add(out, count > 1 ? "]\n" : "\n");
}

static void add_instant_key(struct buffer *out, const char *key, int64_t at_ms)
{
    if (!at_ms)
        return;
    yaml_writer_key(out, key);
    yaml_writer_instant(out, at_ms);
    yaml_writer_add(out, "\n");
}

static void add_blackouts(struct buffer *out, const struct definition *definition)
{
    if (!definition->blackout_count)
        return;
    yaml_writer_key(out, "blackout");
    for (size_t i = 0; i < definition->blackout_count; i++) {
        const struct definition_blackout *blackout = &definition->blackouts[i];
        size_t shown = 0;
        yaml_writer_add(out, i ? ", " : "[");
        yaml_writer_text_entry(out, &shown, "cron", blackout->expression);
        if (blackout->expression) {
            yaml_writer_span_entry(out, &shown, "for", blackout->length_ms);
        } else {
            yaml_writer_entry(out, &shown, "from");
            yaml_writer_instant(out, blackout->from_ms);
            yaml_writer_entry(out, &shown, "until");
            yaml_writer_instant(out, blackout->from_ms + (int64_t)blackout->length_ms);
        }
        yaml_writer_add(out, "}");
    }
    yaml_writer_add(out, "]\n");
}

static void add_catch_up(struct buffer *out, const struct definition *definition)
{
    static const char *const CATCH_UPS[] = {"last", "none", "all"};
    size_t shown = 0;
    if (!definition->catch_up_within_ms && !definition->catch_up_spread_ms) {
        yaml_writer_word(out, "catch_up", definition->catch_up, CATCH_UPS);
        return;
    }
    yaml_writer_key(out, "catch_up");
    yaml_writer_text_entry(out, &shown, "run", CATCH_UPS[definition->catch_up]);
    yaml_writer_span_entry(out, &shown, "within", definition->catch_up_within_ms);
    yaml_writer_span_entry(out, &shown, "spread", definition->catch_up_spread_ms);
    yaml_writer_add(out, "}\n");
}

static void add_modifiers(struct buffer *out, const struct definition *definition)
{
    add_catch_up(out, definition);
    yaml_writer_duration(out, "jitter", definition->jitter_ms);
    add_instant_key(out, "not_before", definition->not_before_ms);
    add_instant_key(out, "not_after", definition->not_after_ms);
    yaml_writer_number(out, "count", definition->due_count);
    add_blackouts(out, definition);
    yaml_writer_duration(out, "max_clock_error", definition->max_clock_error_ms);
}

void job_yaml_schedule(struct buffer *out, const struct definition *definition)
{
    static const char *const GAPS[] = {"run-after", "skip"}, *const OVERLAPS[] = {"once", "twice"};
    add_expressions(out, definition);
    add_periods(out, definition);
    add_instants(out, definition);
    for (int kind = DEFINITION_EVENT; kind <= DEFINITION_FILE; kind++)
        add_happenings(out, definition, (enum definition_trigger_kind)kind);
    yaml_writer_text(out, "zone", definition->zone);
    yaml_writer_word(out, "gap", definition->gap, GAPS);
    yaml_writer_word(out, "overlap", definition->overlap, OVERLAPS);
    add_modifiers(out, definition);
}
