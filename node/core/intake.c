#include "node/core/intake.h"

#include "node/core/backfill.h"
#include "node/core/emissions.h"
#include "node/core/schedule.h"
#include "node/core/state.h"

#include <string.h>

static bool concerns_runner(uint8_t kind)
{
    switch (kind) {
    case ENVELOPE_AUTHORITY:
    case ENVELOPE_INVITE:
    case ENVELOPE_ADMISSION:
    case ENVELOPE_NODE:
    case ENVELOPE_DEFINITION:
    case ENVELOPE_PAUSE:
    case ENVELOPE_DELETE:
    case ENVELOPE_ORDER:
        return true;
    default:
        return false;
    }
}

static void feed(struct core *core, struct bytes envelope)
{
    const struct frame frame = {.kind = FRAME_RECORD, .data = envelope};
    outbox_frame(&core->outbox, &frame);
}

// What peers sent of these kinds is at theirs too. What a person handed over is in force from now on, so it
// is kept even where the disk is found full only now: it takes the ballast's room. What comes after that is
// refused before it is in force (answer_put.c).
static uint64_t write(struct core *core, const struct envelope *envelope, enum intake_origin origin,
                      const struct record_id *id)
{
    bool may_wait =
        origin != INTAKE_PERSON && (envelope->kind == ENVELOPE_DEFINITION ||
                                    envelope->kind == ENVELOPE_ORDER || envelope->kind == ENVELOPE_EVENT);
    const struct effect_write write = {.kind = EFFECT_WRITE_RECORD,
                                       .class = may_wait ? EFFECT_WRITE_MAY : EFFECT_WRITE_MUST,
                                       .record = id->hash,
                                       .record_kind = envelope->kind,
                                       .signer = envelope->signer,
                                       .envelope = envelope->whole};
    return outbox_write(&core->outbox, &write);
}

static int refuse(struct intake_note *note, const char *text)
{
    note->text = text;
    return INTAKE_REFUSED;
}

// The record id of an envelope that was just accepted: its signer is known.
static struct record_id intake_id(const struct core *core, const struct envelope *envelope)
{
    const struct public_key *key = authority_log_find_key(&core->authority, &envelope->signer);
    const struct directory_node *node = key ? NULL : directory_find(&core->directory, &envelope->signer);
    assert(key || node);
    return envelope_id(envelope, &core->self.fleet, key ? key : &node->key);
}

static int take_authority(struct core *core, const struct envelope *envelope, struct intake_note *note)
{
    uint64_t needed;
    int outcome = authority_log_add(&core->authority, envelope->whole, &needed);
    if (outcome == AUTHORITY_LOG_KNOWN)
        return INTAKE_KNOWN;
    if (outcome == AUTHORITY_LOG_GAP)
        return INTAKE_SIGNER_UNKNOWN;
    if (outcome && outcome != AUTHORITY_LOG_FORK)
        return refuse(note, authority_log_outcome_text(outcome));
    if (outcome == AUTHORITY_LOG_FORK)
        outbox_notice(&core->outbox, EFFECT_ERROR,
                      "the authority log has parted: the root key signed two entries with one number");
    note->id = intake_id(core, envelope);
    directory_recheck(&core->directory, &core->authority);
    table_recheck(&core->table, &core->authority);
    emissions_recheck(core);
    fleet_dirty(core); // scopes may reach other nodes now
    return 0;
}

static void clear_alarm(struct core *core, const struct envelope *envelope)
{
    struct arena arena = {0};
    struct node_record record;
    if (!node_record_decode(envelope->body, &arena, &record)) {
        const struct node_id id = node_id_of(&record.node_key);
        fleet_signed_anew(core, &id);
    }
    arena_deinit(&arena);
}

static int take_directory(struct core *core, const struct envelope *envelope, enum intake_origin origin,
                          struct intake_note *note)
{
    int outcome = origin == INTAKE_DISK
                      ? directory_restore(&core->directory, &core->authority, envelope->whole)
                      : directory_add(&core->directory, &core->authority, envelope->whole);
    note->text = outcome ? directory_outcome_text(outcome) : "";
    switch (outcome) {
    case 0:
        note->id = intake_id(core, envelope);
        if (envelope->kind == ENVELOPE_NODE && origin != INTAKE_DISK)
            clear_alarm(core, envelope);
        return 0;
    case DIRECTORY_KNOWN:
    case DIRECTORY_OUTDATED:
        return INTAKE_KNOWN;
    case DIRECTORY_SIGNER_UNKNOWN:
    case DIRECTORY_LOG_BEHIND:
    case DIRECTORY_NODE_UNKNOWN:
    case DIRECTORY_INVITE_UNKNOWN:
    case DIRECTORY_ADMISSION_UNKNOWN:
        return INTAKE_SIGNER_UNKNOWN;
    default:
        return INTAKE_REFUSED;
    }
}

