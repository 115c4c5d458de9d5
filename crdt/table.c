#include "crdt/table.h"

#include "crdt/stamp.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_MS      (3600LL * 1000)
#define TABLE_OLD_MS (35 * 24 * HOUR_MS)

enum {
    TABLE_RECORD_COUNT_MAX = 4 * LIMIT_JOB_COUNT_MAX,
};

static int compare_record(const struct tree_node *node, const void *key)
{
    return memcmp(&((const struct table_record *)(const void *)node)->id, key, sizeof(struct record_id));
}

static int compare_order(const struct tree_node *node, const void *key)
{
    return memcmp(&((const struct table_order *)(const void *)node)->record->id, key,
                  sizeof(struct record_id));
}

void table_init(struct table *table)
{
    *table = (struct table){.decoded = base_alloc(1, sizeof *table->decoded)};
    tree_init(&table->records, compare_record);
    tree_init(&table->jobs, table_job_compare);
    tree_init(&table->orders, compare_order);
}

static void order_free(struct table_order *order)
{
    arena_deinit(&order->arena);
    table_record_free(order->record);
    free(order);
}

void table_deinit(struct table *table)
{
    struct tree_node *node;
    while ((node = tree_take_any(&table->orders)))
        order_free((struct table_order *)(void *)node);
    while ((node = tree_take_any(&table->jobs)))
        table_job_free((struct table_job *)(void *)node);
    record_queue_deinit(&table->changed_orders);
    record_queue_deinit(&table->dropped);
    free(table->listed);
    free(table->decoded);
    *table = (struct table){0};
}

// --- what changed ------------------------------------------------------------

static void mark_job(struct table *table, struct table_job *job)
{
    table->generation++;
    if (job->is_changed)
        return;
    job->is_changed = true;
    job->next_changed = NULL;
    if (table->changed_last)
        table->changed_last->next_changed = job;
    else
        table->changed_first = job;
    table->changed_last = job;
}

static void mark_order(struct table *table, const struct table_order *order)
{
    table->generation++;
    record_queue_add(&table->changed_orders, &order->record->id);
}

struct table_job *table_take_changed_job(struct table *table)
{
    struct table_job *job = table->changed_first;
    if (!job)
        return NULL;
    table->changed_first = job->next_changed;
    if (!table->changed_first)
        table->changed_last = NULL;
    job->is_changed = false;
    job->next_changed = NULL;
    return job;
}

const struct table_order *table_take_changed_order(struct table *table)
{
    struct record_id id;
    while (record_queue_take(&table->changed_orders, &id)) {
        const struct table_order *order = table_find_order(table, &id);
        if (order)
            return order;
    }
    return NULL;
}

bool table_take_dropped(struct table *table, struct record_id *ret_id)
{
    return record_queue_take(&table->dropped, ret_id);
}

// --- records in and out ------------------------------------------------------

static void record_forget(struct table *table, struct table_record *record)
{
    tree_remove(&table->records, &record->id);
    if (record->is_live)
        fingerprint_remove(&table->live, &record->id.hash);
    record_queue_add(&table->dropped, &record->id);
}

static void drop_from_job(struct table *table, struct table_job *job, struct table_record *record)
{
    record_forget(table, record);
    table_job_remove(job, record);
    table_record_free(record);
}

static void settle_job(struct table *table, struct table_job *job)
{
    if (table_job_settle(job, &table->live))
        mark_job(table, job);
    struct table_record *surplus;
    while ((surplus = table_job_find_surplus(job)))
        drop_from_job(table, job, surplus);
}

static void order_settle(struct table *table, struct table_order *order)
{
    bool is_live = permission_is_accepted(order->record->permission);
    if (order->record->is_live == is_live)
        return;
    if (is_live)
        fingerprint_add(&table->live, &order->record->id.hash);
    else
        fingerprint_remove(&table->live, &order->record->id.hash);
    order->record->is_live = is_live;
}

