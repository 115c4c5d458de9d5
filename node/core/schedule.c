#include "node/core/schedule.h"

#include "node/core/after_end.h"
#include "node/core/backfill.h"
#include "node/core/barred.h"
#include "node/core/catch_up.h"
#include "node/core/happening.h"
#include "node/core/reopen.h"
#include "node/core/state.h"

#include <stdio.h>
#include <string.h>

bool schedule_is_possible(const struct core *core, const struct job *job)
{
    return job->row && job->role == JOBS_OWNER && !job->is_denied && !job->problem &&
           clock_is_settled(core, job) && core->storage != EVENT_STORAGE_FAILED &&
           jobs_runs_on(core, job, &core->self.id) && owner_trusts_clock(core, job, &core->self.id);
}

// When a slot next wants to claim; INT64_MAX: never.
static int64_t claim_time_ms(const struct core *core, const struct job *job, const struct jobs_slot *slot)
{
    int64_t due_ms;
    if (after_end_is(slot)) {
        if (!after_end_due_ms(core, job, slot, &due_ms))
            return INT64_MAX;
        int64_t over_ms = barred_blackout_end_ms(slot, due_ms);
        return over_ms ? over_ms : due_ms - SCHEDULE_AHEAD_MS;
    }
    if (!slot->compiled || !due_next(slot->compiled, slot->decided_ms, &due_ms))
        return INT64_MAX;
    int64_t end_ms = catch_up_blackout_end_ms(slot->compiled, due_ms);
    return end_ms ? end_ms : due_ms - SCHEDULE_AHEAD_MS;
}

// When something is to be done about what waits. In a queue it waits for a run to end, or for its deadline.
static int64_t look_time_ms(const struct core *core, const struct job *job,
                            const struct jobs_pending *pending)
{
    if (pending->cause != FRAME_QUEUED)
        return pending->start_ms;
    int64_t deadline_ms = start_time_deadline_ms(core, job, &pending->key);
    if (start_time_is_over(core, job, &pending->key))
        return core->wall_ms;
    return deadline_ms < core->wall_ms || deadline_ms == INT64_MAX ? INT64_MAX : deadline_ms + 1;
}

void schedule_job(struct core *core, struct job *job)
{
    int64_t wake_ms = INT64_MAX;
    if (schedule_is_possible(core, job)) {
        for (size_t i = 0; !job->stall && i < job->slot_count; i++)
            wake_ms = MIN_OF(wake_ms, claim_time_ms(core, job, &job->slots[i]));
        for (size_t i = 0; i < job->pending_count; i++)
            wake_ms = MIN_OF(wake_ms, look_time_ms(core, job, &job->pending[i]));
    }
    if (wake_ms == INT64_MAX)
        heap_remove(&core->jobs.due, job->index);
    else
        heap_set(&core->jobs.due, job->index, wake_ms);
}

void schedule_run_due(struct core *core)
{
    struct heap_entry first;
    while (heap_first(&core->jobs.due, &first) && first.due_ms <= core->wall_ms) {
        struct job *job = core->jobs.by_index[first.index];
        heap_remove(&core->jobs.due, first.index);
        schedule_wake(core, job);
    }
}

static struct ledger_claim claim_of(struct core *core, const struct job *job, const struct known_key *key,
                                    uint32_t attempt)
{
    struct occurrence_id occurrence = book_occurrence_id(job, key);
    return (struct ledger_claim){
        .occurrence = book_occurrence(job, key),
        .run = run_id_of(&occurrence, &core->self.id, core->self.generation, attempt),
        .executor = core->self.id,
        .executor_generation = core->self.generation,
        .attempt = attempt,
        .epoch = job->epoch,
        .definition = job->definition_id,
        .count = 1,
        .at_ms = happening_is(key) ? happening_due_ms(core, job, key) : core->wall_ms,
    };
}

static struct known_key key_of(const struct core *core, const struct job *job, const struct jobs_slot *slot,
                               int64_t due_ms)
{
    return (struct known_key){.schedule_version = job->schedule_version,
                              .trigger = slot->trigger,
                              .target = jobs_target(core, job),
                              .due_ms = due_ms};
}

