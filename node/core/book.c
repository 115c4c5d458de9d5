#include "node/core/book.h"

#include "node/core/ends.h"
#include "node/core/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void result_free(struct ledger_result *result)
{
    free((char *)(uintptr_t)result->reason);
    free((uint32_t *)(uintptr_t)result->late_ms);
    free((uint32_t *)(uintptr_t)result->took_ms);
}

static void clear(struct book *book)
{
    for (size_t i = 0; i < book->result_count; i++)
        result_free(&book->results[i]);
    for (size_t i = 0; i < book->verdict_count; i++)
        free((char *)(uintptr_t)book->verdicts[i].reason);
    book->claim_count = book->result_count = book->verdict_count = book->cursor_count = 0;
}

void book_deinit(struct book *book)
{
    clear(book);
    free(book->claims);
    free(book->results);
    free(book->verdicts);
    free(book->cursors);
    *book = (struct book){0};
}

// Makes room for one more item and returns where it goes.
static void *append(void **items, size_t *count, size_t *capacity, size_t size)
{
    base_grow(items, capacity, *count + 1, size);
    return (char *)*items + (*count)++ * size;
}

#define APPEND(book, field)                                                                                  \
    append((void **)(void *)&(book)->field##s, &(book)->field##_count, &(book)->field##_capacity,            \
           sizeof *(book)->field##s)

void book_claim(struct core *core, struct job *job, const struct ledger_claim *claim)
{
    *(struct ledger_claim *)APPEND(&core->book, claim) = *claim;
    known_claim(&job->known, job->name, claim, &core->self.id);
}

void book_note_result(struct core *core, struct job *job, const struct ledger_result *result)
{
    known_result(&job->known, job->name, result, &core->self.id);
    job->last_status = result->status;
    job->last_due_ms = result->occurrence.due_ms ? result->occurrence.due_ms : result->started_ms;
}

void book_write_result(struct core *core, const struct ledger_result *result)
{
    struct ledger_result *kept = APPEND(&core->book, result);
    *kept = *result;
    kept->reason = base_copy_text(result->reason);
    if (result->count <= 1)
        return;
    kept->late_ms = base_copy(result->late_ms, (result->count - 1) * sizeof *result->late_ms);
    kept->took_ms = base_copy(result->took_ms, (result->count - 1) * sizeof *result->took_ms);
}

void book_write_verdict(struct core *core, const struct ledger_verdict *verdict)
{
    struct ledger_verdict *kept = APPEND(&core->book, verdict);
    *kept = *verdict;
    kept->reason = base_copy_text(verdict->reason);
}

void book_note_verdict(struct job *job, const struct ledger_verdict *verdict)
{
    known_verdict(&job->known, verdict);
    if (verdict->last_due_ms >= job->last_due_ms) {
        job->last_status = verdict->status;
        job->last_due_ms = verdict->last_due_ms;
    }
}

void book_cursor(struct core *core, const struct ledger_cursor *cursor)
{
    *(struct ledger_cursor *)APPEND(&core->book, cursor) = *cursor;
}

// Every item begins with the name of its job.
_Static_assert(offsetof(struct ledger_claim, occurrence.job) == 0, "the job comes first");
_Static_assert(offsetof(struct ledger_result, occurrence.job) == 0, "the job comes first");
_Static_assert(offsetof(struct ledger_verdict, occurrence.job) == 0, "the job comes first");
_Static_assert(offsetof(struct ledger_cursor, job) == 0, "the job comes first");

struct batch { // items signed together
    enum envelope_kind kind;
    const void *items;
    size_t count;
    size_t item_size;
};

// How many of the items, from the first on, one record takes: as many as there is room for in the list of
// those that shall keep it.
static size_t fitting(struct core *core, const struct batch *batch)
{
    struct node_id holders[KEEP_HOLDER_MAX], own[KEEP_HOLDER_MAX];
    const char *last = "";
    size_t holder_count = 0, count = 0;
    for (; count < MIN_OF(batch->count, (size_t)LIMIT_LEDGER_ITEM_COUNT_MAX); count++) {
        const char *job = (const char *)batch->items + count * batch->item_size;
        if (strcmp(job, last) == 0)
            continue;
        size_t own_count = keep_find_holders(core, &job, 1, own), before = holder_count;
        for (size_t i = 0; i < own_count; i++)
            if (!keep_add_holder(core, &own[i], holders, &holder_count) && before)
                return count;
        last = job;
    }
    return count;
}

static void offer_to_keepers(struct core *core, const struct batch *batch, const struct hash *id,
                             struct bytes envelope)
{
    const char *jobs[LIMIT_LEDGER_ITEM_COUNT_MAX];
    for (size_t i = 0; i < batch->count; i++)
        jobs[i] = (const char *)batch->items + i * batch->item_size;
    keep_record(core, id, envelope, jobs, batch->count);
}

// Whatever comes after these jobs is made due by it.
static void tell_followers(struct core *core, const struct batch *batch, const struct hash *id,
                           struct bytes envelope)
{
    bool is_result = batch->kind == ENVELOPE_RESULT;
    struct event_row row = {.kind = is_result ? EVENT_ROW_RESULT : EVENT_ROW_VERDICT,
                            .envelope = envelope,
                            .record = *id,
                            .signer = core->self.id};
    if (!is_result && batch->kind != ENVELOPE_VERDICT)
        return;
    for (size_t i = 0; i < batch->count; i++) {
        row.index = (uint32_t)i;
        if (is_result)
            row.is.result = ((const struct ledger_result *)batch->items)[i];
        else
            row.is.verdict = ((const struct ledger_verdict *)batch->items)[i];
        ends_note(core, &row);
    }
    ends_offer(core, id, envelope);
}

static uint64_t write_record(struct core *core, const struct batch *batch, const struct buffer *body)
{
    enum envelope_kind kind = batch->kind;
    struct buffer envelope = {0};
    struct record_id id = envelope_sign(&core->self.signer, kind, buffer_view(body), &envelope);
    const struct effect_write write = {.kind = EFFECT_WRITE_LEDGER,
                                       .class = EFFECT_WRITE_MUST,
                                       .record = id.hash,
                                       .record_kind = (uint8_t)kind,
                                       .signer = core->self.id,
                                       .envelope = buffer_view(&envelope)};
    uint64_t ticket = outbox_write(&core->outbox, &write);
    offer_to_keepers(core, batch, &id.hash, buffer_view(&envelope));
    tell_followers(core, batch, &id.hash, buffer_view(&envelope));
    buffer_deinit(&envelope);
    return ticket;
}

// Signs all items, in as many records as it takes.
#define FLUSH(core, field, envelope_kind, encode)                                                            \
    do {                                                                                                     \
        struct book *flushed = &(core)->book;                                                                \
        for (size_t at = 0; at < flushed->field##_count;) {                                                  \
            struct buffer body = {0};                                                                        \
            struct batch batch = {.kind = (envelope_kind),                                                   \
                                  .items = &flushed->field##s[at],                                           \
                                  .count = flushed->field##_count - at,                                      \
                                  .item_size = sizeof *flushed->field##s};                                   \
            batch.count = fitting((core), &batch);                                                           \
            encode(&flushed->field##s[at], batch.count, &body);                                              \
            ticket = write_record((core), &batch, &body);                                                    \
            buffer_deinit(&body);                                                                            \
            at += batch.count;                                                                               \
        }                                                                                                    \
    } while (0)

void book_flush(struct core *core)
{
    struct book *book = &core->book;
    uint64_t ticket = 0;
    bool has_results = book->result_count > 0;
    FLUSH(core, claim, ENVELOPE_CLAIM, ledger_claims_encode);
    FLUSH(core, verdict, ENVELOPE_VERDICT, ledger_verdicts_encode);
    FLUSH(core, cursor, ENVELOPE_CURSOR, ledger_cursors_encode);
    FLUSH(core, result, ENVELOPE_RESULT, ledger_results_encode);
    if (has_results)
        runs_results_written(core, ticket);
    for (size_t i = 0; i < book->result_count; i++)
        answer_cause_settled(core, &book->results[i].occurrence.cause);
    for (size_t i = 0; i < book->verdict_count; i++)
        answer_cause_settled(core, &book->verdicts[i].occurrence.cause);
    clear(book);
}

struct ledger_occurrence book_occurrence(const struct job *job, const struct known_key *key)
{
    struct ledger_occurrence occurrence = {.life = job->life,
                                           .schedule_version = key->schedule_version,
                                           .trigger = key->trigger,
                                           .target = key->target,
                                           .due_ms = key->due_ms,
                                           .cause = key->cause};
    memcpy(occurrence.job, job->name, sizeof occurrence.job);
    return occurrence;
}

struct occurrence_id book_occurrence_id(const struct job *job, const struct known_key *key)
{
    const struct occurrence occurrence = {.job = job->name,
                                          .life = job->life,
                                          .schedule_version = key->schedule_version,
                                          .trigger = key->trigger,
                                          .target = key->target,
                                          .due_ms = key->due_ms,
                                          .cause = key->cause};
    return occurrence_id_of(&occurrence);
}

void book_story(struct core *core, const struct job *job, const struct known_key *key, const char *format,
                ...)
{
    char text[LIMIT_TEXT_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct effect_write write = {.kind = EFFECT_WRITE_STORY, .class = EFFECT_WRITE_MAY};
    write.story.stamp = stamp_next(&core->stamps, core->wall_ms);
    write.story.node = core->self.id;
    write.story.what = text;
    if (job)
        memcpy(write.story.job, job->name, sizeof write.story.job);
    if (job && key)
        write.story.occurrence = book_occurrence_id(job, key).hash;
    outbox_write(&core->outbox, &write);
}
