// answer_runs.c - `runs` and `run --wait`: what became of due times, one row each.
#include "node/core/start_time.h"
#include "node/core/state.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_RUNS_LIMIT_DEFAULT = 20, ANSWER_RUNS_LIMIT_MAX = 10000 };

// What runs here now is not on disk yet.
static void add_live(struct core *core, const struct answer *answer, struct gather_due *due)
{
    for (size_t i = 0; i < due->run_count; i++) {
        struct gather_run *run = &due->runs[i];
        for (size_t k = 0; k < answer->live_count && run->status == LEDGER_OPEN; k++)
            if (run_id_equal(&answer->live[k].run, &run->run)) {
                run->is_live = true;
                run->started_ms = answer->live[k].started_ms;
            }
        const struct run *live = runs_find(&core->runs, &run->run);
        if (!live || run->status != LEDGER_OPEN)
            continue;
        run->is_live = live->state == RUN_RUNNING;
        run->started_ms = live->started_ms;
        run->output_bytes = live->log.offset;
    }
}

// The trigger as it was when the due time was decided; NULL: it is not known any more.
static const struct jobs_slot *find_slot(const struct core *core, const struct gather_due *due)
{
    const struct job *job = jobs_find(&core->jobs, due->job);
    bool is_same = job && job->row && job->life == due->life &&
                   job->schedule_version == due->key.schedule_version && due->key.trigger < job->slot_count;
    return is_same && job->slots[due->key.trigger].compiled ? &job->slots[due->key.trigger] : NULL;
}

static const struct due *find_trigger(const void *core, const struct gather_due *due)
{
    const struct jobs_slot *slot = find_slot(core, due);
    return slot ? slot->compiled : NULL;
}

// The distance of the due times of a stretch; 0 where they are not evenly spaced.
static uint64_t step_ms(const struct core *core, const struct gather_due *due)
{
    const struct jobs_slot *slot = due->count > 1 ? find_slot(core, due) : NULL;
    if (!slot)
        return 0;
    const struct job *job = jobs_find(&core->jobs, due->job);
    const struct definition_trigger *trigger = &jobs_definition(core, job)->triggers[due->key.trigger];
    return trigger->kind == DEFINITION_EVERY ? trigger->period_ms : 0;
}

// What the trigger says, where the schedule is still the one it was.
static void tell_trigger(const struct core *core, const struct gather_due *due, char text[TRIGGER_TEXT_SIZE])
{
    const struct job *job = jobs_find(&core->jobs, due->job);
    const struct definition *definition =
        job && job->row && job->life == due->life && job->schedule_version == due->key.schedule_version
            ? jobs_definition(core, job)
            : NULL;
    text[0] = 0;
    if (definition && due->key.trigger < definition->trigger_count)
        trigger_text_print(&definition->triggers[due->key.trigger], text);
}

static const char *open_reason(const struct gather_run *run)
{
    if (run && run->is_live)
        return "running";
    if (run && run->started_ms)
        return "ended, being written down";
    return "claimed, not started yet";
}

// As the job is defined now: jitter is no part of a schedule.
static uint64_t jitter_ms(const struct core *core, const struct gather_due *due)
{
    const struct job *job = jobs_find(&core->jobs, due->job);
    bool is_of_schedule = job && job->row && job->life == due->life && due->key.due_ms &&
                          job->schedule_version == due->key.schedule_version;
    return is_of_schedule
               ? (uint64_t)(start_time_first_ms(core, job, &due->key, due->key.due_ms) - due->key.due_ms)
               : 0;
}

struct control_run answer_run_row(struct core *core, const struct gather_due *due,
                                  char trigger_text[TRIGGER_TEXT_SIZE])
{
    tell_trigger(core, due, trigger_text);
    const struct gather_run *run = gather_deciding_run(due);
    struct control_run row = {.job = due->job,
                              .due_ms = gather_time_ms(due),
                              .jitter_ms = jitter_ms(core, due),
                              .last_due_ms = due->count > 1 ? due->last_due_ms : gather_time_ms(due),
                              .count = due->count,
                              .step_ms = step_ms(core, due),
                              .status = gather_status(due),
                              .trigger = due->key.trigger,
                              .trigger_text = trigger_text,
                              .cause = due->key.cause,
                              .owner = "",
                              .node = "",
                              .reason = due->reason ? due->reason : "",
                              .exit_code = -1,
                              .copies = gather_copy_count(due)};
    if (!run) {
        row.owner = core_node_name(core, &due->judge);
        return row;
    }
    row.has_run = true;
    row.run = run->run;
    row.attempt = run->attempt;
    row.owner = core_node_name(core, &run->owner);
    row.node = core_node_name(core, &run->executor);
    row.claimed_ms = run->claimed_ms;
    row.started_ms = run->started_ms;
    row.ended_ms = run->ended_ms;
    row.exit_code = run->exit_code;
    row.signal = run->signal;
    row.output_bytes = run->output_bytes;
    if (row.status == LEDGER_OPEN)
        row.reason = open_reason(run);
    else if (run->reason && run->status >= due->verdict)
        row.reason = run->reason;
    return row;
}

static void reply_row(struct core *core, const struct answer *answer, const struct control_run *row)
{
    struct control_reply reply = {.kind = CONTROL_REPLY_RUN, .is.run = *row};
    answer_reply(core, answer->client, &reply);
}

