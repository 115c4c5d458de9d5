// `runs`: history, one row per due time (or per stretch of due times that went alike).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/grid.h"
#include "node/cli/job_time.h"
#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/cli/outcome.h"
#include "node/cli/print.h"
#include "node/cli/run_ref.h"
#include "node/cli/session.h"
#include "node/cli/time_option.h"
#include "node/io/clock.h"

enum {
    LIMIT_MAX = 10000,
};

struct row { // what is kept of a reply until all are here
    struct control_run run;
    char *job, *owner, *node, *reason, *trigger; // owned
};

struct list {
    struct zone_file zone;
    struct row *rows; // owned
    size_t count, capacity;
    size_t id_size;    // hexadecimal digits that tell all ids apart
    bool has_job;      // one job only: no column for it
    bool has_seconds;  // of some due time: then all show them
    bool has_triggers; // several of one job: then each row names its own
};

static void keep(struct list *list, const struct control_run *run)
{
    void *rows = list->rows;
    base_grow(&rows, &list->capacity, list->count + 1, sizeof *list->rows);
    list->rows = rows;
    list->rows[list->count++] = (struct row){
        .run = *run,
        .job = base_copy_text(run->job),
        .owner = base_copy_text(run->owner),
        .node = base_copy_text(run->node),
        .reason = base_copy_text(run->reason),
        .trigger = base_copy_text(run->trigger_text),
    };
}

static void forget(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->rows[i].job);
        free(list->rows[i].owner);
        free(list->rows[i].node);
        free(list->rows[i].reason);
        free(list->rows[i].trigger);
    }
    free(list->rows);
    zone_file_close(&list->zone);
}

// How many leading digits two ids share.
static size_t shared_digits(const struct run_id *a, const struct run_id *b)
{
    size_t i = 0;
    while (i < RUN_ID_SIZE && a->b[i] == b->b[i])
        i++;
    return i == RUN_ID_SIZE ? 2 * i : 2 * i + ((a->b[i] ^ b->b[i]) < 0x10);
}

static int compare_ids(const void *a, const void *b)
{
    const struct run_id *left = a, *right = b;
    return memcmp(left->b, right->b, RUN_ID_SIZE);
}

static size_t distinct_size(const struct list *list)
{
    size_t size = RUN_REF_SHOWN_SIZE, count = 0;
    struct run_id *ids = base_alloc(MAX_OF(list->count, (size_t)1), sizeof *ids);
    for (size_t i = 0; i < list->count; i++) {
        if (list->rows[i].run.has_run)
            ids[count++] = list->rows[i].run.run;
    }
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 1; i < count; i++) {
        if (!run_id_equal(&ids[i - 1], &ids[i]))
            size = MAX_OF(size, shared_digits(&ids[i - 1], &ids[i]) + 1);
    }
    free(ids);
    return MIN_OF(size, (size_t)2 * RUN_ID_SIZE);
}

static void describe_due(const struct list *list, const struct control_run *run, char out[128])
{
    char first[LOCAL_TIME_ROOM], last[LOCAL_TIME_ROOM];
    void (*print)(const struct zone *, int64_t, int64_t, char[LOCAL_TIME_ROOM]) =
        list->has_seconds ? local_time_exact : local_time_short;
    print(list->zone.zone, run->due_ms, clock_wall_ms(), first);
    print(list->zone.zone, run->last_due_ms, clock_wall_ms(), last);
    if (run->count > 1)
        snprintf(out, 128, "%s to %s (%llu)", first, last, (unsigned long long)run->count);
    else
        snprintf(out, 128, "%s%s", first, run->trigger == 0xffff ? " (by order)" : "");
}

