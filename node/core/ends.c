#include "node/core/ends.h"

#include "node/core/barred.h"
#include "node/core/happening.h"
#include "node/core/retry.h"
#include "node/core/schedule.h"
#include "node/core/state.h"
#include "node/core/trigger/instant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS (3600 * 1000LL)
#define KEEP_MS (25 * HOUR_MS) // what was claimed may wait for a day
#define TELL_MS (60 * 1000LL)  // what ended longer ago is no news

static void item_free(struct ends_item *item)
{
    buffer_deinit(&item->envelope);
    free(item);
}

static void clear_followers(struct ends *ends)
{
    for (size_t i = 0; i < ends->follower_count; i++)
        buffer_deinit(&ends->followers[i].patterns);
    ends->follower_count = 0;
}

void ends_deinit(struct ends *ends)
{
    for (size_t i = 0; i < ends->count; i++)
        item_free(ends->items[i]);
    clear_followers(ends);
    free(ends->items);
    free(ends->followers);
    *ends = (struct ends){0};
}

// --- who waits ---

static void add_follower(struct ends *ends, struct job *job, const struct definition_trigger *trigger)
{
    void *followers = ends->followers;
    base_grow(&followers, &ends->follower_capacity, ends->follower_count + 1, sizeof *ends->followers);
    ends->followers = followers;
    struct ends_follower *follower = &ends->followers[ends->follower_count++];
    *follower = (struct ends_follower){
        .job = job, .outcome = trigger->outcome, .wants_all = trigger->all && trigger->latest};
    for (size_t i = 0; i < trigger->job_count; i++)
        buffer_add(&follower->patterns, trigger->jobs[i], strlen(trigger->jobs[i]) + 1);
}

static void renew_followers(struct core *core)
{
    struct ends *ends = &core->ends;
    if (!ends->is_stale)
        return;
    ends->is_stale = false;
    clear_followers(ends);
    for (size_t i = 0; i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        const struct definition *definition = job->follows ? jobs_definition(core, job) : NULL;
        for (size_t k = 0; definition && k < definition->trigger_count; k++)
            if (definition->triggers[k].kind == DEFINITION_AFTER)
                add_follower(ends, job, &definition->triggers[k]);
    }
}

static bool is_hook(const struct core *core, const char *name)
{
    const struct job *job = jobs_find(&core->jobs, name);
    return job && job->row && job->is_hook;
}

static bool is_wanted(const struct ends_follower *follower, const char *job, bool is_of_hook,
                      enum ledger_status status)
{
    const struct definition_trigger outcome = {.outcome = follower->outcome};
    const char *pattern = (const char *)follower->patterns.data;
    const char *end = pattern + follower->patterns.size;
    if ((!follower->wants_all && !upstream_fits(&outcome, status)) || strcmp(follower->job->name, job) == 0)
        return false;
    for (; pattern < end; pattern += strlen(pattern) + 1)
        if (upstream_means(pattern, job, is_of_hook))
            return true;
    return false;
}

// --- what came ---

static void remove_first(struct ends *ends)
{
    ends->size -= ends->items[0]->envelope.size;
    item_free(ends->items[0]);
    memmove(ends->items, ends->items + 1, --ends->count * sizeof(struct ends_item *));
}

// The last end of a job stays, for those who want the latest of several.
static bool is_superseded(const struct ends *ends, const struct ends_item *item)
{
    for (size_t i = 0; i < ends->count; i++)
        if (ends->items[i]->end.ended_ms > item->end.ended_ms &&
            strcmp(ends->items[i]->occurrence.job, item->occurrence.job) == 0)
            return true;
    return false;
}

static void make_room(struct core *core)
{
    struct ends *ends = &core->ends;
    while (ends->count &&
           (ends->count >= ENDS_COUNT_MAX || ends->size > ENDS_SIZE_MAX ||
            (ends->items[0]->end.ended_ms < core->wall_ms - KEEP_MS && is_superseded(ends, ends->items[0]))))
        remove_first(ends);
}

static bool is_here(const struct ends *ends, const struct event_row *row)
{
    for (size_t i = ends->count; i-- > 0;)
        if (ends->items[i]->index == row->index && hash_equal(&ends->items[i]->record, &row->record))
            return true;
    return false;
}

