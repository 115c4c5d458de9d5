// sim_life_trouble.c - what befalls the machines of a life, who comes and who goes.
#include "node/core/state.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_life.h"
#include "tests/sim/sim_net.h"

enum {
    TROUBLE_MIN_MS = 500,
    TROUBLE_MAX_MS = 30000,
    PEACE_TRY_MS = 5000,
    PEACE_TRIES = 60,
};

static const unsigned befalling = SIM_POWER_CUTS | SIM_KILLS | SIM_NETWORK_KILLS | SIM_STOPS | SIM_SLEEPS |
                                  SIM_CUTS | SIM_CLOCK_STEPS | SIM_FULL_DISKS | SIM_BROKEN_DISKS;

bool life_is_member(const struct life *life, size_t node)
{
    return node < life->joined_count && !life->has_left[node];
}

static void comes_back(struct sim *sim, void *thing, uint64_t number)
{
    (void)sim;
    (void)number;
    struct sim_node *node = thing;
    if (node->has_left)
        return;
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

// A person puts in another disk with what was on it, and starts the agent anew.
static void is_mended(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_node *node = thing;
    (void)sim;
    (void)number;
    if (!node->disk.is_broken || node->has_left)
        return;
    sim_disk_mend(&node->disk);
    sim_node_kill(node);
    sim_node_start(node);
}

static void heals(struct sim *sim, void *thing, uint64_t number)
{
    struct life *life = thing;
    sim_say(sim, "a cut heals");
    sim_net_heal(sim, number >> 8 & 0xff, number & 0xff);
    life->cut_count--;
}

static void cut(struct life *life, uint64_t for_ms)
{
    struct sim *sim = life->sim;
    unsigned side = (unsigned)sim_random(sim, 1u << sim->node_count);
    unsigned ways = (unsigned)sim_between(sim, 1, 3); // there, back, or both
    unsigned missing = sim_chance(sim, 300) ? (unsigned)sim_random(sim, 1u << sim->node_count) : 0; // not all
    sim_say(sim, "a cut: %x, ways %u, but for %x, for %llu ms", side, ways, missing,
            (unsigned long long)for_ms);
    for (size_t i = 0; i < sim->node_count; i++) {
        for (size_t k = 0; k < sim->node_count; k++) {
            bool parts = (side >> i & 1) != (side >> k & 1);
            if (!parts || !(ways >> (side >> i & 1) & 1) || (missing >> i & 1 && missing >> k & 1))
                continue;
            sim_net_cut(sim, i, k);
            life->cut_count++;
            sim_after(sim, for_ms, heals, life, i << 8 | k);
        }
    }
}

static uint64_t some_time_ms(struct sim *sim)
{
    static const uint64_t scales_ms[] = {500, 3000, 15000, 60000};
    return sim_between(sim, 50, scales_ms[sim_random(sim, COUNT_OF(scales_ms))]);
}

static void befall_disk(struct sim_node *node, enum sim_trouble trouble, uint64_t for_ms)
{
    if (trouble == SIM_FULL_DISKS) {
        sim_disk_fill(&node->disk, true);
        sim_after(node->sim, for_ms, has_room, &node->disk, 0);
    } else {
        sim_disk_break(&node->disk);
        sim_after(node->sim, for_ms, is_mended, node, 0);
    }
}

static void befall(struct life *life, enum sim_trouble trouble)
{
    struct sim *sim = life->sim;
    struct sim_node *node = life_some_node(life);
    uint64_t for_ms = some_time_ms(sim);
    life->trouble_count++;
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
        cut(life, for_ms);
    else if (trouble == SIM_CLOCK_STEPS)
        sim_node_step_clock(node, (int64_t)sim_random(sim, 3000) - 1500 - node->wall_offset_ms);
    else
        befall_disk(node, trouble, for_ms);
    if (trouble <= SIM_SLEEPS)
        sim_after(sim, for_ms, comes_back, node, 0);
}

static void misfortune(struct sim *sim, void *thing, uint64_t number)
{
    struct life *life = thing;
    (void)number;
    if (life->is_over)
        return;
    unsigned kinds = life->troubles & befalling;
    if (kinds) {
        unsigned trouble;
        do
            trouble = 1u << sim_random(sim, SIM_TROUBLE_COUNT);
        while (!(kinds & trouble));
        befall(life, (enum sim_trouble)trouble);
    }
    sim_after(sim, sim_between(sim, TROUBLE_MIN_MS, TROUBLE_MAX_MS), misfortune, life, 0);
}

void life_begin_troubles(struct life *life)
{
    struct sim *sim = life->sim;
    sim_after(sim, sim_between(sim, TROUBLE_MIN_MS, TROUBLE_MAX_MS), misfortune, life, 0);
}

// --- who comes and goes ---

void life_drain_somebody(struct life *life)
{
    struct sim *sim = life->sim;
    const struct control_request request = {
        .kind = CONTROL_DRAIN, .undo = sim_chance(sim, 500), .now = sim_chance(sim, 500)};
    sim_answer_free(sim_person_ask(sim, life_some_node(life), &request));
}

void life_join_somebody(struct life *life)
{
    struct sim *sim = life->sim;
    if (life->joined_count == sim->node_count)
        return;
    size_t index = life->joined_count;
    sim_say(sim, "%s joins", sim->nodes[index]->identity->name);
    for (size_t i = 0; i < SIM_FLEET_NODE_RECORDS; i++) {
        const struct sim_record *record = sim_fleet_record_of(sim->fleet, index, i);
        struct sim_record copy = {.id = record->id};
        buffer_add(&copy.envelope, record->envelope.data, record->envelope.size);
        life_put(life, copy);
    }
    life->joined_count++;
    sim->nodes[index]->joined_ms = sim->now_ms;
    sim_node_switch_on(sim->nodes[index]);
}

void life_leave_somebody(struct life *life)
{
    struct sim *sim = life->sim;
    const struct control_request request = {.kind = CONTROL_LEAVE};
    size_t there = 0;
    for (size_t i = 0; i < sim->node_count; i++)
        there += life_is_member(life, i);
    struct sim_node *node = life_some_node(life);
    if (there < 3 || !sim_node_is_up(node))
        return;
    sim_check_uneasy(sim); // its runs die with it, while others may have begun them anew
    sim_answer_free(sim_person_ask(sim, node, &request));
    life->has_left[node->index] = node->has_left;
}

// --- peace ---

static void mend(struct sim_node *node)
{
    comes_back(node->sim, node, 0);
    is_mended(node->sim, node, 0);
    sim_disk_fill(&node->disk, false);
    if (node->wall_offset_ms)
        sim_node_step_clock(node, -node->wall_offset_ms);
}

// A network process that was killed again and again is not restarted at once.
static bool is_all_up(const struct life *life)
{
    for (size_t i = 0; i < life->sim->node_count; i++)
        if (life_is_member(life, i) && !sim_node_is_up(life->sim->nodes[i]))
            return false;
    return true;
}

// What was claimed of a job that is gone is given up in the end, but not at once (past.h).
static bool has_past(const struct life *life)
{
    for (size_t i = 0; i < life->sim->node_count; i++)
        if (life->sim->nodes[i]->core && life->sim->nodes[i]->core->past.count)
            return true;
    return false;
}

void life_make_peace(struct life *life)
{
    struct sim *sim = life->sim;
    life->is_over = true;
    sim_say(sim, "peace");
    sim_net_heal_all(sim);
    sim->net->loss = sim->net->twice = 0;
    for (size_t i = 0; i < sim->node_count; i++)
        if (life_is_member(life, i))
            mend(sim->nodes[i]);
    for (int i = 0; i == 0 || (i < PEACE_TRIES && !is_all_up(life)); i++)
        sim_run(sim, PEACE_TRY_MS);
    for (size_t i = 0; i < sim->node_count && life->troubles & SIM_DRAINS; i++) {
        const struct control_request request = {.kind = CONTROL_DRAIN, .undo = true};
        if (life_is_member(life, i))
            sim_answer_free(sim_person_ask(sim, sim->nodes[i], &request));
    }
    for (size_t i = 0; i < life->job_count; i++) { // what is paused has no outcomes yet
        const struct sim_name *name = sim_jobs_find(sim, life->jobs[i].name);
        if (!name->is_deleted && name->pause_count)
            life_put(life, sim_job_resume(sim, life->jobs[i].name, NULL));
    }
    sim_run(sim, LIFE_PEACE_MS);
    for (int i = 0; i < PEACE_TRIES && has_past(life); i++)
        sim_run(sim, PEACE_TRY_MS);
}
