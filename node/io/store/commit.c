#include "node/io/store/commit.h"

#include <stdlib.h>
#include <string.h>

#include "node/io/store/writer.h"

static void enter(struct commit *commit, enum event_storage state)
{
    if (commit->state == state)
        return;
    commit->state = state;
    struct event event = {.kind = EVENT_STORAGE, .is.storage = state};
    delivery_add(commit->answers, &event);
}

static void say_stored(struct commit *commit, uint64_t ticket, bool refused)
{
    struct event event = {.kind = EVENT_STORED, .is.stored = {.ticket = ticket, .refused = refused}};
    delivery_add(commit->answers, &event);
}

static void forget(struct commit *commit, struct request *request)
{
    atomic_fetch_sub(&commit->unsettled_bytes, request->size_bytes);
    request_free(request);
}

static void forget_all(struct commit *commit, struct request_list *writes)
{
    struct request *request;
    while ((request = request_take(writes)))
        forget(commit, request);
}

void commit_fail(struct commit *commit)
{
    enter(commit, EVENT_STORAGE_FAILED);
    forget_all(commit, &commit->waiting);
}

// A new plan for a job takes the place of the old one.
static int plan_retention(struct commit *commit, const struct effect_write *write)
{
    size_t index = 0;
    while (index < commit->task_count && strcmp(commit->tasks[index].job, write->job) != 0)
        index++;
    base_grow((void **)&commit->tasks, &commit->task_capacity, index + 1, sizeof *commit->tasks);
    int outcome =
        retain_plan(commit->database, write->job, write->before_ms, write->keep_runs, &commit->tasks[index]);
    if (!outcome)
        commit->task_count = MAX_OF(commit->task_count, index + 1);
    return outcome;
}

static int perform_one(struct commit *commit, const struct effect_write *write)
{
    if (write->kind == EFFECT_WRITE_RETAIN)
        return plan_retention(commit, write);
    return writer_perform(commit->database, write);
}

static int perform_all(struct commit *commit, const struct request_list *writes)
{
    int outcome = database_begin(commit->database);
    if (outcome)
        return outcome;
    for (const struct request *request = writes->first; request && !outcome; request = request->next)
        if (!request->is_refused)
            outcome = perform_one(commit, &request->write);
    if (outcome) {
        database_rollback(commit->database);
        return outcome;
    }
    return database_commit(commit->database);
}

static void count(struct commit *commit, struct request_list *writes)
{
    for (struct request *request = writes->first; request; request = request->next) {
        commit->unswept++;
        commit->unswept_bytes += request->size_bytes;
        atomic_fetch_sub(&commit->unsettled_bytes, request->size_bytes);
        request->size_bytes = 0;
    }
}

// In the order of their tickets, so that whoever hears of one knows that all before it are settled.
static void acknowledge(struct commit *commit, const struct request_list *writes)
{
    uint64_t ticket = 0;
    for (const struct request *request = writes->first; request; request = request->next) {
        if (request->is_refused && ticket)
            say_stored(commit, ticket, false);
        if (request->is_refused)
            say_stored(commit, request->write.ticket, true);
        ticket = request->is_refused ? 0 : request->write.ticket;
    }
    if (ticket)
        say_stored(commit, ticket, false);
}

// On a full disk the log is kept short: a commit takes more of it than of the file, and copying it back has
// to find room.
static int keep_log_short(struct commit *commit)
{
    bool is_long = commit->database->log_pages >= COMMIT_FULL_PAGES;
    return database_checkpoint(commit->database, commit->state == EVENT_STORAGE_FULL && is_long);
}

static int settle_part(struct commit *commit, struct request_list *writes)
{
    int outcome = perform_all(commit, writes);
    if (outcome)
        return outcome;
    count(commit, writes);
    acknowledge(commit, writes);
    forget_all(commit, writes);
    return keep_log_short(commit);
}

static void take_part(struct request_list *writes, struct request_list *part)
{
    for (size_t bytes = 0; writes->first && bytes < COMMIT_PART_BYTES;) {
        struct request *request = request_take(writes);
        bytes += request->size_bytes;
        request_add(part, request);
    }
}

