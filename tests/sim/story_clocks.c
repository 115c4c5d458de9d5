// story_clocks.c - clocks that are wrong, that come up in the past, that are set: who is believed, what runs.
#include "tests/sim/story.h"

#include <stdio.h>
#include <string.h>

static const char NOON[] = "2026-09-22 12:00:00";

// Every five minutes by the calendar, within the day the stories live in.
static struct sim_job by_the_calendar(void)
{
    static int64_t due_ms[288];
    for (size_t i = 0; i < COUNT_OF(due_ms); i++)
        due_ms[i] = story_time("2026-09-22 00:00:00") + (int64_t)i * 300000;
    return (struct sim_job){.name = "digest",
                            .cron = "*/5 * * * *",
                            .zone = "UTC",
                            .due_ms = due_ms,
                            .due_count = COUNT_OF(due_ms),
                            .work = {"for=1000"}};
}

static struct control_status status_of(struct sim_node *node, char reason[160])
{
    struct arena arena = {0};
    struct control_reply reply;
    const struct control_request request = {.kind = CONTROL_STATUS, .job = "", .run = ""};
    struct sim_answer *answer = sim_person_ask(node->sim, node, &request);
    assert_true(answer->count);
    sim_answer_get(answer, 0, &arena, &reply);
    snprintf(reason, 160, "%s", reply.is.status.clock_reason);
    struct control_status status = reply.is.status;
    arena_deinit(&arena);
    sim_answer_free(answer);
    return status;
}

static bool is_trusted(struct sim_node *node)
{
    char reason[160];
    return status_of(node, reason).clock_trusted;
}

static void vouch(struct sim_node *node)
{
    const struct control_request request = {.kind = CONTROL_CLOCK_TRUST, .job = "", .run = ""};
    struct sim_answer *answer = sim_person_ask(node->sim, node, &request);
    assert_true(answer->is_done);
    sim_answer_free(answer);
}

static void a_clock_far_from_the_others_is_not_believed(void **state)
{
    (void)state;
    struct sim *sim = story_begin(21, 3, NOON);
    char reason[160];
    const struct sim_job job = by_the_calendar();
    story_define(sim->nodes[0], &job);
    sim_run(sim, MINUTES(20));
    struct sim_node *owner = story_owner(sim, "digest");
    sim_node_step_clock(owner, (int64_t)MINUTES(30));
    sim_run(sim, SECONDS(30));
    assert_false(status_of(owner, reason).clock_trusted);
    assert_non_null(strstr(reason, "ahead of the clocks of 2 others"));
    assert_true(is_trusted(story_other(sim, owner)));
    struct sim_node *heir = story_owner(sim, "digest");
    assert_non_null(heir);
    assert_ptr_not_equal(heir, owner);
    // No change is taken there.
    assert_int_equal(sim_person_put(sim, owner, sim_job_pause(sim, "digest")), SIM_PUT_REFUSED);
    sim_node_step_clock(owner, -(int64_t)MINUTES(30));
    sim_run(sim, MINUTES(10));
    assert_true(is_trusted(owner));
    story_end(sim);
}

static void of_two_that_differ_neither_condemns_itself(void **state)
{
    (void)state;
    struct sim *sim = story_begin(22, 2, NOON);
    sim_node_step_clock(sim->nodes[1], (int64_t)MINUTES(5));
    sim_run(sim, MINUTES(2));
    assert_true(is_trusted(sim->nodes[0]));
    assert_true(is_trusted(sim->nodes[1]));
    story_end(sim);
}

static void a_machine_that_comes_up_in_the_past_waits_for_its_clock(void **state)
{
    (void)state;
    struct sim *sim = story_begin(23, 1, NOON);
    struct sim_node *node = sim->nodes[0];
    char reason[160];
    const struct sim_job job = by_the_calendar();
    story_define(node, &job);
    sim_run(sim, MINUTES(45)); // the time is stored meanwhile
    sim_node_kill(node);
    sim_node_step_clock(node, -(int64_t)HOURS(9));
    sim_run(sim, SECONDS(5));
    sim_node_start(node);
    sim_run(sim, MINUTES(10));
    assert_false(status_of(node, reason).clock_trusted);
    assert_non_null(strstr(reason, "before the last one that was stored"));
    size_t starts = story_starts(sim, "digest");
    sim_run(sim, MINUTES(20));
    assert_int_equal(story_starts(sim, "digest"), starts);
    sim_node_step_clock(node, (int64_t)HOURS(9)); // a time source was found
    sim_run(sim, MINUTES(10));
    assert_true(is_trusted(node));
    assert_in_range(story_starts(sim, "digest"), starts + 2,
                    starts + 3); // what was missed once, then on time
    story_end(sim);
}

