// `add`: the options become the same tree a job file would, so both know the same keys and errors.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crdt/scope.h"
#include "node/cli/commands.h"
#include "node/cli/cycle.h"
#include "node/cli/job_change.h"
#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/cli/person.h"
#include "node/cli/preview.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/cli/typed_time.h"
#include "node/core/trigger/instant.h"
#include "node/io/clock.h"

enum {
    NEXT_COUNT = 3,
};

// Options that hold one value each, and their keys in a job file.
static const struct {
    const char *option;
    const char *key;
} PLAIN[] = {
    {"expires", "expires"},
    {"zone", "zone"},
    {"dst-gap", "gap"},
    {"dst-overlap", "overlap"},
    {"catch-up", "catch_up"},
    {"boot", "boot"},
    {"jitter", "jitter"},
    {"not-before", "not_before"},
    {"not-after", "not_after"},
    {"count", "count"},
    {"max-clock-error", "max_clock_error"},
    {"shell", "shell"},
    {"user", "user"},
    {"directory", "directory"},
    {"stdin", "stdin"},
    {"time-limit", "time_limit"},
    {"grace", "grace"},
    {"output-limit", "output_limit"},
    {"spread", "spread"},
    {"node", "node"},
    {"busy", "busy"},
    {"on-lost", "on_lost"},
    {"note", "note"},
};

// Lists and maps: repeated options, or several under one key.
static const struct {
    const char *option;
    const char *key;
} JOINED[] = {{"cron", "cron"},         {"at", "at"},        {"where", "where"},
              {"env", "env"},           {"retry", "retry"},  {"retry-delay", "retry"},
              {"blackout", "blackout"}, {"member", "member"}};

// Options that are keys of one map, under the key of the first.
struct group {
    const char *key; // of the job
    struct {
        const char *option;
        const char *key; // in the map
    } parts[4];
};
static const struct group GROUPS[] = {
    {"event",
     {{"event", "name"}, {"event-from", "from"}, {"quiet-for", "quiet_for"}, {"throttle", "throttle"}}},
    {"file",
     {{"file", "path"}, {"file-match", "match"}, {"quiet-for", "quiet_for"}, {"throttle", "throttle"}}},
    {"after", {{"after", "jobs"}, {"outcome", "outcome"}, {"wait", "wait"}, {"match", "match"}}},
    {"every", {{"every", "period"}, {"every-from", "from"}}},
};

// --at also takes what people say ("tomorrow 02:30", "in 1h"): it is written down as the instant it means.
static const char *settle_instant(const struct command_line *line, struct arena *arena, const char *text)
{
    const char *name = command_line_find(line, "zone");
    struct zone_file zone;
    struct typed_time time;
    struct trigger_error error;
    char why[160], written[INSTANT_TEXT_SIZE];
    if (!name || strcmp(name, "local") == 0)
        zone_file_open_local(&zone);
    else if (zone_file_open(name, &zone, why))
        return text; // said when the zone itself is read
    struct typed_time_context context = {zone.zone, clock_wall_ms(), TYPED_TIME_FUTURE};
    bool is_read = typed_time_parse(text, &context, &time, &error);
    zone_file_close(&zone);
    if (!is_read)
        return text; // said when the trigger is read
    if (time.kind == ZONE_GAP)
        print_notice("--at %s: the clock jumps over that time; right after the jump is meant", text);
    if (time.kind == ZONE_OVERLAP)
        print_notice("--at %s: the clock shows that time twice; the first is meant", text);
    instant_print(time.ms, written);
    return arena_text(arena, bytes_of_text(written));
}

static void add_list(const struct command_line *line, const char *option, struct arena *arena,
                     struct job_file_node *map)
{
    struct job_file_node *list = job_file_list(arena);
    const char *text;
    bool is_time = strcmp(option, "at") == 0;
    for (size_t i = 0; (text = command_line_find_nth(line, option, i)); i++)
        job_file_append(arena, list,
                        job_file_scalar(arena, is_time ? settle_instant(line, arena, text) : text));
    if (list->count)
        job_file_set(arena, map, option, list);
}

// --where K=V, --env K=V.
static int add_pairs(const struct command_line *line, const char *option, struct arena *arena,
                     struct job_file_node *map)
{
    struct job_file_node *pairs = job_file_map(arena);
    const char *text;
    for (size_t i = 0; (text = command_line_find_nth(line, option, i)); i++) {
        const char *equals = strchr(text, '=');
        if (!equals || equals == text)
            return print_usage("--%s %s: write --%s NAME=VALUE", option, text, option);
        const char *key = arena_text(arena, bytes_of(text, (size_t)(equals - text)));
        job_file_set(arena, pairs, key, job_file_scalar(arena, equals + 1));
    }
    if (pairs->count)
        job_file_set(arena, map, option, pairs);
    return COMMAND_DONE;
}

