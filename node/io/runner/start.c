// start.c - rule 8: a START that passed the checks becomes a process, in the journal first.
#include <stdlib.h>
#include <string.h>

#include "node/io/clock.h"
#include "node/io/notice.h"
#include "node/io/runner/environment.h"
#include "node/io/runner/runner_state.h"
#include "node/io/runner/spawn.h"
#include "node/io/runner/start_cause.h"

static bool spawn(struct runner *runner, const struct check *check, struct spawn_process *ret_process,
                  struct reason *ret_reason)
{
    const struct definition *definition = &check->definition;
    struct start_cause cause;
    if (!check->has_user) {
        reason_set(ret_reason, "user: unknown: %s", check->user.name);
        return false;
    }
    start_cause_init(&cause, check);
    const struct environment_run of_run = {.job = check->job,
                                           .run = check->run,
                                           .due_ms = cause.due_ms,
                                           .attempt = check->start->attempt,
                                           .node = check->self->name,
                                           .cause = cause.text,
                                           .more = cause.pairs,
                                           .more_count = cause.count};
    struct environment environment;
    environment_init(&environment, definition, &check->user, &of_run);
    const char **argv = base_alloc(definition->argument_count + 4, sizeof *argv);
    for (size_t i = 0; i < definition->argument_count; i++)
        argv[i] = definition->argv[i];
    if (definition->shell) {
        argv[0] = "/bin/sh";
        argv[1] = "-c";
        argv[2] = definition->shell;
    }
    const char *input = definition->standard_input;
    const struct spawn_request request = {.argv = (char *const *)(uintptr_t)argv, // exec changes none of them
                                          .environment = environment.entries,
                                          .path = environment_find(&environment, "PATH"),
                                          .account = &check->user,
                                          .directory = definition->directory,
                                          .standard_input = input ? bytes_of_text(input) : cause.input};
    bool started = spawn_start(&request, ret_process, ret_reason);
    free(argv);
    environment_deinit(&environment);
    start_cause_deinit(&cause);
    (void)runner;
    return started;
}

static struct processes_run new_run(const struct check *check, int64_t wall_ms, uint64_t now_ms)
{
    const struct definition *definition = &check->definition;
    uint64_t limit_ms =
        definition->time_limit_ms ? definition->time_limit_ms : (uint64_t)DEFINITION_TIME_LIMIT_MS_DEFAULT;
    struct processes_run run = {.id = check->run,
                                .job = check->job_hash,
                                .output = -1,
                                .errors = -1,
                                .deadline_ms = now_ms + limit_ms,
                                .grace_ms = definition->grace_ms ? definition->grace_ms
                                                                 : (uint64_t)DEFINITION_GRACE_MS_DEFAULT};
    run.frame = (struct frame){.kind = FRAME_STARTED,
                               .run = check->run,
                               .start = *check->start,
                               .started_ms = wall_ms,
                               .exit_code = -1};
    return run;
}

static void deny(struct runner *runner, const struct check *check, uint8_t rule, const char *why)
{
    struct frame frame = {.kind = FRAME_DENIED, .run = check->run, .start = *check->start, .rule = rule};
    struct reason reason;
    reason_set(&reason, "journal: %s", why);
    memcpy(frame.reason, reason.text, sizeof frame.reason);
    runner_send(runner, &frame, NULL);
}

void start_ended(struct runner *runner, struct processes_run *run)
{
    int r = journal_end(&runner->journal, &run->frame);
    if (r != 0)
        notice_say(EFFECT_ERROR, "the journal cannot note an end: %s", strerror(-r));
    runner_sync_soon(runner);
    run->told_ms = clock_now_ms();
    runner_send(runner, &run->frame, NULL);
}

static void failed(struct runner *runner, struct processes_run *run, const struct reason *reason)
{
    run->frame.kind = FRAME_ENDED;
    run->frame.ended_ms = clock_wall_ms();
    run->frame.status = LEDGER_FAILED;
    memcpy(run->frame.reason, reason->text, sizeof run->frame.reason);
    run->state = PROCESSES_ENDED;
    start_ended(runner, processes_add(&runner->processes, run));
}

static void note_interval(struct runner *runner, const struct check *check)
{
    const struct frame_start *start = check->start;
    if (check_is_order(check))
        return;
    const struct definition_trigger *trigger = &check->definition.triggers[start->trigger];
    struct intervals_item started = {.job = check->job_hash,
                                     .trigger = start->trigger,
                                     .last = check->key,
                                     .started_ns = check->world->boottime_ns};
    if (trigger->kind != DEFINITION_EVERY || (!trigger->from_end && !start->clock_offset_ms))
        return;
    if (!trigger->from_end)
        started.paid_ns = check_period_ns(trigger) + check_paid_ns(check, trigger);
    intervals_note(&runner->intervals, &started);
}

void start_run(struct runner *runner, const struct check *check)
{
    if (check->news)
        watches_settle(&runner->watches, &check->start->cause_record);
    struct processes_run run = new_run(check, clock_wall_ms(), clock_now_ms());
    struct journal_leftover mark = {.frame = run.frame};
    struct spawn_process process;
    struct reason reason;
    memcpy(mark.boot, runner->boot, sizeof mark.boot);
    if (check->shown)
        rate_add(&runner->rate, &check->job_hash, &check->start->cause_record, clock_now_ms());
    int r = journal_start(&runner->journal, &mark, &check->key);
    runner_sync_soon(runner);
    if (r == 0)
        note_interval(runner, check);
    if (r == JOURNAL_FULL) {
        deny(runner, check, 5, "more orders than it can remember");
    } else if (r != 0) {
        notice_say(EFFECT_ERROR, "the journal cannot be written: %s; nothing starts", strerror(-r));
        deny(runner, check, 8, strerror(-r));
    } else if (spawn(runner, check, &process, &reason)) {
        run.pid = run.frame.pid = process.pid;
        run.output = process.output;
        run.errors = process.errors;
        struct processes_run *kept = processes_add(&runner->processes, &run);
        runner_send(runner, &kept->frame, kept);
    } else {
        failed(runner, &run, &reason);
    }
}
