#include "tests/sim/sim_job.h"

#include "tests/sim/sim.h"
#include "tests/unit/support_records.h"
#include "tests/unit/support_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORDER_MS = 600000, KEEP_RUNS = 100000 };

void sim_jobs_deinit(struct sim_jobs *jobs)
{
    for (size_t i = 0; i < jobs->name_count; i++)
        free(jobs->names[i].pauses);
    free(jobs->names);
    free(jobs->versions);
    free(jobs->signed_);
}

// Makes room for one more item and returns where it goes.
static void *append(void **items, size_t *count, size_t *capacity, size_t size)
{
    base_grow(items, capacity, *count + 1, size);
    return (char *)*items + (*count)++ * size;
}

static uint64_t next_stamp(struct sim *sim)
{
    uint64_t stamp = (uint64_t)sim_wall_ms(sim) << 16;
    return sim->jobs->stamp = MAX_OF(sim->jobs->stamp + 1, stamp);
}

static int64_t stamp_ms(uint64_t stamp)
{
    return (int64_t)(stamp >> 16);
}

struct sim_name *sim_jobs_find(const struct sim *sim, const char *name)
{
    for (size_t i = 0; i < sim->jobs->name_count; i++)
        if (strcmp(sim->jobs->names[i].job.name, name) == 0)
            return &sim->jobs->names[i];
    return NULL;
}

static struct sim_name *get(struct sim *sim, const char *name)
{
    struct sim_name *found = sim_jobs_find(sim, name);
    if (found)
        return found;
    struct sim_jobs *jobs = sim->jobs;
    void *names = jobs->names;
    found = append(&names, &jobs->name_count, &jobs->name_capacity, sizeof *jobs->names);
    jobs->names = names;
    *found = (struct sim_name){.job.name = name};
    snprintf(found->full, sizeof found->full, "main/%s", name);
    return found;
}

// --- the oracle ---

int64_t sim_version_next(const struct sim_version *version, int64_t after_ms)
{
    int64_t next_ms = INT64_MAX;
    after_ms = MAX_OF(after_ms, version->since_ms);
    if (version->from_end)
        return INT64_MAX;
    if (version->every_ms) {
        int64_t period_ms = (int64_t)version->every_ms;
        next_ms = version->anchor_ms + (after_ms - version->anchor_ms) / period_ms * period_ms;
        while (next_ms <= after_ms)
            next_ms += period_ms;
    } else if (version->at_ms) {
        next_ms = version->at_ms > after_ms ? version->at_ms : INT64_MAX;
    } else {
        for (size_t i = version->due_count; i-- > 0 && version->due_ms[i] > after_ms;)
            next_ms = version->due_ms[i];
    }
    return next_ms <= version->until_ms ? next_ms : INT64_MAX;
}

bool sim_jobs_is_blacked_out(const struct sim_version *version, int64_t due_ms)
{
    int64_t start_ms = due_ms / 3600000 * 3600000 + (int64_t)version->blackout_minute * 60000;
    return due_ms >= start_ms && due_ms < start_ms + (int64_t)version->blackout_ms;
}

const struct sim_version *sim_jobs_version_of(const struct sim *sim, const struct hash *definition)
{
    for (size_t i = sim->jobs->signed_count; i-- > 0;)
        if (hash_equal(&sim->jobs->signed_[i].id, definition))
            return &sim->jobs->versions[sim->jobs->signed_[i].version];
    return NULL;
}

bool sim_jobs_was_due(const struct sim *sim, const struct hash *definition, int64_t due_ms)
{
    const struct sim_version *version = sim_jobs_version_of(sim, definition);
    if (!version)
        return false;
    struct sim_version unbounded = *version;
    unbounded.since_ms = 0;
    unbounded.until_ms = INT64_MAX;
    return sim_version_next(&unbounded, due_ms - 1) == due_ms;
}

bool sim_jobs_is_due(const struct sim *sim, const struct hash *definition, int64_t due_ms)
{
    const struct sim_version *version = sim_jobs_version_of(sim, definition);
    if (!version)
        return false;
    if (version->from_end)
        return due_ms >= version->since_ms + (int64_t)version->every_ms;
    struct sim_version unbounded = *version; // who has not heard of the next version does not err
    unbounded.until_ms = INT64_MAX;
    return sim_version_next(&unbounded, due_ms - 1) == due_ms;
}

static void end_version(struct sim *sim, const char *job, uint64_t stamp)
{
    for (size_t i = 0; i < sim->jobs->version_count; i++) {
        struct sim_version *version = &sim->jobs->versions[i];
        if (strcmp(version->job, job) == 0)
            version->until_ms = MIN_OF(version->until_ms, stamp_ms(stamp));
    }
}

