#include "node/core/net/take.h"

#include "node/core/net/detour.h"
#include "node/core/reopen.h"
#include "node/core/schedule.h"
#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- promises ---

void take_write_promise(struct core *core, const char *name, uint64_t life, const struct ledger_epoch *epoch)
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

const struct take_promise *take_find_promise(const struct core *core, const char *name)
{
    for (size_t i = 0; i < core->takes.promise_count; i++)
        if (strcmp(core->takes.promises[i].job, name) == 0)
            return &core->takes.promises[i];
    return NULL;
}

void take_keep_promise(struct core *core, const char *name, uint64_t life, const struct ledger_epoch *epoch)
{
    struct takes *takes = &core->takes;
    const struct take_promise *there = take_find_promise(core, name);
    if (there) {
        takes->promises[there - takes->promises].life = life;
        takes->promises[there - takes->promises].epoch = *epoch;
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
        if (takes->promises[i].life > job->life)
            return;
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
    if (!job || job->life < life)
        take_keep_promise(core, name, life, &epoch);
    else if (job->life == life && ledger_epoch_compare(&epoch, &job->promised) > 0)
        job->promised = epoch;
}

// --- taking ---

static void forget_asked(struct job *job)
{
    free(job->asked);
    job->asked = NULL;
    job->asked_count = job->asked_capacity = 0;
}

static bool is_asked(const struct job *job, const struct node_id *id)
{
    for (size_t i = 0; i < job->asked_count; i++)
        if (node_id_equal(&job->asked[i].id, id))
            return true;
    return false;
}

static void ask(struct core *core, struct job *job, const struct node_id *id)
{
    if (node_id_equal(id, &core->self.id) || node_id_is_zero(id) || is_asked(job, id) ||
        job->asked_count == JOBS_ASKED_MAX)
        return;
    void *asked = job->asked;
    base_grow(&asked, &job->asked_capacity, job->asked_count + 1, sizeof *job->asked);
    job->asked = asked;
    job->asked[job->asked_count++] = (struct jobs_asked){.id = *id};
    core->takes.has_unsent = true;
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

static void begin(struct core *core, struct job *job)
{
    job->role = JOBS_TAKING;
    job->known.take++;
    job->epoch = (struct ledger_epoch){.number = job->promised.number + 1, .node = core->self.id};
    job->promised = job->epoch;
    take_write_promise(core, job->name, job->life, &job->epoch);
}

void take_start(struct core *core, struct job *job)
{
    struct node_id previous = job->promised.node;
    begin(core, job);
    forget_asked(job);
    ask_keepers(core, job);
    ask(core, job, &previous);
    take_check(core, job);
}

static void tell(struct core *core, const struct job *job)
{
    static const char *const why[] = {"", ": a node came back", ": more was told of it"};
    if (job->asked_count)
        book_story(core, job, NULL, "took the job %s, epoch %llu, having asked %zu node%s%s",
                   job->anew ? "anew" : "over", (unsigned long long)job->epoch.number, job->asked_count,
                   job->asked_count == 1 ? "" : "s", why[job->anew]);
}

static void complete(struct core *core, struct job *job)
{
    job->role = JOBS_OWNER;
    provisional_write_job(core, job->name);
    tell(core, job);
    job->round = job->anew = 0;
    forget_asked(job);
    reopen_job(core, job);
    schedule_job(core, job); // starts at the end of this step: a pause may come with it
}

static bool has_news(const struct core *core, const struct job *job)
{
    for (size_t i = 0; i < job->known.count; i++) {
        const struct known_due *due = &job->known.items[i];
        if (known_is_news(&job->known, due, &job->epoch) && take_is_unsettled(core, job, due))
            return true;
    }
    return false;
}

// The same nodes are asked again, about all that is known to be open by now.
static void next_round(struct core *core, struct job *job)
{
    job->round++;
    begin(core, job);
    for (size_t i = 0; i < job->asked_count; i++)
        job->asked[i].sent = job->asked[i].answered = false;
    core->takes.has_unsent = true;
    take_check(core, job);
}

void take_check(struct core *core, struct job *job)
{
    if (job->role != JOBS_TAKING)
        return;
    for (size_t i = 0; i < job->asked_count; i++)
        if (!job->asked[i].answered && !owner_is_gone(core, &job->asked[i].id))
            return;
    if (job->round < TAKE_ROUND_MAX && has_news(core, job)) {
        next_round(core, job);
        return;
    }
    complete(core, job);
}

void take_look(struct core *core, struct job *job)
{
    if (!job->look_ms)
        job->look_ms = core->now_ms + TAKE_LOOK_MS + random_below(&core->random, TAKE_AGAIN_MS);
}

void take_drop(struct core *core, struct job *job)
{
    held_write_job(core, job->name);
    job->role = JOBS_NOT_MINE;
    job->round = job->anew = 0;
    forget_asked(job);
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
        bool is_each = job->row && job->is_each;
        if (job->role == JOBS_NOT_MINE || is_each)
            continue;
        bool was_owner = job->role == JOBS_OWNER || job->anew;
        take_drop(core, job);
        job->anew = was_owner ? TAKE_ANEW_RETURN : TAKE_ANEW_NOT;
        owner_job(core, job);
        if (job->role == JOBS_NOT_MINE)
            job->anew = TAKE_ANEW_NOT;
    }
}

static struct jobs_asked *find_unsent(struct core *core, struct job *job, const struct node_id *to)
{
    for (size_t i = 0; job->role == JOBS_TAKING && i < job->asked_count; i++) {
        struct jobs_asked *asked = &job->asked[i];
        if (!asked->sent && !asked->answered && (!to || node_id_equal(&asked->id, to)) &&
            !owner_is_gone(core, &asked->id))
            return asked;
    }
    return NULL;
}

static void send_takes(struct core *core, const struct node_id *to, const struct message_take_job *items,
                       size_t count)
{
    for (size_t at = 0; at < count;) {
        struct buffer body = {0};
        at += message_take_encode(items + at, count - at, &body);
        links_send(core, to, MESSAGE_TAKE, buffer_view(&body));
        buffer_deinit(&body);
    }
}

// Asks one node about all jobs it has not been asked about yet. `from` is the first of them.
static void ask_node(struct core *core, size_t from, const struct node_id *to)
{
    struct message_take_job *items = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = from; i < core->jobs.count; i++) {
        struct jobs_asked *asked = find_unsent(core, core->jobs.items[i], to);
        if (!asked)
            continue;
        asked->sent = true;
        base_grow((void **)(void *)&items, &capacity, count + 1, sizeof *items);
        take_describe(core, core->jobs.items[i], &items[count++]);
    }
    send_takes(core, to, items, count);
    free(items);
}

