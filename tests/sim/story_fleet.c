// story_fleet.c - several nodes: one owner, one run, one story, whoever is asked; deaths and moves.
#include "tests/sim/story.h"

#include <string.h>

static const struct sim_job digest = {
    .name = "digest", .every_ms = SECONDS(30), .work = {"for=3000", "say=300"}};
static const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(1), .work = {"for=50"}};

static void three_nodes_find_each_other(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1, 3, story_time("2026-09-22 10:00:00"));
    for (size_t i = 0; i < 3; i++)
        sim_node_switch_on(sim->nodes[i]);
    uint64_t took_ms = story_wait(sim, story_all_see_all, NULL, SECONDS(10));
    print_message("three nodes see each other %llu ms after power\n", (unsigned long long)took_ms);
    story_end(sim);
}

static void twenty_nodes_find_each_other(void **state)
{
    (void)state;
    struct sim *sim = sim_new(2, 20, story_time("2026-09-22 10:00:00"));
    for (size_t i = 0; i < 20; i++)
        sim_node_switch_on(sim->nodes[i]);
    uint64_t took_ms = story_wait(sim, story_all_see_all, NULL, SECONDS(5));
    print_message("twenty nodes see each other %llu ms after power\n", (unsigned long long)took_ms);
    sim_run(sim, SECONDS(10));
    story_define(sim->nodes[7], &digest);
    sim_run(sim, MINUTES(3));
    assert_true(story_tables_equal(sim));
    assert_int_equal(story_owner_count(sim, "digest"), 1);
    for (size_t i = 0; i < 20; i++)
        story_all(sim->nodes[i], "digest", LEDGER_OK);
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
}

static void one_of_three_runs_it_and_all_know(void **state)
{
    (void)state;
    struct sim *sim = story_begin(3, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &digest);
    sim_run(sim, MINUTES(20));
    assert_int_equal(story_owner_count(sim, "digest"), 1);
    for (size_t i = 0; i < 3; i++)
        story_all(sim->nodes[i], "digest", LEDGER_OK);
    assert_int_equal(story_starts(sim, "digest"), 40);
    assert_int_equal(sim->check->double_count, 0);
    assert_true(story_tables_equal(sim));
    story_end(sim);
}

static void a_lossy_network_changes_nothing(void **state)
{
    (void)state;
    struct sim *sim = story_begin(4, 5, "2026-09-22 10:00:00");
    sim->net->loss = 100; // one datagram in ten
    sim->net->twice = 20;
    sim->net->max_ms = 80;
    story_define(sim->nodes[0], &digest);
    sim_run(sim, MINUTES(10));
    for (size_t i = 0; i < 5; i++)
        story_all(sim->nodes[i], "digest", LEDGER_OK);
    assert_int_equal(story_starts(sim, "digest"), 20);
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
}

static void each_node_runs_a_job_for_all(void **state)
{
    (void)state;
    struct sim *sim = story_begin(5, 3, "2026-09-22 10:00:00");
    const struct sim_job uplink = {
        .name = "uplink", .every_ms = SECONDS(60), .spread = DEFINITION_SPREAD_ALL, .work = {"for=500"}};
    story_define(sim->nodes[0], &uplink);
    sim_run(sim, MINUTES(10));
    assert_int_equal(story_starts(sim, "uplink"), 30);
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
}

// A run of the job on another node than this one, begun after an instant.
struct successor {
    const struct sim_node *died;
    uint64_t after_ms;
};

static bool has_started(struct sim *sim, void *context)
{
    const struct successor *wanted = context;
    for (size_t i = sim->check->start_count; i-- > 0;) {
        const struct sim_start *start = &sim->check->starts[i];
        if (start->started_ms < wanted->after_ms)
            return false;
        if (start->node != wanted->died->index)
            return true;
    }
    return false;
}

