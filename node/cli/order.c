// `run`, `cancel`: orders, carried out once by whoever owns the job.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/scope.h"
#include "node/cli/commands.h"
#include "node/cli/job_view.h"
#include "node/cli/outcome.h"
#include "node/cli/print.h"
#include "node/cli/run_past.h"
#include "node/cli/run_ref.h"
#include "node/core/retry.h"
#include "node/core/trigger/duration.h"
#include "node/io/clock.h"

#define WITHIN_MS_DEFAULT (10LL * 60 * 1000)
#define WITHIN_MS_MAX     (7LL * 24 * 3600 * 1000)

static int read_within(const struct command_line *line, uint64_t *ret_ms)
{
    const char *text = command_line_find(line, "within");
    struct trigger_error error;
    *ret_ms = WITHIN_MS_DEFAULT;
    if (text && !duration_parse(text, ret_ms, &error))
        return print_usage("--within %s: %s", text, error.text);
    if (*ret_ms == 0 || *ret_ms > WITHIN_MS_MAX)
        return print_usage("--within %s: more than nothing and at most 7d", text);
    return COMMAND_DONE;
}

static struct order new_order(struct signer *signer, enum order_action action,
                              const struct definition *definition, uint64_t within_ms)
{
    struct order order = {.action = action, .life = definition->life};
    clock_entropy(order.random, sizeof order.random);
    memcpy(order.namespace_name, definition->namespace_name, NAME_ROOM);
    memcpy(order.name, definition->name, NAME_ROOM);
    order.not_before_ms = clock_wall_ms();
    order.not_after_ms = order.not_before_ms + (int64_t)within_ms;
    order.stamp = sign_stamp(signer);
    return order;
}

static void print_end(const struct control_run *row)
{
    char id[2 * RUN_ID_SIZE + 1], took[PRINT_ROOM] = "";
    hex_encode(row->run.b, RUN_ID_SIZE, id);
    if (row->started_ms && row->ended_ms)
        print_duration(row->ended_ms - row->started_ms, took);
    print_line("%s%s%s%s%s%s%s", ledger_status_text(row->status), row->reason[0] ? ": " : "", row->reason,
               row->node[0] ? ", on " : "", row->node, took[0] ? ", took " : "", took);
    if (row->has_run && row->output_bytes)
        print_line("log: katydid logs %.8s", id);
}

static json_t *end_document(const struct control_run *row)
{
    json_t *object = json_object();
    json_object_set_new(object, "run", row->has_run ? document_hex(&row->run, sizeof row->run) : json_null());
    json_object_set_new(object, "outcome", document_outcome(row->status));
    json_object_set_new(object, "reason", document_text_or_null(row->reason));
    json_object_set_new(object, "node", document_text_or_null(row->node));
    json_object_set_new(object, "exit_code",
                        row->exit_code >= 0 ? json_integer(row->exit_code) : json_null());
    return object;
}

static int wait_for_end(struct client *client, const struct record_id *order, json_t *document)
{
    char id[2 * HASH_SIZE + 1];
    struct control_reply reply;
    bool is_found;
    hex_encode(order, HASH_SIZE, id);
    client->waits_for_ever = true;
    int status = client_ask(client, &(struct control_request){.kind = CONTROL_WAIT, .job = "", .run = id},
                            &reply, &is_found);
    if (!is_found || reply.kind != CONTROL_REPLY_RUN)
        return status ? status
                      : print_failure("the agent does not say how the run ended; `katydid runs` shows it");
    if (document)
        json_object_update_new(document, end_document(&reply.is.run));
    else
        print_end(&reply.is.run);
    return reply.is.run.status == LEDGER_OK ? COMMAND_DONE : COMMAND_FAILED;
}

