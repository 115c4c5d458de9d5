// story_ranges.c - jobs that come every second: few records, every due time told, whatever dies in between.
#include "tests/sim/story.h"

#include <string.h>

static const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(1), .work = {"for=50"}};

enum { CLAIMS = 64, RESULTS = 66, VERDICTS = 67 };

static size_t records(struct sim_node *node, int kind)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(node->disk.database.connection,
                                    "SELECT COUNT(*) FROM ledger WHERE kind = ?1", -1, &statement, NULL);
    assert_int_equal(result, SQLITE_OK);
    sqlite3_bind_int(statement, 1, kind);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    size_t count = (size_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

static bool ended_well_before(const struct sim *sim, size_t start)
{
    const struct sim_start *later = &sim->check->starts[start];
    for (size_t i = 0; i < start; i++) {
        const struct sim_start *earlier = &sim->check->starts[i];
        if (hash_equal(&earlier->occurrence, &later->occurrence) && earlier->status == LEDGER_OK &&
            earlier->ended_ms <= later->started_ms)
            return true;
    }
    return false;
}

// What has ended well is told so by every node, and was not begun again.
static void expect_no_end_was_lost(struct sim *sim)
{
    for (size_t i = 0; i < sim->check->start_count; i++)
        assert_false(ended_well_before(sim, i));
    for (size_t i = 0; i < sim->node_count; i++) {
        struct sim_node *node = sim->nodes[i];
        if (!sim_node_is_up(node))
            continue;
        struct sim_outcomes outcomes =
            sim_outcomes_ask(sim, node, "tick", sim_node_wall_ms(node) - (int64_t)SECONDS(5));
        for (size_t k = 0; k < sim->check->start_count; k++)
            for (size_t due = 0; due < outcomes.count; due++)
                if (outcomes.items[due].due_ms == sim->check->starts[k].due_ms &&
                    sim->check->starts[k].status == LEDGER_OK)
                    assert_int_equal(outcomes.items[due].status, LEDGER_OK);
        sim_outcomes_deinit(&outcomes);
    }
}

static void an_hour_of_seconds_is_360_results(void **state)
{
    (void)state;
    struct sim *sim = story_begin(1, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    sim_run(sim, HOURS(1));
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(records(sim->nodes[i], RESULTS), 350, 375);
        assert_in_range(records(sim->nodes[i], CLAIMS), 350, 375);
        assert_int_equal(records(sim->nodes[i], VERDICTS), 0);
        story_all(sim->nodes[i], "tick", LEDGER_OK);
    }
    assert_int_equal(sim->check->double_count, 0);
    assert_true(story_outcomes_equal(sim, "tick"));
    story_end(sim);
}

static void who_dies_amid_a_block_leaves_what_it_ended(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &tick);
        sim_run(sim, SECONDS(30) + sim_random(sim, 10000));
        struct sim_node *owner = story_owner(sim, "tick");
        assert_non_null(owner);
        if (seed % 2)
            sim_node_power_cut(owner);
        else
            sim_node_kill(owner);
        sim_run(sim, SECONDS(40));
        expect_no_end_was_lost(sim);
        if (seed % 2)
            sim_node_switch_on(owner);
        else
            sim_node_start(owner);
        sim_run(sim, SECONDS(40));
        expect_no_end_was_lost(sim);
        assert_true(story_outcomes_equal(sim, "tick"));
        assert_int_equal(sim->check->double_count, 0);
        story_end(sim);
    }
}

// One node alone: nobody else can remember what it held.
static void killed_again_and_again(uint64_t seed, bool both)
{
    struct sim *sim = story_begin(seed, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &tick);
    for (int round = 0; round < 20; round++) {
        sim_run(sim, SECONDS(5) + sim_random(sim, 10000));
        if (both) {
            sim_node_kill(node);
            sim_run(sim, sim_random(sim, 500));
            sim_node_start(node);
        } else {
            sim_node_kill_network(node);
        }
    }
    sim_run(sim, SECONDS(30));
    expect_no_end_was_lost(sim);
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
}

static void what_a_network_process_held_the_next_one_hears(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++)
        killed_again_and_again(seed, false);
}

static void what_a_node_held_it_remembers(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed <= 15; seed++)
        killed_again_and_again(seed, true);
}

static void whoever_moves_the_job_takes_what_was_held(void **state)
{
    (void)state;
    struct sim *sim = story_begin(2, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    for (int round = 0; round < 10; round++) {
        sim_run(sim, SECONDS(20) + sim_random(sim, 10000));
        struct sim_node *owner = story_owner(sim, "tick");
        assert_non_null(owner);
        sim_node_kill_network(owner);
    }
    sim_run(sim, SECONDS(30));
    expect_no_end_was_lost(sim);
    assert_int_equal(sim->check->double_count, 0);
    assert_true(story_outcomes_equal(sim, "tick"));
    story_end(sim);
}

static void what_was_skipped_is_told_in_stretches(void **state)
{
    (void)state;
    const struct sim_job slow = {.name = "slow", .every_ms = SECONDS(1), .work = {"for=59500"}};
    struct sim *sim = story_begin(3, 1, "2026-09-22 10:00:00");
    struct sim_node *node = sim->nodes[0];
    story_define(node, &slow);
    sim_run(sim, MINUTES(10));
    assert_in_range(records(node, VERDICTS), 50, 72);
    assert_in_range(story_count(node, "slow", LEDGER_SKIPPED), 585, 595);
    story_end(sim);
}

static void a_pause_is_two_stretches_at_most(void **state)
{
    (void)state;
    struct sim *sim = story_begin(4, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    sim_run(sim, SECONDS(33));
    story_pause(sim->nodes[1], "tick");
    sim_run(sim, MINUTES(5));
    story_resume(sim->nodes[2], "tick");
    sim_run(sim, SECONDS(33));
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(records(sim->nodes[i], VERDICTS), 1, 3);
        assert_in_range(story_count(sim->nodes[i], "tick", LEDGER_SKIPPED), 295, 303);
    }
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_of_seconds_is_360_results),
        cmocka_unit_test(who_dies_amid_a_block_leaves_what_it_ended),
        cmocka_unit_test(what_a_network_process_held_the_next_one_hears),
        cmocka_unit_test(what_a_node_held_it_remembers),
        cmocka_unit_test(whoever_moves_the_job_takes_what_was_held),
        cmocka_unit_test(what_was_skipped_is_told_in_stretches),
        cmocka_unit_test(a_pause_is_two_stretches_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
