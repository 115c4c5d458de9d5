#include "node/core/past.h"

#include "node/core/catch_up.h"
#include "node/core/learn.h"
#include "node/core/state.h"
#include "proto/sorted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000LL)

void past_deinit(struct past *past)
{
    free(past->items);
    *past = (struct past){0};
}

// --- which schedules are over ---

static int compare(const void *element, const void *key)
{
    const struct past_item *item = element, *wanted = key;
    int order = strcmp(item->job, wanted->job);
    if (!order)
        order = (item->life > wanted->life) - (item->life < wanted->life);
    return order ? order
                 : (item->schedule_version > wanted->schedule_version) -
                       (item->schedule_version < wanted->schedule_version);
}

static struct past_item *find(struct past *past, const char *job, uint64_t life, uint64_t version)
{
    struct past_item wanted = {.life = life, .schedule_version = version};
    snprintf(wanted.job, sizeof wanted.job, "%s", job);
    size_t at;
    return sorted_find(SORTED(past->items, past->count, compare), &wanted, &at) ? &past->items[at] : NULL;
}

static void insert(struct past *past, const struct past_item *item)
{
    size_t at;
    (void)sorted_find(SORTED(past->items, past->count, compare), item, &at);
    void *items = past->items;
    struct past_item *added = sorted_insert(&items, &past->count, &past->capacity, at, sizeof *added);
    past->items = items;
    *added = *item;
}

static void remove_item(struct past *past, struct past_item *item)
{
    size_t at = (size_t)(item - past->items);
    memmove(item, item + 1, (--past->count - at) * sizeof *item);
}

// When the life ended; INT64_MAX: it goes on, or nobody remembers.
static int64_t life_end_ms(const struct table_job *row, uint64_t life)
{
    int64_t end_ms = INT64_MAX;
    for (const struct table_record *record = NULL; (record = table_job_next_record(row, record));)
        if (record->kind == TABLE_RECORD_DELETE && record->life == life + 1 && table_record_counts(record))
            end_ms = MIN_OF(end_ms, stamp_wall_ms(record->stamp));
    return end_ms;
}

static void note(struct core *core, const struct past_item *shape, const struct job *job)
{
    struct past_item item = *shape;
    bool is_present =
        job && job->row && job->life == item.life && job->schedule_version == item.schedule_version;
    struct past_item *there = find(&core->past, item.job, item.life, item.schedule_version);
    if (there)
        there->until_ms = item.until_ms;
    if (there || item.until_ms < core->wall_ms - PAST_DAYS * DAY_MS)
        return;
    for (size_t i = 0; i < item.trigger_count; i++) {
        item.decided_ms[i] = item.since_ms;
        if (is_present && i < job->slot_count)
            item.decided_ms[i] = MAX_OF(item.since_ms, job->slots[i].decided_ms);
    }
    item.noted_ms = core->now_ms;
    item.look_ms = core->now_ms + PAST_FIRST_MS;
    insert(&core->past, &item);
}

// Records come highest first: of those with one schedule version the first counts, and what lies above it
// ended it.
void past_follow(struct core *core, struct table_job *row, const struct job *job)
{
    struct table_job_key key = table_job_get_key(row);
    uint64_t life = 0, version = 0;
    int64_t until_ms = INT64_MAX;
    struct past_item item = {0};
    name_join_job(key.namespace_name, key.name, item.job);
    for (const struct table_record *record = NULL; (record = table_job_next_record(row, record));) {
        struct arena arena = {0};
        struct definition definition;
        if (record->kind != TABLE_RECORD_DEFINITION || !table_record_counts(record) ||
            (record == row->active && row->record_count == 1))
            continue;
        table_record_definition(record, &arena, &definition);
        if (record->life != life)
            until_ms = life_end_ms(row, record->life);
        bool is_known = record->life == life && definition.schedule_version >= version;
        life = record->life;
        version = is_known ? version : definition.schedule_version;
        if (!is_known) {
            item.life = life;
            item.schedule_version = version;
            item.definition = record->id;
            item.since_ms = stamp_wall_ms(definition.since);
            item.until_ms = until_ms;
            item.is_deleted = until_ms != INT64_MAX && until_ms == life_end_ms(row, life);
            item.trigger_count = MIN_OF(definition.trigger_count, (size_t)LIMIT_TRIGGER_COUNT_MAX);
            if (until_ms != INT64_MAX)
                note(core, &item, job);
            until_ms = MIN_OF(until_ms, item.since_ms);
        }
        arena_deinit(&arena);
    }
}

