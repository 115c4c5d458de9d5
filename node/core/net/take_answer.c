// take_answer.c - the other side of a take: promises, and what is handed over. See take.h.
#include "node/core/retry.h"
#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

// --- what is known of a job, in few words ---

static bool is_running_here(const struct core *core, const struct known_due *due)
{
    for (size_t i = 0; i < due->attempt_count; i++)
        if (runs_find(&core->runs, &due->attempts[i].run))
            return true;
    return false;
}

bool take_is_unsettled(const struct core *core, const struct job *job, const struct known_due *due)
{
    struct retry retry;
    return due->status == LEDGER_OPEN || is_running_here(core, due) ||
           (job->row && retry_find(jobs_definition(core, job), due, &retry));
}

// Due times without an end, in few stretches: what does not fit makes the last one longer.
static size_t find_open(const struct core *core, const struct job *job,
                        struct message_stretch out[MESSAGE_STRETCH_MAX])
{
    size_t count = 0;
    bool is_next = false; // to the one before
    for (size_t i = 0; i < job->known.count; i++) {
        const struct known_due *due = &job->known.items[i];
        if (!hash_is_zero(&due->key.cause))
            continue;
        bool is_open = take_is_unsettled(core, job, due);
        if (is_open && !is_next && count < MESSAGE_STRETCH_MAX)
            out[count++].first_ms = due->key.due_ms;
        if (is_open)
            out[count - 1].last_ms = due->key.due_ms;
        is_next = is_open;
    }
    return count;
}

void take_describe(const struct core *core, const struct job *job, struct message_take_job *ret_asked)
{
    *ret_asked = (struct message_take_job){
        .life = job->life, .epoch_number = job->epoch.number, .decided_ms = INT64_MAX};
    memcpy(ret_asked->job, job->name, sizeof ret_asked->job);
    for (size_t i = 0; i < job->slot_count; i++)
        ret_asked->decided_ms = MIN_OF(ret_asked->decided_ms, job->slots[i].decided_ms);
    ret_asked->open_count = find_open(core, job, ret_asked->open);
}

// --- answers in the making ---

static int by_id(const struct tree_node *node, const void *key)
{
    const struct take_record *record = (const void *)node; // its first member
    return memcmp(&record->id, key, sizeof record->id);
}

static void answer_free(struct take_answer *answer)
{
    struct tree_node *node;
    while ((node = tree_take_any(&answer->records))) {
        struct take_record *record = CONTAINER_OF(node, struct take_record, node);
        buffer_deinit(&record->envelope);
        free(record);
    }
    free(answer->items);
    free(answer->queries);
    free(answer);
}

void takes_deinit(struct takes *takes)
{
    for (size_t i = 0; i < takes->count; i++)
        answer_free(takes->answers[i]);
    free(takes->answers);
    free(takes->promises);
    *takes = (struct takes){0};
}

static bool is_being_answered(const struct core *core, const struct node_id *to,
                              const struct message_take_job *asked)
{
    for (size_t i = 0; i < core->takes.count; i++) {
        const struct take_answer *answer = core->takes.answers[i];
        for (size_t k = 0; node_id_equal(&answer->to, to) && k < answer->item_count; k++) {
            const struct take_item *item = &answer->items[k];
            if (item->asked.life == asked->life && item->asked.epoch_number == asked->epoch_number &&
                strcmp(item->asked.job, asked->job) == 0)
                return true;
        }
    }
    return false;
}

static void send_taken(struct core *core, const struct node_id *to, const struct message_taken_job *jobs,
                       size_t count)
{
    for (size_t at = 0; at < count;) {
        struct buffer body = {0};
        at += message_taken_encode(jobs + at, count - at, &body);
        links_send(core, to, MESSAGE_TAKEN, buffer_view(&body));
        buffer_deinit(&body);
    }
}

static struct message_taken_job refusal(const struct message_take_job *asked,
                                        const struct ledger_epoch *known)
{
    struct message_taken_job taken = {.life = asked->life,
                                      .asked_number = asked->epoch_number,
                                      .epoch_number = known->number,
                                      .epoch_node = known->node};
    memcpy(taken.job, asked->job, sizeof taken.job);
    return taken;
}

// What this node promised of that life of the job, which may not be known here yet; NULL: nothing.
static const struct ledger_epoch *find_promised(const struct core *core, const struct message_take_job *asked)
{
    const struct job *job = jobs_find(&core->jobs, asked->job);
    const struct take_promise *promise = take_find_promise(core, asked->job);
    if (job && job->life == asked->life)
        return &job->promised;
    return promise && promise->life == asked->life ? &promise->epoch : NULL;
}

