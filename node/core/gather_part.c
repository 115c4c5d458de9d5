// gather_part.c - verdicts that overlap, from nodes that did not know of each other: told apart again.
#include "node/core/gather.h"

#include <stdlib.h>
#include <string.h>

// The due times of one stretch: as its trigger says, or evenly spaced where the trigger is not known here.
struct series {
    const struct due *trigger; // NULL: evenly spaced
    int64_t first_ms, step_ms;
};

static int64_t steps_to(const struct series *series, int64_t at_ms)
{
    return at_ms < series->first_ms ? 0 : (at_ms - series->first_ms) / series->step_ms + 1;
}

// How many due times lie in (after, until]; the first and the last of them.
static uint64_t find_between(const struct series *series, int64_t after_ms, int64_t until_ms,
                             int64_t *ret_first_ms, int64_t *ret_last_ms)
{
    if (after_ms >= until_ms)
        return 0;
    if (series->trigger) {
        if (!due_next(series->trigger, after_ms, ret_first_ms))
            return 0;
        return due_count_between(series->trigger, after_ms, until_ms, UINT32_MAX, ret_last_ms);
    }
    int64_t before = steps_to(series, after_ms), until = steps_to(series, until_ms);
    *ret_first_ms = series->first_ms + before * series->step_ms;
    *ret_last_ms = series->first_ms + (until - 1) * series->step_ms;
    return (uint64_t)(until - before);
}

static bool find_series(const struct gather_due *stretch, const struct due *trigger,
                        struct series *ret_series)
{
    int64_t length_ms = stretch->last_due_ms - stretch->key.due_ms, steps = (int64_t)stretch->count - 1;
    if (length_ms < 0 || steps > length_ms || (!trigger && length_ms % steps != 0))
        return false;
    *ret_series =
        (struct series){.trigger = trigger, .first_ms = stretch->key.due_ms, .step_ms = length_ms / steps};
    return true;
}

static bool overlap(const struct gather_due *a, const struct gather_due *b)
{
    return a->life == b->life && a->key.schedule_version == b->key.schedule_version &&
           a->key.trigger == b->key.trigger && node_id_equal(&a->key.target, &b->key.target) &&
           a->key.due_ms <= b->last_due_ms && b->key.due_ms <= a->last_due_ms && strcmp(a->job, b->job) == 0;
}

// Of two that overlap: a single due time tells of itself, whatever a stretch says; else the higher
// verdict; else the one that began earlier and goes further.
static bool is_told_before(const struct gather_due *a, const struct gather_due *b)
{
    if ((a->count == 1) != (b->count == 1))
        return a->count == 1;
    if (a->verdict != b->verdict)
        return a->verdict > b->verdict;
    if (a->key.due_ms != b->key.due_ms)
        return a->key.due_ms < b->key.due_ms;
    if (a->last_due_ms != b->last_due_ms)
        return a->last_due_ms > b->last_due_ms;
    return a->count > b->count;
}

static void raise_verdict(struct gather_due *single, const struct gather_due *stretch)
{
    if (stretch->verdict <= single->verdict)
        return;
    single->verdict = stretch->verdict;
    single->judge = stretch->judge;
    single->verdict_holders = stretch->verdict_holders;
    single->at_ms = stretch->at_ms;
    free(single->reason);
    single->reason = base_copy_text(stretch->reason ? stretch->reason : "");
}

struct span {
    int64_t first_ms, last_ms;
};

static int by_start(const void *a, const void *b)
{
    const struct span *left = a, *right = b;
    return (left->first_ms > right->first_ms) - (left->first_ms < right->first_ms);
}