// One claim for `count` due times from first_ms on, step_ms apart, and as many starts in waiting.
static void claim(struct core *core, struct job *job, struct jobs_slot *slot,
                  const struct ledger_claim *shape)
{
    struct known_key key = key_of(core, job, slot, shape->occurrence.due_ms);
    struct ledger_claim made = claim_of(core, job, &key, 1);
    made.count = shape->count;
    made.step_ms = shape->step_ms;
    book_claim(core, job, &made);
    for (uint32_t i = 0; i < made.count; i++) {
        key.due_ms = shape->occurrence.due_ms + (int64_t)(i * made.step_ms);
        const struct jobs_pending pending = {
            .key = key,
            .attempt = 1,
            .start_ms = start_time_ms(core, job, &key, core->wall_ms),
            .step_ms = made.step_ms,
            .cause = start_time_is_caught_up(&key, core->wall_ms) ? FRAME_CATCH_UP : FRAME_SCHEDULED};
        jobs_add_pending(job, &pending);
    }
    slot->decided_ms = key.due_ms;
}

// How many evenly spaced due times from first_ms on belong in one claim.
static uint32_t block_count(const struct jobs_slot *slot, int64_t first_ms)
{
    if (!slot->block_step_ms)
        return 1;
    int64_t last_ms = first_ms, until_ms = first_ms + SCHEDULE_BLOCK_MS - 1, start_ms;
    if (due_next_blackout(slot->compiled, first_ms, &start_ms))
        until_ms = MIN_OF(until_ms, start_ms - 1);
    uint64_t more =
        due_count_between(slot->compiled, first_ms, until_ms, LIMIT_CLAIM_COUNT_MAX - 1, &last_ms);
    // A blackout shorter than a block leaves a hole in it.
    bool is_even = last_ms == first_ms + (int64_t)(more * slot->block_step_ms);
    return is_even ? (uint32_t)more + 1 : 1;
}

static void verdict(struct core *core, struct job *job, const struct known_key *first, int64_t last_ms,
                    const struct ledger_verdict *shape)
{
    struct ledger_verdict made = *shape;
    made.occurrence = book_occurrence(job, first);
    made.last_due_ms = last_ms;
    made.at_ms = core->wall_ms;
    book_note_verdict(job, &made);
    book_write_verdict(core, &made);
}

// A verdict about one due time that was claimed. Of those that come every few seconds, step_ms apart, what
// adjoins becomes one.
static void close_due(struct core *core, struct job *job, const struct known_key *key, uint64_t step_ms,
                      const struct ledger_verdict *shape)
{
    struct ledger_verdict made = *shape;
    made.occurrence = book_occurrence(job, key);
    made.last_due_ms = key->due_ms;
    made.at_ms = core->wall_ms;
    made.count = 1;
    book_note_verdict(job, &made);
    held_verdict(core, &made, step_ms);
}

void schedule_close(struct core *core, struct job *job, const struct known_key *key,
                    enum ledger_status status, const char *reason)
{
    const struct ledger_verdict shape = {.status = status, .reason = reason};
    close_due(core, job, key, held_step_ms(job, key), &shape);
}

void schedule_close_expired(struct core *core, struct job *job, const struct known_key *key)
{
    schedule_close(core, job, key, LEDGER_MISSED, "its deadline passed before it could start");
}

uint64_t schedule_settle_slot(struct core *core, struct job *job, struct jobs_slot *slot, int64_t until_ms,
                              const struct ledger_verdict *shape)
{
    int64_t first_ms, last_ms;
    if (!slot->compiled || !due_next(slot->compiled, slot->decided_ms, &first_ms) || first_ms > until_ms)
        return 0;
    struct ledger_verdict made = *shape;
    made.count = due_count_between(slot->compiled, slot->decided_ms, until_ms, UINT32_MAX, &last_ms);
    struct known_key key = key_of(core, job, slot, first_ms);
    verdict(core, job, &key, last_ms, &made);
    slot->decided_ms = last_ms;
    return made.count;
}

// How many of these due times, from the first on, nobody has claimed yet as far as this node knows.
static uint32_t count_unknown(const struct core *core, const struct job *job, const struct jobs_slot *slot,
                              int64_t due_ms, uint32_t count)
{
    struct known_key key = key_of(core, job, slot, due_ms);
    for (uint32_t i = 0; i < count; i++, key.due_ms += slot->block_step_ms)
        if (known_find(&job->known, &key))
            return i;
    return count;
}

