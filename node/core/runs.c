#include "node/core/runs.h"

#include "node/core/backfill.h"
#include "node/core/ends.h"
#include "node/core/happening.h"
#include "node/core/schedule.h"
#include "node/core/state.h"
#include "proto/sorted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUNS_START_AGAIN_MS = 3000, // no answer to START: ask again
    RUNS_TICK_MS = 100,         // hundreds may live, and each says and does many things
    RUNS_OUTPUT_WAIT_MS = 2000, // after the end, for a pipe somebody else still holds
    RUNS_RULE_DUE = 4,          // of the runner: it is not due, or too late
    RUNS_RELEASE_BYTES = 4096,  // kept output leaves the pipes at once when it is so much, else at a tick
};

static void run_free(struct run *run)
{
    log_deinit(&run->log);
    free(run);
}

void runs_deinit(struct runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        run_free(runs->items[i]);
    free(runs->items);
    *runs = (struct runs){0};
}

static int compare(const void *element, const void *id)
{
    struct run *const *run = element;
    return memcmp(&(*run)->id, id, sizeof(struct run_id));
}

static size_t position(const struct runs *runs, const struct run_id *id, bool *ret_found)
{
    size_t at;
    *ret_found = sorted_find(SORTED(runs->items, runs->count, compare), id, &at);
    return at;
}

struct run *runs_find(const struct runs *runs, const struct run_id *id)
{
    bool found;
    size_t at = position(runs, id, &found);
    return found ? runs->items[at] : NULL;
}

static struct run *add(struct core *core, const struct run_id *id, struct job *job)
{
    struct runs *runs = &core->runs;
    bool found;
    size_t at = position(runs, id, &found);
    assert(!found);
    void *items = runs->items;
    struct run **place = sorted_insert(&items, &runs->count, &runs->capacity, at, sizeof *place);
    runs->items = items;
    struct run *run = base_alloc(1, sizeof *run);
    run->id = *id;
    memcpy(run->job, job->name, sizeof run->job);
    run->life = job->life;
    const struct definition *definition = jobs_definition(core, job);
    log_init(&run->log, id, job->name, definition ? definition->output_limit_bytes : 0);
    *place = run;
    job->live++;
    return run;
}

static void remove_run(struct core *core, struct run *run)
{
    bool found;
    size_t at = position(&core->runs, &run->id, &found);
    assert(found);
    memmove(&core->runs.items[at], &core->runs.items[at + 1],
            (core->runs.count - at - 1) * sizeof(struct run *));
    core->runs.count--;
    run_free(run);
}

static void send_start(struct core *core, struct run *run)
{
    struct frame frame = {.kind = FRAME_START, .run = run->id, .start = run->start};
    frame.start.sent_boottime_ns = core->boottime_ns;
    const struct job *job = jobs_find(&core->jobs, run->job);
    if (job && !job->needs_clock)
        frame.start.clock_offset_ms = core->clock.correction_ms;
    run->sent_ms = core->now_ms;
    if (run->start.member.change)
        (void)comings_feed(core, &run->start.cause_record); // the runner judges the node by its labels
    outbox_frame(&core->outbox, &frame);
}

void runs_start(struct core *core, struct job *job, const struct jobs_pending *pending)
{
    struct occurrence_id occurrence = book_occurrence_id(job, &pending->key);
    struct run_id id = run_id_of(&occurrence, &core->self.id, core->self.generation, pending->attempt);
    if (runs_find(&core->runs, &id))
        return;
    struct run *run = add(core, &id, job);
    run->key = pending->key;
    run->attempt = pending->attempt;
    run->state = RUN_STARTING;
    run->start = (struct frame_start){.definition = job->definition_id,
                                      .trigger = pending->key.trigger,
                                      .targeted = !node_id_is_zero(&pending->key.target),
                                      .due_ms = pending->key.due_ms,
                                      .cause = (enum frame_cause)pending->cause,
                                      .cause_record = pending->key.cause,
                                      .attempt = (uint16_t)pending->attempt,
                                      .generation = core->self.generation};
    if (backfill_is(&run->key))
        run->start.cause = FRAME_BACKFILL;
    if (happening_is(&run->key))
        (void)happening_describe(core, job, &run->key, &run->start);
    send_start(core, run);
}

