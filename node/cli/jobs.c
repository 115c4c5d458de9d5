// `jobs`, `show`: the table, and one job with everything about it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/stamp.h"
#include "node/cli/commands.h"
#include "node/cli/grid.h"
#include "node/cli/job_view.h"
#include "node/cli/job_yaml.h"
#include "node/cli/local_time.h"
#include "node/cli/outcome.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/io/clock.h"

struct list {
    struct grid grid;
    struct zone_file zone;
    json_t *documents;
    bool is_json;
    size_t count;
};

static void describe_next(const struct job_view *view, const struct zone_file *zone, int64_t now_ms,
                          char out[128])
{
    char local[LOCAL_TIME_ROOM], distance[PRINT_ROOM];
    if (view->row->paused) {
        snprintf(out, 128, "paused");
    } else if (view->row->next_ms == 0) {
        snprintf(out, 128, "-");
    } else {
        local_time_short(zone->zone, view->row->next_ms, now_ms, local);
        print_relative(view->row->next_ms, now_ms, distance);
        snprintf(out, 128, "%s (%s)", local, distance);
    }
}

static void add_last(struct grid *grid, const struct job_view *view, const struct zone_file *zone,
                     int64_t now_ms)
{
    char local[LOCAL_TIME_ROOM], text[128];
    local_time_short(zone->zone, view->row->last_due_ms, now_ms, local);
    if (view->row->running)
        snprintf(text, sizeof text, "running");
    else
        snprintf(text, sizeof text, "%s %s", ledger_status_text(view->row->last_status), local);
    if (view->row->last_due_ms == 0 && !view->row->running)
        grid_add(grid, "-");
    else
        grid_add_colour(grid, text,
                        view->row->running ? TERMINAL_BLUE : outcome_colour(view->row->last_status));
}

static void add_row(struct list *list, const struct job_view *view)
{
    struct buffer when = {0}, where = {0};
    char next[128];
    int64_t now_ms = clock_wall_ms();
    job_view_when(&view->signed_.definition, &list->zone, now_ms, &when);
    job_view_where(&view->signed_.definition, &where);
    describe_next(view, &list->zone, now_ms, next);
    grid_add(&list->grid, job_view_short(view->job));
    grid_add(&list->grid, (const char *)when.data);
    grid_add(&list->grid, (const char *)where.data);
    grid_add(&list->grid, view->row->owner[0] ? view->row->owner : "-");
    grid_add_colour(&list->grid, next, view->row->paused ? TERMINAL_YELLOW : TERMINAL_PLAIN);
    add_last(&list->grid, view, &list->zone, now_ms);
    grid_add_colour(&list->grid, view->row->problem, TERMINAL_RED);
    buffer_deinit(&when);
    buffer_deinit(&where);
}

static int take_row(void *context, const struct job_view *view)
{
    struct list *list = context;
    list->count++;
    if (list->is_json)
        json_array_append_new(list->documents, job_view_document(view));
    else
        add_row(list, view);
    return COMMAND_DONE;
}

int commands_jobs(const struct command_line *line)
{
    static const char *const HEADINGS[] = {"NAME", "WHEN", "WHERE", "OWNER", "NEXT", "LAST", ""};
    struct session session;
    struct list list = {.documents = json_array(), .is_json = command_line_has(line, "json")};
    grid_init(&list.grid, HEADINGS, COUNT_OF(HEADINGS));
    zone_file_open_local(&list.zone);
    int status = session_open(line, &session);
    if (status == COMMAND_DONE)
        status = job_view_each(&session.client, &session.trust, take_row, &list);
    if (list.is_json && (status == COMMAND_DONE || status == COMMAND_PARTIAL))
        document_print(json_incref(list.documents));
    else if (list.count)
        grid_print(&list.grid, stdout);
    else if (status == COMMAND_DONE)
        print_notice("no jobs yet; `katydid help add` shows how to make one");
    json_decref(list.documents);
    grid_deinit(&list.grid);
    zone_file_close(&list.zone);
    session_close(&session);
    return status;
}