static int add_retry(const struct command_line *line, struct arena *arena, struct job_file_node *map)
{
    const char *times = command_line_find(line, "retry"), *delay = command_line_find(line, "retry-delay");
    if (!times && delay)
        return print_usage("--retry-delay goes with --retry N, which is missing");
    if (!times)
        return COMMAND_DONE;
    struct job_file_node *retry = job_file_map(arena);
    job_file_set(arena, retry, "times", job_file_scalar(arena, times));
    if (delay)
        job_file_set(arena, retry, "delay", job_file_scalar(arena, delay));
    job_file_set(arena, map, "retry", retry);
    return COMMAND_DONE;
}

static void add_group(const struct command_line *line, const struct group *group, struct arena *arena,
                      struct job_file_node *map)
{
    struct job_file_node *keys = job_file_map(arena);
    if (!command_line_has(line, group->parts[0].option))
        return;
    for (size_t i = 0; i < COUNT_OF(group->parts) && group->parts[i].option; i++) {
        struct job_file_node *list = job_file_list(arena);
        const char *text;
        for (size_t k = 0; (text = command_line_find_nth(line, group->parts[i].option, k)); k++)
            job_file_append(arena, list, job_file_scalar(arena, text));
        if (list->count)
            job_file_set(arena, keys, group->parts[i].key, list->count == 1 ? list->items[0] : list);
    }
    job_file_set(arena, map, group->key, keys);
}

// An option that only makes sense beside another one.
static int check_groups(const struct command_line *line)
{
    for (size_t i = 0; i < COUNT_OF(GROUPS); i++) {
        for (size_t k = 1; k < COUNT_OF(GROUPS[i].parts) && GROUPS[i].parts[k].option; k++) {
            const char *option = GROUPS[i].parts[k].option, *lead = GROUPS[i].parts[0].option;
            bool is_shared = strcmp(option, "quiet-for") == 0 || strcmp(option, "throttle") == 0;
            if (is_shared && (command_line_has(line, "event") || command_line_has(line, "file")))
                continue;
            if (command_line_has(line, option) && !command_line_has(line, lead))
                return print_usage("--%s goes with --%s%s, which is missing", option, lead,
                                   is_shared ? " or --file" : "");
        }
    }
    return COMMAND_DONE;
}

static int add_command(const struct command_line *line, struct arena *arena, struct job_file_node *map)
{
    bool has_shell = command_line_has(line, "shell");
    if (has_shell && line->has_rest)
        return print_usage("--shell and a command behind `--` together; choose one");
    if (!has_shell && !line->rest_count)
        return print_usage("no command: write it behind `--`, or a line for the shell with --shell \"...\"");
    if (has_shell)
        return COMMAND_DONE;
    struct job_file_node *run = job_file_list(arena);
    for (size_t i = 0; i < line->rest_count; i++)
        job_file_append(arena, run, job_file_scalar(arena, line->rest[i]));
    job_file_set(arena, map, "run", run);
    return COMMAND_DONE;
}

static int make_tree(const struct command_line *line, struct arena *arena, struct job_file_node *map)
{
    arena->ceiling = SIZE_MAX; // the size of argv bounds it
    for (size_t i = 0; i < COUNT_OF(PLAIN); i++) {
        bool is_flag = strcmp(PLAIN[i].option, "boot") == 0;
        const char *text =
            is_flag && command_line_has(line, "boot") ? "true" : command_line_find(line, PLAIN[i].option);
        if (text)
            job_file_set(arena, map, PLAIN[i].key, job_file_scalar(arena, text));
    }
    add_list(line, "cron", arena, map);
    add_list(line, "at", arena, map);
    add_list(line, "blackout", arena, map);
    add_list(line, "member", arena, map);
    for (size_t i = 0; i < COUNT_OF(GROUPS); i++)
        add_group(line, &GROUPS[i], arena, map);
    int status = check_groups(line);
    if (status == COMMAND_DONE)
        status = add_pairs(line, "where", arena, map);
    if (status == COMMAND_DONE)
        status = add_pairs(line, "env", arena, map);
    if (status == COMMAND_DONE)
        status = add_retry(line, arena, map);
    return status == COMMAND_DONE ? add_command(line, arena, map) : status;
}

static int print_schema_error(const struct job_file_error *error)
{
    const char *option = NULL;
    for (size_t i = 0; error->key && i < COUNT_OF(PLAIN); i++) {
        if (strcmp(PLAIN[i].key, error->key) == 0)
            option = PLAIN[i].option;
    }
    for (size_t i = 0; error->key && i < COUNT_OF(GROUPS) && !option; i++) {
        if (strcmp(GROUPS[i].key, error->key) == 0)
            option = GROUPS[i].parts[0].option;
    }
    for (size_t i = 0; error->key && i < COUNT_OF(JOINED) && !option; i++) {
        if (strcmp(JOINED[i].key, error->key) == 0)
            option = JOINED[i].option;
    }
    if (option)
        return print_usage("--%s: %s", option, error->text);
    return print_usage("%s", error->text);
}

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
        status = make_tree(line, arena, map);
    if (status == COMMAND_DONE && !job_schema_read(map, &context, arena, job, &error))
        status = print_schema_error(&error);
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
    const char *why = preview_why_never(preview, definition, clock_wall_ms());
    return why ? print_failure("never due: %s; nothing was added", why) : COMMAND_DONE;
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