static int take_table(struct core *core, const struct envelope *envelope, enum intake_origin origin,
                      struct intake_note *note)
{
    int outcome;
    if (origin == INTAKE_DISK)
        outcome = table_restore(&core->table, &core->authority, envelope->whole);
    else if (origin == INTAKE_PERSON)
        outcome = table_submit(&core->table, &core->authority, envelope->whole, core->wall_ms, &note->id);
    else
        outcome = table_add(&core->table, &core->authority, envelope->whole, &note->id);
    if (outcome == 0 || outcome == TABLE_SUPERSEDED) {
        note->id = intake_id(core, envelope);
        const struct table_record *record = table_find_record(&core->table, &note->id);
        if (record)
            stamp_seen(&core->stamps, record->stamp);
        return 0;
    }
    if (outcome == TABLE_KNOWN)
        return INTAKE_KNOWN;
    note->text = table_outcome_text(outcome);
    return outcome == TABLE_SIGNER_UNKNOWN || outcome == TABLE_LOG_BEHIND ? INTAKE_SIGNER_UNKNOWN
                                                                          : INTAKE_REFUSED;
}

static int take(struct core *core, const struct envelope *envelope, enum intake_origin origin,
                struct intake_note *note)
{
    switch (envelope->kind) {
    case ENVELOPE_GENESIS:
        if (origin != INTAKE_DISK)
            return INTAKE_KNOWN; // everybody pinned it by joining
        if (authority_log_init(&core->authority, envelope->whole, &core->self.fleet))
            return refuse(note, "it is the genesis of another fleet");
        return 0;
    case ENVELOPE_AUTHORITY:
        return take_authority(core, envelope, note);
    case ENVELOPE_INVITE:
    case ENVELOPE_ADMISSION:
    case ENVELOPE_KEYS:
    case ENVELOPE_NODE:
        return take_directory(core, envelope, origin, note);
    case ENVELOPE_DEFINITION:
    case ENVELOPE_PAUSE:
    case ENVELOPE_DELETE:
    case ENVELOPE_ORDER:
        return take_table(core, envelope, origin, note);
    case ENVELOPE_EVENT:
        return emissions_take(core, envelope->whole, origin, note);
    default:
        return refuse(note, "records of its kind are not taken here");
    }
}

int intake_record(struct core *core, struct bytes bytes, enum intake_origin origin,
                  struct intake_note *ret_note)
{
    struct envelope envelope;
    *ret_note = (struct intake_note){.text = ""};
    int malformed = envelope_parse(bytes, &envelope);
    int outcome = malformed ? refuse(ret_note, envelope_outcome_text(malformed))
                            : take(core, &envelope, origin, ret_note);
    if (outcome == INTAKE_REFUSED)
        core->rejected++;
    if (outcome || origin == INTAKE_DISK)
        return outcome;
    ret_note->ticket = write(core, &envelope, origin, &ret_note->id);
    if (concerns_runner(envelope.kind))
        feed(core, bytes);
    return 0;
}

static bool is_for_me(const struct core *core, const struct order *order)
{
    for (size_t i = 0; i < order->target_count; i++)
        if (node_id_equal(&order->targets[i], &core->self.id))
            return true;
    return order->target_count == 0;
}

enum { INTAKE_ORDER_AGE_MS = 2 * 3600 * 1000 }; // older ones were carried out or missed before this start

