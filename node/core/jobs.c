#include "node/core/jobs.h"

#include "node/core/barred.h"
#include "node/core/schedule.h"
#include "node/core/stall.h"
#include "node/core/state.h"
#include "node/core/trigger/upstream.h"
#include "proto/sorted.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void slot_clear(struct jobs_slot *slot)
{
    due_free(slot->compiled);
    barred_free(slot->barred);
    slot->compiled = NULL;
    slot->barred = NULL;
}

static void slots_free(struct job *job)
{
    for (size_t i = 0; i < job->slot_count; i++) {
        slot_clear(&job->slots[i]);
        free(job->slots[i].trouble);
    }
    free(job->slots);
    job->slots = NULL;
    job->slot_count = 0;
}

static void job_free(struct job *job)
{
    slots_free(job);
    free(job->stall);
    known_deinit(&job->known);
    jobs_clear_problem(job);
    free(job->asked);
    jobs_clear_pending(job);
    free(job);
}

void jobs_deinit(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++)
        job_free(jobs->items[i]);
    free(jobs->items);
    free(jobs->by_index);
    heap_deinit(&jobs->due);
    *jobs = (struct jobs){0};
}

static int compare(const void *element, const void *name)
{
    struct job *const *job = element;
    return strcmp((*job)->name, name);
}

static size_t position(const struct jobs *jobs, const char *name, bool *ret_found)
{
    size_t at;
    *ret_found = sorted_find(SORTED(jobs->items, jobs->count, compare), name, &at);
    return at;
}

struct job *jobs_find(const struct jobs *jobs, const char *name)
{
    bool found;
    size_t at = position(jobs, name, &found);
    return found ? jobs->items[at] : NULL;
}

static uint32_t take_index(struct jobs *jobs, struct job *job)
{
    for (size_t i = 0; i < jobs->index_count; i++) {
        if (!jobs->by_index[i]) {
            jobs->by_index[i] = job;
            return (uint32_t)i;
        }
    }
    void *by_index = jobs->by_index;
    base_grow(&by_index, &jobs->index_capacity, jobs->index_count + 1, sizeof(struct job *));
    jobs->by_index = by_index;
    jobs->by_index[jobs->index_count] = job;
    return (uint32_t)jobs->index_count++;
}

struct job *jobs_get(struct core *core, const char *name)
{
    struct jobs *jobs = &core->jobs;
    bool found;
    size_t at = position(jobs, name, &found);
    if (found)
        return jobs->items[at];
    void *items = jobs->items;
    struct job **place = sorted_insert(&items, &jobs->count, &jobs->capacity, at, sizeof *place);
    jobs->items = items;
    struct job *job = base_alloc(1, sizeof *job);
    snprintf(job->name, sizeof job->name, "%s", name);
    job->index = take_index(jobs, job);
    *place = job;
    return job;
}

static void forget(struct core *core, struct job *job)
{
    bool found;
    size_t at = position(&core->jobs, job->name, &found);
    assert(found && !job->follows);
    memmove(&core->jobs.items[at], &core->jobs.items[at + 1],
            (core->jobs.count - at - 1) * sizeof(struct job *));
    core->jobs.count--;
    core->jobs.by_index[job->index] = NULL;
    heap_remove(&core->jobs.due, job->index);
    job_free(job);
}

void jobs_forget_if_gone(struct core *core, struct job *job)
{
    if (!job->row && !job->live)
        forget(core, job);
}

struct node_id jobs_target(const struct core *core, const struct job *job)
{
    return job->is_each ? core->self.id : (struct node_id){{0}};
}

const struct definition *jobs_definition(const struct core *core, const struct job *job)
{
    if (job->former)
        return job->former;
    return job->row ? table_definition(&core->table, job->row) : NULL;
}

void jobs_clear_problem(struct job *job)
{
    free(job->problem);
    job->problem = NULL;
}

bool jobs_set_trouble(struct jobs_slot *slot, const char *text)
{
    if (strcmp(slot->trouble ? slot->trouble : "", text) == 0)
        return false;
    free(slot->trouble);
    slot->trouble = text[0] ? base_copy_text(text) : NULL;
    return true;
}

const char *jobs_trouble(const struct job *job)
{
    for (size_t i = 0; !job->is_paused && i < job->slot_count; i++)
        if (job->slots[i].trouble)
            return job->slots[i].trouble;
    return NULL;
}

const char *jobs_complaint(const struct core *core, const struct job *job)
{
    bool waits = job->problem && strncmp(job->problem, JOBS_WAITING, strlen(JOBS_WAITING)) == 0;
    if (job->problem && !(waits && core->now_ms - job->zone_wanted_ms < JOBS_ZONE_MS))
        return job->problem;
    if (job->stall && job->stall->status == LEDGER_BLOCKED)
        return job->stall->reason;
    return jobs_trouble(job);
}

void jobs_set_problem(struct job *job, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    jobs_clear_problem(job);
    job->problem = base_copy_text(text);
}

