// story_found.c - lives made up from seeds that went wrong once, told as stories.
#include "tests/sim/story.h"

#include "node/core/state.h"

static void an_edited_schedule_repeats_no_order(void **state)
{
    (void)state;
    struct sim *sim = story_begin(24, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    struct sim_job job = {.name = "rare", .every_ms = HOURS(24), .anchor_ms = 1, .work = {"for=300"}};
    story_define(node, &job);
    story_run_now(node, "rare");
    sim_run(sim, SECONDS(10));
    job.every_ms = HOURS(12);
    story_define(node, &job);
    sim_run(sim, SECONDS(10));
    assert_int_equal(story_starts(sim, "rare"), 1);
    sim_node_kill_network(node);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "rare"), 1);
    story_end(sim);
}

static void an_order_is_retried_under_a_new_schedule(void **state)
{
    (void)state;
    struct sim *sim = story_begin(47, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    struct sim_job job = {.name = "rare",
                          .every_ms = HOURS(24),
                          .anchor_ms = 1,
                          .retry_times = 1,
                          .retry_delay_ms = 10000,
                          .work = {"fails=1"}};
    story_define(node, &job);
    story_run_now(node, "rare");
    sim_run(sim, SECONDS(5));
    job.every_ms = HOURS(12);
    story_define(node, &job);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "rare"), 2);
    assert_true(sim_check_last_start(sim, "rare")->is_acknowledged);
    const struct job *own = jobs_find(&node->core->jobs, "main/rare");
    assert_int_equal(own->live, 0);
    story_end(sim);
}

static bool is_asked_for(struct sim *sim, void *context)
{
    const size_t *before = context;
    return sim->check->asked_count > *before;
}

static void a_definition_replaced_while_the_runner_asks_for_it_blocks_nothing(void **state)
{
    (void)state;
    struct sim *sim = story_begin(29, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    struct sim_job job = {.name = "job", .every_ms = MINUTES(1), .work = {"for=300"}};
    story_define(node, &job);
    size_t asked = sim->check->asked_count;
    assert_true(sim_run_until(sim, is_asked_for, &asked, MINUTES(2)));
    job.work[0] = "for=200"; // the runner has not answered yet
    story_define(node, &job);
    sim_run(sim, MINUTES(5));
    story_all(node, "job", LEDGER_OK);
    story_end(sim);
}

static void a_start_under_way_when_its_node_is_stopped_is_not_repeated_without_a_take(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(5), .work = {"for=300"}};
        story_define(sim->nodes[0], &tick);
        sim_run(sim, SECONDS(20));
        struct sim_node *owner = story_owner(sim, "tick");
        assert_non_null(owner);
        size_t asked = sim->check->asked_count;
        assert_true(sim_run_until(sim, is_asked_for, &asked, MINUTES(1)));
        sim_node_stop(owner); // the runner has not answered yet
        sim_run(sim, SECONDS(30));
        sim_node_continue(owner);
        sim_run(sim, MINUTES(1));
        assert_int_equal(sim->check->double_count, 0);
        for (size_t i = 0; i < 3; i++)
            story_all(sim->nodes[i], "tick", LEDGER_OK);
        story_end(sim);
    }
}

static void put_copy(struct sim_node *node, const struct sim_record *record)
{
    struct sim_record copy = {.id = record->id};
    buffer_add(&copy.envelope, record->envelope.data, record->envelope.size);
    assert_int_equal(sim_person_put(node->sim, node, copy), SIM_PUT_ADDED);
}

// Of two nodes the second joins when the first has the job, paused.
static void join_when_it_is_paused(uint64_t seed, const struct sim_job *job, bool is_ordered)
{
    struct sim *sim = sim_new(seed, 2, story_time("2026-09-22 10:00:20"));
    sim_fleet_make_late(sim->fleet, 1);
    sim_node_switch_on(sim->nodes[0]);
    sim_run(sim, SECONDS(3));
    story_define(sim->nodes[0], job);
    if (is_ordered)
        story_run_now(sim->nodes[0], job->name);
    story_pause(sim->nodes[0], job->name);
    size_t starts = story_starts(sim, job->name);
    for (size_t i = 0; i < SIM_FLEET_NODE_RECORDS; i++)
        put_copy(sim->nodes[0], sim_fleet_record_of(sim->fleet, 1, i));
    sim_node_switch_on(sim->nodes[1]);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, job->name), starts);
    assert_true(story_tables_equal(sim));
    story_end(sim);
}