// ---- show ----

struct shown {
    const struct trust *trust;
    const struct job_view *view;
    struct zone_file zone;
    int64_t now_ms;
};

static void print_definition(const struct definition *definition, const char *name)
{
    struct buffer yaml = {0}, harmless = {0};
    job_yaml_print(definition, name, &yaml);
    terminal_escape(buffer_view(&yaml), TERMINAL_MANY_LINES, &harmless);
    fwrite(harmless.data, 1, harmless.size, stdout);
    buffer_deinit(&yaml);
    buffer_deinit(&harmless);
}

static void print_signature(const struct shown *shown)
{
    const struct trust_definition *definition = &shown->view->signed_;
    char local[LOCAL_TIME_ROOM];
    local_time_short(shown->zone.zone, stamp_wall_ms(definition->definition.stamp), shown->now_ms, local);
    print_line("signed    by %s, %s (life %llu, version %llu)%s%s", definition->signer, local,
               (unsigned long long)definition->definition.life,
               (unsigned long long)definition->definition.version,
               definition->permission ? "; does not run: " : "",
               definition->permission ? permission_text(definition->permission) : "");
}

static int print_pauses(const struct shown *shown)
{
    const struct control_job *row = shown->view->row;
    for (size_t i = 0; i < row->pause_count; i++) {
        struct trust_pause pause;
        char since[LOCAL_TIME_ROOM], until[LOCAL_TIME_ROOM];
        int status = trust_open_pause(shown->trust, shown->view->job, row->pauses[i], &pause);
        if (status != COMMAND_DONE)
            return status;
        local_time_short(shown->zone.zone, stamp_wall_ms(pause.pause.stamp), shown->now_ms, since);
        local_time_short(shown->zone.zone, pause.pause.until_ms, shown->now_ms, until);
        print_line("paused    by %s, %s%s%s%s%s", pause.signer, since, pause.pause.until_ms ? " until " : "",
                   pause.pause.until_ms ? until : "", pause.pause.note ? ": " : "",
                   pause.pause.note ? pause.pause.note : "");
        trust_close_pause(&pause);
    }
    return COMMAND_DONE;
}

static int print_conflicts(const struct shown *shown)
{
    const struct control_job *row = shown->view->row;
    for (size_t i = 0; i < row->conflict_count; i++) {
        struct trust_definition other;
        char when[LOCAL_TIME_ROOM];
        int status = trust_open_definition(shown->trust, shown->view->job, row->conflicts[i], &other);
        if (status != COMMAND_DONE)
            return status;
        local_time_short(shown->zone.zone, stamp_wall_ms(other.definition.stamp), shown->now_ms, when);
        print_line("conflict  %s wrote another version %llu (%s), which is not the one that runs:",
                   other.signer, (unsigned long long)other.definition.version, when);
        print_definition(&other.definition, job_view_short(shown->view->job));
        trust_close_definition(&other);
    }
    return COMMAND_DONE;
}

static void print_owners(const struct control_job *row)
{
    char keepers[256] = "";
    for (size_t i = 0; i < row->keeper_count; i++) {
        size_t used = strlen(keepers);
        snprintf(keepers + used, sizeof keepers - used, "%s%s", i ? ", " : "", row->keepers[i]);
    }
    print_line("owner     %s%s%s%s", row->owner[0] ? row->owner : "nobody", keepers[0] ? " (records at " : "",
               keepers, keepers[0] ? ")" : "");
}