static void add_order(struct table *table, struct table_record *record)
{
    struct table_order *order = base_alloc(1, sizeof *order);
    order->record = record;
    table_record_order(record, &order->arena, &order->order);
    tree_add(&table->records, &record->by_id, &record->id);
    tree_add(&table->orders, &order->by_id, &record->id);
    order_settle(table, order);
    mark_order(table, order);
}

static struct table_job *find_or_add_job(struct table *table, const struct table_job_key *key)
{
    struct tree_node *node = tree_find(&table->jobs, key);
    if (node)
        return (struct table_job *)(void *)node;
    if (table->jobs.count >= LIMIT_JOB_COUNT_MAX)
        return NULL;
    struct table_job *job = table_job_new(key);
    tree_add(&table->jobs, &job->by_name, key);
    return job;
}

static int add_to_job(struct table *table, struct table_record *record, const struct table_job_key *key)
{
    struct table_job *job = find_or_add_job(table, key);
    if (!job || job->record_count >= TABLE_JOB_RECORD_COUNT_MAX) {
        table_record_free(record);
        return TABLE_FULL;
    }
    tree_add(&table->records, &record->by_id, &record->id);
    table_job_add(job, record);
    struct record_id id = record->id; // the record may be the surplus that settling drops

    settle_job(table, job);
    const struct table_record *kept = table_find_record(table, &id);
    return kept && kept->is_live ? 0 : TABLE_SUPERSEDED;
}

// --- judging -----------------------------------------------------------------

static int outcome_of(enum permission permission)
{
    switch (permission) {
    case PERMISSION_OUT_OF_SCOPE:
        return TABLE_OUT_OF_SCOPE;
    case PERMISSION_UNKNOWN:
        return TABLE_SIGNER_UNKNOWN;
    case PERMISSION_BEHIND:
        return TABLE_LOG_BEHIND;
    default:
        return TABLE_VOID;
    }
}

struct arrival {
    const struct authority_log *log;
    struct envelope envelope;
    struct record_id id;
    struct table_record_reading reading;
    struct arena arena;
    enum permission permission;
    bool is_trusted; // from our own disk
};

// Who signed it, and whether it is here already: 0 when it is new and genuine.
static int arrival_verify(const struct table *table, struct arrival *arrival, struct bytes input)
{
    int outcome = envelope_parse(input, &arrival->envelope);
    if (outcome)
        return TABLE_MALFORMED;
    if (arrival->envelope.kind < ENVELOPE_DEFINITION || arrival->envelope.kind > ENVELOPE_ORDER)
        return TABLE_WRONG_KIND;
    const struct authority_log_operator *signer =
        authority_log_find_operator(arrival->log, &arrival->envelope.signer);
    if (!signer)
        return TABLE_SIGNER_UNKNOWN;
    arrival->id = envelope_id(&arrival->envelope, &arrival->log->fleet, &signer->key);
    const struct table_record *known = table_find_record(table, &arrival->id);
    if (known && (arrival->is_trusted || bytes_equal(table_record_bytes(known), input)))
        return TABLE_KNOWN;
    if (arrival->is_trusted)
        return 0;
    if (envelope_verify(&arrival->envelope, &arrival->log->fleet, &signer->key, &arrival->id) != 0)
        return TABLE_FORGED;
    return known ? TABLE_KNOWN : 0;
}

static int arrival_judge(const struct table *table, struct arrival *arrival)
{
    arena_allow(&arrival->arena, arrival->envelope.body.size);
    if (table_record_read(&arrival->envelope, &arrival->arena, &arrival->reading) != 0)
        return TABLE_MALFORMED;
    struct permission_request request = table_record_request(&arrival->reading);
    arrival->permission = permission_judge(arrival->log, &arrival->envelope.signer, &request);
    bool stops = arrival->reading.kind == TABLE_RECORD_PAUSE || arrival->reading.kind == TABLE_RECORD_DELETE;
    if (!permission_is_accepted(arrival->permission) && !(stops && arrival->permission == PERMISSION_VOID))
        return outcome_of(arrival->permission);
    if (arrival->reading.expires_ms && arrival->reading.expires_ms <= table->pruned_ms)
        return TABLE_EXPIRED;
    return 0;
}

