#include "tests/sim/sim_world.h"

#include "node/core/state.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_net.h"
#include "tests/sim/sim_node.h"
#include "tests/sim/sim_outcome.h"
#include "tests/sim/sim_person.h"
#include "tests/sim/sim_show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODES_MAX = 7,
    JOBS_MAX = 5,
    WORD_ROOM = 24,
    LIFE_MIN_MS = 120 * 1000, // of trouble
    LIFE_MAX_MS = 420 * 1000,
    PEACE_MS = 90 * 1000, // until everything must be in order again
    SETTLED_BEFORE_MS = 20 * 1000,
    PUT_TRIES = 40,
};

struct made_job {
    struct sim_job job;
    char name[8];
    char words[SIM_JOB_WORD_MAX][WORD_ROOM];
};

struct world {
    struct sim *sim;
    unsigned troubles;
    uint64_t end_ms;
    bool is_over;
    unsigned cut_count; // at present
    size_t trouble_count, unjudged_count;
    struct made_job jobs[JOBS_MAX];
    size_t job_count;
};

// --- jobs ---

static void make_work(struct sim *sim, struct made_job *made)
{
    size_t count = 0;
    static const uint64_t lasting_ms[] = {0, 50, 700, 3000, 8000, 15000};
    memset(made->job.work, 0, sizeof made->job.work);
    snprintf(made->words[count++], WORD_ROOM, "for=%u",
             (unsigned)lasting_ms[sim_random(sim, COUNT_OF(lasting_ms))]);
    snprintf(made->words[count++], WORD_ROOM, "spread=%u", (unsigned)sim_random(sim, 2000));
    if (sim_chance(sim, 300))
        snprintf(made->words[count++], WORD_ROOM, "say=%u", (unsigned)sim_random(sim, 40000));
    if (sim_chance(sim, 300))
        snprintf(made->words[count++], WORD_ROOM, "fails=%u", (unsigned)sim_random(sim, 3));
    if (sim_chance(sim, 150))
        snprintf(made->words[count++], WORD_ROOM, "exit=1");
    if (sim_chance(sim, 100))
        snprintf(made->words[count++], WORD_ROOM, "deaf");
    for (size_t i = 0; i < count; i++)
        made->job.work[i] = made->words[i];
}

static void make_schedule(struct sim *sim, struct made_job *made)
{
    static const uint64_t periods_ms[] = {1000, 2000, 5000, 7000, 10000, 15000, 30000, 60000, 90000};
    made->job.every_ms = periods_ms[sim_random(sim, COUNT_OF(periods_ms))];
    if (made->job.spread ==
        DEFINITION_SPREAD_ALL) // each node has due times of its own: keep the answers short
        made->job.every_ms = MAX_OF(made->job.every_ms, 10000);
    made->job.anchor_ms = (int64_t)sim_random(sim, made->job.every_ms);
}

static void make_job(struct world *world, size_t index)
{
    struct sim *sim = world->sim;
    struct made_job *made = &world->jobs[index];
    snprintf(made->name, sizeof made->name, "job-%zu", index + 1);
    made->job = (struct sim_job){.name = made->name};
    made->job.spread = sim_chance(sim, 200) ? DEFINITION_SPREAD_ALL : DEFINITION_SPREAD_ONE;
    make_schedule(sim, made);
    make_work(sim, made);
    made->job.busy = (enum definition_busy)sim_random(sim, 4);
    made->job.catch_up = (enum definition_catch_up)sim_random(sim, 3);
    if (sim_chance(sim, 500))
        made->job.catch_up_within_ms = 1000 * sim_between(sim, 1, 300);
    made->job.on_lost = sim_chance(sim, 300) ? DEFINITION_ON_LOST_REPORT : DEFINITION_ON_LOST_RERUN;
    made->job.retry_times = (uint32_t)sim_random(sim, 4);
    made->job.retry_delay_ms = 1000 * sim_random(sim, 6);
    if (sim_chance(sim, 200))
        made->job.time_limit_ms = 1000 * sim_between(sim, 1, 10);
    made->job.grace_ms = 2000;
}

// --- people ---

static struct sim_node *some_node(struct sim *sim)
{
    return sim->nodes[sim_random(sim, sim->node_count)];
}