// In a blackout that is over by now, it would have been due again and again.
static void skip_interval(struct core *core, struct job *job, struct jobs_slot *slot, int64_t due_ms,
                          int64_t over_ms)
{
    struct known_key key = key_of(core, job, slot, due_ms);
    int64_t more = (over_ms - 1 - due_ms) / slot->end_period_ms;
    const struct ledger_verdict shape = {
        .status = LEDGER_SKIPPED, .reason = "blackout", .count = (uint64_t)more + 1};
    slot->decided_ms = due_ms + more * slot->end_period_ms;
    verdict(core, job, &key, slot->decided_ms, &shape);
}

static void claim_interval(struct core *core, struct job *job, struct jobs_slot *slot)
{
    struct ledger_claim shape = {.count = 1};
    int64_t *due_ms = &shape.occurrence.due_ms;
    if (!after_end_due_ms(core, job, slot, due_ms) || claim_time_ms(core, job, slot) > core->wall_ms)
        return;
    int64_t over_ms = barred_blackout_end_ms(slot, *due_ms);
    if (over_ms)
        skip_interval(core, job, slot, *due_ms, over_ms);
    else
        claim(core, job, slot, &shape);
}

static void claim_slot(struct core *core, struct job *job, struct jobs_slot *slot)
{
    int64_t due_ms;
    if (after_end_is(slot)) {
        claim_interval(core, job, slot);
        claim_interval(core, job, slot); // what lies after a blackout
    }
    if (!slot->compiled)
        return;
    catch_up_slot(core, job, slot);
    for (int claims = 0; claims < 1000; claims++) { // bounded work a step; the rest follows at once
        if (catch_up_blackout(core, job, slot))
            continue;
        if (!due_next(slot->compiled, slot->decided_ms, &due_ms) ||
            claim_time_ms(core, job, slot) > core->wall_ms)
            return;
        uint32_t count = count_unknown(core, job, slot, due_ms, block_count(slot, due_ms));
        if (!count) { // somebody claimed it: reopen.c sees to it
            slot->decided_ms = due_ms;
            continue;
        }
        const struct ledger_claim shape = {
            .occurrence.due_ms = due_ms, .count = count, .step_ms = count > 1 ? slot->block_step_ms : 0};
        claim(core, job, slot, &shape);
    }
}

static void skip(struct core *core, struct job *job, const struct jobs_pending *pending, const char *reason)
{
    const struct ledger_verdict shape = {.status = LEDGER_SKIPPED, .reason = reason};
    close_due(core, job, &pending->key, pending->step_ms, &shape);
}

void schedule_attempt(struct core *core, struct job *job, const struct jobs_pending *pending)
{
    struct jobs_pending added = *pending;
    struct ledger_claim made = claim_of(core, job, &pending->key, pending->attempt);
    added.step_ms = held_step_ms(job, &pending->key);
    book_claim(core, job, &made);
    jobs_add_pending(job, &added);
}

void schedule_abandon(struct core *core, struct job *job, const char *reason)
{
    for (size_t i = 0; i < job->pending_count; i++)
        skip(core, job, &job->pending[i], reason);
    job->pending_count = 0;
    held_write_job(core, job->name);
}

enum verdict_on_start { START_NOW, START_LATER, START_NEVER };

// A run of the job that its executor, another node, reported when this node took the job.
static bool runs_elsewhere(const struct core *core, const struct job *job)
{
    for (size_t i = 0; i < job->known.count; i++) {
        const struct known_attempt *open = known_open_attempt(&job->known.items[i]);
        if (open && ledger_epoch_compare(&open->running, &job->epoch) == 0 && job->epoch.number &&
            !node_id_equal(&open->executor, &core->self.id) && !owner_is_gone(core, &open->executor))
            return true;
    }
    return false;
}

// How many of those in waiting come before this one, and wait for a run to end as it would.
static size_t count_before(const struct job *job, const struct jobs_pending *pending)
{
    size_t count = 0;
    for (size_t i = 0; i < job->pending_count && count <= SCHEDULE_QUEUE_MAX; i++)
        count += job->pending[i].cause == FRAME_QUEUED && job->pending[i].start_ms <= pending->start_ms;
    return count;
}