bool past_job(const struct core *core, const char *name, struct arena *arena, struct definition *definition,
              struct job *ret_job)
{
    const struct table_job *row = jobs_row(core, name);
    const struct table_record *record = NULL;
    while (row && (record = table_job_next_record(row, record)))
        if (record->kind == TABLE_RECORD_DEFINITION && table_record_counts(record))
            break;
    if (!row || !record)
        return false;
    table_record_definition(record, arena, definition);
    *ret_job = (struct job){.life = record->life,
                            .former = definition,
                            .definition_id = record->id.hash,
                            .signer = table_record_signer(record),
                            .schedule_version = definition->schedule_version,
                            .is_each = definition->spread == DEFINITION_SPREAD_ALL};
    memcpy(ret_job->name, name, MIN_OF(strlen(name), sizeof ret_job->name - 1));
    return true;
}

// --- what is known of them ---

static void raise(struct core *core, const struct ledger_occurrence *of, int64_t decided_ms, bool is_cursor)
{
    struct past_item *item = find(&core->past, of->job, of->life, of->schedule_version);
    bool is_mine = node_id_is_zero(&of->target) || node_id_equal(&of->target, &core->self.id);
    if (!item || !is_mine || of->trigger >= item->trigger_count)
        return;
    item->decided_ms[of->trigger] = MAX_OF(item->decided_ms[of->trigger], decided_ms);
    item->is_closed[of->trigger] |= is_cursor && decided_ms == item->until_ms;
}

void past_learn(struct core *core, const struct event_row *row)
{
    if (row->kind == EVENT_ROW_CLAIM) {
        const struct ledger_claim *claim = &row->is.claim;
        raise(core, &claim->occurrence,
              claim->occurrence.due_ms + (int64_t)((claim->count - 1) * claim->step_ms), false);
    } else if (row->kind == EVENT_ROW_RESULT) {
        const struct ledger_result *result = &row->is.result;
        raise(core, &result->occurrence,
              result->occurrence.due_ms + (int64_t)((result->count - 1) * result->step_ms), false);
    } else if (row->kind == EVENT_ROW_VERDICT) {
        raise(core, &row->is.verdict.occurrence, row->is.verdict.last_due_ms, false);
    } else if (row->kind == EVENT_ROW_CURSOR) {
        const struct ledger_cursor *cursor = &row->is.cursor;
        struct ledger_occurrence of = {.life = cursor->life,
                                       .schedule_version = cursor->schedule_version,
                                       .trigger = cursor->trigger,
                                       .target = cursor->target};
        memcpy(of.job, cursor->job, sizeof of.job);
        raise(core, &of, cursor->decided_ms, true);
    }
}

// --- who settles them ---

struct past_view { // a schedule that is over, as it was
    struct past_item *item;
    struct job job;
    struct definition definition;
    struct arena arena;
    struct due *triggers[LIMIT_TRIGGER_COUNT_MAX]; // owned; NULL: no calendar
};

static void view_deinit(struct past_view *view)
{
    for (size_t i = 0; i < COUNT_OF(view->triggers); i++)
        due_free(view->triggers[i]);
    arena_deinit(&view->arena);
}

enum view_outcome { VIEW_GONE = 1, VIEW_WAITS };

