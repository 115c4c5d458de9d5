#include "tests/sim/sim_outcome.h"

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_node.h"
#include "tests/sim/sim_person.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 5000,
    ANSWERED_IN_PART = 5,   // exit status: some node could not be asked
    QUEUE_PAUSE_MS = 10000, // between two runs of a queue, for a retry that waits
    CORRECTION_MS = 2000,   // by so much a corrected clock may still be wrong
    AHEAD_MS = 12000,       // claims lie this far ahead; of a schedule that was changed they are judged
};

void sim_outcomes_deinit(struct sim_outcomes *outcomes)
{
    free(outcomes->items);
    *outcomes = (struct sim_outcomes){0};
}

static void add_due(struct sim_outcomes *outcomes, const struct sim_outcome *outcome)
{
    void *items = outcomes->items;
    base_grow(&items, &outcomes->capacity, outcomes->count + 1, sizeof *outcomes->items);
    outcomes->items = items;
    outcomes->items[outcomes->count++] = *outcome;
}

static void list_due_times(const struct sim *sim, const char *job, int64_t until_ms,
                           struct sim_outcomes *outcomes)
{
    for (size_t i = 0; i < sim->jobs->version_count; i++) {
        const struct sim_version *version = &sim->jobs->versions[i];
        struct sim_outcome outcome = {.due_ms = version->since_ms, .version = i};
        if (strcmp(version->job, job) != 0)
            continue;
        while ((outcome.due_ms = sim_version_next(version, outcome.due_ms)) <= until_ms &&
               outcome.due_ms != INT64_MAX)
            add_due(outcomes, &outcome);
    }
}

static bool has_cause(const struct control_run *row)
{
    return !hash_is_zero(&row->cause);
}

// Does the row speak of due times of this version, all of them and no others? Who had not heard that the
// version had ended goes on for a while.
static bool speaks_of(const struct sim *sim, const struct control_run *row, const struct sim_version *version)
{
    struct sim_version unbounded = *version;
    uint64_t count = 0;
    int64_t heard_ms = MAX_OF(sim->check->hearing_ms, (int64_t)AHEAD_MS);
    unbounded.until_ms = INT64_MAX;
    if (version->from_end || version->waits)
        return strcmp(version->job, row->job) == 0;
    if (strcmp(version->job, row->job) != 0 || sim_version_next(&unbounded, row->due_ms - 1) != row->due_ms ||
        (version->until_ms != INT64_MAX && row->last_due_ms > version->until_ms + heard_ms))
        return false;
    for (int64_t due_ms = row->due_ms; due_ms <= row->last_due_ms;
         due_ms = sim_version_next(&unbounded, due_ms))
        count++;
    return count == row->count;
}

static bool mark(const struct sim *sim, struct sim_outcomes *outcomes, const struct control_run *row)
{
    bool is_of_any = false;
    for (size_t version = 0; version < sim->jobs->version_count; version++) {
        if (!speaks_of(sim, row, &sim->jobs->versions[version]))
            continue;
        is_of_any = true;
        for (size_t i = 0; i < outcomes->count; i++) {
            struct sim_outcome *outcome = &outcomes->items[i];
            if (outcome->version != version || outcome->due_ms < row->due_ms ||
                outcome->due_ms > row->last_due_ms)
                continue;
            outcome->row_count++;
            outcome->status = MAX_OF(outcome->status, row->status);
        }
    }
    return is_of_any;
}

// By the clock of the machine, or by the time of the fleet where that was known to be wrong.
static bool is_when(const struct sim *sim, int64_t told_ms, int64_t shown_ms, uint64_t at_ms)
{
    int64_t true_ms = sim->start_wall_ms + (int64_t)at_ms;
    bool is_right = llabs(shown_ms - true_ms) <= CORRECTION_MS;
    return told_ms == shown_ms || (!is_right && llabs(told_ms - true_ms) <= CORRECTION_MS);
}

static void check_run(struct sim *sim, const struct sim_node *node, const struct control_run *row)
{
    const struct sim_start *start = sim_check_find_start(sim, &row->run);
    if (!sim_rule(sim, SIM_RULE_INVENTED, row->status < LEDGER_FAILED || start))
        sim_fail(sim, "%s says %s ran, which no runner knows of", node->identity->name, row->job);
    if (!start || !start->is_acknowledged || row->status < LEDGER_TIMEOUT)
        return;
    if (!sim_rule(sim, SIM_RULE_TRUE,
                  row->status == start->status &&
                      is_when(sim, row->started_ms, start->started_wall_ms, start->started_ms) &&
                      is_when(sim, row->ended_ms, start->ended_wall_ms, start->ended_ms)))
        sim_fail(sim, "%s says %s was %s from %lld to %lld, but it was %s from %lld to %lld",
                 node->identity->name, row->job, ledger_status_text(row->status), (long long)row->started_ms,
                 (long long)row->ended_ms, ledger_status_text(start->status),
                 (long long)start->started_wall_ms, (long long)start->ended_wall_ms);
}

static bool is_each(const struct sim *sim, const char *job)
{
    const struct sim_name *name = sim_jobs_find(sim, strchr(job, '/') + 1);
    return name->job.spread == DEFINITION_SPREAD_ALL;
}