// People try here and there until somebody takes what they signed.
static void put(struct world *world, struct sim_record record)
{
    struct sim *sim = world->sim;
    enum sim_put outcome = SIM_PUT_UNANSWERED;
    for (int i = 0; i < PUT_TRIES && !sim->failure[0]; i++) {
        struct sim_record copy = {.id = record.id};
        buffer_add(&copy.envelope, record.envelope.data, record.envelope.size);
        outcome = sim_person_put(sim, some_node(sim), copy);
        if (outcome == SIM_PUT_ADDED || outcome == SIM_PUT_KNOWN)
            break;
        sim_run(sim, 2000);
    }
    if (outcome != SIM_PUT_ADDED && outcome != SIM_PUT_KNOWN)
        sim_fail(sim, "nobody takes a record that was signed");
    buffer_deinit(&record.envelope);
}

static void change(struct world *world)
{
    struct sim *sim = world->sim;
    struct made_job *made = &world->jobs[sim_random(sim, world->job_count)];
    const struct sim_name *name = sim_jobs_find(sim, made->name);
    uint64_t choice = sim_random(sim, 100);
    sim_say(sim, "a person changes %s", made->name);
    if (name->is_deleted) {
        put(world, sim_job_define(sim, &made->job));
    } else if (choice < 20) {
        put(world, sim_job_pause(sim, made->name));
    } else if (choice < 40) {
        if (name->pause_count)
            put(world, sim_job_resume(sim, made->name, NULL));
    } else if (choice < 60) {
        make_work(sim, made);
        put(world, sim_job_define(sim, &made->job));
    } else if (choice < 70) {
        make_schedule(sim, made);
        put(world, sim_job_define(sim, &made->job));
    } else if (choice < 80) {
        put(world, sim_job_delete(sim, made->name));
    } else if (choice < 90) {
        put(world, sim_job_run(sim, made->name));
    } else {
        put(world, sim_job_cancel(sim, made->name));
    }
}

// --- misfortunes ---

static void comes_back(struct sim *sim, void *thing, uint64_t number)
{
    (void)sim;
    (void)number;
    struct sim_node *node = thing;
    sim_node_switch_on(node);
    sim_node_start(node);
    sim_node_continue(node);
    sim_node_wake(node);
}

static void has_room(struct sim *sim, void *thing, uint64_t number)
{
    (void)sim;
    (void)number;
    struct sim_disk *disk = thing;
    sim_disk_fill(disk, false);
}

static void heals(struct sim *sim, void *thing, uint64_t number)
{
    struct world *world = thing;
    sim_say(sim, "a cut heals");
    sim_net_heal(sim, number >> 8 & 0xff, number & 0xff);
    world->cut_count--;
}

static void cut(struct world *world, uint64_t for_ms)
{
    struct sim *sim = world->sim;
    unsigned side = (unsigned)sim_random(sim, 1u << sim->node_count);
    unsigned ways = (unsigned)sim_between(sim, 1, 3); // there, back, or both
    sim_say(sim, "a cut: %x, ways %u, for %llu ms", side, ways, (unsigned long long)for_ms);
    for (size_t i = 0; i < sim->node_count; i++) {
        for (size_t k = 0; k < sim->node_count; k++) {
            bool parts = (side >> i & 1) != (side >> k & 1);
            if (!parts || !(ways >> (side >> i & 1) & 1))
                continue;
            sim_net_cut(sim, i, k);
            world->cut_count++;
            sim_after(sim, for_ms, heals, world, i << 8 | k);
        }
    }
}

static uint64_t some_time_ms(struct sim *sim)
{
    static const uint64_t scales_ms[] = {500, 3000, 15000, 60000};
    return sim_between(sim, 50, scales_ms[sim_random(sim, COUNT_OF(scales_ms))]);
}

static void befall(struct world *world, enum sim_trouble trouble)
{
    struct sim *sim = world->sim;
    struct sim_node *node = some_node(sim);
    uint64_t for_ms = some_time_ms(sim);
    world->trouble_count++;
    if (trouble == SIM_POWER_CUTS)
        sim_node_power_cut(node);
    else if (trouble == SIM_KILLS)
        sim_node_kill(node);
    else if (trouble == SIM_NETWORK_KILLS)
        sim_node_kill_network(node);
    else if (trouble == SIM_STOPS)
        sim_node_stop(node);
    else if (trouble == SIM_SLEEPS)
        sim_node_sleep(node);
    else if (trouble == SIM_CUTS)
        cut(world, for_ms);
    else if (trouble == SIM_CLOCK_STEPS)
        sim_node_step_clock(node, (int64_t)sim_random(sim, 3000) - 1500 - node->wall_offset_ms);
    if (trouble <= SIM_SLEEPS)
        sim_after(sim, for_ms, comes_back, node, 0);
    if (trouble == SIM_FULL_DISKS) {
        sim_disk_fill(&node->disk, true);
        sim_after(sim, for_ms, has_room, &node->disk, 0);
    }
}

