#include "tests/sim/sim_disk.h"

#include "node/io/store/lookup.h"
#include "node/io/store/writer.h"
#include "tests/sim/sim_node.h"

enum {
    COMMIT_MIN_MS = 1,
    COMMIT_MAX_MS = 12,
    LOAD_MIN_MS = 2,
    LOAD_MAX_MS = 40,
    RETRY_MS = 1000, // while the disk is full
    BALLAST_BYTES = 1024 * 1024,
};

static void perform(struct sim_disk *disk, const struct effect_write *write)
{
    int outcome = writer_perform(&disk->database, write);
    assert(outcome == 0);
}

static void put_fleet(struct sim_disk *disk)
{
    const struct sim_fleet *fleet = disk->node->sim->fleet;
    for (size_t i = 0; i < fleet->record_count; i++) {
        struct envelope envelope;
        if (!sim_fleet_is_known(fleet, i, disk->node->index))
            continue;
        int outcome = envelope_parse(buffer_view(&fleet->records[i].envelope), &envelope);
        assert(outcome == 0);
        const struct effect_write write = {.kind = EFFECT_WRITE_RECORD,
                                           .record = fleet->records[i].id.hash,
                                           .record_kind = envelope.kind,
                                           .signer = envelope.signer,
                                           .envelope = envelope.whole};
        perform(disk, &write);
    }
}

void sim_disk_init(struct sim_disk *disk, struct sim_node *node)
{
    const struct store_options options = {0};
    *disk = (struct sim_disk){
        .node = node, .min_ms = COMMIT_MIN_MS, .max_ms = COMMIT_MAX_MS, .ballast_bytes = BALLAST_BYTES};
    int outcome = database_open(&disk->database, ":memory:", &options);
    assert(outcome == 0);
}

void sim_disk_deinit(struct sim_disk *disk)
{
    request_drop_all(&disk->gathered);
    request_drop_all(&disk->under_way);
    request_drop_all(&disk->waiting);
    database_deinit(&disk->database);
}

static void commit(struct sim_disk *disk, const struct request_list *list)
{
    if (!list->first)
        return;
    int outcome = database_begin(&disk->database);
    assert(outcome == 0);
    for (const struct request *request = list->first; request; request = request->next)
        if (!request->is_query)
            perform(disk, &request->write);
    outcome = database_commit(&disk->database);
    assert(outcome == 0);
}

static void tell(struct sim_disk *disk, struct event event)
{
    if (disk->node->core)
        sim_node_step(disk->node, &event);
}

static void tell_stored(struct sim_disk *disk, uint64_t ticket, bool refused)
{
    tell(disk, (struct event){.kind = EVENT_STORED, .is.stored = {.ticket = ticket, .refused = refused}});
}

static void enter(struct sim_disk *disk, enum event_storage state)
{
    if (disk->state == state)
        return;
    disk->state = state;
    tell(disk, (struct event){.kind = EVENT_STORAGE, .is.storage = state});
}

static void settle(struct sim_disk *disk, struct request_list *writes)
{
    if (!writes->last)
        return;
    uint64_t ticket = writes->last->write.ticket;
    commit(disk, writes);
    request_drop_all(writes);
    tell_stored(disk, ticket, false);
}

// What must be kept gets the ballast's room while it lasts.
static void settle_full(struct sim_disk *disk)
{
    if (disk->is_full && disk->waiting_bytes > disk->ballast_bytes)
        return;
    if (disk->is_full)
        disk->ballast_bytes -= disk->waiting_bytes;
    disk->waiting_bytes = 0;
    settle(disk, &disk->waiting);
    if (disk->is_full)
        return;
    disk->ballast_bytes = BALLAST_BYTES;
    enter(disk, EVENT_STORAGE_OK);
}

static void work(struct sim *sim, void *thing, uint64_t number);

static void retry(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_disk *disk = thing;
    if (number != disk->number || disk->state != EVENT_STORAGE_FULL)
        return;
    if (sim_node_is_up(disk->node) && !disk->is_busy)
        settle_full(disk);
    if (disk->state == EVENT_STORAGE_FULL)
        sim_after(sim, RETRY_MS, retry, disk, disk->number);
}

static void sort_out(struct sim_disk *disk, struct request_list *writes)
{
    struct request *request;
    while ((request = request_take(writes))) {
        if (request->write.class == EFFECT_WRITE_MUST) {
            disk->waiting_bytes += request->size_bytes;
            request_add(&disk->waiting, request);
            continue;
        }
        tell_stored(disk, request->write.ticket, true);
        request_free(request);
    }
}

