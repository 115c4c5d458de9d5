// test_runner_due.c - a network process in wrong hands: what it may try about where, when and how often is
// denied by its rule, and nothing starts.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crdt/stamp.h"
#include "node/io/clock.h"
#include "node/io/runner/check.h"
#include "tests/unit/support_attack.h"
#include "tests/unit/support_nodes.h"

// --- rule 3: for whom --------------------------------------------------------

static void another_selector_node_or_target(void **state)
{
    struct support_runner *runner = *state;
    static const struct label web[] = {{"role", "web"}}, storage[] = {{"role", "storage"}};
    struct definition definition = support_runner_definition(runner, "web", "true");
    definition.where = (struct labels){web, 1};
    struct frame_start start = support_attack_define(runner, &definition);
    support_attack_denied(runner, &start, 3, "selector");
    definition = support_runner_definition(runner, "elsewhere", "true");
    strcpy(definition.node, "gw-1");
    start = support_attack_define(runner, &definition);
    support_attack_denied(runner, &start, 3, "gw-1");
    definition = support_runner_definition(runner, "here", "true");
    definition.where = (struct labels){storage, 1};
    start = support_attack_define(runner, &definition);
    start.targeted = true; // would make a second occurrence of the same due time
    support_attack_denied(runner, &start, 3, "one node");
    start.targeted = false;
    support_attack_started(runner, &start);
    definition = support_runner_definition(runner, "each", "true");
    definition.spread = DEFINITION_SPREAD_ALL;
    start = support_attack_define(runner, &definition);
    support_attack_denied(runner, &start, 3, "each node");
    start.targeted = true;
    support_attack_started(runner, &start);
}

static void a_node_that_relabels_itself(void **state)
{
    struct support_runner *runner = *state;
    static const struct label web[] = {{"role", "web"}};
    const struct labels labels = {web, 1};
    struct invite invite = {.token_key = runner->node.key,
                            .redeemer = runner->self,
                            .labels = labels,
                            .uses = 5,
                            .expires_ms = clock_wall_ms() + 3600000,
                            .name_pattern = "*",
                            .authority_number = 1};
    struct support_envelope invited = support_sign_invite(&runner->alice, &invite);
    struct admission admission = {.invite = invited.id.hash,
                                  .node_key = runner->node.key,
                                  .name = "nas",
                                  .weight = 100,
                                  .at_ms = clock_wall_ms()};
    struct support_envelope admitted = support_sign_admission(&runner->node, &admission);
    struct support_envelope keys = support_sign_keys(&runner->node, &admitted.id, 9);
    struct definition definition = support_runner_definition(runner, "web", "true");
    definition.where = labels;
    struct frame_start start = support_attack_define(runner, &definition);
    support_runner_feed(runner, buffer_view(&invited.bytes));
    support_runner_feed(runner, buffer_view(&admitted.bytes));
    support_runner_feed(runner, buffer_view(&keys.bytes));
    support_attack_denied(runner, &start, 3, "selector");
    // An operator may relabel it.
    struct support_envelope record = support_sign_node(&runner->alice, SUPPORT_RUNNER_NODE, &labels, 2, 1);
    assert_true(support_runner_feed(runner, buffer_view(&record.bytes)));
    start.due_ms = support_runner_due();
    support_attack_started(runner, &start);
    support_runner_stop(runner, SIGKILL);
    support_runner_start(runner);
    strcpy(definition.name, "web-2");
    start = support_attack_define(runner, &definition);
    support_attack_started(runner, &start);
    support_envelope_deinit(&invited);
    support_envelope_deinit(&admitted);
    support_envelope_deinit(&keys);
    support_envelope_deinit(&record);
}

// --- rule 4: when ------------------------------------------------------------

