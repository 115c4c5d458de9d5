#include "node/core/core.h"

#include "node/core/barred.h"
#include "node/core/ends.h"
#include "node/core/happening.h"
#include "node/core/intake.h"
#include "node/core/schedule.h"
#include "node/core/stall.h"
#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CORE_HOUSEKEEPING_MS = 1000,
    CORE_KNOWN_KEEP_MS = 600 * 1000, // settled due times stay in memory this long, and at least the newest
    CORE_KNOWN_KEEP_COUNT = 64,
    CORE_CURSOR_MS = 1800 * 1000, // a cursor that moved is written this often
    CORE_EARLY_MAX = 2 * LIMIT_RUNNING_COUNT_MAX,
};

struct core *core_new(void)
{
    struct core *core = base_alloc(1, sizeof *core);
    table_init(&core->table);
    directory_init(&core->directory);
    emissions_init(&core->emissions);
    return core;
}

void core_free(struct core *core)
{
    if (!core)
        return;
    outbox_deinit(&core->outbox);
    fleet_deinit(&core->fleet);
    links_deinit(&core->links);
    door_deinit(&core->door);
    sync_deinit(&core->sync);
    takes_deinit(&core->takes);
    keep_deinit(&core->keep);
    copies_deinit(&core->copies);
    provisional_deinit(&core->provisional);
    asks_deinit(&core->asks);
    runs_deinit(&core->runs);
    answers_deinit(&core->answers);
    ends_deinit(&core->ends);
    jobs_deinit(&core->jobs);
    past_deinit(&core->past);
    book_deinit(&core->book);
    held_deinit(&core->held);
    zones_deinit(&core->zones);
    comings_deinit(&core->comings);
    emissions_deinit(&core->emissions);
    table_deinit(&core->table);
    directory_deinit(&core->directory);
    authority_log_deinit(&core->authority);
    free(core->early);
    free(core);
}

static void boot(struct core *core, const struct event_boot *boot)
{
    struct self *self = &core->self;
    self->id = node_id_of(&boot->node_key);
    self->signer = (struct envelope_signer){boot->fleet, boot->node_key, boot->node_secret};
    memcpy(self->datagram_secret, boot->datagram_secret, sizeof self->datagram_secret);
    memcpy(self->instance, boot->instance, sizeof self->instance);
    self->fleet = boot->fleet;
    self->generation = boot->generation;
    self->booted_ms = core->now_ms;
    self->address_count = MIN_OF(boot->address_count, (size_t)LIMIT_ADDRESS_COUNT_MAX);
    for (size_t i = 0; i < self->address_count; i++)
        self->addresses[i] = boot->addresses[i];
    self->confined = boot->confined;
    snprintf(self->confined_text, sizeof self->confined_text, "%s", boot->confined_text);
    snprintf(self->version, sizeof self->version, "%s", boot->version);
    random_init(&core->random, boot->seed);
    core->clock.built_ms = boot->built_ms;
    fleet_boot(core, boot);
    core->is_booted = true;
}

static void load_row(struct core *core, const struct event_row *row)
{
    if (row->kind == EVENT_ROW_RECORD) {
        struct intake_note note;
        const struct node_id nobody = {{0}};
        int outcome = intake_record(core, row->envelope, INTAKE_DISK, &note);
        if (outcome == INTAKE_REFUSED)
            outbox_notice(&core->outbox, EFFECT_WARNING, "a stored record is not used: %s", note.text);
        if (outcome == INTAKE_SIGNER_UNKNOWN)
            sync_wait(core, &nobody, row->envelope); // what it rests on is read later
        return;
    }
    sync_retry(core);
    if (row->kind != EVENT_ROW_META)
        learn_row(core, row);
    else if (strcmp(row->is.meta.key, "drained") == 0)
        core->self.drained = row->is.meta.value.size > 0;
    else if (strncmp(row->is.meta.key, "epoch/", 6) == 0)
        take_load(core, row->is.meta.key, row->is.meta.value);
    else if (strcmp(row->is.meta.key, "boot") == 0)
        happening_load(core, row->is.meta.value);
    else if (strncmp(row->is.meta.key, "clock/", 6) == 0)
        clock_load(core, row->is.meta.key, row->is.meta.value);
    else if (strncmp(row->is.meta.key, "member/", 7) == 0)
        fleet_load_member(core, row->is.meta.value);
}