static void add_item(struct core *core, const struct event_row *row, const struct ends_item *shape)
{
    struct ends *ends = &core->ends;
    make_room(core);
    struct ends_item *item = base_alloc(1, sizeof *item);
    *item = *shape;
    item->record = row->record;
    item->index = row->index;
    item->signer = row->signer;
    item->serial = ++ends->serial;
    buffer_add(&item->envelope, row->envelope.data, row->envelope.size);
    const struct ledger_occurrence *named = &item->occurrence;
    const struct occurrence occurrence = {.job = named->job,
                                          .life = named->life,
                                          .schedule_version = named->schedule_version,
                                          .trigger = named->trigger,
                                          .target = named->target,
                                          .due_ms = named->due_ms,
                                          .cause = named->cause};
    item->end.job = item->occurrence.job;
    item->end.occurrence = occurrence_id_of(&occurrence);
    item->end.due_ms = named->due_ms;
    item->end.cause = named->cause;
    void *items = ends->items;
    base_grow(&items, &ends->capacity, ends->count + 1, sizeof(struct ends_item *));
    ends->items = items;
    ends->items[ends->count++] = item;
    ends->size += item->envelope.size;
}

// A failure that is to be tried again is not the end of it.
static bool is_final(const struct core *core, const struct ends_item *item)
{
    const struct job *job = jobs_find(&core->jobs, item->occurrence.job);
    const struct definition *definition = job ? jobs_definition(core, job) : NULL;
    return !item->attempt || item->end.status == LEDGER_OK || !definition ||
           !retry_is_wanted(definition, item->attempt, item->end.status);
}

// Who waits for it to end well is told that it did not; a pattern that fits many jobs waits for none of them.
static void tell_not_due(struct core *core, const struct ends_item *shape)
{
    const char *upstream = shape->occurrence.job;
    bool is_news = core->is_ready && shape->end.ended_ms > core->wall_ms - TELL_MS &&
                   shape->end.status != LEDGER_OK && is_final(core, shape);
    for (size_t i = 0; is_news && i < core->ends.follower_count; i++) {
        const struct ends_follower *follower = &core->ends.followers[i];
        const char *pattern = (const char *)follower->patterns.data;
        const char *end = pattern + follower->patterns.size;
        bool is_named = false;
        for (; pattern < end; pattern += strlen(pattern) + 1)
            is_named |= strcmp(pattern, upstream) == 0;
        if (is_named && follower->outcome == DEFINITION_OUTCOME_OK && follower->job->role == JOBS_OWNER)
            book_story(core, follower->job, NULL, "upstream %s: %s, so it was not due by that",
                       name_short_job(upstream), ledger_status_text(shape->end.status));
    }
}

void ends_note(struct core *core, const struct event_row *row)
{
    bool is_result = row->kind == EVENT_ROW_RESULT, is_awaited = false;
    const struct ledger_result *result = &row->is.result;
    const struct ledger_verdict *verdict = &row->is.verdict;
    const struct ends_item shape = {.occurrence = is_result ? result->occurrence : verdict->occurrence,
                                    .end = {.status = is_result ? result->status : verdict->status,
                                            .ended_ms = is_result ? result->ended_ms : verdict->at_ms},
                                    .attempt = is_result ? MAX_OF(result->attempt, 1U) : 0};
    bool of_hook = is_hook(core, shape.occurrence.job);
    renew_followers(core);
    for (size_t i = 0; i < core->ends.follower_count; i++)
        is_awaited |= is_wanted(&core->ends.followers[i], shape.occurrence.job, of_hook, shape.end.status);
    if (is_awaited && !is_here(&core->ends, row))
        add_item(core, row, &shape);
    tell_not_due(core, &shape);
}

// --- telling those who wait ---

struct holders {
    struct node_id *ids; // owned
    size_t count, capacity;
};

static void add_holder(struct holders *holders, const struct node_id *id)
{
    for (size_t i = 0; i < holders->count; i++)
        if (node_id_equal(&holders->ids[i], id))
            return;
    void *ids = holders->ids;
    base_grow(&ids, &holders->capacity, holders->count + 1, sizeof *holders->ids);
    holders->ids = ids;
    holders->ids[holders->count++] = *id;
}

// A job that runs on each node is owned by each.
static void add_holders_of(struct core *core, const struct job *job, struct holders *holders)
{
    struct node_id keepers[KEEP_HOLDER_MAX];
    const char *name = job->name;
    size_t count = keep_find_holders(core, &name, 1, keepers);
    for (size_t i = 0; i < count; i++)
        add_holder(holders, &keepers[i]);
    for (const struct directory_node *node = NULL;
         job->is_each && (node = directory_next(&core->directory, node));)
        if (!node->is_revoked && fleet_is_counted(core, &node->id) && jobs_runs_on(core, job, &node->id) &&
            !node_id_equal(&node->id, &core->self.id))
            add_holder(holders, &node->id);
}

void ends_offer(struct core *core, const struct hash *record, struct bytes envelope)
{
    const struct ends *ends = &core->ends;
    struct holders holders = {0};
    for (size_t i = 0; i < ends->follower_count; i++) {
        bool is_awaited = false;
        for (size_t k = ends->count; !is_awaited && k-- > 0;) {
            const struct ends_item *item = ends->items[k];
            const char *of = item->occurrence.job;
            is_awaited = hash_equal(&item->record, record) &&
                         is_wanted(&ends->followers[i], of, is_hook(core, of), item->end.status);
        }
        if (is_awaited)
            add_holders_of(core, ends->followers[i].job, &holders);
    }
    if (holders.count)
        keep_record_at(core, record, envelope, holders.ids, holders.count);
    free(holders.ids);
}