static void take_row(struct sim *sim, const struct sim_node *node, const struct control_run *row,
                     struct sim_outcomes *outcomes)
{
    char first[32], last[32];
    if (is_each(sim, row->job) && strcmp(row->node[0] ? row->node : row->owner, node->identity->name) != 0)
        return; // what another node sees to
    outcomes->row_count++;
    if (row->has_run)
        check_run(sim, node, row);
    if (has_cause(row)) {
        outcomes->order_by_status[row->status]++;
        return;
    }
    if (strncmp(row->reason, "throttled: ", 11) == 0 || strncmp(row->reason, "expired: ", 9) == 0) {
        outcomes->throttled_rows++;
        outcomes->throttled += row->count;
        return;
    }
    sim_time_text(row->due_ms, first);
    sim_time_text(row->last_due_ms, last);
    sim_say(sim, "  %s: %s %s .. %s (%llu) %s, attempt %u on %s: %s", node->identity->name, row->job, first,
            last, (unsigned long long)row->count, ledger_status_text(row->status), row->attempt, row->node,
            row->reason);
    if (!sim_rule(sim, SIM_RULE_INVENTED, mark(sim, outcomes, row)))
        sim_fail(sim, "%s tells of %llu due times of %s from %s to %s, which are none", node->identity->name,
                 (unsigned long long)row->count, row->job, first, last);
}

// A run of it lives; or, where due times queue up (what is caught up does), a run of the job lives or has
// just ended.
static bool is_running(const struct sim *sim, const char *job, int64_t due_ms)
{
    enum definition_busy busy = sim_jobs_find(sim, strchr(job, '/') + 1)->job.busy;
    bool queues = busy == DEFINITION_BUSY_QUEUE || busy == DEFINITION_BUSY_REPLACE ||
                  sim_jobs_find(sim, strchr(job, '/') + 1)->job.catch_up == DEFINITION_CATCH_UP_ALL;
    for (size_t i = sim->check->start_count; i-- > 0;) {
        const struct sim_start *start = &sim->check->starts[i];
        if (strcmp(start->job, job) != 0)
            continue;
        if (start->status == LEDGER_OPEN && (queues || start->due_ms == due_ms))
            return true;
        if (queues && start->ended_ms + QUEUE_PAUSE_MS > sim->now_ms)
            return true;
    }
    return false;
}

static void judge(struct sim *sim, const struct sim_node *node, const char *name,
                  struct sim_outcomes *outcomes)
{
    char due[32];
    for (size_t i = 0; i < outcomes->count; i++) {
        const struct sim_outcome *outcome = &outcomes->items[i];
        sim_time_text(outcome->due_ms, due);
        bool is_open = outcome->status == LEDGER_OPEN && !is_running(sim, name, outcome->due_ms);
        bool is_judged = outcome->row_count && !is_open;
        if (is_each(sim, name) && outcome->due_ms <= sim->start_wall_ms + (int64_t)node->joined_ms &&
            node->joined_ms)
            continue; // no node, no due time of its own
        if (!sim_rule(sim, SIM_RULE_OUTCOME, is_judged))
            sim_fail(sim, "%s: %s, due %s, has %s", node->identity->name, name, due,
                     outcome->row_count ? "no outcome yet" : "no row");
        outcomes->by_status[outcome->status]++;
    }
}

struct sim_outcomes sim_outcomes_look(struct sim *sim, struct sim_node *node, const char *name,
                                      int64_t until_ms)
{
    struct sim_outcomes outcomes = {0};
    const char *job = sim_jobs_find(sim, name)->full;
    const struct control_request request = {.kind = CONTROL_RUNS, .job = job, .limit = ROWS_MAX};
    list_due_times(sim, job, until_ms, &outcomes);
    struct sim_answer *answer = sim_person_ask(sim, node, &request);
    outcomes.is_complete = answer->is_done && !answer->exit_status;
    outcomes.is_answered =
        outcomes.is_complete || (answer->is_done && answer->exit_status == ANSWERED_IN_PART);
    if (answer->count == ROWS_MAX)
        sim_fail(sim, "the story is too long for one look at the runs of %s", name);
    for (size_t i = 0; i < answer->count && (outcomes.count || sim_jobs_find(sim, name)->job.waits); i++) {
        struct arena arena = {0};
        struct control_reply reply;
        sim_answer_get(answer, i, &arena, &reply);
        if (reply.kind == CONTROL_REPLY_RUN)
            take_row(sim, node, &reply.is.run, &outcomes);
        arena_deinit(&arena);
    }
    sim_answer_free(answer);
    return outcomes;
}

struct sim_outcomes sim_outcomes_ask(struct sim *sim, struct sim_node *node, const char *name,
                                     int64_t until_ms)
{
    struct sim_outcomes outcomes = sim_outcomes_look(sim, node, name, until_ms);
    if (!outcomes.is_answered)
        sim_fail(sim, "%s does not tell the runs of %s", node->identity->name, name);
    judge(sim, node, sim_jobs_find(sim, name)->full, &outcomes);
    return outcomes;
}

size_t sim_outcomes_differ(const struct sim_outcomes *a, const struct sim_outcomes *b)
{
    size_t count = a->count > b->count ? a->count - b->count : b->count - a->count;
    for (size_t i = 0; i < a->count && i < b->count; i++)
        count += a->items[i].due_ms != b->items[i].due_ms || a->items[i].status != b->items[i].status;
    return count;
}