// One promise is kept of a job, that of its latest life. Who asks for an earlier one will hear that it is
// over.
static bool is_of_former_life(const struct core *core, const struct message_take_job *asked)
{
    const struct job *job = jobs_find(&core->jobs, asked->job);
    const struct take_promise *promise = take_find_promise(core, asked->job);
    return (job && job->life > asked->life) || (promise && promise->life > asked->life);
}

// False: refused, because of this epoch.
static bool promise(struct core *core, const struct node_id *from, const struct message_take_job *asked,
                    struct node_id *ret_previous, struct ledger_epoch *ret_higher)
{
    struct job *job = jobs_find(&core->jobs, asked->job);
    const struct ledger_epoch epoch = {.number = asked->epoch_number, .node = *from};
    const struct ledger_epoch *promised = find_promised(core, asked);
    bool is_taken = promised && promised->number == epoch.number && !node_id_equal(&promised->node, from);
    if (is_taken || (promised && ledger_epoch_compare(promised, &epoch) > 0)) {
        *ret_higher = *promised;
        return false;
    }
    *ret_previous = promised ? promised->node : (struct node_id){{0}};
    if (job && job->life == asked->life) {
        if (job->role != JOBS_NOT_MINE)
            take_drop(core, job);
        job->promised = epoch;
        job->look_ms = 0;
        take_look(core, job);
    } else {
        take_keep_promise(core, asked->job, asked->life, &epoch);
    }
    take_write_promise(core, asked->job, asked->life, &epoch);
    return true;
}

// --- what is handed over ---

static void look(struct core *core, struct take_answer *answer, struct effect_query *query,
                 const struct take_query *shape)
{
    void *queries = answer->queries;
    base_grow(&queries, &answer->query_capacity, answer->query_count + 1, sizeof *answer->queries);
    answer->queries = queries;
    answer->queries[answer->query_count++] = *shape;
    answer->unfinished++;
    query->query = ++core->answers.query;
    if (answer->query_count == 1)
        answer->first_query = query->query;
    query->job = answer->items[shape->item].asked.job;
    query->limit = 1000;
    outbox_query(&core->outbox, query);
}

static void look_at(struct core *core, struct take_answer *answer, size_t item,
                    const struct message_stretch *stretch)
{
    struct effect_query query = {
        .kind = EFFECT_QUERY_DUE, .since_ms = stretch->first_ms, .until_ms = stretch->last_ms};
    look(core, answer, &query, &(struct take_query){.item = item});
}

static bool is_within(const struct message_stretch *inner, const struct message_stretch *outer, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (inner->first_ms >= outer[i].first_ms && inner->last_ms <= outer[i].last_ms)
            return true;
    return false;
}

enum { TOLD_CAUSE_COUNT_MAX = 256 };

static void look_at_open(struct core *core, struct take_answer *answer, size_t index, const struct job *job)
{
    const struct message_take_job *asked = &answer->items[index].asked;
    struct message_stretch open[MESSAGE_STRETCH_MAX];
    size_t count = find_open(core, job, open), told = 0;
    for (size_t i = 0; i < count; i++)
        look_at(core, answer, index, &open[i]);
    for (size_t i = 0; i < asked->open_count; i++)
        if (!is_within(&asked->open[i], open, count))
            look_at(core, answer, index, &asked->open[i]);
    for (size_t i = 0; i < job->known.count; i++) {
        const struct known_due *due = &job->known.items[i];
        struct effect_query query = {.kind = EFFECT_QUERY_CAUSE, .cause = due->key.cause};
        bool is_told = take_is_unsettled(core, job, due) || happening_is(&due->key); // lest it happens again
        if (!hash_is_zero(&due->key.cause) && is_told && told++ < TOLD_CAUSE_COUNT_MAX)
            look(core, answer, &query, &(struct take_query){.item = index});
    }
}

// One tells it, so that it is not told by every keeper: the owner before, where it is there.
static bool tells_history(const struct core *core, const struct node_id *previous)
{
    return node_id_equal(previous, &core->self.id) || node_id_is_zero(previous) ||
           owner_is_gone(core, previous);
}

static void look_at_history(struct core *core, struct take_answer *answer, size_t index,
                            const struct job *job)
{
    const struct take_item *item = &answer->items[index];
    struct effect_query query = {.kind = EFFECT_QUERY_DUE};
    int64_t decided_ms = INT64_MIN;
    for (size_t i = 0; i < job->slot_count; i++)
        decided_ms = MAX_OF(decided_ms, job->slots[i].decided_ms);
    if (decided_ms <= item->asked.decided_ms || !tells_history(core, &item->previous_owner))
        return;
    query.since_ms = MAX_OF(item->asked.decided_ms + 1, core->wall_ms - TAKE_HISTORY_MS);
    look(core, answer, &query, &(struct take_query){.item = index, .is_history = true});
}