void ends_offer_again(struct core *core, const struct job *job)
{
    const struct ends *ends = &core->ends;
    renew_followers(core);
    for (size_t i = 0; i < ends->count; i++) {
        const struct ends_item *item = ends->items[i];
        bool is_recent = item->end.ended_ms > core->wall_ms - ENDS_WINDOW_MS;
        bool is_same = i > 0 && hash_equal(&ends->items[i - 1]->record, &item->record);
        if (is_recent && !is_same && strcmp(item->occurrence.job, job->name) == 0)
            ends_offer(core, &item->record, buffer_view(&item->envelope));
    }
}

// --- what follows ---

struct view {                       // the ends that a job may come after, as they came
    struct upstream_end *ends;      // owned
    const struct ends_item **items; // owned
    size_t count;
};

static bool is_named(const struct definition *definition, const char *downstream, const char *job,
                     bool is_hook)
{
    bool is_named = false;
    for (size_t i = 0; definition && i < definition->trigger_count; i++)
        is_named |= definition->triggers[i].kind == DEFINITION_AFTER &&
                    upstream_is_named(&definition->triggers[i], downstream, job, is_hook);
    return is_named;
}

static void view_init(struct view *view, const struct core *core, const struct job *job)
{
    const struct ends *ends = &core->ends;
    *view = (struct view){.ends = base_alloc(ends->count + 1, sizeof *view->ends),
                          .items = base_alloc(ends->count + 1, sizeof *view->items)};
    for (size_t i = 0; i < ends->count; i++) {
        const struct ends_item *item = ends->items[i];
        bool of_hook = is_hook(core, item->occurrence.job);
        if (!is_final(core, item) ||
            !is_named(jobs_definition(core, job), job->name, item->occurrence.job, of_hook))
            continue;
        view->ends[view->count] = item->end;
        view->ends[view->count].is_hook = of_hook;
        view->items[view->count++] = item;
    }
}

static void view_deinit(struct view *view)
{
    free(view->ends);
    free(view->items);
}

struct found { // what one end makes due
    struct hash cause;
    size_t chosen[LIMIT_UPSTREAM_COUNT_MAX];
    size_t count;
};

static bool find(const struct upstream_trigger *of, const struct view *view, size_t newest, struct found *ret)
{
    struct upstream_end chosen[LIMIT_UPSTREAM_COUNT_MAX];
    ret->count = upstream_choose(of, view->ends, view->count, newest, ret->chosen);
    for (size_t i = 0; i < ret->count; i++)
        chosen[i] = view->ends[ret->chosen[i]];
    return ret->count && upstream_cause(of, chosen, ret->count, &ret->cause);
}

static size_t count_started(const struct core *core, const struct job *job)
{
    size_t count = 0;
    for (size_t i = 0; i < job->known.count; i++) {
        const struct known_due *due = &job->known.items[i];
        count += happening_is(&due->key) && due->attempt_count &&
                 happening_cause(core, job, due->key.trigger) == FRAME_UPSTREAM &&
                 due->attempts[0].claimed_ms > core->wall_ms - HOUR_MS;
    }
    return count;
}

static void pass_over(struct core *core, struct job *job)
{
    if (job->ends_told_ms && core->now_ms - job->ends_told_ms < (uint64_t)HOUR_MS)
        return;
    job->ends_told_ms = core->now_ms;
    book_story(core, job, NULL,
               "came after other jobs %d times in an hour: what ends until there is room is passed over",
               (int)ENDS_PER_HOUR);
}

static void occur(struct core *core, struct job *job, uint16_t trigger, const struct hash *cause)
{
    const struct known_key key = {.schedule_version = job->schedule_version,
                                  .trigger = trigger,
                                  .target = jobs_target(core, job),
                                  .cause = *cause};
    if (known_find(&job->known, &key))
        return;
    if (count_started(core, job) >= ENDS_PER_HOUR)
        pass_over(core, job);
    else
        (void)happening_occur(core, job, trigger, cause);
}

static int64_t window_start_ms(const struct core *core, const struct definition *definition)
{
    int64_t window_ms =
        definition->catch_up_within_ms ? (int64_t)definition->catch_up_within_ms : (int64_t)ENDS_WINDOW_MS;
    if (definition->catch_up == DEFINITION_CATCH_UP_NONE)
        window_ms = 60 * 1000;
    return MAX_OF(core->wall_ms - window_ms, stamp_wall_ms(definition->since));
}

