// sim_life_check.c - is all in order? Some of it in between, all of it in the end.
#include "node/core/state.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_copies.h"
#include "tests/sim/sim_life.h"
#include "tests/sim/sim_net.h"

#include <string.h>

enum {
    QUIET_MS = 60 * 1000, // after this long without trouble nobody may count as dead
    TELLERS_MAX = 3,      // nodes asked about one job in the end
    ASK_TRIES = 3,        // a run may end between two answers
};

// --- views ---

static size_t count_members(const struct life *life)
{
    size_t count = 0;
    for (size_t i = 0; i < life->sim->node_count; i++)
        count += life_is_member(life, i);
    return count;
}

static void check_members(struct life *life, enum sim_rule rule)
{
    struct sim *sim = life->sim;
    for (size_t i = 0; i < sim->node_count && !sim->failure[0]; i++) {
        struct sim_node *node = sim->nodes[i];
        struct control_status status = {0};
        if (!life_is_member(life, i))
            continue;
        if (!sim_node_is_up(node)) {
            sim_fail(sim, "%s does not come up again", node->identity->name);
            return;
        }
        core_count_members(node->core, &status);
        if (!sim_rule(sim, rule, status.members_alive == count_members(life)))
            sim_fail(sim, "%s sees %u of %zu nodes", node->identity->name, status.members_alive,
                     count_members(life));
    }
}

static const struct sim_node *first_member(const struct life *life)
{
    size_t first = 0;
    while (!life_is_member(life, first))
        first++;
    return life->sim->nodes[first];
}

static void check_tables(struct life *life)
{
    struct sim *sim = life->sim;
    const struct sim_node *first = first_member(life);
    struct hash digest = table_digest(&first->core->table);
    for (size_t i = first->index + 1; i < sim->node_count; i++) {
        if (!life_is_member(life, i))
            continue;
        struct hash own = table_digest(&sim->nodes[i]->core->table);
        if (!sim_rule(sim, SIM_RULE_TABLES, hash_equal(&digest, &own)))
            sim_fail(sim, "the table of n%zu is not that of %s", i + 1, first->identity->name);
    }
}

// --- owners ---

static void check_ranks(struct life *life, const struct sim_name *name)
{
    struct sim *sim = life->sim;
    struct owner_rank first = {0};
    bool is_first = true;
    for (size_t i = 0; i < sim->node_count; i++) {
        struct core *core = sim->nodes[i]->core;
        const struct job *job = life_is_member(life, i) ? jobs_find(&core->jobs, name->full) : NULL;
        struct owner_rank rank = {0};
        if (!job || !job->row)
            continue;
        owner_rank(core, job, NULL, 0, &rank);
        if (is_first)
            first = rank;
        is_first = false;
        bool is_same = rank.count == first.count &&
                       memcmp(rank.nodes, first.nodes, rank.count * sizeof *rank.nodes) == 0;
        if (!sim_rule(sim, SIM_RULE_OWNERS, is_same))
            sim_fail(sim, "n%zu names another owner or other keepers of %s", i + 1, name->full);
    }
}

static void check_owners(struct life *life, const struct sim_name *name)
{
    struct sim *sim = life->sim;
    size_t owners = 0;
    for (size_t i = 0; i < sim->node_count; i++) {
        const struct job *job =
            life_is_member(life, i) ? jobs_find(&sim->nodes[i]->core->jobs, name->full) : NULL;
        owners += job && job->role == JOBS_OWNER;
    }
    size_t wanted = name->is_deleted                            ? 0
                    : name->job.spread == DEFINITION_SPREAD_ALL ? count_members(life)
                                                                : 1;
    if (!sim_rule(sim, SIM_RULE_ONE_OWNER, owners == wanted))
        sim_fail(sim, "%s has %zu owners, not %zu", name->full, owners, wanted);
    check_ranks(life, name);
}

// --- outcomes ---