// Does nothing of the job run here but what an order made anew?
static bool runs_backfill_only(const struct core *core, const struct job *job)
{
    size_t count = 0;
    for (size_t i = 0; i < core->runs.count; i++) {
        const struct run *run = core->runs.items[i];
        count += run->life == job->life && backfill_is(&run->key) && strcmp(run->job, job->name) == 0;
    }
    return count > 0 && count == job->live;
}

// Something that is due for itself waits as well: it goes first.
static bool is_preceded(const struct core *core, const struct job *job, const struct jobs_pending *pending)
{
    for (size_t i = 0; i < job->pending_count && job->pending[i].start_ms <= core->wall_ms; i++)
        if (!backfill_is(&job->pending[i].key))
            return backfill_is(&pending->key);
    return false;
}

// What is caught up waits for each other, and so it does for what runs: it is no less due than the rest. What
// happened waits as well, unless the author of the job says otherwise: no calendar brings it again.
static enum definition_busy policy_of(const struct core *core, const struct job *job,
                                      const struct jobs_pending *pending)
{
    enum definition_busy busy = jobs_definition(core, job)->busy;
    if (backfill_is(&pending->key))
        return DEFINITION_BUSY_QUEUE;
    if (count_before(job, pending) > SCHEDULE_QUEUE_MAX)
        return DEFINITION_BUSY_SKIP;
    bool waits =
        pending->cause == FRAME_CATCH_UP || pending->cause == FRAME_QUEUED || runs_backfill_only(core, job);
    bool has_happened = busy == DEFINITION_BUSY_DEFAULT && happening_is(&pending->key);
    bool skips = busy == DEFINITION_BUSY_DEFAULT || busy == DEFINITION_BUSY_SKIP;
    return skips && (waits || has_happened) ? DEFINITION_BUSY_QUEUE : busy;
}

// What the concurrency policy says of one more run while others live.
static enum verdict_on_start ask_busy(struct core *core, struct job *job, struct jobs_pending *pending)
{
    if (job->live == 0 && !runs_elsewhere(core, job) && !is_preceded(core, job, pending))
        return START_NOW;
    switch (policy_of(core, job, pending)) {
    case DEFINITION_BUSY_ALLOW:
        if (job->live < LIMIT_ATTEMPT_MAX)
            return START_NOW;
        pending->cause = FRAME_QUEUED;
        return START_LATER;
    case DEFINITION_BUSY_QUEUE:
        pending->cause = FRAME_QUEUED;
        return START_LATER;
    case DEFINITION_BUSY_REPLACE:
        runs_cancel(core, job->name, NULL);
        pending->cause = FRAME_QUEUED;
        return START_LATER;
    case DEFINITION_BUSY_DEFAULT:
    case DEFINITION_BUSY_SKIP:
        break;
    }
    skip(core, job, pending, "busy: the run before it had not ended");
    return START_NEVER;
}

// Nothing waited for an earlier run: it was due, and the job could not run. The runner would not start it
// now.
static bool is_too_late(const struct core *core, const struct job *job, const struct jobs_pending *pending)
{
    bool is_on_time = pending->cause == FRAME_SCHEDULED || pending->cause == FRAME_CATCH_UP;
    return is_on_time && pending->attempt == 1 &&
           core->wall_ms > catch_up_latest_ms(core, job, &pending->key);
}

static void close_late(struct core *core, struct job *job, const struct jobs_pending *pending)
{
    const struct ledger_verdict shape = {
        .status = job->stall ? job->stall->status : LEDGER_MISSED,
        .reason = job->stall ? job->stall->reason : "the job could not run until it was too late"};
    close_due(core, job, &pending->key, pending->step_ms, &shape);
}

void schedule_expire(struct core *core, struct job *job)
{
    size_t kept = 0;
    if (!job->row || job->role != JOBS_OWNER || core->storage == EVENT_STORAGE_FAILED)
        return;
    for (size_t i = 0; i < job->pending_count; i++) {
        const struct jobs_pending pending = job->pending[i];
        if (is_too_late(core, job, &pending))
            close_late(core, job, &pending);
        else
            job->pending[kept++] = pending;
    }
    job->pending_count = kept;
}

