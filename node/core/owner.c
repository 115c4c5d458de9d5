#include "node/core/owner.h"

#include "gossip/rendezvous.h"
#include "gossip/suspicion.h"
#include "node/core/net/take.h"
#include "node/core/reopen.h"
#include "node/core/schedule.h"
#include "node/core/stall.h"
#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_without(const struct node_id *id, const struct node_id *without, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (node_id_equal(&without[i], id))
            return true;
    return false;
}

bool owner_is_gone(const struct core *core, const struct node_id *id)
{
    switch (fleet_state_of(core, id)) {
    case FLEET_DEAD:
    case FLEET_LEFT:
        return true;
    case FLEET_UNHEARD:
        return fleet_is_settled(core) && !fleet_is_awaited(core, id);
    case FLEET_ALIVE:
    case FLEET_SUSPECT:
        return false;
    }
    return false;
}

size_t owner_returned(const struct core *core, struct node_id *ids, size_t room)
{
    size_t count = 0;
    const struct members *members = gossip_members(core->fleet.gossip);
    for (size_t i = 0; i < members->count && count < room; i++) {
        const struct members_node *member = members->nodes[i];
        if (!members_is_self(members, member) && members_is_live(member) &&
            core->now_ms - member->state_ms < OWNER_HOUR_MS)
            ids[count++] = member->id;
    }
    return count;
}

// How long a node that came back keeps and does not own: twice the suspicion minimum.
uint64_t owner_returning_ms(const struct core *core)
{
    return 2 * suspicion_minimum_ms(members_live_count(gossip_members(core->fleet.gossip)));
}

// When a node that came back into this view may own again; 0: it may now. Those that were there when this
// node itself came are no newcomers. This node asks itself nothing: if somebody took its jobs while it was
// away, its `take` is refused, and then it waits (net/take.c).
static uint64_t returning_until_ms(const struct core *core, const struct node_id *id)
{
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    if (node_id_equal(id, &core->self.id) || !member ||
        member->heard_since_ms <= core->fleet.returned_ms + OWNER_SETTLE_MS)
        return 0;
    uint64_t until_ms = member->heard_since_ms + owner_returning_ms(core);
    return until_ms > core->now_ms ? until_ms : 0;
}

bool owner_trusts_clock(const struct core *core, const struct job *job, const struct node_id *id)
{
    return !job->needs_clock || fleet_trusts_clock(core, id, job->max_clock_error_ms);
}

struct candidates {
    struct rendezvous_node *nodes; // owned
    size_t count;
};

// The surest first: a node whose clock is not trusted owns a job only where nobody else may, and none that
// goes by the calendar.
enum { CANDIDATES_OWNERS, CANDIDATES_RETURNING, CANDIDATES_UNSURE, CANDIDATES_KEEPERS, CANDIDATES_CLASSES };

static int class_of(struct core *core, const struct job *job, const struct directory_node *node)
{
    if (!jobs_runs_on(core, job, &node->id) || !fleet_may_own(core, &node->id))
        return CANDIDATES_KEEPERS;
    if (!owner_trusts_clock(core, job, &node->id))
        return CANDIDATES_KEEPERS;
    if (!fleet_trusts_clock(core, &node->id, 0))
        return CANDIDATES_UNSURE;
    uint64_t until_ms = returning_until_ms(core, &node->id);
    if (!until_ms)
        return CANDIDATES_OWNERS;
    core->fleet.recheck_ms = MIN_OF(core->fleet.recheck_ms, until_ms);
    return CANDIDATES_RETURNING;
}

// Sorts the counted nodes into those that may own now, those that came back a moment ago, and the rest.
static void sort_candidates(struct core *core, const struct job *job, const struct node_id *without,
                            size_t without_count, struct candidates sorted[CANDIDATES_CLASSES])
{
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));) {
        if (node->is_revoked || !fleet_is_counted(core, &node->id) ||
            is_without(&node->id, without, without_count))
            continue;
        struct candidates *class = &sorted[class_of(core, job, node)];
        class->nodes = base_resize(class->nodes, class->count + 1, sizeof *class->nodes);
        struct rendezvous_node *candidate = &class->nodes[class->count++];
        *candidate = (struct rendezvous_node){.id = node->id, .weight = node->weight};
        memcpy(candidate->salt, node->salt, sizeof candidate->salt);
    }
}

