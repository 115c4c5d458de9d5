// story_copies.c - records are on the disks of those that keep their job, whoever comes, goes or forgets.
#include "tests/sim/sim_copies.h"
#include "tests/sim/story.h"

#include "node/core/state.h"

#include <stdio.h>

static const struct sim_job beat = {.name = "beat", .every_ms = SECONDS(15), .work = {"for=300"}};

static void expect_copies(struct sim *sim, const char *job)
{
    for (size_t i = 0; i < sim->node_count; i++)
        if (sim_node_is_up(sim->nodes[i]))
            sim_copies_check(sim, sim->nodes[i], job);
    assert_string_equal(sim->failure, "");
}

static struct sim_node *keeper(struct sim *sim, const char *job, size_t place)
{
    struct owner_rank rank;
    for (size_t up = 0; up < sim->node_count; up++) {
        if (!sim_node_is_up(sim->nodes[up]))
            continue;
        assert_true(keep_find_keepers(sim->nodes[up]->core, job, &rank));
        for (size_t i = 0; i < sim->node_count; i++)
            if (node_id_equal(&sim->fleet->identities[i].id, &rank.nodes[place]))
                return sim->nodes[i];
    }
    return NULL;
}

static void who_takes_the_place_of_a_dead_keeper_gets_what_was_written_before(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct sim *sim = story_begin(seed, 6, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &beat);
        sim_run(sim, MINUTES(3));
        expect_copies(sim, "main/beat");
        for (size_t deaths = 0; deaths < 3; deaths++) { // nobody is left who kept it at first
            sim_node_power_cut(keeper(sim, "main/beat", 1 + deaths % 2));
            sim_run(sim, MINUTES(1));
            expect_copies(sim, "main/beat");
        }
        story_all(keeper(sim, "main/beat", 0), "beat", LEDGER_OK);
        story_end(sim);
    }
}

static void who_takes_the_place_of_a_keeper_that_left_gets_what_was_written_before(void **state)
{
    (void)state;
    const struct control_request leave = {.kind = CONTROL_LEAVE};
    struct sim *sim = story_begin(4, 5, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &beat);
    sim_run(sim, MINUTES(3));
    sim_answer_free(sim_person_ask(sim, keeper(sim, "main/beat", 1), &leave));
    sim_run(sim, MINUTES(1));
    expect_copies(sim, "main/beat");
    sim_answer_free(sim_person_ask(sim, keeper(sim, "main/beat", 0), &leave));
    sim_run(sim, MINUTES(1));
    expect_copies(sim, "main/beat");
    story_end(sim);
}

static void a_node_whose_disk_was_broken_gets_its_own_words_back(void **state)
{
    (void)state;
    struct sim *sim = story_begin(5, 3, "2026-09-22 10:00:00");
    story_define(sim->nodes[0], &beat);
    sim_run(sim, MINUTES(2));
    struct sim_node *owner = story_owner(sim, "beat");
    assert_non_null(owner);
    sim_disk_break(&owner->disk); // its next record is on no disk of its own
    sim_run(sim, MINUTES(1));
    sim_disk_mend(&owner->disk);
    sim_node_kill(owner);
    sim_node_start(owner);
    sim_run(sim, MINUTES(1));
    expect_copies(sim, "main/beat");
    story_end(sim);
}

static void what_ends_after_its_job_was_deleted_is_kept(void **state)
{
    (void)state;
    const struct sim_job slow = {.name = "slow", .every_ms = MINUTES(10), .work = {"for=90000"}};
    struct sim *sim = story_begin(6, 5, "2026-09-22 10:08:00");
    story_define(sim->nodes[0], &slow);
    story_until(sim, "2026-09-22 10:10:20");
    story_delete(sim->nodes[0], "slow");
    struct sim_node *gone = keeper(sim, "main/slow", 1);
    sim_run(sim, SECONDS(20));
    sim_node_power_cut(gone);
    sim_run(sim, MINUTES(3));
    expect_copies(sim, "main/slow");
    sim_node_switch_on(gone);
    sim_run(sim, MINUTES(1));
    expect_copies(sim, "main/slow");
    assert_true(sim_check_last_start(sim, "slow")->is_acknowledged);
    story_end(sim);
}