static void drain(struct world *world)
{
    struct sim *sim = world->sim;
    const struct control_request request = {
        .kind = CONTROL_DRAIN, .undo = sim_chance(sim, 500), .now = sim_chance(sim, 500)};
    sim_answer_free(sim_person_ask(sim, some_node(sim), &request));
}

static void misfortune(struct sim *sim, void *thing, uint64_t number)
{
    struct world *world = thing;
    (void)number;
    if (world->is_over)
        return;
    unsigned kinds = world->troubles & ~(unsigned)(SIM_LOSS | SIM_DRAINS | SIM_CHANGES);
    if (kinds) {
        unsigned trouble;
        do
            trouble = 1u << sim_random(sim, 11);
        while (!(kinds & trouble));
        befall(world, (enum sim_trouble)trouble);
    }
    sim_after(sim, sim_between(sim, 500, 30000), misfortune, world, 0);
}

static void go_through_life(struct world *world)
{
    struct sim *sim = world->sim;
    sim_after(sim, sim_between(sim, 500, 30000), misfortune, world, 0);
    while (sim->now_ms < world->end_ms && !sim->failure[0]) {
        sim_run(sim, sim_between(sim, 200, 20000));
        if (world->troubles & SIM_CHANGES && world->cut_count == 0 && sim_chance(sim, 600))
            change(world);
        if (world->troubles & SIM_DRAINS && sim_chance(sim, 300))
            drain(world);
    }
}

static void make_peace(struct world *world)
{
    struct sim *sim = world->sim;
    world->is_over = true;
    sim_say(sim, "peace");
    sim_net_heal_all(sim);
    sim->net->loss = sim->net->twice = 0;
    for (size_t i = 0; i < sim->node_count; i++) {
        struct sim_node *node = sim->nodes[i];
        comes_back(sim, node, 0);
        sim_disk_fill(&node->disk, false);
        if (node->wall_offset_ms)
            sim_node_step_clock(node, -node->wall_offset_ms);
    }
    sim_run(sim, 5000);
    for (size_t i = 0; i < sim->node_count && world->troubles & SIM_DRAINS; i++) {
        const struct control_request request = {.kind = CONTROL_DRAIN, .undo = true};
        sim_answer_free(sim_person_ask(sim, sim->nodes[i], &request));
    }
    for (size_t i = 0; i < world->job_count; i++) { // what is paused has no outcomes yet
        const struct sim_name *name = sim_jobs_find(sim, world->jobs[i].name);
        if (!name->is_deleted && name->pause_count)
            put(world, sim_job_resume(sim, world->jobs[i].name, NULL));
    }
    sim_run(sim, PEACE_MS);
}

// --- is all in order? ---

static void check_views(struct sim *sim)
{
    struct hash digest = {{0}};
    for (size_t i = 0; i < sim->node_count; i++) {
        struct sim_node *node = sim->nodes[i];
        struct control_status status = {0};
        if (!sim_node_is_up(node)) {
            sim_fail(sim, "%s does not come up again", node->identity->name);
            return;
        }
        core_count_members(node->core, &status);
        if (status.members_alive != sim->node_count)
            sim_fail(sim, "%s sees %u of %zu nodes", node->identity->name, status.members_alive,
                     sim->node_count);
        struct hash own = table_digest(&node->core->table);
        if (i == 0)
            digest = own;
        if (!hash_equal(&digest, &own))
            sim_fail(sim, "the table of %s is not that of n1", node->identity->name);
    }
}

static void check_owners(struct world *world, const struct sim_name *name)
{
    struct sim *sim = world->sim;
    size_t owners = 0;
    for (size_t i = 0; i < sim->node_count; i++) {
        const struct job *job = jobs_find(&sim->nodes[i]->core->jobs, name->full);
        owners += job && job->role == JOBS_OWNER;
    }
    size_t wanted = name->is_deleted ? 0 : name->job.spread == DEFINITION_SPREAD_ALL ? sim->node_count : 1;
    if (owners != wanted)
        sim_fail(sim, "%s has %zu owners, not %zu", name->full, owners, wanted);
}

