#include "tests/sim/sim_check.h"

#include "node/core/state.h"
#include "tests/sim/sim_fleet.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/sim_net.h"
#include "tests/sim/sim_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNEASY_MS = 60 * 1000, // so long after a cut or a stop things may still happen twice
};

void sim_check_deinit(struct sim_check *check)
{
    free(check->starts);
    free(check->holds);
    sim_heard_deinit(&check->heard);
}

void sim_check_booted(struct sim *sim, struct sim_node *node)
{
    sim_trace_u64(sim, node->index << 32 | node->generation);
    sim_heard_up(sim, node);
}

void sim_check_ceased(struct sim *sim, struct sim_node *node)
{
    sim_heard_down(sim, node);
}

void sim_check_uneasy(struct sim *sim)
{
    sim->check->uneasy_ms = sim->now_ms;
}

// --- who has taken what (rules 6 and 7) ---

static struct sim_hold *hold_of(struct sim *sim, const char *job, size_t node)
{
    struct sim_check *check = sim->check;
    size_t wanted = sim->jobs->name_count * sim->node_count, name = 0;
    if (check->hold_count < wanted) {
        check->holds = base_resize(check->holds, wanted, sizeof *check->holds);
        for (; check->hold_count < wanted; check->hold_count++)
            check->holds[check->hold_count] = (struct sim_hold){0};
    }
    while (name < sim->jobs->name_count && strcmp(sim->jobs->names[name].full, job) != 0)
        name++;
    return name < sim->jobs->name_count ? &check->holds[name * sim->node_count + node] : NULL;
}

// Of its own, so that a mistake in the one that is checked shows.
static int compare_epochs(const struct ledger_epoch *a, const struct ledger_epoch *b)
{
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return memcmp(a->node.b, b->node.b, sizeof a->node.b);
}

static size_t index_of(const struct sim *sim, const struct node_id *id)
{
    for (size_t i = 0; i < sim->node_count; i++)
        if (node_id_equal(&sim->fleet->identities[i].id, id))
            return i;
    return SIZE_MAX;
}

static void note_asked(struct sim *sim, const struct job *job, struct sim_hold *hold)
{
    if (compare_epochs(&hold->epoch, &job->epoch) != 0)
        hold->asked = hold->answered = 0;
    for (size_t i = 0; i < job->asked_count; i++) {
        size_t node = index_of(sim, &job->asked[i].id);
        if (node >= 64)
            continue;
        hold->asked |= UINT64_C(1) << node;
        hold->answered |= (uint64_t)job->asked[i].answered << node;
    }
}

// Whoever answered this take has promised it: all that were asked and do not count as dead.
static void note_take(struct sim *sim, struct sim_node *node, const struct job *job, struct sim_hold *hold)
{
    uint64_t asked = hold->asked, answered = hold->answered;
    bool was_asked = compare_epochs(&hold->epoch, &job->epoch) == 0;
    hold->process = node->process;
    hold->taken_ms = sim->now_ms;
    for (size_t i = 0; was_asked && i < MIN_OF(sim->node_count, (size_t)64); i++) {
        bool is_gone = owner_is_gone(node->core, &sim->fleet->identities[i].id);
        if (!(answered >> i & 1) && (!(asked >> i & 1) || is_gone))
            continue;
        struct sim_hold *promise = hold_of(sim, job->name, i);
        if (promise->life != job->life)
            *promise = (struct sim_hold){.life = job->life};
        if (compare_epochs(&job->epoch, &promise->floor) > 0)
            promise->floor = job->epoch;
    }
}

static void follow_job(struct sim *sim, struct sim_node *node, const struct job *job)
{
    struct sim_hold *hold = hold_of(sim, job->name, node->index);
    if (!hold || !job->row || job->is_each)
        return;
    if (job->life > hold->life)
        *hold = (struct sim_hold){.life = job->life};
    if (job->life != hold->life)
        return;
    bool is_owner = job->role == JOBS_OWNER;
    if (is_owner &&
        (!hold->is_owner || hold->process != node->process || compare_epochs(&hold->epoch, &job->epoch) != 0))
        note_take(sim, node, job, hold);
    else if (job->role == JOBS_TAKING)
        note_asked(sim, job, hold);
    hold->is_owner = is_owner;
    hold->epoch = job->epoch;
    if (hold->floor.number &&
        !sim_rule(sim, SIM_RULE_PROMISED, compare_epochs(&job->promised, &hold->floor) >= 0))
        sim_fail(sim, "%s promised epoch %llu of %s to somebody and knows only of %llu", node->identity->name,
                 (unsigned long long)hold->floor.number, job->name, (unsigned long long)job->promised.number);
}