static int run_now(const struct command_line *line, struct session *session, const struct job_view *view,
                   uint64_t within_ms)
{
    struct buffer record = {0};
    bool is_json = command_line_has(line, "json");
    struct order order = new_order(&session->signer, ORDER_RUN, &view->signed_.definition, within_ms);
    if (run_past_is_meant(line))
        return run_past(line, session, view, &order);
    struct record_id id = sign_order(&session->signer, &order, &record);
    int status = session_put(session, &record);
    if (status != COMMAND_DONE)
        return status;
    json_t *document = is_json ? json_pack("{s:s, s:o}", "name", job_view_short(view->job), "order",
                                           document_hex(&id, sizeof id))
                               : NULL;
    if (command_line_has(line, "wait"))
        status = wait_for_end(&session->client, &id, document);
    else if (!is_json)
        print_line("asked for a run of %s; `katydid runs %s` shows it", job_view_short(view->job),
                   job_view_short(view->job));
    if (is_json)
        document_print(document);
    return status;
}

int commands_run(const struct command_line *line)
{
    struct session session = {0};
    struct job_view view = {0};
    char name[NAME_JOB_ROOM];
    uint64_t within_ms;
    int status = job_view_name(command_line_argument(line, 0), name);
    if (status == COMMAND_DONE)
        status = read_within(line, &within_ms);
    if (status != COMMAND_DONE)
        return status;
    status = session_open_signing(line, &session);
    if (status == COMMAND_DONE)
        status = job_view_open(&session.client, &session.trust, name, &view);
    if (status == COMMAND_DONE)
        status = sign_check(&session.signer, SCOPE_TRIGGER, view.signed_.definition.namespace_name, NULL);
    if (status == COMMAND_DONE && view.row->paused)
        status = print_failure("%s is paused; `katydid resume %s` first", job_view_short(name),
                               job_view_short(name));
    if (status == COMMAND_DONE)
        status = run_now(line, &session, &view, within_ms);
    job_view_close(&view);
    session_close(&session);
    return status;
}

// ---- cancel ----

static int cancel(const struct command_line *line, struct session *session, const struct job_view *view,
                  const struct run_id *run)
{
    struct buffer record = {0};
    char id[2 * RUN_ID_SIZE + 1] = "";
    struct order order =
        new_order(&session->signer, ORDER_CANCEL, &view->signed_.definition, WITHIN_MS_DEFAULT);
    if (run) {
        order.run = *run;
        hex_encode(run->b, RUN_ID_SIZE, id);
    }
    struct record_id record_id = sign_order(&session->signer, &order, &record);
    int status = session_put(session, &record);
    if (status != COMMAND_DONE)
        return status;
    if (command_line_has(line, "json"))
        document_print(json_pack("{s:s, s:o, s:o}", "name", job_view_short(view->job), "run",
                                 document_text_or_null(id), "order",
                                 document_hex(&record_id, sizeof record_id)));
    else
        print_line("asked to cancel %s%s%.8s", job_view_short(view->job), run ? ", run " : "", id);
    return COMMAND_DONE;
}

// Nothing is left of a run that has ended, unless another attempt follows it: then that is meant.
static bool has_ended(const struct control_run *row, const struct definition *definition)
{
    return row->ended_ms && !retry_is_wanted(definition, row->attempt, row->status);
}

int commands_cancel(const struct command_line *line)
{
    struct session session = {0};
    struct job_view view = {0};
    struct run_ref ref = {0};
    struct control_run row = {0};
    int status = session_open_signing(line, &session);
    if (status == COMMAND_DONE)
        status = run_ref_resolve(&session.client, command_line_argument(line, 0), &ref);
    if (status == COMMAND_DONE && ref.run[0]) {
        status = run_ref_find(&session.client, &ref, &row);
        if (status == COMMAND_DONE)
            snprintf(ref.job, sizeof ref.job, "%s", row.job);
    }
    if (status == COMMAND_DONE)
        status = job_view_open(&session.client, &session.trust, ref.job, &view);
    if (status == COMMAND_DONE && has_ended(&row, &view.signed_.definition))
        status = print_failure("run %s has ended already: %s", ref.run, ledger_status_text(row.status));
    if (status == COMMAND_DONE)
        status = sign_check(&session.signer, SCOPE_TRIGGER, view.signed_.definition.namespace_name, NULL);
    if (status == COMMAND_DONE)
        status = cancel(line, &session, &view, ref.run[0] ? &row.run : NULL);
    job_view_close(&view);
    session_close(&session);
    return status;
}