void owner_rank(struct core *core, const struct job *job, const struct node_id *without, size_t without_count,
                struct owner_rank *ret_rank)
{
    struct candidates sorted[CANDIDATES_CLASSES] = {0};
    struct hash key = job_hash_of(job->name, job->life);
    *ret_rank = (struct owner_rank){0};
    sort_candidates(core, job, without, without_count, sorted);
    ret_rank->nobody_eligible = !sorted[CANDIDATES_OWNERS].count && !sorted[CANDIDATES_RETURNING].count &&
                                !sorted[CANDIDATES_UNSURE].count;
    for (int class = 0; class < CANDIDATES_CLASSES; class ++) {
        rendezvous_rank(&key, sorted[class].nodes, sorted[class].count);
        for (size_t i = 0; i < sorted[class].count && ret_rank->count < OWNER_KEEPER_COUNT; i++)
            ret_rank->nodes[ret_rank->count++] = sorted[class].nodes[i].id;
        free(sorted[class].nodes);
    }
}

bool owner_may_keep(const struct core *core, const struct job *job, const struct node_id *id)
{
    struct candidates all = {0};
    struct hash key = job_hash_of(job->name, job->life);
    bool is_found = false;
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));) {
        if (node->is_revoked || fleet_state_of(core, &node->id) == FLEET_LEFT ||
            !jobs_runs_on(core, job, &node->id))
            continue;
        all.nodes = base_resize(all.nodes, all.count + 1, sizeof *all.nodes);
        struct rendezvous_node *candidate = &all.nodes[all.count++];
        *candidate = (struct rendezvous_node){.id = node->id, .weight = node->weight};
        memcpy(candidate->salt, node->salt, sizeof candidate->salt);
    }
    rendezvous_rank(&key, all.nodes, all.count);
    for (size_t i = 0; i < all.count && i < OWNER_KEEPER_COUNT; i++)
        is_found |= node_id_equal(&all.nodes[i].id, id);
    free(all.nodes);
    return is_found || all.count < OWNER_KEEPER_COUNT;
}

// A job that each node sees to itself has no rank to wait for and nobody to take it from.
static void own_each(struct core *core, struct job *job)
{
    if (!jobs_runs_on(core, job, &core->self.id) || !owner_trusts_clock(core, job, &core->self.id)) {
        held_write_job(core, job->name);
        job->role = JOBS_NOT_MINE;
    } else if (job->role != JOBS_OWNER) {
        // Above every earlier one, so that what was claimed before a boot or a gap is seen to be given up.
        uint64_t number = MAX_OF(core->self.generation, job->promised.number + 1);
        job->role = JOBS_OWNER;
        job->epoch = (struct ledger_epoch){.number = number, .node = core->self.id};
        job->promised = job->epoch;
        reopen_job(core, job);
    }
}

static const char nobody[] = "no eligible node";

static void explain_nobody(const struct core *core, struct job *job, const struct owner_rank *rank)
{
    char text[256];
    bool is_said = job->problem && strncmp(job->problem, nobody, strlen(nobody)) == 0;
    if (rank->nobody_eligible && (!job->problem || is_said)) {
        owner_explain(core, job, text, sizeof text);
        jobs_set_problem(job, "%s%s", nobody, text);
    } else if (!rank->nobody_eligible && is_said) {
        jobs_clear_problem(job);
    }
}

// This node has just come, and somebody who is here has owned the job meanwhile: it waits, so that a node
// that comes and goes does not drag its jobs along.
static bool must_wait(struct core *core, const struct job *job)
{
    const struct node_id *present = &job->promised.node;
    uint64_t until_ms = core->fleet.returned_ms + owner_returning_ms(core);
    if (node_id_is_zero(present) || node_id_equal(present, &core->self.id) || core->now_ms >= until_ms ||
        !fleet_is_counted(core, present) || !fleet_may_own(core, present))
        return false;
    core->fleet.recheck_ms = MIN_OF(core->fleet.recheck_ms, until_ms);
    return true;
}

void owner_job(struct core *core, struct job *job)
{
    struct owner_rank rank;
    if (!job->row || !core->is_ready)
        return;
    if (job->is_each) {
        own_each(core, job);
        job->settles = jobs_runs_on(core, job, &core->self.id);
        stall_follow(core, job);
        schedule_job(core, job);
        return;
    }
    owner_rank(core, job, NULL, 0, &rank);
    explain_nobody(core, job, &rank);
    stall_follow(core, job); // as long as this node is the one to settle what passed
    bool is_first = rank.count && node_id_equal(&rank.nodes[0], &core->self.id);
    job->settles = is_first && rank.nobody_eligible && fleet_is_settled(core);
    is_first = is_first && !rank.nobody_eligible;
    if (is_first && job->role == JOBS_NOT_MINE && !job->retry_ms && fleet_is_settled(core) &&
        !must_wait(core, job))
        take_start(core, job);
    else if (!is_first && job->role == JOBS_TAKING)
        take_drop(core, job);
    take_check(core, job);
    if (job->role == JOBS_OWNER)
        reopen_job(core, job); // an executor may have died
    schedule_job(core, job);
}

void owner_all(struct core *core)
{
    for (size_t i = 0; i < core->jobs.count; i++)
        owner_job(core, core->jobs.items[i]);
}
