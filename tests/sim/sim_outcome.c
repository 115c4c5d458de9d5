#include "tests/sim/sim_outcome.h"

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_node.h"
#include "tests/sim/sim_person.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 1000,
    ANSWERED_IN_PART = 5, // exit status: some node could not be asked
    AHEAD_MS = 12000,     // claims lie this far ahead; of a schedule that was changed they are judged
};

void sim_outcomes_deinit(struct sim_outcomes *outcomes)
{
    free(outcomes->items);
    *outcomes = (struct sim_outcomes){0};
}

static void add_due(struct sim_outcomes *outcomes, int64_t due_ms)
{
    void *items = outcomes->items;
    base_grow(&items, &outcomes->capacity, outcomes->count + 1, sizeof *outcomes->items);
    outcomes->items = items;
    outcomes->items[outcomes->count++] = (struct sim_outcome){.due_ms = due_ms};
}

static void list_due_times(const struct sim *sim, const char *job, int64_t until_ms,
                           struct sim_outcomes *outcomes)
{
    for (size_t i = 0; i < sim->jobs->version_count; i++) {
        const struct sim_version *version = &sim->jobs->versions[i];
        if (strcmp(version->job, job) != 0)
            continue;
        int64_t due_ms = version->since_ms;
        while ((due_ms = sim_version_next(version, due_ms)) <= until_ms && due_ms != INT64_MAX)
            add_due(outcomes, due_ms);
    }
}

static bool has_cause(const struct control_run *row)
{
    return !hash_is_zero(&row->cause);
}

// Claimed ahead for a schedule that then was changed, or a job that was deleted: never started.
static bool was_overtaken(const struct sim *sim, const struct control_run *row)
{
    for (size_t i = 0; i < sim->jobs->version_count; i++) {
        const struct sim_version *version = &sim->jobs->versions[i];
        if (strcmp(version->job, row->job) == 0 && row->due_ms > version->until_ms &&
            row->due_ms <= version->until_ms + AHEAD_MS && !row->started_ms)
            return true;
    }
    return false;
}

static size_t mark(struct sim_outcomes *outcomes, const struct control_run *row)
{
    size_t count = 0;
    for (size_t i = 0; i < outcomes->count; i++) {
        struct sim_outcome *outcome = &outcomes->items[i];
        if (outcome->due_ms < row->due_ms || outcome->due_ms > row->last_due_ms)
            continue;
        outcome->row_count++;
        outcome->status = MAX_OF(outcome->status, row->status);
        count++;
    }
    return count;
}

static void check_run(struct sim *sim, const struct sim_node *node, const struct control_run *row)
{
    const struct sim_start *start = sim_check_find_start(sim, &row->run);
    if (row->status >= LEDGER_FAILED && !start)
        sim_fail(sim, "%s says %s ran, which no runner knows of", node->identity->name, row->job);
    if (!start || !start->is_acknowledged || row->status < LEDGER_TIMEOUT)
        return;
    if (row->status != start->status || row->started_ms != start->started_wall_ms ||
        row->ended_ms != start->ended_wall_ms)
        sim_fail(sim, "%s says %s was %s from %lld to %lld, but it was %s from %lld to %lld",
                 node->identity->name, row->job, ledger_status_text(row->status), (long long)row->started_ms,
                 (long long)row->ended_ms, ledger_status_text(start->status),
                 (long long)start->started_wall_ms, (long long)start->ended_wall_ms);
}

static void take_row(struct sim *sim, const struct sim_node *node, const struct control_run *row,
                     struct sim_outcomes *outcomes)
{
    char first[32], last[32];
    outcomes->row_count++;
    if (row->has_run)
        check_run(sim, node, row);
    if (has_cause(row)) {
        outcomes->order_by_status[row->status]++;
        return;
    }
    sim_time_text(row->due_ms, first);
    sim_time_text(row->last_due_ms, last);
    sim_say(sim, "  %s: %s %s .. %s (%llu) %s, attempt %u on %s: %s", node->identity->name, row->job, first,
            last, (unsigned long long)row->count, ledger_status_text(row->status), row->attempt, row->node,
            row->reason);
    if (was_overtaken(sim, row))
        return;
    size_t count = mark(outcomes, row);
    if (count != row->count && row->due_ms <= outcomes->items[outcomes->count - 1].due_ms)
        sim_fail(sim, "%s tells of %llu due times of %s from %s to %s; there are %zu", node->identity->name,
                 (unsigned long long)row->count, row->job, first, last, count);
}

static bool is_running(const struct sim *sim, const char *job, int64_t due_ms)
{
    for (size_t i = sim->check->start_count; i-- > 0;) {
        const struct sim_start *start = &sim->check->starts[i];
        if (start->due_ms == due_ms && start->status == LEDGER_OPEN && strcmp(start->job, job) == 0)
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
        if (!outcome->row_count || is_open)
            sim_fail(sim, "%s: %s, due %s, has %s", node->identity->name, name, due,
                     outcome->row_count ? "no outcome yet" : "no row");
        outcomes->by_status[outcome->status]++;
    }
}

struct sim_outcomes sim_outcomes_ask(struct sim *sim, struct sim_node *node, const char *name,
                                     int64_t until_ms)
{
    struct sim_outcomes outcomes = {0};
    const char *job = sim_jobs_find(sim, name)->full;
    const struct control_request request = {.kind = CONTROL_RUNS, .job = job, .limit = ROWS_MAX};
    list_due_times(sim, job, until_ms, &outcomes);
    struct sim_answer *answer = sim_person_ask(sim, node, &request);
    if (!answer->is_done || (answer->exit_status && answer->exit_status != ANSWERED_IN_PART))
        sim_fail(sim, "%s does not tell the runs of %s: %s", node->identity->name, name, answer->text);
    if (answer->count == ROWS_MAX)
        sim_fail(sim, "the story is too long for one look at the runs of %s", name);
    for (size_t i = 0; i < answer->count && outcomes.count; i++) {
        struct arena arena = {0};
        struct control_reply reply;
        sim_answer_get(answer, i, &arena, &reply);
        if (reply.kind == CONTROL_REPLY_RUN)
            take_row(sim, node, &reply.is.run, &outcomes);
        arena_deinit(&arena);
    }
    sim_answer_free(answer);
    judge(sim, node, job, &outcomes);
    return outcomes;
}

size_t sim_outcomes_differ(const struct sim_outcomes *a, const struct sim_outcomes *b)
{
    size_t count = a->count > b->count ? a->count - b->count : b->count - a->count;
    for (size_t i = 0; i < a->count && i < b->count; i++)
        count += a->items[i].due_ms != b->items[i].due_ms || a->items[i].status != b->items[i].status;
    return count;
}