// A revoked signer's job stays where it is: it is denied everywhere, and that is somebody's to tell.
static bool is_in_scope(const struct core *core, const struct job *job, const struct labels *labels)
{
    uint64_t number = job->former ? job->former->authority_number : job->row->active->authority_number;
    return authority_log_find_revocation(&core->authority, &job->signer) ||
           permission_has_node(&core->authority, &job->signer, number, labels);
}

bool jobs_runs_on(const struct core *core, const struct job *job, const struct node_id *node)
{
    const struct directory_node *entry = directory_find(&core->directory, node);
    if (!entry || (!job->former && !job->row->active) || !is_in_scope(core, job, &entry->labels))
        return false;
    if (job->is_anywhere)
        return true;
    const struct definition *definition = jobs_definition(core, job);
    if (!labels_cover(&entry->labels, &definition->where))
        return false;
    return !definition->node[0] || strcmp(definition->node, entry->name) == 0;
}

void jobs_clear_pending(struct job *job)
{
    free(job->pending);
    job->pending = NULL;
    job->pending_count = job->pending_capacity = 0;
}

void jobs_add_pending(struct job *job, const struct jobs_pending *pending)
{
    void *items = job->pending;
    base_grow(&items, &job->pending_capacity, job->pending_count + 1, sizeof *job->pending);
    job->pending = items;
    size_t at = job->pending_count++;
    for (; at > 0 && job->pending[at - 1].start_ms > pending->start_ms; at--)
        job->pending[at] = job->pending[at - 1];
    job->pending[at] = *pending;
}

// Due times closer than this are claimed in blocks, where they are evenly spaced.
static uint32_t block_step_ms(const struct definition_trigger *trigger)
{
    bool is_dense = trigger->kind == DEFINITION_EVERY && trigger->period_ms < SCHEDULE_BLOCK_PERIOD_MS;
    return is_dense ? (uint32_t)trigger->period_ms : 0;
}

static void compile(struct job *job, const struct definition *definition, struct jobs_slot *slot,
                    const struct zone *zone)
{
    struct trigger_error error;
    const struct definition_trigger *trigger = &definition->triggers[slot->trigger];
    slot->block_step_ms = block_step_ms(trigger);
    slot->end_period_ms = trigger->from_end ? (int64_t)trigger->period_ms : 0;
    int outcome = due_open(definition, slot->trigger, zone, &slot->compiled, &error);
    if (outcome == DUE_NO_CALENDAR)
        outcome = barred_open(definition, zone, &slot->barred, &error);
    if (outcome == DUE_REFUSED)
        jobs_set_problem(job, "trigger %u: %.200s", slot->trigger + 1u, error.text);
}

// Compiles every trigger. Without its zone the job waits, and says so.
static void compile_all(struct core *core, struct job *job)
{
    const struct definition *definition = jobs_definition(core, job);
    const char *problem;
    const struct zone *zone = zones_find(core, definition->zone, &problem);
    jobs_clear_problem(job);
    for (size_t i = 0; i < job->slot_count; i++)
        slot_clear(&job->slots[i]);
    if (!zone && !due_needs_zone(definition))
        zone = zone_utc();
    if (!zone) {
        jobs_set_problem(job, "%s", *problem ? problem : JOBS_WAITING " for its time zone");
        if (!job->zone_wanted_ms)
            job->zone_wanted_ms = core->now_ms;
        return;
    }
    job->zone_wanted_ms = 0;
    for (size_t i = 0; i < job->slot_count && !job->problem; i++)
        compile(job, definition, &job->slots[i], zone);
}

// New slots for a new schedule version: it yields only due times after its `since`.
static void slots_rebuild(struct job *job, const struct definition *definition)
{
    slots_free(job);
    job->slot_count = definition->trigger_count;
    job->slots = base_alloc(job->slot_count, sizeof *job->slots);
    for (size_t i = 0; i < job->slot_count; i++) {
        job->slots[i].trigger = (uint16_t)i;
        job->slots[i].decided_ms = job->slots[i].written_ms = stamp_wall_ms(definition->since);
    }
}

// What happens has no number that everybody knows, so nobody could tell which ones come first.
static bool cannot_be_counted(const struct definition *definition)
{
    bool cannot = definition->due_count > 0;
    for (size_t i = 0; i < definition->trigger_count; i++)
        cannot &= !due_has_calendar(&definition->triggers[i]);
    return cannot;
}

// What keeps a job from running anywhere, whoever owns it.
static void judge(const struct core *core, struct job *job)
{
    const struct definition *definition = jobs_definition(core, job);
    job->is_denied = true;
    if (!table_job_is_runnable(job->row))
        jobs_set_problem(job, "denied: %s", permission_text(table_job_permission(job->row)));
    else if (definition->need_count > 0)
        jobs_set_problem(job, "denied: it needs %.60s, which this version has not", definition->needs[0]);
    else if (cannot_be_counted(definition))
        jobs_set_problem(job, "denied: `count` counts due times, and the job has none");
    else if (definition->guarantee == DEFINITION_AT_MOST_ONCE)
        jobs_set_problem(job, "denied: it needs at-most-once, which this version has not");
    else
        job->is_denied = false;
}

