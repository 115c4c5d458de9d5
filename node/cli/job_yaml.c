#include "node/cli/job_yaml.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "node/cli/terminal.h"
#include "node/core/trigger/duration.h"
#include "node/core/trigger/instant.h"

#define INDENT "    "

static void add(struct buffer *out, const char *text)
{
    buffer_add(out, text, strlen(text));
}

// "90s", "2h30m": digits and units that no YAML reader takes for a number.
static bool is_duration(const char *text)
{
    uint64_t ms;
    struct trigger_error ignored;
    return duration_parse(text, &ms, &ignored);
}

// Words and paths that no YAML reader takes for a number, a truth or a null.
static bool is_plain(const char *text)
{
    static const char *const SPECIAL[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
    size_t size = strlen(text);
    if (is_duration(text))
        return true;
    if (size == 0 || (!isalpha((unsigned char)text[0]) && text[0] != '/'))
        return false;
    for (size_t i = 0; i < COUNT_OF(SPECIAL); i++) {
        if (strcasecmp(text, SPECIAL[i]) == 0)
            return false;
    }
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.+-") == size;
}

// What YAML does not let stand in a double-quoted text as it is.
static bool needs_escape(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
           c == 0xfeff || c == 0xfffe || c == 0xffff;
}

void job_yaml_text(const char *text, struct buffer *out)
{
    struct bytes rest = bytes_of_text(text);
    if (is_plain(text)) {
        add(out, text);
        return;
    }
    add(out, "\"");
    while (rest.size) {
        uint32_t c = 0;
        char escaped[16];
        size_t size = terminal_decode(rest, &c);
        assert(size); // definitions hold valid UTF-8
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", (char)c);
        else if (c == '\n' || c == '\t')
            snprintf(escaped, sizeof escaped, "\\%c", c == '\n' ? 'n' : 't');
        else
            snprintf(escaped, sizeof escaped, c < 0x100 ? "\\x%02" PRIx32 : "\\u%04" PRIx32, c);
        if (needs_escape(c))
            add(out, escaped);
        else
            buffer_add(out, rest.data, size);
        rest = bytes_of(rest.data + size, rest.size - size);
    }
    add(out, "\"");
}

static void add_key(struct buffer *out, const char *key)
{
    add(out, INDENT);
    add(out, key);
    add(out, ": ");
}

static void add_text(struct buffer *out, const char *key, const char *text)
{
    if (!text || !text[0])
        return;
    add_key(out, key);
    job_yaml_text(text, out);
    add(out, "\n");
}

static void add_duration(struct buffer *out, const char *key, uint64_t ms)
{
    char text[DURATION_TEXT_SIZE];
    if (ms == 0)
        return;
    duration_print(ms, text);
    add_text(out, key, text);
}

static void add_number(struct buffer *out, const char *key, uint64_t number)
{
    char text[24];
    if (number == 0)
        return;
    snprintf(text, sizeof text, "%" PRIu64, number);
    add_key(out, key);
    add(out, text);
    add(out, "\n");
}

// An enumerator's word; the default is left out.
static void add_word(struct buffer *out, const char *key, unsigned value, const char *const *words)
{
    if (value)
        add_text(out, key, words[value]);
}

static void add_pairs(struct buffer *out, const struct definition *definition)
{
    if (definition->environment_count) {
        add_key(out, "env");
        add(out, "\n");
    }
    for (size_t i = 0; i < definition->environment_count; i++) {
        add(out, INDENT "  ");
        job_yaml_text(definition->environment[i].key, out);
        add(out, ": ");
        job_yaml_text(definition->environment[i].value, out);
        add(out, "\n");
    }
}

static void add_labels(struct buffer *out, const struct labels *labels)
{
    if (labels->count)
        add_key(out, "where");
    for (size_t i = 0; i < labels->count; i++) {
        add(out, i ? ", " : "{");
        job_yaml_text(labels->items[i].key, out);
        add(out, ": ");
        job_yaml_text(labels->items[i].value, out);
    }
    if (labels->count)
        add(out, "}\n");
}

static void add_arguments(struct buffer *out, const struct definition *definition)
{
    if (definition->argument_count)
        add_key(out, "run");
    for (size_t i = 0; i < definition->argument_count; i++) {
        add(out, i ? ", " : "[");
        job_yaml_text(definition->argv[i], out);
    }
    if (definition->argument_count)
        add(out, "]\n");
}

static void add_instant(struct buffer *out, int64_t at_ms)
{
    char text[INSTANT_TEXT_SIZE];
    instant_print(at_ms, text);
    job_yaml_text(text, out);
}

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
        add_key(out, "every");
    for (size_t i = 0; i < definition->trigger_count; i++) {
        const struct definition_trigger *trigger = &definition->triggers[i];
        char text[DURATION_TEXT_SIZE];
        if (trigger->kind != DEFINITION_EVERY)
            continue;
        duration_print(trigger->period_ms, text);
        if (count > 1)
            add(out, shown++ ? ", " : "[");
        add(out, "{period: ");
        job_yaml_text(text, out);
        add(out, ", anchor: ");
        add_instant(out, trigger->anchor_ms);
        add(out, "}");
    }
    if (count)
        add(out, count > 1 ? "]\n" : "\n");
}