static void add_row(const struct list *list, const struct row *row, struct grid *grid)
{
    const struct control_run *run = &row->run;
    char due[128], id[2 * RUN_ID_SIZE + 1] = "-", late[PRINT_ROOM] = "-", took[PRINT_ROOM] = "-",
                                        shown[PRINT_ROOM + 1];
    describe_due(list, run, due);
    if (run->has_run) {
        hex_encode(run->run.b, RUN_ID_SIZE, id);
        id[list->id_size] = '\0';
    }
    if (run->started_ms && run->due_ms) // what jitter puts off is not late
        print_duration(MAX_OF(run->started_ms - run->due_ms - (int64_t)run->jitter_ms, 0), late);
    if (run->started_ms && run->ended_ms && run->count <= 1)
        print_duration(run->ended_ms - run->started_ms, took);
    snprintf(shown, sizeof shown, "%s%s", late[0] == '-' ? "" : "+", late);
    if (!list->has_job)
        grid_add(grid, job_view_short(row->job));
    grid_add(grid, due);
    grid_add_colour(grid, ledger_status_text(run->status), outcome_colour(run->status));
    grid_add(grid, row->node[0] ? row->node : "-");
    grid_add(grid, shown);
    grid_add(grid, took);
    grid_add(grid, id);
    if (list->has_triggers)
        grid_add(grid, row->trigger[0] ? row->trigger : "-");
    grid_add(grid, row->reason);
}

static bool differ(const struct row *a, const struct row *b)
{
    return a->run.trigger != b->run.trigger && a->run.trigger != UINT16_MAX && b->run.trigger != UINT16_MAX &&
           strcmp(a->job, b->job) == 0;
}

static bool has_several_triggers(const struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = 0; k < i; k++)
            if (differ(&list->rows[i], &list->rows[k]))
                return true;
    return false;
}

static void print_grid(struct list *list)
{
    char due[ZONE_FILE_NAME_ROOM + 16];
    const char *headings[] = {"JOB", due, "OUTCOME", "NODE", "LATE", "TOOK", "RUN", "REASON", NULL};
    size_t count = COUNT_OF(headings) - 1;
    struct grid grid;
    list->has_triggers = has_several_triggers(list);
    if (list->has_triggers) {
        headings[count - 1] = "TRIGGER";
        headings[count++] = "REASON";
    }
    snprintf(due, sizeof due, "DUE (%s)", zone_file_city(&list->zone));
    grid_init(&grid, headings + list->has_job, count - list->has_job);
    list->id_size = distinct_size(list);
    for (size_t i = 0; i < list->count; i++)
        list->has_seconds |=
            (list->rows[i].run.due_ms / 1000 | list->rows[i].run.last_due_ms / 1000) % 60 != 0;
    for (size_t i = 0; i < list->count; i++)
        add_row(list, &list->rows[i], &grid);
    if (list->count)
        grid_print(&grid, stdout);
    grid_deinit(&grid);
}

static json_t *row_document(const struct row *row)
{
    const struct control_run *run = &row->run;
    json_t *object = json_object();
    bool has_ended = run->ended_ms != 0;
    json_object_set_new(object, "run", run->has_run ? document_hex(&run->run, sizeof run->run) : json_null());
    json_object_set_new(object, "job", document_text(job_view_short(row->job)));
    json_object_set_new(object, "due", document_time(run->due_ms));
    if (run->count > 1) {
        json_object_set_new(object, "last_due", document_time(run->last_due_ms));
        json_object_set_new(object, "count", document_number(run->count));
        json_object_set_new(object, "step_ms", document_number(run->step_ms));
    }
    json_object_set_new(object, "jitter_ms", document_number(run->jitter_ms));
    json_object_set_new(object, "attempt", document_number(run->attempt));
    json_object_set_new(object, "owner", document_text_or_null(row->owner));
    json_object_set_new(object, "node", document_text_or_null(row->node));
    json_object_set_new(object, "outcome", document_outcome(run->status));
    json_object_set_new(object, "reason", document_text_or_null(row->reason));
    json_object_set_new(object, "claimed", document_time(run->claimed_ms));
    json_object_set_new(object, "started", document_time(run->started_ms));
    json_object_set_new(object, "ended", document_time(run->ended_ms));
    json_object_set_new(object, "exit_code",
                        has_ended && run->exit_code >= 0 ? json_integer(run->exit_code) : json_null());
    json_object_set_new(object, "signal", run->signal ? json_integer(run->signal) : json_null());
    json_object_set_new(object, "copies", json_integer(run->copies));
    json_object_set_new(object, "output_bytes", document_number(run->output_bytes));
    json_object_set_new(object, "trigger", document_trigger(run->trigger, row->trigger));
    json_object_set_new(object, "by_order", json_boolean(run->trigger == 0xffff));
    json_object_set_new(object, "duplicate_of",
                        run->is_duplicate ? document_hex(&run->duplicate_of, sizeof run->duplicate_of)
                                          : json_null());
    return object;
}