bool runs_show_ends(struct core *core, const struct hash *cause)
{
    for (size_t i = 0; i < core->runs.count; i++) {
        const struct run *run = core->runs.items[i];
        const struct job *job = jobs_find(&core->jobs, run->job);
        if (job && happening_is(&run->key) && hash_equal(&run->key.cause, cause))
            return ends_show(core, job, &run->key);
    }
    return false;
}

// What people read about the end; of what was not due by the calendar also what it was for.
static void tell_end(const struct core *core, const struct job *job, const struct run *run,
                     char out[HAPPENING_TEXT_ROOM + FRAME_REASON_ROOM])
{
    char cause[HAPPENING_TEXT_ROOM] = "";
    if (job && happening_is(&run->key))
        happening_tell(core, job, &run->key, cause);
    if (backfill_is(&run->key))
        snprintf(cause, sizeof cause, "backfill");
    snprintf(out, HAPPENING_TEXT_ROOM + FRAME_REASON_ROOM, "%s%s%s", run->ended.reason,
             run->ended.reason[0] && cause[0] ? "; " : "", cause);
}

static void finish(struct core *core, struct run *run)
{
    const struct frame *ended = &run->ended;
    enum ledger_status status = ended->kind == FRAME_DENIED ? LEDGER_DENIED : ended->status;
    if (run->is_cancelled && status != LEDGER_OK && status != LEDGER_DENIED)
        status = LEDGER_CANCELLED;
    log_finish(core, &run->log);
    struct job *job = jobs_find(&core->jobs, run->job);
    if (job && job->life != run->life)
        job = NULL;
    char reason[HAPPENING_TEXT_ROOM + FRAME_REASON_ROOM];
    tell_end(core, job, run, reason);
    struct ledger_result result = {.run = run->id,
                                   .attempt = run->attempt,
                                   .status = status,
                                   .reason = reason,
                                   .started_ms = run->started_ms,
                                   .ended_ms = ended->ended_ms ? ended->ended_ms : core->wall_ms,
                                   .exit_code = ended->kind == FRAME_DENIED ? -1 : ended->exit_code,
                                   .signal = ended->signal,
                                   .output_bytes = run->log.offset,
                                   .log = run->log.last,
                                   .count = 1,
                                   .generation = run->start.generation,
                                   .definition = run->start.definition};
    struct job stand_in = {.life = run->life};
    memcpy(stand_in.name, run->job, sizeof stand_in.name);
    result.occurrence = book_occurrence(job ? job : &stand_in, &run->key);
    if (job)
        book_note_result(core, job, &result);
    run->state = RUN_HELD;
    if (!job || !held_end(core, job, &result)) {
        run->state = RUN_WRITTEN;
        book_write_result(core, &result);
    }
    answer_run_ended(core, &run->id);
    if (!job)
        return;
    job->live--;
    schedule_run_ended(core, job, &run->key);
    jobs_forget_if_gone(core, job);
}

static void finish_if_over(struct core *core, struct run *run)
{
    if (run->state == RUN_ENDED && !run->log.query &&
        (run->output_ended || !run->started_ms || core->now_ms - run->ended_now_ms >= RUNS_OUTPUT_WAIT_MS))
        finish(core, run);
}

// A START that came to nothing is not said again of a job that was stopped, changed or given up meanwhile.
static void withdraw(struct core *core, struct run *run)
{
    struct job *job = jobs_find(&core->jobs, run->job);
    if (job && job->life == run->life) {
        bool is_over = job->role == JOBS_OWNER; // else it is claimed again by who takes the job
        if (is_over && start_time_is_over(core, job, &run->key))
            schedule_close_expired(core, job, &run->key);
        else if (is_over)
            schedule_close(core, job, &run->key, job->stall ? job->stall->status : LEDGER_SKIPPED,
                           job->stall ? job->stall->reason : "the schedule was changed after it was claimed");
        job->live--;
        jobs_forget_if_gone(core, job);
    }
    remove_run(core, run);
}

