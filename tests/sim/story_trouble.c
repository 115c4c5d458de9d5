// story_trouble.c - one node: power cuts, deaths of processes, time off, clocks that step, disks that fail.
#include "node/core/state.h"
#include "tests/sim/story.h"

#include <string.h>

static void define_three(struct sim_node *node)
{
    const struct sim_job minutely = {
        .name = "minutely", .every_ms = SECONDS(60), .work = {"for=7000", "say=500"}};
    const struct sim_job often = {
        .name = "often", .every_ms = SECONDS(15), .work = {"for=1000", "spread=9000"}};
    const struct sim_job failing = {.name = "failing",
                                    .every_ms = SECONDS(90),
                                    .retry_times = 2,
                                    .retry_delay_ms = 3000,
                                    .work = {"for=500", "fails=1"}};
    story_define(node, &minutely);
    story_define(node, &often);
    story_define(node, &failing);
}

// Every due time has an outcome, and no run that was acknowledged lost it.
static void expect_outcomes(struct sim_node *node)
{
    assert_true(story_due_count(node, "minutely") > 0);
    assert_true(story_due_count(node, "often") > 0);
    assert_true(story_due_count(node, "failing") > 0);
    assert_int_equal(node->sim->check->double_count, 0);
}

static void power_cuts_at_random_moments_lose_nothing_acknowledged(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct sim *sim = story_begin(seed, 1, "2026-09-22 10:00:20");
        struct sim_node *node = sim->nodes[0];
        define_three(node);
        for (int cut = 0; cut < 20; cut++) {
            sim_run(sim, sim_between(sim, 100, 60000));
            sim_node_power_cut(node);
            sim_run(sim, sim_between(sim, 0, 3000));
            sim_node_switch_on(node);
        }
        sim_run(sim, MINUTES(2));
        expect_outcomes(node);
        story_end(sim);
    }
}

static void kills_of_both_processes_lose_nothing_acknowledged(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct sim *sim = story_begin(100 + seed, 1, "2026-09-22 10:00:20");
        struct sim_node *node = sim->nodes[0];
        define_three(node);
        for (int kill = 0; kill < 20; kill++) {
            sim_run(sim, sim_between(sim, 100, 30000));
            sim_node_kill(node);
            sim_run(sim, sim_between(sim, 0, 2000));
            sim_node_start(node);
        }
        sim_run(sim, MINUTES(2));
        expect_outcomes(node);
        story_end(sim);
    }
}

static void a_new_network_process_adopts_what_runs(void **state)
{
    (void)state;
    struct sim *sim = story_begin(7, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job slow = {.name = "slow", .every_ms = MINUTES(2), .work = {"for=60000", "say=4000"}};
    story_define(node, &slow);
    story_until(sim, "2026-09-22 10:02:20");
    sim_node_kill_network(node);
    story_until(sim, "2026-09-22 10:03:30");
    assert_int_equal(story_starts(sim, "slow"), 1);
    assert_int_equal(sim_check_last_start(sim, "slow")->status, LEDGER_OK);
    story_all(node, "slow", LEDGER_OK);
    story_end(sim);
}

static void network_processes_that_die_all_the_time_start_nothing_twice(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct sim *sim = story_begin(200 + seed, 1, "2026-09-22 10:00:20");
        struct sim_node *node = sim->nodes[0];
        define_three(node);
        for (int kill = 0; kill < 40; kill++) {
            sim_run(sim, sim_between(sim, 50, 20000));
            sim_node_kill_network(node);
        }
        sim_run(sim, MINUTES(2));
        expect_outcomes(node);
        story_end(sim);
    }
}