static void a_newcomer_starts_nothing_that_is_paused(void **state)
{
    (void)state;
    const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(5), .work = {"for=300"}};
    const struct sim_job each = {
        .name = "each", .every_ms = HOURS(24), .spread = DEFINITION_SPREAD_ALL, .work = {"for=300"}};
    for (uint64_t seed = 1; seed <= 8; seed++) {
        join_when_it_is_paused(seed, &tick, false);
        join_when_it_is_paused(seed, &each, true);
    }
}

static void a_node_that_starts_anew_is_asked_before_its_runs_are_thought_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct sim *sim = story_begin(seed, 2, "2026-09-22 10:00:05");
        const struct sim_job slow = {.name = "slow", .every_ms = MINUTES(1), .work = {"for=20000"}};
        story_define(sim->nodes[0], &slow);
        story_until(sim, "2026-09-22 10:01:05");
        struct sim_node *owner = story_owner(sim, "slow");
        assert_non_null(owner);
        sim_node_kill_network(owner); // its run goes on
        story_until(sim, "2026-09-22 10:01:50");
        assert_int_equal(story_starts(sim, "slow"), 1);
        sim_run(sim, SECONDS(5));
        story_all(story_other(sim, owner), "slow", LEDGER_OK);
        story_end(sim);
    }
}

static void drain(struct sim_node *node, bool undo)
{
    const struct control_request request = {.kind = CONTROL_DRAIN, .undo = undo};
    struct sim_answer *answer = sim_person_ask(node->sim, node, &request);
    assert_int_equal(answer->exit_status, 0);
    sim_answer_free(answer);
}

static void a_claim_that_one_keeper_knows_and_another_knows_the_end_of_has_ended(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct sim *sim = story_begin(seed, 4, "2026-09-22 10:00:05");
        const struct sim_job tick = {.name = "tick",
                                     .every_ms = SECONDS(15),
                                     .catch_up = DEFINITION_CATCH_UP_ALL,
                                     .catch_up_within_ms = MINUTES(1),
                                     .work = {"for=300"}};
        story_define(sim->nodes[0], &tick);
        sim_run(sim, SECONDS(5));
        struct sim_node *first = story_owner(sim, "tick");
        drain(first, false); // and keeps nothing from here on
        story_until(sim, "2026-09-22 10:00:59");
        struct sim_node *second = story_owner(sim, "tick"), *keeper = NULL;
        for (size_t i = 0; i < 4; i++)
            if (sim->nodes[i] != first && sim->nodes[i] != second)
                keeper = sim->nodes[i];
        assert_non_null(second);
        sim_node_kill(keeper); // it has the claim, and the first one keeps the job again
        story_until(sim, "2026-09-22 10:01:18");
        drain(first, true);
        sim_run(sim, SECONDS(3));
        sim_node_start(keeper);
        sim_run(sim, SECONDS(20));
        assert_ptr_equal(story_owner(sim, "tick"), first);
        assert_int_equal(story_starts(sim, "tick"), story_due_count(first, "tick"));
        assert_int_equal(sim->check->double_count, 0);
        story_end(sim);
    }
}

static void who_met_somebody_while_its_disk_was_full_remembers_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct sim *sim = sim_new(seed, 2, story_time("2026-09-22 10:00:05"));
        const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(5), .work = {"for=300"}};
        sim_fleet_make_late(sim->fleet, 1);
        sim_node_switch_on(sim->nodes[0]);
        sim_run(sim, SECONDS(3));
        story_define(sim->nodes[0], &tick);
        for (size_t i = 0; i < SIM_FLEET_NODE_RECORDS; i++)
            put_copy(sim->nodes[0], sim_fleet_record_of(sim->fleet, 1, i));
        sim_disk_fill(&sim->nodes[0]->disk, true);
        sim_run(sim, SECONDS(10));
        sim_node_switch_on(sim->nodes[1]);
        sim_run(sim, SECONDS(20));
        sim_node_kill(sim->nodes[0]);
        sim_run(sim, SECONDS(30));
        sim_node_start(sim->nodes[0]);
        sim_run(sim, MINUTES(1));
        assert_int_equal(sim->check->double_count, 0);
        story_end(sim);
    }
}

static enum ledger_status status_of(const struct sim_node *node, const char *job, int64_t due_ms)
{
    const struct job *found = jobs_find(&node->core->jobs, job);
    for (size_t i = 0; i < found->known.count; i++)
        if (found->known.items[i].key.due_ms == due_ms)
            return found->known.items[i].status;
    return LEDGER_OPEN;
}

