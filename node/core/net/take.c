#include "node/core/net/take.h"

#include "node/core/reopen.h"
#include "node/core/schedule.h"
#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAKE_HISTORY_MS = 15 * 60 * 1000 }; // what is handed over, at least; keepers have the rest already

void takes_deinit(struct takes *takes)
{
    free(takes->answers);
    free(takes->promises);
    *takes = (struct takes){0};
}

// --- promises ---

static void write_promise(struct core *core, const char *name, uint64_t life,
                          const struct ledger_epoch *epoch)
{
    char key[8 + NAME_JOB_ROOM];
    struct buffer value = {0};
    snprintf(key, sizeof key, "epoch/%s", name);
    buffer_add_u64(&value, life);
    buffer_add_u64(&value, epoch->number);
    buffer_add(&value, epoch->node.b, sizeof epoch->node.b);
    const struct effect_write write = {
        .kind = EFFECT_WRITE_META, .class = EFFECT_WRITE_MUST, .key = key, .value = buffer_view(&value)};
    outbox_write(&core->outbox, &write);
    buffer_deinit(&value);
}

static void keep_promise(struct core *core, const char *name, uint64_t life, const struct ledger_epoch *epoch)
{
    struct takes *takes = &core->takes;
    for (size_t i = 0; i < takes->promise_count; i++) {
        if (strcmp(takes->promises[i].job, name) != 0)
            continue;
        takes->promises[i].life = life;
        takes->promises[i].epoch = *epoch;
        return;
    }
    if (takes->promise_count == LIMIT_JOB_COUNT_MAX)
        return;
    void *promises = takes->promises;
    base_grow(&promises, &takes->promise_capacity, takes->promise_count + 1, sizeof *takes->promises);
    takes->promises = promises;
    struct take_promise *promise = &takes->promises[takes->promise_count++];
    *promise = (struct take_promise){.life = life, .epoch = *epoch};
    snprintf(promise->job, sizeof promise->job, "%s", name);
}

void take_remember(struct core *core, struct job *job)
{
    struct takes *takes = &core->takes;
    job->promised = job->epoch = (struct ledger_epoch){0};
    for (size_t i = 0; i < takes->promise_count; i++) {
        if (strcmp(takes->promises[i].job, job->name) != 0)
            continue;
        if (takes->promises[i].life == job->life)
            job->promised = takes->promises[i].epoch;
        takes->promises[i] = takes->promises[--takes->promise_count];
        return;
    }
}

void take_load(struct core *core, const char *key, struct bytes value)
{
    const char *name = key + strlen("epoch/");
    struct job *job = jobs_find(&core->jobs, name);
    struct reader reader;
    struct ledger_epoch epoch;
    reader_init(&reader, value);
    uint64_t life = reader_u64(&reader);
    epoch.number = reader_u64(&reader);
    reader_copy(&reader, epoch.node.b, sizeof epoch.node.b);
    if (!reader_is_done(&reader))
        return;
    if (!job || job->life != life)
        keep_promise(core, name, life, &epoch);
    else if (ledger_epoch_compare(&epoch, &job->promised) > 0)
        job->promised = epoch;
}

// --- taking ---

static bool is_asked(const struct job *job, const struct node_id *id)
{
    for (size_t i = 0; i < job->asked_count; i++)
        if (node_id_equal(&job->asked[i].id, id))
            return true;
    return false;
}

static void send_take(struct core *core, const struct job *job, const struct node_id *to)
{
    struct message_take_job item = {.life = job->life, .epoch_number = job->epoch.number};
    struct buffer body = {0};
    memcpy(item.job, job->name, sizeof item.job);
    message_take_encode(&item, 1, &body);
    links_send(core, to, MESSAGE_TAKE, buffer_view(&body));
    buffer_deinit(&body);
}