static void print_document(const struct list *list, const struct control_reply *end)
{
    json_t *items = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(items, row_document(&list->rows[i]));
    document_print(json_pack("{s:o, s:b, s:o}", "items", items, "complete", end->complete, "unreachable",
                             document_texts(end->unreachable, end->unreachable_count)));
}

static int read_request(const struct command_line *line, const struct list *list,
                        struct control_request *request)
{
    const char *limit = command_line_find(line, "limit");
    struct typed_time_context context = {list->zone.zone, clock_wall_ms(), TYPED_TIME_PAST};
    struct typed_time time = {0};
    int status = time_option_read(line, "since", &context, &time);
    if (status != COMMAND_DONE)
        return status;
    if (limit && !command_line_parse_count(limit, LIMIT_MAX, &request->limit))
        return print_usage("--limit %s: write a number from 1 to %d", limit, LIMIT_MAX);
    request->since_ms = time.ms;
    request->failed = command_line_has(line, "failed");
    request->duplicates = command_line_has(line, "duplicates");
    return COMMAND_DONE;
}

static int take_rows(struct client *client, const struct control_request *request, struct list *list)
{
    struct control_reply reply;
    client_send(client, request);
    while (client_next(client, &reply)) {
        if (reply.kind == CONTROL_REPLY_RUN)
            keep(list, &reply.is.run);
    }
    return (int)client->end.exit_status;
}

static int show(const struct command_line *line, struct client *client, struct control_request *request,
                struct list *list)
{
    int status = take_rows(client, request, list);
    if (status != COMMAND_DONE && status != COMMAND_PARTIAL)
        return client_end(client);
    if (command_line_has(line, "json"))
        print_document(list, &client->end);
    else
        print_grid(list);
    if (list->count == 0 && status == COMMAND_DONE && !command_line_has(line, "json"))
        print_notice("nothing %s", request->failed       ? "failed"
                                   : request->duplicates ? "ran twice"
                                                         : "has been due yet");
    return client_end(client);
}

// Times of one job are those of its zone, as `why` reads them.
static int open_zone(const struct command_line *line, struct session *session, const char *job,
                     struct list *list)
{
    struct job_view view = {0};
    int status =
        list->has_job ? job_view_open_or_none(&session->client, &session->trust, job, &view) : COMMAND_DONE;
    if (status == COMMAND_DONE)
        status = job_time_open_zone(line, view.row ? &view.signed_.definition : NULL, &list->zone);
    job_view_close(&view);
    return status;
}

int commands_runs(const struct command_line *line)
{
    const char *typed = command_line_argument(line, 0);
    struct session session = {.client = {.socket = -1}};
    struct list list = {.has_job = typed != NULL};
    char name[NAME_JOB_ROOM] = "";
    struct control_request request = {.kind = CONTROL_RUNS, .job = name, .run = ""};
    int status = typed ? job_view_name(typed, name) : COMMAND_DONE;
    if (status == COMMAND_DONE)
        status = session_open(line, &session);
    if (status == COMMAND_DONE)
        status = open_zone(line, &session, name, &list);
    if (status == COMMAND_DONE)
        status = read_request(line, &list, &request);
    if (status == COMMAND_DONE)
        status = show(line, &session.client, &request, &list);
    session_close(&session);
    forget(&list);
    return status;
}