static int arrival_keep(struct table *table, struct arrival *arrival)
{
    if (table->records.count >= TABLE_RECORD_COUNT_MAX)
        return TABLE_FULL;
    struct table_record *record = table_record_new(&arrival->id, &arrival->reading, arrival->envelope.whole);
    record->permission = (uint8_t)arrival->permission;
    if (record->kind == TABLE_RECORD_ORDER) {
        add_order(table, record);
        return 0;
    }
    struct table_job_key key = {arrival->reading.namespace_name, arrival->reading.name};
    return add_to_job(table, record, &key);
}

// What this node may refuse a person, though merging takes it.
static int arrival_refuse(const struct table *table, const struct arrival *arrival, int64_t wall_ms)
{
    const struct table_record_reading *reading = &arrival->reading;
    if (reading->stamp > stamp_of_wall_ms(wall_ms + LIMIT_STAMP_AHEAD_MS))
        return TABLE_AHEAD;
    if (reading->kind == TABLE_RECORD_ORDER)
        return 0;
    const struct table_job *job = table_find_job(table, reading->namespace_name, reading->name);
    uint64_t life = job ? job->life : 0, version = job && job->active ? job->active->version : 0;
    if (reading->kind == TABLE_RECORD_DEFINITION) {
        bool is_edit = life % 2 == 1 && reading->life == life && reading->version > version;
        bool is_new = life % 2 == 0 && reading->life == life + 1;
        return is_edit || is_new ? 0 : TABLE_STALE;
    }
    if (life % 2 == 0)
        return TABLE_NO_JOB;
    if (reading->life != (reading->kind == TABLE_RECORD_DELETE ? life + 1 : life))
        return TABLE_STALE;
    if (reading->kind == TABLE_RECORD_PAUSE && job->open_pause_count >= LIMIT_OPEN_PAUSE_COUNT_MAX)
        return TABLE_TOO_MANY_PAUSES;
    return 0;
}

// With `wall_ms` the record comes from a person; without, from a peer or the disk.
static int arrive(struct table *table, struct arrival *arrival, struct bytes envelope, const int64_t *wall_ms)
{
    int outcome = arrival_verify(table, arrival, envelope);
    if (!outcome)
        outcome = arrival_judge(table, arrival);
    if (!outcome && wall_ms)
        outcome = arrival_refuse(table, arrival, *wall_ms);
    if (!outcome)
        outcome = arrival_keep(table, arrival);
    arena_deinit(&arrival->arena);
    return outcome;
}

int table_add(struct table *table, const struct authority_log *log, struct bytes envelope,
              struct record_id *ret_id)
{
    struct arrival arrival = {.log = log};
    int outcome = arrive(table, &arrival, envelope, NULL);
    if (outcome <= TABLE_SUPERSEDED)
        *ret_id = arrival.id;
    return outcome;
}

int table_restore(struct table *table, const struct authority_log *log, struct bytes envelope)
{
    struct arrival arrival = {.log = log, .is_trusted = true};
    return arrive(table, &arrival, envelope, NULL);
}

int table_submit(struct table *table, const struct authority_log *log, struct bytes envelope, int64_t wall_ms,
                 struct record_id *ret_id)
{
    struct arrival arrival = {.log = log};
    int outcome = arrive(table, &arrival, envelope, &wall_ms);
    if (outcome <= TABLE_SUPERSEDED)
        *ret_id = arrival.id;
    return outcome;
}

// --- judging again, forgetting -----------------------------------------------

