// story_why.c - what `why` answers: the reason, who stopped it, what befell the nodes, when it is due.
#include "tests/sim/story.h"

#include <stdio.h>
#include <string.h>

struct told {         // one answer of `why`
    uint64_t last_ms; // of the newest line
    bool is_due;
    int64_t before_ms, after_ms;
    enum ledger_status status;
    char reason[256];
    char lines[4096]; // "NODE: WHAT", one under the other, as they came
};

static void take_reply(const struct control_reply *reply, void *context)
{
    struct told *told = context;
    if (reply->kind == CONTROL_REPLY_WHY) {
        told->is_due = reply->is.why.is_due;
        told->before_ms = reply->is.why.before_ms;
        told->after_ms = reply->is.why.after_ms;
        told->status = reply->is.why.status;
        snprintf(told->reason, sizeof told->reason, "%s", reply->is.why.reason);
    } else if (reply->kind == CONTROL_REPLY_STORY) {
        size_t used = strlen(told->lines);
        snprintf(told->lines + used, sizeof told->lines - used, "%s: %s\n", reply->is.story.node,
                 reply->is.story.what);
        assert_true((uint64_t)reply->is.story.at_ms >= told->last_ms); // in order
        told->last_ms = (uint64_t)reply->is.story.at_ms;
    }
}

static struct told why(struct sim_node *node, const char *job, const char *time)
{
    struct told told = {0};
    story_ask(node, &(struct control_request){.kind = CONTROL_WHY, .job = job, .at_ms = story_time(time)},
              take_reply, &told);
    return told;
}

static void expect_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static const struct sim_job minutely = {.name = "job", .every_ms = MINUTES(1), .work = {"for=300"}};

static void it_names_the_nearest_due_times(void **state)
{
    (void)state;
    struct sim *sim = story_begin(1, 1, "2026-09-22 10:00:20");
    story_define(sim->nodes[0], &minutely);
    story_until(sim, "2026-09-22 10:05:30");
    struct told told = why(sim->nodes[0], "main/job", "2026-09-22 10:03:17");
    assert_false(told.is_due);
    assert_int_equal(told.before_ms, story_time("2026-09-22 10:03:00"));
    assert_int_equal(told.after_ms, story_time("2026-09-22 10:04:00"));
    story_end(sim);
}

static void it_names_who_paused(void **state)
{
    (void)state;
    struct sim *sim = story_begin(2, 1, "2026-09-22 10:00:20");
    story_define(sim->nodes[0], &minutely);
    story_until(sim, "2026-09-22 10:02:30");
    story_pause(sim->nodes[0], "job");
    story_until(sim, "2026-09-22 10:03:02");
    struct told told = why(sim->nodes[0], "main/job", "2026-09-22 10:03:00"); // not written yet
    assert_int_equal(told.status, LEDGER_OPEN);
    expect_text(told.reason, "paused by ");
    told = why(sim->nodes[0], "main/job", "2026-09-22 11:00:00");
    expect_text(told.reason, "it lies ahead; paused by ");
    story_until(sim, "2026-09-22 10:06:02");
    told = why(sim->nodes[0], "main/job", "2026-09-22 10:03:00");
    assert_int_equal(told.status, LEDGER_SKIPPED);
    expect_text(told.reason, "paused by ");
    story_end(sim);
}

static void it_names_what_no_node_has(void **state)
{
    (void)state;
    struct sim *sim = story_begin(3, 3, "2026-09-22 10:00:20");
    struct sim_job job = minutely;
    job.node = "n2";
    story_define(sim->nodes[0], &job);
    story_until(sim, "2026-09-22 10:02:30");
    sim_node_power_cut(sim->nodes[1]);
    story_until(sim, "2026-09-22 10:04:10");
    struct told told = why(sim->nodes[0], "main/job", "2026-09-22 10:04:00");
    assert_int_equal(told.status, LEDGER_OPEN);
    expect_text(told.reason, "blocked: no eligible node: n2 is away");
    story_until(sim, "2026-09-22 10:30:00");
    told = why(sim->nodes[2], "main/job", "2026-09-22 10:05:00");
    assert_int_equal(told.status, LEDGER_BLOCKED);
    expect_text(told.reason, "no eligible node: n2 is away");
    story_end(sim);
}

static void it_tells_what_befell_the_nodes_of_the_job(void **state)
{
    (void)state;
    struct sim *sim = story_begin(4, 3, "2026-09-22 10:00:20");
    story_define(sim->nodes[0], &minutely);
    story_until(sim, "2026-09-22 10:02:30");
    struct sim_node *owner = story_owner(sim, "job");
    assert_non_null(owner);
    sim_node_stop(owner);
    sim_run(sim, SECONDS(20));
    sim_node_continue(owner);
    story_until(sim, "2026-09-22 10:03:30");
    struct told told = why(story_other(sim, owner), "main/job", "2026-09-22 10:03:00");
    expect_text(told.lines, "was stopped or asleep");
    expect_text(told.lines, "took the job over");
    sim_node_step_clock(story_owner(sim, "job"), 5000);
    story_until(sim, "2026-09-22 10:06:30");
    told = why(story_other(sim, story_owner(sim, "job")), "main/job", "2026-09-22 10:04:00");
    expect_text(told.lines, "the clock was set forward by ");
    story_end(sim);
}

static void it_tells_of_a_restart(void **state)
{
    (void)state;
    struct sim *sim = story_begin(5, 1, "2026-09-22 10:00:20");
    story_define(sim->nodes[0], &minutely);
    story_until(sim, "2026-09-22 10:02:30");
    sim_node_kill(sim->nodes[0]);
    sim_run(sim, SECONDS(10));
    sim_node_start(sim->nodes[0]);
    story_until(sim, "2026-09-22 10:04:00");
    struct told told = why(sim->nodes[0], "main/job", "2026-09-22 10:03:00");
    expect_text(told.lines, "n1: started, generation 2");
    story_end(sim);
}

static void it_tells_a_second_take_from_the_first(void **state)
{
    (void)state;
    struct sim *sim = story_begin(5, 3, "2026-09-22 10:00:20");
    story_define(sim->nodes[0], &minutely);
    story_until(sim, "2026-09-22 10:02:30");
    struct sim_node *owner = story_owner(sim, "job");
    sim_node_kill(owner);
    sim_run(sim, SECONDS(10));
    struct sim_node *heir = story_owner(sim, "job");
    assert_ptr_not_equal(heir, owner);
    sim_node_start(owner);
    sim_run(sim, SECONDS(2));
    assert_ptr_equal(story_owner(sim, "job"), heir);
    story_until(sim, "2026-09-22 10:03:05");
    struct told told = why(heir, "main/job", "2026-09-22 10:03:00");
    expect_text(told.lines, "took the job over");
    expect_text(told.lines, "took the job anew");
    expect_text(told.lines, ": a node came back");
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_names_the_nearest_due_times),
        cmocka_unit_test(it_names_who_paused),
        cmocka_unit_test(it_names_what_no_node_has),
        cmocka_unit_test(it_tells_what_befell_the_nodes_of_the_job),
        cmocka_unit_test(it_tells_of_a_restart),
        cmocka_unit_test(it_tells_a_second_take_from_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