static void intervals_go_on_without_a_clock(void **state)
{
    (void)state;
    struct sim *sim = story_begin(24, 1, NOON);
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "pulse", .every_ms = SECONDS(60), .work = {"for=1000"}};
    story_define(node, &job);
    sim_run(sim, MINUTES(45));
    sim_node_step_clock(node, (int64_t)HOURS(3)); // far ahead, so that what is stored is, too
    sim_run(sim, MINUTES(45));
    sim_node_kill(node);
    sim_node_start(node);
    sim_node_step_clock(node, -(int64_t)MINUTES(40));
    sim_run(sim, SECONDS(10));
    assert_false(is_trusted(node));
    sim_run(sim, MINUTES(60));
    size_t starts = story_starts(sim, "pulse");
    sim_run(sim, MINUTES(30));
    assert_in_range(story_starts(sim, "pulse") - starts, 29, 31);
    story_end(sim);
}

static void a_person_vouches_where_there_is_no_time_source(void **state)
{
    (void)state;
    struct sim *sim = story_begin(25, 1, NOON);
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = by_the_calendar();
    sim_run(sim, MINUTES(45));
    sim_node_kill(node);
    sim_node_step_clock(node, -(int64_t)MINUTES(50));
    sim_node_start(node);
    sim_run(sim, SECONDS(20));
    assert_false(is_trusted(node));
    vouch(node);
    assert_true(is_trusted(node));
    sim_node_kill(node); // and it is remembered
    sim_node_start(node);
    sim_run(sim, SECONDS(20));
    assert_true(is_trusted(node));
    (void)job;
    story_end(sim);
}

static void a_step_back_fires_nothing_twice(void **state)
{
    (void)state;
    struct sim *sim = story_begin(26, 1, NOON);
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = by_the_calendar();
    story_define(node, &job);
    sim_run(sim, MINUTES(31));
    size_t starts = story_starts(sim, "digest");
    sim_node_step_clock(node, -(int64_t)MINUTES(12));
    sim_run(sim, MINUTES(11));
    assert_int_equal(story_starts(sim, "digest"), starts);
    sim_node_step_clock(node, (int64_t)MINUTES(12));
    sim_run(sim, MINUTES(10));
    assert_in_range(story_starts(sim, "digest") - starts, 3, 4); // one caught up, then on time
    story_end(sim);
}

// What `jobs` says is amiss with the one job there is.
static void problem_of(struct sim_node *node, char out[256])
{
    const struct control_request request = {.kind = CONTROL_JOBS, .job = "", .run = ""};
    struct sim_answer *answer = sim_person_ask(node->sim, node, &request);
    struct arena arena = {0};
    struct control_reply reply;
    assert_true(answer->count);
    sim_answer_get(answer, 0, &arena, &reply);
    snprintf(out, 256, "%s", reply.is.job.problem);
    arena_deinit(&arena);
    sim_answer_free(answer);
}

static void count_blocked(const struct control_reply *reply, void *context)
{
    if (reply->kind == CONTROL_REPLY_RUN && reply->is.run.status == LEDGER_BLOCKED)
        *(uint64_t *)context += reply->is.run.count;
}

static uint64_t blocked_count(struct sim_node *node)
{
    uint64_t count = 0;
    story_ask(node, &(struct control_request){.kind = CONTROL_RUNS, .job = "main/digest", .limit = 100},
              count_blocked, &count);
    return count;
}

static void too_strict_a_job_says_how_wrong_the_clocks_may_be(void **state)
{
    (void)state;
    char problem[256];
    struct sim *sim = story_begin(38, 3, NOON);
    struct sim_job job = by_the_calendar();
    job.max_clock_error_ms = 1;
    story_define(sim->nodes[0], &job);
    sim_run(sim, MINUTES(1));
    problem_of(sim->nodes[1], problem);
    assert_non_null(strstr(problem, "no eligible node: "));
    assert_non_null(strstr(problem, "n2 has a clock that may be wrong by 100ms; the job allows 1ms"));
    assert_null(strstr(problem, "not trusted"));
    story_end(sim);
    sim = story_begin(39, 3, NOON);
    job.spread = DEFINITION_SPREAD_ALL;
    story_define(sim->nodes[0], &job);
    sim_run(sim, HOURS(2));
    problem_of(sim->nodes[1], problem);
    assert_string_equal(problem, "this node has a clock that may be wrong by 100ms; the job allows 1ms");
    assert_true(blocked_count(sim->nodes[1]) > 5); // and not only open
    assert_int_equal(story_starts(sim, "digest"), 0);
    story_end(sim);
}