// On 0 they are on the disk, acknowledged and gone from the list; else the rest is still in it.
static int settle(struct commit *commit, struct request_list *writes)
{
    int outcome = 0;
    while (writes->first && !outcome) {
        struct request_list part = {0};
        take_part(writes, &part);
        outcome = settle_part(commit, &part);
        request_move(writes, &part);
        *writes = part;
    }
    return outcome;
}

// The room of the ballast goes to the file first: it is enough for all that the log is ahead, and then the
// log gives back more than it took. Left to the log, it would be gone before the log is ever copied back.
static void enter_full(struct commit *commit)
{
    bool is_new = commit->state != EVENT_STORAGE_FULL;
    ballast_remove(&commit->ballast);
    enter(commit, EVENT_STORAGE_FULL);
    int outcome = is_new ? database_checkpoint(commit->database, true) : 0;
    if (outcome && outcome != STORE_FULL)
        commit_fail(commit);
}

static void check(struct commit *commit, int outcome)
{
    if (outcome == STORE_FULL)
        enter_full(commit);
    else if (outcome)
        commit_fail(commit);
}

// Its content goes at once, its ticket is told when those before it are settled.
static void refuse(struct commit *commit, struct request *request)
{
    atomic_fetch_sub(&commit->unsettled_bytes, request->size_bytes);
    request->size_bytes = 0;
    buffer_deinit(&request->memory);
    request->is_refused = true;
    request_add(&commit->waiting, request);
}

static void sort_out(struct commit *commit, struct request_list *writes)
{
    struct request *request;
    while ((request = request_take(writes))) {
        if (request->write.class == EFFECT_WRITE_MUST)
            request_add(&commit->waiting, request);
        else
            refuse(commit, request);
    }
}

void commit_batch(struct commit *commit, struct request_list *writes)
{
    if (commit->state == EVENT_STORAGE_OK)
        check(commit, settle(commit, writes));
    if (commit->state == EVENT_STORAGE_FULL) {
        sort_out(commit, writes);
        commit_retry(commit);
    }
    forget_all(commit, writes);
}

static int settle_waiting(struct commit *commit)
{
    int outcome = settle(commit, &commit->waiting);
    if (outcome != STORE_FULL)
        return outcome;
    outcome = database_checkpoint(commit->database, true);
    return outcome ? outcome : settle(commit, &commit->waiting);
}

void commit_retry(struct commit *commit)
{
    if (commit->state != EVENT_STORAGE_FULL)
        return;
    int outcome = settle_waiting(commit);
    if (outcome && outcome != STORE_FULL) {
        commit_fail(commit);
        return;
    }
    if (!outcome && ballast_make(&commit->ballast))
        enter(commit, EVENT_STORAGE_OK);
}

void commit_start(struct commit *commit)
{
    if (!ballast_make(&commit->ballast))
        enter_full(commit);
}

void commit_sweep(struct commit *commit)
{
    bool is_due = commit->unswept >= COMMIT_SWEEP_COUNT ||
                  commit->unswept_bytes >= commit->size_max_bytes / COMMIT_SWEEP_PART;
    if (commit->state != EVENT_STORAGE_OK || !is_due)
        return;
    uint64_t dropped = 0;
    commit->unswept = 0;
    commit->unswept_bytes = 0;
    check(commit, retain_sweep(commit->database, commit->size_max_bytes, &dropped));
    atomic_fetch_add(&commit->dropped, dropped);
}

bool commit_has_tasks(const struct commit *commit)
{
    return commit->task_count > 0 && commit->state == EVENT_STORAGE_OK;
}

// Also on a full disk, once a second with the other tries: what is dropped makes room.
void commit_retain(struct commit *commit)
{
    if (!commit->task_count || commit->state == EVENT_STORAGE_FAILED)
        return;
    struct retain_task *last = &commit->tasks[commit->task_count - 1];
    if (retain_is_done(last))
        commit->task_count--;
    else
        check(commit, retain_step(commit->database, last));
}

void commit_deinit(struct commit *commit)
{
    request_drop_all(&commit->waiting);
    free(commit->tasks);
}
