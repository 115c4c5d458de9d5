#include "node/core/net/sync.h"

#include "node/core/intake.h"
#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

// SYNC_MEMBERS is a question without more: tell me of all members.
enum sync_topic { SYNC_TABLE = 1, SYNC_DIRECTORY, SYNC_MEMBERS, SYNC_EVENTS };

enum { SYNC_BATCH_BYTES = 48 * 1024 }; // of records in one message

void sync_deinit(struct sync *sync)
{
    for (size_t i = 0; i < sync->waiting_count; i++)
        buffer_deinit(&sync->waiting[i].envelope);
    free(sync->waiting);
    *sync = (struct sync){0};
}

// Gathers records and sends them in messages that fit.
struct batch {
    struct core *core;
    const struct node_id *to;
    struct bytes items[MESSAGE_LIST_MAX];
    size_t count, bytes;
};

static void batch_flush(struct batch *batch)
{
    struct buffer body = {0};
    if (!batch->count)
        return;
    message_list_encode(batch->items, batch->count, &body);
    batch->core->sync.repair_bytes += body.size;
    links_send(batch->core, batch->to, MESSAGE_RECORDS, buffer_view(&body));
    buffer_deinit(&body);
    batch->count = batch->bytes = 0;
}

static void batch_add(struct batch *batch, struct bytes record)
{
    if (batch->count == MESSAGE_LIST_MAX || (batch->count && batch->bytes + record.size > SYNC_BATCH_BYTES))
        batch_flush(batch);
    batch->items[batch->count++] = record;
    batch->bytes += record.size + 4;
}

static struct bytes find_record(struct core *core, const struct hash *id)
{
    const struct record_id wanted = {*id};
    const struct table_record *in_table = table_find_record(&core->table, &wanted);
    if (in_table)
        return table_record_bytes(in_table);
    const struct directory_record *in_directory = directory_find_record(&core->directory, &wanted);
    if (in_directory)
        return directory_record_bytes(in_directory);
    const struct event_set_item *event = event_set_find(&core->emissions.set, id);
    return event ? buffer_view(&event->envelope) : (struct bytes){0};
}

static struct reconcile_view view_of(struct core *core, enum sync_topic topic)
{
    if (topic == SYNC_EVENTS)
        return event_set_live(&core->emissions.set);
    return topic == SYNC_TABLE ? table_live(&core->table) : directory_live(&core->directory);
}

static void send_step(struct core *core, const struct node_id *to, const struct buffer *body)
{
    core->sync.repair_bytes += body->size;
    links_send(core, to, MESSAGE_RECONCILE, buffer_view(body));
}

static void start(struct core *core, const struct node_id *node, enum sync_topic topic)
{
    struct buffer body = {0};
    struct reconcile_view view = view_of(core, topic);
    buffer_add_u8(&body, (uint8_t)topic);
    reconcile_start(&view, random_u64(&core->random), &body);
    send_step(core, node, &body);
    buffer_deinit(&body);
}

static void ask_members(struct core *core, const struct node_id *node)
{
    const uint8_t topic = SYNC_MEMBERS;
    links_send(core, node, MESSAGE_RECONCILE, bytes_of(&topic, sizeof topic));
}

static void send_members(struct core *core, const struct node_id *node)
{
    struct batch *batch = base_alloc(1, sizeof *batch);
    *batch = (struct batch){.core = core, .to = node};
    const struct members *members = gossip_members(core->fleet.gossip);
    for (size_t i = 0; i < members->count; i++)
        if (members->nodes[i]->record.size && members_is_live(members->nodes[i]))
            batch_add(batch, buffer_view(&members->nodes[i]->record));
    batch_flush(batch);
    free(batch);
}

void sync_ask_authority(struct core *core, const struct node_id *node)
{
    struct buffer body = {0};
    buffer_add_u64(&body, core->authority.has_fork ? 1 : authority_log_get_head(&core->authority).number + 1);
    links_send(core, node, MESSAGE_AUTHORITY, buffer_view(&body));
    buffer_deinit(&body);
}

void sync_repair(struct core *core, const struct node_id *node, enum gossip_what what)
{
    switch (what) {
    case GOSSIP_MEMBERS:
        start(core, node, SYNC_DIRECTORY);
        send_members(core, node);
        ask_members(core, node);
        return;
    case GOSSIP_TABLE:
        start(core, node, SYNC_DIRECTORY);
        start(core, node, SYNC_TABLE);
        start(core, node, SYNC_EVENTS);
        return;
    case GOSSIP_AUTHORITY:
        sync_ask_authority(core, node);
        return;
    case GOSSIP_WHAT_COUNT:
        return;
    }
}

void sync_met_first(struct core *core, const struct node_id *node)
{
    start(core, node, SYNC_DIRECTORY);
    ask_members(core, node);
}

bool sync_authority_asked(struct core *core, const struct node_id *from, struct bytes body)
{
    struct reader reader;
    reader_init(&reader, body);
    uint64_t number = reader_u64(&reader);
    if (!reader_is_done(&reader))
        return false;
    struct batch *batch = base_alloc(1, sizeof *batch);
    *batch = (struct batch){.core = core, .to = from};
    for (size_t i = authority_log_index_of(&core->authority, number); i < core->authority.entry_count; i++)
        batch_add(batch, buffer_view(&core->authority.entries[i]->envelope));
    batch_flush(batch);
    free(batch);
    return true;
}