static bool needs_clock(const struct definition *definition)
{
    bool needs = definition->max_clock_error_ms > 0 || definition->blackout_count ||
                 definition->not_before_ms || definition->not_after_ms;
    for (size_t i = 0; i < definition->trigger_count; i++)
        needs |= due_needs_clock(&definition->triggers[i]);
    return needs;
}

static bool waits(const struct definition *definition)
{
    bool waits = false;
    for (size_t i = 0; i < definition->trigger_count; i++)
        waits |= !due_has_calendar(&definition->triggers[i]);
    return waits;
}

// Who comes after others is known in ends.h.
static void follow_ends(struct core *core, struct job *job, const struct definition *definition)
{
    bool follows = false;
    for (size_t i = 0; definition && i < definition->trigger_count; i++)
        follows |= definition->triggers[i].kind == DEFINITION_AFTER;
    core->ends.is_stale |= follows || job->follows;
    job->follows = follows;
    job->is_hook = definition && upstream_is_hook(definition);
}

static void follow_definition(struct core *core, struct job *job, struct table_job *row)
{
    const struct definition *definition = table_definition(&core->table, row);
    bool is_new_life = job->life != row->life;
    bool is_new_schedule = is_new_life || !job->row || job->schedule_version != definition->schedule_version;
    bool is_new = is_new_schedule || !hash_equal(&job->definition_id, &row->active->id.hash);
    bool was_anywhere = job->is_anywhere;
    if (is_new_life) {
        held_write_job(core, job->name);
        known_deinit(&job->known);
        job->pending_count = 0;
        job->awaits_boot = false;
        job->ends_seen = 0;
        job->role = JOBS_NOT_MINE;
        job->life = row->life;
        take_remember(core, job);
    }
    job->row = row;
    job->definition_id = row->active->id.hash;
    job->signer = table_record_signer(row->active);
    job->schedule_version = definition->schedule_version;
    job->waits = waits(definition);
    follow_ends(core, job, definition);
    job->needs_clock = needs_clock(definition);
    job->max_clock_error_ms = definition->max_clock_error_ms;
    job->is_each = definition->spread == DEFINITION_SPREAD_ALL;
    job->is_anywhere = !definition->where.count && !definition->node[0];
    if (is_new_schedule)
        slots_rebuild(job, definition);
    if (is_new)
        compile_all(core, job);
    judge(core, job);
    if (is_new_life || (is_new && !(was_anywhere && job->is_anywhere)))
        copies_look_again(core);
}

static void follow_deletion(struct core *core, struct job *job)
{
    job->row = NULL;
    follow_ends(core, job, NULL);
    held_write_job(core, job->name);
    slots_free(job);
    schedule_abandon(core, job, "the job was deleted");
    job->role = JOBS_NOT_MINE;
    schedule_job(core, job);
    jobs_forget_if_gone(core, job);
}

// When the schedule that the job has here came to its end; INT64_MAX: it goes on.
static int64_t schedule_end_ms(const struct core *core, const struct job *job, struct table_job *row)
{
    if (row->active && row->life == job->life) {
        const struct definition *definition = table_definition(&core->table, row);
        bool goes_on = definition->schedule_version == job->schedule_version;
        return goes_on ? INT64_MAX : stamp_wall_ms(definition->since);
    }
    for (const struct table_record *record = NULL; (record = table_job_next_record(row, record));)
        if (record->kind == TABLE_RECORD_DELETE && record->life == job->life + 1)
            return stamp_wall_ms(record->stamp);
    return INT64_MIN;
}

void jobs_follow(struct core *core, struct table_job *row)
{
    struct table_job_key key = table_job_get_key(row);
    char name[NAME_JOB_ROOM];
    name_join_job(key.namespace_name, key.name, name);
    past_follow(core, row, jobs_find(&core->jobs, name));
    struct job *job = row->active ? jobs_get(core, name) : jobs_find(&core->jobs, name);
    if (!job)
        return;
    int64_t end_ms = schedule_end_ms(core, job, row);
    if (end_ms != INT64_MAX)
        stall_end(core, job, end_ms);
    if (!row->active) {
        follow_deletion(core, job);
        return;
    }
    follow_definition(core, job, row);
    job->is_paused = table_job_is_paused(row, core->wall_ms);
    stall_follow(core, job);
    happening_offer(core, job);
    if (core->is_ready)
        owner_job(core, job);
}

struct table_job *jobs_row(const struct core *core, const char *name)
{
    char namespace_name[NAME_ROOM], short_name[NAME_ROOM];
    return name_split_job(name, namespace_name, short_name)
               ? table_find_job(&core->table, namespace_name, short_name)
               : NULL;
}

void jobs_zone_changed(struct core *core, const char *zone)
{
    for (size_t i = 0; i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        const struct definition *definition = jobs_definition(core, job);
        if (!definition || strcmp(definition->zone, zone) != 0)
            continue;
        compile_all(core, job);
        judge(core, job);
        stall_follow(core, job);
        schedule_wake(core, job);
    }
}
