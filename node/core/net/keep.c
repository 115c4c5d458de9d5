#include "node/core/net/keep.h"

#include "node/core/learn.h"
#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

static void item_free(struct keep_item *item)
{
    free(item->holders);
    buffer_deinit(&item->envelope);
}

void keep_deinit(struct keep *keep)
{
    for (size_t i = 0; i < keep->count; i++)
        item_free(&keep->items[i]);
    free(keep->items);
    free(keep->receipts);
    *keep = (struct keep){0};
}

static void remove_item(struct keep *keep, size_t at)
{
    item_free(&keep->items[at]);
    memmove(&keep->items[at], &keep->items[at + 1], (--keep->count - at) * sizeof *keep->items);
}

bool keep_add_holder(const struct core *core, const struct node_id *id,
                     struct node_id holders[KEEP_HOLDER_MAX], size_t *count)
{
    if (node_id_equal(id, &core->self.id))
        return true;
    for (size_t i = 0; i < *count; i++)
        if (node_id_equal(&holders[i], id))
            return true;
    if (*count == KEEP_HOLDER_MAX)
        return false;
    holders[(*count)++] = *id;
    return true;
}

bool keep_find_keepers(struct core *core, const char *name, struct owner_rank *ret_rank)
{
    const struct job *job = jobs_find(&core->jobs, name);
    struct arena arena = {0};
    struct definition definition;
    struct job gone = {0};
    if (job && job->row) {
        owner_rank(core, job, NULL, 0, ret_rank);
        return true;
    }
    bool is_known = past_job(core, name, &arena, &definition, &gone);
    if (!is_known && (gone.row = jobs_row(core, name))) { // only that it was deleted: any node will do
        is_known = true;
        gone.life = gone.row->life - (gone.row->life % 2 == 0);
        memcpy(gone.name, name, strlen(name) + 1);
    }
    if (is_known)
        owner_rank(core, &gone, NULL, 0, ret_rank);
    arena_deinit(&arena);
    return is_known;
}

// Of the jobs of a record that is being written; or of those somebody asks about.
static size_t find_holders(struct core *core, const char *const *jobs, size_t job_count, bool is_written,
                           struct node_id holders[KEEP_HOLDER_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < job_count; i++) {
        const struct job *job = jobs_find(&core->jobs, jobs[i]);
        struct owner_rank rank = {0};
        if (job && job->row && !node_id_is_zero(&job->promised.node))
            (void)keep_add_holder(core, &job->promised.node, holders, &count);
        if (keep_find_keepers(core, jobs[i], &rank) && is_written)
            copies_written(core, jobs[i], &rank);
        for (size_t k = 0; k < rank.count; k++)
            (void)keep_add_holder(core, &rank.nodes[k], holders, &count);
    }
    return count;
}

size_t keep_find_holders(struct core *core, const char *const *jobs, size_t job_count,
                         struct node_id holders[KEEP_HOLDER_MAX])
{
    return find_holders(core, jobs, job_count, false, holders);
}

bool keep_send(struct core *core, const struct node_id *to, const struct bytes *envelopes, size_t count)
{
    bool is_sent = true;
    for (size_t at = 0; is_sent && at < count;) {
        struct buffer body = {0};
        at += message_list_encode(envelopes + at, count - at, &body);
        is_sent = links_send(core, to, MESSAGE_KEEP, buffer_view(&body));
        buffer_deinit(&body);
    }
    return is_sent;
}

static void send_item(struct core *core, struct keep_item *item)
{
    struct bytes envelope = buffer_view(&item->envelope);
    item->sent_ms = core->now_ms;
    for (size_t i = 0; i < item->holder_count; i++)
        if (fleet_is_counted(core, &item->holders[i]))
            (void)keep_send(core, &item->holders[i], &envelope, 1);
}

// Takes over the holders of `item`.
static void add_item(struct core *core, const struct keep_item *item, struct bytes envelope)
{
    struct keep *keep = &core->keep;
    if (keep->count == KEEP_WAITING_COUNT_MAX) {
        remove_item(keep, 0);
        copies_forget(core);
    }
    void *items = keep->items;
    base_grow(&items, &keep->capacity, keep->count + 1, sizeof *keep->items);
    keep->items = items;
    keep->items[keep->count] = *item;
    buffer_add(&keep->items[keep->count].envelope, envelope.data, envelope.size);
    send_item(core, &keep->items[keep->count++]);
}

void keep_record(struct core *core, const struct hash *id, struct bytes envelope, const char *const *jobs,
                 size_t job_count)
{
    struct node_id holders[KEEP_HOLDER_MAX];
    struct keep_item item = {.id = *id};
    item.holder_count = find_holders(core, jobs, job_count, true, holders);
    if (!item.holder_count)
        return;
    item.holders = base_copy(holders, item.holder_count * sizeof *holders);
    add_item(core, &item, envelope);
}

static bool is_waited_for(const struct keep *keep, const struct hash *id, const struct node_id *holder)
{
    for (size_t i = keep->count; i-- > 0;)
        for (size_t k = 0; hash_equal(&keep->items[i].id, id) && k < keep->items[i].holder_count; k++)
            if (node_id_equal(&keep->items[i].holders[k], holder))
                return true;
    return false;
}