static void settle_writes(struct sim_disk *disk, struct request_list *writes)
{
    if (disk->is_broken && writes->first)
        enter(disk, EVENT_STORAGE_FAILED);
    if (disk->state == EVENT_STORAGE_FAILED) {
        request_drop_all(writes);
        return;
    }
    if (disk->is_full && disk->state == EVENT_STORAGE_OK) {
        enter(disk, EVENT_STORAGE_FULL);
        sim_after(disk->node->sim, RETRY_MS, retry, disk, disk->number);
    }
    if (disk->state == EVENT_STORAGE_OK) {
        settle(disk, writes);
        return;
    }
    sort_out(disk, writes);
    settle_full(disk);
}

struct listener {
    struct sim_disk *disk;
    uint64_t query;
};

static bool take_row(void *context, const struct event_row *row, struct packet *packet)
{
    const struct listener *listener = context;
    (void)packet;
    tell(listener->disk,
         (struct event){.kind = EVENT_ROW, .is.row = {.query = listener->query, .row = *row}});
    return true;
}

static void answer(struct sim_disk *disk, const struct effect_query *query)
{
    struct listener listener = {disk, query ? query->query : 0};
    const struct reading_sink sink = {take_row, &listener};
    bool more = false;
    int outcome = query ? lookup_query(&disk->database, query, &sink, &more)
                        : lookup_load(&disk->database, sim_node_wall_ms(disk->node), &sink);
    assert(outcome == 0);
    tell(disk,
         (struct event){.kind = EVENT_ROWS_DONE, .is.rows_done = {.query = listener.query, .more = more}});
}

static void begin_work(struct sim_disk *disk)
{
    if (disk->is_busy || !disk->gathered.first)
        return;
    struct sim *sim = disk->node->sim;
    disk->is_busy = true;
    request_move(&disk->gathered, &disk->under_way);
    sim_after(sim, sim_between(sim, disk->min_ms, disk->max_ms), work, disk, disk->number);
}

// Writes first, as the store's thread does: a query sees every write that was handed over before it.
static void work(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_disk *disk = thing;
    (void)sim;
    if (number != disk->number)
        return;
    if (!sim_node_is_up(disk->node)) {
        disk->is_late = true;
        return;
    }
    struct request_list list = disk->under_way, writes = {0}, queries = {0};
    disk->under_way = (struct request_list){0};
    struct request *request;
    while ((request = request_take(&list)))
        request_add(request->is_query ? &queries : &writes, request);
    if (disk->is_loading) {
        disk->is_loading = false;
        answer(disk, NULL);
    }
    settle_writes(disk, &writes);
    while ((request = request_take(&queries))) {
        if (number == disk->number)
            answer(disk, &request->query);
        request_free(request);
    }
    if (number != disk->number)
        return;
    disk->is_busy = false;
    begin_work(disk);
}

void sim_disk_attach(struct sim_disk *disk)
{
    struct sim *sim = disk->node->sim;
    if (!disk->has_fleet)
        put_fleet(disk);
    disk->has_fleet = true;
    disk->number++;
    disk->state = EVENT_STORAGE_OK;
    disk->is_busy = disk->is_loading = true;
    disk->is_late = false;
    sim_after(sim, sim_between(sim, LOAD_MIN_MS, LOAD_MAX_MS), work, disk, disk->number);
}

void sim_disk_detach(struct sim_disk *disk)
{
    disk->number++;
    if (disk->is_busy && !disk->is_broken && !disk->is_full && sim_chance(disk->node->sim, 500))
        commit(disk, &disk->under_way);
    request_drop_all(&disk->under_way);
    request_drop_all(&disk->gathered);
    request_drop_all(&disk->waiting);
    disk->waiting_bytes = 0;
    disk->is_busy = disk->is_loading = disk->is_late = false;
}

void sim_disk_thaw(struct sim_disk *disk)
{
    if (!disk->is_late)
        return;
    disk->is_late = false;
    sim_after(disk->node->sim, 0, work, disk, disk->number);
}

void sim_disk_write(struct sim_disk *disk, const struct effect_write *write)
{
    request_add(&disk->gathered, request_new_write(write));
    begin_work(disk);
}

void sim_disk_query(struct sim_disk *disk, const struct effect_query *query)
{
    request_add(&disk->gathered, request_new_query(query));
    begin_work(disk);
}

void sim_disk_fill(struct sim_disk *disk, bool is_full)
{
    sim_say(disk->node->sim, "%s: the disk %s", disk->node->identity->name, is_full ? "is full" : "has room");
    disk->is_full = is_full;
}

void sim_disk_break(struct sim_disk *disk)
{
    sim_say(disk->node->sim, "%s: the disk is broken", disk->node->identity->name);
    disk->is_broken = disk->node->has_forgotten = true;
}

void sim_disk_mend(struct sim_disk *disk)
{
    disk->is_broken = false;
}