// The disk is read and the runner has told what lives: this node may own jobs.
static void become_ready(struct core *core)
{
    if (core->is_ready || !core->is_loaded || !core->is_runner_ready)
        return;
    for (size_t i = 0; i < core->early_count; i++)
        runs_frame(core, &core->early[i]);
    free(core->early);
    core->early = NULL;
    core->early_count = core->early_capacity = 0;
    core->is_ready = true;
    core->clock.ask_until_ms = core->now_ms + CLOCK_ASK_MS;
    clock_judge(core);
    zones_want_version(core);
    happening_ready(core);
    comings_ready(core);
    book_story(core, NULL, NULL, "started, generation %llu", (unsigned long long)core->self.generation);
    core->fleet.returned_ms = core->now_ms;
    fleet_renew(core);
    fleet_dirty(core);
}

static void keep_early(struct core *core, const struct frame *frame)
{
    if (core->early_count == CORE_EARLY_MAX)
        return;
    void *early = core->early;
    base_grow(&early, &core->early_capacity, core->early_count + 1, sizeof *core->early);
    core->early = early;
    core->early[core->early_count] = *frame;
    core->early[core->early_count++].data = (struct bytes){0};
}

static void floor_frame(struct core *core, const struct frame *frame)
{
    if (frame->ok)
        return;
    char id[2 * HASH_SIZE + 1];
    hex_encode(frame->record.b, HASH_SIZE, id);
    outbox_notice(&core->outbox, EFFECT_WARNING, "the runner refuses record %.12s: %s", id, frame->reason);
}

// The runner tells times by what the clock shows.
static void run_frame(struct core *core, const struct frame *frame)
{
    struct frame corrected = *frame;
    int64_t correction_ms = clock_is_trusted(core) ? 0 : core->clock.correction_ms;
    corrected.started_ms += frame->started_ms ? correction_ms : 0;
    corrected.ended_ms += frame->ended_ms ? correction_ms : 0;
    runs_frame(core, &corrected);
}

static void runner_frame(struct core *core, const struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_HELLO:
        core->self.runner_root = frame->is_root;
        memcpy(core->happenings.boot, frame->boot, sizeof core->happenings.boot);
        core->runs.needs_resume = true;
        return;
    case FRAME_HEARTBEAT:
        core->is_runner_ready = true; // HELLO and RUNNING come before the first of these
        become_ready(core);
        return;
    case FRAME_ZONE:
        zones_frame(core, frame);
        return;
    case FRAME_FLOOR:
        floor_frame(core, frame);
        return;
    case FRAME_NEED:
        if (!runs_show_ends(core, &frame->record))
            intake_feed_record(core, &frame->record);
        return;
    case FRAME_HAPPENED:
        happening_seen(core, frame);
        return;
    case FRAME_WATCH:
        happening_watched(core, frame);
        return;
    case FRAME_STARTED:
    case FRAME_DENIED:
    case FRAME_ENDED:
    case FRAME_RUNNING:
        if (core->is_loaded)
            run_frame(core, frame);
        else
            keep_early(core, frame);
        return;
    case FRAME_TAKEN: // for the shell, which looks into the pipes
        return;
    case FRAME_RECORD:
    case FRAME_SHOW:
    case FRAME_START:
    case FRAME_SIGNAL:
    case FRAME_ENDED_ACK:
    case FRAME_KEPT:
    case FRAME_ZONE_WANT:
    case FRAME_RESUME:
    case FRAME_KIND_COUNT:
        return; // ours to say, not the runner's
    }
}

static void storage_changed(struct core *core, enum event_storage storage)
{
    static const char *const text[] = {"the disk has room again",
                                       "the disk is full: no new definitions are taken",
                                       "the disk does not keep what is written: nothing is claimed here"};
    if (core->storage == storage)
        return;
    core->storage = storage;
    outbox_notice(&core->outbox, storage == EVENT_STORAGE_OK ? EFFECT_INFO : EFFECT_ERROR, "%s",
                  text[storage]);
    book_story(core, NULL, NULL, "%s", text[storage]);
    fleet_renew(core);
    fleet_dirty(core);
}

static void settled(struct core *core, uint64_t ticket)
{
    core->settled_ticket = MAX_OF(core->settled_ticket, ticket);
    answer_settled(core);
    runs_settled(core);
    keep_settled(core);
    take_settled(core);
    door_settled(core);
}