static void begin_version(struct sim *sim, const struct sim_name *name)
{
    struct sim_jobs *jobs = sim->jobs;
    const struct sim_job *job = &name->job;
    end_version(sim, name->full, name->since);
    void *versions = jobs->versions;
    struct sim_version *version =
        append(&versions, &jobs->version_count, &jobs->version_capacity, sizeof *jobs->versions);
    jobs->versions = versions;
    *version = (struct sim_version){.life = name->life,
                                    .schedule_version = name->schedule_version,
                                    .since_ms = stamp_ms(name->since),
                                    .until_ms = INT64_MAX,
                                    .every_ms = job->every_ms,
                                    .anchor_ms = job->anchor_ms,
                                    .at_ms = job->at_ms,
                                    .from_end = job->from_end,
                                    .waits = job->waits != NULL,
                                    .blackout_minute = job->blackout_minute,
                                    .blackout_ms = job->blackout_ms,
                                    .due_ms = job->due_ms,
                                    .due_count = job->due_count};
    memcpy(version->job, name->full, sizeof version->job);
}

// --- signing ---

struct shape { // what a definition points to
    struct definition_trigger trigger;
    struct definition_blackout blackout;
    char blackout_start[32];
    const char *argv[1 + SIM_JOB_WORD_MAX];
};

static struct definition definition_of(const struct sim_job *job, struct shape *shape)
{
    *shape = (struct shape){.argv = {"work"}};
    struct definition definition = {.namespace_name = "main",
                                    .authority_number = 1,
                                    .triggers = &shape->trigger,
                                    .trigger_count = 1,
                                    .zone = job->zone ? job->zone : "UTC",
                                    .argv = shape->argv,
                                    .argument_count = 1,
                                    .user = "nobody",
                                    .catch_up = job->catch_up,
                                    .catch_up_within_ms = job->catch_up_within_ms,
                                    .catch_up_spread_ms = job->catch_up_spread_ms,
                                    .jitter_ms = job->jitter_ms,
                                    .blackouts = &shape->blackout,
                                    .blackout_count = job->blackout_ms ? 1 : 0,
                                    .not_before_ms = job->not_before_ms,
                                    .not_after_ms = job->not_after_ms,
                                    .max_clock_error_ms = job->max_clock_error_ms,
                                    .busy = job->busy,
                                    .on_lost = job->on_lost,
                                    .spread = job->spread,
                                    .retry_times = job->retry_times,
                                    .retry_delay_ms = job->retry_delay_ms,
                                    .retry_growth_milli = job->retry_growth_milli,
                                    .time_limit_ms = job->time_limit_ms,
                                    .grace_ms = job->grace_ms,
                                    .output_limit_bytes = job->output_limit_bytes,
                                    .keep_runs = KEEP_RUNS};
    snprintf(definition.name, sizeof definition.name, "%s", job->name);
    definition.needs = job->needs ? &job->needs : NULL;
    definition.need_count = job->needs != NULL;
    snprintf(definition.node, sizeof definition.node, "%s", job->node ? job->node : "");
    for (size_t i = 0; i < SIM_JOB_WORD_MAX && job->work[i]; i++)
        shape->argv[definition.argument_count++] = job->work[i];
    shape->trigger.kind = job->cron ? DEFINITION_CRON : job->every_ms ? DEFINITION_EVERY : DEFINITION_AT;
    shape->trigger.expression = job->cron;
    snprintf(shape->blackout_start, sizeof shape->blackout_start, "%llu * * * *",
             (unsigned long long)job->blackout_minute);
    shape->blackout =
        (struct definition_blackout){.expression = shape->blackout_start, .length_ms = job->blackout_ms};
    shape->trigger.period_ms = job->every_ms;
    shape->trigger.anchor_ms = job->anchor_ms;
    shape->trigger.from_end = job->from_end;
    if (job->waits)
        shape->trigger = *job->waits;
    if (job->at_ms) {
        shape->trigger.instants_ms = &job->at_ms;
        shape->trigger.instant_count = 1;
        shape->trigger.expires_ms = job->expires_ms;
    }
    return definition;
}

static void remember(struct sim *sim, const struct sim_name *name)
{
    struct sim_jobs *jobs = sim->jobs;
    void *items = jobs->signed_;
    struct sim_signed *item =
        append(&items, &jobs->signed_count, &jobs->signed_capacity, sizeof *jobs->signed_);
    jobs->signed_ = items;
    *item = (struct sim_signed){
        .id = name->definition, .version = jobs->version_count - 1, .name = (size_t)(name - jobs->names)};
    for (size_t i = 0; i < jobs->version_count; i++) // the version it belongs to may not be the last begun
        if (strcmp(jobs->versions[i].job, name->full) == 0)
            item->version = i;
}

