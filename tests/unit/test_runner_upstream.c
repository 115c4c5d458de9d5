// test_runner_upstream.c - a network process in wrong hands: what a job is said to come after is denied
// unless it was shown, a node of the fleet signed it, and it makes the cause that is named.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/core/occurrence.h"
#include "node/core/trigger/upstream.h"
#include "node/io/clock.h"
#include "node/io/runner/rate.h"
#include "tests/unit/support_attack.h"

#define BIT(kind) (1u << (kind))

static const char *const UP[] = {"main/up"}, *const BOTH[] = {"main/up", "main/other"};

static struct frame_start define(struct support_runner *runner, const char *const *jobs, size_t count)
{
    const struct definition_trigger trigger = {
        .kind = DEFINITION_AFTER, .jobs = jobs, .job_count = count, .all = count > 1};
    struct definition definition =
        support_runner_definition(runner, "down", "echo $KATYDID_CAUSE $KATYDID_UPSTREAM_JOB");
    definition.triggers = &trigger;
    struct frame_start start = support_attack_define(runner, &definition);
    start.due_ms = 0;
    start.cause = FRAME_UPSTREAM;
    return start;
}

static struct ledger_result end_of(const char *job, int64_t due_ms, enum ledger_status status)
{
    struct ledger_result result = {.occurrence = {.life = 1, .schedule_version = 1, .due_ms = due_ms},
                                   .run = {{7}},
                                   .attempt = 1,
                                   .status = status,
                                   .reason = "",
                                   .started_ms = due_ms,
                                   .ended_ms = due_ms + 10,
                                   .exit_code = status == LEDGER_OK ? 0 : 1,
                                   .count = 1,
                                   .generation = 1};
    snprintf(result.occurrence.job, sizeof result.occurrence.job, "%s", job);
    return result;
}

static struct hash occurrence_of(const struct ledger_result *result)
{
    const struct ledger_occurrence *of = &result->occurrence;
    const struct occurrence occurrence = {.job = of->job,
                                          .life = of->life,
                                          .schedule_version = of->schedule_version,
                                          .trigger = of->trigger,
                                          .target = of->target,
                                          .due_ms = of->due_ms,
                                          .cause = of->cause};
    return occurrence_id_of(&occurrence).hash;
}

// Shows an end signed by `signer` under this cause. Whether it was believed.
static bool show(struct support_runner *runner, const struct envelope_signer *signer,
                 const struct ledger_result *result, const struct hash *cause, uint8_t place)
{
    struct buffer body = {0}, envelope = {0};
    ledger_results_encode(result, 1, &body);
    envelope_sign(signer, ENVELOPE_RESULT, buffer_view(&body), &envelope);
    const struct frame frame = {
        .kind = FRAME_SHOW, .record = *cause, .place = place, .data = buffer_view(&envelope)};
    support_runner_send(runner, &frame);
    const struct frame *answer = support_runner_wait(runner, BIT(FRAME_FLOOR));
    buffer_deinit(&body);
    buffer_deinit(&envelope);
    return answer->ok;
}

static void assert_needed(struct support_runner *runner, const struct frame_start *start)
{
    const struct frame *frame = support_runner_try(runner, start);
    assert_int_equal(frame->kind, FRAME_NEED);
    assert_true(hash_equal(&frame->record, &start->cause_record));
}

static void an_end_that_was_not_shown(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define(runner, UP, 1);
    start.cause_record.b[0] = 1;
    assert_needed(runner, &start);
    start.cause_record = (struct hash){{0}};
    support_attack_denied(runner, &start, 4, "nothing is said");
}

static void an_end_of_another_job_or_with_another_outcome(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define(runner, UP, 1);
    struct ledger_result result = end_of("main/stranger", support_runner_due(), LEDGER_OK);
    start.cause_record = occurrence_of(&result);
    assert_true(show(runner, &runner->node, &result, &start.cause_record, 0));
    support_attack_denied(runner, &start, 4, "not what it comes after");
    result = end_of("main/up", support_runner_due(), LEDGER_FAILED);
    start.cause_record = occurrence_of(&result);
    assert_true(show(runner, &runner->node, &result, &start.cause_record, 0));
    support_attack_denied(runner, &start, 4, "not what it comes after");
    result = end_of("main/down", support_runner_due(), LEDGER_OK); // itself
    start.cause_record = occurrence_of(&result);
    assert_true(show(runner, &runner->node, &result, &start.cause_record, 0));
    support_attack_denied(runner, &start, 4, "not what it comes after");
}