static void write_cursors(struct core *core, struct job *job)
{
    for (size_t i = 0; i < job->slot_count && job->row; i++) {
        struct jobs_slot *slot = &job->slots[i];
        if (slot->decided_ms - slot->written_ms < CORE_CURSOR_MS)
            continue;
        struct ledger_cursor cursor = {.life = job->life,
                                       .schedule_version = job->schedule_version,
                                       .trigger = slot->trigger,
                                       .target = jobs_target(core, job),
                                       .decided_ms = slot->decided_ms,
                                       .epoch = job->epoch};
        memcpy(cursor.job, job->name, sizeof cursor.job);
        book_cursor(core, &cursor);
        slot->written_ms = slot->decided_ms;
    }
}

// One job a second has its history on disk trimmed.
static void retain_one(struct core *core)
{
    if (!core->jobs.count)
        return;
    struct job *job = core->jobs.items[core->retain_at++ % core->jobs.count];
    const struct definition *definition = jobs_definition(core, job);
    if (!definition)
        return;
    uint64_t keep_ms = definition->keep_ms ? definition->keep_ms : (uint64_t)DEFINITION_KEEP_MS_DEFAULT;
    const struct effect_write write = {.kind = EFFECT_WRITE_RETAIN,
                                       .class = EFFECT_WRITE_MUST,
                                       .job = job->name,
                                       .before_ms = core->wall_ms - (int64_t)keep_ms,
                                       .keep_runs = definition->keep_runs ? definition->keep_runs
                                                                          : DEFINITION_KEEP_RUNS_DEFAULT};
    outbox_write(&core->outbox, &write);
}

static void keep_house(struct core *core)
{
    core->housekeeping_ms = core->now_ms + CORE_HOUSEKEEPING_MS;
    links_tick(core);
    clock_judge(core);
    keep_tick(core);
    copies_tick(core);
    emissions_keep_house(core);
    comings_keep_house(core);
    happening_keep_house(core);
    provisional_tick(core);
    past_tick(core);
    for (size_t i = core->jobs.count; i-- > 0;) {
        struct job *job = core->jobs.items[i];
        known_forget(&job->known, core->wall_ms - CORE_KNOWN_KEEP_MS, CORE_KNOWN_KEEP_COUNT);
        write_cursors(core, job);
        stall_tick(core, job);
        schedule_expire(core, job);
        barred_tick(core, job);
        struct table_job *row = job->is_paused ? jobs_row(core, job->name) : NULL;
        if (row && !table_job_is_paused(row, core->wall_ms))
            jobs_follow(core, row);
    }
    if (core->now_ms / CORE_HOUSEKEEPING_MS % 60 == 0) {
        retain_one(core);
        table_prune(&core->table, core->wall_ms);
        intake_follow(core);
    }
}

static void row_read(struct core *core, uint64_t query, const struct event_row *row)
{
    if (!query)
        load_row(core, row);
    else if (!copies_row(core, query, row) && !take_row(core, query, row) && !ask_row(core, query, row) &&
             !runs_row(core, query, row))
        answer_row(core, query, row, &core->self.id);
}

static void rows_read(struct core *core, uint64_t query, bool failed, bool more)
{
    if (query) {
        if (!copies_rows_done(core, query, more) && !take_rows_done(core, query) &&
            !ask_rows_done(core, query) && !runs_rows_done(core, query, more))
            answer_rows_done(core, query, failed);
        return;
    }
    sync_retry(core);
    fleet_loaded(core);
    core->is_loaded = true;
    intake_feed_runner(core);
    become_ready(core);
}