void keep_record_at(struct core *core, const struct hash *id, struct bytes envelope,
                    const struct node_id *holders, size_t holder_count)
{
    struct keep_item item = {.id = *id, .holders = base_alloc(holder_count + 1, sizeof *item.holders)};
    for (size_t i = 0; i < holder_count; i++)
        if (!is_waited_for(&core->keep, id, &holders[i]))
            item.holders[item.holder_count++] = holders[i];
    if (item.holder_count)
        add_item(core, &item, envelope);
    else
        free(item.holders);
}

void keep_connected(struct core *core, const struct node_id *node)
{
    for (size_t i = 0; i < core->keep.count; i++) {
        struct keep_item *item = &core->keep.items[i];
        struct bytes envelope = buffer_view(&item->envelope);
        for (size_t k = 0; k < item->holder_count; k++)
            if (node_id_equal(&item->holders[k], node) && core->now_ms - item->sent_ms >= KEEP_AGAIN_MS)
                (void)keep_send(core, node, &envelope, 1);
    }
}

void keep_tick(struct core *core)
{
    for (size_t i = 0; i < core->keep.count; i++)
        if (core->now_ms - core->keep.items[i].sent_ms >= KEEP_AGAIN_MS)
            send_item(core, &core->keep.items[i]);
}

bool keep_acknowledged(struct core *core, const struct node_id *from, struct bytes body)
{
    const struct hash *ids;
    size_t count;
    if (message_ids_decode(body, &ids, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t k = core->keep.count; k-- > 0;) {
            struct keep_item *item = &core->keep.items[k];
            if (!hash_equal(&item->id, &ids[i]))
                continue;
            for (size_t h = item->holder_count; h-- > 0;)
                if (node_id_equal(&item->holders[h], from))
                    item->holders[h] = item->holders[--item->holder_count];
            if (!item->holder_count)
                remove_item(&core->keep, k);
        }
    return true;
}

struct learning {
    struct core *core;
    bool is_segment;
    struct hash id;
    struct node_id signer;
};

static void learn_item(void *context, const struct event_row *row)
{
    struct learning *learning = context;
    learning->id = row->record;
    learning->signer = row->signer;
    learning->is_segment = row->kind == EVENT_ROW_SEGMENT;
    if (learning->is_segment)
        return;
    learn_row(learning->core, row);
    if (row->kind == EVENT_ROW_RESULT || row->kind == EVENT_ROW_VERDICT)
        provisional_forget(learning->core, row);
}

// Stores what was read. Returns the ticket of the write.
static uint64_t store(struct core *core, const struct learning *learning, struct bytes envelope)
{
    const struct effect_write write = {.kind =
                                           learning->is_segment ? EFFECT_WRITE_SEGMENT : EFFECT_WRITE_LEDGER,
                                       .class = EFFECT_WRITE_MUST,
                                       .record = learning->id,
                                       .record_kind = envelope.data[0],
                                       .signer = learning->signer,
                                       .envelope = envelope};
    return outbox_write(&core->outbox, &write);
}

static void add_receipt(struct core *core, const struct keep_receipt *receipt)
{
    struct keep *keep = &core->keep;
    void *receipts = keep->receipts;
    base_grow(&receipts, &keep->receipt_capacity, keep->receipt_count + 1, sizeof *keep->receipts);
    keep->receipts = receipts;
    keep->receipts[keep->receipt_count++] = *receipt;
}

bool keep_receive(struct core *core, const struct node_id *from, struct bytes body)
{
    struct arena arena = {0};
    struct message_list list;
    bool is_well_formed = message_list_decode(body, &arena, &list) == 0;
    for (size_t i = 0; is_well_formed && i < list.count; i++) {
        struct learning learning = {.core = core};
        if (!keep_read(core, list.items[i], learn_item, &learning)) {
            core->rejected++;
            continue;
        }
        const struct keep_receipt receipt = {
            .to = *from, .id = learning.id, .ticket = store(core, &learning, list.items[i])};
        add_receipt(core, &receipt);
    }
    arena_deinit(&arena);
    return is_well_formed;
}

// One message acknowledges all that became durable at once and came from the same node.
static void acknowledge(struct core *core, size_t first, const struct node_id *to)
{
    struct keep *keep = &core->keep;
    struct buffer ids = {0};
    size_t kept = first;
    for (size_t i = first; i < keep->receipt_count; i++) {
        const struct keep_receipt receipt = keep->receipts[i];
        bool is_told = receipt.ticket <= core->settled_ticket && node_id_equal(&receipt.to, to) &&
                       ids.size < (size_t)MESSAGE_LIST_MAX * HASH_SIZE;
        if (is_told)
            buffer_add(&ids, receipt.id.b, sizeof receipt.id.b);
        else
            keep->receipts[kept++] = receipt;
    }
    keep->receipt_count = kept;
    links_send(core, to, MESSAGE_KEPT, buffer_view(&ids));
    buffer_deinit(&ids);
}

void keep_settled(struct core *core)
{
    struct keep *keep = &core->keep;
    for (size_t i = 0; i < keep->receipt_count;) {
        const struct keep_receipt receipt = keep->receipts[i];
        if (receipt.ticket > core->settled_ticket)
            i++;
        else
            acknowledge(core, i, &receipt.to);
    }
}