static void ask(struct core *core, struct job *job, const struct node_id *id)
{
    if (node_id_equal(id, &core->self.id) || node_id_is_zero(id) || is_asked(job, id) ||
        job->asked_count == COUNT_OF(job->asked))
        return;
    job->asked[job->asked_count++] = (struct jobs_asked){.id = *id};
    if (!owner_is_gone(core, id))
        send_take(core, job, id);
}

// The keepers of this view, and of the views without those that returned within the last hour: they all
// stand among the first of the order.
static void ask_keepers(struct core *core, struct job *job)
{
    struct owner_rank rank;
    struct node_id without[JOBS_ASKED_MAX];
    size_t count = owner_returned(core, without, COUNT_OF(without));
    owner_rank(core, job, NULL, 0, &rank);
    for (size_t i = 0; i < rank.count; i++)
        ask(core, job, &rank.nodes[i]);
    if (!count)
        return;
    owner_rank(core, job, without, count, &rank);
    for (size_t i = 0; i < rank.count; i++)
        ask(core, job, &rank.nodes[i]);
    for (size_t i = 0; i < count; i++)
        ask(core, job, &without[i]);
}

void take_start(struct core *core, struct job *job)
{
    struct node_id previous = job->promised.node;
    job->role = JOBS_TAKING;
    job->asked_count = 0;
    job->epoch = (struct ledger_epoch){.number = job->promised.number + 1, .node = core->self.id};
    job->promised = job->epoch;
    write_promise(core, job->name, job->life, &job->epoch);
    ask_keepers(core, job);
    ask(core, job, &previous);
    take_check(core, job);
}

static void complete(struct core *core, struct job *job)
{
    job->role = JOBS_OWNER;
    if (job->asked_count)
        book_story(core, job, NULL, "took %s under epoch %llu, after %zu answered", job->name,
                   (unsigned long long)job->epoch.number, job->asked_count);
    reopen_job(core, job);
    schedule_wake(core, job);
}

void take_check(struct core *core, struct job *job)
{
    if (job->role != JOBS_TAKING)
        return;
    for (size_t i = 0; i < job->asked_count; i++)
        if (!job->asked[i].answered && !owner_is_gone(core, &job->asked[i].id))
            return;
    complete(core, job);
}

void take_drop(struct core *core, struct job *job)
{
    job->role = JOBS_NOT_MINE;
    job->asked_count = 0;
    job->pending_count = 0; // every attempt that does not run is given up for ever
    schedule_job(core, job);
}

void take_drop_all(struct core *core)
{
    for (size_t i = 0; i < core->jobs.count; i++)
        if (core->jobs.items[i]->role != JOBS_NOT_MINE)
            take_drop(core, core->jobs.items[i]);
}

void take_again(struct core *core)
{
    for (size_t i = 0; i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        bool is_each = job->definition && job->definition->spread == DEFINITION_SPREAD_ALL;
        if (job->role == JOBS_NOT_MINE || is_each)
            continue;
        take_drop(core, job);
        owner_job(core, job);
    }
}

void take_tick(struct core *core)
{
    if (core->now_ms < core->takes.again_ms)
        return;
    core->takes.again_ms = core->now_ms + TAKE_AGAIN_MS;
    for (size_t i = 0; i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        for (size_t k = 0; job->role == JOBS_TAKING && k < job->asked_count; k++)
            if (!job->asked[k].answered && !owner_is_gone(core, &job->asked[k].id))
                send_take(core, job, &job->asked[k].id);
        take_check(core, job);
        if (job->retry_ms && core->now_ms >= job->retry_ms) {
            job->retry_ms = 0;
            owner_job(core, job);
        }
        if (job->look_ms && core->now_ms >= job->look_ms) {
            job->look_ms = 0;
            owner_job(core, job);
        }
    }
}

// --- answering ---

