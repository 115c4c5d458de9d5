#include "node/cli/job_view.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/local_time.h"
#include "node/cli/print.h"
#include "node/cli/trigger_view.h"

int job_view_name(const char *typed, char ret_job[NAME_JOB_ROOM])
{
    char namespace_name[NAME_ROOM], name[NAME_ROOM];
    if (!name_split_job(typed, namespace_name, name))
        return print_usage(
            "`%.80s` is no name of a job: letters, digits, `.`, `_` and `-`, at most %d, a letter or digit "
            "first, perhaps with a namespace and `/` before it",
            typed, LIMIT_NAME_SIZE_MAX);
    name_join_job(namespace_name, name, ret_job);
    return COMMAND_DONE;
}

const char *job_view_short(const char *job)
{
    return name_short_job(job);
}

int job_view_take(const struct trust *trust, const struct control_reply *reply, struct job_view *ret_view)
{
    *ret_view = (struct job_view){.reply = *reply};
    const struct control_job *row = &ret_view->reply.is.job;
    snprintf(ret_view->job, sizeof ret_view->job, "%s", row->job);
    if (row->definition.size == 0 && row->life % 2 == 0) {
        ret_view->dead_life = row->life;
        return COMMAND_DONE;
    }
    int status = trust_open_definition(trust, row->job, row->definition, &ret_view->signed_);
    if (status == COMMAND_DONE)
        ret_view->row = row;
    return status;
}

static int ask(struct client *client, const char *job, struct control_reply *ret_reply, bool *ret_found)
{
    struct control_request request = {.kind = CONTROL_JOB, .job = job, .run = ""};
    struct control_reply reply;
    bool is_found = false;
    client_send(client, &request);
    while (client_next(client, &reply)) {
        if (reply.kind != CONTROL_REPLY_JOB || is_found)
            continue;
        is_found = true;
        client_keep(client);
        *ret_reply = reply;
    }
    *ret_found = is_found;
    return (int)client->end.exit_status;
}

int job_view_open_or_none(struct client *client, const struct trust *trust, const char *job,
                          struct job_view *ret_view)
{
    struct control_reply reply;
    bool is_found;
    *ret_view = (struct job_view){0};
    int status = ask(client, job, &reply, &is_found);
    if (is_found && strcmp(reply.is.job.job, job) != 0)
        return print_failure("the agent shows %s for %s; do not trust it", reply.is.job.job, job);
    if (is_found)
        return job_view_take(trust, &reply, ret_view);
    if (status == COMMAND_NOT_FOUND) {
        snprintf(ret_view->job, sizeof ret_view->job, "%s", job);
        return COMMAND_DONE;
    }
    return client_end(client);
}

int job_view_open(struct client *client, const struct trust *trust, const char *job,
                  struct job_view *ret_view)
{
    int status = job_view_open_or_none(client, trust, job, ret_view);
    if (status != COMMAND_DONE || ret_view->row)
        return status;
    if (client->end.text[0])
        return print_status(COMMAND_NOT_FOUND, "%s", client->end.text);
    return print_status(COMMAND_NOT_FOUND, "there is no job %s; `katydid jobs` lists them",
                        job_view_short(job));
}

void job_view_base(const struct trust *trust, const struct job_view *view, struct job_change_base *ret)
{
    *ret = (struct job_change_base){.definition = &view->signed_.definition, .id = view->signed_.id.hash};
    for (size_t i = 0; i < view->row->conflict_count && ret->settle_count < LIMIT_SETTLED_COUNT_MAX; i++) {
        struct trust_definition other;
        if (trust_open_definition(trust, view->job, view->row->conflicts[i], &other) == COMMAND_DONE)
            ret->settles[ret->settle_count++] = other.id.hash;
        trust_close_definition(&other);
    }
}

void job_view_close(struct job_view *view)
{
    trust_close_definition(&view->signed_);
    *view = (struct job_view){0};
}

