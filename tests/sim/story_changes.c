// story_changes.c - one node: people pause, resume, edit, delete, order and cancel.
#include "tests/sim/story.h"

#include <string.h>

static const struct sim_job digest = {.name = "digest", .every_ms = SECONDS(60), .work = {"for=2000"}};

static void a_paused_stretch_is_skipped_and_said(void **state)
{
    (void)state;
    struct sim *sim = story_begin(1, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &digest);
    story_until(sim, "2026-09-22 10:05:30");
    story_pause(node, "digest");
    story_until(sim, "2026-09-22 10:15:30");
    story_resume(node, "digest");
    story_until(sim, "2026-09-22 10:20:30");
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 10);
    assert_int_equal(story_count(node, "digest", LEDGER_OK), 10);
    assert_int_equal(story_starts(sim, "digest"), 10);
    story_end(sim);
}

static void a_pause_after_the_claim_still_stops_the_start(void **state)
{
    (void)state;
    struct sim *sim = story_begin(2, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &digest);
    story_until(sim, "2026-09-22 10:04:59"); // 10:05 is claimed
    story_pause(node, "digest");
    story_until(sim, "2026-09-22 10:06:30");
    story_resume(node, "digest");
    sim_run(sim, MINUTES(2));
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 2);
    assert_int_equal(story_starts(sim, "digest"), 6);
    story_end(sim);
}

static void two_pauses_need_two_resumes(void **state)
{
    (void)state;
    struct sim *sim = story_begin(3, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &digest);
    struct hash first = story_pause(node, "digest");
    story_pause(node, "digest");
    assert_int_equal(sim_person_put(sim, node, sim_job_resume(sim, "digest", &first)), SIM_PUT_ADDED);
    sim_run(sim, MINUTES(5));
    assert_int_equal(story_starts(sim, "digest"), 0);
    story_resume(node, "digest");
    sim_run(sim, MINUTES(5));
    assert_int_equal(story_starts(sim, "digest"), 5);
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 5);
    story_end(sim);
}

