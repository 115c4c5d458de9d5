#include "node/cli/trigger_view.h"

#include <string.h>

#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/core/trigger/trigger_text.h"

static const char *const OUTCOMES[] = {"ok", "not-ok", "any"};
static const char *const FROM[] = {"operators", "nodes", "any"};

static void add(struct buffer *out, const char *text)
{
    buffer_add(out, text, strlen(text));
}

void trigger_view_text(const struct definition_trigger *trigger, const struct zone_file *zone, int64_t now_ms,
                       struct buffer *out)
{
    char text[MAX_OF((int)LOCAL_TIME_ROOM, (int)TRIGGER_TEXT_SIZE)];
    if (trigger->kind == DEFINITION_CRON) {
        add(out, trigger->expression);
    } else if (trigger->kind == DEFINITION_AT) {
        local_time_short(zone->zone, trigger->instants_ms[0], now_ms, text);
        add(out, "at ");
        add(out, text);
        add(out, trigger->instant_count > 1 ? " ..." : "");
    } else {
        trigger_text_print(trigger, text);
        add(out, text);
    }
}

static json_t *document_bits(uint32_t bits, const char *const *words)
{
    json_t *list = json_array();
    for (size_t i = 0; bits >> i; i++)
        if (bits >> i & 1)
            json_array_append_new(list, json_string(words[i]));
    return list;
}

static json_t *document_labels(const struct labels *labels)
{
    json_t *object = json_object();
    for (size_t i = 0; i < labels->count; i++)
        json_object_set_new(object, labels->items[i].key, document_text(labels->items[i].value));
    return object;
}

static json_t *document_instants(const struct definition_trigger *trigger)
{
    json_t *times = json_array();
    for (size_t i = 0; i < trigger->instant_count; i++)
        json_array_append_new(times, document_time(trigger->instants_ms[i]));
    return times;
}

static void add_rate(json_t *object, const struct definition_trigger *trigger)
{
    if (trigger->quiet_ms)
        json_object_set_new(object, "quiet_for_ms", document_number(trigger->quiet_ms));
    if (trigger->throttle_ms)
        json_object_set_new(object, "throttle_ms", document_number(trigger->throttle_ms));
}

static void add_nodes(json_t *object, const struct definition_trigger *trigger)
{
    if (trigger->where.count)
        json_object_set_new(object, "where", document_labels(&trigger->where));
    if (trigger->node[0])
        json_object_set_new(object, "node", document_text(trigger->node));
}

static void add_jobs(json_t *object, const struct definition_trigger *trigger)
{
    json_t *jobs = json_array();
    for (size_t i = 0; i < trigger->job_count; i++)
        json_array_append_new(jobs, json_string(job_view_short(trigger->jobs[i])));
    json_object_set_new(object, "after", jobs);
    json_object_set_new(object, "outcome", json_string(OUTCOMES[trigger->outcome]));
    json_object_set_new(object, "wait", json_string(trigger->all ? "all" : "any"));
    json_object_set_new(object, "match", json_string(trigger->latest ? "latest" : "due"));
}

static void add_calendar(json_t *object, const struct definition_trigger *trigger)
{
    if (trigger->kind == DEFINITION_CRON)
        json_object_set_new(object, "cron", document_text(trigger->expression));
    else if (trigger->kind == DEFINITION_AT)
        json_object_set_new(object, "at", document_instants(trigger));
    else
        json_object_set_new(object, "every_ms", document_number(trigger->period_ms));
    if (trigger->kind == DEFINITION_EVERY && trigger->from_end)
        json_object_set_new(object, "from", json_string("end"));
    else if (trigger->kind == DEFINITION_EVERY)
        json_object_set_new(object, "anchor", document_time(trigger->anchor_ms));
    if (trigger->expires_ms)
        json_object_set_new(object, "expires_ms", document_number(trigger->expires_ms));
}

json_t *trigger_view_document(const struct definition_trigger *trigger)
{
    json_t *object = json_object();
    switch (trigger->kind) {
    case DEFINITION_CRON:
    case DEFINITION_EVERY:
    case DEFINITION_AT:
        add_calendar(object, trigger);
        break;
    case DEFINITION_EVENT:
        json_object_set_new(object, "event", json_string(job_view_short(trigger->name)));
        json_object_set_new(object, "from", json_string(FROM[trigger->from]));
        add_nodes(object, trigger);
        add_rate(object, trigger);
        break;
    case DEFINITION_AFTER:
        add_jobs(object, trigger);
        break;
    case DEFINITION_BOOT:
        json_object_set_new(object, "boot_delay_ms", document_number(trigger->delay_ms));
        break;
    case DEFINITION_MEMBER:
        json_object_set_new(object, "member", document_bits(trigger->changes, definition_member_changes));
        add_nodes(object, trigger);
        break;
    case DEFINITION_FILE:
        json_object_set_new(object, "file", document_text(trigger->path));
        if (trigger->name)
            json_object_set_new(object, "match", document_text(trigger->name));
        json_object_set_new(object, "on", document_bits(trigger->changes, definition_file_changes));
        add_rate(object, trigger);
        break;
    }
    return object;
}