static void off_for_an_hour(enum definition_catch_up catch_up, uint64_t within_ms, size_t run, size_t missed)
{
    struct sim *sim = story_begin(8, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "job",
                                .every_ms = MINUTES(5),
                                .catch_up = catch_up,
                                .catch_up_within_ms = within_ms,
                                .busy = DEFINITION_BUSY_QUEUE,
                                .work = {"for=3000"}};
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:12:00");
    sim_node_power_cut(node);
    story_until(sim, "2026-09-22 11:12:00"); // 12 due times passed
    sim_node_switch_on(node);
    story_until(sim, "2026-09-22 11:14:30");
    assert_int_equal(story_starts(sim, "job"), 2 + run);
    assert_int_equal(story_count(node, "job", LEDGER_MISSED), missed);
    story_until(sim, "2026-09-22 11:31:00");
    assert_int_equal(story_starts(sim, "job"), 2 + run + 4);
    story_end(sim);
}

static void an_hour_off_catches_up_none(void **state)
{
    (void)state;
    off_for_an_hour(DEFINITION_CATCH_UP_NONE, 0, 0, 12);
}

static void an_hour_off_catches_up_the_last(void **state)
{
    (void)state;
    off_for_an_hour(DEFINITION_CATCH_UP_LAST, 0, 1, 11);
}

static void an_hour_off_catches_up_all_within_the_window(void **state)
{
    (void)state;
    off_for_an_hour(DEFINITION_CATCH_UP_ALL, HOURS(2), 12, 0);
    off_for_an_hour(DEFINITION_CATCH_UP_ALL, MINUTES(21), 4, 8);
}

static void the_last_one_is_too_old_beyond_its_window(void **state)
{
    (void)state;
    off_for_an_hour(DEFINITION_CATCH_UP_LAST, SECONDS(90), 0, 12);
}

static void a_clock_that_jumps_ahead_catches_up_like_time_off(void **state)
{
    (void)state;
    struct sim *sim = story_begin(9, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "job", .every_ms = MINUTES(5), .work = {"for=3000"}};
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:06:00");
    sim_node_step_clock(node, (int64_t)MINUTES(30)); // 10:36 by its clock
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "job"), 2);
    assert_int_equal(sim_check_last_start(sim, "job")->due_ms, story_time("2026-09-22 10:35:00"));
    sim_run(sim, MINUTES(4));
    assert_int_equal(story_starts(sim, "job"), 3);
    story_end(sim);
}

static void a_clock_that_falls_back_repeats_nothing(void **state)
{
    (void)state;
    struct sim *sim = story_begin(10, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "job", .every_ms = MINUTES(5), .work = {"for=3000"}};
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:31:00");
    sim_node_step_clock(node, -(int64_t)MINUTES(20)); // 10:11 again
    sim_run(sim, MINUTES(45));
    story_all(node, "job", LEDGER_OK);
    assert_int_equal(story_starts(sim, "job"), 11); // 10:05 to 10:55, each once
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
}

