// story_cuts.c - the network falls apart and comes together again.
#include "tests/sim/story.h"

#include "node/core/state.h"

#include <string.h>

static const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(5), .work = {"for=500"}};

static bool tables_are_equal(struct sim *sim, void *context)
{
    (void)context;
    return story_tables_equal(sim);
}

// Runs of the job that began between two moments, by node.
static size_t starts_on(const struct sim *sim, size_t node, uint64_t from_ms, uint64_t to_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->check->start_count; i++) {
        const struct sim_start *start = &sim->check->starts[i];
        count += start->node == node && start->started_ms >= from_ms && start->started_ms < to_ms;
    }
    return count;
}

static void count_duplicate(const struct control_reply *reply, void *context)
{
    *(size_t *)context += reply->kind == CONTROL_REPLY_RUN && reply->is.run.is_duplicate;
}

// Rows that `runs --duplicates` marks as doubling another.
static size_t listed_duplicates(struct sim_node *node, const char *job)
{
    const struct control_request request = {
        .kind = CONTROL_RUNS, .job = job, .limit = 1000, .duplicates = true};
    size_t count = 0;
    story_ask(node, &request, count_duplicate, &count);
    return count;
}

static void expect_healed(struct sim *sim)
{
    uint64_t took_ms = story_wait(sim, tables_are_equal, NULL, SECONDS(10));
    (void)took_ms;
    sim_run(sim, SECONDS(10));
    assert_true(story_outcomes_equal(sim, "tick"));
    for (size_t i = 0; i < sim->node_count; i++)
        assert_int_equal(listed_duplicates(sim->nodes[i], "main/tick"), sim->check->double_count);
    size_t doubled = sim->check->double_count;
    sim_run(sim, MINUTES(1));
    assert_int_equal(sim->check->double_count, doubled); // one owner again
    assert_int_equal(story_owner_count(sim, "tick"), 1);
}

static void find_isolated(const struct control_reply *reply, void *context)
{
    *(bool *)context |= (reply->kind == CONTROL_REPLY_STATUS && reply->is.status.isolated) ||
                        (reply->kind == CONTROL_REPLY_MEMBER && reply->is.member.isolated);
}

// What `status` says, and the node's own row of `members`.
static bool is_isolated(struct sim_node *node)
{
    bool status = false, member = false;
    story_ask(node, &(struct control_request){.kind = CONTROL_STATUS}, find_isolated, &status);
    story_ask(node, &(struct control_request){.kind = CONTROL_MEMBERS}, find_isolated, &member);
    assert_int_equal(status, member);
    return status;
}

static void who_is_answered_by_nobody_knows_itself_isolated(void **state)
{
    (void)state;
    struct sim *sim = story_begin(36, 4, "2026-09-22 10:00:00");
    sim_run(sim, SECONDS(10));
    for (size_t i = 0; i < sim->node_count; i++)
        assert_false(is_isolated(sim->nodes[i]));
    story_cut(sim, 1, 14);
    sim_run(sim, SECONDS(20));
    assert_true(is_isolated(sim->nodes[0]));
    for (size_t i = 1; i < sim->node_count; i++)
        assert_false(is_isolated(sim->nodes[i]));
    sim_net_heal_all(sim);
    sim_run(sim, SECONDS(30));
    assert_false(is_isolated(sim->nodes[0]));
    story_end(sim);
}

static void both_sides_of_a_cut_go_on(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &tick);
        sim_run(sim, SECONDS(30) + sim_random(sim, 5000));
        struct sim_node *owner = story_owner(sim, "tick");
        assert_non_null(owner);
        unsigned lone = 1u << owner->index;
        uint64_t cut_ms = sim->now_ms;
        story_cut(sim, lone, 7 & ~lone);
        sim_run(sim, SECONDS(60));
        assert_in_range(starts_on(sim, owner->index, cut_ms, sim->now_ms), 11, 13);
        size_t others = starts_on(sim, (owner->index + 1) % 3, cut_ms, sim->now_ms) +
                        starts_on(sim, (owner->index + 2) % 3, cut_ms, sim->now_ms);
        assert_in_range(others, 9, 13);
        sim_net_heal_all(sim);
        assert_true(sim->check->double_count > 0);
        expect_healed(sim);
        story_end(sim);
    }
}

static void a_cut_one_way_heals_too(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed <= 16; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &tick);
        sim_run(sim, SECONDS(30) + sim_random(sim, 5000));
        struct sim_node *owner = story_owner(sim, "tick");
        assert_non_null(owner);
        for (size_t other = 0; other < 3; other++) {
            if (other == owner->index)
                continue;
            if (seed % 2) // it is not heard, or hears nothing
                sim_net_cut(sim, owner->index, other);
            else
                sim_net_cut(sim, other, owner->index);
        }
        sim_run(sim, SECONDS(60));
        sim_net_heal_all(sim);
        expect_healed(sim);
        story_end(sim);
    }
}