// As the job is defined now.
static bool renew_start(const struct core *core, struct run *run)
{
    const struct job *job = jobs_find(&core->jobs, run->job);
    bool is_order = run->key.trigger == OCCURRENCE_ORDER;
    if (!job || job->life != run->life || !job->row || job->stall || job->role != JOBS_OWNER ||
        (!is_order && job->schedule_version != run->key.schedule_version) ||
        start_time_is_over(core, job, &run->key))
        return false;
    run->start.definition = job->definition_id;
    run->sent_ms = 0;
    return true;
}

static void denied(struct core *core, struct run *run, const struct frame *frame)
{
    if (run->state != RUN_STARTING)
        return;
    struct job *job = jobs_find(&core->jobs, run->job);
    bool is_edited = job && job->row && !hash_equal(&frame->start.definition, &job->definition_id);
    bool is_expired = frame->rule == RUNS_RULE_DUE && job && start_time_is_over(core, job, &run->key);
    // Stale, it waits for RESUME, or an edit crossed it: START again.
    if (frame->rule == 0 || is_edited || is_expired) {
        core->runs.needs_resume |= frame->rule == 0;
        if (!renew_start(core, run))
            withdraw(core, run);
        return;
    }
    if (job)
        book_story(core, job, &run->key, "the runner denied it by rule %u: %s", frame->rule, frame->reason);
    run->ended = *frame;
    run->ended.data = (struct bytes){0};
    run->ended_now_ms = core->now_ms;
    run->state = RUN_ENDED;
    finish_if_over(core, run);
}

static void started(struct run *run, const struct frame *frame)
{
    if (run->state != RUN_STARTING)
        return;
    run->state = RUN_RUNNING;
    run->started_ms = frame->started_ms;
}

// The claim of a run, where the disk or the memory still knows it.
static struct job *find_claimed(const struct core *core, const struct run_id *id, struct known_key *ret_key,
                                enum ledger_status *ret_status)
{
    for (size_t i = 0; i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        for (size_t k = 0; k < job->known.count; k++) {
            const struct known_due *due = &job->known.items[k];
            for (size_t a = 0; a < due->attempt_count; a++) {
                if (!run_id_equal(&due->attempts[a].run, id))
                    continue;
                *ret_key = due->key;
                *ret_status = due->attempts[a].status;
                return job;
            }
        }
    }
    return NULL;
}

// The job whose active definition the START named: for a claim that had not reached the disk.
static struct job *find_defined(const struct core *core, const struct frame *frame, struct known_key *ret_key)
{
    for (size_t i = 0; i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        if (!job->row || !hash_equal(&job->definition_id, &frame->start.definition))
            continue;
        bool is_order = frame->start.trigger == FRAME_TRIGGER_ORDER;
        *ret_key = (struct known_key){.schedule_version = is_order ? 0 : job->schedule_version,
                                      .trigger = frame->start.trigger,
                                      .target = frame->start.targeted ? core->self.id : (struct node_id){{0}},
                                      .due_ms = frame->start.due_ms,
                                      .cause = frame->start.cause_record};
        return job;
    }
    return NULL;
}

// A run this process does not know: it was started before the network process was restarted, or
// before the machine's runner was. NULL when its result is written, or nobody knows what it was.
static struct run *adopt(struct core *core, const struct frame *frame)
{
    struct known_key key;
    enum ledger_status status = LEDGER_OPEN;
    struct job *job = find_claimed(core, &frame->run, &key, &status);
    if (!job)
        job = find_defined(core, frame, &key);
    if (!job || status != LEDGER_OPEN)
        return NULL;
    struct run *run = add(core, &frame->run, job);
    run->key = key;
    run->attempt = frame->start.attempt;
    run->start = frame->start;
    run->state = RUN_RUNNING;
    run->started_ms = frame->started_ms;
    run->output_ended = frame->kind == FRAME_ENDED;
    log_resume(core, &run->log, frame->taken);
    if (frame->kind == FRAME_RUNNING)
        book_story(core, job, &run->key, "found running and adopted");
    return run;
}