static void a_successor_starts_within_seconds_of_a_death(void **state)
{
    (void)state;
    uint64_t worst_ms = 0, sum_ms = 0;
    enum { DEATHS = 20 };
    for (uint64_t seed = 1; seed <= DEATHS; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &tick);
        sim_run(sim, SECONDS(20) + sim_random(sim, 3000));
        struct sim_node *owner = story_owner(sim, "tick");
        assert_non_null(owner);
        struct successor wanted = {.died = owner, .after_ms = sim->now_ms};
        if (seed % 2)
            sim_node_power_cut(owner);
        else
            sim_node_kill(owner);
        uint64_t took_ms = story_wait(sim, has_started, &wanted, SECONDS(60));
        worst_ms = MAX_OF(worst_ms, took_ms);
        sum_ms += took_ms;
        sim_run(sim, SECONDS(30));
        story_count(story_other(sim, owner), "tick", LEDGER_OK); // every due time has an outcome
        assert_int_equal(sim->check->double_count, 0);
        story_end(sim);
    }
    print_message("first start by the successor: mean %llu ms, worst %llu ms of %d deaths\n",
                  (unsigned long long)(sum_ms / DEATHS), (unsigned long long)worst_ms, DEATHS);
    assert_in_range(worst_ms, 0, 15000);
}

static void a_returning_node_gets_its_job_back(void **state)
{
    (void)state;
    struct sim *sim = story_begin(6, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    sim_run(sim, SECONDS(20));
    struct sim_node *owner = story_owner(sim, "tick");
    assert_non_null(owner);
    sim_node_power_cut(owner);
    sim_run(sim, SECONDS(60));
    struct sim_node *successor = story_owner(sim, "tick");
    assert_non_null(successor);
    assert_ptr_not_equal(successor, owner);
    sim_node_switch_on(owner);
    sim_run(sim, SECONDS(60));
    assert_ptr_equal(story_owner(sim, "tick"), owner);
    for (size_t i = 0; i < 3; i++)
        story_count(sim->nodes[i], "tick", LEDGER_OK);
    assert_int_equal(sim->check->double_count, 0);
    assert_true(story_outcomes_equal(sim, "tick"));
    story_end(sim);
}

static void drain(struct sim_node *node, bool undo)
{
    const struct control_request request = {.kind = CONTROL_DRAIN, .undo = undo};
    struct sim_answer *answer = sim_person_ask(node->sim, node, &request);
    assert_true(answer->is_done);
    assert_int_equal(answer->exit_status, 0);
    sim_answer_free(answer);
}

static void planned_moves_miss_nothing_and_double_nothing(void **state)
{
    (void)state;
    struct sim *sim = story_begin(7, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    sim_run(sim, SECONDS(20));
    for (int move = 0; move < 50; move++) {
        struct sim_node *owner = story_owner(sim, "tick");
        assert_non_null(owner);
        drain(owner, false);
        sim_run(sim, sim_between(sim, 500, 5000));
        assert_ptr_not_equal(story_owner(sim, "tick"), owner);
        drain(owner, true);
        sim_run(sim, sim_between(sim, 500, 12000));
    }
    sim_run(sim, SECONDS(10));
    assert_int_equal(sim->check->double_count, 0);
    assert_int_equal(story_starts(sim, "tick"), story_due_count(sim->nodes[0], "tick") + 5);
    story_all(sim->nodes[0], "tick", LEDGER_OK);
    assert_true(story_outcomes_equal(sim, "tick"));
    story_end(sim);
}

static void a_stopped_node_takes_its_jobs_anew_before_it_starts_anything(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &tick);
        sim_run(sim, SECONDS(20) + sim_random(sim, 2000));
        struct sim_node *owner = story_owner(sim, "tick");
        assert_non_null(owner);
        sim_node_stop(owner);
        sim_run(sim, SECONDS(30));
        sim_node_continue(owner);
        sim_run(sim, SECONDS(60));
        assert_int_equal(sim->check->double_count, 0);
        for (size_t i = 0; i < 3; i++)
            story_count(sim->nodes[i], "tick", LEDGER_OK);
        assert_true(story_outcomes_equal(sim, "tick"));
        story_end(sim);
    }
}