static void a_missing_wire_between_two_of_three_doubles_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 21; seed <= 24; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &tick);
        sim_run(sim, SECONDS(30));
        story_cut(sim, 1u << (seed % 3), 1u << ((seed + 1) % 3)); // both still reach the third
        sim_run(sim, MINUTES(3));
        assert_int_equal(sim->check->double_count, 0);
        sim_net_heal_all(sim);
        expect_healed(sim);
        story_end(sim);
    }
}

// Nobody there is dead, so a take has to be answered over the missing wire, or by way of the third.
static void jobs_that_come_while_a_wire_is_missing_are_settled_after_it(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    struct sim *sim = story_begin(25, 3, "2026-09-22 10:00:00");
    story_cut(sim, 1, 2); // n3 reaches both
    sim_run(sim, SECONDS(20));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct sim_job job = {.name = names[i], .every_ms = SECONDS(10), .work = {"for=300"}};
        story_define(sim->nodes[2], &job);
    }
    sim_run(sim, MINUTES(3));
    sim_net_heal_all(sim);
    sim_run(sim, MINUTES(1));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_true(story_count(sim->nodes[0], names[i], LEDGER_OK) > 0);
        assert_true(story_outcomes_equal(sim, names[i]));
        assert_int_equal(story_owner_count(sim, names[i]), 1);
    }
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
}

static void jobs_that_come_while_a_wire_is_missing_begin_by_way_of_a_third(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    for (uint64_t seed = 31; seed <= 34; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:00");
        if (seed % 2)
            sim_run(sim, SECONDS(20)); // they have talked to each other
        story_cut(sim, 1, 2);
        for (size_t i = 0; i < COUNT_OF(names); i++) {
            const struct sim_job job = {.name = names[i], .every_ms = SECONDS(10), .work = {"for=300"}};
            story_define(sim->nodes[2], &job);
        }
        sim_run(sim, SECONDS(30));
        for (size_t i = 0; i < COUNT_OF(names); i++)
            assert_int_equal(story_owner_count(sim, names[i]), 1);
        sim_run(sim, MINUTES(2));
        for (size_t i = 0; i < COUNT_OF(names); i++)
            assert_true(story_starts(sim, names[i]) >= 12);
        assert_int_equal(sim->check->double_count, 0);
        sim_net_heal_all(sim);
        sim_run(sim, MINUTES(1));
        for (size_t i = 0; i < COUNT_OF(names); i++)
            assert_true(story_outcomes_equal(sim, names[i]));
        assert_int_equal(sim->check->double_count, 0);
        story_end(sim);
    }
}

static bool is_paused_at(const struct sim_node *node, const char *job)
{
    const struct table_job *row = jobs_row(node->core, job);
    return row && table_job_is_paused(row, node->core->wall_ms);
}

