// story_happenings.c - jobs that wait for something to happen: a boot, an event, a change of members.
#include "tests/sim/story.h"

#include <string.h>

// --- boot ---

static const struct definition_trigger ON_BOOT = {.kind = DEFINITION_BOOT};
static const struct definition_trigger LATER_ON_BOOT = {.kind = DEFINITION_BOOT, .delay_ms = 60000};

static void a_boot_job_runs_once_per_boot_on_each_node(void **state)
{
    (void)state;
    struct sim *sim = story_begin(11, 3, "2026-09-22 10:00:20");
    const struct sim_job job = {
        .name = "hello", .waits = &ON_BOOT, .spread = DEFINITION_SPREAD_ALL, .work = {"for=1000"}};
    story_define(sim->nodes[0], &job);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "hello"), 0); // a job added after the boot waits for the next
    sim_node_kill_network(sim->nodes[1]);
    sim_node_kill(sim->nodes[2]);
    sim_run(sim, SECONDS(20));
    sim_node_start(sim->nodes[2]);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "hello"), 0); // the machine did not boot
    sim_node_power_cut(sim->nodes[1]);
    sim_run(sim, SECONDS(20));
    sim_node_switch_on(sim->nodes[1]);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "hello"), 1);
    assert_int_equal(sim_check_last_start(sim, "hello")->node, 1);
    for (int restart = 0; restart < 3; restart++) {
        sim_node_kill_network(sim->nodes[1]);
        sim_run(sim, MINUTES(1));
        sim_node_kill(sim->nodes[1]);
        sim_run(sim, SECONDS(5));
        sim_node_start(sim->nodes[1]);
        sim_run(sim, MINUTES(15));
    }
    assert_int_equal(story_starts(sim, "hello"), 1);
    story_end(sim);
}

static void a_boot_job_waits_for_its_delay_whatever_the_clock_does(void **state)
{
    (void)state;
    struct sim *sim = story_begin(12, 2, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[1];
    const struct sim_job job = {.name = "late", .waits = &LATER_ON_BOOT, .node = "n2"};
    story_define(sim->nodes[0], &job);
    sim_run(sim, SECONDS(10));
    sim_node_power_cut(node);
    sim_run(sim, SECONDS(10));
    sim_node_switch_on(node);
    sim_run(sim, SECONDS(20));
    sim_node_step_clock(node, HOURS(7));
    sim_run(sim, SECONDS(30));
    assert_int_equal(story_starts(sim, "late"), 0);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "late"), 1);
    story_end(sim);
}

static void a_boot_job_that_was_killed_before_it_started_starts_after_all(void **state)
{
    (void)state;
    for (uint64_t seed = 20; seed < 30; seed++) {
        struct sim *sim = story_begin(seed, 1, "2026-09-22 10:00:20");
        struct sim_node *node = sim->nodes[0];
        const struct sim_job job = {
            .name = "hello", .waits = &ON_BOOT, .spread = DEFINITION_SPREAD_ALL, .work = {"for=1000"}};
        story_define(node, &job);
        sim_node_power_cut(node);
        sim_run(sim, SECONDS(5));
        sim_node_switch_on(node);
        sim_run(sim, sim_between(sim, 1, 300));
        sim_node_kill_network(node);
        sim_run(sim, MINUTES(1));
        assert_int_equal(story_starts(sim, "hello"), 1);
        story_end(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boot_job_runs_once_per_boot_on_each_node),
        cmocka_unit_test(a_boot_job_waits_for_its_delay_whatever_the_clock_does),
        cmocka_unit_test(a_boot_job_that_was_killed_before_it_started_starts_after_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
