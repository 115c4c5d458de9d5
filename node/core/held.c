#include "node/core/held.h"

#include "node/core/schedule.h"
#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

static void verdict_free(struct held_verdict *held)
{
    free((char *)(uintptr_t)held->verdict.reason);
}

void held_deinit(struct held *held)
{
    for (size_t i = 0; i < held->verdict_count; i++)
        verdict_free(&held->verdicts[i]);
    free(held->verdicts);
    free(held->ends);
    *held = (struct held){0};
}

uint64_t held_step_ms(const struct job *job, const struct known_key *key)
{
    bool is_of_schedule = key->schedule_version == job->schedule_version && key->trigger < job->slot_count &&
                          hash_is_zero(&key->cause);
    return is_of_schedule ? job->slots[key->trigger].block_step_ms : 0;
}

static bool same_trigger(const struct ledger_occurrence *a, const struct ledger_occurrence *b)
{
    return a->life == b->life && a->schedule_version == b->schedule_version && a->trigger == b->trigger &&
           node_id_equal(&a->target, &b->target) && strcmp(a->job, b->job) == 0;
}

// --- ends ---

static bool fits_distance(int64_t from_ms, int64_t to_ms)
{
    return from_ms <= to_ms && to_ms - from_ms <= UINT32_MAX;
}

static bool is_uneventful(const struct ledger_result *result)
{
    return result->status == LEDGER_OK && result->attempt == 1 && result->exit_code == 0 &&
           result->signal == 0 && result->output_bytes == 0 && hash_is_zero(&result->log) &&
           !result->reason[0] && fits_distance(result->occurrence.due_ms, result->started_ms) &&
           fits_distance(result->started_ms, result->ended_ms);
}

static int by_due_time(const void *a, const void *b)
{
    const struct ledger_result *left = &((const struct held_end *)a)->result;
    const struct ledger_result *right = &((const struct held_end *)b)->result;
    struct known_key left_key = known_key_of(&left->occurrence, 0);
    struct known_key right_key = known_key_of(&right->occurrence, 0);
    int order = strcmp(left->occurrence.job, right->occurrence.job);
    if (!order)
        order = (left->occurrence.life > right->occurrence.life) -
                (left->occurrence.life < right->occurrence.life);
    if (!order)
        order = known_key_compare(&left_key, &right_key);
    if (!order)
        order = (left->generation > right->generation) - (left->generation < right->generation);
    if (!order)
        order = (left->occurrence.due_ms > right->occurrence.due_ms) -
                (left->occurrence.due_ms < right->occurrence.due_ms);
    return order ? order : memcmp(&left->run, &right->run, sizeof left->run);
}

static bool follows(const struct held_end *end, const struct held_end *first, uint32_t count)
{
    return count < LIMIT_CLAIM_COUNT_MAX &&
           same_trigger(&end->result.occurrence, &first->result.occurrence) &&
           end->result.generation == first->result.generation && end->step_ms == first->step_ms &&
           hash_equal(&end->result.definition, &first->result.definition) &&
           end->result.occurrence.due_ms ==
               first->result.occurrence.due_ms + (int64_t)(count * first->step_ms);
}

// Writes ends that adjoin as one result, and returns how many they were.
static uint32_t write_range(struct core *core, const struct held_end *ends, size_t end_count)
{
    uint32_t late_ms[LIMIT_CLAIM_COUNT_MAX], took_ms[LIMIT_CLAIM_COUNT_MAX];
    struct ledger_result range = ends[0].result;
    uint32_t count = 1;
    for (; count < end_count && follows(&ends[count], &ends[0], count); count++) {
        const struct ledger_result *result = &ends[count].result;
        late_ms[count - 1] = (uint32_t)(result->started_ms - result->occurrence.due_ms);
        took_ms[count - 1] = (uint32_t)(result->ended_ms - result->started_ms);
    }
    if (count > 1) {
        range.count = count;
        range.step_ms = ends[0].step_ms;
        range.late_ms = late_ms;
        range.took_ms = took_ms;
    }
    book_write_result(core, &range);
    for (uint32_t i = 0; i < count; i++)
        runs_result_is_booked(core, &ends[i].result.run);
    return count;
}

// Moves what is held of the job ("": of all) to the end, and returns how much stays.
static size_t part_ends(struct held *held, const char *job)
{
    struct held_end *parted = base_alloc(held->end_count + 1, sizeof *parted);
    size_t kept = 0, taken = 0;
    for (size_t i = 0; i < held->end_count; i++) {
        bool is_meant = !job[0] || strcmp(held->ends[i].result.occurrence.job, job) == 0;
        if (is_meant)
            parted[taken++] = held->ends[i];
        else
            held->ends[kept++] = held->ends[i];
    }
    memcpy(&held->ends[kept], parted, taken * sizeof *parted);
    free(parted);
    return kept;
}

static void write_ends(struct core *core, const char *job)
{
    struct held *held = &core->held;
    if (!held->end_count)
        return;
    size_t kept = part_ends(held, job), count = held->end_count - kept;
    struct held_end *ends = &held->ends[kept];
    qsort(ends, count, sizeof *ends, by_due_time);
    for (size_t i = 0; i < count;)
        i += write_range(core, &ends[i], count - i);
    held->end_count = kept;
}