enum { FOLLOWED_MAX = 32 }; // of a story with more jobs, not every step is looked at

void sim_check_stepped(struct sim *sim, struct sim_node *node)
{
    if (!node->core)
        return;
    if (node->core->jobs.count > sim->jobs->name_count)
        sim_fail(sim, "%s has jobs nobody defined", node->identity->name);
    for (size_t i = 0;
         node->core->is_ready && node->core->jobs.count <= FOLLOWED_MAX && i < node->core->jobs.count; i++)
        follow_job(sim, node, node->core->jobs.items[i]);
}

static void check_owner(struct sim *sim, struct sim_node *node, const char *name)
{
    const struct job *job = jobs_find(&node->core->jobs, name);
    const struct sim_hold *hold = hold_of(sim, name, node->index);
    if (!job || !job->row || job->is_each || !hold || node->core->jobs.count > FOLLOWED_MAX)
        return;
    if (!sim_rule(sim, SIM_RULE_TAKEN,
                  hold->is_owner && hold->process == node->process && hold->taken_ms >= node->gap_end_ms))
        sim_fail(sim, "%s asks for %s, which it has not taken since it began, or since it stood still",
                 node->identity->name, name);
    if (!sim_rule(sim, SIM_RULE_GIVEN_UP, compare_epochs(&job->epoch, &hold->floor) >= 0))
        sim_fail(sim, "%s asks for %s under epoch %llu, but promised %llu to somebody", node->identity->name,
                 name, (unsigned long long)job->epoch.number, (unsigned long long)hold->floor.number);
}

// --- what is asked for, denied and started ---

static const char *text_of(int64_t wall_ms, char out[32])
{
    sim_time_text(wall_ms, out);
    return out;
}

// Why a node that knows what it knows must not start this; NULL: it may.
static const char *why_not(const struct core *core, const char *job, const struct hash *definition)
{
    const struct table_job *row = jobs_row(core, job);
    if (!row || !row->active || row->life % 2 == 0)
        return "deleted";
    if (!hash_equal(&row->active->id.hash, definition))
        return "changed";
    return table_job_is_paused(row, core->wall_ms) ? "paused" : NULL;
}

static bool is_backfill(const struct frame_start *start)
{
    return start->due_ms && !hash_is_zero(&start->cause_record);
}

void sim_check_asked(struct sim *sim, struct sim_node *node, const struct frame *frame)
{
    const struct frame_start *start = &frame->start;
    const struct sim_version *version = sim_jobs_version_of(sim, &start->definition);
    char due[32];
    sim->check->asked_count++;
    sim_trace_u64(sim, (uint64_t)start->due_ms);
    if (!sim_rule(sim, SIM_RULE_SIGNED, version != NULL)) {
        sim_fail(sim, "%s asks for a job nobody signed", node->identity->name);
        return;
    }
    if (!sim_rule(sim, SIM_RULE_EARLY, start->due_ms <= sim_node_wall_ms(node) + start->clock_offset_ms))
        sim_fail(sim, "%s asks for %s before its due time %s", node->identity->name, version->job,
                 text_of(start->due_ms, due));
    if (start->trigger != FRAME_TRIGGER_ORDER && (start->due_ms || hash_is_zero(&start->cause_record)) &&
        !sim_rule(sim, SIM_RULE_DUE,
                  is_backfill(start) ? sim_jobs_was_due(sim, &start->definition, start->due_ms)
                                     : sim_jobs_is_due(sim, &start->definition, start->due_ms)))
        sim_fail(sim, "%s asks for %s at %s, which is no due time", node->identity->name, version->job,
                 text_of(start->due_ms, due));
    if (start->trigger != FRAME_TRIGGER_ORDER && !is_backfill(start) &&
        !sim_rule(sim, SIM_RULE_DUE, !sim_jobs_is_blacked_out(version, start->due_ms)))
        sim_fail(sim, "%s asks for %s at %s, in a blackout", node->identity->name, version->job,
                 text_of(start->due_ms, due));
    check_owner(sim, node, version->job);
    const char *reason = why_not(node->core, version->job, &start->definition);
    if (!sim_rule(sim, SIM_RULE_ALLOWED, !reason))
        sim_fail(sim, "%s asks for %s, due %s, attempt %u, which it knows to be %s", node->identity->name,
                 version->job, text_of(start->due_ms, due), start->attempt, reason);
}