void take_flush(struct core *core)
{
    if (!core->takes.has_unsent)
        return;
    core->takes.has_unsent = false;
    for (size_t i = 0; i < core->jobs.count; i++) {
        struct jobs_asked *asked;
        while ((asked = find_unsent(core, core->jobs.items[i], NULL))) {
            const struct node_id to = asked->id;
            ask_node(core, i, &to);
        }
    }
}

static void ask_again(struct core *core, struct jobs_asked *asked)
{
    if (asked->sent && asked->tries < DETOUR_TRIES)
        asked->tries++;
    asked->sent = false;
    if (asked->tries == DETOUR_TRIES) // the wire may be missing
        detour_try(core, &asked->id);
}

static void look(struct core *core, struct job *job)
{
    if (job->role == JOBS_OWNER && job->row && !job->is_each && has_news(core, job)) {
        take_drop(core, job);
        job->anew = TAKE_ANEW_NEWS;
        take_start(core, job);
    } else {
        owner_job(core, job);
    }
}

void take_tick(struct core *core)
{
    if (core->now_ms < core->takes.again_ms)
        return;
    core->takes.again_ms = core->now_ms + TAKE_AGAIN_MS;
    core->takes.has_unsent = true;
    for (size_t i = 0; i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        for (size_t k = 0; job->role == JOBS_TAKING && k < job->asked_count; k++)
            if (!job->asked[k].answered && !owner_is_gone(core, &job->asked[k].id))
                ask_again(core, &job->asked[k]);
        take_check(core, job);
        if (job->retry_ms && core->now_ms >= job->retry_ms) {
            job->retry_ms = 0;
            owner_job(core, job);
        }
        if (job->look_ms && core->now_ms >= job->look_ms) {
            job->look_ms = 0;
            look(core, job);
        }
    }
}

// --- being answered ---

static void refused(struct core *core, struct job *job, const struct message_taken_job *taken)
{
    const struct ledger_epoch higher = {.number = taken->epoch_number, .node = taken->epoch_node};
    if (ledger_epoch_compare(&higher, &job->promised) > 0)
        job->promised = higher;
    take_drop(core, job);
    job->retry_ms = core->now_ms + 1000 + random_below(&core->random, 1000);
}

static void merge(struct core *core, struct job *job, const struct message_taken_job *taken)
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

static void answered(struct core *core, const struct node_id *from, const struct message_taken_job *taken)
{
    struct job *job = jobs_find(&core->jobs, taken->job);
    if (!job || job->life != taken->life || job->role != JOBS_TAKING ||
        job->epoch.number != taken->asked_number)
        return;
    bool is_refused =
        taken->epoch_number != taken->asked_number || !node_id_equal(&taken->epoch_node, &core->self.id);
    if (is_refused) {
        refused(core, job, taken);
        return;
    }
    for (size_t i = 0; i < job->asked_count; i++)
        if (node_id_equal(&job->asked[i].id, from))
            job->asked[i].answered = true;
    merge(core, job, taken);
    take_check(core, job);
}

bool take_answered(struct core *core, const struct node_id *from, struct bytes body)
{
    struct arena arena = {0};
    struct message_taken taken;
    bool is_well_formed = message_taken_decode(body, &arena, &taken) == 0;
    for (size_t i = 0; is_well_formed && i < taken.count; i++)
        answered(core, from, &taken.jobs[i]);
    arena_deinit(&arena);
    return is_well_formed;
}
