// gather_join.c - due times that did not run, one after another for the same reason: one stretch.
//
// Some of them were claimed before the reason came up, and closed one by one; others were judged together, or
// by different nodes. Whoever reads wants one line.
#include "node/core/gather.h"

#include <stdlib.h>
#include <string.h>

static int by_series(const void *a, const void *b)
{
    const struct gather_due *left = a, *right = b;
    int order = strcmp(left->job, right->job);
    if (!order)
        order = (left->life > right->life) - (left->life < right->life);
    if (!order)
        order = (left->key.schedule_version > right->key.schedule_version) -
                (left->key.schedule_version < right->key.schedule_version);
    if (!order)
        order = left->key.trigger - right->key.trigger;
    if (!order)
        order = memcmp(&left->key.target, &right->key.target, sizeof left->key.target);
    if (!order)
        order = (left->key.due_ms > right->key.due_ms) - (left->key.due_ms < right->key.due_ms);
    return order ? order : memcmp(&left->key.cause, &right->key.cause, sizeof left->key.cause);
}

static bool never_ran(const struct gather_due *due)
{
    bool ran = due->verdict == LEDGER_OPEN || due->count == 0 || !hash_is_zero(&due->key.cause);
    for (size_t i = 0; i < due->run_count; i++)
        ran |= due->runs[i].status != LEDGER_OPEN || due->runs[i].is_live;
    return !ran;
}

static bool is_same_series(const struct gather_due *a, const struct gather_due *b)
{
    return a->life == b->life && a->key.schedule_version == b->key.schedule_version &&
           a->key.trigger == b->key.trigger && node_id_equal(&a->key.target, &b->key.target) &&
           strcmp(a->job, b->job) == 0;
}

static int64_t step_ms(const struct gather_due *stretch)
{
    return stretch->count > 1 ? (stretch->last_due_ms - stretch->key.due_ms) / ((int64_t)stretch->count - 1)
                              : 0;
}

// Nothing is due between the end of the one and the beginning of the other.
static bool adjoin(const struct gather_due *a, const struct gather_due *b, const struct due *trigger)
{
    int64_t next_ms, last_ms = a->count > 1 ? a->last_due_ms : a->key.due_ms;
    if (trigger)
        return due_next(trigger, last_ms, &next_ms) && next_ms == b->key.due_ms;
    int64_t step = step_ms(a) ? step_ms(a) : step_ms(b);
    return step > 0 && b->key.due_ms - last_ms == step;
}

static const char *reason_of(const struct gather_due *due)
{
    return due->reason ? due->reason : "";
}

static void drop_runs(struct gather_due *due)
{
    for (size_t i = 0; i < due->run_count; i++)
        free(due->runs[i].reason);
    free(due->runs);
    due->runs = NULL;
    due->run_count = due->run_capacity = 0;
}

static void add(struct gather_due *stretch, struct gather_due *due)
{
    stretch->last_due_ms = due->count > 1 ? due->last_due_ms : due->key.due_ms;
    stretch->count += due->count;
    stretch->at_ms = MAX_OF(stretch->at_ms, due->at_ms);
    stretch->verdict_holders &= due->verdict_holders;
    drop_runs(stretch);
    drop_runs(due);
    free(due->reason);
}

void gather_join(struct gather *gather, gather_find_trigger *find_trigger, const void *context)
{
    size_t kept = 0;
    if (!gather->count)
        return;
    qsort(gather->items, gather->count, sizeof *gather->items, by_series);
    for (size_t i = 1; i < gather->count; i++) {
        struct gather_due *stretch = &gather->items[kept], *due = &gather->items[i];
        bool is_one = never_ran(stretch) && never_ran(due) && is_same_series(stretch, due) &&
                      stretch->verdict == due->verdict && strcmp(reason_of(stretch), reason_of(due)) == 0 &&
                      adjoin(stretch, due, find_trigger(context, due));
        if (is_one)
            add(stretch, due);
        else
            gather->items[++kept] = *due;
    }
    gather->count = kept + 1;
}