// No further due time belongs to the block that the oldest one held of this trigger began.
static bool is_full(const struct held *held, const struct held_end *newest)
{
    int64_t first_ms = newest->result.occurrence.due_ms;
    uint32_t count = 0;
    for (size_t i = 0; i < held->end_count; i++) {
        const struct ledger_occurrence *occurrence = &held->ends[i].result.occurrence;
        if (!same_trigger(occurrence, &newest->result.occurrence))
            continue;
        first_ms = MIN_OF(first_ms, occurrence->due_ms);
        count++;
    }
    int64_t next_ms = newest->result.occurrence.due_ms + (int64_t)newest->step_ms;
    return count >= LIMIT_CLAIM_COUNT_MAX || next_ms >= first_ms + SCHEDULE_BLOCK_MS;
}

static void tell_end(struct core *core, const struct ledger_result *result)
{
    struct buffer body = {0};
    ledger_results_encode(result, 1, &body);
    provisional_tell(core, ENVELOPE_RESULT, buffer_view(&body), result->occurrence.job);
    buffer_deinit(&body);
}

bool held_end(struct core *core, struct job *job, const struct ledger_result *result)
{
    struct held *held = &core->held;
    struct known_key key = known_key_of(&result->occurrence, result->occurrence.due_ms);
    uint64_t step_ms = job->role == JOBS_OWNER ? held_step_ms(job, &key) : 0;
    if (!step_ms || !is_uneventful(result)) {
        held_write_job(core, job->name);
        return false;
    }
    void *ends = held->ends;
    base_grow(&ends, &held->end_capacity, held->end_count + 1, sizeof *held->ends);
    held->ends = ends;
    struct held_end *end = &held->ends[held->end_count++];
    *end = (struct held_end){.result = *result, .step_ms = step_ms, .since_ms = core->now_ms};
    end->result.reason = "";
    tell_end(core, &end->result);
    if (held->end_count >= HELD_COUNT_MAX)
        held_write_all(core);
    else if (is_full(held, end))
        held_write_job(core, job->name);
    return true;
}

// --- verdicts ---

static bool goes_on(const struct held_verdict *held, const struct ledger_verdict *verdict, uint64_t step_ms)
{
    return held->step_ms == step_ms && held->verdict.status == verdict->status &&
           same_trigger(&held->verdict.occurrence, &verdict->occurrence) &&
           verdict->occurrence.due_ms == held->verdict.last_due_ms + (int64_t)step_ms &&
           strcmp(held->verdict.reason, verdict->reason) == 0;
}

static void write_verdict(struct core *core, size_t at)
{
    struct held *held = &core->held;
    book_write_verdict(core, &held->verdicts[at].verdict);
    verdict_free(&held->verdicts[at]);
    memmove(&held->verdicts[at], &held->verdicts[at + 1],
            (--held->verdict_count - at) * sizeof *held->verdicts);
}

static void tell_verdict(struct core *core, const struct ledger_verdict *verdict)
{
    struct buffer body = {0};
    ledger_verdicts_encode(verdict, 1, &body);
    provisional_tell(core, ENVELOPE_VERDICT, buffer_view(&body), verdict->occurrence.job);
    buffer_deinit(&body);
}

void held_verdict(struct core *core, const struct ledger_verdict *verdict, uint64_t step_ms)
{
    struct held *held = &core->held;
    if (!step_ms) {
        book_write_verdict(core, verdict);
        return;
    }
    tell_verdict(core, verdict);
    for (size_t i = 0; i < held->verdict_count; i++) {
        struct ledger_verdict *stretch = &held->verdicts[i].verdict;
        if (!goes_on(&held->verdicts[i], verdict, step_ms))
            continue;
        stretch->last_due_ms = verdict->last_due_ms;
        stretch->at_ms = verdict->at_ms;
        stretch->count++;
        return;
    }
    if (held->verdict_count >= HELD_COUNT_MAX)
        held_write_all(core);
    void *verdicts = held->verdicts;
    base_grow(&verdicts, &held->verdict_capacity, held->verdict_count + 1, sizeof *held->verdicts);
    held->verdicts = verdicts;
    struct held_verdict *added = &held->verdicts[held->verdict_count++];
    *added = (struct held_verdict){.verdict = *verdict, .step_ms = step_ms, .since_ms = core->now_ms};
    added->verdict.reason = base_copy_text(verdict->reason);
}

void held_write_verdicts(struct core *core, const char *job)
{
    for (size_t i = core->held.verdict_count; i-- > 0;)
        if (!job[0] || strcmp(core->held.verdicts[i].verdict.occurrence.job, job) == 0)
            write_verdict(core, i);
}

// --- both ---

void held_write_job(struct core *core, const char *job)
{
    write_ends(core, job);
    held_write_verdicts(core, job);
}

void held_write_all(struct core *core)
{
    held_write_job(core, "");
}

void held_tick(struct core *core)
{
    struct held *held = &core->held;
    char job[NAME_JOB_ROOM];
    while (held_deadline_ms(core) <= core->now_ms) {
        bool is_end = held->end_count && held->ends[0].since_ms + HELD_MS <= core->now_ms;
        const struct ledger_occurrence *oldest =
            is_end ? &held->ends[0].result.occurrence : &held->verdicts[0].verdict.occurrence;
        memcpy(job, oldest->job, sizeof job);
        held_write_job(core, job);
    }
}

uint64_t held_deadline_ms(const struct core *core)
{
    const struct held *held = &core->held;
    uint64_t since_ms = UINT64_MAX - HELD_MS;
    if (held->end_count)
        since_ms = held->ends[0].since_ms;
    if (held->verdict_count)
        since_ms = MIN_OF(since_ms, held->verdicts[0].since_ms);
    return since_ms + HELD_MS;
}