// Those that were not there when it lived know of a deleted job only that it was.
static void a_newcomer_keeps_what_was_written_of_jobs_deleted_before_it_came(void **state)
{
    (void)state;
    struct sim *sim = sim_new(7, 4, story_time("2026-09-22 10:00:00"));
    sim_fleet_make_late(sim->fleet, 2);
    sim_node_switch_on(sim->nodes[0]);
    sim_node_switch_on(sim->nodes[1]);
    sim_run(sim, SECONDS(10));
    story_define(sim->nodes[0], &beat);
    sim_run(sim, MINUTES(2));
    story_delete(sim->nodes[0], "beat");
    sim_run(sim, MINUTES(1));
    for (size_t late = 2; late < 4; late++) {
        for (size_t i = 0; i < SIM_FLEET_NODE_RECORDS; i++) {
            const struct sim_record *record = sim_fleet_record_of(sim->fleet, late, i);
            struct sim_record copy = {.id = record->id};
            buffer_add(&copy.envelope, record->envelope.data, record->envelope.size);
            assert_int_equal(sim_person_put(sim, sim->nodes[0], copy), SIM_PUT_ADDED);
        }
        sim_node_switch_on(sim->nodes[late]);
    }
    sim_run(sim, MINUTES(1));
    expect_copies(sim, "main/beat");
    story_end(sim);
}

static void what_was_tried_again_elsewhere_is_not_when_news_of_the_first_attempt_comes(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed <= 18; seed++) {
        const struct sim_job flaky = {.name = "flaky",
                                      .every_ms = SECONDS(10),
                                      .catch_up = DEFINITION_CATCH_UP_NONE,
                                      .retry_times = 1,
                                      .retry_delay_ms = 5000,
                                      .work = {"for=100", "exit=1"}};
        struct sim *sim = story_begin(seed, 2, "2026-09-22 10:00:00");
        story_define(sim->nodes[0], &flaky);
        sim_run(sim, SECONDS(5));
        sim_node_power_cut(sim->nodes[1]);
        sim_run(sim, MINUTES(2));
        sim_node_power_cut(sim->nodes[0]);
        sim_run(sim, SECONDS(30));
        sim_node_switch_on(sim->nodes[1]);
        sim_run(sim, MINUTES(1));
        sim_node_switch_on(sim->nodes[0]); // and tells
        sim_run(sim, MINUTES(1));
        assert_int_equal(sim->check->double_count, 0);
        expect_copies(sim, "main/flaky");
        story_end(sim);
    }
}

// 40 due times and more in few messages: the rows that a node tells stand in records, and those go together.
static void a_question_is_answered_in_few_messages(void **state)
{
    (void)state;
    struct sim *sim = story_begin(9, 3, "2026-09-22 10:00:00");
    const struct sim_job often = {.name = "often", .every_ms = SECONDS(15), .work = {"for=300"}};
    story_define(sim->nodes[0], &often);
    sim_run(sim, MINUTES(12));
    uint64_t before = sim->net->stream_count;
    assert_in_range(story_count(sim->nodes[1], "often", LEDGER_OK), 40, 50);
    uint64_t messages = sim->net->stream_count - before;
    print_message("%llu messages\n", (unsigned long long)messages);
    assert_in_range(messages, 2, 20);
    story_end(sim);
}

static void drain(struct sim_node *node, bool undo)
{
    const struct control_request request = {.kind = CONTROL_DRAIN, .undo = undo, .now = true};
    sim_answer_free(sim_person_ask(node->sim, node, &request));
}

static void who_keeps_a_job_again_after_a_moment_gets_what_was_written_in_it(void **state)
{
    (void)state;
    struct sim *sim = story_begin(12, 5, "2026-09-22 10:00:00");
    const struct sim_job tick = {.name = "tick", .every_ms = SECONDS(10), .work = {"for=300"}};
    story_define(sim->nodes[0], &tick);
    story_until(sim, "2026-09-22 10:00:36");
    struct sim_node *other = keeper(sim, "main/tick", 1);
    for (size_t i = 0; i < 6; i++) {
        sim_run(sim, 1200); // it is claimed two seconds ahead
        drain(other, false);
        sim_run(sim, 1300);
        drain(other, true);
        sim_run(sim, SECONDS(10) - 2500);
    }
    sim_run(sim, MINUTES(1));
    assert_ptr_equal(keeper(sim, "main/tick", 1), other);
    expect_copies(sim, "main/tick");
    story_end(sim);
}

