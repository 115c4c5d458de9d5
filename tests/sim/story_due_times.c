// story_due_times.c - one node: every due time has its run, at its time, once; also where clocks change.
#include "tests/sim/story.h"

static void a_job_every_minute_runs_every_minute(void **state)
{
    (void)state;
    struct sim *sim = story_begin(1, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job digest = {
        .name = "digest", .every_ms = SECONDS(60), .work = {"for=5000", "say=100"}};
    story_define(node, &digest);
    sim_run(sim, HOURS(1));
    story_all(node, "digest", LEDGER_OK);
    assert_int_equal(story_due_count(node, "digest"), 60);
    assert_int_equal(story_starts(sim, "digest"), 60);
    story_end(sim);
}

static void a_job_every_second_misses_none(void **state)
{
    (void)state;
    struct sim *sim = story_begin(2, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(1), .work = {"for=100"}};
    story_define(node, &tick);
    sim_run(sim, MINUTES(10));
    story_all(node, "tick", LEDGER_OK);
    assert_int_equal(story_starts(sim, "tick"), 600);
    story_end(sim);
}

static void starts_are_never_late_on_an_idle_machine(void **state)
{
    (void)state;
    struct sim *sim = story_begin(3, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct sim_job job = {
            .name = names[i], .every_ms = SECONDS(30), .anchor_ms = (int64_t)(i * 100), .work = {"for=300"}};
        story_define(node, &job);
    }
    sim_run(sim, MINUTES(20));
    for (size_t i = 0; i < sim->check->start_count; i++) {
        const struct sim_start *start = &sim->check->starts[i];
        assert_in_range(start->started_wall_ms - start->due_ms, 0, 10);
    }
    assert_in_range(sim->check->start_count, 8 * 39, 8 * 41);
    story_end(sim);
}

static void a_job_at_one_time_runs_once(void **state)
{
    (void)state;
    struct sim *sim = story_begin(4, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job cutover = {.name = "cutover", .at_ms = story_time("2026-09-22 10:07:03")};
    story_define(node, &cutover);
    sim_run(sim, HOURS(1));
    story_all(node, "cutover", LEDGER_OK);
    assert_int_equal(story_starts(sim, "cutover"), 1);
    assert_int_equal(sim_check_last_start(sim, "cutover")->due_ms, story_time("2026-09-22 10:07:03"));
    story_end(sim);
}

// Runs a cron job in Berlin and expects these due times, in UTC, and no others.
static void in_berlin(const char *cron, const char *from, const char *until, const char *const *expected)
{
    struct sim *sim = story_begin(5, 1, from);
    struct sim_node *node = sim->nodes[0];
    int64_t due_ms[32];
    size_t count = 0;
    for (; expected[count]; count++)
        due_ms[count] = story_time(expected[count]);
    const struct sim_job job = {
        .name = "berlin", .cron = cron, .zone = "Europe/Berlin", .due_ms = due_ms, .due_count = count};
    story_define(node, &job);
    story_until(sim, until);
    story_all(node, "berlin", LEDGER_OK);
    assert_int_equal(story_starts(sim, "berlin"), count);
    story_end(sim);
}

static void when_the_clock_jumps_over_a_time_it_runs_right_after(void **state)
{
    (void)state;
    static const char *const expected[] = {"2027-03-28 01:00:00", NULL}; // half past two does not exist
    in_berlin("30 2 * * *", "2027-03-27 23:00:00", "2027-03-28 03:00:00", expected);
}

static void times_in_the_gap_fall_together(void **state)
{
    (void)state;
    static const char *const expected[] = {"2027-03-28 00:00:00", "2027-03-28 00:30:00",
                                           "2027-03-28 01:00:00", "2027-03-28 01:30:00", NULL};
    in_berlin("*/30 1-3 * * *", "2027-03-27 23:30:00", "2027-03-28 04:00:00", expected);
}

static void an_hour_that_comes_twice_counts_once(void **state)
{
    (void)state;
    static const char *const expected[] = {"2026-10-24 23:00:00",
                                           "2026-10-24 23:30:00",
                                           "2026-10-25 00:00:00",
                                           "2026-10-25 00:30:00",
                                           "2026-10-25 02:00:00",
                                           "2026-10-25 02:30:00",
                                           NULL};
    in_berlin("*/30 1-3 * * *", "2026-10-24 22:30:00", "2026-10-25 04:00:00", expected);
}

static void every_hour_is_every_hour_also_then(void **state)
{
    (void)state;
    static const char *const expected[] = {"2026-10-24 23:00:00", "2026-10-25 00:00:00",
                                           "2026-10-25 01:00:00", "2026-10-25 02:00:00", NULL};
    in_berlin("0 * * * *", "2026-10-24 22:30:00", "2026-10-25 02:45:00", expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_every_minute_runs_every_minute),
        cmocka_unit_test(a_job_every_second_misses_none),
        cmocka_unit_test(starts_are_never_late_on_an_idle_machine),
        cmocka_unit_test(a_job_at_one_time_runs_once),
        cmocka_unit_test(when_the_clock_jumps_over_a_time_it_runs_right_after),
        cmocka_unit_test(times_in_the_gap_fall_together),
        cmocka_unit_test(an_hour_that_comes_twice_counts_once),
        cmocka_unit_test(every_hour_is_every_hour_also_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