static void check_outcomes(struct world *world, const struct sim_name *name)
{
    struct sim *sim = world->sim;
    struct sim_outcomes first = {0};
    for (size_t i = 0; i < sim->node_count && !sim->failure[0]; i++) {
        struct sim_outcomes outcomes =
            sim_outcomes_ask(sim, sim->nodes[i], name->job.name, (int64_t)world->end_ms + sim->start_wall_ms);
        if (i == 0) {
            first = outcomes;
            world->unjudged_count += outcomes.unjudged;
            continue;
        }
        if (name->job.spread == DEFINITION_SPREAD_ONE && sim_outcomes_differ(&first, &outcomes))
            sim_fail(sim, "%s tells other outcomes of %s than n1", sim->nodes[i]->identity->name, name->full);
        sim_outcomes_deinit(&outcomes);
    }
    sim_outcomes_deinit(&first);
}

// Machines that do not hear each other, or that are thought dead while their jobs run on, do things twice.
static bool may_double(unsigned troubles)
{
    return troubles & (SIM_NETWORK_KILLS | SIM_STOPS | SIM_SLEEPS | SIM_CUTS | SIM_LOSS | SIM_CLOCK_STEPS);
}

static void check_all(struct world *world)
{
    struct sim *sim = world->sim;
    if (!sim->failure[0])
        check_views(sim);
    for (size_t i = 0; i < world->job_count && !sim->failure[0]; i++) {
        const struct sim_name *name = sim_jobs_find(sim, world->jobs[i].name);
        check_owners(world, name);
        check_outcomes(world, name);
    }
    if (sim->check->double_count && !may_double(world->troubles))
        sim_fail(sim, "%zu due times ran twice without a reason", sim->check->double_count);
}

static void begin(struct world *world, uint64_t seed)
{
    uint64_t random = seed * 0x9e3779b97f4a7c15 + 1;
    size_t nodes = 1 + (size_t)(random >> 33) % NODES_MAX;
    int64_t start_wall_ms = 1790000000000 + (int64_t)(random >> 20 & 0xffffff) * 1000;
    struct sim *sim = world->sim = sim_new(seed, nodes, start_wall_ms);
    world->troubles = (unsigned)sim_random(sim, SIM_TROUBLES) & (unsigned)sim_random(sim, SIM_TROUBLES);
    world->end_ms = sim_between(sim, LIFE_MIN_MS, LIFE_MAX_MS);
    sim->check->hearing_ms = LIFE_MAX_MS;
    sim->check->excuses_ends = world->troubles & ~(unsigned)(SIM_CHANGES | SIM_DRAINS);
    if (world->troubles & SIM_LOSS) {
        sim->net->loss = (unsigned)sim_random(sim, 150);
        sim->net->twice = (unsigned)sim_random(sim, 50);
        sim->net->max_ms = sim_between(sim, 3, 150);
    }
    for (size_t i = 0; i < nodes; i++)
        sim_node_switch_on(sim->nodes[i]);
    sim_run(sim, sim_between(sim, 2000, 10000));
    world->job_count = (size_t)sim_between(sim, 1, JOBS_MAX);
    for (size_t i = 0; i < world->job_count; i++) {
        make_job(world, i);
        put(world, sim_job_define(sim, &world->jobs[i].job));
    }
}

struct sim_world_result sim_world_run(uint64_t seed)
{
    struct world *world = base_alloc(1, sizeof *world);
    begin(world, seed);
    go_through_life(world);
    world->end_ms = world->sim->now_ms;
    if (!world->sim->failure[0])
        make_peace(world);
    check_all(world);
    struct sim *sim = world->sim;
    if (sim->failure[0] && sim->is_loud)
        sim_show(sim);
    struct sim_world_result result = {.trace = sim->trace,
                                      .step_count = sim->step_count,
                                      .node_count = sim->node_count,
                                      .job_count = world->job_count,
                                      .start_count = sim->check->start_count,
                                      .double_count = sim->check->double_count,
                                      .unjudged_count = world->unjudged_count,
                                      .trouble_count = world->trouble_count,
                                      .troubles = world->troubles};
    memcpy(result.failure, sim->failure, sizeof result.failure);
    sim_free(world->sim);
    free(world);
    return result;
}