static void a_pause_beats_the_resume_of_an_older_one(void **state)
{
    (void)state;
    struct sim *sim = story_begin(31, 4, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    sim_run(sim, SECONDS(20));
    struct hash older = story_pause(sim->nodes[0], "tick");
    sim_run(sim, SECONDS(10));
    story_cut(sim, 3, 12);
    sim_run(sim, SECONDS(20));
    story_pause(sim->nodes[0], "tick");
    assert_int_equal(sim_person_put(sim, sim->nodes[2], sim_job_resume(sim, "tick", &older)), SIM_PUT_ADDED);
    sim_run(sim, SECONDS(20));
    assert_true(is_paused_at(sim->nodes[0], "main/tick"));
    assert_false(is_paused_at(sim->nodes[2], "main/tick"));
    sim_net_heal_all(sim);
    story_wait(sim, tables_are_equal, NULL, SECONDS(10));
    size_t starts = story_starts(sim, "tick");
    sim_run(sim, MINUTES(2));
    assert_int_equal(story_starts(sim, "tick"), starts);
    for (size_t i = 0; i < 4; i++)
        assert_true(is_paused_at(sim->nodes[i], "main/tick"));
    story_end(sim);
}

static void a_delete_beats_an_edit_of_the_same_life(void **state)
{
    (void)state;
    struct sim *sim = story_begin(32, 4, "2026-09-22 10:00:00");
    struct sim_job job = tick;
    story_define(sim->nodes[0], &job);
    sim_run(sim, SECONDS(20));
    story_cut(sim, 3, 12);
    sim_run(sim, SECONDS(20));
    job.work[0] = "for=700";
    story_define(sim->nodes[0], &job);
    story_delete(sim->nodes[2], "tick");
    sim_run(sim, SECONDS(20));
    sim_net_heal_all(sim);
    story_wait(sim, tables_are_equal, NULL, SECONDS(10));
    size_t starts = story_starts(sim, "tick");
    sim_run(sim, MINUTES(2));
    assert_int_equal(story_starts(sim, "tick"), starts);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(jobs_row(sim->nodes[i]->core, "main/tick")->life, 2);
    story_end(sim);
}

static void news_reaches_who_was_cut_off_for_an_hour(void **state)
{
    (void)state;
    struct sim *sim = story_begin(33, 5, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    sim_run(sim, SECONDS(20));
    story_cut(sim, 1, 30);
    sim_run(sim, MINUTES(20));
    story_pause(sim->nodes[4], "tick");
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct sim_job job = {.name = names[i], .every_ms = HOURS(6), .work = {"for=10"}};
        story_define(sim->nodes[i % 4 + 1], &job);
    }
    sim_run(sim, MINUTES(40));
    sim_net_heal_all(sim);
    uint64_t took_ms = story_wait(sim, tables_are_equal, NULL, SECONDS(10));
    print_message("tables equal %llu ms after the heal\n", (unsigned long long)took_ms);
    story_end(sim);
}

// Nobody is dead or unheard for anybody, at any moment.
static void run_while_all_live(struct sim *sim, uint64_t for_ms)
{
    for (uint64_t end_ms = sim->now_ms + for_ms; sim->now_ms < end_ms;) {
        sim_run(sim, 250);
        for (size_t i = 0; i < sim->node_count; i++) {
            struct control_status status = {0};
            core_count_members(sim->nodes[i]->core, &status);
            assert_int_equal(status.members_alive + status.members_suspect, sim->node_count);
        }
    }
}

static void two_machines_without_datagrams_between_them_both_live(void **state)
{
    (void)state;
    struct sim *sim = story_begin(8, 2, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    sim_run(sim, SECONDS(20));
    sim_net_block(sim, 0, 1);
    run_while_all_live(sim, MINUTES(10));
    assert_int_equal(sim->check->double_count, 0);
    for (size_t i = 0; i < 2; i++)
        story_all(sim->nodes[i], "tick", LEDGER_OK);
    story_end(sim);
}

static void a_machine_without_datagrams_lives_and_takes_part(void **state)
{
    (void)state;
    struct sim *sim = story_begin(9, 5, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &tick);
    sim_run(sim, SECONDS(20));
    struct sim_node *owner = story_owner(sim, "tick");
    for (size_t i = 0; i < 5; i++)
        if (i != owner->index)
            sim_net_block(sim, owner->index, i);
    run_while_all_live(sim, MINUTES(10));
    assert_true(story_owner(sim, "tick") == owner);
    assert_int_equal(sim->check->double_count, 0);
    for (size_t i = 0; i < 5; i++)
        story_all(sim->nodes[i], "tick", LEDGER_OK);
    story_pause(story_other(sim, owner), "tick"); // news reaches it
    sim_run(sim, SECONDS(20));
    assert_true(story_tables_equal(sim));
    story_end(sim);
}

static void a_machine_without_datagrams_dies_and_comes_back(void **state)
{
    (void)state;
    struct sim *sim = story_begin(10, 3, "2026-09-22 10:00:00");
    sim_net_block(sim, 2, 0);
    sim_net_block(sim, 2, 1);
    run_while_all_live(sim, MINUTES(1));
    sim_node_power_cut(sim->nodes[2]);
    uint64_t dead_ms = story_wait(sim, story_all_see_all, NULL, SECONDS(30));
    sim_run(sim, SECONDS(20));
    sim_node_switch_on(sim->nodes[2]);
    uint64_t back_ms = story_wait(sim, story_all_see_all, NULL, SECONDS(60));
    print_message("a node without datagrams is dead after %llu ms, and back after %llu ms\n",
                  (unsigned long long)dead_ms, (unsigned long long)back_ms);
    run_while_all_live(sim, MINUTES(5));
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_answered_by_nobody_knows_itself_isolated),
        cmocka_unit_test(both_sides_of_a_cut_go_on),
        cmocka_unit_test(a_cut_one_way_heals_too),
        cmocka_unit_test(a_missing_wire_between_two_of_three_doubles_nothing),
        cmocka_unit_test(two_machines_without_datagrams_between_them_both_live),
        cmocka_unit_test(a_machine_without_datagrams_lives_and_takes_part),
        cmocka_unit_test(a_machine_without_datagrams_dies_and_comes_back),
        cmocka_unit_test(jobs_that_come_while_a_wire_is_missing_begin_by_way_of_a_third),
        cmocka_unit_test(jobs_that_come_while_a_wire_is_missing_are_settled_after_it),
        cmocka_unit_test(a_pause_beats_the_resume_of_an_older_one),
        cmocka_unit_test(a_delete_beats_an_edit_of_the_same_life),
        cmocka_unit_test(news_reaches_who_was_cut_off_for_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