static void a_due_time_that_is_none_or_in_the_future_or_too_old(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    static const struct definition_trigger minutely = {.kind = DEFINITION_EVERY, .period_ms = 60000};
    definition.triggers = &minutely;
    struct frame_start start = support_attack_define(runner, &definition);
    int64_t due_ms = clock_wall_ms() / 60000 * 60000;
    start.due_ms = due_ms - 1000;
    support_attack_denied(runner, &start, 4, "no trigger");
    start.due_ms = due_ms - 1;
    support_attack_denied(runner, &start, 4, "no trigger");
    start.due_ms = due_ms + 60000;
    support_attack_denied(runner, &start, 4, "by this node's clock");
    start.due_ms = due_ms - 5 * 60000;
    support_attack_denied(runner, &start, 4, "late");
    start.due_ms = due_ms - 61 * 60000;
    support_attack_denied(runner, &start, 4, "before this schedule began");
    start.due_ms = due_ms;
    start.trigger = 1;
    support_attack_denied(runner, &start, 4, "no trigger 2");
    start.trigger = 0;
    start.cause = FRAME_EVENT;
    support_attack_denied(runner, &start, 4, "no other cause");
    start.cause = FRAME_SCHEDULED;
    start.cause_record.b[0] = 1; // would make a second occurrence of the same due time
    support_attack_denied(runner, &start, 4, "no other cause");
    start.cause_record.b[0] = 0;
    support_attack_started(runner, &start);
}

static void lateness_within_the_window_or_after_waiting_is_accepted(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    definition.catch_up_within_ms = 10 * 60000;
    struct frame_start start = support_attack_define(runner, &definition);
    start.due_ms -= 9 * 60000;
    start.cause = FRAME_CATCH_UP;
    support_attack_started(runner, &start);
    start.due_ms -= 10 * 60000;
    support_attack_denied(runner, &start, 4, "late");
    start.cause = FRAME_QUEUED;
    support_attack_started(runner, &start);
    definition = support_runner_definition(runner, "none", "true");
    definition.catch_up = DEFINITION_CATCH_UP_NONE;
    start = support_attack_define(runner, &definition);
    start.due_ms -= 2 * 60000;
    support_attack_denied(runner, &start, 4, "late");
    start.attempt = 2; // a retry: the first attempt took its time
    start.cause = FRAME_RETRY;
    support_attack_started(runner, &start);
}

static void nothing_begins_after_its_deadline(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    int64_t now_ms = clock_wall_ms(), instants_ms[] = {now_ms - 50000, now_ms - 20000};
    const struct definition_trigger at = {
        .kind = DEFINITION_AT, .instants_ms = instants_ms, .instant_count = 2, .expires_ms = 40000};
    definition.triggers = &at;
    definition.catch_up_within_ms = 3600000;
    definition.jitter_ms = 600000;
    struct frame_start start = support_attack_define(runner, &definition);
    start.due_ms = instants_ms[0];
    support_attack_denied(runner, &start, 4, "late");
    start.cause = FRAME_CATCH_UP;
    support_attack_denied(runner, &start, 4, "late");
    start.cause = FRAME_QUEUED;
    support_attack_denied(runner, &start, 4, "late");
    start.due_ms = instants_ms[1];
    start.cause = FRAME_SCHEDULED;
    support_attack_started(runner, &start);
    start.due_ms = instants_ms[0];
    start.attempt = 2; // a retry: the first attempt began in time
    start.cause = FRAME_RETRY;
    support_attack_started(runner, &start);
}

static void jitter_and_spread_make_the_window_wider(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    definition.catch_up = DEFINITION_CATCH_UP_NONE;
    definition.jitter_ms = 3 * 60000;
    definition.catch_up_spread_ms = 20 * 60000; // of what is caught up, and nothing is
    struct frame_start start = support_attack_define(runner, &definition);
    start.due_ms -= 5 * 60000;
    support_attack_denied(runner, &start, 4, "late");
    start.due_ms += 2 * 60000;
    support_attack_started(runner, &start);
    definition = support_runner_definition(runner, "spread", "true");
    definition.catch_up_within_ms = 10 * 60000;
    definition.catch_up_spread_ms = 20 * 60000;
    start = support_attack_define(runner, &definition);
    start.due_ms -= 32 * 60000;
    support_attack_denied(runner, &start, 4, "late");
    start.due_ms += 4 * 60000;
    support_attack_started(runner, &start);
}