static void follow_order(struct core *core, const struct table_order *row)
{
    const struct order *order = &row->order;
    char name[NAME_JOB_ROOM];
    name_join_job(order->namespace_name, order->name, name);
    if (table_order_is_denied(row) || !is_for_me(core, order) || order->not_after_ms < core->wall_ms ||
        stamp_wall_ms(order->stamp) + INTAKE_ORDER_AGE_MS < core->wall_ms)
        return;
    struct job *job = jobs_find(&core->jobs, name);
    if (order->action == ORDER_CANCEL) {
        bool is_one = memcmp(&order->run, &(struct run_id){{0}}, sizeof order->run) != 0;
        runs_cancel(core, name, is_one ? &order->run : NULL);
        if (job)
            schedule_cancel(core, job, is_one ? &order->run : NULL);
    } else if (order->action == ORDER_RUN && job && job->row && job->life == order->life &&
               (job->role == JOBS_OWNER)) {
        if (order->from_ms)
            backfill_order(core, job, &row->record->id.hash, order);
        else
            schedule_order(core, job, &row->record->id.hash, order->not_before_ms);
    }
}

static bool means_due(const struct order *order, const struct known_due *due)
{
    bool is_of_all = memcmp(&order->run, &(struct run_id){{0}}, sizeof order->run) == 0;
    for (size_t i = 0; !is_of_all && i < due->attempt_count; i++)
        if (run_id_equal(&due->attempts[i].run, &order->run))
            return true;
    return is_of_all;
}

bool intake_is_cancelled(const struct core *core, const struct job *job, const struct known_due *due,
                         int64_t since_ms)
{
    for (const struct table_order *row = NULL; (row = table_next_order(&core->table, row));) {
        const struct order *order = &row->order;
        char name[NAME_JOB_ROOM];
        name_join_job(order->namespace_name, order->name, name);
        if (order->action == ORDER_CANCEL && !table_order_is_denied(row) && is_for_me(core, order) &&
            order->life == job->life && strcmp(name, job->name) == 0 && means_due(order, due) &&
            stamp_wall_ms(order->stamp) >= since_ms)
            return true;
    }
    return false;
}

void intake_orders(struct core *core, const char *job)
{
    for (const struct table_order *row = NULL; (row = table_next_order(&core->table, row));) {
        char name[NAME_JOB_ROOM];
        name_join_job(row->order.namespace_name, row->order.name, name);
        if (row->order.action == ORDER_RUN && strcmp(name, job) == 0)
            follow_order(core, row);
    }
}

void intake_follow(struct core *core)
{
    struct table_job *job;
    while ((job = table_take_changed_job(&core->table)))
        jobs_follow(core, job);
    const struct table_order *order;
    while ((order = table_take_changed_order(&core->table)))
        if (core->is_ready)
            follow_order(core, order);
    struct record_id dropped;
    while (table_take_dropped(&core->table, &dropped) || directory_take_dropped(&core->directory, &dropped)) {
        const struct effect_write write = {
            .kind = EFFECT_WRITE_RECORD_DROP, .class = EFFECT_WRITE_MUST, .record = dropped.hash};
        outbox_write(&core->outbox, &write);
    }
}

// What stops jobs must be known before anything starts. Definitions the runner asks for when it needs
// them: it remembers which ones are in force, and a fleet may have a hundred thousand.
static bool stops(const struct table_record *record)
{
    return record->kind == TABLE_RECORD_PAUSE || record->kind == TABLE_RECORD_RESUME ||
           record->kind == TABLE_RECORD_DELETE;
}

void intake_feed_node(struct core *core, const struct node_id *id)
{
    struct record_queue proof = {0};
    struct record_id record;
    directory_prove(&core->directory, id, &proof);
    while (record_queue_take(&proof, &record))
        feed(core, directory_record_bytes(directory_find_record(&core->directory, &record)));
    record_queue_deinit(&proof);
}

void intake_feed_runner(struct core *core)
{
    for (size_t i = 0; i < core->authority.entry_count; i++)
        feed(core, buffer_view(&core->authority.entries[i]->envelope));
    intake_feed_node(core, &core->self.id);
    struct table_job *job = NULL;
    while ((job = table_next_job(&core->table, job)))
        for (const struct table_record *record = NULL; (record = table_job_next_record(job, record));)
            if (record->is_live && stops(record))
                feed(core, table_record_bytes(record));
}

void intake_feed_record(struct core *core, const struct hash *id)
{
    const struct record_id wanted = {*id};
    const struct table_record *record = table_find_record(&core->table, &wanted);
    if (record)
        feed(core, table_record_bytes(record));
    else
        (void)emissions_feed(core, id);
}