static void what_was_claimed_before_a_sleep_starts_after_it(void **state)
{
    (void)state;
    struct sim *sim = story_begin(13, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job one = {.name = "one", .every_ms = MINUTES(1), .work = {"for=300"}};
    const struct sim_job each = {
        .name = "each", .every_ms = MINUTES(1), .spread = DEFINITION_SPREAD_ALL, .work = {"for=300"}};
    story_define(node, &one);
    story_define(node, &each);
    story_until(sim, "2026-09-22 10:04:59"); // 10:05 is claimed
    sim_node_sleep(node);
    sim_run(sim, SECONDS(5));
    sim_node_wake(node);
    sim_run(sim, MINUTES(3));
    story_all(node, "one", LEDGER_OK);
    story_all(node, "each", LEDGER_OK);
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
}

static void a_full_disk_takes_pauses_but_no_definitions(void **state)
{
    (void)state;
    struct sim *sim = story_begin(11, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    struct sim_job job = {.name = "job", .every_ms = MINUTES(1), .work = {"for=3000"}};
    story_define(node, &job);
    sim_run(sim, MINUTES(3));
    sim_disk_fill(&node->disk, true);
    sim_run(sim, MINUTES(3)); // what runs needs room, so the core has heard of it
    job.work[0] = "for=1";
    assert_int_equal(sim_person_put(sim, node, sim_job_define(sim, &job)), SIM_PUT_REFUSED);
    story_pause(node, "job");
    size_t starts = story_starts(sim, "job");
    sim_run(sim, MINUTES(5));
    assert_int_equal(story_starts(sim, "job"), starts);
    sim_disk_fill(&node->disk, false);
    sim_run(sim, SECONDS(5));
    story_resume(node, "job");
    sim_run(sim, MINUTES(5));
    assert_int_equal(story_starts(sim, "job"), starts + 5);
    assert_int_equal(story_count(node, "job", LEDGER_SKIPPED), 5);
    story_end(sim);
}

static bool has_job(const struct sim_node *node, const char *name)
{
    const struct table_job *row = table_find_job(&node->core->table, "main", name);
    return row && row->life % 2 == 1;
}

// The core learns that the disk is full by this very change: nothing is refused that is in force already.
static void a_change_that_finds_the_disk_full_is_in_force_or_refused(void **state)
{
    (void)state;
    struct sim *sim = story_begin(16, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "job", .every_ms = MINUTES(1), .work = {"for=3000"}};
    const struct sim_job late = {.name = "late", .every_ms = MINUTES(1), .work = {"for=3000"}};
    sim_disk_fill(&node->disk, true);
    bool is_added = sim_person_put(sim, node, sim_job_define(sim, &job)) == SIM_PUT_ADDED;
    assert_true(has_job(node, "job") == is_added);
    assert_int_equal(node->core->storage, EVENT_STORAGE_FULL);
    assert_int_equal(sim_person_put(sim, node, sim_job_define(sim, &late)), SIM_PUT_REFUSED);
    assert_false(has_job(node, "late"));
    sim_node_kill(node);
    sim_node_start(node);
    sim_run(sim, MINUTES(3));
    assert_true(has_job(node, "job") == is_added);
    assert_int_equal(story_starts(sim, "job") > 0, is_added);
    story_end(sim);
}

static void a_disk_that_fails_starts_nothing_more(void **state)
{
    (void)state;
    struct sim *sim = story_begin(12, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "job", .every_ms = MINUTES(1), .work = {"for=3000"}};
    story_define(node, &job);
    sim_run(sim, MINUTES(3));
    size_t starts = story_starts(sim, "job");
    sim_disk_break(&node->disk);
    sim_run(sim, MINUTES(10));
    assert_in_range(story_starts(sim, "job"), starts, starts + 1);
    assert_int_equal(sim_person_put(sim, node, sim_job_pause(sim, "job")), SIM_PUT_REFUSED);
    sim_disk_mend(&node->disk);
    sim_node_kill(node);
    sim_node_start(node);
    sim_run(sim, MINUTES(5));
    assert_true(story_due_count(node, "job") > 15);
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_cuts_at_random_moments_lose_nothing_acknowledged),
        cmocka_unit_test(kills_of_both_processes_lose_nothing_acknowledged),
        cmocka_unit_test(a_new_network_process_adopts_what_runs),
        cmocka_unit_test(network_processes_that_die_all_the_time_start_nothing_twice),
        cmocka_unit_test(an_hour_off_catches_up_none),
        cmocka_unit_test(an_hour_off_catches_up_the_last),
        cmocka_unit_test(an_hour_off_catches_up_all_within_the_window),
        cmocka_unit_test(the_last_one_is_too_old_beyond_its_window),
        cmocka_unit_test(a_clock_that_jumps_ahead_catches_up_like_time_off),
        cmocka_unit_test(a_clock_that_falls_back_repeats_nothing),
        cmocka_unit_test(what_was_claimed_before_a_sleep_starts_after_it),
        cmocka_unit_test(a_full_disk_takes_pauses_but_no_definitions),
        cmocka_unit_test(a_change_that_finds_the_disk_full_is_in_force_or_refused),
        cmocka_unit_test(a_disk_that_fails_starts_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