static void an_interval_from_the_end_of_a_run_cannot_be_hurried(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    static const struct definition_trigger after = {
        .kind = DEFINITION_EVERY, .period_ms = 20 * 60000, .from_end = true};
    definition.triggers = &after;
    struct frame_start start = support_attack_define(runner, &definition);
    int64_t now_ms = clock_wall_ms();
    start.due_ms = stamp_wall_ms(definition.since) + 19 * 60000; // the first is due after twenty
    support_attack_denied(runner, &start, 4, "has not begun");
    start.due_ms = now_ms + 5000;
    support_attack_denied(runner, &start, 4, "by this node's clock");
    start.due_ms = now_ms - 5000;
    start.cause_record.b[0] = 1;
    support_attack_denied(runner, &start, 4, "no other cause");
    start.cause_record.b[0] = 0;
    support_attack_started(runner, &start);
    start.due_ms -= 25 * 60000; // another due time: the ledger may say what it will
    support_attack_denied(runner, &start, 4, "its period is");
    start.due_ms += 25 * 60000 + 1;
    support_attack_denied(runner, &start, 4, "its period is");
    start.attempt = 2;
    support_attack_denied(runner, &start, 4, "its period is");
    start.due_ms -= 1; // an attempt of the one that started
    support_attack_started(runner, &start);
}

static void a_clock_that_is_said_to_be_wrong_hurries_nothing(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    static const struct definition_trigger every = {.kind = DEFINITION_EVERY, .period_ms = 60000};
    static const struct definition_trigger cron = {.kind = DEFINITION_CRON, .expression = "* * * * *"};
    definition.triggers = &every;
    struct frame_start start = support_attack_define(runner, &definition);
    int64_t due_ms = clock_wall_ms() / 60000 * 60000;
    start.due_ms = due_ms - 10 * 60000;
    support_attack_denied(runner, &start, 4, "late");
    start.clock_offset_ms = -10 * 60000;
    support_attack_started(runner, &start);
    start.due_ms = due_ms + 20 * 60000;
    support_attack_denied(runner, &start, 4, "by this node's clock");
    start.clock_offset_ms = 20 * 60000;
    support_attack_started(runner, &start);
    start.due_ms += 60000;
    start.clock_offset_ms += 60000; // whatever it makes of the clock: a third within a minute
    support_attack_denied(runner, &start, 4, "more often than its period");
    definition = support_runner_definition(runner, "calendar", "true");
    definition.triggers = &cron;
    start = support_attack_define(runner, &definition);
    start.due_ms = due_ms - 10 * 60000;
    start.clock_offset_ms = -10 * 60000;
    support_attack_denied(runner, &start, 4, "said to be wrong");
    definition = support_runner_definition(runner, "bounded", "true");
    definition.triggers = &every;
    definition.not_after_ms = due_ms - 5 * 60000;
    start = support_attack_define(runner, &definition);
    start.due_ms = due_ms - 10 * 60000;
    start.clock_offset_ms = -10 * 60000;
    support_attack_denied(runner, &start, 4, "said to be wrong");
}

static void a_zone_that_is_unknown_here_and_a_local_one_for_any_node(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    const struct definition_trigger every_minute = {.kind = DEFINITION_CRON, .expression = "* * * * *"};
    definition.triggers = &every_minute;
    definition.zone = "Mars/Olympus";
    struct frame_start start = support_attack_define(runner, &definition);
    support_attack_denied(runner, &start, 4, "Mars/Olympus");
    definition.version = 2;
    definition.zone = "local";
    start = support_attack_define(runner, &definition);
    support_attack_denied(runner, &start, 4, "local");
}

static struct order some_order(const char *name)
{
    struct order order = {.action = ORDER_RUN,
                          .namespace_name = "main",
                          .life = 1,
                          .not_before_ms = clock_wall_ms() - 1000,
                          .not_after_ms = clock_wall_ms() + 600000,
                          .stamp = support_attack_stamp(),
                          .authority_number = 1};
    snprintf(order.name, sizeof order.name, "%s", name);
    clock_entropy(order.random, sizeof order.random);
    return order;
}

