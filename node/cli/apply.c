// `apply`: makes the table match job files. Everything is read and checked before anything is signed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/scope.h"
#include "node/cli/commands.h"
#include "node/cli/cycle.h"
#include "node/cli/diff.h"
#include "node/cli/job_change.h"
#include "node/cli/job_set.h"
#include "node/cli/job_view.h"
#include "node/cli/job_yaml.h"
#include "node/cli/person.h"
#include "node/cli/preview.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/cli/terminal.h"
#include "node/io/clock.h"

enum step_kind {
    STEP_ADDED,
    STEP_CHANGED,
    STEP_UNCHANGED,
    STEP_PRUNED,
};

static const char *const STEP_WORDS[] = {"added", "changed", "unchanged", "pruned"};

struct step { // one job and what is to be done to it
    enum step_kind kind;
    char job[NAME_JOB_ROOM];
    struct job_schema_job *wanted; // NULL: pruned
    struct buffer before, after;   // owned: YAML
    struct buffer record;          // owned: signed envelope; empty when unchanged
};

struct plan {
    struct job_set set;
    struct step *steps; // owned
    size_t count, capacity;
    size_t totals[COUNT_OF(STEP_WORDS)];
};

static void forget(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        buffer_deinit(&plan->steps[i].before);
        buffer_deinit(&plan->steps[i].after);
        buffer_deinit(&plan->steps[i].record);
    }
    free(plan->steps);
    job_set_deinit(&plan->set);
}

static struct step *add_step(struct plan *plan, enum step_kind kind, const char *job)
{
    void *steps = plan->steps;
    base_grow(&steps, &plan->capacity, plan->count + 1, sizeof *plan->steps);
    plan->steps = steps;
    struct step *step = &plan->steps[plan->count++];
    *step = (struct step){.kind = kind};
    snprintf(step->job, sizeof step->job, "%s", job);
    plan->totals[kind]++;
    return step;
}

// ---- what is there against what is wanted ----

static void sign_step(struct session *session, struct step *step, const struct job_view *view)
{
    struct definition *definition = &step->wanted->definition;
    const char *name = job_view_short(step->job);
    uint64_t stamp = sign_stamp(&session->signer);
    if (view->row) {
        job_yaml_print(&view->signed_.definition, name, &step->before);
        struct job_change_base base;
        job_view_base(&session->trust, view, &base);
        job_change_follow(definition, &base, stamp);
    } else {
        job_change_begin(definition, view->dead_life + 1, stamp);
    }
    job_yaml_print(definition, name, &step->after);
    sign_definition(&session->signer, definition, &step->record);
}

static int plan_job(struct plan *plan, struct session *session, struct job_schema_job *job)
{
    char name[NAME_JOB_ROOM];
    struct job_view view = {0};
    const struct definition *definition = &job->definition;
    name_join_job(definition->namespace_name, definition->name, name);
    int status = job_view_open_or_none(&session->client, &session->trust, name, &view);
    if (status != COMMAND_DONE)
        return status;
    const struct definition *base = view.row ? &view.signed_.definition : NULL;
    job_change_keep_anchors(job, base);
    // What does not run any more because of its signer is signed anew.
    bool is_same =
        base && view.signed_.permission == PERMISSION_GRANTED && job_change_is_none(definition, base);
    struct step *step = add_step(plan, is_same ? STEP_UNCHANGED : base ? STEP_CHANGED : STEP_ADDED, name);
    step->wanted = job;
    if (!is_same) {
        status = sign_check(&session->signer, SCOPE_DEFINE, definition->namespace_name, definition->user);
        if (status == COMMAND_DONE)
            sign_step(session, step, &view);
    }
    job_view_close(&view);
    return status;
}

