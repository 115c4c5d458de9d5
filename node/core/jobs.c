#include "node/core/jobs.h"

#include "node/core/schedule.h"
#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void slots_free(struct job *job)
{
    for (size_t i = 0; i < job->slot_count; i++)
        due_free(job->slots[i].compiled);
    free(job->slots);
    job->slots = NULL;
    job->slot_count = 0;
}

static void job_free(struct job *job)
{
    slots_free(job);
    known_deinit(&job->known);
    free(job->pending);
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

static size_t position(const struct jobs *jobs, const char *name, bool *ret_found)
{
    size_t low = 0, high = jobs->count;
    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(jobs->items[middle]->name, name);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
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
    base_grow(&items, &jobs->capacity, jobs->count + 1, sizeof(struct job *));
    jobs->items = items;
    memmove(&jobs->items[at + 1], &jobs->items[at], (jobs->count - at) * sizeof(struct job *));
    struct job *job = base_alloc(1, sizeof *job);
    snprintf(job->name, sizeof job->name, "%s", name);
    job->index = take_index(jobs, job);
    jobs->items[at] = job;
    jobs->count++;
    return job;
}

static void forget(struct core *core, struct job *job)
{
    bool found;
    size_t at = position(&core->jobs, job->name, &found);
    assert(found);
    memmove(&core->jobs.items[at], &core->jobs.items[at + 1],
            (core->jobs.count - at - 1) * sizeof(struct job *));
    core->jobs.count--;
    core->jobs.by_index[job->index] = NULL;
    heap_remove(&core->jobs.due, job->index);
    job_free(job);
}

void jobs_forget_if_gone(struct core *core, struct job *job)
{
    if (!job->definition && !job->live)
        forget(core, job);
}

struct node_id jobs_target(const struct core *core, const struct job *job)
{
    return job->is_each ? core->self.id : (struct node_id){{0}};
}

// A revoked signer's job stays where it is: it is denied everywhere, and that is somebody's to tell.
static bool is_in_scope(const struct core *core, const struct job *job, const struct labels *labels)
{
    return authority_log_find_revocation(&core->authority, &job->signer) ||
           permission_has_node(&core->authority, &job->signer, job->definition->authority_number, labels);
}

bool jobs_runs_on(const struct core *core, const struct job *job, const struct node_id *node)
{
    const struct definition *definition = job->definition;
    const struct directory_node *entry = directory_find(&core->directory, node);
    if (!entry || !labels_cover(&entry->labels, &definition->where) ||
        !is_in_scope(core, job, &entry->labels))
        return false;
    return !definition->node[0] || strcmp(definition->node, entry->name) == 0;
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

static void compile(struct job *job, struct jobs_slot *slot, const struct zone *zone)
{
    struct trigger_error error;
    int outcome = due_open(job->definition, slot->trigger, zone, &slot->compiled, &error);
    if (outcome == DUE_REFUSED)
        snprintf(job->problem, sizeof job->problem, "trigger %u: %.200s", slot->trigger + 1u, error.text);
}

// Compiles every trigger. Without its zone the job waits, and says so.
static void compile_all(struct core *core, struct job *job)
{
    job->problem[0] = 0;
    const char *problem;
    const struct zone *zone = zones_find(core, job->definition->zone, &problem);
    for (size_t i = 0; i < job->slot_count; i++) {
        due_free(job->slots[i].compiled);
        job->slots[i].compiled = NULL;
    }
    if (!zone) {
        snprintf(job->problem, sizeof job->problem, "%s", *problem ? problem : "waiting for its time zone");
        return;
    }
    for (size_t i = 0; i < job->slot_count && !job->problem[0]; i++)
        compile(job, &job->slots[i], zone);
}

// New slots for a new schedule version: it yields only due times after its `since`.
static void slots_rebuild(struct job *job)
{
    slots_free(job);
    job->slot_count = job->definition->trigger_count;
    job->slots = base_alloc(job->slot_count, sizeof *job->slots);
    for (size_t i = 0; i < job->slot_count; i++) {
        job->slots[i].trigger = (uint16_t)i;
        job->slots[i].decided_ms = job->slots[i].written_ms = stamp_wall_ms(job->definition->since);
    }
}

// What keeps a job from running anywhere, whoever owns it.
static void judge(struct job *job, const struct table_job *row)
{
    const struct definition *definition = job->definition;
    job->is_denied = true;
    if (!table_job_is_runnable(row))
        snprintf(job->problem, sizeof job->problem, "denied: %s", permission_text(table_job_permission(row)));
    else if (definition->need_count > 0)
        snprintf(job->problem, sizeof job->problem, "denied: it needs %.60s, which this version has not",
                 definition->needs[0]);
    else if (definition->guarantee == DEFINITION_AT_MOST_ONCE)
        snprintf(job->problem, sizeof job->problem,
                 "denied: it needs at-most-once, which this version has not");
    else
        job->is_denied = false;
}

static void follow_definition(struct core *core, struct job *job, struct table_job *row)
{
    const struct definition *definition = table_job_definition(row);
    bool is_new_life = job->life != row->life;
    bool is_new_schedule =
        is_new_life || !job->definition || job->schedule_version != definition->schedule_version;
    bool is_new = is_new_schedule || !hash_equal(&job->definition_id, &row->active->id.hash);
    if (is_new_life) {
        known_deinit(&job->known);
        job->pending_count = 0;
        job->role = JOBS_NOT_MINE;
        job->life = row->life;
        take_remember(core, job);
    }
    job->hash = job_hash_of(job->name, job->life);
    job->definition = definition;
    job->definition_id = row->active->id.hash;
    job->signer = table_record_signer(row->active);
    job->schedule_version = definition->schedule_version;
    job->is_each = definition->spread == DEFINITION_SPREAD_ALL;
    if (is_new_schedule)
        slots_rebuild(job);
    if (is_new)
        compile_all(core, job);
    judge(job, row);
}

static void follow_deletion(struct core *core, struct job *job)
{
    job->definition = NULL;
    slots_free(job);
    schedule_abandon(core, job, "the job was deleted");
    job->role = JOBS_NOT_MINE;
    schedule_job(core, job);
    jobs_forget_if_gone(core, job);
}

// When the schedule that the job has here came to its end; INT64_MAX: it goes on.
static int64_t schedule_end_ms(const struct job *job, struct table_job *row)
{
    if (row->active && row->life == job->life) {
        const struct definition *definition = table_job_definition(row);
        bool goes_on = definition->schedule_version == job->schedule_version;
        return goes_on ? INT64_MAX : stamp_wall_ms(definition->since);
    }
    for (const struct table_record *record = NULL; (record = table_job_next_record(row, record));)
        if (record->kind == TABLE_RECORD_DELETE && record->life == job->life + 1)
            return stamp_wall_ms(record->stamp);
    return INT64_MIN;
}

// Due times that were let pass while the job was paused are judged when the pause, or the schedule, is over.
// The definition the job points to may be gone from the table by now.
static void settle_paused(struct core *core, struct job *job, struct table_job *row, bool is_paused)
{
    int64_t end_ms = schedule_end_ms(job, row);
    if (job->is_paused && core->is_ready && job->role == JOBS_OWNER && (!is_paused || end_ms != INT64_MAX))
        schedule_settle(core, job, MIN_OF(end_ms, core->wall_ms), "paused");
}

void jobs_follow(struct core *core, struct table_job *row)
{
    struct table_job_key key = table_job_get_key(row);
    char name[NAME_JOB_ROOM];
    name_join_job(key.namespace_name, key.name, name);
    struct job *job = row->active ? jobs_get(core, name) : jobs_find(&core->jobs, name);
    if (!job)
        return;
    bool is_paused = row->active && table_job_is_paused(row, core->wall_ms);
    settle_paused(core, job, row, is_paused);
    if (!row->active) {
        follow_deletion(core, job);
        return;
    }
    follow_definition(core, job, row);
    job->is_paused = is_paused;
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
        const struct table_job *row = jobs_row(core, job->name);
        if (!job->definition || !row || strcmp(job->definition->zone, zone) != 0)
            continue;
        compile_all(core, job);
        judge(job, row);
        schedule_wake(core, job);
    }
}
