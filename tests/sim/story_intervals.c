// story_intervals.c - intervals on machines whose clock is wrong: they go on by the time of the fleet, and
// nothing is said about due times that lie ahead.
#include "tests/sim/story.h"

#include <stdlib.h>

static const char NOON[] = "2026-09-22 12:00:00";

static const struct sim_job pulse = {
    .name = "pulse", .every_ms = SECONDS(5), .spread = DEFINITION_SPREAD_ALL, .work = {"for=100"}};

enum { ANY_NODE = -1 };

// Each due time in (from, until], by true time, has begun once on this node, and when it was due.
static void begun_once(const struct sim *sim, int node, int64_t from_ms, int64_t until_ms)
{
    size_t count = (size_t)((until_ms - from_ms) / 5000);
    size_t *begun = base_alloc(count + 1, sizeof *begun);
    int64_t first_ms = from_ms / 5000 * 5000 + 5000;
    for (size_t i = 0; i < sim->check->start_count; i++) {
        const struct sim_start *start = &sim->check->starts[i];
        int64_t at_ms = sim->start_wall_ms + (int64_t)start->started_ms;
        if ((node != ANY_NODE && start->node != (size_t)node) || start->due_ms < first_ms ||
            start->due_ms >= first_ms + (int64_t)count * 5000)
            continue;
        assert_in_range(at_ms - start->due_ms + 200, 0, 7200); // a correction is not exact
        begun[(start->due_ms - first_ms) / 5000]++;
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(begun[i], 1);
    free(begun);
}

static void is_of_the_past(const struct control_reply *reply, void *context)
{
    if (reply->kind == CONTROL_REPLY_RUN)
        assert_true(reply->is.run.last_due_ms <= sim_wall_ms(context) + 15000);
}

// No row speaks of what lies ahead.
static void nothing_lies_ahead(struct sim *sim, struct sim_node *node)
{
    story_ask(node, &(struct control_request){.kind = CONTROL_RUNS, .job = "main/pulse", .limit = 4000},
              is_of_the_past, sim);
}

static void set_wrong_and_right_again(uint64_t seed, int64_t by_ms)
{
    struct sim *sim = story_begin(seed, 3, NOON);
    story_define(sim->nodes[0], &pulse);
    sim_run(sim, MINUTES(3));
    int64_t from_ms = sim_wall_ms(sim) - (int64_t)MINUTES(2);
    sim_node_step_clock(sim->nodes[0], by_ms);
    sim_run(sim, MINUTES(12));
    for (int node = 0; node < 3; node++)
        begun_once(sim, node, from_ms, sim_wall_ms(sim) - 10000);
    nothing_lies_ahead(sim, sim->nodes[0]);
    sim_node_step_clock(sim->nodes[0], -by_ms);
    sim_run(sim, MINUTES(12));
    for (int node = 0; node < 3; node++)
        begun_once(sim, node, from_ms, sim_wall_ms(sim) - 10000);
    assert_int_equal(story_count(sim->nodes[0], "pulse", LEDGER_MISSED), 0);
    story_end(sim);
}

static void a_clock_set_wrong_shifts_no_interval(void **state)
{
    (void)state;
    set_wrong_and_right_again(121, (int64_t)MINUTES(10));
    set_wrong_and_right_again(122, -(int64_t)MINUTES(10));
}

static void begun_wrong(uint64_t seed, int64_t by_ms)
{
    struct sim *sim = story_begin(seed, 3, NOON);
    story_define(sim->nodes[1], &pulse);
    sim_run(sim, MINUTES(1));
    sim_node_kill(sim->nodes[0]);
    sim_node_step_clock(sim->nodes[0], by_ms);
    sim_run(sim, SECONDS(30));
    sim_node_start(sim->nodes[0]);
    sim_run(sim, SECONDS(10));
    int64_t from_ms = sim_wall_ms(sim);
    sim_run(sim, MINUTES(12));
    begun_once(sim, 0, from_ms, sim_wall_ms(sim) - 10000);
    nothing_lies_ahead(sim, sim->nodes[0]);
    sim_node_step_clock(sim->nodes[0], -by_ms);
    sim_run(sim, MINUTES(12));
    begun_once(sim, 0, from_ms, sim_wall_ms(sim) - 10000);
    story_end(sim);
}

static void a_machine_that_comes_up_with_a_wrong_clock_asks_first(void **state)
{
    (void)state;
    begun_wrong(123, (int64_t)MINUTES(10));
    begun_wrong(124, -(int64_t)MINUTES(10));
}

// The job goes to who has a right clock, and loses nothing on the way there and back.
static void an_owner_with_a_wrong_clock_hands_over_a_right_cursor(void **state)
{
    (void)state;
    struct sim *sim = story_begin(125, 3, NOON);
    struct sim_job job = pulse;
    job.spread = DEFINITION_SPREAD_ONE;
    story_define(sim->nodes[0], &job);
    sim_run(sim, MINUTES(3));
    int64_t from_ms = sim_wall_ms(sim) - (int64_t)MINUTES(2);
    struct sim_node *owner = story_owner(sim, "pulse");
    assert_non_null(owner);
    sim_node_step_clock(owner, (int64_t)MINUTES(10));
    sim_run(sim, MINUTES(12));
    struct sim_node *heir = story_owner(sim, "pulse");
    assert_true(heir && heir != owner);
    begun_once(sim, ANY_NODE, from_ms, sim_wall_ms(sim) - 10000);
    sim_node_step_clock(owner, -(int64_t)MINUTES(10));
    sim_run(sim, MINUTES(5));
    sim_node_kill(heir); // whoever comes next
    sim_node_start(heir);
    sim_run(sim, MINUTES(5));
    begun_once(sim, ANY_NODE, from_ms, sim_wall_ms(sim) - 10000);
    story_end(sim);
}

static void a_job_of_one_machine_with_a_wrong_clock_goes_on(void **state)
{
    (void)state;
    struct sim *sim = story_begin(126, 3, NOON);
    struct sim_job job = pulse;
    job.spread = DEFINITION_SPREAD_ONE;
    job.node = sim->nodes[2]->identity->name;
    story_define(sim->nodes[0], &job);
    sim_run(sim, MINUTES(3));
    int64_t from_ms = sim_wall_ms(sim) - (int64_t)MINUTES(2);
    sim_node_step_clock(sim->nodes[2], (int64_t)MINUTES(10));
    sim_run(sim, MINUTES(12));
    begun_once(sim, 2, from_ms, sim_wall_ms(sim) - 10000);
    sim_node_kill(sim->nodes[1]); // the others come and go
    sim_run(sim, SECONDS(3));
    sim_node_start(sim->nodes[1]);
    sim_run(sim, MINUTES(5));
    sim_node_step_clock(sim->nodes[2], -(int64_t)MINUTES(10));
    sim_run(sim, MINUTES(5));
    begun_once(sim, 2, from_ms, sim_wall_ms(sim) - 10000);
    story_end(sim);
}

static void who_hears_nobody_any_more_does_not_change_its_mind(void **state)
{
    (void)state;
    struct sim *sim = story_begin(127, 3, NOON);
    story_define(sim->nodes[0], &pulse);
    sim_run(sim, MINUTES(3));
    int64_t from_ms = sim_wall_ms(sim) - (int64_t)MINUTES(2);
    sim_node_step_clock(sim->nodes[0], (int64_t)MINUTES(10));
    sim_run(sim, MINUTES(1));
    story_cut(sim, 1, 6);
    sim_run(sim, MINUTES(10));
    begun_once(sim, 0, from_ms, sim_wall_ms(sim) - 10000);
    sim_net_heal_all(sim);
    sim_node_step_clock(sim->nodes[0], -(int64_t)MINUTES(10));
    sim_run(sim, MINUTES(5));
    begun_once(sim, 0, from_ms, sim_wall_ms(sim) - 10000);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_set_wrong_shifts_no_interval),
        cmocka_unit_test(a_machine_that_comes_up_with_a_wrong_clock_asks_first),
        cmocka_unit_test(an_owner_with_a_wrong_clock_hands_over_a_right_cursor),
        cmocka_unit_test(a_job_of_one_machine_with_a_wrong_clock_goes_on),
        cmocka_unit_test(who_hears_nobody_any_more_does_not_change_its_mind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