static void add_instants(struct buffer *out, const struct definition *definition)
{
    uint64_t expires_ms = 0;
    size_t shown = 0;
    for (size_t i = 0; i < definition->trigger_count; i++) {
        const struct definition_trigger *trigger = &definition->triggers[i];
        for (size_t k = 0; trigger->kind == DEFINITION_AT && k < trigger->instant_count; k++) {
            if (shown == 0)
                add_key(out, "at");
            add(out, shown++ ? ", " : "[");
            add_instant(out, trigger->instants_ms[k]);
            expires_ms = trigger->expires_ms;
        }
    }
    if (shown)
        add(out, "]\n");
    add_duration(out, "expires", expires_ms);
}

static void add_expressions(struct buffer *out, const struct definition *definition)
{
    size_t count = count_triggers(definition, DEFINITION_CRON), shown = 0;
    if (count)
        add_key(out, "cron");
    for (size_t i = 0; i < definition->trigger_count; i++) {
        if (definition->triggers[i].kind != DEFINITION_CRON)
            continue;
        if (count > 1)
            add(out, shown++ ? ", " : "[");
        job_yaml_text(definition->triggers[i].expression, out);
    }
    if (count)
        add(out, count > 1 ? "]\n" : "\n");
}

static void add_schedule(struct buffer *out, const struct definition *definition)
{
    static const char *const GAPS[] = {"run-after", "skip"}, *const OVERLAPS[] = {"once", "twice"};
    static const char *const CATCH_UPS[] = {"last", "none", "all"};
    add_expressions(out, definition);
    add_periods(out, definition);
    add_instants(out, definition);
    add_text(out, "zone", definition->zone);
    add_word(out, "gap", definition->gap, GAPS);
    add_word(out, "overlap", definition->overlap, OVERLAPS);
    if (definition->catch_up_within_ms) {
        char within[DURATION_TEXT_SIZE], text[DURATION_TEXT_SIZE + 8];
        duration_print(definition->catch_up_within_ms, within);
        snprintf(text, sizeof text, "%s:%s", CATCH_UPS[definition->catch_up], within);
        add_text(out, "catch_up", text);
    } else {
        add_word(out, "catch_up", definition->catch_up, CATCH_UPS);
    }
}

static void add_retry(struct buffer *out, const struct definition *definition)
{
    char delay[DURATION_TEXT_SIZE], text[128];
    int size;
    if (!definition->retry_times && !definition->retry_delay_ms && !definition->retry_growth_milli)
        return;
    size = snprintf(text, sizeof text, "{times: %u", (unsigned)definition->retry_times);
    if (definition->retry_delay_ms) {
        duration_print(definition->retry_delay_ms, delay);
        size += snprintf(text + size, sizeof text - (size_t)size, ", delay: %s", delay);
    }
    if (definition->retry_growth_milli)
        size += snprintf(text + size, sizeof text - (size_t)size, ", growth: %u.%03u",
                         (unsigned)definition->retry_growth_milli / 1000,
                         (unsigned)definition->retry_growth_milli % 1000);
    add_key(out, "retry");
    buffer_add(out, text, (size_t)size);
    add(out, "}\n");
}

static void add_keep(struct buffer *out, const struct definition *definition)
{
    char span[DURATION_TEXT_SIZE], text[96] = "";
    if (!definition->keep_ms && !definition->keep_runs)
        return;
    duration_print(definition->keep_ms, span);
    if (definition->keep_ms && definition->keep_runs)
        snprintf(text, sizeof text, "{for: %s, runs: %u}\n", span, (unsigned)definition->keep_runs);
    else if (definition->keep_ms)
        snprintf(text, sizeof text, "{for: %s}\n", span);
    else
        snprintf(text, sizeof text, "{runs: %u}\n", (unsigned)definition->keep_runs);
    add_key(out, "keep");
    add(out, text);
}

void job_yaml_print(const struct definition *definition, const char *name, struct buffer *out)
{
    static const char *const SPREADS[] = {"one", "all"}, *const BUSY[] = {"skip", "queue", "replace",
                                                                          "allow"};
    static const char *const ON_LOST[] = {"rerun", "report"};
    add(out, "  ");
    job_yaml_text(name, out);
    add(out, ":\n");
    add_text(out, "note", definition->note);
    add_schedule(out, definition);
    add_arguments(out, definition);
    add_text(out, "shell", definition->shell);
    add_text(out, "user", definition->user);
    add_text(out, "directory", definition->directory);
    add_pairs(out, definition);
    add_text(out, "stdin", definition->standard_input);
    add_text(out, "node", definition->node);
    add_labels(out, &definition->where);
    add_word(out, "spread", definition->spread, SPREADS);
    add_duration(out, "time_limit", definition->time_limit_ms);
    add_duration(out, "grace", definition->grace_ms);
    add_number(out, "output_limit", definition->output_limit_bytes);
    add_word(out, "busy", definition->busy, BUSY);
    add_word(out, "on_lost", definition->on_lost, ON_LOST);
    add_retry(out, definition);
    add_keep(out, definition);
}
