// story_happenings.c - jobs that wait for something to happen: a boot, an event, a change of members.
#include "node/core/state.h"
#include "tests/sim/story.h"

#include <string.h>

// --- boot ---

static const struct definition_trigger ON_BOOT = {.kind = DEFINITION_BOOT};
static const struct definition_trigger LATER_ON_BOOT = {.kind = DEFINITION_BOOT, .delay_ms = 60000};

static void a_boot_job_runs_once_per_boot_on_each_node(void **state)
{
    (void)state;
    struct sim *sim = story_begin(11, 3, "2026-09-22 10:00:20");
    const struct sim_job job = {
        .name = "hello", .waits = &ON_BOOT, .spread = DEFINITION_SPREAD_ALL, .work = {"for=1000"}};
    story_define(sim->nodes[0], &job);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "hello"), 0); // a job added after the boot waits for the next
    sim_node_kill_network(sim->nodes[1]);
    sim_node_kill(sim->nodes[2]);
    sim_run(sim, SECONDS(20));
    sim_node_start(sim->nodes[2]);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "hello"), 0); // the machine did not boot
    sim_node_power_cut(sim->nodes[1]);
    sim_run(sim, SECONDS(20));
    sim_node_switch_on(sim->nodes[1]);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "hello"), 1);
    assert_int_equal(sim_check_last_start(sim, "hello")->node, 1);
    for (int restart = 0; restart < 3; restart++) {
        sim_node_kill_network(sim->nodes[1]);
        sim_run(sim, MINUTES(1));
        sim_node_kill(sim->nodes[1]);
        sim_run(sim, SECONDS(5));
        sim_node_start(sim->nodes[1]);
        sim_run(sim, MINUTES(15));
    }
    assert_int_equal(story_starts(sim, "hello"), 1);
    story_end(sim);
}

static void a_boot_job_waits_for_its_delay_whatever_the_clock_does(void **state)
{
    (void)state;
    struct sim *sim = story_begin(12, 2, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[1];
    const struct sim_job job = {.name = "late", .waits = &LATER_ON_BOOT, .node = "n2"};
    story_define(sim->nodes[0], &job);
    sim_run(sim, SECONDS(10));
    sim_node_power_cut(node);
    sim_run(sim, SECONDS(10));
    sim_node_switch_on(node);
    sim_run(sim, SECONDS(20));
    sim_node_step_clock(node, HOURS(7));
    sim_run(sim, SECONDS(30));
    assert_int_equal(story_starts(sim, "late"), 0);
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "late"), 1);
    story_end(sim);
}

static void a_boot_job_is_told_as_due_after_the_boot(void **state)
{
    (void)state;
    struct sim *sim = story_begin(13, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "late", .waits = &LATER_ON_BOOT, .node = "n1", .work = {"for=1000"}};
    story_define(node, &job);
    sim_run(sim, SECONDS(10));
    sim_node_power_cut(node);
    sim_run(sim, SECONDS(10));
    sim_node_switch_on(node);
    int64_t due_ms = sim_wall_ms(sim) - (int64_t)(sim_node_boottime_ns(node) / 1000000) + 60000;
    sim_run(sim, MINUTES(2));
    assert_int_equal(story_starts(sim, "late"), 1);
    const struct control_request request = {.kind = CONTROL_RUNS, .job = "main/late", .run = "", .limit = 9};
    struct sim_answer *answer = sim_person_ask(sim, node, &request);
    struct arena arena = {0};
    struct control_reply reply;
    sim_answer_get(answer, 0, &arena, &reply);
    assert_in_range(reply.is.run.due_ms, due_ms - 500, due_ms + 500);
    assert_true(reply.is.run.due_ms % 1000 == 0 && reply.is.run.started_ms >= reply.is.run.due_ms - 500);
    arena_deinit(&arena);
    sim_answer_free(answer);
    story_end(sim);
}

static void a_boot_job_that_was_killed_before_it_started_starts_after_all(void **state)
{
    (void)state;
    for (uint64_t seed = 20; seed < 30; seed++) {
        struct sim *sim = story_begin(seed, 1, "2026-09-22 10:00:20");
        struct sim_node *node = sim->nodes[0];
        const struct sim_job job = {
            .name = "hello", .waits = &ON_BOOT, .spread = DEFINITION_SPREAD_ALL, .work = {"for=1000"}};
        story_define(node, &job);
        sim_node_power_cut(node);
        sim_run(sim, SECONDS(5));
        sim_node_switch_on(node);
        sim_run(sim, sim_between(sim, 1, 300));
        sim_node_kill_network(node);
        sim_run(sim, MINUTES(1));
        assert_int_equal(story_starts(sim, "hello"), 1);
        story_end(sim);
    }
}

