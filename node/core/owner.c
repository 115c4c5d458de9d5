#include "node/core/owner.h"

#include "gossip/rendezvous.h"
#include "node/core/schedule.h"
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

void owner_rank(struct core *core, const struct job *job, const struct node_id *without, size_t without_count,
                struct owner_rank *ret_rank)
{
    *ret_rank = (struct owner_rank){.nobody_eligible = true};
    if (is_without(&core->self.id, without, without_count) || !core_takes_work(core))
        return;
    ret_rank->nodes[ret_rank->count++] = core->self.id;
    ret_rank->nobody_eligible = !jobs_runs_on(core, job->definition, &core->self.id);
}

void owner_job(struct core *core, struct job *job)
{
    struct owner_rank rank;
    if (!job->definition)
        return;
    owner_rank(core, job, NULL, 0, &rank);
    bool is_mine = rank.count && !rank.nobody_eligible && node_id_equal(&rank.nodes[0], &core->self.id);
    if (is_mine && job->role != JOBS_OWNER) {
        job->role = JOBS_OWNER;
        job->epoch = (struct ledger_epoch){.number = job->epoch.number + 1, .node = core->self.id};
        schedule_reopen(core, job);
    } else if (!is_mine) {
        job->role = JOBS_NOT_MINE;
    }
    schedule_wake(core, job);
}

void owner_all(struct core *core)
{
    for (size_t i = 0; i < core->jobs.count; i++)
        owner_job(core, core->jobs.items[i]);
}