// Every attempt of a due time that ran more than once; the first is what the others double.
static void reply_duplicates(struct core *core, const struct answer *answer, const struct gather_due *due)
{
    const struct gather_run *first = NULL;
    for (size_t i = 0; i < due->run_count; i++) {
        const struct gather_run *run = &due->runs[i];
        if (run->status < LEDGER_TIMEOUT && !run->is_live)
            continue;
        struct gather_due alone = *due;
        struct gather_run copy = *run;
        alone.runs = &copy;
        alone.run_count = 1;
        char trigger[TRIGGER_TEXT_SIZE];
        struct control_run row = answer_run_row(core, &alone, trigger);
        row.is_duplicate = first != NULL;
        if (first)
            row.duplicate_of = first->run;
        else
            first = run;
        reply_row(core, answer, &row);
    }
}

void answer_runs(struct core *core, uint64_t client, const struct control_request *request)
{
    if (request->job[0] && !request->run[0] && !jobs_find(&core->jobs, request->job) &&
        !jobs_row(core, request->job)) {
        answer_last(core, client, 4, "there is no job %s; `katydid jobs` lists them", request->job);
        return;
    }
    struct answer *answer = answer_new(core, client, request);
    if (!answer->limit)
        answer->limit = ANSWER_RUNS_LIMIT_DEFAULT;
    struct effect_query query = {.kind = request->run[0] ? EFFECT_QUERY_RUN : EFFECT_QUERY_RUNS,
                                 .job = answer->job,
                                 .since_ms = request->since_ms,
                                 .until_ms = core->wall_ms, // claims lie ahead; they are no history yet
                                 .limit = MIN_OF(answer->limit, (uint32_t)ANSWER_RUNS_LIMIT_MAX),
                                 .failed = request->failed};
    snprintf(query.run_prefix, sizeof query.run_prefix, "%s", request->run);
    answer_query(core, answer, &query);
}

void answer_runs_done(struct core *core, struct answer *answer)
{
    gather_part(&answer->gather, find_trigger, core);
    for (size_t i = 0; i < answer->gather.count; i++)
        add_live(core, answer, &answer->gather.items[i]);
    if (!answer->run_prefix[0])
        gather_join(&answer->gather, find_trigger, core);
    gather_sort(&answer->gather);
    size_t shown = 0;
    for (size_t i = 0; i < answer->gather.count && shown < answer->limit; i++) {
        const struct gather_due *due = &answer->gather.items[i];
        enum ledger_status status = gather_status(due);
        if (gather_time_ms(due) > core->wall_ms ||
            (answer->failed && (status == LEDGER_OK || status == LEDGER_OPEN)))
            continue;
        if (answer->duplicates && !gather_duplicate_count(due))
            continue;
        shown++;
        if (answer->duplicates) {
            reply_duplicates(core, answer, due);
        } else {
            char trigger[TRIGGER_TEXT_SIZE];
            struct control_run row = answer_run_row(core, due, trigger);
            reply_row(core, answer, &row);
        }
    }
    answer_finish(core, answer, 0);
}

void answer_wait(struct core *core, uint64_t client, const struct control_request *request)
{
    struct hash cause;
    if (!hex_decode(request->run, cause.b, sizeof cause.b)) {
        answer_last(core, client, 2, "an order's id has 64 hexadecimal digits");
        return;
    }
    struct answer *answer = answer_new(core, client, request);
    answer->cause = cause;
    struct effect_query query = {.kind = EFFECT_QUERY_CAUSE, .job = "", .cause = cause, .limit = 1};
    answer_query(core, answer, &query);
}

enum { ANSWER_WAIT_POLL_MS = 500 };

// A failure that is tried again: the next attempt is claimed and has not ended.
static bool is_tried_again(const struct gather_due *due)
{
    if (due->run_count == 0 || due->verdict != LEDGER_OPEN || gather_status(due) == LEDGER_OK)
        return false;
    return due->runs[due->run_count - 1].status == LEDGER_OPEN;
}

// Answers when the order's run is settled; keeps waiting otherwise.
void answer_wait_done(struct core *core, struct answer *answer)
{
    gather_sort(&answer->gather);
    struct gather_due *due = answer->gather.count ? &answer->gather.items[0] : NULL;
    if (!due || gather_status(due) == LEDGER_OPEN || is_tried_again(due)) {
        answer->stage = ANSWER_WAITING;
        answer->poll_ms = core->now_ms + ANSWER_WAIT_POLL_MS;
        gather_deinit(&answer->gather);
        return;
    }
    char trigger[TRIGGER_TEXT_SIZE];
    struct control_run row = answer_run_row(core, due, trigger);
    reply_row(core, answer, &row);
    answer_last(core, answer->client, row.status == LEDGER_OK ? 0 : 1, "%s", "");
    answer_end(core, answer);
}

void answer_look_again(struct core *core, struct answer *answer)
{
    struct effect_query query = {.kind = EFFECT_QUERY_CAUSE, .job = "", .cause = answer->cause, .limit = 1};
    answer->stage = ANSWER_GATHERING;
    answer_query(core, answer, &query);
}

// Asks the disk again once the result is on it: rows of one query come after the writes before it.
void answer_cause_settled(struct core *core, const struct hash *cause)
{
    for (size_t i = 0; !hash_is_zero(cause) && i < core->answers.count; i++) {
        struct answer *answer = core->answers.items[i];
        if (answer->stage == ANSWER_WAITING && !answer->query && hash_equal(&answer->cause, cause))
            answer_look_again(core, answer);
    }
}
