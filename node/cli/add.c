// `add`: the options become the same tree a job file would, so both know the same keys and errors.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/scope.h"
#include "node/cli/add_options.h"
#include "node/cli/commands.h"
#include "node/cli/cycle.h"
#include "node/cli/job_change.h"
#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/cli/person.h"
#include "node/cli/preview.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/io/clock.h"

enum {
    NEXT_COUNT = 3,
};

// Everything that can be checked without the fleet.
static int read_job(const struct command_line *line, const char *zone, struct arena *arena,
                    struct job_schema_job *job)
{
    struct job_schema_context context = {
        .zone = zone,
        .user = person_user(),
        .user_hint = "as root, say with whose rights the job runs: --user NAME, or --user root",
        .now_ms = clock_wall_ms(),
    };
    struct job_file_error error;
    struct job_file_node *map = job_file_map(arena);
    char name[NAME_JOB_ROOM];
    *job = (struct job_schema_job){0};
    int status = job_view_name(command_line_argument(line, 0), name);
    if (status == COMMAND_DONE && !name_split_job(name, job->definition.namespace_name, job->definition.name))
        status = COMMAND_USAGE;
    if (status == COMMAND_DONE)
        status = add_options_read(line, arena, map);
    if (status == COMMAND_DONE && !job_schema_read(map, &context, arena, job, &error))
        status = add_options_refuse(&error);
    return status;
}

// The word in `text` that smells of a secret; NULL when there is none.
static const char *find_secret_word(const char *text)
{
    static const char *const WORDS[] = {"password", "passwd", "secret", "token", "api_key", "apikey"};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        if (strcasestr(text, WORDS[i]))
            return WORDS[i];
    }
    return NULL;
}

static void warn_secrets(const struct definition *definition)
{
    const char *word = definition->shell ? find_secret_word(definition->shell) : NULL;
    for (size_t i = 0; i < definition->environment_count && !word; i++)
        word = find_secret_word(definition->environment[i].key);
    for (size_t i = 0; i < definition->argument_count && !word; i++)
        word = find_secret_word(definition->argv[i]);
    if (word)
        print_notice("`%s` in it: every member of the fleet can read a definition, so keep secrets in a file "
                     "on the node",
                     word);
}

static int check_future(const struct preview *preview, const struct definition *definition)
{
    char room[PREVIEW_WHY_ROOM];
    const char *why = preview_why_never(preview, definition, clock_wall_ms(), room);
    char text[ADD_OPTIONS_TEXT_ROOM];
    if (!why)
        return COMMAND_DONE;
    add_options_name(why, text);
    return print_failure("never due: %s; nothing was added", text);
}

static void print_next(const struct preview *preview)
{
    char local[LOCAL_TIME_ROOM], distance[PRINT_ROOM], mark[PREVIEW_MARK_ROOM];
    const struct zone *zone = preview->zone.zone;
    bool is_carried_out = false;
    int64_t now_ms = clock_wall_ms(), due_ms = now_ms;
    int count = 0;
    for (; count < NEXT_COUNT && preview_next(preview, due_ms, &due_ms); count++) {
        local_time_long(zone, due_ms, local);
        print_relative(due_ms, now_ms, distance);
        preview_mark(preview, zone, due_ms, now_ms, mark);
        is_carried_out |= !mark[0];
        print_line("%s  %s  %s%s%s", count ? "    " : "next", local, distance, mark[0] ? "  " : "", mark);
    }
    if (count && !is_carried_out) {
        preview_outside(preview, zone, due_ms, mark);
        print_line("      %s", mark);
    }
}

static json_t *next_document(const struct preview *preview)
{
    json_t *times = json_array();
    int64_t due_ms = clock_wall_ms();
    for (int i = 0; i < NEXT_COUNT && preview_next(preview, due_ms, &due_ms); i++)
        json_array_append_new(times, document_time(due_ms));
    return times;
}

static void print_added(const struct job_schema_job *job, const struct preview *preview, const char *name)
{
    const struct definition *definition = &job->definition;
    print_line("added %s, to run as %s", job_view_short(name), definition->user);
    if (job->needs_zone && !job->has_zone)
        print_line("zone  %s, the one of this machine; --zone says otherwise", definition->zone);
    print_next(preview);
    if (definition->spread == DEFINITION_SPREAD_ONE)
        print_line("note  at-least-once: while the fleet is split, each part of it runs the job");
}

static int sign_and_put(struct session *session, struct job_schema_job *job, const struct job_view *view,
                        struct record_id *ret_id)
{
    struct buffer record = {0};
    job_change_begin(&job->definition, view->dead_life + 1, sign_stamp(&session->signer));
    *ret_id = sign_definition(&session->signer, &job->definition, &record);
    return session_put(session, &record);
}

// A job nobody may run is taken all the same: the node may come later. But it is said.
static void notice_problem(struct session *session, const char *name)
{
    struct job_view view = {0};
    if (job_view_open_or_none(&session->client, &session->trust, name, &view) == COMMAND_DONE && view.row &&
        view.row->problem[0])
        print_notice("%s: %s", job_view_short(name), view.row->problem);
    job_view_close(&view);
}

static int add_to_fleet(const struct command_line *line, struct job_schema_job *job,
                        const struct preview *preview)
{
    struct session session;
    struct job_view view = {0};
    struct record_id id;
    char name[NAME_JOB_ROOM];
    const struct definition *definition = &job->definition;
    name_join_job(definition->namespace_name, definition->name, name);
    int status = session_open_signing(line, &session);
    if (status == COMMAND_DONE)
        status = sign_check(&session.signer, SCOPE_DEFINE, definition->namespace_name, definition->user);
    if (status == COMMAND_DONE)
        status = job_view_open_or_none(&session.client, &session.trust, name, &view);
    if (status == COMMAND_DONE && view.row)
        status = print_failure("job %s exists already; change it with `katydid edit %s` or `katydid apply`",
                               job_view_short(name), job_view_short(name));
    if (status == COMMAND_DONE)
        status = cycle_check(&session, definition);
    if (status == COMMAND_DONE)
        status = sign_and_put(&session, job, &view, &id);
    if (status == COMMAND_DONE && command_line_has(line, "json"))
        document_print(json_pack("{s:s, s:o, s:o, s:o}", "name", job_view_short(name), "life",
                                 document_number(definition->life), "record", document_hex(&id, sizeof id),
                                 "next", next_document(preview)));
    else if (status == COMMAND_DONE)
        print_added(job, preview, name);
    if (status == COMMAND_DONE)
        notice_problem(&session, name);
    job_view_close(&view);
    session_close(&session);
    return status;
}

int commands_add(const struct command_line *line)
{
    struct arena arena = {0};
    struct job_schema_job job;
    struct zone_file zone;
    struct preview preview;
    struct preview_error error;
    zone_file_open_local(&zone);
    int status = read_job(line, zone.name, &arena, &job);
    if (status == COMMAND_DONE && preview_open_definition(&job.definition, NULL, &preview, &error))
        status = print_failure("%s", error.error.text);
    else if (status == COMMAND_DONE) {
        status = check_future(&preview, &job.definition);
        if (status == COMMAND_DONE) {
            warn_secrets(&job.definition);
            status = add_to_fleet(line, &job, &preview);
        }
        preview_close(&preview);
    }
    zone_file_close(&zone);
    arena_deinit(&arena);
    return status;
}
