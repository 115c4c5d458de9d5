// story_due_times.c - one node: every due time has its run, at its time, once.
#include "tests/sim/story.h"

static void a_job_every_minute_runs_every_minute(void **state)
{
    (void)state;
    struct sim *sim = story_begin(1, 1, "2026-09-22 10:00:20");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job digest = {
        .name = "digest", .every_ms = SECONDS(60), .work = {"for=5000", "say=100"}};
    story_define(node, &digest);
    sim_run(sim, HOURS(1));
    story_all(node, "digest", LEDGER_OK);
    assert_int_equal(story_due_count(node, "digest"), 60);
    assert_int_equal(story_starts(sim, "digest"), 60);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_every_minute_runs_every_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
