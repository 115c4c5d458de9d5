#include "node/core/gather.h"

#include <stdlib.h>
#include <string.h>

void gather_deinit(struct gather *gather)
{
    for (size_t i = 0; i < gather->count; i++) {
        struct gather_due *due = &gather->items[i];
        for (size_t k = 0; k < due->run_count; k++)
            free(due->runs[k].reason);
        free(due->runs);
        free(due->reason);
    }
    free(gather->items);
    *gather = (struct gather){0};
}

static bool key_equal(const struct known_key *a, const struct known_key *b)
{
    return a->schedule_version == b->schedule_version && a->trigger == b->trigger && a->due_ms == b->due_ms &&
           node_id_equal(&a->target, &b->target) && hash_equal(&a->cause, &b->cause);
}

static struct gather_due *due_of(struct gather *gather, const struct ledger_occurrence *occurrence,
                                 int64_t due_ms, uint64_t count)
{
    struct known_key key = known_key_of(occurrence, due_ms);
    for (size_t i = gather->count; i-- > 0;) {
        struct gather_due *due = &gather->items[i];
        if (due->count == count && due->life == occurrence->life && key_equal(&due->key, &key) &&
            strcmp(due->job, occurrence->job) == 0)
            return due;
    }
    void *items = gather->items;
    base_grow(&items, &gather->capacity, gather->count + 1, sizeof *gather->items);
    gather->items = items;
    struct gather_due *due = &gather->items[gather->count++];
    *due = (struct gather_due){.life = occurrence->life, .key = key, .count = count, .last_due_ms = due_ms};
    memcpy(due->job, occurrence->job, sizeof due->job);
    return due;
}

static bool comes_later(const struct gather_run *other, const struct run_id *run, uint32_t attempt)
{
    return other->attempt != attempt ? other->attempt > attempt : memcmp(&other->run, run, sizeof *run) > 0;
}

static struct gather_run *run_of(struct gather_due *due, const struct run_id *run, uint32_t attempt)
{
    for (size_t i = 0; i < due->run_count; i++)
        if (run_id_equal(&due->runs[i].run, run))
            return &due->runs[i];
    void *runs = due->runs;
    base_grow(&runs, &due->run_capacity, due->run_count + 1, sizeof *due->runs);
    due->runs = runs;
    size_t at = due->run_count++;
    for (; at > 0 && comes_later(&due->runs[at - 1], run, attempt); at--)
        due->runs[at] = due->runs[at - 1];
    due->runs[at] = (struct gather_run){.run = *run, .attempt = attempt, .exit_code = -1};
    return &due->runs[at];
}

// The run id of the i-th due time of a claim or result that covers several.
static struct run_id nth_run(const struct ledger_occurrence *first, int64_t due_ms,
                             const struct gather_run *shape, uint64_t generation)
{
    const struct occurrence occurrence = {.job = first->job,
                                          .life = first->life,
                                          .schedule_version = first->schedule_version,
                                          .trigger = first->trigger,
                                          .target = first->target,
                                          .due_ms = due_ms,
                                          .cause = first->cause};
    struct occurrence_id id = occurrence_id_of(&occurrence);
    return run_id_of(&id, &shape->executor, generation, shape->attempt);
}

// The bit of a source; 0 when there are too many to count.
static uint64_t bit_of(struct gather *gather, const struct node_id *source)
{
    size_t at = 0;
    while (at < gather->source_count && !node_id_equal(&gather->sources[at], source))
        at++;
    if (at == GATHER_SOURCE_MAX)
        return 0;
    if (at == gather->source_count)
        gather->sources[gather->source_count++] = *source;
    return UINT64_C(1) << at;
}

static void claim_row(struct gather *gather, const struct event_row *row, uint64_t holder)
{
    const struct ledger_claim *claim = &row->is.claim;
    const struct gather_run shape = {.attempt = claim->attempt, .executor = claim->executor};
    for (uint32_t i = 0; i < claim->count; i++) {
        int64_t due_ms = claim->occurrence.due_ms + (int64_t)(i * claim->step_ms);
        struct run_id id =
            i == 0 ? claim->run : nth_run(&claim->occurrence, due_ms, &shape, claim->executor_generation);
        struct gather_run *run = run_of(due_of(gather, &claim->occurrence, due_ms, 1), &id, claim->attempt);
        run->owner = row->signer;
        run->executor = claim->executor;
        run->claimed_ms = claim->at_ms;
        run->claim_holders |= holder;
    }
}

