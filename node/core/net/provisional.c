#include "node/core/net/provisional.h"

#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

void provisional_deinit(struct provisional *provisional)
{
    for (size_t i = 0; i < provisional->count; i++)
        buffer_deinit(&provisional->items[i].envelope);
    free(provisional->items);
    *provisional = (struct provisional){0};
}

void provisional_tell(struct core *core, enum envelope_kind kind, struct bytes body, const char *job)
{
    struct node_id holders[KEEP_HOLDER_MAX];
    size_t count = keep_find_holders(core, &job, 1, holders);
    struct buffer envelope = {0}, message = {0};
    if (!count)
        return;
    envelope_sign(&core->self.signer, kind, body, &envelope);
    struct bytes item = buffer_view(&envelope);
    message_list_encode(&item, 1, &message);
    for (size_t i = 0; i < count; i++)
        if (fleet_is_counted(core, &holders[i]))
            links_send(core, &holders[i], MESSAGE_PROVISIONAL, buffer_view(&message));
    buffer_deinit(&message);
    buffer_deinit(&envelope);
}

static void remove_item(struct provisional *provisional, size_t at)
{
    buffer_deinit(&provisional->items[at].envelope);
    memmove(&provisional->items[at], &provisional->items[at + 1],
            (--provisional->count - at) * sizeof *provisional->items);
}

static void write_item(struct core *core, size_t at)
{
    const struct provisional_item *item = &core->provisional.items[at];
    const struct effect_write write = {.kind = EFFECT_WRITE_LEDGER,
                                       .class = EFFECT_WRITE_MUST,
                                       .record = item->id,
                                       .record_kind = item->envelope.data[0],
                                       .signer = item->signer,
                                       .envelope = buffer_view(&item->envelope)};
    const char *job = item->occurrence.job;
    outbox_write(&core->outbox, &write);
    keep_record(core, &item->id, write.envelope, &job, 1);
    remove_item(&core->provisional, at);
}

static void add(struct core *core, const struct event_row *row)
{
    struct provisional *provisional = &core->provisional;
    for (size_t i = 0; i < provisional->count; i++)
        if (hash_equal(&provisional->items[i].id, &row->record))
            return;
    if (provisional->count == PROVISIONAL_COUNT_MAX)
        write_item(core, 0);
    void *items = provisional->items;
    base_grow(&items, &provisional->capacity, provisional->count + 1, sizeof *provisional->items);
    provisional->items = items;
    struct provisional_item *item = &provisional->items[provisional->count++];
    *item = (struct provisional_item){
        .kind = row->kind,
        .id = row->record,
        .signer = row->signer,
        .occurrence = row->kind == EVENT_ROW_RESULT ? row->is.result.occurrence : row->is.verdict.occurrence,
        .until_ms = core->now_ms + PROVISIONAL_MS};
    buffer_add(&item->envelope, row->envelope.data, row->envelope.size);
}

struct receiving {
    struct core *core;
    const struct node_id *from;
};

// Only of who says it itself, and one item a record: a range is kept at once.
static void receive_item(void *context, const struct event_row *row)
{
    const struct receiving *receiving = context;
    bool is_one = (row->kind == EVENT_ROW_RESULT && row->is.result.count == 1) ||
                  (row->kind == EVENT_ROW_VERDICT && row->is.verdict.count == 1);
    if (!is_one || row->index > 0 || !node_id_equal(&row->signer, receiving->from))
        return;
    learn_row(receiving->core, row);
    add(receiving->core, row);
}

bool provisional_receive(struct core *core, const struct node_id *from, struct bytes body)
{
    struct arena arena = {0};
    struct message_list list;
    struct receiving receiving = {core, from};
    bool is_well_formed = message_list_decode(body, &arena, &list) == 0;
    for (size_t i = 0; is_well_formed && i < list.count; i++)
        if (!keep_read(core, list.items[i], receive_item, &receiving))
            core->rejected++;
    arena_deinit(&arena);
    return is_well_formed;
}

static bool covers(const struct event_row *row, const struct provisional_item *item)
{
    const struct ledger_occurrence *first, *one = &item->occurrence;
    int64_t last_ms;
    if (row->kind != item->kind || !node_id_equal(&row->signer, &item->signer))
        return false;
    if (row->kind == EVENT_ROW_RESULT) {
        first = &row->is.result.occurrence;
        last_ms = ledger_result_due_ms(&row->is.result, row->is.result.count - 1);
    } else {
        first = &row->is.verdict.occurrence;
        last_ms = row->is.verdict.last_due_ms;
    }
    return first->due_ms <= one->due_ms && one->due_ms <= last_ms && first->life == one->life &&
           first->schedule_version == one->schedule_version && first->trigger == one->trigger &&
           node_id_equal(&first->target, &one->target) && hash_equal(&first->cause, &one->cause) &&
           strcmp(first->job, one->job) == 0;
}

void provisional_forget(struct core *core, const struct event_row *row)
{
    for (size_t i = core->provisional.count; i-- > 0;)
        if (covers(row, &core->provisional.items[i]))
            remove_item(&core->provisional, i);
}

void provisional_write_job(struct core *core, const char *job)
{
    for (size_t i = 0; i < core->provisional.count;)
        if (strcmp(core->provisional.items[i].occurrence.job, job) == 0)
            write_item(core, i);
        else
            i++;
}

void provisional_tick(struct core *core)
{
    for (size_t i = 0; i < core->provisional.count;) {
        const struct provisional_item *item = &core->provisional.items[i];
        if (core->now_ms >= item->until_ms || owner_is_gone(core, &item->signer))
            write_item(core, i);
        else
            i++;
    }
}
