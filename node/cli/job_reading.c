#include "node/cli/job_reading.h"

#include <string.h>

#include "node/core/trigger/instant.h"

bool job_reading_each(struct job_reading *reading, const struct job_file_node *node, job_reading_key *read)
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

static void note_jump(struct job_reading *reading, struct job_file_place place, const struct instant *instant)
{
    const struct typed_time time = {instant->ms, instant->kind, instant->local_s};
    if (instant->kind == ZONE_UNIQUE || reading->job->jump_note[0])
        return;
    typed_time_note(&time, reading->zone.zone, reading->job->jump_note);
    reading->job->jump_place = place;
}

bool job_reading_instant(struct job_reading *reading, const struct job_file_node *node, int64_t *ret_ms)
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
    note_jump(reading, node->place, &instant);
    *ret_ms = instant.ms;
    return true;
}

bool job_reading_span(struct job_reading *reading, const struct job_file_node *map, const char *key,
                      uint64_t *ret_ms)
{
    const struct job_file_node *node = job_file_find(map, key);
    *ret_ms = 0;
    return !node || job_value_duration(&reading->value, node, ret_ms);
}
