// `edit`: one job in the person's editor; what comes back is signed as the successor of what was opened.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crdt/scope.h"
#include "node/cli/commands.h"
#include "node/cli/cycle.h"
#include "node/cli/diff.h"
#include "node/cli/job_change.h"
#include "node/cli/job_set.h"
#include "node/cli/job_view.h"
#include "node/cli/job_yaml.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/io/clock.h"

struct editing {
    struct session *session;
    struct job_view *view; // the version that was opened
    char path[64];         // of the text; stays when something goes wrong, so that no typing is lost
    struct job_change_base base;
    struct buffer before; // owned: YAML of the job alone
    struct job_set set;   // owned: what came back
};

static int write_text(struct editing *editing)
{
    struct buffer text = {0};
    static const char HEAD[] =
        "# Save and leave the editor to sign this as the next version; leave it unchanged to do nothing.\n"
        "katydid: 1\njobs:\n";
    snprintf(editing->path, sizeof editing->path, "/tmp/katydid-edit-XXXXXX.yaml");
    int file = mkstemps(editing->path, (int)strlen(".yaml"));
    buffer_add(&text, HEAD, strlen(HEAD));
    buffer_add(&text, editing->before.data, editing->before.size);
    bool is_written = file >= 0 && write(file, text.data, text.size) == (ssize_t)text.size;
    if (file >= 0)
        close(file);
    buffer_deinit(&text);
    return is_written ? COMMAND_DONE : print_failure("%s: %s", editing->path, strerror(errno));
}

// $VISUAL or $EDITOR may carry options, so the shell takes it apart.
static int run_editor(const struct editing *editing)
{
    const char *editor = getenv("VISUAL");
    char line[1024];
    if (!editor || !*editor)
        editor = getenv("EDITOR");
    if (!editor || !*editor)
        editor = "vi";
    snprintf(line, sizeof line, "%s %s", editor, editing->path);
    fflush(stdout);
    int status = system(line);
    if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return print_failure("the editor `%s` failed; nothing was changed, your text is in %s", editor,
                             editing->path);
    return COMMAND_DONE;
}

static int read_back(struct editing *editing)
{
    const struct definition *base = &editing->view->signed_.definition;
    struct job_schema_context context = {.user_hint = "`user` is missing", .now_ms = clock_wall_ms()};
    int status = job_set_add_file(&editing->set, editing->path, &context);
    if (status == COMMAND_DONE &&
        (editing->set.job_count != 1 || !job_set_has_job(&editing->set, base->namespace_name, base->name)))
        return print_failure("%s: it must hold %s and no other job; a job cannot be renamed", editing->path,
                             job_view_short(editing->view->job));
    return status;
}

// Somebody may have signed another version while the editor was open.
static int check_base(struct editing *editing)
{
    struct job_view now = {0};
    int status = job_view_open(&editing->session->client, &editing->session->trust, editing->view->job, &now);
    if (status == COMMAND_DONE && !hash_equal(&now.signed_.id.hash, &editing->view->signed_.id.hash)) {
        status = print_failure(
            "%s was changed by %s meanwhile (version %llu); nothing was changed, your text is in %s",
            job_view_short(now.job), now.signed_.signer, (unsigned long long)now.signed_.definition.version,
            editing->path);
        struct buffer theirs = {0};
        job_yaml_print(&now.signed_.definition, job_view_short(now.job), &theirs);
        diff_print(buffer_view(&editing->before), buffer_view(&theirs), stderr);
        buffer_deinit(&theirs);
    }
    job_view_close(&now);
    return status;
}

static int sign_and_put(struct editing *editing, struct definition *definition)
{
    struct buffer record = {0}, after = {0};
    struct signer *signer = &editing->session->signer;
    int status = sign_check(signer, SCOPE_DEFINE, definition->namespace_name, definition->user);
    if (status != COMMAND_DONE)
        return status;
    job_change_follow(definition, &editing->base, sign_stamp(signer));
    sign_definition(signer, definition, &record);
    job_yaml_print(definition, job_view_short(editing->view->job), &after);
    status = session_put(editing->session, &record);
    if (status == COMMAND_DONE) {
        print_line("changed %s (version %llu)", job_view_short(editing->view->job),
                   (unsigned long long)definition->version);
        diff_print(buffer_view(&editing->before), buffer_view(&after), stdout);
    }
    buffer_deinit(&after);
    return status;
}

static int take_back(struct editing *editing)
{
    int status = read_back(editing);
    if (status != COMMAND_DONE) {
        print_notice("nothing was changed; your text is in %s, for `katydid apply` once it is right",
                     editing->path);
        return status;
    }
    struct job_schema_job *job = &editing->set.jobs[0];
    job_change_keep_anchors(job, &editing->view->signed_.definition);
    if (job_change_is_none(&job->definition, &editing->view->signed_.definition)) {
        print_line("unchanged %s", job_view_short(editing->view->job));
        return COMMAND_DONE;
    }
    status = check_base(editing);
    if (status == COMMAND_DONE && (status = cycle_check(editing->session, &job->definition)) != COMMAND_DONE)
        print_notice("your text is in %s", editing->path);
    return status == COMMAND_DONE ? sign_and_put(editing, &job->definition) : status;
}

static int edit(struct session *session, struct job_view *view)
{
    struct editing editing = {.session = session, .view = view};
    job_view_base(&session->trust, view, &editing.base);
    job_yaml_print(&view->signed_.definition, job_view_short(view->job), &editing.before);
    int status = write_text(&editing);
    if (status == COMMAND_DONE)
        status = run_editor(&editing);
    if (status == COMMAND_DONE)
        status = take_back(&editing);
    if (status == COMMAND_DONE)
        unlink(editing.path);
    buffer_deinit(&editing.before);
    job_set_deinit(&editing.set);
    return status;
}

int commands_edit(const struct command_line *line)
{
    struct session session = {0};
    struct job_view view = {0};
    char name[NAME_JOB_ROOM];
    int status = job_view_name(command_line_argument(line, 0), name);
    if (status != COMMAND_DONE)
        return status;
    status = session_open_signing(line, &session);
    if (status == COMMAND_DONE)
        status = job_view_open(&session.client, &session.trust, name, &view);
    if (status == COMMAND_DONE)
        status = edit(&session, &view);
    job_view_close(&view);
    session_close(&session);
    return status;
}