static void step(struct core *core, const struct event *event)
{
    switch (event->kind) {
    case EVENT_BOOT:
        boot(core, &event->is.boot);
        return;
    case EVENT_ROW:
        row_read(core, event->is.row.query, &event->is.row.row);
        return;
    case EVENT_ROWS_DONE:
        rows_read(core, event->is.rows_done.query, event->is.rows_done.failed, event->is.rows_done.more);
        return;
    case EVENT_DEADLINE:
        return; // what is due is looked for after every event
    case EVENT_STORED:
        settled(core, event->is.stored.ticket);
        return;
    case EVENT_STORAGE:
        storage_changed(core, event->is.storage);
        return;
    case EVENT_CLOCK:
        clock_kernel(core, &event->is.clock);
        return;
    case EVENT_FRAME:
        runner_frame(core, &event->is.frame);
        return;
    case EVENT_OUTPUT:
        runs_output(core, &event->is.output);
        return;
    case EVENT_CONTROL:
        answer_request(core, event->is.control.client, &event->is.control.request);
        return;
    case EVENT_CONTROL_DRAINED:
        answer_drained(core, event->is.control.client);
        return;
    case EVENT_CONTROL_GONE:
        answer_client_gone(core, event->is.control.client);
        return;
    case EVENT_DATAGRAM:
        if (core->is_loaded)
            peers_receive(core, &event->is.datagram.from, event->is.datagram.data);
        return;
    case EVENT_UNSENT:
        fleet_unsent(core, &event->is.unsent);
        return;
    case EVENT_STREAM_OPENED:
        if (core->is_loaded)
            links_opened(core, event->is.stream.stream, &event->is.stream.peer, event->is.stream.accepted);
        return;
    case EVENT_STREAM_BYTES:
        links_bytes(core, event->is.stream.stream, event->is.stream.data);
        return;
    case EVENT_STREAM_CLOSED:
        links_closed(core, event->is.stream.stream);
        return;
    case EVENT_STOPPING:
        held_write_all(core);
        return;
    }
}

// Stopped or suspended for longer than this: nothing is owned until it is taken anew.
enum { CORE_GAP_MS = 1500 };

static void slept(struct core *core, uint64_t gap_ms)
{
    outbox_notice(&core->outbox, EFFECT_WARNING, "this node was stopped or asleep for %llu ms",
                  (unsigned long long)gap_ms);
    book_story(core, NULL, NULL, "was stopped or asleep for %llu ms; takes its jobs anew",
               (unsigned long long)gap_ms);
    take_drop_all(core);
    core->fleet.returned_ms = core->now_ms;
    core->runs.needs_resume = true;
    fleet_dirty(core);
}

static void tick(struct core *core)
{
    fleet_pump(core);
    if (!core->is_ready)
        return;
    clock_tick(core);
    schedule_run_due(core);
    runs_tick(core);
    held_tick(core);
    take_tick(core);
    ask_tick(core);
    answer_tick(core);
    happening_tick(core);
    ends_tick(core);
    if (core->now_ms >= core->housekeeping_ms)
        keep_house(core);
}

void core_step(struct core *core, const struct event *event)
{
    assert(core->is_booted || event->kind == EVENT_BOOT);
    core->now_ms = event->now_ms;
    core->boottime_ns = event->boottime_ns;
    clock_advance(core, event->wall_ms, event->gap_ms);
    if (core->is_booted)
        fleet_advance(core, event->gap_ms);
    if (core->is_ready && event->gap_ms > CORE_GAP_MS)
        slept(core, event->gap_ms);
    step(core, event);
    tick(core);
    book_flush(core);
    fleet_pump(core);
    take_flush(core);
}

bool core_next_effect(struct core *core, struct effect *ret_effect)
{
    return outbox_next(&core->outbox, ret_effect);
}

void core_deadline(const struct core *core, uint64_t *ret_now_ms, int64_t *ret_wall_ms)
{
    struct heap_entry first;
    *ret_now_ms = fleet_deadline_ms(core);
    if (core->is_ready)
        *ret_now_ms = MIN_OF(*ret_now_ms, MIN_OF(core->housekeeping_ms, runs_deadline_ms(core)));
    if (core->is_ready)
        *ret_now_ms = MIN_OF(*ret_now_ms, happening_deadline_ms(core));
    if (core->is_ready && ends_has_news(core))
        *ret_now_ms = MIN_OF(*ret_now_ms, core->now_ms);
    *ret_now_ms = MIN_OF(*ret_now_ms, held_deadline_ms(core));
    for (size_t i = 0; i < core->answers.count; i++)
        if (core->answers.items[i]->poll_ms)
            *ret_now_ms = MIN_OF(*ret_now_ms, core->answers.items[i]->poll_ms);
    bool is_any = core->is_ready && heap_first(&core->jobs.due, &first);
    *ret_wall_ms = is_any ? first.due_ms - core->clock.correction_ms : INT64_MAX;
}
