// story_stalls.c - jobs that stand still: each due time gets its reason, each stretch one verdict.
#include "tests/sim/story.h"

#include "node/core/state.h"

#include <stdio.h>
#include <string.h>

struct verdicts {
    char *reason; // of the newest; 256 bytes
    size_t count;
};

static void count_verdict(const struct control_reply *reply, void *context)
{
    struct verdicts *verdicts = context;
    if (reply->kind == CONTROL_REPLY_RUN && !reply->is.run.has_run && verdicts->count++ == 0)
        snprintf(verdicts->reason, 256, "%s", reply->is.run.reason);
}

// Rows of the job that have no run, and the reason of the newest.
static size_t verdict_rows(struct sim_node *node, const char *job, char reason[256])
{
    struct verdicts verdicts = {.reason = reason};
    story_ask(node, &(struct control_request){.kind = CONTROL_RUNS, .job = job, .limit = 1000}, count_verdict,
              &verdicts);
    return verdicts.count;
}

static void count_skipped(const struct control_reply *reply, void *context)
{
    *(size_t *)context += reply->kind == CONTROL_REPLY_RUN && reply->is.run.status == LEDGER_SKIPPED;
}

// Rows that tell of what was skipped.
static size_t skipped_rows(struct sim_node *node, const char *job)
{
    size_t count = 0;
    story_ask(node, &(struct control_request){.kind = CONTROL_RUNS, .job = job, .limit = 1000}, count_skipped,
              &count);
    return count;
}

static const struct sim_job pinned = {.name = "pinned",
                                      .every_ms = SECONDS(20),
                                      .node = "n3",
                                      .catch_up = DEFINITION_CATCH_UP_NONE,
                                      .work = {"for=300"}};

static void nobody_may_run_it_and_the_keepers_say_so(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        char reason[256] = "";
        story_define(sim->nodes[0], &pinned);
        story_until(sim, "2026-09-22 10:02:05");
        sim_node_power_cut(sim->nodes[2]);
        story_until(sim, "2026-09-22 11:02:00");
        assert_int_equal(verdict_rows(sim->nodes[0], "main/pinned", reason), 1);
        assert_string_equal(reason, "no eligible node: n3 is away");
        sim_node_switch_on(sim->nodes[2]);
        sim_run(sim, MINUTES(2));
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(story_count(sim->nodes[i], "pinned", LEDGER_OPEN), 0);
            assert_true(story_count(sim->nodes[i], "pinned", LEDGER_BLOCKED) > 80);
        }
        assert_true(story_outcomes_equal(sim, "pinned"));
        assert_int_equal(sim->check->double_count, 0);
        assert_int_equal(sim_check_last_start(sim, "pinned")->node, 2);
        story_end(sim);
    }
}

static void a_node_that_comes_back_still_catches_up(void **state)
{
    (void)state;
    struct sim *sim = story_begin(11, 3, "2026-09-22 10:00:00");
    struct sim_job job = pinned;
    job.every_ms = HOURS(1);
    job.anchor_ms = (int64_t)MINUTES(5);
    job.catch_up = DEFINITION_CATCH_UP_LAST;
    job.catch_up_within_ms = HOURS(1);
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 10:04:00");
    sim_node_power_cut(sim->nodes[2]);
    story_until(sim, "2026-09-22 12:35:00"); // 10:05, 11:05, 12:05 passed; the last is young enough
    sim_node_switch_on(sim->nodes[2]);
    sim_run(sim, MINUTES(2));
    assert_int_equal(story_starts(sim, "pinned"), 1);
    assert_int_equal(sim_check_last_start(sim, "pinned")->due_ms, story_time("2026-09-22 12:05:00"));
    assert_int_equal(story_count(sim->nodes[0], "pinned", LEDGER_OK), 1);
    assert_true(story_outcomes_equal(sim, "pinned"));
    story_end(sim);
}

static void a_name_nobody_has_blocks_it(void **state)
{
    (void)state;
    struct sim *sim = story_begin(21, 3, "2026-09-22 10:00:00");
    struct sim_job job = pinned;
    char reason[256] = "";
    job.node = "nas";
    story_define(sim->nodes[0], &job);
    sim_run(sim, MINUTES(10));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(verdict_rows(sim->nodes[i], "main/pinned", reason), 1);
        assert_string_equal(reason, "no eligible node: nas is no member");
    }
    assert_int_equal(story_starts(sim, "pinned"), 0);
    sim_run(sim, HOURS(30)); // doubling, then daily: the stretch stays one
    assert_int_equal(verdict_rows(sim->nodes[1], "main/pinned", reason), 1);
    story_end(sim);
}

static void a_pause_is_one_stretch_with_a_name_while_it_lasts(void **state)
{
    (void)state;
    struct sim *sim = story_begin(31, 3, "2026-09-22 10:00:00");
    const struct sim_job job = {.name = "job", .every_ms = SECONDS(20), .work = {"for=300"}};
    char reason[256] = "";
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 10:05:05");
    story_pause(sim->nodes[0], "job");
    story_until(sim, "2026-09-22 10:30:00");
    assert_int_equal(verdict_rows(sim->nodes[1], "main/job", reason), 1);
    assert_int_equal(strncmp(reason, "paused by ", 10), 0);
    sim_node_power_cut(story_owner(sim, "job"));
    sim_run(sim, MINUTES(10));
    for (size_t i = 0; i < 3; i++)
        if (!sim_node_is_up(sim->nodes[i]))
            sim_node_switch_on(sim->nodes[i]);
    sim_run(sim, MINUTES(5));
    story_resume(sim->nodes[0], "job");
    sim_run(sim, MINUTES(5));
    for (size_t i = 0; i < 3; i++)
        assert_in_range(story_count(sim->nodes[i], "job", LEDGER_SKIPPED), 119, 123); // 40 minutes
    assert_true(story_outcomes_equal(sim, "job"));
    story_end(sim);
}