static void a_cause_that_the_end_does_not_make(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define(runner, UP, 1);
    const struct ledger_result result = end_of("main/up", support_runner_due(), LEDGER_OK);
    start.cause_record = occurrence_of(&result);
    start.cause_record.b[5] ^= 1;
    assert_true(show(runner, &runner->node, &result, &start.cause_record, 0));
    support_attack_denied(runner, &start, 4, "another cause");
}

static void an_end_that_no_node_signed(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define(runner, UP, 1);
    const struct ledger_result result = end_of("main/up", support_runner_due(), LEDGER_OK);
    start.cause_record = occurrence_of(&result);
    struct envelope_signer stranger = support_signer(&runner->trust.fleet, 99);
    assert_false(show(runner, &stranger, &result, &start.cause_record, 0));
    assert_false(show(runner, &runner->alice, &result, &start.cause_record, 0)); // an operator runs nothing
    assert_needed(runner, &start);
}

static void an_end_too_old_or_of_before_the_schedule(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define(runner, UP, 1);
    struct ledger_result result = end_of("main/up", support_runner_due() - 2 * 3600 * 1000, LEDGER_OK);
    start.cause_record = occurrence_of(&result);
    assert_true(show(runner, &runner->node, &result, &start.cause_record, 0));
    support_attack_denied(runner, &start, 4, "before this schedule began");
}

static void the_same_end_twice(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define(runner, UP, 1);
    struct ledger_result result = end_of("main/up", support_runner_due(), LEDGER_OK);
    start.cause_record = occurrence_of(&result);
    assert_true(show(runner, &runner->node, &result, &start.cause_record, 0));
    support_attack_started(runner, &start);
    support_attack_denied(runner, &start, 5, "has started here before");
    result.ended_ms += 1; // told anew, it is the same occurrence
    assert_true(show(runner, &runner->node, &result, &start.cause_record, 0));
    support_attack_denied(runner, &start, 5, "has started here before");
}

static void half_a_join(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define(runner, BOTH, 2);
    int64_t due_ms = support_runner_due();
    const struct ledger_result up = end_of("main/up", due_ms, LEDGER_OK),
                               other = end_of("main/other", due_ms, LEDGER_OK),
                               later = end_of("main/other", due_ms + 1, LEDGER_OK);
    const struct definition_trigger trigger = {
        .kind = DEFINITION_AFTER, .jobs = BOTH, .job_count = 2, .all = true};
    const struct upstream_trigger of = {"main/down", &trigger, 0};
    const struct upstream_end ends[] = {{.job = "main/up", .due_ms = due_ms, .status = LEDGER_OK},
                                        {.job = "main/other", .due_ms = due_ms, .status = LEDGER_OK}};
    assert_true(upstream_cause(&of, ends, 2, &start.cause_record));
    assert_true(show(runner, &runner->node, &up, &start.cause_record, 0));
    assert_needed(runner, &start);
    assert_true(show(runner, &runner->node, &later, &start.cause_record, 1));
    support_attack_denied(runner, &start, 4, "not what it comes after");
    assert_true(show(runner, &runner->node, &other, &start.cause_record, 1));
    support_attack_started(runner, &start);
}

// The network process signs with the node's key and may invent ends: it gets no further than this.
static void more_ends_than_a_job_may_come_after_in_an_hour(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define(runner, UP, 1);
    for (int i = 0; i <= RATE_PER_HOUR; i++) {
        const struct ledger_result result = end_of("main/up", support_runner_due() - i, LEDGER_OK);
        start.cause_record = occurrence_of(&result);
        assert_true(show(runner, &runner->node, &result, &start.cause_record, 0));
        if (i == RATE_PER_HOUR) {
            support_attack_denied(runner, &start, 4, "within an hour");
            break;
        }
        struct run_id run = support_runner_run(runner, &start);
        support_runner_wait(runner, BIT(FRAME_ENDED));
        support_runner_acknowledge(runner, &run);
    }
}

int main(int argc, char **argv)
{
    if (support_runner_relay(argc, argv))
        return 0;
#define TEST(name) cmocka_unit_test_setup_teardown(name, support_runner_set_up, support_runner_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_end_that_was_not_shown),
        TEST(an_end_of_another_job_or_with_another_outcome),
        TEST(a_cause_that_the_end_does_not_make),
        TEST(an_end_that_no_node_signed),
        TEST(an_end_too_old_or_of_before_the_schedule),
        TEST(the_same_end_twice),
        TEST(half_a_join),
        TEST(more_ends_than_a_job_may_come_after_in_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