static void take(struct sim *sim, struct sim_node *asked, size_t taker, uint64_t life, uint64_t epoch)
{
    struct buffer body = {0};
    struct message_take_job job = {.job = "main/later", .life = life, .epoch_number = epoch};
    assert_int_equal(message_take_encode(&job, 1, &body), 1);
    assert_true(take_asked(asked->core, &sim->fleet->identities[taker].id, buffer_view(&body)));
    buffer_deinit(&body);
    sim_run(sim, SECONDS(1));
}

static uint64_t promised(const struct sim_node *node, uint64_t life)
{
    const struct take_promise *promise = take_find_promise(node->core, "main/later");
    return promise && promise->life == life ? promise->epoch.number : 0;
}

static void what_is_promised_of_an_unknown_job_is_kept(void **state)
{
    (void)state;
    struct sim *sim = story_begin(5, 3, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    take(sim, node, 1, 3, 8);
    take(sim, node, 2, 3, 7); // it was sent before, and comes after
    assert_int_equal(promised(node, 3), 8);
    take(sim, node, 2, 3, 8);
    assert_memory_equal(&take_find_promise(node->core, "main/later")->epoch.node,
                        &sim->fleet->identities[1].id, sizeof(struct node_id));
    take(sim, node, 2, 1, 9); // of a life that is over
    assert_int_equal(promised(node, 3), 8);
    sim_node_power_cut(node);
    sim_node_switch_on(node);
    sim_run(sim, SECONDS(5));
    assert_int_equal(promised(node, 3), 8);
    take(sim, node, 2, 3, 9);
    assert_int_equal(promised(node, 3), 9);
    story_end(sim);
}

static void what_was_due_while_its_only_node_was_drained_starts_in_time_or_never(void **state)
{
    (void)state;
    struct sim *sim = story_begin(3, 1, "2026-09-22 10:00:05");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job tick = {.name = "tick", .every_ms = MINUTES(1), .work = {"for=300"}};
    story_define(node, &tick);
    story_until(sim, "2026-09-22 10:00:59");
    drain(node, false); // it has claimed the next one
    story_until(sim, "2026-09-22 10:03:30");
    assert_int_equal(status_of(node, "main/tick", story_time("2026-09-22 10:01:00")), LEDGER_BLOCKED);
    drain(node, true);
    sim_run(sim, MINUTES(1));
    assert_int_equal(sim->check->denied_count, 0);
    assert_int_equal(status_of(node, "main/tick", story_time("2026-09-22 10:04:00")), LEDGER_OK);
    story_end(sim);
}

static void a_keeper_that_had_no_power_is_told_soon_what_ended_meanwhile(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct sim *sim = story_begin(seed, 2, "2026-09-22 10:00:05");
        const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(30), .work = {"for=300"}};
        story_define(sim->nodes[0], &tick);
        story_until(sim, "2026-09-22 10:00:55");
        struct sim_node *owner = story_owner(sim, "tick"), *keeper = story_other(sim, owner);
        sim_node_power_cut(keeper); // nothing tells the owner that what it says now reaches nobody
        story_until(sim, "2026-09-22 10:01:02");
        sim_node_switch_on(keeper);
        story_wait(sim, story_all_see_all, NULL, SECONDS(10));
        sim_run(sim, SECONDS(5));
        assert_int_equal(status_of(keeper, "main/tick", story_time("2026-09-22 10:01:00")), LEDGER_OK);
        sim_node_power_cut(owner);
        sim_run(sim, SECONDS(10));
        assert_ptr_equal(story_owner(sim, "tick"), keeper);
        assert_int_equal(story_starts(sim, "tick"), 2);
        story_end(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edited_schedule_repeats_no_order),
        cmocka_unit_test(an_order_is_retried_under_a_new_schedule),
        cmocka_unit_test(a_definition_replaced_while_the_runner_asks_for_it_blocks_nothing),
        cmocka_unit_test(a_start_under_way_when_its_node_is_stopped_is_not_repeated_without_a_take),
        cmocka_unit_test(a_newcomer_starts_nothing_that_is_paused),
        cmocka_unit_test(a_node_that_starts_anew_is_asked_before_its_runs_are_thought_lost),
        cmocka_unit_test(a_claim_that_one_keeper_knows_and_another_knows_the_end_of_has_ended),
        cmocka_unit_test(who_met_somebody_while_its_disk_was_full_remembers_it),
        cmocka_unit_test(what_is_promised_of_an_unknown_job_is_kept),
        cmocka_unit_test(what_was_due_while_its_only_node_was_drained_starts_in_time_or_never),
        cmocka_unit_test(a_keeper_that_had_no_power_is_told_soon_what_ended_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