static int print_job(const struct shown *shown)
{
    const struct control_job *row = shown->view->row;
    char next[128], last[LOCAL_TIME_ROOM];
    print_definition(&shown->view->signed_.definition, job_view_short(shown->view->job));
    printf("\n");
    describe_next(shown->view, &shown->zone, shown->now_ms, next);
    local_time_short(shown->zone.zone, row->last_due_ms, shown->now_ms, last);
    print_owners(row);
    print_line("next      %s", next);
    if (row->last_due_ms)
        print_line("last      %s %s%s", ledger_status_text(row->last_status), last,
                   row->running ? "; running now" : "");
    print_signature(shown);
    if (row->problem[0])
        print_line("problem   %s", row->problem);
    int status = print_pauses(shown);
    return status == COMMAND_DONE ? print_conflicts(shown) : status;
}

static int add_pause_documents(const struct shown *shown, json_t *list)
{
    for (size_t i = 0; i < shown->view->row->pause_count; i++) {
        struct trust_pause pause;
        int status = trust_open_pause(shown->trust, shown->view->job, shown->view->row->pauses[i], &pause);
        if (status != COMMAND_DONE)
            return status;
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "id",
                                              document_hex(&pause.id, sizeof pause.id), "by",
                                              document_text(pause.signer), "at",
                                              document_time(stamp_wall_ms(pause.pause.stamp)), "until",
                                              document_time(pause.pause.until_ms), "note",
                                              document_text_or_null(pause.pause.note)));
        trust_close_pause(&pause);
    }
    return COMMAND_DONE;
}

static json_t *definition_document(const struct trust_definition *signed_, const char *name)
{
    struct buffer yaml = {0};
    job_yaml_print(&signed_->definition, name, &yaml);
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:o}", "record", document_hex(&signed_->id, sizeof signed_->id), "version",
        document_number(signed_->definition.version), "by", document_text(signed_->signer), "at",
        document_time(stamp_wall_ms(signed_->definition.stamp)), "yaml", document_bytes(buffer_view(&yaml)));
    buffer_deinit(&yaml);
    return object;
}

static int add_conflict_documents(const struct shown *shown, json_t *list)
{
    for (size_t i = 0; i < shown->view->row->conflict_count; i++) {
        struct trust_definition other;
        int status =
            trust_open_definition(shown->trust, shown->view->job, shown->view->row->conflicts[i], &other);
        if (status != COMMAND_DONE)
            return status;
        json_array_append_new(list, definition_document(&other, job_view_short(shown->view->job)));
        trust_close_definition(&other);
    }
    return COMMAND_DONE;
}

static int print_document(const struct shown *shown)
{
    const struct control_job *row = shown->view->row;
    json_t *object = job_view_document(shown->view), *pauses = json_array(), *conflicts = json_array();
    json_object_set_new(object, "keepers", document_texts(row->keepers, row->keeper_count));
    json_object_set_new(object, "definition",
                        definition_document(&shown->view->signed_, job_view_short(shown->view->job)));
    json_object_set_new(object, "pauses", pauses);
    json_object_set_new(object, "conflicts", conflicts);
    int status = add_pause_documents(shown, pauses);
    if (status == COMMAND_DONE)
        status = add_conflict_documents(shown, conflicts);
    if (status == COMMAND_DONE)
        document_print(json_incref(object));
    json_decref(object);
    return status;
}

int commands_show(const struct command_line *line)
{
    struct session session = {0};
    struct job_view view = {0};
    char name[NAME_JOB_ROOM];
    int status = job_view_name(command_line_argument(line, 0), name);
    if (status != COMMAND_DONE)
        return status;
    status = session_open(line, &session);
    if (status == COMMAND_DONE)
        status = job_view_open(&session.client, &session.trust, name, &view);
    if (status == COMMAND_DONE) {
        struct shown shown = {.trust = &session.trust, .view = &view, .now_ms = clock_wall_ms()};
        zone_file_open_local(&shown.zone);
        status = command_line_has(line, "json") ? print_document(&shown) : print_job(&shown);
        zone_file_close(&shown.zone);
    }
    job_view_close(&view);
    session_close(&session);
    return status;
}