// Whatever comes of it, to be given to view_deinit. The stand-in for the job lives as long as the view.
static int view_init(struct past_view *view, struct core *core, struct past_item *item)
{
    const struct table_record *record = table_find_record(&core->table, &item->definition);
    const char *problem;
    *view = (struct past_view){.item = item};
    if (!record || record->kind != TABLE_RECORD_DEFINITION ||
        item->until_ms < core->wall_ms - PAST_DAYS * DAY_MS)
        return VIEW_GONE;
    table_record_definition(record, &view->arena, &view->definition);
    view->job = (struct job){.life = item->life,
                             .former = &view->definition,
                             .definition_id = record->id.hash,
                             .signer = table_record_signer(record),
                             .schedule_version = item->schedule_version,
                             .is_each = view->definition.spread == DEFINITION_SPREAD_ALL};
    memcpy(view->job.name, item->job, sizeof view->job.name);
    const struct zone *zone = zones_find(core, view->definition.zone, &problem);
    if (!zone && !due_needs_zone(&view->definition))
        zone = zone_utc();
    for (size_t i = 0; zone && i < item->trigger_count; i++) {
        struct trigger_error error;
        if (due_open(&view->definition, i, zone, &view->triggers[i], &error) == DUE_REFUSED)
            return VIEW_GONE; // nothing of it was ever due in this build's eyes
    }
    return zone ? 0 : VIEW_WAITS;
}

// Is it for this node to settle it? The first may not know the old definition: then it is for the next.
static bool is_first(struct core *core, const struct past_view *view)
{
    struct owner_rank rank;
    if (view->job.is_each)
        return jobs_runs_on(core, &view->job, &core->self.id);
    owner_rank(core, &view->job, NULL, 0, &rank);
    for (size_t i = 0; i < rank.count && fleet_is_settled(core); i++)
        if (node_id_equal(&rank.nodes[i], &core->self.id))
            return core->now_ms >= view->item->noted_ms + i * PAST_NEXT_MS;
    return false;
}

static bool is_undecided(const struct past_view *view, size_t trigger)
{
    int64_t due_ms;
    return view->triggers[trigger] && !view->item->is_closed[trigger] &&
           due_next(view->triggers[trigger], view->item->decided_ms[trigger], &due_ms) &&
           due_ms <= view->item->until_ms;
}

static bool is_done(const struct past_view *view)
{
    bool is_closed = true, is_undecided_here = false;
    for (size_t i = 0; i < view->item->trigger_count; i++) {
        is_closed &= view->item->is_closed[i];
        is_undecided_here |= is_undecided(view, i);
    }
    // Claims of a life that goes on are its owner's to close (reopen.h).
    return is_closed || (!view->item->is_deleted && !is_undecided_here);
}

static void ask(struct core *core, struct answer *answer, const struct past_item *item)
{
    int64_t since_ms = item->until_ms - PAST_OPEN_MS;
    for (size_t i = 0; i < item->trigger_count; i++)
        since_ms = MIN_OF(since_ms, item->decided_ms[i]);
    struct effect_query query = {.kind = EFFECT_QUERY_DUE,
                                 .job = answer->job,
                                 .since_ms = since_ms,
                                 .until_ms = item->until_ms + LEARN_AHEAD_MS};
    gather_deinit(&answer->gather);
    answer_query(core, answer, &query);
}

// This disk alone first: nearly always it has nothing to add.
static void begin(struct core *core, const struct past_item *item)
{
    const struct control_request request = {.kind = CONTROL_RUNS, .job = item->job, .run = "", .local = true};
    core->past.ask = *item;
    core->past.client = UINT64_MAX;
    ask(core, answer_new(core, core->past.client, &request), item);
}

static void look(struct core *core, struct past_item *item)
{
    struct past_view view;
    int outcome = view_init(&view, core, item);
    item->look_ms = core->now_ms + PAST_AGAIN_MS;
    if (outcome == VIEW_GONE || (!outcome && is_done(&view)))
        remove_item(&core->past, item);
    else if (!outcome && is_first(core, &view))
        begin(core, item);
    view_deinit(&view);
}

void past_tick(struct core *core)
{
    struct past *past = &core->past;
    size_t count = past->count;
    for (size_t i = 0, looked = 0; i < count && looked < PAST_LOOK_COUNT && !past->client; i++) {
        struct past_item *item = past->count ? &past->items[past->next++ % past->count] : NULL;
        if (!item || core->now_ms < item->look_ms)
            continue;
        looked++;
        look(core, item);
    }
}

// --- what they say ---

static bool is_of(const struct past_item *item, const struct gather_due *due)
{
    return due->life == item->life && strcmp(due->job, item->job) == 0 &&
           due->key.schedule_version == item->schedule_version;
}

