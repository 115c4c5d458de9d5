#include "node/cli/run_past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/preview.h"
#include "node/cli/print.h"
#include "node/cli/time_option.h"
#include "node/core/backfill.h"
#include "node/io/clock.h"

enum {
    ROW_COUNT_MAX = 10000, // runs looked at to see what is missing
    ORDER_COUNT_MAX = 100, // stretches of due times
};

struct past {
    struct preview preview;
    int64_t from_ms, until_ms;
    struct past_due {
        int64_t due_ms;
        bool is_wanted;
    } dues[BACKFILL_COUNT_MAX]; // ascending
    size_t count;
};

bool run_past_is_meant(const struct command_line *line)
{
    return command_line_find(line, "from") || command_line_find(line, "until") ||
           command_line_has(line, "missing");
}

static int read_time(const struct command_line *line, const char *option, const struct zone *zone,
                     int64_t *ret_ms)
{
    const struct typed_time_context context = {zone, clock_wall_ms(), TYPED_TIME_PAST};
    struct typed_time time = {0};
    if (!command_line_has(line, option))
        return print_usage("--%s is missing: both --from and --until say which due times are meant", option);
    int status = time_option_read(line, option, &context, &time);
    *ret_ms = time.ms;
    return status;
}

static int read_range(const struct command_line *line, struct past *past)
{
    if (command_line_has(line, "wait"))
        return print_usage("--wait: it waits for one run; `katydid runs` shows how those of a range go");
    int status = read_time(line, "from", past->preview.zone.zone, &past->from_ms);
    if (status == COMMAND_DONE)
        status = read_time(line, "until", past->preview.zone.zone, &past->until_ms);
    if (status == COMMAND_DONE && past->until_ms < past->from_ms)
        return print_usage("--until lies before --from");
    if (status == COMMAND_DONE && past->until_ms > clock_wall_ms())
        return print_usage("--until lies ahead; what is to come runs by itself");
    return status;
}

static uint64_t count_dues(const struct past *past)
{
    uint64_t count = 0;
    int64_t last_ms;
    for (size_t i = 0; i < past->preview.due_count; i++)
        count += trigger_count_between(due_trigger(past->preview.dues[i]), past->from_ms - 1, past->until_ms,
                                       UINT32_MAX, &last_ms);
    return count;
}

static bool next(const struct past *past, int64_t after_ms, int64_t *ret_due_ms)
{
    int64_t due_ms, first_ms = INT64_MAX;
    for (size_t i = 0; i < past->preview.due_count; i++)
        if (trigger_next(due_trigger(past->preview.dues[i]), after_ms, &due_ms))
            first_ms = MIN_OF(first_ms, due_ms);
    *ret_due_ms = first_ms;
    return first_ms <= past->until_ms;
}

static int list_dues(const char *job, struct past *past)
{
    uint64_t count = count_dues(past);
    int64_t due_ms = past->from_ms - 1;
    if (count == 0)
        return print_failure("%s was not due then", job);
    if (count > BACKFILL_COUNT_MAX)
        return print_failure("%s was due %llu times then, and at most %d are run at once", job,
                             (unsigned long long)count, BACKFILL_COUNT_MAX);
    while (past->count < BACKFILL_COUNT_MAX && next(past, due_ms, &due_ms))
        past->dues[past->count++] = (struct past_due){due_ms, true};
    return COMMAND_DONE;
}

static void take_row(struct past *past, const struct control_run *row)
{
    bool is_of_schedule = row->trigger != OCCURRENCE_ORDER;
    for (size_t i = 0; is_of_schedule && row->status == LEDGER_OK && i < past->count; i++)
        if (past->dues[i].due_ms >= row->due_ms && past->dues[i].due_ms <= row->last_due_ms)
            past->dues[i].is_wanted = false;
}

