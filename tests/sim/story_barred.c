// story_barred.c - blackouts and bounds of jobs without a calendar: what happens then starts nothing, and is
// told as one stretch.
#include "tests/sim/story.h"

#include <string.h>

static const struct definition_trigger ON_DEPLOY = {
    .kind = DEFINITION_EVENT, .name = "main/deploy", .from = DEFINITION_FROM_ANY};
static const char *const A[] = {"main/a"};
static const struct definition_trigger AFTER_A = {.kind = DEFINITION_AFTER, .jobs = A, .job_count = 1};
static const struct definition_trigger ON_DEATH = {.kind = DEFINITION_MEMBER,
                                                   .changes = DEFINITION_MEMBER_DEAD};
static const struct definition_trigger ON_BOOT = {.kind = DEFINITION_BOOT};

static void emit(struct sim_node *node)
{
    assert_int_equal(sim_person_put(node->sim, node, sim_job_emit(node->sim, "deploy", HOURS(2))),
                     SIM_PUT_ADDED);
    sim_run(node->sim, SECONDS(5));
}

struct barred_rows {
    const char *reason;
    size_t rows;
    uint64_t count; // of what they tell
};

static void count_barred(const struct control_reply *reply, void *context)
{
    struct barred_rows *told = context;
    if (reply->kind != CONTROL_REPLY_RUN || !strstr(reply->is.run.reason, told->reason))
        return;
    assert_int_equal(reply->is.run.status, LEDGER_SKIPPED);
    told->rows++;
    told->count += reply->is.run.count;
}

// The rows of `runs` that tell of this reason.
static struct barred_rows told(struct sim_node *node, const char *job, const char *reason)
{
    struct barred_rows told = {.reason = reason};
    story_ask(node, &(struct control_request){.kind = CONTROL_RUNS, .job = job, .limit = 1000}, count_barred,
              &told);
    return told;
}

static void is_told(struct sim *sim, const char *job, const char *reason, size_t rows, uint64_t count)
{
    for (size_t i = 0; i < sim->node_count; i++) {
        if (!sim_node_is_up(sim->nodes[i]))
            continue;
        struct barred_rows rows_told = told(sim->nodes[i], job, reason);
        assert_int_equal(rows_told.rows, rows);
        assert_int_equal(rows_told.count, count);
    }
}

static void events_in_a_blackout_are_one_stretch(void **state)
{
    (void)state;
    struct sim *sim = story_begin(131, 3, "2026-09-22 10:20:20");
    const struct sim_job job = {.name = "roll",
                                .waits = &ON_DEPLOY,
                                .blackout_minute = 30,
                                .blackout_ms = MINUTES(20),
                                .work = {"for=1000"}};
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 10:25:00");
    emit(sim->nodes[0]);
    assert_int_equal(story_starts(sim, "roll"), 1);
    story_until(sim, "2026-09-22 10:31:00");
    for (size_t i = 0; i < 5; i++)
        emit(sim->nodes[i % 3]);
    story_until(sim, "2026-09-22 10:45:00");
    emit(sim->nodes[1]);
    is_told(sim, "main/roll", "blackout", 1, 6); // so far
    story_until(sim, "2026-09-22 10:52:00");
    assert_int_equal(story_starts(sim, "roll"), 1);
    is_told(sim, "main/roll", "blackout", 1, 6);
    sim_node_kill(story_owner(sim, "roll")); // the next owner tells nothing twice, and starts none of them
    story_until(sim, "2026-09-22 10:55:00");
    emit(sim->nodes[0]->core ? sim->nodes[0] : sim->nodes[1]);
    sim_run(sim, SECONDS(20));
    assert_int_equal(story_starts(sim, "roll"), 2);
    is_told(sim, "main/roll", "blackout", 1, 6);
    story_end(sim);
}