static void learn_gathered(struct core *core, struct past_item *item, const struct answer *answer)
{
    for (size_t i = 0; i < answer->gather.count; i++) {
        const struct gather_due *due = &answer->gather.items[i];
        bool is_mine = node_id_is_zero(&due->key.target) || node_id_equal(&due->key.target, &core->self.id);
        bool is_of_calendar = due->key.trigger < item->trigger_count && hash_is_zero(&due->key.cause);
        if (is_of(item, due) && is_mine && is_of_calendar)
            item->decided_ms[due->key.trigger] = MAX_OF(item->decided_ms[due->key.trigger], due->last_due_ms);
    }
}

// With a life all claims of it end, those of the schedules it had before among them.
static bool is_to_close(const struct core *core, const struct past_item *item, const struct gather_due *due)
{
    bool is_mine = node_id_is_zero(&due->key.target) || node_id_equal(&due->key.target, &core->self.id);
    return item->is_deleted && is_mine && due->life == item->life && strcmp(due->job, item->job) == 0;
}

enum fate { FATE_SETTLED, FATE_GOES_ON, FATE_GIVEN_UP, FATE_LOST };

static bool lives(const struct core *core, const struct answer *answer, const struct gather_run *run)
{
    for (size_t i = 0; i < answer->live_count; i++)
        if (run_id_equal(&answer->live[i].run, &run->run))
            return true;
    return runs_find(&core->runs, &run->run) != NULL;
}

static bool waits(const struct core *core, const struct gather_due *due)
{
    const struct job *job = jobs_find(&core->jobs, due->job);
    for (size_t i = 0; job && job->life == due->life && i < job->pending_count; i++)
        if (known_key_compare(&job->pending[i].key, &due->key) == 0)
            return true;
    return false;
}

// What became of a due time that was claimed and has neither result nor verdict.
static enum fate fate_of(const struct core *core, const struct answer *answer, const struct gather_due *due)
{
    enum fate fate = FATE_GIVEN_UP;
    if (gather_status(due) != LEDGER_OPEN || !due->run_count)
        return FATE_SETTLED;
    for (size_t i = 0; i < due->run_count; i++) {
        const struct gather_run *run = &due->runs[i];
        bool is_gone = owner_is_gone(core, &run->executor);
        bool is_fresh = core->wall_ms < MAX_OF(gather_time_ms(due), run->claimed_ms) + PAST_GRACE_MS;
        if (lives(core, answer, run) || waits(core, due) || (!is_gone && is_fresh))
            return FATE_GOES_ON;
        if (is_gone && gather_time_ms(due) <= core->wall_ms)
            fate = FATE_LOST;
    }
    return fate;
}

static void write_verdict(struct core *core, const struct past_view *view,
                          const struct ledger_verdict *verdict)
{
    struct job *job = jobs_find(&core->jobs, view->job.name), stand_in = view->job;
    book_note_verdict(job && job->life == view->job.life ? job : &stand_in, verdict);
    book_write_verdict(core, verdict);
}

static void close_claim(struct core *core, const struct past_view *view, const struct gather_due *due,
                        enum fate fate)
{
    char reason[128];
    const struct gather_run *run = &due->runs[due->run_count - 1];
    snprintf(reason, sizeof reason, "%.63s %s", core_node_name(core, &run->executor),
             fate == FATE_LOST ? "died after claiming" : "had claimed it and gave it up");
    const struct ledger_verdict verdict = {.occurrence = book_occurrence(&view->job, &due->key),
                                           .last_due_ms = due->key.due_ms,
                                           .count = 1,
                                           .status = fate == FATE_LOST ? LEDGER_LOST : LEDGER_MISSED,
                                           .reason = reason,
                                           .at_ms = core->wall_ms};
    write_verdict(core, view, &verdict);
}

// False: some run of it still goes on.
static bool close_claims(struct core *core, const struct past_view *view, const struct answer *answer)
{
    bool is_over = true;
    for (size_t i = 0; i < answer->gather.count; i++) {
        const struct gather_due *due = &answer->gather.items[i];
        enum fate fate = is_to_close(core, view->item, due) ? fate_of(core, answer, due) : FATE_SETTLED;
        is_over &= fate != FATE_GOES_ON;
        if (fate == FATE_GIVEN_UP || fate == FATE_LOST)
            close_claim(core, view, due, fate);
    }
    return is_over;
}