// However the pause lies to the blocks of claims, and whoever pauses: it is one row.
static void a_short_pause_of_a_job_every_two_seconds_is_one_stretch(void **state)
{
    (void)state;
    for (uint64_t seed = 51; seed < 61; seed++) {
        struct sim *sim = story_begin(seed, 1 + seed % 3, "2026-09-22 10:00:00");
        const struct sim_job job = {.name = "tick", .every_ms = SECONDS(2), .work = {"for=100"}};
        story_define(sim->nodes[0], &job);
        sim_run(sim, SECONDS(25) + (seed - 51) * 1300);
        story_pause(sim->nodes[0], "tick");
        sim_run(sim, SECONDS(13) + (seed - 51) * 700);
        assert_true(skipped_rows(sim->nodes[0], "main/tick") <= 1);
        story_resume(sim->nodes[0], "tick");
        sim_run(sim, SECONDS(30));
        for (size_t i = 0; i < sim->node_count; i++)
            assert_int_equal(skipped_rows(sim->nodes[i], "main/tick"), 1);
        assert_int_equal(story_count(sim->nodes[0], "tick", LEDGER_MISSED), 0);
        story_end(sim);
    }
}

static void what_was_due_before_the_pause_is_missed(void **state)
{
    (void)state;
    struct sim *sim = story_begin(41, 2, "2026-09-22 10:00:00");
    struct sim_job job = pinned;
    job.node = "n2";
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 10:02:05");
    sim_node_power_cut(sim->nodes[1]);
    sim_run(sim, SECONDS(2));
    sim_node_kill(sim->nodes[0]);
    story_until(sim, "2026-09-22 10:12:05");
    sim_node_start(sim->nodes[0]);
    sim_run(sim, SECONDS(5));
    story_pause(sim->nodes[0], "pinned");
    story_until(sim, "2026-09-22 10:20:05");
    sim_node_switch_on(sim->nodes[1]);
    sim_run(sim, MINUTES(1));
    story_resume(sim->nodes[0], "pinned");
    sim_run(sim, MINUTES(3));
    for (size_t i = 0; i < 2; i++) {
        assert_in_range(story_count(sim->nodes[i], "pinned", LEDGER_SKIPPED), 24, 29);
        assert_in_range(story_count(sim->nodes[i], "pinned", LEDGER_MISSED) +
                            story_count(sim->nodes[i], "pinned", LEDGER_BLOCKED),
                        29, 32);
    }
    story_end(sim);
}

static void a_drained_node_skips_its_own(void **state)
{
    (void)state;
    struct sim *sim = story_begin(51, 2, "2026-09-22 10:00:00");
    const struct sim_job each = {
        .name = "each", .every_ms = SECONDS(20), .spread = DEFINITION_SPREAD_ALL, .work = {"for=300"}};
    struct control_request request = {.kind = CONTROL_DRAIN, .now = true};
    story_define(sim->nodes[0], &each);
    story_until(sim, "2026-09-22 10:02:05");
    sim_answer_free(sim_person_ask(sim, sim->nodes[1], &request));
    story_until(sim, "2026-09-22 10:12:05");
    request.undo = true;
    sim_answer_free(sim_person_ask(sim, sim->nodes[1], &request));
    sim_run(sim, MINUTES(2));
    assert_in_range(story_count(sim->nodes[1], "each", LEDGER_SKIPPED), 29, 31);
    assert_int_equal(story_count(sim->nodes[0], "each", LEDGER_SKIPPED), 0);
    story_end(sim);
}

static void what_this_build_lacks_is_denied(void **state)
{
    (void)state;
    struct sim *sim = story_begin(61, 3, "2026-09-22 10:00:00");
    struct sim_job job = {.name = "job", .every_ms = SECONDS(20), .needs = "teleport", .work = {"for=300"}};
    char reason[256] = "";
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 10:30:10");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(verdict_rows(sim->nodes[i], "main/job", reason), 1);
        assert_string_equal(reason, "it needs teleport, which this version has not");
    }
    job.needs = NULL;
    story_define(sim->nodes[1], &job);
    story_until(sim, "2026-09-22 10:40:10");
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(story_count(sim->nodes[i], "job", LEDGER_DENIED), 89, 91);
        assert_in_range(story_count(sim->nodes[i], "job", LEDGER_OK), 29, 31);
    }
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_may_run_it_and_the_keepers_say_so),
        cmocka_unit_test(a_node_that_comes_back_still_catches_up),
        cmocka_unit_test(a_name_nobody_has_blocks_it),
        cmocka_unit_test(a_pause_is_one_stretch_with_a_name_while_it_lasts),
        cmocka_unit_test(a_short_pause_of_a_job_every_two_seconds_is_one_stretch),
        cmocka_unit_test(what_was_due_before_the_pause_is_missed),
        cmocka_unit_test(a_drained_node_skips_its_own),
        cmocka_unit_test(what_this_build_lacks_is_denied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