static void refuse(struct core *core, const struct node_id *to, const struct message_take_job *asked,
                   const struct ledger_epoch *known)
{
    struct message_taken taken = {.life = asked->life,
                                  .asked_number = asked->epoch_number,
                                  .epoch_number = known->number,
                                  .epoch_node = known->node};
    struct buffer body = {0};
    memcpy(taken.job, asked->job, sizeof taken.job);
    message_taken_encode(&taken, &body);
    links_send(core, to, MESSAGE_TAKEN, buffer_view(&body));
    buffer_deinit(&body);
}

static void begin_answer(struct core *core, const struct node_id *to, const struct message_take_job *asked,
                         const struct node_id *previous)
{
    struct takes *takes = &core->takes;
    void *answers = takes->answers;
    base_grow(&answers, &takes->capacity, takes->count + 1, sizeof *takes->answers);
    takes->answers = answers;
    struct take_answer *answer = &takes->answers[takes->count++];
    *answer = (struct take_answer){.to = *to,
                                   .life = asked->life,
                                   .number = asked->epoch_number,
                                   .previous_owner = *previous,
                                   .query = ++core->answers.query,
                                   .ticket = core->outbox.ticket};
    memcpy(answer->job, asked->job, sizeof answer->job);
    const struct effect_query query = {.query = answer->query,
                                       .kind = EFFECT_QUERY_DUE,
                                       .job = answer->job,
                                       .since_ms = core->wall_ms - TAKE_HISTORY_MS,
                                       .limit = 1000};
    book_flush(core); // what this step wrote about the job is handed over as well
    outbox_query(&core->outbox, &query);
}

static void answer_one(struct core *core, const struct node_id *from, const struct message_take_job *asked)
{
    struct job *job = jobs_find(&core->jobs, asked->job);
    struct ledger_epoch epoch = {.number = asked->epoch_number, .node = *from};
    struct node_id previous = {{0}};
    if (job && job->life == asked->life) {
        bool is_taken = job->promised.number == epoch.number && !node_id_equal(&job->promised.node, from);
        if (is_taken || ledger_epoch_compare(&job->promised, &epoch) > 0) {
            refuse(core, from, asked, &job->promised);
            return;
        }
        previous = job->promised.node;
        if (job->role != JOBS_NOT_MINE)
            take_drop(core, job);
        job->promised = epoch;
        job->look_ms = core->now_ms + TAKE_LOOK_MS + random_below(&core->random, TAKE_AGAIN_MS);
    } else {
        keep_promise(core, asked->job, asked->life, &epoch);
    }
    write_promise(core, asked->job, asked->life, &epoch);
    begin_answer(core, from, asked, &previous);
}

bool take_asked(struct core *core, const struct node_id *from, struct bytes body)
{
    struct arena arena = {0};
    struct message_take take;
    bool is_well_formed = message_take_decode(body, &arena, &take) == 0;
    for (size_t i = 0; is_well_formed && i < take.count && core->is_ready; i++)
        answer_one(core, from, &take.jobs[i]);
    arena_deinit(&arena);
    return is_well_formed;
}

static struct take_answer *find_query(struct core *core, uint64_t query)
{
    for (size_t i = 0; i < core->takes.count; i++)
        if (core->takes.answers[i].query == query)
            return &core->takes.answers[i];
    return NULL;
}

bool take_row(struct core *core, uint64_t query, const struct event_row *row)
{
    struct take_answer *answer = find_query(core, query);
    if (!answer)
        return false;
    if (row->index == 0 && row->envelope.size && !node_id_equal(&row->signer, &answer->to)) {
        struct buffer body = {0};
        message_list_encode(&row->envelope, 1, &body);
        links_send(core, &answer->to, MESSAGE_KEEP, buffer_view(&body));
        buffer_deinit(&body);
    }
    return true;
}