static void result_row(struct gather *gather, const struct event_row *row, uint64_t holder)
{
    const struct ledger_result *result = &row->is.result;
    const struct gather_run shape = {.attempt = result->attempt, .executor = row->signer};
    for (uint32_t i = 0; i < result->count; i++) {
        int64_t due_ms = ledger_result_due_ms(result, i);
        struct run_id id =
            i == 0 ? result->run : nth_run(&result->occurrence, due_ms, &shape, result->generation);
        struct gather_run *run = run_of(due_of(gather, &result->occurrence, due_ms, 1), &id, result->attempt);
        if (result->status < run->status)
            continue;
        run->result_holders = result->status > run->status ? holder : run->result_holders | holder;
        run->executor = row->signer;
        run->started_ms = ledger_result_started_ms(result, i);
        run->ended_ms = ledger_result_ended_ms(result, i);
        run->status = result->status;
        run->exit_code = result->exit_code;
        run->signal = result->signal;
        run->output_bytes = result->output_bytes;
        free(run->reason);
        run->reason = base_copy_text(result->reason);
    }
}

static void verdict_row(struct gather *gather, const struct event_row *row, uint64_t holder)
{
    const struct ledger_verdict *verdict = &row->is.verdict;
    struct gather_due *due = due_of(gather, &verdict->occurrence, verdict->occurrence.due_ms, verdict->count);
    if (verdict->status < due->verdict)
        return;
    due->verdict_holders = verdict->status > due->verdict ? holder : due->verdict_holders | holder;
    due->verdict = verdict->status;
    due->judge = row->signer;
    due->last_due_ms = verdict->last_due_ms;
    due->at_ms = verdict->at_ms;
    free(due->reason);
    due->reason = base_copy_text(verdict->reason);
}

void gather_row(struct gather *gather, const struct event_row *row, const struct node_id *source)
{
    uint64_t holder = bit_of(gather, source);
    if (row->kind == EVENT_ROW_CLAIM)
        claim_row(gather, row, holder);
    else if (row->kind == EVENT_ROW_RESULT)
        result_row(gather, row, holder);
    else if (row->kind == EVENT_ROW_VERDICT)
        verdict_row(gather, row, holder);
}

int64_t gather_time_ms(const struct gather_due *due)
{
    if (due->key.due_ms || !due->run_count)
        return due->key.due_ms ? due->key.due_ms : due->at_ms;
    return due->runs[0].claimed_ms ? due->runs[0].claimed_ms : due->runs[0].started_ms;
}

static int newest_first(const void *a, const void *b)
{
    const struct gather_due *left = a, *right = b;
    int64_t left_ms = gather_time_ms(left), right_ms = gather_time_ms(right);
    if (left_ms != right_ms)
        return left_ms > right_ms ? -1 : 1;
    int order = strcmp(left->job, right->job);
    return order ? order : memcmp(&left->key, &right->key, sizeof left->key);
}

void gather_sort(struct gather *gather)
{
    if (gather->count)
        qsort(gather->items, gather->count, sizeof *gather->items, newest_first);
}

const struct gather_run *gather_deciding_run(const struct gather_due *due)
{
    const struct gather_run *deciding = NULL;
    for (size_t i = 0; i < due->run_count; i++) {
        const struct gather_run *run = &due->runs[i];
        if (!deciding || run->status > deciding->status ||
            (run->status == deciding->status && run->status == LEDGER_OPEN))
            deciding = run;
    }
    return deciding;
}

enum ledger_status gather_status(const struct gather_due *due)
{
    const struct gather_run *run = gather_deciding_run(due);
    return MAX_OF(run ? run->status : LEDGER_OPEN, due->verdict);
}

uint64_t gather_holders(const struct gather_due *due)
{
    const struct gather_run *run = gather_deciding_run(due);
    if (!run || run->status < due->verdict)
        return due->verdict_holders;
    return run->status == LEDGER_OPEN ? run->claim_holders : run->result_holders;
}

uint32_t gather_copy_count(const struct gather_due *due)
{
    uint32_t count = 0;
    for (uint64_t holders = gather_holders(due); holders; holders &= holders - 1)
        count++;
    return count;
}

size_t gather_duplicate_count(const struct gather_due *due)
{
    size_t ran = 0;
    for (size_t i = 0; i < due->run_count; i++)
        ran += due->runs[i].status >= LEDGER_TIMEOUT || due->runs[i].is_live;
    // Attempts that follow a failure are no duplicates.
    size_t retries = 0;
    for (size_t i = 1; i < due->run_count; i++)
        retries += due->runs[i].attempt > due->runs[i - 1].attempt && due->runs[i - 1].status < LEDGER_OK &&
                   due->runs[i - 1].status >= LEDGER_TIMEOUT;
    return ran > 1 + retries ? ran - 1 - retries : 0;
}
