// story_runs.c - one node: how runs follow each other: retries, busy jobs, limits.
#include "tests/sim/story.h"

#include <string.h>

static void a_failure_is_tried_again_with_growing_delay(void **state)
{
    (void)state;
    struct sim *sim = story_begin(1, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "upload",
                                .every_ms = HOURS(1),
                                .anchor_ms = 60000,
                                .retry_times = 5,
                                .retry_delay_ms = 10000,
                                .retry_growth_milli = 2000,
                                .work = {"for=1000", "fails=3"}};
    story_define(node, &job);
    sim_run(sim, MINUTES(10));
    story_all(node, "upload", LEDGER_OK);
    assert_int_equal(story_starts(sim, "upload"), 4);
    const uint64_t wanted_ms[] = {0, 10000, 20000, 40000};
    for (size_t i = 1; i < 4; i++) {
        const struct sim_start *before = &sim->check->starts[i - 1], *start = &sim->check->starts[i];
        assert_int_equal(start->attempt, i + 1);
        assert_in_range(start->started_ms - before->ended_ms, wanted_ms[i], wanted_ms[i] + 50);
    }
    story_end(sim);
}

static void it_is_given_up_after_the_last_attempt(void **state)
{
    (void)state;
    struct sim *sim = story_begin(2, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "upload",
                                .every_ms = MINUTES(10),
                                .anchor_ms = 60000,
                                .retry_times = 2,
                                .retry_delay_ms = 5000,
                                .work = {"for=1000", "exit=7"}};
    story_define(node, &job);
    sim_run(sim, MINUTES(30));
    story_all(node, "upload", LEDGER_FAILED);
    assert_int_equal(story_starts(sim, "upload"), 9);
    story_end(sim);
}

static struct sim *busy(enum definition_busy policy, const char *work)
{
    struct sim *sim = story_begin(3, 1, "2026-09-22 10:00:20");
    const struct sim_job job = {.name = "long", .every_ms = SECONDS(60), .busy = policy, .work = {work}};
    story_define(sim->nodes[0], &job);
    sim_run(sim, MINUTES(30));
    return sim;
}

static void a_busy_job_skips(void **state)
{
    (void)state;
    struct sim *sim = busy(DEFINITION_BUSY_SKIP, "for=150000"); // two and a half minutes
    assert_int_equal(story_starts(sim, "long"), 10);
    sim_run(sim, MINUTES(3));
    assert_int_equal(story_count(sim->nodes[0], "long", LEDGER_SKIPPED), 22);
    assert_int_equal(story_count(sim->nodes[0], "long", LEDGER_OK), 10);
    story_end(sim);
}

