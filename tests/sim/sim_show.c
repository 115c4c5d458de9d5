#include "tests/sim/sim_show.h"

#include "node/core/state.h"
#include "tests/sim/sim_node.h"

#include <stdio.h>

static const char *name_of(const struct sim *sim, const struct node_id *id)
{
    for (size_t i = 0; i < sim->node_count; i++)
        if (node_id_equal(&sim->fleet->identities[i].id, id))
            return sim->fleet->identities[i].name;
    return "-";
}

static void show_members(const struct sim *sim, const struct sim_node *node)
{
    static const char *const states[] = {"unheard", "alive", "suspect", "dead", "left"};
    for (size_t i = 0; i < sim->node_count; i++)
        fprintf(stderr, " %s %s,", sim->fleet->identities[i].name,
                states[fleet_state_of(node->core, &sim->fleet->identities[i].id)]);
    fprintf(stderr, " %s\n", fleet_is_settled(node->core) ? "settled" : "not settled");
}

static void show_job(const struct sim *sim, struct sim_node *node, const struct job *job)
{
    static const char *const roles[] = {"not mine", "taking", "owner"};
    struct owner_rank rank = {0};
    if (job->row)
        owner_rank(node->core, job, NULL, 0, &rank);
    fprintf(
        stderr,
        "      %s: %s, epoch %llu of %s, promised %llu of %s, retry in %lld, %zu pending, %zu live, rank",
        job->name, roles[job->role], (unsigned long long)job->epoch.number, name_of(sim, &job->epoch.node),
        (unsigned long long)job->promised.number, name_of(sim, &job->promised.node),
        job->retry_ms ? (long long)(job->retry_ms - node->core->now_ms) : 0LL, job->pending_count, job->live);
    for (size_t i = 0; i < rank.count; i++)
        fprintf(stderr, " %s", name_of(sim, &rank.nodes[i]));
    for (size_t i = 0; job->role == JOBS_TAKING && i < job->asked_count; i++)
        fprintf(stderr, ", asked %s%s", name_of(sim, &job->asked[i].id),
                job->asked[i].answered ? " (answered)" : "");
    fprintf(stderr, "%s%s\n", job->problem ? ", " : "", job->problem ? job->problem : "");
}

void sim_show(struct sim *sim)
{
    char time[32];
    sim_time_text(sim_wall_ms(sim), time);
    fprintf(stderr, "sim: at %s\n", time);
    for (size_t i = 0; i < sim->node_count; i++) {
        struct sim_node *node = sim->nodes[i];
        fprintf(stderr, "   %s %s:", node->identity->name, node->core ? "up" : "down");
        if (!node->core) {
            fprintf(stderr, "\n");
            continue;
        }
        show_members(sim, node);
        for (size_t k = 0; k < node->core->jobs.count; k++)
            show_job(sim, node, node->core->jobs.items[k]);
    }
}