int job_view_each(struct client *client, const struct trust *trust, job_view_visit *visit, void *context)
{
    struct control_reply reply;
    int status = COMMAND_DONE;
    client_send(client, &(struct control_request){.kind = CONTROL_JOBS, .job = "", .run = ""});
    while (client_next(client, &reply)) {
        struct job_view view;
        if (reply.kind != CONTROL_REPLY_JOB || status != COMMAND_DONE)
            continue;
        status = job_view_take(trust, &reply, &view);
        if (status == COMMAND_DONE && view.row)
            status = visit(context, &view);
        job_view_close(&view);
    }
    int end = client_end(client);
    return status != COMMAND_DONE ? status : end;
}

static void add(struct buffer *out, const char *text)
{
    buffer_add(out, text, strlen(text));
}

void job_view_when(const struct definition *definition, const struct zone_file *zone, int64_t now_ms,
                   struct buffer *out)
{
    bool has_cron = false;
    for (size_t i = 0; i < definition->trigger_count; i++) {
        if (i)
            add(out, "; ");
        trigger_view_text(&definition->triggers[i], zone, now_ms, out);
        has_cron = has_cron || definition->triggers[i].kind == DEFINITION_CRON;
    }
    if (has_cron && strcmp(definition->zone, zone->name) != 0) {
        const char *slash = strrchr(definition->zone, '/');
        add(out, " (");
        add(out, slash ? slash + 1 : definition->zone);
        add(out, ")");
    }
    buffer_add_u8(out, 0);
}

void job_view_where(const struct definition *definition, struct buffer *out)
{
    bool is_first = true;
    if (definition->node[0]) {
        add(out, "node ");
        add(out, definition->node);
        is_first = false;
    }
    for (size_t i = 0; i < definition->where.count; i++) {
        add(out, is_first ? "" : ", ");
        add(out, definition->where.items[i].key);
        add(out, "=");
        add(out, definition->where.items[i].value);
        is_first = false;
    }
    if (is_first)
        add(out, definition->spread == DEFINITION_SPREAD_ALL ? "all" : "any");
    else if (definition->spread == DEFINITION_SPREAD_ALL)
        add(out, ", all");
    buffer_add_u8(out, 0);
}

json_t *job_view_triggers(const struct definition *definition)
{
    json_t *list = json_array();
    for (size_t i = 0; i < definition->trigger_count; i++)
        json_array_append_new(list, trigger_view_document(&definition->triggers[i]));
    return list;
}

static json_t *last_document(const struct control_job *row)
{
    if (!row->last_due_ms)
        return json_null();
    return json_pack("{s:o, s:o}", "due", document_time(row->last_due_ms), "outcome",
                     document_outcome(row->last_status));
}

json_t *job_view_document(const struct job_view *view)
{
    const struct control_job *row = view->row;
    const struct definition *definition = &view->signed_.definition;
    json_t *object = json_object(), *where = json_object();
    for (size_t i = 0; i < definition->where.count; i++)
        json_object_set_new(where, definition->where.items[i].key,
                            document_text(definition->where.items[i].value));
    json_object_set_new(object, "name", json_string(job_view_short(view->job)));
    json_object_set_new(object, "namespace", json_string(definition->namespace_name));
    json_object_set_new(object, "life", document_number(definition->life));
    json_object_set_new(object, "version", document_number(definition->version));
    json_object_set_new(object, "paused", json_boolean(row->paused));
    json_object_set_new(object, "running", json_boolean(row->running));
    json_object_set_new(object, "triggers", job_view_triggers(definition));
    json_object_set_new(object, "zone", document_text(definition->zone));
    json_object_set_new(object, "where", where);
    json_object_set_new(object, "node", document_text_or_null(definition->node));
    json_object_set_new(object, "spread",
                        json_string(definition->spread == DEFINITION_SPREAD_ALL ? "all" : "one"));
    json_object_set_new(object, "owner", document_text_or_null(row->owner));
    json_object_set_new(object, "next", document_time(row->paused ? 0 : row->next_ms));
    json_object_set_new(object, "last", last_document(row));
    json_object_set_new(object, "problem", document_text_or_null(row->problem));
    return object;
}
