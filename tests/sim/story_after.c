// story_after.c - jobs that come after other jobs: chains, joins, and owners that die in between.
#include "tests/sim/story.h"

#include <string.h>

static const char *const A[] = {"main/a"}, *const B[] = {"main/b"}, *const BOTH[] = {"main/a", "main/b"},
                         *const EVERYBODY[] = {"*"};
static const struct definition_trigger AFTER_A = {.kind = DEFINITION_AFTER, .jobs = A, .job_count = 1};
static const struct definition_trigger AFTER_B = {.kind = DEFINITION_AFTER, .jobs = B, .job_count = 1};
static const struct definition_trigger AFTER_BOTH = {
    .kind = DEFINITION_AFTER, .jobs = BOTH, .job_count = 2, .all = true};
static const struct definition_trigger ALERT = {
    .kind = DEFINITION_AFTER, .jobs = EVERYBODY, .job_count = 1, .outcome = DEFINITION_OUTCOME_NOT_OK};

static const struct sim_job JOB_B = {.name = "b", .waits = &AFTER_A, .work = {"for=700"}};
static const struct sim_job JOB_C = {.name = "c", .waits = &AFTER_B, .work = {"for=700"}};

static void define_chain(struct sim *sim, uint64_t every_ms)
{
    const struct sim_job a = {.name = "a", .every_ms = every_ms, .work = {"for=1000"}};
    story_define(sim->nodes[0], &a);
    story_define(sim->nodes[0], &JOB_B);
    story_define(sim->nodes[0], &JOB_C);
}

static void a_chain_runs_once_each_time_its_first_job_does(void **state)
{
    (void)state;
    struct sim *sim = story_begin(31, 3, "2026-09-22 10:00:20");
    define_chain(sim, MINUTES(2));
    sim_run(sim, MINUTES(11));
    assert_true(story_starts(sim, "a") >= 5);
    assert_int_equal(story_starts(sim, "b"), story_starts(sim, "a"));
    assert_int_equal(story_starts(sim, "c"), story_starts(sim, "a"));
    assert_true(story_outcomes_equal(sim, "c"));
    story_end(sim);
}

static void what_follows_a_job_is_not_done_again_after_a_restart(void **state)
{
    (void)state;
    struct sim *sim = story_begin(32, 1, "2026-09-22 10:00:20");
    define_chain(sim, HOURS(1));
    story_run_now(sim->nodes[0], "a");
    sim_run(sim, SECONDS(30));
    assert_int_equal(story_starts(sim, "c"), 1);
    for (int restart = 0; restart < 3; restart++) {
        sim_node_kill(sim->nodes[0]);
        sim_run(sim, SECONDS(5));
        sim_node_start(sim->nodes[0]);
        sim_run(sim, SECONDS(30));
    }
    assert_int_equal(story_starts(sim, "b"), 1);
    assert_int_equal(story_starts(sim, "c"), 1);
    story_end(sim);
}

// The machine that owns one of the jobs of the chain goes at some moment of it and stays away.
static void a_chain_goes_on_whichever_owner_dies_whenever(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    for (uint64_t seed = 0; seed < 24; seed++) {
        struct sim *sim = story_begin(100 + seed, 3, "2026-09-22 10:00:20");
        define_chain(sim, HOURS(1));
        sim_run(sim, SECONDS(10));
        struct sim_node *victim = story_owner(sim, names[seed % 3]);
        assert_non_null(victim);
        story_run_now(story_other(sim, victim), "a");
        sim_run(sim, seed / 3 * 500);
        sim_node_kill(victim);
        sim_run(sim, MINUTES(3));
        assert_true(story_starts(sim, "a") >= 1);
        assert_true(story_starts(sim, "b") >= 1);
        assert_true(story_starts(sim, "c") >= 1);
        sim_node_start(victim);
        sim_run(sim, MINUTES(3));
        assert_true(story_outcomes_equal(sim, "b"));
        assert_true(story_outcomes_equal(sim, "c"));
        story_end(sim);
    }
}

static void a_join_runs_once_for_each_due_time_of_both(void **state)
{
    (void)state;
    struct sim *sim = story_begin(33, 3, "2026-09-22 10:00:20");
    const struct sim_job a = {.name = "a", .every_ms = MINUTES(1), .work = {"for=1000"}};
    const struct sim_job b = {.name = "b", .every_ms = MINUTES(2), .work = {"for=20000"}};
    const struct sim_job both = {.name = "both", .waits = &AFTER_BOTH, .work = {"for=500"}};
    story_define(sim->nodes[0], &a);
    story_define(sim->nodes[1], &b);
    story_define(sim->nodes[2], &both);
    sim_run(sim, MINUTES(9));
    assert_true(story_starts(sim, "b") >= 4);
    assert_true(story_starts(sim, "both") <= story_starts(sim, "b"));
    assert_true(story_starts(sim, "both") + 1 >= story_starts(sim, "b"));
    story_end(sim);
}

static void on_both_sides_of_a_cut_what_follows_runs(void **state)
{
    (void)state;
    struct sim *sim = story_begin(34, 4, "2026-09-22 10:00:20");
    define_chain(sim, MINUTES(2));
    sim_run(sim, MINUTES(3));
    story_cut(sim, 3, 12);
    sim_run(sim, MINUTES(6));
    size_t runs_of_a = story_starts(sim, "a");
    assert_true(story_starts(sim, "c") + 1 >= runs_of_a);
    sim_net_heal_all(sim);
    sim_run(sim, MINUTES(10));
    assert_true(story_outcomes_equal(sim, "a"));
    assert_true(story_outcomes_equal(sim, "b"));
    assert_true(story_outcomes_equal(sim, "c"));
    story_end(sim);
}

