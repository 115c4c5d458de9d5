#include "tests/sim/sim_world.h"

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_life.h"
#include "tests/sim/sim_net.h"
#include "tests/sim/sim_show.h"

#include <stdlib.h>
#include <string.h>

const char *sim_trouble_text(size_t bit)
{
    static const char *const texts[SIM_TROUBLE_COUNT] = {
        "power cuts", "kills",        "network kills", "stops",   "sleeps", "cuts",  "loss",   "clock steps",
        "full disks", "broken disks", "drains",        "changes", "skew",   "joins", "leaves", "forgeries"};
    return texts[bit];
}

static void go_through_life(struct life *life)
{
    struct sim *sim = life->sim;
    life_begin_troubles(life);
    while (sim->now_ms < life->end_ms && !sim->failure[0]) {
        sim_run(sim, sim_between(sim, 200, 20000));
        if (life->troubles & SIM_CHANGES && sim_chance(sim, 600))
            life_change_something(life);
        if (life->troubles & SIM_DRAINS && sim_chance(sim, 300))
            life_drain_somebody(life);
        if (life->troubles & SIM_JOINS && sim_chance(sim, 150))
            life_join_somebody(life);
        if (life->troubles & SIM_LEAVES && sim_chance(sim, 80))
            life_leave_somebody(life);
        if (life->troubles & SIM_FORGERIES && sim_chance(sim, 200))
            life_sign_something(life);
        life_look(life);
    }
}

// Sometimes just before a clock change somewhere.
static int64_t choose_start_ms(uint64_t random)
{
    static const int64_t changes_s[] = {1790955000,  // Lord Howe forward, 2026-10-03 15:30
                                        1792890000,  // Berlin back, 2026-10-25 01:00
                                        1793512800,  // New York back, 2026-11-01 06:00
                                        1806195600}; // Berlin forward, 2027-03-28 01:00
    if (random % 5 == 0)
        return (changes_s[random / 5 % COUNT_OF(changes_s)] - (int64_t)(random / 64 % 400)) * 1000 +
               (int64_t)(random / 4096 % 1000);
    return 1790000000000 + (int64_t)(random >> 20 & 0xffffff) * 1000 + (int64_t)(random >> 8 & 511);
}

static void choose_troubles(struct life *life)
{
    struct sim *sim = life->sim;
    life->troubles = (unsigned)sim_random(sim, 1u << SIM_TROUBLE_COUNT) &
                     (unsigned)sim_random(sim, 1u << SIM_TROUBLE_COUNT);
    life->end_ms = sim_between(sim, LIFE_MIN_MS, LIFE_MAX_MS);
    life->joined_count = sim->node_count;
    if (life->troubles & SIM_JOINS && sim->node_count > 1)
        life->joined_count -= sim_between(sim, 1, sim->node_count - 1);
    sim_fleet_make_late(sim->fleet, life->joined_count);
    sim->check->hearing_ms = LIFE_MAX_MS;
    sim->check->is_strict = true;
    if (life->troubles & SIM_LOSS) {
        sim->net->loss = (unsigned)sim_random(sim, 150);
        sim->net->twice = (unsigned)sim_random(sim, 50);
        sim->net->max_ms = sim_between(sim, 3, 150);
    }
}

static void begin(struct life *life, uint64_t seed)
{
    uint64_t random = seed * 0x9e3779b97f4a7c15 + 1;
    size_t nodes = 1 + (size_t)(random >> 33) % LIFE_NODES_MAX;
    struct sim *sim = life->sim = sim_new(seed, nodes, choose_start_ms(random >> 7));
    choose_troubles(life);
    for (size_t i = 0; i < life->joined_count; i++) {
        if (life->troubles & SIM_SKEW)
            sim->nodes[i]->wall_offset_ms = (int64_t)sim_random(sim, 1600) - 800;
        sim_node_switch_on(sim->nodes[i]);
    }
    sim_run(sim, sim_between(sim, 2000, 10000));
    life->job_count = (size_t)sim_between(sim, 1, LIFE_JOBS_MAX);
    for (size_t i = 0; i < life->job_count; i++) {
        life_make_job(life, i);
        life_put(life, sim_job_define(sim, &life->jobs[i].job));
    }
}

static void life_free(struct life *life)
{
    for (size_t i = 0; i < life->job_count; i++)
        sim_outcomes_deinit(&life->jobs[i].told);
    sim_free(life->sim);
    for (size_t i = 0; i < life->due_times_count; i++)
        free(life->due_times[i]);
    free(life->due_times);
    free(life);
}

struct sim_world_result sim_world_run(uint64_t seed)
{
    struct life *life = base_alloc(1, sizeof *life);
    begin(life, seed);
    go_through_life(life);
    life->end_ms = life->sim->now_ms;
    if (!life->sim->failure[0])
        life_make_peace(life);
    life_judge(life);
    struct sim *sim = life->sim;
    if (sim->failure[0] && sim->is_loud)
        sim_show(sim);
    struct sim_world_result result = {.trace = sim->trace,
                                      .step_count = sim->step_count,
                                      .lived_ms = sim->now_ms,
                                      .node_count = sim->node_count,
                                      .job_count = life->job_count,
                                      .start_count = sim->check->start_count,
                                      .double_count = sim->check->double_count,
                                      .trouble_count = life->trouble_count,
                                      .troubles = life->troubles};
    memcpy(result.rules, sim->rules, sizeof result.rules);
    memcpy(result.failure, sim->failure, sizeof result.failure);
    life_free(life);
    return result;
}