static struct frame_start order_start(struct support_runner *runner, const struct order *order,
                                      const struct hash *definition)
{
    struct buffer envelope = {0};
    struct frame_start start = {.definition = *definition,
                                .trigger = FRAME_TRIGGER_ORDER,
                                .cause = FRAME_ORDERED,
                                .attempt = 1,
                                .generation = 1,
                                .cause_record = support_sign_order(&runner->alice, order, &envelope).hash};
    assert_true(support_runner_feed(runner, buffer_view(&envelope)));
    buffer_deinit(&envelope);
    return start;
}

static void an_order_runs_once_for_its_job_its_nodes_and_its_window(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    struct hash job = support_attack_define(runner, &definition).definition,
                other = support_attack_define_plain(runner, "other").definition;
    struct order order = some_order("job");
    struct frame_start start = order_start(runner, &order, &job);
    start.due_ms = 1000;
    support_attack_denied(runner, &start, 4, "no due time");
    start.due_ms = 0;
    start.definition = other;
    support_attack_denied(runner, &start, 4, "another job");
    start.definition = job;
    support_attack_started(runner, &start);
    support_attack_denied(runner, &start, 5, "has started");
    start.targeted = true; // the same order under another name
    start.generation = 2;
    support_attack_denied(runner, &start, 5, "has started");
    support_runner_stop(runner, SIGKILL);
    support_runner_start(runner);
    support_attack_define(runner, &definition);
    start = order_start(runner, &order, &job);
    support_attack_denied(runner, &start, 5, "has started");

    const struct node_id stranger = {{1}};
    order = some_order("job");
    order.targets = &stranger;
    order.target_count = 1;
    start = order_start(runner, &order, &job);
    support_attack_denied(runner, &start, 3, "other nodes");
    order = some_order("job");
    order.not_before_ms += 300000;
    start = order_start(runner, &order, &job);
    support_attack_denied(runner, &start, 4, "for later");
    order = some_order("job");
    order.not_before_ms -= 600000;
    order.not_after_ms = clock_wall_ms() - 1000;
    start = order_start(runner, &order, &job);
    support_attack_denied(runner, &start, 4, "too old");
    order = some_order("job");
    order.life = 3;
    start = order_start(runner, &order, &job);
    support_attack_denied(runner, &start, 4, "another life");
    start.cause_record.b[0] ^= 1; // nobody ever ordered that
    assert_int_equal(support_runner_try(runner, &start)->kind, FRAME_NEED);
}

static void a_backfill_starts_the_due_times_of_its_range_once(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    static const struct definition_trigger minutely = {.kind = DEFINITION_EVERY, .period_ms = 60000};
    definition.triggers = &minutely;
    struct hash job = support_attack_define(runner, &definition).definition;
    int64_t last_ms = clock_wall_ms() / 60000 * 60000;
    struct order order = some_order("job");
    order.from_ms = last_ms - 200 * 60000LL; // before the job was made
    order.until_ms = last_ms - 100 * 60000LL;
    struct frame_start start = order_start(runner, &order, &job);
    support_attack_denied(runner, &start, 4, "for past due times"); // not a run beside them
    start.trigger = 0;
    start.due_ms = last_ms - 150 * 60000LL;
    support_attack_denied(runner, &start, 4, "no other cause"); // under a false flag
    start.cause = FRAME_BACKFILL;
    start.due_ms += 1000;
    support_attack_denied(runner, &start, 4, "no trigger");
    start.due_ms = order.from_ms - 60000;
    support_attack_denied(runner, &start, 4, "other due times");
    start.due_ms = order.until_ms + 60000;
    support_attack_denied(runner, &start, 4, "other due times");
    start.due_ms = order.until_ms;
    support_attack_started(runner, &start);
    support_attack_denied(runner, &start, 5, "has started");
    start.generation = 2;
    support_attack_denied(runner, &start, 5, "has started");
    start.due_ms = order.from_ms;
    support_attack_started(runner, &start);
    start.targeted = true;
    support_attack_denied(runner, &start, 3, "name none");
    start.targeted = false;
    start.trigger = 1;
    support_attack_denied(runner, &start, 4, "no trigger 2");

    order = some_order("job"); // says nothing of due times
    start = order_start(runner, &order, &job);
    start.trigger = 0;
    start.cause = FRAME_BACKFILL;
    start.due_ms = last_ms - 60000;
    support_attack_denied(runner, &start, 4, "other due times");
    order = some_order("other");
    order.from_ms = last_ms - 60000;
    order.until_ms = last_ms + 600000;
    start = order_start(runner, &order, &job);
    start.trigger = 0;
    start.cause = FRAME_BACKFILL;
    start.due_ms = last_ms - 60000;
    support_attack_denied(runner, &start, 4, "another job");
    start.due_ms = last_ms + 2 * 60000;
    support_attack_denied(runner, &start, 4, "by this node's clock");
}