// Most records need no second look: their signer has had one scope from the start and is in good standing.
static bool is_settled(const struct authority_log *log, const struct table_record *record,
                       const struct node_id *signer)
{
    const struct authority_log_operator *operator_ = authority_log_find_operator(log, signer);
    return record->permission == PERMISSION_GRANTED && !log->has_fork && operator_ &&
           operator_->grant_count == 1 && !operator_->is_revoked;
}

static enum permission record_judge(const struct authority_log *log, const struct table_record *record)
{
    struct envelope envelope;
    struct arena arena = {0};
    struct table_record_reading reading;
    int outcome = envelope_parse(table_record_bytes(record), &envelope);
    assert(outcome == 0);
    if (is_settled(log, record, &envelope.signer))
        return PERMISSION_GRANTED;
    arena_allow(&arena, envelope.body.size);
    outcome = table_record_read(&envelope, &arena, &reading);
    assert(outcome == 0);
    struct permission_request request = table_record_request(&reading);
    enum permission permission = permission_judge(log, &envelope.signer, &request);
    arena_deinit(&arena);
    return permission;
}

static void resettle_order(struct table *table, const struct table_record *record)
{
    struct table_order *order = (struct table_order *)(void *)tree_find(&table->orders, &record->id);
    order_settle(table, order);
    mark_order(table, order);
}

void table_recheck(struct table *table, const struct authority_log *log)
{
    struct tree_node *node = tree_find_first(&table->records);
    for (; node; node = tree_find_after(&table->records, &((struct table_record *)(void *)node)->id)) {
        struct table_record *record = (struct table_record *)(void *)node;
        enum permission permission = record_judge(log, record);
        if (permission == record->permission)
            continue;
        record->permission = (uint8_t)permission;
        if (record->job)
            mark_job(table, record->job);
        else
            resettle_order(table, record);
    }
    for (struct table_job *job = table->changed_first; job; job = job->next_changed)
        settle_job(table, job);
}

static void drop(struct table *table, struct table_record *record)
{
    if (record->job) {
        struct table_job *job = record->job;
        if (record->is_live)
            mark_job(table, job);
        drop_from_job(table, job, record);
        settle_job(table, job);
        return;
    }
    struct table_order *order = (struct table_order *)(void *)tree_remove(&table->orders, &record->id);
    record_forget(table, record);
    table->generation++;
    order_free(order);
}

static bool is_old(const struct table *table, const struct table_record *record)
{
    if (!record->job || record->is_live)
        return false;
    bool is_waiting = record->life > record->job->life && table_record_counts(record);
    return !is_waiting && stamp_wall_ms(record->stamp) < table->pruned_ms - TABLE_OLD_MS;
}

static bool is_expired(const struct table *table, const struct table_record *record)
{
    return record->expires_ms && record->expires_ms <= table->pruned_ms;
}

static void drop_where(struct table *table,
                       bool (*should_drop)(const struct table *, const struct table_record *))
{
    struct tree_node *node = tree_find_first(&table->records);
    while (node) {
        struct table_record *record = (struct table_record *)(void *)node;
        struct record_id id = record->id;
        if (should_drop(table, record))
            drop(table, record);
        node = tree_find_after(&table->records, &id);
    }
}

static void drop_empty_jobs(struct table *table)
{
    struct tree_node *node = tree_find_first(&table->jobs);
    while (node) {
        struct table_job *job = (struct table_job *)(void *)node;
        struct table_job_key key = table_job_get_key(job);
        node = tree_find_after(&table->jobs, &key);
        if (!job->records && !job->is_changed) {
            tree_remove(&table->jobs, &key);
            table_job_free(job);
        }
    }
}

void table_prune(struct table *table, int64_t wall_ms)
{
    table->pruned_ms = MAX_OF(table->pruned_ms, wall_ms - wall_ms % HOUR_MS);
    drop_where(table, is_old); // a lifted pause goes before the resume that lifts it
    drop_where(table, is_expired);
    drop_empty_jobs(table);
}