static void sign_removal_step(struct session *session, struct step *step, const struct definition *definition)
{
    struct removal removal = {.life = definition->life + 1, .stamp = sign_stamp(&session->signer)};
    memcpy(removal.namespace_name, definition->namespace_name, NAME_ROOM);
    memcpy(removal.name, definition->name, NAME_ROOM);
    job_yaml_print(definition, job_view_short(step->job), &step->before);
    sign_removal(&session->signer, &removal, &step->record);
}

struct pruning {
    struct plan *plan;
    struct session *session;
};

// A job of the files' namespaces that no file has.
static int plan_removal(void *context, const struct job_view *view)
{
    const struct pruning *pruning = context;
    const struct definition *definition = &view->signed_.definition;
    if (!job_set_has_namespace(&pruning->plan->set, definition->namespace_name) ||
        job_set_has_job(&pruning->plan->set, definition->namespace_name, definition->name))
        return COMMAND_DONE;
    int status = sign_check(&pruning->session->signer, SCOPE_DEFINE, definition->namespace_name, NULL);
    if (status == COMMAND_DONE)
        sign_removal_step(pruning->session, add_step(pruning->plan, STEP_PRUNED, view->job), definition);
    return status;
}

static int plan_prune(struct plan *plan, struct session *session)
{
    struct pruning pruning = {plan, session};
    return job_view_each(&session->client, &session->trust, plan_removal, &pruning);
}

// No job of the files may come after itself, with the table as it will be.
static int check_circles(const struct plan *plan, struct session *session)
{
    struct cycle cycle = {0};
    char circle[CYCLE_TEXT_ROOM];
    bool has_upstream = false;
    for (size_t i = 0; i < plan->set.job_count; i++)
        has_upstream |= cycle_has_upstream(&plan->set.jobs[i].definition);
    int status = has_upstream ? cycle_add_table(&cycle, session) : COMMAND_DONE;
    for (size_t i = 0; i < plan->set.job_count; i++)
        cycle_add(&cycle, &plan->set.jobs[i].definition);
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == STEP_PRUNED)
            cycle_remove(&cycle, plan->steps[i].job);
    for (size_t i = 0; has_upstream && status == COMMAND_DONE && i < plan->count; i++)
        if (cycle_find(&cycle, plan->steps[i].job, circle))
            status = cycle_refuse(plan->steps[i].job, circle);
        else if (plan->steps[i].kind == STEP_ADDED || plan->steps[i].kind == STEP_CHANGED)
            cycle_notice_missing(&cycle, plan->steps[i].job);
    cycle_deinit(&cycle);
    return status;
}

static int make_plan(const struct command_line *line, struct plan *plan, struct session *session)
{
    int status = COMMAND_DONE;
    for (size_t i = 0; i < plan->set.job_count && status == COMMAND_DONE; i++)
        status = plan_job(plan, session, &plan->set.jobs[i]);
    if (status == COMMAND_DONE && command_line_has(line, "prune"))
        status = plan_prune(plan, session);
    return status;
}

// ---- showing and doing ----

static void print_step(const struct step *step)
{
    static const enum terminal_colour COLOURS[] = {TERMINAL_GREEN, TERMINAL_YELLOW, TERMINAL_DIM,
                                                   TERMINAL_RED};
    enum terminal_colour colour = terminal_has_colour(stdout) ? COLOURS[step->kind] : TERMINAL_PLAIN;
    printf("%s%-9s%s ", terminal_start(colour), STEP_WORDS[step->kind], terminal_reset(colour));
    print_line("%s", job_view_short(step->job));
    if (step->kind == STEP_CHANGED)
        diff_print(buffer_view(&step->before), buffer_view(&step->after), stdout);
}