// An order is carried out once: who takes the job must know which ones were.
static void look_at_orders(struct core *core, struct take_answer *answer)
{
    for (const struct table_order *row = NULL; (row = table_next_order(&core->table, row));) {
        struct effect_query query = {.kind = EFFECT_QUERY_CAUSE, .cause = row->record->id.hash};
        char name[NAME_JOB_ROOM];
        name_join_job(row->order.namespace_name, row->order.name, name);
        for (size_t i = 0; row->order.action == ORDER_RUN && i < answer->item_count; i++)
            if (strcmp(answer->items[i].asked.job, name) == 0)
                look(core, answer, &query, &(struct take_query){.item = i});
    }
}

static void gather(struct core *core, struct take_answer *answer)
{
    for (size_t i = 0; i < answer->item_count; i++) {
        held_write_job(core, answer->items[i].asked.job);
        provisional_write_job(core, answer->items[i].asked.job);
    }
    book_flush(core); // what this step wrote about the jobs is handed over as well
    look_at_orders(core, answer);
    for (size_t i = 0; i < answer->item_count; i++) {
        const struct job *job = jobs_find(&core->jobs, answer->items[i].asked.job);
        if (!job || job->life != answer->items[i].asked.life)
            continue;
        look_at_open(core, answer, i, job);
        look_at_history(core, answer, i, job);
    }
}

static void begin(struct core *core, struct take_answer *answer)
{
    struct takes *takes = &core->takes;
    void *answers = takes->answers;
    base_grow(&answers, &takes->capacity, takes->count + 1, sizeof(struct take_answer *));
    takes->answers = answers;
    takes->answers[takes->count++] = answer;
    answer->ticket = core->outbox.ticket;
    gather(core, answer);
}

static void answer_take(struct core *core, const struct node_id *from, const struct message_take *take)
{
    struct take_answer *answer = base_alloc(1, sizeof *answer);
    struct message_taken_job *refused = base_alloc(take->count, sizeof *refused);
    size_t refused_count = 0;
    tree_init(&answer->records, by_id);
    answer->to = *from;
    answer->items = base_alloc(take->count, sizeof *answer->items);
    for (size_t i = 0; i < take->count; i++) {
        struct take_item *item = &answer->items[answer->item_count];
        struct ledger_epoch higher;
        if (is_being_answered(core, from, &take->jobs[i]) || is_of_former_life(core, &take->jobs[i]))
            continue;
        item->asked = take->jobs[i];
        if (promise(core, from, &take->jobs[i], &item->previous_owner, &higher))
            answer->item_count++;
        else
            refused[refused_count++] = refusal(&take->jobs[i], &higher);
    }
    send_taken(core, from, refused, refused_count);
    free(refused);
    if (answer->item_count)
        begin(core, answer);
    else
        answer_free(answer);
}

bool take_asked(struct core *core, const struct node_id *from, struct bytes body)
{
    struct arena arena = {0};
    struct message_take take;
    bool is_well_formed = message_take_decode(body, &arena, &take) == 0;
    if (is_well_formed && core->is_ready)
        answer_take(core, from, &take);
    arena_deinit(&arena);
    return is_well_formed;
}

// --- what the disk says ---

static struct take_answer *find_query(struct core *core, uint64_t query, struct take_query *ret_query)
{
    for (size_t i = 0; i < core->takes.count; i++) {
        struct take_answer *answer = core->takes.answers[i];
        if (query < answer->first_query || query - answer->first_query >= answer->query_count)
            continue;
        *ret_query = answer->queries[query - answer->first_query];
        return answer;
    }
    return NULL;
}

// The first job with something to say always fits, or nobody could ever take it.
static bool has_room(struct take_answer *answer, const struct take_query *query, size_t size)
{
    if (answer->records_size + size <= TAKE_ANSWER_SIZE_MAX)
        return true;
    answer->items[query->item].is_left_out = query->item > answer->queries[0].item;
    return false;
}

static void add_record(struct take_answer *answer, const struct event_row *row)
{
    struct take_record *record = base_alloc(1, sizeof *record);
    record->id = row->record;
    buffer_add(&record->envelope, row->envelope.data, row->envelope.size);
    tree_add(&answer->records, &record->node, &record->id);
    answer->records_size += row->envelope.size;
}