struct sim_record sim_job_define(struct sim *sim, const struct sim_job *job)
{
    struct sim_name *name = get(sim, job->name);
    struct sim_record record = {0};
    struct shape shape;
    struct definition definition = definition_of(job, &shape);
    struct hash schedule = definition_schedule(&definition);
    bool is_new = !name->life || name->is_deleted;
    bool is_new_schedule = is_new || !hash_equal(&schedule, &name->schedule);
    name->job = *job;
    definition.stamp = next_stamp(sim);
    definition.edited_from = is_new ? (struct hash){{0}} : name->definition;
    if (is_new) {
        name->life = name->life ? name->life + 1 : 1;
        name->version = 0;
        name->is_deleted = false;
        name->pause_count = 0;
    }
    definition.life = name->life;
    definition.version = ++name->version;
    if (is_new_schedule) {
        name->schedule = schedule;
        name->schedule_version = definition.version;
        name->since = definition.stamp;
        begin_version(sim, name);
    }
    definition.schedule_version = name->schedule_version;
    definition.since = name->since;
    record.id = support_sign_definition(&sim->fleet->operator_, &definition, &record.envelope);
    name->definition = record.id.hash;
    remember(sim, name);
    return record;
}

static struct sim_record sign_pause(struct sim *sim, struct sim_name *name, int64_t until_ms,
                                    const struct hash *lifts, size_t count)
{
    struct sim_record record = {0};
    struct pause pause = {.namespace_name = "main",
                          .life = name->life,
                          .stamp = next_stamp(sim),
                          .until_ms = until_ms,
                          .lifts = lifts,
                          .lift_count = count,
                          .authority_number = 1};
    snprintf(pause.name, sizeof pause.name, "%s", name->job.name);
    record.id = support_sign_pause(&sim->fleet->operator_, &pause, &record.envelope);
    return record;
}

struct sim_record sim_job_pause(struct sim *sim, const char *job)
{
    struct sim_name *name = get(sim, job);
    struct sim_record record = sign_pause(sim, name, 0, NULL, 0);
    void *pauses = name->pauses;
    struct hash *pause = append(&pauses, &name->pause_count, &name->pause_capacity, sizeof *name->pauses);
    name->pauses = pauses;
    *pause = record.id.hash;
    return record;
}

struct sim_record sim_job_pause_until(struct sim *sim, const char *job, int64_t until_ms)
{
    return sign_pause(sim, get(sim, job), until_ms, NULL, 0);
}

struct sim_record sim_job_resume(struct sim *sim, const char *job, const struct hash *pause)
{
    struct sim_name *name = get(sim, job);
    if (pause)
        return sign_pause(sim, name, 0, pause, 1);
    struct sim_record record = sign_pause(sim, name, 0, name->pauses, name->pause_count);
    name->pause_count = 0;
    return record;
}

struct sim_record sim_job_delete(struct sim *sim, const char *job)
{
    struct sim_name *name = get(sim, job);
    struct sim_record record = {0};
    struct removal removal = {
        .namespace_name = "main", .life = ++name->life, .stamp = next_stamp(sim), .authority_number = 1};
    snprintf(removal.name, sizeof removal.name, "%s", job);
    name->is_deleted = true;
    end_version(sim, name->full, removal.stamp);
    record.id = support_sign_removal(&sim->fleet->operator_, &removal, &record.envelope);
    return record;
}

static struct sim_record sign_order(struct sim *sim, const char *job, enum order_action action,
                                    int64_t from_ms, int64_t until_ms)
{
    struct sim_record record = {0};
    struct order order = {.action = action,
                          .namespace_name = "main",
                          .life = get(sim, job)->life,
                          .not_before_ms = sim_wall_ms(sim),
                          .not_after_ms = sim_wall_ms(sim) + ORDER_MS,
                          .from_ms = from_ms,
                          .until_ms = until_ms,
                          .stamp = next_stamp(sim),
                          .authority_number = 1};
    snprintf(order.name, sizeof order.name, "%s", job);
    for (size_t i = 0; i < sizeof order.random; i++)
        order.random[i] = (uint8_t)sim_random(sim, 256);
    record.id = support_sign_order(&sim->fleet->operator_, &order, &record.envelope);
    return record;
}

struct sim_record sim_job_run(struct sim *sim, const char *job)
{
    return sign_order(sim, job, ORDER_RUN, 0, 0);
}

struct sim_record sim_job_backfill(struct sim *sim, const char *job, int64_t from_ms, int64_t until_ms)
{
    return sign_order(sim, job, ORDER_RUN, from_ms, until_ms);
}

struct sim_record sim_job_cancel(struct sim *sim, const char *job)
{
    return sign_order(sim, job, ORDER_CANCEL, 0, 0);
}

struct sim_record sim_job_emit(struct sim *sim, const char *event, uint64_t expires_ms)
{
    struct sim_record record = {0};
    struct buffer body = {0};
    struct event_record made = {.namespace_name = "main",
                                .expires_ms = sim_wall_ms(sim) + (int64_t)expires_ms,
                                .stamp = next_stamp(sim),
                                .authority_number = 1};
    snprintf(made.name, sizeof made.name, "%s", event);
    for (size_t i = 0; i < sizeof made.random; i++)
        made.random[i] = (uint8_t)sim_random(sim, 256);
    event_record_encode(&made, &body);
    record.id = envelope_sign(&sim->fleet->operator_, ENVELOPE_EVENT, buffer_view(&body), &record.envelope);
    buffer_deinit(&body);
    return record;
}