// What it had claimed before it fell asleep is long past when it wakes; the newest due time is caught up.
static void a_node_that_slept_starts_nothing_of_long_ago(void **state)
{
    (void)state;
    struct sim *sim = story_begin(12, 3, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[1];
    const struct sim_job each = {
        .name = "each", .every_ms = SECONDS(1), .spread = DEFINITION_SPREAD_ALL, .work = {"for=100"}};
    story_define(sim->nodes[0], &each);
    sim_run(sim, SECONDS(23) + 500); // between two due times: nothing is asked of the runner just then
    int64_t slept_ms = sim_node_wall_ms(node);
    sim_node_stop(node);
    sim_run(sim, SECONDS(30));
    int64_t woke_ms = sim_node_wall_ms(node);
    sim_node_continue(node);
    sim_run(sim, SECONDS(60));
    for (size_t i = 0; i < sim->check->start_count; i++) {
        const struct sim_start *start = &sim->check->starts[i];
        assert_false(start->node == 1 && start->due_ms > slept_ms + 1000 && start->due_ms < woke_ms - 5000);
    }
    story_end(sim);
}

static void a_node_off_for_an_hour_does_not_run_what_others_ran(void **state)
{
    (void)state;
    struct sim *sim = story_begin(8, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &digest);
    sim_run(sim, MINUTES(2));
    struct sim_node *owner = story_owner(sim, "digest");
    assert_non_null(owner);
    sim_node_power_cut(owner);
    sim_run(sim, HOURS(1));
    sim_node_switch_on(owner);
    sim_run(sim, MINUTES(5));
    assert_int_equal(sim->check->double_count, 0);
    for (size_t i = 0; i < 3; i++)
        story_count(sim->nodes[i], "digest", LEDGER_OK);
    assert_true(story_outcomes_equal(sim, "digest"));
    story_end(sim);
}

static void a_lone_survivor_goes_on(void **state)
{
    (void)state;
    struct sim *sim = story_begin(9, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &digest);
    sim_run(sim, MINUTES(2));
    sim_node_power_cut(sim->nodes[0]);
    sim_node_power_cut(sim->nodes[1]);
    sim_run(sim, MINUTES(10));
    assert_ptr_equal(story_owner(sim, "digest"), sim->nodes[2]);
    size_t starts = story_starts(sim, "digest");
    sim_node_kill(sim->nodes[2]); // also when it boots alone
    sim_node_start(sim->nodes[2]);
    sim_run(sim, MINUTES(10));
    assert_in_range(story_starts(sim, "digest"), starts + 19, starts + 21);
    story_count(sim->nodes[2], "digest", LEDGER_OK);
    story_end(sim);
}

static void a_full_disk_hands_over_and_runs_on_where_nobody_else_is(void **state)
{
    (void)state;
    struct sim *sim = story_begin(15, 2, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &digest);
    sim_run(sim, MINUTES(2));
    struct sim_node *full = story_owner(sim, "digest");
    assert_non_null(full);
    struct sim_node *other = story_other(sim, full);
    sim_disk_fill(&full->disk, true);
    sim_run(sim, MINUTES(4));
    assert_ptr_equal(story_owner(sim, "digest"), other);
    size_t starts = full->started_count;
    sim_run(sim, MINUTES(5));
    assert_int_equal(full->started_count, starts);
    sim_node_power_cut(other);
    sim_run(sim, MINUTES(5));
    assert_ptr_equal(story_owner(sim, "digest"), full);
    assert_true(full->started_count > starts + 2); // by the room of its ballast
    sim_node_switch_on(other);
    sim_run(sim, MINUTES(5));
    assert_ptr_equal(story_owner(sim, "digest"), other);
    sim_disk_fill(&full->disk, false);
    sim_run(sim, MINUTES(5));
    assert_ptr_equal(story_owner(sim, "digest"), full);
    story_count(full, "digest", LEDGER_OK);
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_nodes_find_each_other),
        cmocka_unit_test(twenty_nodes_find_each_other),
        cmocka_unit_test(one_of_three_runs_it_and_all_know),
        cmocka_unit_test(a_lossy_network_changes_nothing),
        cmocka_unit_test(each_node_runs_a_job_for_all),
        cmocka_unit_test(a_successor_starts_within_seconds_of_a_death),
        cmocka_unit_test(a_returning_node_gets_its_job_back),
        cmocka_unit_test(planned_moves_miss_nothing_and_double_nothing),
        cmocka_unit_test(a_stopped_node_takes_its_jobs_anew_before_it_starts_anything),
        cmocka_unit_test(a_node_that_slept_starts_nothing_of_long_ago),
        cmocka_unit_test(a_node_off_for_an_hour_does_not_run_what_others_ran),
        cmocka_unit_test(a_lone_survivor_goes_on),
        cmocka_unit_test(a_full_disk_hands_over_and_runs_on_where_nobody_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