bool take_row(struct core *core, uint64_t number, const struct event_row *row)
{
    struct take_query query;
    struct take_answer *answer = find_query(core, number, &query);
    if (!answer)
        return false;
    size_t size = row->envelope.size;
    // What it wrote itself it has, but for what its disk did not keep: of that it may not know that it is
    // open.
    bool is_its_own = query.is_history && node_id_equal(&row->signer, &answer->to);
    if (!size || is_its_own || tree_find(&answer->records, &row->record))
        return true;
    if (query.is_history && answer->history_size + size > TAKE_HISTORY_SIZE_MAX)
        return true;
    if (!has_room(answer, &query, size))
        return true;
    if (query.is_history)
        answer->history_size += size;
    add_record(answer, row);
    return true;
}

static bool send_records(struct core *core, const struct take_answer *answer)
{
    size_t count = 0;
    struct bytes *envelopes = base_alloc(answer->records.count + 1, sizeof *envelopes);
    struct tree_node *node = tree_find_first(&answer->records);
    while (node) {
        const struct take_record *record = CONTAINER_OF(node, struct take_record, node);
        envelopes[count++] = buffer_view(&record->envelope);
        node = tree_find_after(&answer->records, &record->id);
    }
    bool is_sent = keep_send(core, &answer->to, envelopes, count);
    free(envelopes);
    return is_sent;
}

// What TAKEN says, with the memory it points to.
struct told {
    struct message_taken_job *jobs; // owned
    struct message_cursor *cursors; // owned
    struct run_id *running;         // owned
    size_t job_count, cursor_count, running_count;
};

static void tell_cursors(struct told *told, struct message_taken_job *taken, const struct job *job,
                         int64_t after_ms)
{
    taken->cursors = &told->cursors[told->cursor_count];
    for (size_t i = 0; i < job->slot_count && taken->cursor_count < LIMIT_TRIGGER_COUNT_MAX; i++)
        if (job->slots[i].decided_ms > after_ms)
            taken->cursors[taken->cursor_count++] =
                (struct message_cursor){.schedule_version = job->schedule_version,
                                        .trigger = job->slots[i].trigger,
                                        .decided_ms = job->slots[i].decided_ms};
    told->cursor_count += taken->cursor_count;
}

static void tell_running(const struct core *core, struct told *told, struct message_taken_job *taken)
{
    struct run_id *running = &told->running[told->running_count];
    taken->running = running;
    for (size_t i = 0; i < core->runs.count && told->running_count < LIMIT_RUNNING_COUNT_MAX; i++) {
        const struct run *run = core->runs.items[i];
        if (strcmp(run->job, taken->job) != 0 || runs_is_over(run))
            continue;
        running[taken->running_count++] = run->id;
        told->running_count++;
    }
}

static void tell_item(struct core *core, struct told *told, const struct take_answer *answer,
                      const struct take_item *item)
{
    const struct job *job = jobs_find(&core->jobs, item->asked.job);
    struct message_taken_job *taken = &told->jobs[told->job_count++];
    *taken = (struct message_taken_job){.life = item->asked.life,
                                        .asked_number = item->asked.epoch_number,
                                        .epoch_number = item->asked.epoch_number,
                                        .epoch_node = answer->to,
                                        .previous_owner = item->previous_owner};
    memcpy(taken->job, item->asked.job, sizeof taken->job);
    if (job && job->life == item->asked.life)
        tell_cursors(told, taken, job, item->asked.decided_ms);
    tell_running(core, told, taken);
}

// Records first, and all in one step: they go over one link, so that who hears the last word has heard all.
static void finish(struct core *core, const struct take_answer *answer)
{
    struct told told = {.jobs = base_alloc(answer->item_count, sizeof *told.jobs),
                        .cursors =
                            base_alloc(answer->item_count * LIMIT_TRIGGER_COUNT_MAX, sizeof *told.cursors),
                        .running = base_alloc(LIMIT_RUNNING_COUNT_MAX, sizeof *told.running)};
    for (size_t i = 0; i < answer->item_count; i++)
        if (!answer->items[i].is_left_out)
            tell_item(core, &told, answer, &answer->items[i]);
    if (send_records(core, answer))
        send_taken(core, &answer->to, told.jobs, told.job_count);
    free(told.jobs);
    free(told.cursors);
    free(told.running);
}

void take_settled(struct core *core)
{
    struct takes *takes = &core->takes;
    for (size_t i = takes->count; i-- > 0;) {
        struct take_answer *answer = takes->answers[i];
        if (answer->unfinished || answer->ticket > core->settled_ticket)
            continue;
        takes->answers[i] = takes->answers[--takes->count];
        finish(core, answer);
        answer_free(answer);
    }
}

bool take_rows_done(struct core *core, uint64_t number)
{
    struct take_query query;
    struct take_answer *answer = find_query(core, number, &query);
    if (!answer)
        return false;
    answer->unfinished--;
    take_settled(core);
    return true;
}