static void acknowledge(struct core *core, const struct run_id *id)
{
    const struct frame frame = {.kind = FRAME_ENDED_ACK, .run = *id};
    outbox_frame(&core->outbox, &frame);
}

static void ended(struct core *core, struct run *run, const struct frame *frame)
{
    if (run->state == RUN_ENDED || runs_is_over(run))
        return;
    if (!run->started_ms)
        run->started_ms = frame->started_ms;
    run->ended = *frame;
    run->ended.data = (struct bytes){0};
    run->ended_now_ms = core->now_ms;
    run->state = RUN_ENDED;
    finish_if_over(core, run);
}

void runs_frame(struct core *core, const struct frame *frame)
{
    struct run *run = runs_find(&core->runs, &frame->run);
    if (!run && (frame->kind == FRAME_RUNNING || frame->kind == FRAME_ENDED)) {
        run = adopt(core, frame);
        if (!run && frame->kind == FRAME_ENDED)
            acknowledge(core, &frame->run);
    }
    if (!run)
        return;
    if (frame->kind == FRAME_STARTED)
        started(run, frame);
    else if (frame->kind == FRAME_DENIED)
        denied(core, run, frame);
    else if (frame->kind == FRAME_ENDED)
        ended(core, run, frame);
}

// Nobody will read it, but whoever says it must not wait.
static void drop_output(struct core *core, const struct event_output *output)
{
    struct frame frame = {.kind = FRAME_KEPT, .run = output->run};
    if (!output->data.size)
        return;
    frame.taken[output->stream - 1] = output->position + output->data.size;
    outbox_frame(&core->outbox, &frame);
}

void runs_output(struct core *core, const struct event_output *output)
{
    struct run *run = runs_find(&core->runs, &output->run);
    if (!run || runs_is_over(run)) {
        drop_output(core, output);
        return;
    }
    log_add(core, &run->log, output);
    if (core->now_ms - run->log.flushed_ms >= RUNS_TICK_MS) // the first words at once, for who follows them
        log_tick(core, &run->log);
    if (!output->end) {
        log_release(core, &run->log, RUNS_RELEASE_BYTES);
        return;
    }
    run->output_ended = true;
    finish_if_over(core, run);
}

static struct run *find_query(const struct core *core, uint64_t query)
{
    for (size_t i = 0; i < core->runs.count; i++)
        if (core->runs.items[i]->log.query == query)
            return core->runs.items[i];
    return NULL;
}

bool runs_row(struct core *core, uint64_t query, const struct event_row *row)
{
    struct run *run = find_query(core, query);
    if (run && row->kind == EVENT_ROW_SEGMENT)
        log_resume_row(&run->log, &row->is.segment);
    return run != NULL;
}

bool runs_rows_done(struct core *core, uint64_t query, bool more)
{
    struct run *run = find_query(core, query);
    if (!run)
        return false;
    log_resume_done(core, &run->log, more);
    finish_if_over(core, run);
    return true;
}

bool runs_is_over(const struct run *run)
{
    return run->state == RUN_HELD || run->state == RUN_WRITTEN;
}

void runs_result_is_booked(struct core *core, const struct run_id *id)
{
    struct run *run = runs_find(&core->runs, id);
    assert(run && run->state == RUN_HELD);
    run->state = RUN_WRITTEN;
}

void runs_results_written(struct core *core, uint64_t ticket)
{
    for (size_t i = 0; i < core->runs.count; i++)
        if (core->runs.items[i]->state == RUN_WRITTEN && !core->runs.items[i]->result_ticket)
            core->runs.items[i]->result_ticket = ticket;
}

void runs_settled(struct core *core)
{
    for (size_t i = core->runs.count; i-- > 0;) {
        struct run *run = core->runs.items[i];
        if (run->state == RUN_WRITTEN && run->result_ticket && run->result_ticket <= core->settled_ticket) {
            acknowledge(core, &run->id);
            remove_run(core, run);
        } else if (!run->output_ended && !runs_is_over(run)) {
            log_release(core, &run->log, RUNS_RELEASE_BYTES);
        }
    }
}

