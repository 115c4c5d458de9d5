#include "tests/sim/sim_heard.h"

#include "node/core/state.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_node.h"

#include <stdlib.h>

enum {
    UNTOLD_MS = 100,  // a result needs so long to its keepers
    SILENT_MS = 2000, // who is silent for so long may count as dead
    NOTICE_MS = 300,  // nodes that have just come need so long to know of each other, and then ask
    MEET_MS = 10000,  // and so long to hear of everything, should one of them go again
};

void sim_heard_deinit(struct sim_heard *heard)
{
    free(heard->spans);
}

void sim_heard_up(struct sim *sim, const struct sim_node *node)
{
    struct sim_heard *heard = &sim->check->heard;
    void *spans = heard->spans;
    base_grow(&spans, &heard->capacity, heard->count + 1, sizeof *heard->spans);
    heard->spans = spans;
    heard->spans[heard->count++] =
        (struct sim_span){.node = node->index, .from_ms = sim->now_ms, .until_ms = UINT64_MAX};
}

void sim_heard_down(struct sim *sim, const struct sim_node *node)
{
    struct sim_heard *heard = &sim->check->heard;
    for (size_t i = heard->count; i-- > 0;) {
        if (heard->spans[i].node != node->index)
            continue;
        heard->spans[i].until_ms = sim->now_ms;
        return;
    }
}

bool sim_heard_nothing_of(const struct sim *sim, size_t node, uint64_t since_ms)
{
    const struct sim_heard *heard = &sim->check->heard;
    uint64_t until_ms = sim->now_ms;
    for (size_t i = heard->count; i-- > 0 && until_ms > since_ms;) {
        const struct sim_span *span = &heard->spans[i];
        if (span->node != node)
            continue;
        if (span->until_ms != UINT64_MAX && span->until_ms + SILENT_MS <= until_ms)
            return true;
        until_ms = span->from_ms;
    }
    return false;
}

// When `to` has what `from` knows since known_ms; UINT64_MAX: one of them was gone before.
static uint64_t told_ms(const struct sim *sim, const struct sim_span *from, uint64_t known_ms,
                        const struct sim_span *to)
{
    uint64_t met_ms = MAX_OF(from->from_ms, to->from_ms), parted_ms = MIN_OF(from->until_ms, to->until_ms);
    uint64_t meet_ms = parted_ms > sim->now_ms ? NOTICE_MS : MEET_MS;
    uint64_t at_ms = MAX_OF(known_ms + UNTOLD_MS, met_ms + meet_ms);
    return at_ms < parted_ms ? at_ms : UINT64_MAX;
}

static bool knows_end(const struct sim_node *node, const struct sim_start *start)
{
    const struct job *job = node->core ? jobs_find(&node->core->jobs, start->job) : NULL;
    for (size_t i = 0; job && i < job->known.count; i++) {
        const struct known_due *due = &job->known.items[i];
        for (size_t k = 0; k < due->attempt_count; k++)
            if (run_id_equal(&due->attempts[k].run, &start->run))
                return due->attempts[k].status != LEDGER_OPEN;
    }
    return false;
}

static bool is_told(const struct sim *sim, size_t from, uint64_t known_ms, size_t to)
{
    const struct sim_heard *heard = &sim->check->heard;
    for (size_t i = 0; i < heard->count; i++)
        for (size_t k = 0; k < heard->count; k++)
            if (heard->spans[i].node == from && heard->spans[k].node == to &&
                told_ms(sim, &heard->spans[i], known_ms, &heard->spans[k]) <= sim->now_ms)
                return true;
    return false;
}

bool sim_heard_end(const struct sim *sim, const struct sim_start *start, size_t node)
{
    if (is_told(sim, start->node, start->ended_ms, node))
        return true;
    for (size_t i = 0; i < sim->node_count; i++)
        if (i != node && knows_end(sim->nodes[i], start) && is_told(sim, i, start->ended_ms, node))
            return true;
    return false;
}
