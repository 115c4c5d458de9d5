#include "tests/sim/sim_check.h"

#include "node/core/state.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/sim_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_check_deinit(struct sim_check *check)
{
    free(check->starts);
}

void sim_check_booted(struct sim *sim, struct sim_node *node)
{
    sim_trace_u64(sim, node->index << 32 | node->generation);
}

void sim_check_stepped(struct sim *sim, struct sim_node *node)
{
    if (node->core && node->core->jobs.count > sim->jobs->name_count)
        sim_fail(sim, "%s has jobs nobody defined", node->identity->name);
}

static const char *text_of(int64_t wall_ms, char out[32])
{
    sim_time_text(wall_ms, out);
    return out;
}

static bool is_known_to_run(const struct core *core, const char *job, const struct hash *definition)
{
    const struct table_job *row = jobs_row(core, job);
    return row && row->active && row->life % 2 == 1 && hash_equal(&row->active->id.hash, definition) &&
           !table_job_is_paused(row, core->wall_ms);
}

void sim_check_asked(struct sim *sim, struct sim_node *node, const struct frame *frame)
{
    const struct frame_start *start = &frame->start;
    const struct sim_version *version = sim_jobs_version_of(sim, &start->definition);
    char due[32];
    sim->check->asked_count++;
    sim_trace_u64(sim, (uint64_t)start->due_ms);
    if (!version) {
        sim_fail(sim, "%s asks for a job nobody signed", node->identity->name);
        return;
    }
    if (start->due_ms > sim_node_wall_ms(node))
        sim_fail(sim, "%s asks for %s before its due time %s", node->identity->name, version->job,
                 text_of(start->due_ms, due));
    if (!is_known_to_run(node->core, version->job, &start->definition))
        sim_fail(sim, "%s asks for %s, which it knows to be paused, deleted or changed", node->identity->name,
                 version->job);
}

void sim_check_denied(struct sim *sim, struct sim_node *node, const struct frame *denied)
{
    const struct sim_version *version = sim_jobs_version_of(sim, &denied->start.definition);
    char due[32];
    if (denied->rule == 0)
        return;
    sim->check->denied_count++;
    if (!sim->check->allows_denials)
        sim_fail(sim, "the runner of %s denies %s, due %s, attempt %u, by rule %u: %s", node->identity->name,
                 version ? version->job : "a job", text_of(denied->start.due_ms, due), denied->start.attempt,
                 denied->rule, denied->reason);
}

// Was it right to begin this due time again, after that start?
static bool is_justified(const struct sim_start *earlier, const struct sim_start *later)
{
    if (earlier->is_lost)
        return true;
    if (earlier->status == LEDGER_OPEN)
        return false;
    if (earlier->status == LEDGER_OK)
        return !earlier->is_acknowledged;
    return later->attempt > earlier->attempt;
}

static void compare(struct sim *sim, const struct sim_start *earlier, const struct sim_start *later)
{
    char due[32];
    if (earlier->node == later->node && earlier->attempt == later->attempt && !earlier->is_lost)
        sim_fail(sim, "n%zu starts attempt %u of %s, due %s, twice", later->node + 1, later->attempt,
                 later->job, text_of(later->due_ms, due));
    if (is_justified(earlier, later))
        return;
    sim->check->double_count++;
    sim_say(sim, "doubled: %s, due %s, on n%zu and n%zu", later->job, text_of(later->due_ms, due),
            earlier->node + 1, later->node + 1);
}

void sim_check_started(struct sim *sim, struct sim_node *node, const struct sim_run *run,
                       const struct occurrence *occurrence)
{
    struct sim_check *check = sim->check;
    char due[32];
    void *starts = check->starts;
    base_grow(&starts, &check->start_capacity, check->start_count + 1, sizeof *check->starts);
    check->starts = starts;
    struct sim_start *start = &check->starts[check->start_count];
    *start = (struct sim_start){.occurrence = run->occurrence,
                                .run = run->id,
                                .due_ms = occurrence->due_ms,
                                .attempt = run->start.attempt,
                                .node = node->index,
                                .generation = run->start.generation,
                                .started_wall_ms = run->started_wall_ms,
                                .started_ms = run->started_ms};
    snprintf(start->job, sizeof start->job, "%s", occurrence->job);
    sim_trace(sim, run->id.b, sizeof run->id.b);
    sim_say(sim, "%s: starts %s, due %s, attempt %u", node->identity->name, start->job,
            text_of(start->due_ms, due), start->attempt);
    for (size_t i = 0; i < check->start_count; i++)
        if (hash_equal(&check->starts[i].occurrence, &start->occurrence))
            compare(sim, &check->starts[i], start);
    check->start_count++;
}

const struct sim_start *sim_check_find_start(const struct sim *sim, const struct run_id *run)
{
    for (size_t i = sim->check->start_count; i-- > 0;)
        if (run_id_equal(&sim->check->starts[i].run, run))
            return &sim->check->starts[i];
    return NULL;
}

static struct sim_start *find(struct sim *sim, const struct run_id *run)
{
    for (size_t i = sim->check->start_count; i-- > 0;)
        if (run_id_equal(&sim->check->starts[i].run, run))
            return &sim->check->starts[i];
    return NULL;
}

const struct sim_start *sim_check_last_start(const struct sim *sim, const char *name)
{
    char full[NAME_JOB_ROOM];
    snprintf(full, sizeof full, "main/%.60s", name);
    for (size_t i = sim->check->start_count; i-- > 0;)
        if (strcmp(sim->check->starts[i].job, full) == 0)
            return &sim->check->starts[i];
    return NULL;
}

void sim_check_ended(struct sim *sim, struct sim_node *node, const struct sim_run *run)
{
    struct sim_start *start = find(sim, &run->id);
    if (!start || start->status != LEDGER_OPEN) // a runner that forgot tells of it once more
        return;
    sim_say(sim, "%s: %s, due %lld, ended %s", node->identity->name, start->job, (long long)start->due_ms,
            ledger_status_text(run->ended.status));
    start->status = run->ended.status;
    start->ended_ms = sim->now_ms;
    start->ended_wall_ms = run->ended.ended_ms;
    sim_trace(sim, run->id.b, sizeof run->id.b);
}

void sim_check_acknowledged(struct sim *sim, struct sim_node *node, const struct sim_run *run)
{
    struct sim_start *start = find(sim, &run->id);
    (void)node;
    if (start)
        start->is_acknowledged = true;
}

void sim_check_jobs_died(struct sim *sim, struct sim_node *node)
{
    for (size_t i = 0; i < sim->check->start_count; i++) {
        struct sim_start *start = &sim->check->starts[i];
        if (start->node == node->index && start->status == LEDGER_OPEN) {
            start->is_lost = true;
            start->status = LEDGER_LOST;
            start->ended_ms = sim->now_ms;
        }
    }
}
