#include "node/cli/job_yaml.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/yaml_writer.h"
#include "node/core/trigger/duration.h"

static void add_pairs(struct buffer *out, const struct definition *definition)
{
    if (definition->environment_count)
        yaml_writer_add(out, "    env:\n");
    for (size_t i = 0; i < definition->environment_count; i++) {
        yaml_writer_add(out, "      ");
        yaml_writer_value(out, definition->environment[i].key);
        yaml_writer_add(out, ": ");
        yaml_writer_value(out, definition->environment[i].value);
        yaml_writer_add(out, "\n");
    }
}

static void add_labels(struct buffer *out, const struct labels *labels)
{
    if (!labels->count)
        return;
    yaml_writer_key(out, "where");
    yaml_writer_labels(out, labels);
    yaml_writer_add(out, "\n");
}

static void add_arguments(struct buffer *out, const struct definition *definition)
{
    if (definition->argument_count)
        yaml_writer_key(out, "run");
    for (size_t i = 0; i < definition->argument_count; i++) {
        yaml_writer_add(out, i ? ", " : "[");
        yaml_writer_value(out, definition->argv[i]);
    }
    if (definition->argument_count)
        yaml_writer_add(out, "]\n");
}

static void add_input(struct buffer *out, const struct definition *definition)
{
    const char *text = definition->standard_input;
    if (definition->event_input || !text || strcmp(text, "event") != 0)
        yaml_writer_text(out, "stdin", definition->event_input ? "event" : text);
    else
        yaml_writer_add(out, "    stdin: {text: event}\n");
}

static int print_growth(char *out, size_t room, uint32_t milli)
{
    if (milli % 1000 == 0)
        return snprintf(out, room, ", growth: %u", (unsigned)milli / 1000);
    int decimals = milli % 100 == 0 ? 1 : milli % 10 == 0 ? 2 : 3;
    unsigned rest = (unsigned)milli % 1000 / (decimals == 1 ? 100 : decimals == 2 ? 10 : 1);
    return snprintf(out, room, ", growth: %u.%0*u", (unsigned)milli / 1000, decimals, rest);
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
        size += print_growth(text + size, sizeof text - (size_t)size, definition->retry_growth_milli);
    yaml_writer_key(out, "retry");
    buffer_add(out, text, (size_t)size);
    yaml_writer_add(out, "}\n");
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
    yaml_writer_key(out, "keep");
    yaml_writer_add(out, text);
}

void job_yaml_print(const struct definition *definition, const char *name, struct buffer *out)
{
    static const char *const SPREADS[] = {"one", "all"}, *const BUSY[] = {"", "queue", "replace", "allow",
                                                                          "skip"};
    static const char *const ON_LOST[] = {"rerun", "report"};
    yaml_writer_add(out, "  ");
    yaml_writer_value(out, name);
    yaml_writer_add(out, ":\n");
    yaml_writer_text(out, "note", definition->note);
    job_yaml_schedule(out, definition);
    add_arguments(out, definition);
    yaml_writer_text(out, "shell", definition->shell);
    yaml_writer_text(out, "user", definition->user);
    yaml_writer_text(out, "directory", definition->directory);
    add_pairs(out, definition);
    add_input(out, definition);
    yaml_writer_text(out, "node", definition->node);
    add_labels(out, &definition->where);
    yaml_writer_word(out, "spread", definition->spread, SPREADS);
    yaml_writer_duration(out, "time_limit", definition->time_limit_ms);
    yaml_writer_duration(out, "grace", definition->grace_ms);
    yaml_writer_number(out, "output_limit", definition->output_limit_bytes);
    yaml_writer_word(out, "busy", definition->busy, BUSY);
    yaml_writer_word(out, "on_lost", definition->on_lost, ON_LOST);
    add_retry(out, definition);
    add_keep(out, definition);
}