static enum verdict_on_start ask(struct core *core, struct job *job, struct jobs_pending *pending)
{
    const struct known_due *due = known_find(&job->known, &pending->key);
    if (due && due->status == LEDGER_OK)
        return START_NEVER; // somebody else's run of it ended well while it waited
    bool is_order = pending->key.trigger == OCCURRENCE_ORDER;
    if (!is_order && pending->key.schedule_version != job->schedule_version) {
        skip(core, job, pending, "the schedule was changed after it was claimed");
        return START_NEVER;
    }
    struct frame_start start;
    if (happening_is(&pending->key) && !happening_describe(core, job, &pending->key, &start)) {
        schedule_close(core, job, &pending->key, LEDGER_MISSED, "what made it due has expired");
        return START_NEVER;
    }
    if (job->stall && job->stall->status == LEDGER_SKIPPED) {
        skip(core, job, pending, job->stall->reason);
        return START_NEVER;
    }
    const char *barred = happening_bars(core, job, &pending->key);
    if (barred) {
        skip(core, job, pending, barred);
        return START_NEVER;
    }
    if (start_time_is_over(core, job, &pending->key)) {
        schedule_close_expired(core, job, &pending->key);
        return START_NEVER;
    }
    if (is_too_late(core, job, pending)) {
        close_late(core, job, pending);
        return START_NEVER;
    }
    if (core->runs.count - core->held.end_count >= LIMIT_RUNNING_COUNT_MAX) {
        pending->start_ms = core->wall_ms + SCHEDULE_FULL_MS;
        return START_LATER;
    }
    return ask_busy(core, job, pending);
}

static void start_pending(struct core *core, struct job *job)
{
    size_t kept = 0, count = job->pending_count;
    for (size_t i = 0; i < count; i++) {
        struct jobs_pending pending = job->pending[i];
        enum verdict_on_start verdict_now =
            pending.start_ms > core->wall_ms ? START_LATER : ask(core, job, &pending);
        if (verdict_now == START_NOW)
            runs_start(core, job, &pending);
        if (verdict_now == START_LATER)
            job->pending[kept++] = pending;
    }
    job->pending_count = kept;
    if (!kept)
        jobs_clear_pending(job);
}

void schedule_wake(struct core *core, struct job *job)
{
    if (schedule_is_possible(core, job)) {
        for (size_t i = 0; !job->stall && i < job->slot_count; i++)
            claim_slot(core, job, &job->slots[i]);
        start_pending(core, job);
    }
    schedule_job(core, job);
}

void schedule_run_ended(struct core *core, struct job *job, const struct known_key *key)
{
    if (job->row && job->role == JOBS_OWNER)
        reopen_after_end(core, job, key);
    schedule_wake(core, job);
}

void schedule_order(struct core *core, struct job *job, const struct hash *id, int64_t at_ms)
{
    const struct known_key key = {
        .trigger = OCCURRENCE_ORDER, .target = jobs_target(core, job), .cause = *id};
    if (known_find(&job->known, &key))
        return;
    const struct jobs_pending pending = {
        .key = key, .attempt = 1, .cause = FRAME_ORDERED, .start_ms = MAX_OF(at_ms, core->wall_ms)};
    schedule_attempt(core, job, &pending);
    schedule_job(core, job); // not at once: a pause may come with it
}

// Any attempt of its due time will do: people see the one that failed, and mean what follows.
static bool is_meant(const struct job *job, const struct jobs_pending *pending, const struct run_id *run)
{
    const struct known_due *due = known_find(&job->known, &pending->key);
    for (size_t i = 0; due && i < due->attempt_count; i++)
        if (run_id_equal(&due->attempts[i].run, run))
            return true;
    return false;
}

void schedule_cancel(struct core *core, struct job *job, const struct run_id *run)
{
    size_t kept = 0;
    for (size_t i = 0; i < job->pending_count; i++) {
        const struct jobs_pending pending = job->pending[i];
        bool is_future = pending.key.due_ms > core->wall_ms && pending.cause == FRAME_SCHEDULED;
        if (run ? !is_meant(job, &pending, run) : is_future) {
            job->pending[kept++] = pending;
            continue;
        }
        schedule_close(core, job, &pending.key, LEDGER_CANCELLED, "cancelled before it started");
    }
    job->pending_count = kept;
    held_write_job(core, job->name);
    schedule_job(core, job);
}