static void a_busy_job_queues_and_catches_up(void **state)
{
    (void)state;
    struct sim *sim = story_begin(4, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    struct sim_job job = {
        .name = "long", .every_ms = SECONDS(60), .busy = DEFINITION_BUSY_QUEUE, .work = {"for=90000"}};
    story_define(node, &job);
    sim_run(sim, MINUTES(10));
    job.work[0] = "for=1000";
    story_define(node, &job);
    sim_run(sim, MINUTES(10));
    story_all(node, "long", LEDGER_OK);
    assert_int_equal(story_starts(sim, "long"), 20);
    for (size_t i = 1; i < sim->check->start_count; i++) {
        assert_true(sim->check->starts[i].started_ms >= sim->check->starts[i - 1].ended_ms);
        assert_true(sim->check->starts[i].due_ms > sim->check->starts[i - 1].due_ms);
    }
    story_end(sim);
}

static void a_busy_job_is_replaced(void **state)
{
    (void)state;
    struct sim *sim = busy(DEFINITION_BUSY_REPLACE, "for=150000");
    assert_int_equal(story_starts(sim, "long"), 30);
    sim_run(sim, SECONDS(30));
    for (size_t i = 1; i < sim->check->start_count; i++)
        assert_true(sim->check->starts[i].started_ms >= sim->check->starts[i - 1].ended_ms);
    story_end(sim);
}

static void a_busy_job_may_run_beside_itself(void **state)
{
    (void)state;
    struct sim *sim = busy(DEFINITION_BUSY_ALLOW, "for=150000");
    assert_int_equal(story_starts(sim, "long"), 30);
    sim_run(sim, MINUTES(3));
    assert_true(sim->check->starts[1].started_ms < sim->check->starts[0].ended_ms);
    story_end(sim);
}

static void a_run_that_takes_too_long_is_ended(void **state)
{
    (void)state;
    struct sim *sim = story_begin(5, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "stuck",
                                .every_ms = MINUTES(5),
                                .anchor_ms = 60000,
                                .time_limit_ms = 20000,
                                .work = {"for=900000"}};
    story_define(node, &job);
    sim_run(sim, MINUTES(20));
    story_all(node, "stuck", LEDGER_TIMEOUT);
    assert_int_equal(story_starts(sim, "stuck"), 4);
    story_end(sim);
}

// What a node answers to `logs` of the last run of the job.
struct shown {
    uint64_t bytes;   // kept
    uint64_t dropped; // jumps of the offset
    uint64_t end;     // of the last byte
    bool is_in_order;
};

static struct shown logs(struct sim_node *node, const char *job)
{
    const struct control_request request = {.kind = CONTROL_LOGS, .job = job};
    struct sim_answer *answer = sim_person_ask(node->sim, node, &request);
    struct shown shown = {.is_in_order = true};
    assert_true(answer->is_done);
    assert_int_equal(answer->exit_status, 0);
    for (size_t i = 0; i < answer->count; i++) {
        struct arena arena = {0};
        struct control_reply reply;
        sim_answer_get(answer, i, &arena, &reply);
        if (reply.kind == CONTROL_REPLY_LOG && reply.is.log.stream == 1) {
            const struct control_log *log = &reply.is.log;
            shown.is_in_order = shown.is_in_order && log->offset >= shown.end;
            shown.dropped += log->offset - shown.end;
            for (size_t k = 0; k < log->data.size; k++) {
                uint64_t at = log->offset + k;
                uint8_t wanted = at % 64 == 63 ? '\n' : (uint8_t)('a' + at % 26);
                assert_int_equal(log->data.data[k], wanted);
            }
            shown.bytes += log->data.size;
            shown.end = log->offset + log->data.size;
        }
        arena_deinit(&arena);
    }
    sim_answer_free(answer);
    return shown;
}

static void output_is_kept_to_the_byte(void **state)
{
    (void)state;
    struct sim *sim = story_begin(6, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {
        .name = "chatty", .every_ms = MINUTES(1), .work = {"for=20000", "say=123457"}};
    story_define(node, &job);
    sim_run(sim, SECONDS(90));
    struct shown shown = logs(node, "main/chatty");
    assert_int_equal(shown.bytes, 123457);
    assert_int_equal(shown.dropped, 0);
    assert_true(shown.is_in_order);
    story_end(sim);
}

static void a_flood_keeps_its_head_and_its_tail(void **state)
{
    (void)state;
    struct sim *sim = story_begin(7, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "flood",
                                .every_ms = HOURS(1),
                                .anchor_ms = 60000,
                                .output_limit_bytes = 300000,
                                .work = {"for=20000", "say=5000000"}};
    story_define(node, &job);
    sim_run(sim, SECONDS(90));
    story_all(node, "flood", LEDGER_OK); // the limit never ends a job
    struct shown shown = logs(node, "main/flood");
    assert_in_range(shown.bytes, 250000, 300000 + 16384);
    assert_int_equal(shown.end, 5000000);
    assert_int_equal(shown.bytes + shown.dropped, 5000000);
    assert_true(shown.is_in_order);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_tried_again_with_growing_delay),
        cmocka_unit_test(it_is_given_up_after_the_last_attempt),
        cmocka_unit_test(a_busy_job_skips),
        cmocka_unit_test(a_busy_job_queues_and_catches_up),
        cmocka_unit_test(a_busy_job_is_replaced),
        cmocka_unit_test(a_busy_job_may_run_beside_itself),
        cmocka_unit_test(a_run_that_takes_too_long_is_ended),
        cmocka_unit_test(output_is_kept_to_the_byte),
        cmocka_unit_test(a_flood_keeps_its_head_and_its_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