// --- rule 5: how often -------------------------------------------------------

static void the_same_occurrence_twice_and_attempt_99(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    definition.retry_times = 1;
    struct frame_start start = support_attack_define(runner, &definition);
    start.attempt = 99;
    support_attack_denied(runner, &start, 5, "attempt 99 of at most 4");
    start.attempt = 5;
    support_attack_denied(runner, &start, 5, "attempt 5 of at most 4");
    start.attempt = 2;
    support_attack_started(runner, &start);
    support_attack_denied(runner, &start, 5, "has started");
    start.generation = 7; // another run id, the same attempt
    support_attack_denied(runner, &start, 5, "has started");
    start.attempt = 1;
    support_attack_denied(runner, &start, 5, "has started");
    start.attempt = 3;
    support_attack_started(runner, &start);
}

static void a_busy_job_runs_once_at_a_time_unless_it_may_overlap(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "busy", "exec sleep 1000");
    struct frame_start start = support_attack_define(runner, &definition);
    support_runner_run(runner, &start);
    start.due_ms -= 1000;
    support_attack_denied(runner, &start, 5, "busy");
    definition = support_runner_definition(runner, "overlaps", "exec sleep 1000");
    definition.busy = DEFINITION_BUSY_ALLOW;
    start = support_attack_define(runner, &definition);
    const int64_t due_ms = start.due_ms;
    for (int i = 0; i < CHECK_ALLOW_COUNT_MAX; i++) {
        start.due_ms = due_ms - (i % 50) * 1000;
        start.attempt = i < 50 ? 1 : 2;
        start.cause = FRAME_QUEUED;
        support_runner_run(runner, &start);
    }
    start.attempt = 3;
    support_attack_denied(runner, &start, 5, "busy: 64 of at most 64");
}

int main(int argc, char **argv)
{
    if (support_runner_relay(argc, argv))
        return 0;
#define TEST(name) cmocka_unit_test_setup_teardown(name, support_runner_set_up, support_runner_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(another_selector_node_or_target),
        TEST(a_node_that_relabels_itself),
        TEST(a_due_time_that_is_none_or_in_the_future_or_too_old),
        TEST(an_interval_from_the_end_of_a_run_cannot_be_hurried),
        TEST(lateness_within_the_window_or_after_waiting_is_accepted),
        TEST(nothing_begins_after_its_deadline),
        TEST(a_clock_that_is_said_to_be_wrong_hurries_nothing),
        TEST(jitter_and_spread_make_the_window_wider),
        TEST(a_zone_that_is_unknown_here_and_a_local_one_for_any_node),
        TEST(a_backfill_starts_the_due_times_of_its_range_once),
        TEST(an_order_runs_once_for_its_job_its_nodes_and_its_window),
        TEST(the_same_occurrence_twice_and_attempt_99),
        TEST(a_busy_job_runs_once_at_a_time_unless_it_may_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