static void editing_the_command_fires_nothing_again(void **state)
{
    (void)state;
    struct sim *sim = story_begin(4, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    struct sim_job job = digest;
    story_define(node, &job);
    for (int i = 0; i < 20; i++) {
        sim_run(sim, SECONDS(33)); // also between claim and start
        job.work[0] = i % 2 ? "for=1000" : "for=3000";
        story_define(node, &job);
    }
    sim_run(sim, MINUTES(1));
    story_all(node, "digest", LEDGER_OK);
    assert_int_equal(story_starts(sim, "digest"), story_due_count(node, "digest"));
    assert_int_equal(sim_jobs_find(sim, "digest")->schedule_version, 1);
    story_end(sim);
}

static void a_new_schedule_counts_from_when_it_was_signed(void **state)
{
    (void)state;
    struct sim *sim = story_begin(5, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    struct sim_job job = digest;
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:10:59"); // 10:11 is claimed under the old one
    job.every_ms = SECONDS(45);
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:30:07");
    job.every_ms = SECONDS(60);
    job.anchor_ms = 13000;
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:45:00");
    story_all(node, "digest", LEDGER_OK);
    assert_int_equal(story_starts(sim, "digest"), story_due_count(node, "digest"));
    story_end(sim);
}

static void a_deleted_job_stops_and_a_new_one_begins_a_new_life(void **state)
{
    (void)state;
    struct sim *sim = story_begin(6, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &digest);
    story_until(sim, "2026-09-22 10:05:59"); // 10:06 is claimed
    story_delete(node, "digest");
    story_until(sim, "2026-09-22 10:10:30");
    assert_int_equal(story_starts(sim, "digest"), 5);
    story_define(node, &digest);
    story_until(sim, "2026-09-22 10:15:30");
    assert_int_equal(story_starts(sim, "digest"), 10);
    assert_int_equal(sim_jobs_find(sim, "digest")->life, 3);
    story_all(node, "digest", LEDGER_OK);
    story_end(sim);
}

static void deleting_while_it_runs_lets_the_run_end(void **state)
{
    (void)state;
    struct sim *sim = story_begin(7, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job slow = {.name = "slow", .every_ms = SECONDS(60), .work = {"for=40000", "say=2000"}};
    story_define(node, &slow);
    story_until(sim, "2026-09-22 10:02:10");
    story_delete(node, "slow");
    sim_run(sim, MINUTES(3));
    assert_int_equal(story_starts(sim, "slow"), 2);
    assert_int_equal(sim_check_last_start(sim, "slow")->status, LEDGER_OK);
    assert_true(sim_check_last_start(sim, "slow")->is_acknowledged);
    story_end(sim);
}

static void a_job_deleted_while_paused_leaves_no_gap(void **state)
{
    (void)state;
    struct sim *sim = story_begin(8, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &digest);
    story_until(sim, "2026-09-22 10:03:30");
    story_pause(node, "digest");
    story_until(sim, "2026-09-22 10:06:30");
    story_delete(node, "digest");
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 3);
    story_end(sim);
}

static void a_schedule_changed_while_paused_leaves_no_gap(void **state)
{
    (void)state;
    struct sim *sim = story_begin(9, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    struct sim_job job = digest;
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:03:30");
    story_pause(node, "digest");
    story_until(sim, "2026-09-22 10:06:30");
    job.every_ms = SECONDS(30);
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:08:15");
    story_resume(node, "digest");
    story_until(sim, "2026-09-22 10:10:15");
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 3 + 3);
    assert_int_equal(story_starts(sim, "digest"), 3 + 4);
    story_end(sim);
}

static void an_order_runs_it_now_and_only_once(void **state)
{
    (void)state;
    struct sim *sim = story_begin(10, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job rare = {.name = "rare", .every_ms = HOURS(24), .anchor_ms = 1};
    story_define(node, &rare);
    story_run_now(node, "rare");
    sim_run(sim, SECONDS(5));
    assert_int_equal(story_starts(sim, "rare"), 1);
    sim_node_kill_network(node);
    sim_run(sim, SECONDS(30));
    sim_node_power_cut(node);
    sim_node_switch_on(node);
    sim_run(sim, MINUTES(2));
    assert_int_equal(story_starts(sim, "rare"), 1);
    story_run_now(node, "rare");
    sim_run(sim, SECONDS(5));
    assert_int_equal(story_starts(sim, "rare"), 2);
    story_end(sim);
}

static void cancelling_ends_the_run_and_not_the_schedule(void **state)
{
    (void)state;
    struct sim *sim = story_begin(11, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job slow = {.name = "slow", .every_ms = SECONDS(60), .work = {"for=50000"}};
    story_define(node, &slow);
    story_until(sim, "2026-09-22 10:01:10");
    story_cancel(node, "slow");
    story_until(sim, "2026-09-22 10:03:00");
    story_until(sim, "2026-09-22 10:03:58");
    assert_int_equal(story_count(node, "slow", LEDGER_CANCELLED), 1);
    assert_int_equal(story_count(node, "slow", LEDGER_OK), 2);
    story_end(sim);
}

static void cancelling_a_deaf_run_kills_it_after_its_grace(void **state)
{
    (void)state;
    struct sim *sim = story_begin(12, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job deaf = {.name = "deaf",
                                 .every_ms = HOURS(1),
                                 .anchor_ms = 60000,
                                 .grace_ms = 7000,
                                 .work = {"for=500000", "deaf"}};
    story_define(node, &deaf);
    story_until(sim, "2026-09-22 10:02:00");
    story_cancel(node, "deaf");
    sim_run(sim, SECONDS(20));
    assert_int_equal(story_count(node, "deaf", LEDGER_CANCELLED), 1);
    const struct sim_start *start = sim_check_last_start(sim, "deaf");
    assert_in_range(start->ended_wall_ms - story_time("2026-09-22 10:02:00"), 7000, 7100);
    story_end(sim);
}

static void cancelling_stops_the_attempts_to_come(void **state)
{
    (void)state;
    struct sim *sim = story_begin(13, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "job",
                                .every_ms = HOURS(1),
                                .anchor_ms = 60000,
                                .retry_times = 5,
                                .retry_delay_ms = 30000,
                                .work = {"exit=1"}};
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:01:40"); // two attempts have failed, the third waits
    story_cancel(node, "job");
    sim_run(sim, MINUTES(5));
    assert_int_equal(story_starts(sim, "job"), 2);
    assert_int_equal(story_due_count(node, "job"), 1);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_paused_stretch_is_skipped_and_said),
        cmocka_unit_test(a_pause_after_the_claim_still_stops_the_start),
        cmocka_unit_test(two_pauses_need_two_resumes),
        cmocka_unit_test(editing_the_command_fires_nothing_again),
        cmocka_unit_test(a_new_schedule_counts_from_when_it_was_signed),
        cmocka_unit_test(a_deleted_job_stops_and_a_new_one_begins_a_new_life),
        cmocka_unit_test(deleting_while_it_runs_lets_the_run_end),
        cmocka_unit_test(a_job_deleted_while_paused_leaves_no_gap),
        cmocka_unit_test(a_schedule_changed_while_paused_leaves_no_gap),
        cmocka_unit_test(an_order_runs_it_now_and_only_once),
        cmocka_unit_test(cancelling_ends_the_run_and_not_the_schedule),
        cmocka_unit_test(cancelling_a_deaf_run_kills_it_after_its_grace),
        cmocka_unit_test(cancelling_stops_the_attempts_to_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