bool sync_reconcile(struct core *core, const struct node_id *from, struct bytes body)
{
    struct reader reader;
    struct buffer answer = {0};
    struct reconcile_lacks lacks = {0};
    reader_init(&reader, body);
    uint8_t topic = reader_u8(&reader);
    if (topic == SYNC_MEMBERS && reader_is_done(&reader)) {
        send_members(core, from);
        return true;
    }
    if (reader.failed || (topic != SYNC_TABLE && topic != SYNC_DIRECTORY && topic != SYNC_EVENTS))
        return false;
    struct reconcile_view view = view_of(core, (enum sync_topic)topic);
    buffer_add_u8(&answer, topic);
    int outcome = reconcile_answer(&view, reader.rest, &answer, &lacks);
    if (outcome == 0)
        send_step(core, from, &answer);
    struct batch *batch = base_alloc(1, sizeof *batch);
    *batch = (struct batch){.core = core, .to = from};
    for (size_t i = 0; outcome != RECONCILE_MALFORMED && i < lacks.count; i++) {
        struct bytes record = find_record(core, &lacks.ids[i]);
        if (record.size)
            batch_add(batch, record);
    }
    batch_flush(batch);
    free(batch);
    reconcile_lacks_deinit(&lacks);
    buffer_deinit(&answer);
    return outcome != RECONCILE_MALFORMED;
}

void sync_announced(struct core *core, const struct node_id *from, const struct hash *id)
{
    if (find_record(core, id).size)
        return;
    links_send(core, from, MESSAGE_WANT, bytes_of(id->b, sizeof id->b));
}

bool sync_wanted(struct core *core, const struct node_id *from, struct bytes body)
{
    const struct hash *ids;
    size_t count;
    if (message_ids_decode(body, &ids, &count))
        return false;
    struct batch *batch = base_alloc(1, sizeof *batch);
    *batch = (struct batch){.core = core, .to = from};
    for (size_t i = 0; i < count; i++) {
        struct bytes record = find_record(core, &ids[i]);
        if (record.size)
            batch_add(batch, record);
    }
    batch_flush(batch);
    free(batch);
    return true;
}

static bool is_about_members(struct bytes envelope)
{
    return envelope.size && envelope.data[0] >= ENVELOPE_ALIVE && envelope.data[0] <= ENVELOPE_SUSPICION;
}

static bool is_waiting(const struct sync *sync, struct bytes envelope)
{
    for (size_t i = 0; i < sync->waiting_count; i++)
        if (bytes_equal(buffer_view(&sync->waiting[i].envelope), envelope))
            return true;
    return false;
}

// Asks who sent it for what it rests on, once for the many that may come together. Admissions travel as
// news like the words of members, and need not be asked for when those overtake them.
static void ask_what_is_missing(struct core *core, struct sync_waiting *kept)
{
    struct sync *sync = &core->sync;
    if (node_id_is_zero(&kept->from) || is_about_members(buffer_view(&kept->envelope)))
        return;
    for (size_t i = 0; i < sync->waiting_count; i++)
        if (node_id_equal(&sync->waiting[i].from, &kept->from) && sync->waiting[i].asked_ms &&
            core->now_ms - sync->waiting[i].asked_ms < SYNC_ASK_AGAIN_MS)
            return;
    kept->asked_ms = core->now_ms;
    sync_ask_authority(core, &kept->from);
    start(core, &kept->from, SYNC_DIRECTORY);
}

void sync_wait(struct core *core, const struct node_id *from, struct bytes envelope)
{
    struct sync *sync = &core->sync;
    if (sync->is_retrying || is_waiting(sync, envelope))
        return;
    if (sync->waiting_count == SYNC_WAITING_COUNT_MAX) {
        buffer_deinit(&sync->waiting[0].envelope);
        memmove(&sync->waiting[0], &sync->waiting[1], --sync->waiting_count * sizeof sync->waiting[0]);
    }
    void *waiting = sync->waiting;
    base_grow(&waiting, &sync->waiting_capacity, sync->waiting_count + 1, sizeof *sync->waiting);
    sync->waiting = waiting;
    struct sync_waiting *kept = &sync->waiting[sync->waiting_count++];
    *kept = (struct sync_waiting){.from = *from};
    buffer_add(&kept->envelope, envelope.data, envelope.size);
    ask_what_is_missing(core, kept);
}

static int retry(struct core *core, const struct sync_waiting *waiting)
{
    struct bytes bytes = buffer_view(&waiting->envelope);
    struct intake_note note;
    if (is_about_members(bytes))
        return fleet_member_news(core, bytes, &waiting->from) ? INTAKE_KNOWN : INTAKE_SIGNER_UNKNOWN;
    int outcome = intake_record(core, bytes, INTAKE_PEER, &note);
    if (outcome == 0 && core->is_loaded)
        fleet_spread(core, &note.id, bytes, &waiting->from);
    return outcome;
}

// Something new came in: perhaps what a waiting record rested on. Repeats while that helps.
void sync_retry(struct core *core)
{
    struct sync *sync = &core->sync;
    if (sync->is_retrying)
        return;
    sync->is_retrying = true;
    bool helped = sync->waiting_count > 0;
    while (helped) {
        helped = false;
        for (size_t i = 0; i < sync->waiting_count;) {
            struct sync_waiting *waiting = &sync->waiting[i];
            int outcome = retry(core, waiting);
            if (outcome == INTAKE_SIGNER_UNKNOWN) {
                i++;
                continue;
            }
            helped |= outcome == 0;
            buffer_deinit(&waiting->envelope);
            memmove(waiting, waiting + 1, (--sync->waiting_count - i) * sizeof *waiting);
        }
    }
    sync->is_retrying = false;
    intake_follow(core);
}
