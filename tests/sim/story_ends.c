// story_ends.c - jobs that are deleted or rescheduled while those who should see to them are dead.
#include "tests/sim/story.h"

#include "node/core/state.h"

#include <string.h>

// Claimed in blocks, so that claims of the dead lie beyond the end.
static const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(2), .work = {"for=300"}};
// Nobody else may own it, so nobody claims while its node is dead.
static const struct sim_job pinned = {
    .name = "tick", .every_ms = SECONDS(15), .node = "n3", .work = {"for=300"}};

// The owner dies, and somebody changes the job at another node.
static struct sim_node *change_in_the_gap(struct sim *sim, const struct sim_job *job,
                                          void (*change)(struct sim_node *node))
{
    story_define(sim->nodes[0], job);
    sim_run(sim, SECONDS(30) + sim_random(sim, 5000));
    struct sim_node *owner = story_owner(sim, "tick");
    assert_non_null(owner);
    sim_node_power_cut(owner);
    sim_run(sim, job->node ? sim_between(sim, 20000, 90000) : sim_between(sim, 200, 2500));
    change(story_other(sim, owner));
    return owner;
}

static void delete (struct sim_node *node)
{
    story_delete(node, "tick");
}

static void reschedule(struct sim_node *node)
{
    struct sim_job slower = sim_jobs_find(node->sim, "tick")->job;
    slower.every_ms = SECONDS(7);
    story_define(node, &slower);
}

static void delete_and_create(struct sim_node *node)
{
    story_delete(node, "tick");
    sim_run(node->sim, SECONDS(3));
    story_define(node, &sim_jobs_find(node->sim, "tick")->job);
}

// Asking fails the world where a due time has no outcome.
static void expect_outcomes(struct sim *sim)
{
    for (size_t i = 0; i < sim->node_count; i++)
        if (sim_node_is_up(sim->nodes[i]))
            assert_true(story_due_count(sim->nodes[i], "tick") > 0);
    assert_true(story_outcomes_equal(sim, "tick"));
    assert_int_equal(sim->check->double_count, 0);
}

static void go_through(uint64_t first_seed, const struct sim_job *job, void (*change)(struct sim_node *node))
{
    size_t missed = 0;
    for (uint64_t seed = first_seed; seed < first_seed + 4; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        struct sim_node *owner = change_in_the_gap(sim, job, change);
        sim_run(sim, MINUTES(1));
        if (!job->node || change == delete) // else what follows stands still and is open
            expect_outcomes(sim);
        sim_node_switch_on(owner);
        sim_run(sim, MINUTES(1));
        expect_outcomes(sim);
        missed += story_count(owner, "tick", LEDGER_MISSED) + story_count(owner, "tick", LEDGER_LOST) +
                  story_count(owner, "tick", LEDGER_BLOCKED);
        story_end(sim);
    }
    assert_true(missed > 0);
}

static void deleted_while_its_owner_is_dead(void **state)
{
    (void)state;
    go_through(1, &tick, delete);
    go_through(5, &pinned, delete);
}

static void rescheduled_while_its_owner_is_dead(void **state)
{
    (void)state;
    go_through(11, &tick, reschedule);
    go_through(15, &pinned, reschedule);
}

static void deleted_and_defined_anew_while_its_owner_is_dead(void **state)
{
    (void)state;
    go_through(21, &tick, delete_and_create);
    go_through(25, &pinned, delete_and_create);
}

static void rescheduled_then_deleted_while_its_owner_is_dead(void **state)
{
    (void)state;
    struct sim *sim = story_begin(29, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &pinned);
    story_until(sim, "2026-09-22 10:00:59");
    sim_node_power_cut(sim->nodes[2]); // which has claimed the next one
    sim_run(sim, SECONDS(5));
    reschedule(sim->nodes[0]);
    sim_run(sim, SECONDS(20));
    story_delete(sim->nodes[0], "tick");
    sim_run(sim, MINUTES(5));
    expect_outcomes(sim);
    story_end(sim);
}