static bool is_in_force(const struct table_job *row, const struct hash *definition)
{
    return row && row->active && hash_equal(&row->active->id.hash, definition);
}

// The core or its runner knows of another definition: an edit crossed the START on its way, or was lost in a
// power cut by the one and not by the other.
static bool is_edited(const struct sim_node *node, const struct frame *denied,
                      const struct sim_version *version)
{
    const struct hash *definition = &denied->start.definition;
    const char *name = version ? strchr(version->job, '/') + 1 : "";
    return version && node->core &&
           (!is_in_force(jobs_row(node->core, version->job), definition) ||
            !is_in_force(table_find_job(&node->runner.floors, "main", name), definition));
}

void sim_check_denied(struct sim *sim, struct sim_node *node, const struct frame *denied)
{
    const struct sim_version *version = sim_jobs_version_of(sim, &denied->start.definition);
    char due[32];
    sim_say(sim, "the runner of %s denies %s, due %s, by rule %u: %s", node->identity->name,
            version ? version->job : "a job", text_of(denied->start.due_ms, due), denied->rule,
            denied->reason);
    bool is_of_substance = denied->rule != 0 && node->clock_back_ms < sim->now_ms && !node->has_forgotten &&
                           !is_edited(node, denied, version);
    sim->check->denied_count += is_of_substance;
    if (!sim_rule(sim, SIM_RULE_DENIED, !is_of_substance || sim->check->allows_denials))
        sim_fail(sim, "the runner of %s denies %s, due %s, attempt %u, by rule %u: %s", node->identity->name,
                 version ? version->job : "a job", text_of(denied->start.due_ms, due), denied->start.attempt,
                 denied->rule, denied->reason);
}

// Its network process died before it had the end on disk, or nobody had the time to tell this node.
static bool is_end_unknown(const struct sim *sim, const struct sim_start *start, size_t node)
{
    const struct sim_node *from = sim->nodes[start->node];
    return (!start->is_acknowledged && (!from->core || from->up_ms > start->ended_ms)) ||
           (node != start->node && !sim_heard_end(sim, start, node));
}

// Was it right to begin this due time again, after that start?
static bool is_justified(const struct sim *sim, const struct sim_start *earlier,
                         const struct sim_start *later)
{
    if (earlier->is_lost)
        return true;
    if (earlier->status == LEDGER_OPEN) // its runner lives; its network process did not
        return sim_heard_nothing_of(sim, earlier->node, earlier->started_ms);
    if (is_end_unknown(sim, earlier, later->node))
        return true;
    return earlier->status != LEDGER_OK && later->attempt > earlier->attempt;
}

static void compare(struct sim *sim, const struct sim_start *earlier, const struct sim_start *later)
{
    char due[32];
    bool is_live = earlier->status == LEDGER_OPEN && !earlier->is_lost;
    if (earlier->node == later->node && !sim_rule(sim, SIM_RULE_RUNNING, !is_live))
        sim_fail(sim, "n%zu starts %s, due %s, while a run of it lives there", later->node + 1, later->job,
                 text_of(later->due_ms, due));
    if (earlier->node == later->node &&
        !sim_rule(sim, SIM_RULE_ATTEMPT, earlier->attempt != later->attempt || earlier->is_lost))
        sim_fail(sim, "n%zu starts attempt %u of %s, due %s, twice", later->node + 1, later->attempt,
                 later->job, text_of(later->due_ms, due));
    bool is_uneasy = sim->net->loss || sim->check->uneasy_ms + UNEASY_MS >= earlier->started_ms;
    if (!sim_rule(sim, SIM_RULE_DOUBLED,
                  is_justified(sim, earlier, later) || is_uneasy || !sim->check->is_strict))
        sim_fail(sim,
                 "n%zu starts %s, due %s, attempt %u, which n%zu had started as attempt %u, while all hear "
                 "each other",
                 later->node + 1, later->job, text_of(later->due_ms, due), later->attempt, earlier->node + 1,
                 earlier->attempt);
    if (is_justified(sim, earlier, later))
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
    sim_say(sim, "%s: starts %s, due %s, attempt %u, of %02x%02x%02x%02x", node->identity->name, start->job,
            text_of(start->due_ms, due), start->attempt, start->occurrence.b[0], start->occurrence.b[1],
            start->occurrence.b[2], start->occurrence.b[3]);
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

void sim_check_forgotten(struct sim *sim, const struct sim_run *run)
{
    struct sim_start *start = find(sim, &run->id);
    if (start && !start->is_acknowledged)
        start->is_lost = true;
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