static void a_retry_that_works_in_the_end_is_no_failure(void **state)
{
    (void)state;
    static const struct definition_trigger not_ok = {
        .kind = DEFINITION_AFTER, .jobs = A, .job_count = 1, .outcome = DEFINITION_OUTCOME_NOT_OK};
    struct sim *sim = story_begin(35, 2, "2026-09-22 10:00:20");
    const struct sim_job a = {
        .name = "a", .every_ms = HOURS(1), .work = {"exit=1"}, .retry_times = 2, .retry_delay_ms = 2000};
    const struct sim_job alarm = {.name = "alarm", .waits = &not_ok, .work = {"for=100"}};
    story_define(sim->nodes[0], &a);
    story_define(sim->nodes[0], &alarm);
    story_run_now(sim->nodes[0], "a");
    sim_run(sim, SECONDS(3));
    assert_int_equal(story_starts(sim, "alarm"), 0); // the first attempt failed, two are to follow
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "a"), 3);
    assert_int_equal(story_starts(sim, "alarm"), 1);
    story_end(sim);
}

static void an_alert_that_fails_does_not_feed_on_itself(void **state)
{
    (void)state;
    struct sim *sim = story_begin(36, 2, "2026-09-22 10:00:20");
    const struct sim_job a = {.name = "a", .every_ms = HOURS(1), .work = {"exit=1"}};
    const struct sim_job alert = {.name = "alert", .waits = &ALERT, .work = {"exit=1"}};
    story_define(sim->nodes[0], &a);
    story_define(sim->nodes[0], &alert);
    story_run_now(sim->nodes[0], "a");
    sim_run(sim, MINUTES(2));
    assert_int_equal(story_starts(sim, "alert"), 1);
    story_end(sim);
}

// All that was missed is one range, and one alert.
static void a_stretch_of_missed_due_times_is_one_alert(void **state)
{
    (void)state;
    struct sim *sim = story_begin(37, 1, "2026-09-22 10:00:20");
    const struct sim_job a = {
        .name = "a", .every_ms = MINUTES(1), .catch_up = DEFINITION_CATCH_UP_NONE, .work = {"for=100"}};
    const struct sim_job alert = {.name = "alert", .waits = &ALERT, .work = {"for=100"}};
    story_define(sim->nodes[0], &a);
    story_define(sim->nodes[0], &alert);
    sim_run(sim, MINUTES(3));
    sim_node_kill(sim->nodes[0]);
    sim_run(sim, HOURS(8));
    sim_node_start(sim->nodes[0]);
    sim_run(sim, MINUTES(5));
    assert_true(story_starts(sim, "alert") >= 1 && story_starts(sim, "alert") <= 2);
    story_end(sim);
}

static void alerts_that_fail_do_not_hear_of_each_other(void **state)
{
    (void)state;
    struct sim *sim = story_begin(38, 2, "2026-09-22 10:00:20");
    const struct sim_job a = {.name = "a", .every_ms = HOURS(2), .work = {"exit=1"}};
    struct sim_job alert = {.name = "x", .waits = &ALERT, .work = {"exit=1"}};
    story_define(sim->nodes[0], &a);
    story_define(sim->nodes[0], &alert);
    alert.name = "y";
    story_define(sim->nodes[0], &alert);
    story_run_now(sim->nodes[0], "a");
    sim_run(sim, MINUTES(5));
    assert_int_equal(story_starts(sim, "x"), 1);
    assert_int_equal(story_starts(sim, "y"), 1);
    story_end(sim);
}

// Two people may close one from two sides at the same moment; the command line refuses all others.
static void a_circle_is_held_by_the_cap(void **state)
{
    (void)state;
    static const char *const OF_X[] = {"main/a", "main/y"}, *const OF_Y[] = {"main/x"};
    static const struct definition_trigger after_y = {
        .kind = DEFINITION_AFTER, .jobs = OF_X, .job_count = 2, .outcome = DEFINITION_OUTCOME_NOT_OK};
    static const struct definition_trigger after_x = {
        .kind = DEFINITION_AFTER, .jobs = OF_Y, .job_count = 1, .outcome = DEFINITION_OUTCOME_NOT_OK};
    struct sim *sim = story_begin(38, 1, "2026-09-22 10:00:20");
    const struct sim_job a = {.name = "a", .every_ms = HOURS(2), .work = {"exit=1"}};
    const struct sim_job x = {.name = "x", .waits = &after_y, .work = {"exit=1"}};
    const struct sim_job y = {.name = "y", .waits = &after_x, .work = {"exit=1"}};
    story_define(sim->nodes[0], &a);
    story_define(sim->nodes[0], &x);
    story_define(sim->nodes[0], &y);
    story_run_now(sim->nodes[0], "a");
    sim_run(sim, MINUTES(50));
    assert_true(story_starts(sim, "x") <= 60);
    assert_true(story_starts(sim, "y") <= 60);
    assert_true(story_starts(sim, "x") >= 10);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_runs_once_each_time_its_first_job_does),
        cmocka_unit_test(what_follows_a_job_is_not_done_again_after_a_restart),
        cmocka_unit_test(a_chain_goes_on_whichever_owner_dies_whenever),
        cmocka_unit_test(a_join_runs_once_for_each_due_time_of_both),
        cmocka_unit_test(on_both_sides_of_a_cut_what_follows_runs),
        cmocka_unit_test(a_retry_that_works_in_the_end_is_no_failure),
        cmocka_unit_test(an_alert_that_fails_does_not_feed_on_itself),
        cmocka_unit_test(a_stretch_of_missed_due_times_is_one_alert),
        cmocka_unit_test(alerts_that_fail_do_not_hear_of_each_other),
        cmocka_unit_test(a_circle_is_held_by_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
