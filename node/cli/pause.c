// `pause`, `resume`, `rm`: what stops a job, and what lets it go on.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/scope.h"
#include "node/cli/commands.h"
#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/cli/time_option.h"
#include "node/cli/zone_file.h"
#include "node/core/trigger/duration.h"
#include "node/io/clock.h"

// A job that is about to be changed.
struct target {
    struct session session;
    struct job_view view;
};

static int open_target(const struct command_line *line, const char *action, struct target *ret)
{
    char name[NAME_JOB_ROOM];
    *ret = (struct target){0};
    int status = job_view_name(command_line_argument(line, 0), name);
    if (status != COMMAND_DONE)
        return status;
    status = session_open_signing(line, &ret->session);
    if (status == COMMAND_DONE)
        status = job_view_open(&ret->session.client, &ret->session.trust, name, &ret->view);
    if (status == COMMAND_DONE)
        status = sign_check(&ret->session.signer, action, ret->view.signed_.definition.namespace_name, NULL);
    return status;
}

static void close_target(struct target *target)
{
    job_view_close(&target->view);
    session_close(&target->session);
}

static void print_done(const struct command_line *line, const struct target *target, const char *what,
                       const struct record_id *record)
{
    if (command_line_has(line, "json"))
        document_print(json_pack("{s:s, s:s, s:o}", "name", job_view_short(target->view.job), "done", what,
                                 "record", document_hex(record, sizeof *record)));
    else
        print_line("%s %s", what, job_view_short(target->view.job));
}

// --until TIME or --for DUR; 0: until resumed.
static int read_end(const struct command_line *line, int64_t *ret_until_ms)
{
    const char *until = command_line_find(line, "until"), *length = command_line_find(line, "for");
    struct zone_file zone;
    struct typed_time time = {0};
    struct trigger_error error;
    uint64_t length_ms = 0;
    int64_t now_ms = clock_wall_ms();
    *ret_until_ms = 0;
    if (until && length)
        return print_usage("--until and --for together; choose one");
    if (length && (!duration_parse(length, &length_ms, &error) || length_ms == 0))
        return print_usage("--for %s: %s", length,
                           length_ms ? error.text : "no time at all; write a duration like 90s or 5m");
    if (length)
        *ret_until_ms = now_ms + (int64_t)length_ms;
    if (!until)
        return COMMAND_DONE;
    zone_file_open_local(&zone);
    struct typed_time_context context = {zone.zone, now_ms, TYPED_TIME_FUTURE};
    int status = time_option_read(line, "until", &context, &time);
    zone_file_close(&zone);
    if (status != COMMAND_DONE)
        return status;
    if (time.ms <= now_ms)
        return print_usage("--until %s: that time has passed", until);
    *ret_until_ms = time.ms;
    return COMMAND_DONE;
}

int commands_pause(const struct command_line *line)
{
    struct target target = {0};
    struct buffer record = {0};
    int64_t until_ms;
    int status = read_end(line, &until_ms);
    if (status != COMMAND_DONE)
        return status;
    status = open_target(line, SCOPE_PAUSE, &target);
    if (status == COMMAND_DONE) {
        const struct definition *definition = &target.view.signed_.definition;
        struct pause pause = {
            .life = definition->life,
            .stamp = sign_stamp(&target.session.signer),
            .until_ms = until_ms,
            .note = command_line_find(line, "note"),
        };
        memcpy(pause.namespace_name, definition->namespace_name, NAME_ROOM);
        memcpy(pause.name, definition->name, NAME_ROOM);
        struct record_id id = sign_pause(&target.session.signer, &pause, &record);
        status = session_put(&target.session, &record);
        if (status == COMMAND_DONE)
            print_done(line, &target, "paused", &id);
    }
    close_target(&target);
    return status;
}

// The ids of the pauses seen: only these are lifted, so a pause made meanwhile elsewhere stays.
static int collect_pauses(const struct target *target, struct hash ids[LIMIT_LIFTED_PAUSE_COUNT_MAX],
                          size_t *ret_count)
{
    const struct control_job *row = target->view.row;
    *ret_count = 0;
    for (size_t i = 0; i < row->pause_count && i < LIMIT_LIFTED_PAUSE_COUNT_MAX; i++) {
        struct trust_pause pause;
        int status = trust_open_pause(&target->session.trust, target->view.job, row->pauses[i], &pause);
        if (status != COMMAND_DONE)
            return status;
        ids[(*ret_count)++] = pause.id.hash;
        trust_close_pause(&pause);
    }
    return COMMAND_DONE;
}

int commands_resume(const struct command_line *line)
{
    struct target target = {0};
    struct buffer record = {0};
    struct hash ids[LIMIT_LIFTED_PAUSE_COUNT_MAX];
    size_t count = 0;
    int status = open_target(line, SCOPE_PAUSE, &target);
    if (status == COMMAND_DONE)
        status = collect_pauses(&target, ids, &count);
    if (status == COMMAND_DONE && count == 0) {
        print_notice("%s is not paused; nothing was done", job_view_short(target.view.job));
    } else if (status == COMMAND_DONE) {
        const struct definition *definition = &target.view.signed_.definition;
        struct pause resume = {
            .life = definition->life,
            .stamp = sign_stamp(&target.session.signer),
            .lifts = ids,
            .lift_count = count,
        };
        memcpy(resume.namespace_name, definition->namespace_name, NAME_ROOM);
        memcpy(resume.name, definition->name, NAME_ROOM);
        struct record_id id = sign_pause(&target.session.signer, &resume, &record);
        status = session_put(&target.session, &record);
        if (status == COMMAND_DONE)
            print_done(line, &target, "resumed", &id);
    }
    close_target(&target);
    return status;
}

int commands_rm(const struct command_line *line)
{
    struct target target = {0};
    struct buffer record = {0};
    int status = open_target(line, SCOPE_DEFINE, &target);
    if (status == COMMAND_DONE) {
        const struct definition *definition = &target.view.signed_.definition;
        struct removal removal = {.life = definition->life + 1, .stamp = sign_stamp(&target.session.signer)};
        memcpy(removal.namespace_name, definition->namespace_name, NAME_ROOM);
        memcpy(removal.name, definition->name, NAME_ROOM);
        struct record_id id = sign_removal(&target.session.signer, &removal, &record);
        status = session_put(&target.session, &record);
        if (status == COMMAND_DONE)
            print_done(line, &target, "removed", &id);
    }
    close_target(&target);
    return status;
}
