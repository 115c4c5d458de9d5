// story_retries.c - an attempt that waits to follow a failed one outlives its process, its machine, its
// owner.
#include "tests/sim/story.h"

#include <string.h>

// Due once, at 10:01:00 and an hour later; each attempt fails after a second and the next waits a minute.
static const struct sim_job flaky = {.name = "flaky",
                                     .every_ms = HOURS(1),
                                     .anchor_ms = 60000,
                                     .retry_times = 2,
                                     .retry_delay_ms = 60000,
                                     .work = {"for=1000", "exit=1"}};

static void expect_attempts(struct sim *sim, size_t count)
{
    assert_int_equal(story_starts(sim, "flaky"), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(sim->check->starts[i].attempt, i + 1);
    assert_int_equal(sim->check->double_count, 0);
}

static void expect_delay(const struct sim *sim, size_t attempt, uint64_t from_ms, uint64_t to_ms)
{
    const struct sim_start *before = &sim->check->starts[attempt - 2], *start = before + 1;
    assert_in_range(start->started_wall_ms - before->ended_wall_ms, from_ms, to_ms);
}

static void a_waiting_attempt_outlives_the_network_process(void **state)
{
    (void)state;
    struct sim *sim = story_begin(1, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &flaky);
    story_until(sim, "2026-09-22 10:01:30");
    expect_attempts(sim, 1);
    sim_node_kill_network(node);
    story_until(sim, "2026-09-22 10:10:00");
    expect_attempts(sim, 3);
    expect_delay(sim, 2, 60000, 60100);
    expect_delay(sim, 3, 60000, 60100);
    story_all(node, "flaky", LEDGER_FAILED);
    story_end(sim);
}

static void a_waiting_attempt_outlives_a_power_cut(void **state)
{
    (void)state;
    struct sim *sim = story_begin(2, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &flaky);
    story_until(sim, "2026-09-22 10:01:20");
    sim_node_power_cut(node);
    sim_run(sim, SECONDS(10));
    sim_node_switch_on(node);
    story_until(sim, "2026-09-22 10:10:00");
    expect_attempts(sim, 3);
    expect_delay(sim, 2, 60000, 60100);
    story_end(sim);
}

static void a_wait_of_three_hours_is_not_forgotten(void **state)
{
    (void)state;
    struct sim *sim = story_begin(3, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    struct sim_job patient = flaky;
    patient.every_ms = HOURS(24);
    patient.anchor_ms = (int64_t)HOURS(10) + 60000;
    patient.retry_delay_ms = HOURS(3);
    patient.catch_up_within_ms = HOURS(12);
    const struct sim_job busy = {.name = "busy", .every_ms = SECONDS(60), .work = {"for=10"}};
    story_define(node, &patient);
    story_until(sim, "2026-09-22 10:02:00");
    story_define(node, &busy); // what memory keeps of settled due times, and the disk tells, is of this one
    story_until(sim, "2026-09-22 12:50:00");
    sim_node_kill(node);
    sim_node_start(node);
    story_until(sim, "2026-09-22 13:05:00");
    assert_int_equal(story_starts(sim, "flaky"), 2);
    assert_int_equal(sim_check_last_start(sim, "flaky")->attempt, 2);
    assert_in_range(sim_check_last_start(sim, "flaky")->started_wall_ms, story_time("2026-09-22 13:01:01"),
                    story_time("2026-09-22 13:01:02"));
    story_end(sim);
}

static void a_successor_carries_out_what_waits(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &flaky);
        story_until(sim, "2026-09-22 10:01:20");
        struct sim_node *owner = story_owner(sim, "flaky");
        assert_non_null(owner);
        sim_node_power_cut(owner);
        story_until(sim, "2026-09-22 10:10:00");
        expect_attempts(sim, 3);
        expect_delay(sim, 2, 60000, 60100);
        assert_int_not_equal(sim->check->starts[1].node, owner->index);
        story_all(story_other(sim, owner), "flaky", LEDGER_FAILED);
        story_end(sim);
    }
}

static void a_planned_move_takes_what_waits_along(void **state)
{
    (void)state;
    struct sim *sim = story_begin(11, 3, "2026-09-22 10:00:00");
    const struct control_request request = {.kind = CONTROL_DRAIN};
    story_define(sim->nodes[0], &flaky);
    story_until(sim, "2026-09-22 10:01:20");
    struct sim_node *owner = story_owner(sim, "flaky");
    assert_non_null(owner);
    sim_answer_free(sim_person_ask(sim, owner, &request));
    story_until(sim, "2026-09-22 10:10:00");
    expect_attempts(sim, 3);
    expect_delay(sim, 2, 60000, 60100);
    assert_int_not_equal(sim->check->starts[1].node, owner->index);
    story_end(sim);
}

static void a_cancel_while_the_owner_is_dead_stops_what_waits(void **state)
{
    (void)state;
    for (uint64_t seed = 21; seed <= 24; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &flaky);
        story_until(sim, "2026-09-22 10:01:20");
        struct sim_node *owner = story_owner(sim, "flaky");
        assert_non_null(owner);
        sim_node_power_cut(owner);
        sim_run(sim, SECONDS(1));
        story_cancel(story_other(sim, owner), "flaky");
        story_until(sim, "2026-09-22 10:10:00");
        expect_attempts(sim, 1);
        sim_node_switch_on(owner);
        story_until(sim, "2026-09-22 10:20:00");
        expect_attempts(sim, 1);
        story_all(owner, "flaky", LEDGER_FAILED);
        story_end(sim);
    }
}

static void what_was_cancelled_stays_so_after_a_restart(void **state)
{
    (void)state;
    struct sim *sim = story_begin(31, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &flaky);
    story_until(sim, "2026-09-22 10:01:20");
    story_cancel(node, "flaky");
    sim_run(sim, SECONDS(5));
    sim_node_kill_network(node);
    story_until(sim, "2026-09-22 10:20:00");
    expect_attempts(sim, 1);
    story_end(sim);
}

static void a_run_lost_in_a_power_cut_is_run_again(void **state)
{
    (void)state;
    struct sim *sim = story_begin(41, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job slow = {
        .name = "slow", .every_ms = HOURS(1), .anchor_ms = 60000, .work = {"for=30000"}};
    story_define(node, &slow);
    story_until(sim, "2026-09-22 10:01:10");
    sim_node_power_cut(node);
    sim_run(sim, SECONDS(5));
    sim_node_switch_on(node);
    story_until(sim, "2026-09-22 10:05:00");
    assert_int_equal(story_starts(sim, "slow"), 2);
    story_all(node, "slow", LEDGER_OK);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_waiting_attempt_outlives_the_network_process),
        cmocka_unit_test(a_waiting_attempt_outlives_a_power_cut),
        cmocka_unit_test(a_wait_of_three_hours_is_not_forgotten),
        cmocka_unit_test(a_successor_carries_out_what_waits),
        cmocka_unit_test(a_planned_move_takes_what_waits_along),
        cmocka_unit_test(a_cancel_while_the_owner_is_dead_stops_what_waits),
        cmocka_unit_test(what_was_cancelled_stays_so_after_a_restart),
        cmocka_unit_test(a_run_lost_in_a_power_cut_is_run_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