// --- events ---

static const struct definition_trigger ON_DEPLOY = {.kind = DEFINITION_EVENT, .name = "main/deploy*"};

static void emit(struct sim_node *node, const char *event)
{
    struct sim_record record = sim_job_emit(node->sim, event, HOURS(1));
    assert_int_equal(sim_person_put(node->sim, node, record), SIM_PUT_ADDED);
}

static void an_event_runs_the_job_once_wherever_it_was_told(void **state)
{
    (void)state;
    struct sim *sim = story_begin(31, 3, "2026-09-22 10:00:20");
    const struct sim_job job = {.name = "roll", .waits = &ON_DEPLOY, .work = {"for=1000"}};
    story_define(sim->nodes[0], &job);
    sim_run(sim, SECONDS(10));
    for (size_t i = 0; i < 3; i++) {
        emit(sim->nodes[i], "deploy-web");
        emit(sim->nodes[i], "other");
        sim_run(sim, SECONDS(5));
    }
    assert_int_equal(story_starts(sim, "roll"), 3);
    for (int round = 0; round < 3; round++) { // whoever owns it next knows what was carried out
        struct sim_node *owner = story_owner(sim, "roll");
        assert_non_null(owner);
        sim_node_kill(owner);
        sim_run(sim, MINUTES(2));
        sim_node_start(owner);
        sim_run(sim, MINUTES(12));
    }
    assert_int_equal(story_starts(sim, "roll"), 3);
    story_end(sim);
}

static void an_owner_that_dies_with_an_event_unstarted_is_replaced(void **state)
{
    (void)state;
    for (uint64_t seed = 40; seed < 52; seed++) {
        struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:20");
        const struct sim_job job = {.name = "roll", .waits = &ON_DEPLOY, .work = {"for=1000"}};
        story_define(sim->nodes[0], &job);
        sim_run(sim, SECONDS(10));
        struct sim_node *owner = story_owner(sim, "roll"), *other = story_other(sim, owner);
        emit(other, "deploy");
        sim_run(sim, sim_between(sim, 0, 400));
        sim_node_power_cut(owner);
        sim_run(sim, MINUTES(2));
        size_t starts = story_starts(sim, "roll");
        assert_true(starts >= 1 && starts <= 2); // the first one may have been under way
        sim_node_switch_on(owner);
        sim_run(sim, MINUTES(3));
        assert_int_equal(story_starts(sim, "roll"), starts);
        struct sim_outcomes told = sim_outcomes_ask(sim, other, "roll", sim_wall_ms(sim));
        assert_int_equal(told.order_by_status[LEDGER_OK], 1);
        sim_outcomes_deinit(&told);
        story_end(sim);
    }
}

static void an_event_told_during_a_cut_reaches_the_other_side_after_it(void **state)
{
    (void)state;
    struct sim *sim = story_begin(33, 4, "2026-09-22 10:00:20");
    const struct sim_job job = {.name = "roll", .waits = &ON_DEPLOY, .node = "n4", .work = {"for=1000"}};
    story_define(sim->nodes[0], &job);
    sim_run(sim, SECONDS(10));
    story_cut(sim, 0x3, 0xc);
    sim_run(sim, MINUTES(2));
    emit(sim->nodes[0], "deploy");
    sim_run(sim, MINUTES(5));
    assert_int_equal(story_starts(sim, "roll"), 0);
    sim_net_heal_all(sim);
    sim_run(sim, MINUTES(3));
    assert_int_equal(story_starts(sim, "roll"), 1);
    story_end(sim);
}

