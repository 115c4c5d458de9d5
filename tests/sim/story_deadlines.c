// story_deadlines.c - jobs at one time that must not run late: whatever came between, nothing begins after
// the deadline.
#include "tests/sim/story.h"

#include <stdio.h>
#include <string.h>

static struct sim_job cutover(uint64_t expires_ms)
{
    return (struct sim_job){.name = "cutover",
                            .at_ms = story_time("2026-09-22 10:07:03"),
                            .expires_ms = expires_ms,
                            .work = {"for=1000"}};
}

struct told_row {
    char *reason; // 256 bytes
    size_t count;
};

static void take_row(const struct control_reply *reply, void *context)
{
    struct told_row *row = context;
    if (reply->kind != CONTROL_REPLY_RUN)
        return;
    snprintf(row->reason, 256, "%s", reply->is.run.reason);
    row->count++;
}

// What the one row of the job says.
static void reason_of(struct sim_node *node, char out[256])
{
    struct told_row row = {.reason = out};
    story_ask(node, &(struct control_request){.kind = CONTROL_RUNS, .job = "main/cutover", .limit = 10},
              take_row, &row);
    assert_int_equal(row.count, 1);
}

static void is_missed(struct sim *sim, struct sim_node *node)
{
    char reason[256];
    assert_int_equal(story_starts(sim, "cutover"), 0);
    story_all(node, "cutover", LEDGER_MISSED);
    reason_of(node, reason);
    assert_non_null(strstr(reason, "deadline"));
    story_end(sim);
}

static void a_machine_stopped_after_its_claim_does_not_run_it_late(void **state)
{
    (void)state;
    struct sim *sim = story_begin(101, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = cutover(SECONDS(15));
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:07:02");
    sim_node_stop(node);
    story_until(sim, "2026-09-22 10:07:43");
    sim_node_continue(node);
    sim_run(sim, MINUTES(3));
    is_missed(sim, node);
}

static void a_machine_asleep_after_its_claim_does_not_run_it_late(void **state)
{
    (void)state;
    struct sim *sim = story_begin(102, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = cutover(MINUTES(5));
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:07:02");
    sim_node_sleep(node);
    story_until(sim, "2026-09-22 10:13:00");
    sim_node_wake(node);
    sim_run(sim, MINUTES(3));
    is_missed(sim, node);
}

static void a_machine_that_comes_back_too_late_does_not_run_it(void **state)
{
    (void)state;
    struct sim *sim = story_begin(103, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = cutover(SECONDS(20));
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:07:02");
    sim_node_power_cut(node);
    story_until(sim, "2026-09-22 10:07:30");
    sim_node_switch_on(node);
    sim_run(sim, MINUTES(3));
    is_missed(sim, node);
}

static void who_comes_back_in_time_runs_it(void **state)
{
    (void)state;
    struct sim *sim = story_begin(104, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = cutover(MINUTES(10));
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:07:02");
    sim_node_stop(node);
    story_until(sim, "2026-09-22 10:10:00");
    sim_node_continue(node);
    sim_run(sim, MINUTES(3));
    assert_int_equal(story_starts(sim, "cutover"), 1);
    story_all(node, "cutover", LEDGER_OK);
    story_end(sim);
}

static void what_waits_for_a_run_to_end_waits_no_longer_than_that(void **state)
{
    (void)state;
    struct sim *sim = story_begin(105, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    struct sim_job job = cutover(SECONDS(30));
    job.busy = DEFINITION_BUSY_QUEUE;
    job.work[0] = "for=60000";
    story_define(node, &job);
    story_until(sim, "2026-09-22 10:06:50");
    story_run_now(node, "cutover");
    sim_run(sim, MINUTES(5));
    assert_int_equal(story_starts(sim, "cutover"), 1);
    story_all(node, "cutover", LEDGER_MISSED);
    story_end(sim);
}

static void jitter_ends_before_it(void **state)
{
    (void)state;
    for (uint64_t seed = 106; seed < 109; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        struct sim_job job = cutover(SECONDS(20));
        job.jitter_ms = HOURS(1);
        story_define(sim->nodes[0], &job);
        sim_run(sim, MINUTES(9));
        assert_int_equal(story_starts(sim, "cutover"), 1);
        const struct sim_start *start = sim_check_last_start(sim, "cutover");
        assert_in_range(start->started_wall_ms - start->due_ms, 0, SECONDS(20));
        story_all(sim->nodes[0], "cutover", LEDGER_OK);
        story_end(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_stopped_after_its_claim_does_not_run_it_late),
        cmocka_unit_test(a_machine_asleep_after_its_claim_does_not_run_it_late),
        cmocka_unit_test(a_machine_that_comes_back_too_late_does_not_run_it),
        cmocka_unit_test(who_comes_back_in_time_runs_it),
        cmocka_unit_test(what_waits_for_a_run_to_end_waits_no_longer_than_that),
        cmocka_unit_test(jitter_ends_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