// --- clocks that jump, and machines that sleep ---

static void all_step(struct sim *sim, int64_t by_ms)
{
    for (size_t i = 0; i < sim->node_count; i++)
        sim_node_step_clock(sim->nodes[i], by_ms);
}

static void all_sleep(struct sim *sim, int64_t for_ms)
{
    for (size_t i = 0; i < sim->node_count; i++)
        sim_node_sleep(sim->nodes[i]);
    sim_run(sim, (uint64_t)for_ms);
    for (size_t i = 0; i < sim->node_count; i++)
        sim_node_wake(sim->nodes[i]);
}

// Six due times are passed over by all three machines. How many of them run, and how many are missed?
static void pass_over(uint64_t seed, void (*pass)(struct sim *sim, int64_t ms),
                      enum definition_catch_up catch_up, size_t expected)
{
    struct sim *sim = story_begin(seed, 3, NOON);
    struct sim_job job = by_the_calendar();
    job.catch_up = catch_up;
    job.catch_up_within_ms = HOURS(2);
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 12:22:30");
    size_t starts = story_starts(sim, "digest");
    assert_int_equal(starts, 4);
    pass(sim, (int64_t)MINUTES(30)); // to 12:52:30
    sim_run(sim, MINUTES(2));
    assert_int_equal(story_starts(sim, "digest"), starts + expected);
    sim_run(sim, MINUTES(10)); // 12:55 and 13:00, and nothing once more
    assert_int_equal(story_starts(sim, "digest"), starts + expected + 2);
    struct sim_node *node = story_owner(sim, "digest");
    assert_non_null(node);
    assert_int_equal(story_count(node, "digest", LEDGER_MISSED), 6 - expected);
    assert_int_equal(story_count(node, "digest", LEDGER_OK), starts + expected + 2);
    story_end(sim);
}

static void a_step_forward_is_caught_up_once(void **state)
{
    (void)state;
    pass_over(31, all_step, DEFINITION_CATCH_UP_LAST, 1);
    pass_over(32, all_step, DEFINITION_CATCH_UP_NONE, 0);
    pass_over(33, all_step, DEFINITION_CATCH_UP_ALL, 6);
}

static void a_sleep_is_no_different_from_a_step(void **state)
{
    (void)state;
    pass_over(34, all_sleep, DEFINITION_CATCH_UP_LAST, 1);
    pass_over(35, all_sleep, DEFINITION_CATCH_UP_NONE, 0);
    pass_over(36, all_sleep, DEFINITION_CATCH_UP_ALL, 6);
}

static void a_fleet_that_steps_back_fires_nothing_twice(void **state)
{
    (void)state;
    struct sim *sim = story_begin(37, 3, NOON);
    const struct sim_job job = by_the_calendar();
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 12:32:30");
    size_t starts = story_starts(sim, "digest");
    all_step(sim, -(int64_t)MINUTES(20));
    sim_run(sim, MINUTES(19)); // these times were there before
    assert_int_equal(story_starts(sim, "digest"), starts);
    sim_run(sim, MINUTES(11));
    assert_int_equal(story_starts(sim, "digest"), starts + 2);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_far_from_the_others_is_not_believed),
        cmocka_unit_test(of_two_that_differ_neither_condemns_itself),
        cmocka_unit_test(a_machine_that_comes_up_in_the_past_waits_for_its_clock),
        cmocka_unit_test(intervals_go_on_without_a_clock),
        cmocka_unit_test(a_person_vouches_where_there_is_no_time_source),
        cmocka_unit_test(a_step_back_fires_nothing_twice),
        cmocka_unit_test(too_strict_a_job_says_how_wrong_the_clocks_may_be),
        cmocka_unit_test(a_step_forward_is_caught_up_once),
        cmocka_unit_test(a_sleep_is_no_different_from_a_step),
        cmocka_unit_test(a_fleet_that_steps_back_fires_nothing_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
