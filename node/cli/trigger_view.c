#include "node/cli/trigger_view.h"

#include <string.h>

#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/core/trigger/duration.h"

_Static_assert((int)DURATION_TEXT_SIZE <= (int)LOCAL_TIME_ROOM, "one room for both");

static const char *const OUTCOMES[] = {"ok", "not-ok", "any"};
static const char *const FROM[] = {"operators", "nodes", "any"};

static void add(struct buffer *out, const char *text)
{
    buffer_add(out, text, strlen(text));
}

static void add_every(const struct definition_trigger *trigger, struct buffer *out)
{
    char text[DURATION_TEXT_SIZE];
    duration_print(trigger->period_ms, text);
    add(out, "every ");
    add(out, text);
    if (trigger->from_end)
        add(out, " from the end");
}

static void add_after(const struct definition_trigger *trigger, struct buffer *out)
{
    add(out, "after ");
    for (size_t i = 0; i < trigger->job_count; i++) {
        if (i)
            add(out, trigger->all ? " and " : " or ");
        add(out, job_view_short(trigger->jobs[i]));
    }
    if (trigger->outcome != DEFINITION_OUTCOME_OK) {
        add(out, " ");
        add(out, OUTCOMES[trigger->outcome]);
    }
}

static void add_member(const struct definition_trigger *trigger, struct buffer *out)
{
    bool is_first = true;
    for (size_t i = 0; i < DEFINITION_MEMBER_CHANGE_COUNT; i++) {
        if (!(trigger->changes >> i & 1))
            continue;
        add(out, is_first ? "" : " or ");
        add(out, definition_member_changes[i]);
        is_first = false;
    }
    if (trigger->node[0] || trigger->where.count)
        add(out, " of ");
    add(out, trigger->node);
    for (size_t i = 0; i < trigger->where.count; i++) {
        add(out, i || trigger->node[0] ? ", " : "");
        add(out, trigger->where.items[i].key);
        add(out, "=");
        add(out, trigger->where.items[i].value);
    }
}

static void add_file(const struct definition_trigger *trigger, struct buffer *out)
{
    add(out, "file ");
    add(out, trigger->path);
    if (trigger->name) {
        add(out, trigger->path[strlen(trigger->path) - 1] == '/' ? "" : "/");
        add(out, trigger->name);
    }
}

void trigger_view_text(const struct definition_trigger *trigger, const struct zone_file *zone, int64_t now_ms,
                       struct buffer *out)
{
    char text[LOCAL_TIME_ROOM];
    switch (trigger->kind) {
    case DEFINITION_CRON:
        add(out, trigger->expression);
        break;
    case DEFINITION_EVERY:
        add_every(trigger, out);
        break;
    case DEFINITION_AT:
        local_time_short(zone->zone, trigger->instants_ms[0], now_ms, text);
        add(out, "at ");
        add(out, text);
        add(out, trigger->instant_count > 1 ? " ..." : "");
        break;
    case DEFINITION_EVENT:
        add(out, "event ");
        add(out, job_view_short(trigger->name));
        break;
    case DEFINITION_AFTER:
        add_after(trigger, out);
        break;
    case DEFINITION_BOOT:
        duration_print(trigger->delay_ms, text);
        add(out, "boot");
        add(out, trigger->delay_ms ? " + " : "");
        add(out, trigger->delay_ms ? text : "");
        break;
    case DEFINITION_MEMBER:
        add_member(trigger, out);
        break;
    case DEFINITION_FILE:
        add_file(trigger, out);
        break;
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