// Nothing came of a START: the runner knew another definition of the job, and the one it was told of may be
// gone by now. What is in force now runs instead, while it still has this due time.
static void start_again(struct core *core, struct run *run, const struct job *job)
{
    bool is_order = run->key.trigger == OCCURRENCE_ORDER;
    const char *reason = NULL;
    if (!job || !job->row || job->life != run->life)
        reason = "the job was deleted before the runner knew of it";
    else if (!is_order && job->schedule_version != run->key.schedule_version)
        reason = "the schedule was changed before the runner knew of it";
    else if (job->stall)
        reason = job->stall->reason;
    else if (start_time_is_over(core, job, &run->key)) {
        withdraw(core, run);
        return;
    }
    if (!reason) {
        run->start.definition = job->definition_id;
        send_start(core, run);
        return;
    }
    run->ended = (struct frame){.kind = FRAME_ENDED, .status = LEDGER_SKIPPED, .exit_code = -1};
    snprintf(run->ended.reason, sizeof run->ended.reason, "%.150s", reason);
    run->ended_now_ms = core->now_ms;
    run->state = RUN_ENDED;
}

// This node stood still or promised the job to somebody while a START was under way. What the runner did
// with it is told soon, or it did nothing: nobody but an owner asks again, and the attempt is given up.
static void give_up(struct core *core, struct run *run, struct job *job)
{
    job->live--;
    remove_run(core, run);
    schedule_wake(core, job);
}

static void look_at_start(struct core *core, struct run *run)
{
    struct job *job = jobs_find(&core->jobs, run->job);
    bool is_ours = !job || !job->row || job->life != run->life || job->role == JOBS_OWNER;
    // Whoever was stopped first hears what the runner said meanwhile.
    uint64_t since_ms = MAX_OF(run->sent_ms, core->fleet.returned_ms);
    if (core->now_ms - since_ms < RUNS_START_AGAIN_MS)
        return;
    if (is_ours)
        start_again(core, run, job);
    else
        give_up(core, run, job);
}

void runs_tick(struct core *core)
{
    if (core->runs.needs_resume) {
        const struct frame frame = {.kind = FRAME_RESUME, .boottime_ns = core->boottime_ns};
        outbox_frame(&core->outbox, &frame);
        core->runs.needs_resume = false;
        core->runs.tick_ms = 0;
    }
    if (core->now_ms < core->runs.tick_ms)
        return;
    core->runs.tick_ms = core->now_ms + RUNS_TICK_MS;
    for (size_t i = core->runs.count; i-- > 0;) {
        struct run *run = core->runs.items[i];
        if (run->state == RUN_STARTING) {
            look_at_start(core, run);
            if (i >= core->runs.count || core->runs.items[i] != run)
                continue;
        }
        log_tick(core, &run->log);
        if (!run->output_ended && !runs_is_over(run))
            log_release(core, &run->log, 1);
        finish_if_over(core, run);
    }
}

uint64_t runs_deadline_ms(const struct core *core)
{
    if (core->runs.needs_resume)
        return core->now_ms;
    for (size_t i = 0; i < core->runs.count; i++) {
        const struct run *run = core->runs.items[i];
        if (run->state == RUN_STARTING || run->state == RUN_ENDED || log_is_waiting(&run->log) ||
            (!run->output_ended && !runs_is_over(run) && log_has_kept(core, &run->log)))
            return MAX_OF(core->runs.tick_ms, core->now_ms);
    }
    return UINT64_MAX;
}

size_t runs_cancel(struct core *core, const char *job, const struct run_id *only)
{
    size_t count = 0;
    for (size_t i = 0; i < core->runs.count; i++) {
        struct run *run = core->runs.items[i];
        bool is_meant = only ? run_id_equal(&run->id, only) : strcmp(run->job, job) == 0;
        if (!is_meant || run->state == RUN_ENDED || runs_is_over(run))
            continue;
        run->is_cancelled = true;
        const struct frame frame = {.kind = FRAME_SIGNAL, .run = run->id, .action = FRAME_TERM};
        outbox_frame(&core->outbox, &frame);
        count++;
    }
    return count;
}