// More jobs than are compared at a time, and more records than one message names.
static void whoever_comes_late_gets_everything_of_many_jobs(void **state)
{
    (void)state;
    enum { JOBS = 80 };
    static char names[JOBS][8];
    struct sim *sim = story_begin(21, 4, "2026-09-22 10:00:00");
    for (size_t i = 0; i < JOBS; i++) {
        snprintf(names[i], sizeof names[i], "job-%zu", i);
        const struct sim_job job = {
            .name = names[i], .every_ms = SECONDS(15), .anchor_ms = (int64_t)(i * 180), .work = {"for=100"}};
        story_define(sim->nodes[i % 4], &job);
    }
    sim_run(sim, MINUTES(1));
    sim_node_power_cut(sim->nodes[2]);
    sim_run(sim, MINUTES(4));
    sim_node_power_cut(sim->nodes[1]);
    sim_run(sim, MINUTES(1));
    sim_node_switch_on(sim->nodes[2]);
    sim_node_switch_on(sim->nodes[1]);
    sim_run(sim, MINUTES(1));
    for (size_t i = 0; i < JOBS; i++)
        expect_copies(sim, sim_jobs_find(sim, names[i])->full);
    story_end(sim);
}

// A machine that wakes has something to say of 60 jobs at once, kept by more nodes than one record lists.
static void records_about_jobs_of_many_keepers_reach_all_of_them(void **state)
{
    (void)state;
    enum { JOBS = 60 };
    static char names[JOBS][8];
    struct sim *sim = story_begin(22, 30, "2026-09-22 10:00:00");
    for (size_t i = 0; i < JOBS; i++) {
        snprintf(names[i], sizeof names[i], "job-%zu", i);
        const struct sim_job job = {
            .name = names[i], .every_ms = MINUTES(1), .node = "n1", .work = {"for=100"}};
        story_define(sim->nodes[0], &job);
    }
    sim_run(sim, MINUTES(3));
    for (size_t i = 0; i < JOBS; i++)
        expect_copies(sim, sim_jobs_find(sim, names[i])->full);
    story_end(sim);
}

static void nothing_is_said_while_nobody_comes_or_goes(void **state)
{
    (void)state;
    struct sim *sim = story_begin(8, 3, "2026-09-22 10:00:00");
    struct sim_job rare = {.name = "rare", .every_ms = HOURS(24), .anchor_ms = 1, .work = {"for=300"}};
    story_define(sim->nodes[0], &rare);
    story_run_now(sim->nodes[0], "rare");
    sim_run(sim, MINUTES(2));
    uint64_t before = sim->net->stream_bytes;
    sim_run(sim, MINUTES(10));
    assert_int_equal(sim->net->stream_bytes, before);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_takes_the_place_of_a_dead_keeper_gets_what_was_written_before),
        cmocka_unit_test(who_takes_the_place_of_a_keeper_that_left_gets_what_was_written_before),
        cmocka_unit_test(a_node_whose_disk_was_broken_gets_its_own_words_back),
        cmocka_unit_test(what_ends_after_its_job_was_deleted_is_kept),
        cmocka_unit_test(a_newcomer_keeps_what_was_written_of_jobs_deleted_before_it_came),
        cmocka_unit_test(what_was_tried_again_elsewhere_is_not_when_news_of_the_first_attempt_comes),
        cmocka_unit_test(a_question_is_answered_in_few_messages),
        cmocka_unit_test(who_keeps_a_job_again_after_a_moment_gets_what_was_written_in_it),
        cmocka_unit_test(whoever_comes_late_gets_everything_of_many_jobs),
        cmocka_unit_test(records_about_jobs_of_many_keepers_reach_all_of_them),
        cmocka_unit_test(nothing_is_said_while_nobody_comes_or_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