static int64_t last_end_ms(const struct view *view, const struct found *found)
{
    int64_t last_ms = 0;
    for (size_t i = 0; i < found->count; i++)
        last_ms = MAX_OF(last_ms, view->ends[found->chosen[i]].ended_ms);
    return last_ms;
}

// The definition is asked for anew for each end: starting something may change which ones are decoded.
static void look_at(struct core *core, struct job *job, const struct view *view, size_t newest)
{
    for (uint16_t i = 0; i < job->slot_count; i++) {
        const struct definition *definition = jobs_definition(core, job);
        const struct upstream_trigger of = {job->name, &definition->triggers[i], i};
        struct found found;
        if (definition->triggers[i].kind == DEFINITION_AFTER &&
            view->ends[newest].ended_ms > window_start_ms(core, definition) &&
            find(&of, view, newest, &found) && !barred_is(core, job, i, last_end_ms(view, &found)))
            occur(core, job, i, &found.cause);
    }
}

void ends_look(struct core *core, struct job *job)
{
    struct view view;
    uint64_t serial = core->ends.serial;
    if (!core->is_ready || !job->follows || job->ends_seen == serial || !schedule_is_possible(core, job))
        return;
    view_init(&view, core, job);
    for (size_t i = 0; i < view.count; i++)
        if (view.items[i]->serial > job->ends_seen)
            look_at(core, job, &view, i);
    view_deinit(&view);
    job->ends_seen = serial;
}

bool ends_has_news(const struct core *core)
{
    return core->ends.looked != core->ends.serial;
}

void ends_tick(struct core *core)
{
    if (!ends_has_news(core))
        return;
    core->ends.looked = core->ends.serial;
    renew_followers(core);
    for (size_t i = 0; i < core->ends.follower_count; i++)
        ends_look(core, core->ends.followers[i].job);
}

// --- what it was ---

// Finds again what made this occurrence. The view is the caller's to let go of, found or not.
static bool find_again(const struct core *core, const struct job *job, const struct known_key *key,
                       struct view *view, struct found *ret)
{
    view_init(view, core, job);
    const struct definition *definition = jobs_definition(core, job);
    if (!definition || key->trigger >= definition->trigger_count ||
        definition->triggers[key->trigger].kind != DEFINITION_AFTER)
        return false;
    const struct upstream_trigger of = {job->name, &definition->triggers[key->trigger], key->trigger};
    for (size_t i = view->count; i-- > 0;)
        if (find(&of, view, i, ret) && hash_equal(&ret->cause, &key->cause))
            return true;
    return false;
}

bool ends_are_known(const struct core *core, const struct job *job, const struct known_key *key)
{
    struct view view;
    struct found found;
    bool is_found = find_again(core, job, key, &view, &found);
    view_deinit(&view);
    return is_found;
}

static void show_signer(struct core *core, const struct node_id *signer)
{
    struct record_queue proof = {0};
    struct record_id id;
    directory_prove(&core->directory, signer, &proof);
    while (record_queue_take(&proof, &id)) {
        const struct frame frame = {.kind = FRAME_RECORD,
                                    .data =
                                        directory_record_bytes(directory_find_record(&core->directory, &id))};
        outbox_frame(&core->outbox, &frame);
    }
    record_queue_deinit(&proof);
}

bool ends_show(struct core *core, const struct job *job, const struct known_key *key)
{
    struct view view;
    struct found found;
    bool is_found = find_again(core, job, key, &view, &found);
    for (size_t i = 0; is_found && i < found.count; i++) {
        const struct ends_item *item = view.items[found.chosen[i]];
        if (!node_id_equal(&item->signer, &core->self.id))
            show_signer(core, &item->signer);
        const struct frame frame = {.kind = FRAME_SHOW,
                                    .record = key->cause,
                                    .place = (uint8_t)i,
                                    .index = (uint16_t)item->index,
                                    .data = buffer_view(&item->envelope)};
        outbox_frame(&core->outbox, &frame);
    }
    view_deinit(&view);
    return is_found;
}

void ends_tell(const struct core *core, const struct job *job, const struct known_key *key, char *out,
               size_t room)
{
    struct view view;
    struct found found;
    size_t used = 0;
    bool is_found = find_again(core, job, key, &view, &found);
    snprintf(out, room, "another job");
    for (size_t i = 0; is_found && i < found.count && used < room; i++) {
        const struct upstream_end *end = &view.ends[found.chosen[i]];
        char due[INSTANT_TEXT_SIZE] = "";
        if (end->due_ms)
            instant_print(end->due_ms, due);
        used += (size_t)snprintf(out + used, room - used, "%s%s %s%s%s", i ? " and " : "",
                                 name_short_job(end->job), ledger_status_text(end->status),
                                 due[0] ? ", due " : "", due);
    }
    view_deinit(&view);
}