// What others tell of the stretch's due times, by start. Single ones learn its verdict.
static struct span *find_told(struct gather *gather, size_t original_count, const struct gather_due *stretch,
                              size_t *ret_count)
{
    struct span *told = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < original_count; i++) {
        struct gather_due *other = &gather->items[i];
        if (other == stretch || !overlap(other, stretch) || !is_told_before(other, stretch))
            continue;
        void *grown = told;
        base_grow(&grown, &capacity, count + 1, sizeof *told);
        told = grown;
        told[count++] = (struct span){other->key.due_ms, other->last_due_ms};
        if (other->count == 1)
            raise_verdict(other, stretch);
    }
    if (count)
        qsort(told, count, sizeof *told, by_start);
    *ret_count = count;
    return told;
}

static void add_piece(struct gather *gather, const struct gather_due *stretch, const struct span *span,
                      uint64_t count)
{
    void *items = gather->items;
    base_grow(&items, &gather->capacity, gather->count + 1, sizeof *gather->items);
    gather->items = items;
    struct gather_due *piece = &gather->items[gather->count++];
    *piece = *stretch;
    piece->reason = base_copy_text(stretch->reason ? stretch->reason : "");
    piece->key.due_ms = span->first_ms;
    piece->last_due_ms = span->last_ms;
    piece->count = count;
}

// Adds what is left of a stretch between what is told elsewhere.
static void add_pieces(struct gather *gather, const struct gather_due *stretch, const struct series *series,
                       const struct span *told, size_t told_count)
{
    int64_t after_ms = stretch->key.due_ms - 1;
    for (size_t i = 0; i <= told_count; i++) {
        struct span piece;
        int64_t until_ms = i < told_count ? told[i].first_ms - 1 : stretch->last_due_ms;
        uint64_t count = find_between(series, after_ms, until_ms, &piece.first_ms, &piece.last_ms);
        if (count)
            add_piece(gather, stretch, &piece, count);
        if (i < told_count)
            after_ms = MAX_OF(after_ms, told[i].last_ms);
    }
}

static void remove_parted(struct gather *gather)
{
    size_t kept = 0;
    for (size_t i = 0; i < gather->count; i++) {
        if (gather->items[i].count)
            gather->items[kept++] = gather->items[i];
        else
            free(gather->items[i].reason);
    }
    gather->count = kept;
}

// A stretch that goes on is written anew with a later end: what was written of it before lies in it.
static bool is_outgrown(const struct gather *gather, const struct gather_due *due)
{
    for (size_t i = 0; !due->run_count && i < gather->count; i++) {
        const struct gather_due *other = &gather->items[i];
        if (!other->run_count && other->count > due->count && other->verdict >= due->verdict &&
            other->key.due_ms <= due->key.due_ms && other->last_due_ms >= due->last_due_ms &&
            overlap(other, due) && hash_equal(&other->key.cause, &due->key.cause))
            return true;
    }
    return false;
}

static void remove_outgrown(struct gather *gather)
{
    bool *outgrown = base_alloc(gather->count + 1, sizeof *outgrown);
    for (size_t i = 0; i < gather->count; i++)
        outgrown[i] = is_outgrown(gather, &gather->items[i]);
    for (size_t i = 0; i < gather->count; i++)
        if (outgrown[i])
            gather->items[i].count = 0;
    free(outgrown);
    remove_parted(gather);
}

void gather_part(struct gather *gather, gather_find_trigger *find_trigger, const void *context)
{
    remove_outgrown(gather);
    size_t original_count = gather->count;
    bool *is_parted = base_alloc(original_count + 1, sizeof *is_parted);
    for (size_t i = 0; i < original_count; i++) {
        const struct gather_due stretch = gather->items[i];
        struct series series;
        size_t told_count = 0;
        if (stretch.count == 1 || !find_series(&stretch, find_trigger(context, &stretch), &series))
            continue;
        struct span *told = find_told(gather, original_count, &gather->items[i], &told_count);
        is_parted[i] = told_count > 0;
        if (is_parted[i])
            add_pieces(gather, &stretch, &series, told, told_count);
        free(told);
    }
    for (size_t i = 0; i < original_count; i++)
        if (is_parted[i])
            gather->items[i].count = 0;
    free(is_parted);
    remove_parted(gather);
}