static void a_burst_starts_its_last_event_and_a_throttle_the_first(void **state)
{
    (void)state;
    static const struct definition_trigger quiet = {
        .kind = DEFINITION_EVENT, .name = "main/usb", .quiet_ms = 5000};
    static const struct definition_trigger throttled = {
        .kind = DEFINITION_EVENT, .name = "main/usb", .throttle_ms = 60000};
    struct sim *sim = story_begin(34, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job settles = {.name = "settles", .waits = &quiet},
                         limited = {.name = "limited", .waits = &throttled};
    story_define(node, &settles);
    story_define(node, &limited);
    sim_run(sim, SECONDS(5));
    for (int i = 0; i < 20; i++) {
        emit(node, "usb");
        sim_run(sim, SECONDS(1));
    }
    assert_int_equal(story_starts(sim, "settles"), 0);
    sim_run(sim, SECONDS(10));
    assert_int_equal(story_starts(sim, "settles"), 1);
    assert_int_equal(story_starts(sim, "limited"), 1);
    sim_node_kill_network(node);
    sim_run(sim, MINUTES(5));
    assert_int_equal(story_starts(sim, "settles"), 1);
    assert_int_equal(story_starts(sim, "limited"), 1);
    story_end(sim);
}

static void assert_too_many(struct sim_node *node, const char *job, size_t rows, size_t events)
{
    struct sim_outcomes told = sim_outcomes_look(node->sim, node, job, sim_wall_ms(node->sim));
    assert_int_equal(told.throttled_rows, rows);
    assert_int_equal(told.throttled, events);
    sim_outcomes_deinit(&told);
}

static void what_a_throttle_holds_back_is_one_range_whoever_owns_the_job(void **state)
{
    (void)state;
    static const struct definition_trigger throttled = {
        .kind = DEFINITION_EVENT, .name = "main/usb", .throttle_ms = 120000};
    struct sim *sim = story_begin(37, 3, "2026-09-22 10:00:20");
    const struct sim_job limited = {.name = "limited", .waits = &throttled};
    story_define(sim->nodes[0], &limited);
    sim_run(sim, SECONDS(5));
    emit(sim->nodes[0], "usb");
    sim_run(sim, SECONDS(1));
    emit(sim->nodes[0], "usb");
    sim_run(sim, SECONDS(10));
    assert_too_many(sim->nodes[0], "limited", 1, 1); // at once
    for (int i = 0; i < 10; i++) {
        emit(sim->nodes[0], "usb");
        sim_run(sim, SECONDS(2));
    }
    sim_run(sim, MINUTES(2));
    assert_too_many(sim->nodes[0], "limited", 1, 11);
    struct sim_node *owner = story_owner(sim, "limited"), *other = story_other(sim, owner);
    sim_node_kill_network(owner);
    sim_run(sim, MINUTES(3));
    sim_node_kill(owner);
    sim_run(sim, MINUTES(3));
    assert_too_many(other, "limited", 1, 11); // the next owner does not count them again
    assert_int_equal(story_starts(sim, "limited"), 1);
    emit(other, "usb");
    sim_run(sim, SECONDS(20));
    emit(other, "usb");
    sim_run(sim, SECONDS(20));
    assert_too_many(other, "limited", 2, 12);
    assert_int_equal(story_starts(sim, "limited"), 2);
    story_end(sim);
}

static void no_more_than_so_many_an_hour(void **state)
{
    (void)state;
    struct sim *sim = story_begin(35, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "roll", .waits = &ON_DEPLOY, .busy = DEFINITION_BUSY_ALLOW};
    story_define(node, &job);
    sim_run(sim, SECONDS(5));
    for (int i = 0; i < 200; i++) {
        emit(node, "deploy");
        sim_run(sim, 10);
    }
    sim_run(sim, MINUTES(10));
    assert_int_equal(story_starts(sim, "roll"), 60);
    const char *trouble = jobs_trouble(jobs_find(&node->core->jobs, "main/roll"));
    assert_non_null(trouble);
    assert_non_null(strstr(trouble, "more than 60 events deploy* an hour"));
    sim_run(sim, HOURS(3)); // all have started or expired
    assert_null(jobs_trouble(jobs_find(&node->core->jobs, "main/roll")));
    assert_int_equal(story_starts(sim, "roll"), 60);
    assert_too_many(node, "roll", 1, 140);
    story_end(sim);
}

static void three_at_one_instant(uint64_t seed, enum definition_busy busy, size_t starts, size_t skipped)
{
    struct sim *sim = story_begin(seed, 3, "2026-09-22 10:00:20");
    const struct sim_job job = {.name = "roll", .waits = &ON_DEPLOY, .busy = busy, .work = {"for=5000"}};
    story_define(sim->nodes[0], &job);
    sim_run(sim, SECONDS(5));
    for (int i = 0; i < 3; i++)
        emit(sim->nodes[0], "deploy");
    sim_run(sim, MINUTES(1));
    assert_int_equal(story_starts(sim, "roll"), starts);
    struct sim_outcomes outcomes = sim_outcomes_look(sim, sim->nodes[1], "roll", sim_wall_ms(sim));
    assert_int_equal(outcomes.order_by_status[LEDGER_OK], starts);
    assert_int_equal(outcomes.order_by_status[LEDGER_SKIPPED], skipped);
    sim_outcomes_deinit(&outcomes);
    story_end(sim);
}

// A due time comes again; what happened does not.
static void what_happens_while_the_job_runs_waits_unless_its_author_says_skip(void **state)
{
    (void)state;
    three_at_one_instant(37, DEFINITION_BUSY_DEFAULT, 3, 0);
    three_at_one_instant(38, DEFINITION_BUSY_QUEUE, 3, 0);
    three_at_one_instant(39, DEFINITION_BUSY_SKIP, 1, 2);
}

static void a_storm_of_events_is_refused_at_little_cost(void **state)
{
    (void)state;
    struct sim *sim = story_begin(36, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job job = {.name = "roll", .waits = &ON_DEPLOY};
    size_t taken = 0, refused = 0;
    story_define(node, &job);
    for (int i = 0; i < EVENT_SET_SIGNER_COUNT_MAX + 500; i++) {
        enum sim_put outcome = sim_person_put(sim, node, sim_job_emit(sim, "storm", HOURS(1)));
        taken += outcome == SIM_PUT_ADDED;
        refused += outcome == SIM_PUT_REFUSED;
    }
    assert_int_equal(taken, EVENT_SET_SIGNER_COUNT_MAX);
    assert_int_equal(refused, 500);
    sim_run(sim, HOURS(2)); // all have expired
    assert_int_equal(node->core->emissions.set.count, 0);
    emit(node, "deploy");
    sim_run(sim, SECONDS(5));
    assert_int_equal(story_starts(sim, "roll"), 1);
    story_end(sim);
}

// --- members ---

static const struct definition_trigger ON_DEATH = {
    .kind = DEFINITION_MEMBER, .changes = DEFINITION_MEMBER_DEAD | DEFINITION_MEMBER_JOIN};

static void a_death_is_noticed_once_whoever_owns_the_job(void **state)
{
    (void)state;
    for (uint64_t seed = 60; seed < 66; seed++) {
        struct sim *sim = story_begin(seed, 4, "2026-09-22 10:00:20");
        const struct sim_job job = {.name = "watch", .waits = &ON_DEATH, .work = {"for=1000"}};
        story_define(sim->nodes[0], &job);
        sim_run(sim, MINUTES(2));
        assert_int_equal(story_starts(sim, "watch"), 0);
        struct sim_node *owner = story_owner(sim, "watch");
        struct sim_node *victim = seed % 2 ? owner : story_other(sim, owner);
        sim_node_power_cut(victim);
        sim_run(sim, MINUTES(2));
        assert_int_equal(story_starts(sim, "watch"), 1);
        owner = story_owner(sim, "watch"); // the next owner looks at the last minutes again
        sim_node_kill_network(owner);
        sim_run(sim, MINUTES(1));
        assert_int_equal(story_starts(sim, "watch"), 1);
        sim_node_switch_on(victim);
        sim_run(sim, MINUTES(3));
        assert_int_equal(story_starts(sim, "watch"), 2); // it joined
        story_end(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boot_job_runs_once_per_boot_on_each_node),
        cmocka_unit_test(a_boot_job_waits_for_its_delay_whatever_the_clock_does),
        cmocka_unit_test(a_boot_job_is_told_as_due_after_the_boot),
        cmocka_unit_test(a_boot_job_that_was_killed_before_it_started_starts_after_all),
        cmocka_unit_test(an_event_runs_the_job_once_wherever_it_was_told),
        cmocka_unit_test(an_owner_that_dies_with_an_event_unstarted_is_replaced),
        cmocka_unit_test(an_event_told_during_a_cut_reaches_the_other_side_after_it),
        cmocka_unit_test(a_burst_starts_its_last_event_and_a_throttle_the_first),
        cmocka_unit_test(what_a_throttle_holds_back_is_one_range_whoever_owns_the_job),
        cmocka_unit_test(no_more_than_so_many_an_hour),
        cmocka_unit_test(what_happens_while_the_job_runs_waits_unless_its_author_says_skip),
        cmocka_unit_test(a_storm_of_events_is_refused_at_little_cost),
        cmocka_unit_test(a_death_is_noticed_once_whoever_owns_the_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