// `why_not`: why nothing of it was done; "" when it was.
static void print_plan(const struct command_line *line, const struct plan *plan, const char *why_not)
{
    json_t *document = json_object();
    json_t *lists[COUNT_OF(STEP_WORDS)];
    bool is_json = command_line_has(line, "json");
    for (size_t i = 0; i < COUNT_OF(STEP_WORDS); i++)
        json_object_set_new(document, STEP_WORDS[i], lists[i] = json_array());
    for (size_t i = 0; i < plan->count; i++) {
        json_array_append_new(lists[plan->steps[i].kind], document_text(job_view_short(plan->steps[i].job)));
        if (!is_json && plan->steps[i].kind != STEP_UNCHANGED)
            print_step(&plan->steps[i]);
    }
    json_object_set_new(document, "dry_run", json_boolean(why_not[0]));
    if (is_json)
        document_print(json_incref(document));
    else
        print_line("%zu added, %zu changed, %zu unchanged, %zu pruned%s%s", plan->totals[STEP_ADDED],
                   plan->totals[STEP_CHANGED], plan->totals[STEP_UNCHANGED], plan->totals[STEP_PRUNED],
                   why_not[0] ? "; nothing was done: " : "", why_not);
    json_decref(document);
}

// Most likely a year was mistyped, or the file is older than its times.
static void notice_never(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct step *step = &plan->steps[i];
        struct preview preview;
        struct preview_error error;
        if (!step->wanted || preview_open_definition(&step->wanted->definition, NULL, &preview, &error))
            continue;
        char room[PREVIEW_WHY_ROOM];
        const char *why = preview_why_never(&preview, &step->wanted->definition, clock_wall_ms(), room);
        if (why)
            print_notice("%s is never due any more: %s", job_view_short(step->job), why);
        preview_close(&preview);
    }
}

static int put_plan(const struct plan *plan, struct client *client)
{
    struct bytes *records = base_alloc(MAX_OF(plan->count, (size_t)1), sizeof *records);
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->steps[i].record.size)
            records[count++] = buffer_view(&plan->steps[i].record);
    }
    int status = count ? sign_put(client, records, count) : COMMAND_DONE;
    free(records);
    return status;
}

static int carry_out(const struct command_line *line, const struct plan *plan, struct client *client)
{
    bool is_dry = command_line_has(line, "dry-run");
    if (plan->totals[STEP_PRUNED] && !is_dry && !command_line_has(line, "yes")) {
        print_plan(line, plan, "--yes is missing");
        return print_failure("%zu job%s would be deleted; say --yes to do it, or --dry-run to look only",
                             plan->totals[STEP_PRUNED], plan->totals[STEP_PRUNED] == 1 ? "" : "s");
    }
    int status = is_dry ? COMMAND_DONE : put_plan(plan, client);
    if (status == COMMAND_DONE)
        print_plan(line, plan, is_dry ? "--dry-run" : "");
    if (status == COMMAND_DONE)
        notice_never(plan);
    return status;
}

static int read_files(const struct command_line *line, struct job_set *set)
{
    const char *user = command_line_find(line, "user");
    struct job_schema_context context = {
        .user = user ? user : person_user(),
        .user_hint = "as root, say with whose rights it runs: `user: NAME` in the file, or apply --user NAME",
        .now_ms = clock_wall_ms(),
    };
    if (user && !name_is_valid(bytes_of_text(user)))
        return print_usage("--user `%.80s` is no name of a user", user);
    int status = COMMAND_DONE;
    for (size_t i = 0; i < line->argument_count && status == COMMAND_DONE; i++)
        status = job_set_add_file(set, line->arguments[i], &context);
    return status;
}

int commands_apply(const struct command_line *line)
{
    struct plan plan = {0};
    struct session session = {0};
    if (command_line_has(line, "yes") && !command_line_has(line, "prune"))
        return print_usage("--yes goes with --prune");
    int status = read_files(line, &plan.set);
    if (status == COMMAND_DONE)
        status = session_open_signing(line, &session);
    if (status == COMMAND_DONE)
        status = make_plan(line, &plan, &session);
    if (status == COMMAND_DONE)
        status = check_circles(&plan, &session);
    if (status == COMMAND_DONE)
        status = carry_out(line, &plan, &session.client);
    session_close(&session);
    forget(&plan);
    return status;
}