static void the_next_keeper_settles_when_the_first_dies_too(void **state)
{
    (void)state;
    for (uint64_t seed = 31; seed <= 34; seed++) {
        struct sim *sim = story_begin(seed, 5, "2026-09-22 10:00:00");
        struct sim_node *owner = change_in_the_gap(sim, seed % 2 ? &tick : &pinned, delete);
        sim_run(sim, SECONDS(2));
        struct sim_node *next = story_other(sim, owner);
        sim_node_power_cut(next);
        sim_run(sim, MINUTES(2));
        expect_outcomes(sim);
        sim_node_switch_on(owner);
        sim_node_switch_on(next);
        sim_run(sim, MINUTES(2));
        expect_outcomes(sim);
        story_end(sim);
    }
}

static void a_fleet_that_slept_over_the_delete_settles_it_later(void **state)
{
    (void)state;
    struct sim *sim = story_begin(41, 3, "2026-09-22 10:00:00");
    struct sim_node *owner = change_in_the_gap(sim, &pinned, delete);
    for (size_t i = 0; i < 3; i++)
        if (sim->nodes[i] != owner)
            sim_node_kill(sim->nodes[i]); // before anybody looked
    sim_run(sim, MINUTES(10));
    for (size_t i = 0; i < 3; i++)
        if (sim->nodes[i] != owner)
            sim_node_start(sim->nodes[i]);
    sim_run(sim, MINUTES(1));
    expect_outcomes(sim);
    story_end(sim);
}

static void each_node_settles_its_own_when_it_is_back(void **state)
{
    (void)state;
    struct sim *sim = story_begin(51, 3, "2026-09-22 10:00:00");
    const struct sim_job each = {
        .name = "each", .every_ms = SECONDS(5), .spread = DEFINITION_SPREAD_ALL, .work = {"for=300"}};
    sim->check->hearing_ms = MINUTES(2); // it is back before it hears of the delete
    story_define(sim->nodes[0], &each);
    sim_run(sim, SECONDS(30));
    sim_node_power_cut(sim->nodes[2]);
    sim_run(sim, MINUTES(1));
    story_delete(sim->nodes[0], "each");
    sim_run(sim, MINUTES(1));
    sim_node_switch_on(sim->nodes[2]);
    sim_run(sim, MINUTES(1));
    for (size_t i = 0; i < 3; i++)
        assert_true(story_due_count(sim->nodes[i], "each") > 0);
    assert_true(story_count(sim->nodes[2], "each", LEDGER_MISSED) >= 11);
    story_end(sim);
}

static void a_delete_with_its_owner_there_writes_nothing_more(void **state)
{
    (void)state;
    struct sim *sim = story_begin(61, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    sim_run(sim, SECONDS(30));
    size_t starts = story_starts(sim, "tick");
    story_delete(sim->nodes[1], "tick");
    sim_run(sim, MINUTES(4));
    for (size_t i = 0; i < 3; i++) {
        story_all(sim->nodes[i], "tick", LEDGER_OK);
        assert_int_equal(sim->nodes[i]->core->past.count, 0);
    }
    assert_int_equal(story_starts(sim, "tick"), starts);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deleted_while_its_owner_is_dead),
        cmocka_unit_test(rescheduled_while_its_owner_is_dead),
        cmocka_unit_test(deleted_and_defined_anew_while_its_owner_is_dead),
        cmocka_unit_test(rescheduled_then_deleted_while_its_owner_is_dead),
        cmocka_unit_test(the_next_keeper_settles_when_the_first_dies_too),
        cmocka_unit_test(a_fleet_that_slept_over_the_delete_settles_it_later),
        cmocka_unit_test(each_node_settles_its_own_when_it_is_back),
        cmocka_unit_test(a_delete_with_its_owner_there_writes_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