// Leaves out what ended well.
static int find_missing(struct client *client, const char *job, struct past *past)
{
    const struct control_request request = {
        .kind = CONTROL_RUNS, .job = job, .run = "", .since_ms = past->from_ms, .limit = ROW_COUNT_MAX};
    struct control_reply reply;
    size_t rows = 0;
    client_send(client, &request);
    while (client_next(client, &reply)) {
        rows += reply.kind == CONTROL_REPLY_RUN;
        if (reply.kind == CONTROL_REPLY_RUN)
            take_row(past, &reply.is.run);
    }
    if (client->end.exit_status != COMMAND_DONE && client->end.exit_status != COMMAND_PARTIAL)
        return client_end(client);
    if (client->end.exit_status == COMMAND_PARTIAL)
        return print_failure("not all nodes could be asked what ran; leave out --missing to run all of them");
    if (rows >= ROW_COUNT_MAX)
        return print_failure("too much has run since then to see what is missing; give a later --from");
    return COMMAND_DONE;
}

static size_t count_stretches(const struct past *past)
{
    size_t count = 0;
    for (size_t i = 0; i < past->count; i++)
        count += past->dues[i].is_wanted && (i == 0 || !past->dues[i - 1].is_wanted);
    return count;
}

static int order_stretch(struct session *session, const struct order *shape, int64_t from_ms,
                         int64_t until_ms, json_t *ids)
{
    struct order order = *shape;
    struct buffer record = {0};
    order.from_ms = from_ms;
    order.until_ms = until_ms;
    clock_entropy(order.random, sizeof order.random);
    order.stamp = sign_stamp(&session->signer);
    struct record_id id = sign_order(&session->signer, &order, &record);
    json_array_append_new(ids, document_hex(&id, sizeof id));
    return session_put(session, &record);
}

static int order_all(struct session *session, const struct past *past, const struct order *shape, json_t *ids,
                     size_t *ret_count)
{
    int status = COMMAND_DONE;
    for (size_t i = 0; i < past->count && status == COMMAND_DONE; i++) {
        size_t first = i;
        if (!past->dues[i].is_wanted)
            continue;
        while (i + 1 < past->count && past->dues[i + 1].is_wanted)
            i++;
        *ret_count += i + 1 - first;
        status = order_stretch(session, shape, past->dues[first].due_ms, past->dues[i].due_ms, ids);
    }
    return status;
}

static int order_past(const struct command_line *line, struct session *session, const struct past *past,
                      const struct job_view *view, const struct order *shape)
{
    const char *job = job_view_short(view->job);
    json_t *ids = json_array();
    size_t count = 0;
    int status = order_all(session, past, shape, ids, &count);
    if (status == COMMAND_DONE && command_line_has(line, "json"))
        document_print(json_pack("{s:s, s:I, s:O}", "name", job, "count", (json_int_t)count, "orders", ids));
    else if (status == COMMAND_DONE)
        print_line("asked for %zu run%s of %s, one after another; `katydid runs %s` shows them", count,
                   count == 1 ? "" : "s", job, job);
    json_decref(ids);
    return status;
}

int run_past(const struct command_line *line, struct session *session, const struct job_view *view,
             const struct order *shape)
{
    struct past *past = base_alloc(1, sizeof *past);
    struct preview_error error;
    int status = COMMAND_DONE;
    if (preview_open_definition(&view->signed_.definition, NULL, &past->preview, &error))
        status = print_failure("trigger %zu: %s", error.index + 1, error.error.text);
    if (status == COMMAND_DONE)
        status = read_range(line, past);
    if (status == COMMAND_DONE)
        status = list_dues(job_view_short(view->job), past);
    if (status == COMMAND_DONE && command_line_has(line, "missing"))
        status = find_missing(&session->client, view->job, past);
    if (status == COMMAND_DONE && count_stretches(past) == 0)
        print_notice("nothing is missing: all of it ended well");
    else if (status == COMMAND_DONE && count_stretches(past) > ORDER_COUNT_MAX)
        status = print_failure("what is missing lies in %zu stretches, and at most %d are ordered at once",
                               count_stretches(past), ORDER_COUNT_MAX);
    else if (status == COMMAND_DONE)
        status = order_past(line, session, past, view, shape);
    preview_close(&past->preview);
    free(past);
    return status;
}