static bool has_open_claims(const struct core *core, const struct past_item *item,
                            const struct answer *answer)
{
    for (size_t i = 0; i < answer->gather.count; i++)
        if (is_to_close(core, item, &answer->gather.items[i]) &&
            fate_of(core, answer, &answer->gather.items[i]) != FATE_SETTLED)
            return true;
    return false;
}

// The next stretch of due times that came to nothing for one reason. False: none is left.
static bool settle_stretch(struct core *core, const struct past_view *view, size_t trigger)
{
    struct past_item *item = view->item;
    const struct due *due = view->triggers[trigger];
    struct known_key key = {.schedule_version = item->schedule_version,
                            .trigger = (uint16_t)trigger,
                            .target = jobs_target(core, &view->job)};
    struct ledger_verdict verdict = {
        .status = LEDGER_MISSED,
        .reason = item->is_deleted ? "no node was there to start it before the job was deleted"
                                   : "no node was there to start it before the schedule was changed",
        .at_ms = core->wall_ms};
    int64_t until_ms = item->until_ms, start_ms;
    if (!due || !due_next(due, item->decided_ms[trigger], &key.due_ms) || key.due_ms > until_ms)
        return false;
    int64_t end_ms = catch_up_blackout_end_ms(due, key.due_ms);
    if (end_ms) {
        verdict.status = LEDGER_SKIPPED;
        verdict.reason = "blackout";
        until_ms = MIN_OF(until_ms, end_ms - 1);
    } else if (due_next_blackout(due, key.due_ms, &start_ms)) {
        until_ms = MIN_OF(until_ms, start_ms - 1);
    }
    verdict.count =
        due_count_between(due, item->decided_ms[trigger], until_ms, UINT32_MAX, &verdict.last_due_ms);
    verdict.occurrence = book_occurrence(&view->job, &key);
    write_verdict(core, view, &verdict);
    item->decided_ms[trigger] = verdict.last_due_ms;
    return true;
}

static void write_end(struct core *core, const struct past_view *view, size_t trigger)
{
    const struct job *job = jobs_find(&core->jobs, view->job.name);
    struct ledger_cursor cursor = {.life = view->job.life,
                                   .schedule_version = view->job.schedule_version,
                                   .trigger = (uint16_t)trigger,
                                   .target = jobs_target(core, &view->job),
                                   .decided_ms = view->item->until_ms,
                                   .epoch = job ? job->epoch : (struct ledger_epoch){0, core->self.id}};
    memcpy(cursor.job, view->job.name, sizeof cursor.job);
    book_cursor(core, &cursor);
}

static void settle(struct core *core, struct past_view *view, struct answer *answer)
{
    for (size_t i = 0; i < view->item->trigger_count; i++)
        while (settle_stretch(core, view, i))
            ;
    if (!close_claims(core, view, answer))
        return; // looked at again when its run has ended
    for (size_t i = 0; i < view->item->trigger_count; i++)
        write_end(core, view, i);
    remove_item(&core->past, view->item);
}

static bool needs_others(const struct core *core, const struct past_view *view, const struct answer *answer)
{
    bool needs = has_open_claims(core, view->item, answer);
    for (size_t i = 0; i < view->item->trigger_count; i++)
        needs |= is_undecided(view, i);
    return needs && answer->local && !view->job.is_each;
}

void past_answered(struct core *core, struct answer *answer)
{
    const struct past_item *asked = &core->past.ask;
    struct past_item *item = find(&core->past, asked->job, asked->life, asked->schedule_version);
    struct past_view view = {0};
    bool goes_on = false;
    if (item && view_init(&view, core, item) == 0) {
        learn_gathered(core, item, answer);
        goes_on = needs_others(core, &view, answer);
        if (!goes_on && is_first(core, &view))
            settle(core, &view, answer);
    }
    view_deinit(&view);
    if (goes_on) {
        answer->local = false;
        ask(core, answer, item);
        return;
    }
    core->past.client = 0;
    answer_end(core, answer);
}