static void what_ends_in_a_blackout_starts_nothing(void **state)
{
    (void)state;
    struct sim *sim = story_begin(132, 3, "2026-09-22 10:20:20");
    const struct sim_job a = {.name = "a", .every_ms = MINUTES(5), .work = {"for=1000"}};
    const struct sim_job b = {.name = "b",
                              .waits = &AFTER_A,
                              .blackout_minute = 30,
                              .blackout_ms = MINUTES(20),
                              .work = {"for=100"}};
    story_define(sim->nodes[0], &a);
    story_define(sim->nodes[0], &b);
    story_until(sim, "2026-09-22 10:57:00");
    assert_int_equal(story_starts(sim, "a"), 7);
    assert_int_equal(story_starts(sim, "b"), 3); // 10:25, 10:50, 10:55
    is_told(sim, "main/b", "blackout", 1, 4);
    story_end(sim);
}

static void an_interval_from_the_end_stops_at_a_blackout(void **state)
{
    (void)state;
    struct sim *sim = story_begin(133, 3, "2026-09-22 10:10:20");
    const struct sim_job job = {.name = "sync",
                                .every_ms = MINUTES(4),
                                .from_end = true,
                                .blackout_minute = 30,
                                .blackout_ms = MINUTES(20),
                                .work = {"for=60000"}};
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 10:29:50"); // five minutes each: 14, 19, 24, 29
    assert_int_equal(story_starts(sim, "sync"), 4);
    story_until(sim, "2026-09-22 10:49:50");
    assert_int_equal(story_starts(sim, "sync"), 4);
    story_until(sim, "2026-09-22 10:54:50");
    assert_int_equal(story_starts(sim, "sync"), 5);
    is_told(sim, "main/sync", "blackout", 1, 4); // from 34 on, each four minutes
    story_end(sim);
}

static void what_happens_outside_the_bounds_starts_nothing(void **state)
{
    (void)state;
    struct sim *sim = story_begin(134, 3, "2026-09-22 10:00:20");
    const struct sim_job job = {.name = "roll",
                                .waits = &ON_DEPLOY,
                                .not_before_ms = story_time("2026-09-22 10:10:00"),
                                .not_after_ms = story_time("2026-09-22 10:20:00"),
                                .work = {"for=1000"}};
    story_define(sim->nodes[0], &job);
    sim_run(sim, SECONDS(10));
    emit(sim->nodes[0]);
    emit(sim->nodes[0]);
    story_until(sim, "2026-09-22 10:12:00");
    emit(sim->nodes[0]);
    assert_int_equal(story_starts(sim, "roll"), 1);
    story_until(sim, "2026-09-22 10:21:00");
    emit(sim->nodes[0]);
    sim_run(sim, MINUTES(2));
    assert_int_equal(story_starts(sim, "roll"), 1);
    is_told(sim, "main/roll", "before not_before", 1, 2);
    is_told(sim, "main/roll", "after not_after", 1, 1);
    story_end(sim);
}

static void a_death_and_a_boot_in_a_blackout_start_nothing(void **state)
{
    (void)state;
    struct sim *sim = story_begin(135, 3, "2026-09-22 10:28:20");
    struct sim_job job = {
        .name = "watch", .waits = &ON_DEATH, .blackout_minute = 30, .blackout_ms = MINUTES(20)};
    story_define(sim->nodes[0], &job);
    job.name = "hello";
    job.waits = &ON_BOOT;
    job.spread = DEFINITION_SPREAD_ALL;
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 10:32:00");
    sim_node_power_cut(sim->nodes[2]);
    sim_run(sim, MINUTES(2));
    sim_node_switch_on(sim->nodes[2]);
    story_until(sim, "2026-09-22 10:55:00");
    assert_int_equal(story_starts(sim, "watch"), 0);
    assert_int_equal(story_starts(sim, "hello"), 0);
    is_told(sim, "main/watch", "blackout", 1, 1);
    is_told(sim, "main/hello", "blackout", 1, 1);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_in_a_blackout_are_one_stretch),
        cmocka_unit_test(what_ends_in_a_blackout_starts_nothing),
        cmocka_unit_test(an_interval_from_the_end_stops_at_a_blackout),
        cmocka_unit_test(what_happens_outside_the_bounds_starts_nothing),
        cmocka_unit_test(a_death_and_a_boot_in_a_blackout_start_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