static void check_rise(struct life *life, struct life_job *made, struct sim_outcomes *outcomes)
{
    char due[32];
    for (size_t i = 0; i < made->told.count; i++) {
        const struct sim_outcome *before = &made->told.items[i];
        for (size_t k = 0; k < outcomes->count; k++) {
            const struct sim_outcome *now = &outcomes->items[k];
            if (now->due_ms != before->due_ms || now->version != before->version)
                continue;
            sim_time_text(now->due_ms, due);
            if (!sim_rule(life->sim, SIM_RULE_RISES, now->status >= before->status))
                sim_fail(life->sim, "%s, due %s, was said to be %s, and now %s", made->name, due,
                         ledger_status_text(before->status), ledger_status_text(now->status));
        }
    }
    sim_outcomes_deinit(&made->told);
    made->told = *outcomes;
}

static void look_at_outcomes(struct life *life)
{
    struct sim *sim = life->sim;
    struct sim_node *node = life_some_node(life);
    struct life_job *made = &life->jobs[sim_random(sim, life->job_count)];
    if (made->job.spread == DEFINITION_SPREAD_ALL || !sim_node_is_up(node))
        return;
    struct sim_outcomes outcomes = sim_outcomes_look(sim, node, made->name, sim_wall_ms(sim));
    if (outcomes.is_complete)
        check_rise(life, made, &outcomes);
    else
        sim_outcomes_deinit(&outcomes);
}

static bool is_quiet(const struct life *life)
{
    const struct sim *sim = life->sim;
    if (life->cut_count || sim->net->loss || sim->now_ms < sim->check->uneasy_ms + QUIET_MS)
        return false;
    for (size_t i = 0; i < sim->node_count; i++)
        if (life_is_member(life, i) &&
            (!sim_node_is_up(sim->nodes[i]) || sim->now_ms < sim->nodes[i]->up_ms + QUIET_MS))
            return false;
    return true;
}

void life_look(struct life *life)
{
    if (is_quiet(life))
        check_members(life, SIM_RULE_SUSPECTED);
    if (sim_chance(life->sim, 200))
        look_at_outcomes(life);
}

static bool tell_the_same(struct life *life, struct life_job *made, struct sim_node *const *nodes,
                          size_t count)
{
    struct sim *sim = life->sim;
    struct sim_outcomes first = {0};
    bool is_same = true;
    for (size_t i = 0; i < count && !sim->failure[0]; i++) {
        struct sim_outcomes outcomes =
            sim_outcomes_ask(sim, nodes[i], made->name, (int64_t)life->end_ms + sim->start_wall_ms);
        if (i == 0) {
            first = outcomes;
            continue;
        }
        is_same &= made->job.spread == DEFINITION_SPREAD_ALL || !sim_outcomes_differ(&first, &outcomes);
        sim_outcomes_deinit(&outcomes);
    }
    if (made->job.spread == DEFINITION_SPREAD_ONE && first.is_complete && !sim->failure[0])
        check_rise(life, made, &first);
    else
        sim_outcomes_deinit(&first);
    return is_same;
}

static void check_outcomes(struct life *life, struct life_job *made)
{
    struct sim *sim = life->sim;
    struct sim_node *nodes[LIFE_NODES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < sim->node_count; i++)
        if (life_is_member(life, i))
            nodes[count++] = sim->nodes[i];
    if (made->job.spread == DEFINITION_SPREAD_ONE)
        count = MIN_OF(count, (size_t)TELLERS_MAX);
    for (int i = 0; i < ASK_TRIES && !sim->failure[0]; i++) {
        if (sim_rule(sim, SIM_RULE_SAME, tell_the_same(life, made, nodes, count)))
            return;
        sim_run(sim, 1000);
    }
    sim_fail(sim, "not all nodes tell the same outcomes of %s", made->name);
}

// --- copies ---

static void check_copies(struct life *life, const struct sim_name *name)
{
    for (size_t i = 0; i < life->sim->node_count; i++)
        if (life_is_member(life, i))
            sim_copies_check(life->sim, life->sim->nodes[i], name->full);
}

void life_judge(struct life *life)
{
    struct sim *sim = life->sim;
    if (sim->failure[0])
        return;
    check_members(life, SIM_RULE_MEMBERS);
    if (!sim->failure[0])
        check_tables(life);
    for (size_t i = 0; i < life->job_count && !sim->failure[0]; i++) {
        const struct sim_name *name = sim_jobs_find(sim, life->jobs[i].name);
        check_owners(life, name);
        check_outcomes(life, &life->jobs[i]);
        if (!sim->failure[0])
            check_copies(life, name);
    }
}