static void finish_answer(struct core *core, const struct take_answer *answer)
{
    const struct job *job = jobs_find(&core->jobs, answer->job);
    struct message_taken taken = {.life = answer->life,
                                  .asked_number = answer->number,
                                  .epoch_number = answer->number,
                                  .epoch_node = answer->to,
                                  .previous_owner = answer->previous_owner};
    struct message_cursor cursors[LIMIT_TRIGGER_COUNT_MAX];
    struct run_id running[LIMIT_RUNNING_COUNT_MAX];
    memcpy(taken.job, answer->job, sizeof taken.job);
    taken.cursors = cursors;
    taken.running = running;
    for (size_t i = 0; job && i < job->slot_count && i < COUNT_OF(cursors); i++)
        cursors[taken.cursor_count++] = (struct message_cursor){.schedule_version = job->schedule_version,
                                                                .trigger = job->slots[i].trigger,
                                                                .decided_ms = job->slots[i].decided_ms};
    for (size_t i = 0; i < core->runs.count && taken.running_count < COUNT_OF(running); i++)
        if (strcmp(core->runs.items[i]->job, answer->job) == 0 && core->runs.items[i]->state != RUN_WRITTEN)
            running[taken.running_count++] = core->runs.items[i]->id;
    struct buffer body = {0};
    message_taken_encode(&taken, &body);
    links_send(core, &answer->to, MESSAGE_TAKEN, buffer_view(&body));
    buffer_deinit(&body);
}

bool take_rows_done(struct core *core, uint64_t query)
{
    struct take_answer *answer = find_query(core, query);
    if (!answer)
        return false;
    answer->rows_done = true;
    take_settled(core);
    return true;
}

void take_settled(struct core *core)
{
    struct takes *takes = &core->takes;
    for (size_t i = takes->count; i-- > 0;) {
        struct take_answer answer = takes->answers[i];
        if (!answer.rows_done || answer.ticket > core->settled_ticket)
            continue;
        takes->answers[i] = takes->answers[--takes->count];
        finish_answer(core, &answer);
    }
}

// --- being answered ---

static void refused(struct core *core, struct job *job, const struct message_taken *taken)
{
    const struct ledger_epoch higher = {.number = taken->epoch_number, .node = taken->epoch_node};
    if (ledger_epoch_compare(&higher, &job->promised) > 0)
        job->promised = higher;
    take_drop(core, job);
    job->retry_ms = core->now_ms + 1000 + random_below(&core->random, 1000);
}

static void merge(struct core *core, struct job *job, const struct message_taken *taken)
{
    for (size_t i = 0; i < taken->cursor_count; i++) {
        const struct message_cursor *cursor = &taken->cursors[i];
        if (cursor->trigger < job->slot_count && cursor->schedule_version == job->schedule_version &&
            cursor->decided_ms <= core->wall_ms + LEARN_AHEAD_MS)
            job->slots[cursor->trigger].decided_ms =
                MAX_OF(job->slots[cursor->trigger].decided_ms, cursor->decided_ms);
    }
    for (size_t i = 0; i < taken->running_count; i++)
        known_mark_running(&job->known, &taken->running[i], &job->epoch);
    ask(core, job, &taken->previous_owner);
}

bool take_answered(struct core *core, const struct node_id *from, struct bytes body)
{
    struct arena arena = {0};
    struct message_taken taken;
    if (message_taken_decode(body, &arena, &taken)) {
        arena_deinit(&arena);
        return false;
    }
    struct job *job = jobs_find(&core->jobs, taken.job);
    if (job && job->life == taken.life && job->role == JOBS_TAKING &&
        job->epoch.number == taken.asked_number) {
        bool is_refused =
            taken.epoch_number != taken.asked_number || !node_id_equal(&taken.epoch_node, &core->self.id);
        if (is_refused) {
            refused(core, job, &taken);
        } else {
            for (size_t i = 0; i < job->asked_count; i++)
                if (node_id_equal(&job->asked[i].id, from))
                    job->asked[i].answered = true;
            merge(core, job, &taken);
            take_check(core, job);
        }
    }
    arena_deinit(&arena);
    return true;
}
