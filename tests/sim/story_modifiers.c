// story_modifiers.c - what bends a schedule: jitter, catching up with a spread, blackouts.
#include "tests/sim/story.h"

#include <stdio.h>
#include <string.h>

static const char TEN[] = "2026-09-22 10:00:20";

// By how much the last start of a job was later than due.
static int64_t late_ms(struct sim *sim, const char *name)
{
    const struct sim_start *start = sim_check_last_start(sim, name);
    assert_non_null(start);
    return start->started_wall_ms - start->due_ms;
}

static void jitter_is_the_same_at_every_start_and_after_a_hand_off(void **state)
{
    (void)state;
    struct sim *sim = story_begin(61, 3, TEN);
    const struct sim_job digest = {
        .name = "digest", .every_ms = MINUTES(5), .jitter_ms = MINUTES(3), .work = {"for=1000"}};
    story_define(sim->nodes[0], &digest);
    sim_run(sim, MINUTES(9));
    int64_t jitter_ms = late_ms(sim, "digest");
    assert_in_range(jitter_ms, 1000, MINUTES(3));
    struct sim_node *owner = story_owner(sim, "digest");
    // It dies between the due time and the start: the next owner starts it, no earlier.
    story_until(sim, "2026-09-22 10:15:01");
    size_t starts = story_starts(sim, "digest");
    sim_node_power_cut(owner);
    sim_run(sim, MINUTES(4));
    assert_int_equal(story_starts(sim, "digest"), starts + 1);
    assert_in_range(late_ms(sim, "digest"), jitter_ms - 20, MINUTES(3));
    sim_run(sim, MINUTES(5));
    assert_in_range(late_ms(sim, "digest"), jitter_ms - 20, jitter_ms + 20);
    story_until(sim, "2026-09-22 10:28:30");
    story_all(story_other(sim, owner), "digest", LEDGER_OK);
    story_end(sim);
}

// What jitter puts off is not late.
static void jitter_is_told_beside_the_due_time(void **state)
{
    (void)state;
    struct sim *sim = story_begin(83, 3, TEN);
    const struct sim_job digest = {
        .name = "digest", .every_ms = MINUTES(5), .jitter_ms = MINUTES(3), .work = {"for=1000"}};
    story_define(sim->nodes[0], &digest);
    sim_run(sim, MINUTES(9));
    const struct control_request request = {
        .kind = CONTROL_RUNS, .job = "main/digest", .run = "", .limit = 9};
    struct sim_answer *answer = sim_person_ask(sim, sim->nodes[1], &request);
    struct arena arena = {0};
    struct control_reply reply;
    sim_answer_get(answer, 0, &arena, &reply);
    const struct control_run *run = &reply.is.run;
    assert_in_range(run->jitter_ms, 1000, MINUTES(3));
    assert_in_range(run->started_ms - run->due_ms - (int64_t)run->jitter_ms, 0, 20);
    arena_deinit(&arena);
    sim_answer_free(answer);
    story_end(sim);
}

static void each_node_has_a_jitter_of_its_own(void **state)
{
    (void)state;
    struct sim *sim = story_begin(62, 3, TEN);
    const struct sim_job sweep = {.name = "sweep",
                                  .every_ms = MINUTES(10),
                                  .jitter_ms = MINUTES(5),
                                  .spread = DEFINITION_SPREAD_ALL,
                                  .work = {"for=1000"}};
    story_define(sim->nodes[0], &sweep);
    sim_run(sim, MINUTES(28));
    assert_int_equal(sim->check->start_count, 6);
    int64_t of_node_ms[3] = {0};
    for (size_t i = 0; i < sim->check->start_count; i++) {
        const struct sim_start *start = &sim->check->starts[i];
        int64_t jitter_ms = start->started_wall_ms - start->due_ms, *first_ms = &of_node_ms[start->node];
        if (*first_ms)
            assert_in_range(jitter_ms, *first_ms - 20, *first_ms + 20);
        *first_ms = jitter_ms;
    }
    assert_true(of_node_ms[0] != of_node_ms[1] && of_node_ms[1] != of_node_ms[2]);
    story_end(sim);
}

static void all_that_was_missed_runs_one_after_another(void **state)
{
    (void)state;
    struct sim *sim = story_begin(63, 1, TEN);
    struct sim_node *node = sim->nodes[0];
    const struct sim_job digest = {.name = "digest",
                                   .every_ms = MINUTES(1),
                                   .catch_up = DEFINITION_CATCH_UP_ALL,
                                   .catch_up_within_ms = HOURS(1),
                                   .work = {"for=1000"}};
    story_define(node, &digest);
    sim_run(sim, MINUTES(5));
    sim_node_power_cut(node);
    sim_run(sim, MINUTES(20));
    sim_node_switch_on(node);
    sim_run(sim, MINUTES(5));
    story_all(node, "digest", LEDGER_OK);
    assert_in_range(story_starts(sim, "digest"), 29, 31);
    story_end(sim);
}

static void of_very_many_that_were_missed_the_newest_run(void **state)
{
    (void)state;
    struct sim *sim = story_begin(64, 1, TEN);
    struct sim_node *node = sim->nodes[0];
    const struct sim_job digest = {.name = "digest",
                                   .every_ms = MINUTES(1),
                                   .catch_up = DEFINITION_CATCH_UP_ALL,
                                   .catch_up_within_ms = HOURS(24),
                                   .work = {"for=100"}};
    story_define(node, &digest);
    sim_run(sim, MINUTES(5));
    sim_node_power_cut(node);
    sim_run(sim, HOURS(10));
    sim_node_switch_on(node);
    sim_run(sim, MINUTES(5));
    assert_in_range(story_starts(sim, "digest"), 256 + 8, 256 + 12);
    assert_in_range(story_count(node, "digest", LEDGER_MISSED), 600 - 256 - 2, 600 - 256 + 2);
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 0);
    story_end(sim);
}

static void a_fleet_that_comes_back_does_not_start_everything_at_once(void **state)
{
    (void)state;
    struct sim *sim = story_begin(65, 3, TEN);
    const struct sim_job sweep = {.name = "sweep",
                                  .every_ms = MINUTES(30),
                                  .catch_up_spread_ms = MINUTES(10),
                                  .spread = DEFINITION_SPREAD_ALL,
                                  .work = {"for=1000"}};
    story_define(sim->nodes[0], &sweep);
    sim_run(sim, MINUTES(5));
    for (size_t i = 0; i < 3; i++)
        sim_node_power_cut(sim->nodes[i]);
    story_until(sim, "2026-09-22 10:35:00");
    for (size_t i = 0; i < 3; i++)
        sim_node_switch_on(sim->nodes[i]);
    sim_run(sim, MINUTES(11));
    assert_int_equal(sim->check->start_count, 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(sim->check->starts[k].started_wall_ms + 5000 < sim->check->starts[i].started_wall_ms);
    assert_in_range(late_ms(sim, "sweep"), MINUTES(5), MINUTES(16));
    story_end(sim);
}

// --- blackouts ---

struct reason_count {
    const char *reason;
    size_t count;
};

static void count_reason(const struct control_reply *reply, void *context)
{
    struct reason_count *rows = context;
    rows->count += reply->kind == CONTROL_REPLY_RUN && strstr(reply->is.run.reason, rows->reason);
}

// The rows of `runs` that tell of this reason.
static size_t rows_with(struct sim_node *node, const char *job, const char *reason)
{
    struct reason_count rows = {.reason = reason};
    story_ask(node, &(struct control_request){.kind = CONTROL_RUNS, .job = job, .limit = 1000}, count_reason,
              &rows);
    return rows.count;
}

static void copy_why(const struct control_reply *reply, void *context)
{
    if (reply->kind == CONTROL_REPLY_WHY)
        snprintf(context, 256, "%s", reply->is.why.reason);
}

static void why_of(struct sim_node *node, const char *job, int64_t due_ms, char out[256])
{
    out[0] = 0;
    story_ask(node, &(struct control_request){.kind = CONTROL_WHY, .job = job, .at_ms = due_ms}, copy_why,
              out);
}

// Half an hour from half past each hour.
static const struct sim_job with_blackouts = {.name = "digest",
                                              .every_ms = MINUTES(1),
                                              .blackout_minute = 30,
                                              .blackout_ms = MINUTES(20),
                                              .work = {"for=1000"}};

static void due_times_in_a_blackout_are_one_stretch(void **state)
{
    (void)state;
    char reason[256];
    struct sim *sim = story_begin(66, 3, TEN);
    struct sim_node *node = sim->nodes[0];
    story_define(node, &with_blackouts);
    story_until(sim, "2026-09-22 10:40:30");
    assert_int_equal(story_starts(sim, "digest"), 29);
    assert_int_equal(rows_with(node, "main/digest", "blackout"), 0); // it is not over
    why_of(node, "main/digest", story_time("2026-09-22 10:35:00"), reason);
    assert_string_equal(reason, "blackout until 2026-09-22T10:50:00.000Z");
    why_of(node, "main/digest", story_time("2026-09-22 11:35:00"), reason);
    assert_string_equal(reason, "blackout until 2026-09-22T11:50:00.000Z");
    story_until(sim, "2026-09-22 12:00:30");
    assert_int_equal(rows_with(node, "main/digest", "blackout"), 2);
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 40);
    assert_int_equal(story_count(node, "digest", LEDGER_OK), 80);
    assert_true(story_outcomes_equal(sim, "digest"));
    story_end(sim);
}

static void a_blackout_is_not_caught_up(void **state)
{
    (void)state;
    struct sim *sim = story_begin(67, 1, TEN);
    struct sim_node *node = sim->nodes[0];
    struct sim_job all = with_blackouts;
    all.catch_up = DEFINITION_CATCH_UP_ALL;
    all.catch_up_within_ms = HOURS(4);
    all.work[0] = "for=100";
    story_define(node, &all);
    story_until(sim, "2026-09-22 10:25:30");
    sim_node_power_cut(node);
    story_until(sim, "2026-09-22 12:05:30");
    sim_node_switch_on(node);
    story_until(sim, "2026-09-22 12:20:30");
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 40);
    assert_int_equal(story_count(node, "digest", LEDGER_MISSED), 0);
    assert_int_equal(rows_with(node, "main/digest", "blackout"), 2);
    story_end(sim);
}

static void the_last_before_a_blackout_is_caught_up(void **state)
{
    (void)state;
    struct sim *sim = story_begin(68, 1, TEN);
    struct sim_node *node = sim->nodes[0];
    struct sim_job last = with_blackouts;
    last.catch_up_within_ms = HOURS(1);
    story_define(node, &last);
    story_until(sim, "2026-09-22 10:20:30");
    sim_node_power_cut(node);
    story_until(sim, "2026-09-22 10:40:30");
    sim_node_switch_on(node);
    story_until(sim, "2026-09-22 10:45:30");
    assert_int_equal(sim_check_last_start(sim, "digest")->due_ms, story_time("2026-09-22 10:29:00"));
    assert_int_equal(story_starts(sim, "digest"), 21);
    story_until(sim, "2026-09-22 10:55:30");
    assert_int_equal(story_count(node, "digest", LEDGER_MISSED), 8);
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 20);
    story_end(sim);
}

static void a_schedule_that_ends_in_a_blackout_is_told_as_such(void **state)
{
    (void)state;
    struct sim *sim = story_begin(82, 3, TEN);
    struct sim_node *node = sim->nodes[0];
    struct sim_job other = with_blackouts;
    story_define(node, &with_blackouts);
    story_until(sim, "2026-09-22 10:40:30");
    other.every_ms = MINUTES(2);
    other.blackout_ms = 0;
    story_define(node, &other);
    story_until(sim, "2026-09-22 10:45:30");
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 11);
    assert_int_equal(story_count(node, "digest", LEDGER_MISSED), 0);
    assert_int_equal(rows_with(node, "main/digest", "blackout"), 1);
    story_end(sim);
}

static void a_job_run_by_hand_runs_in_a_blackout(void **state)
{
    (void)state;
    struct sim *sim = story_begin(69, 3, "2026-09-22 10:32:20");
    story_define(sim->nodes[0], &with_blackouts);
    sim_run(sim, SECONDS(10));
    story_run_now(sim->nodes[0], "digest");
    sim_run(sim, SECONDS(10));
    assert_int_equal(story_starts(sim, "digest"), 1);
    story_end(sim);
}

static void claims_of_every_second_end_where_a_blackout_begins(void **state)
{
    (void)state;
    struct sim *sim = story_begin(70, 1, "2026-09-22 10:28:17");
    struct sim_node *node = sim->nodes[0];
    const struct sim_job tick = {.name = "tick",
                                 .every_ms = SECONDS(1),
                                 .blackout_minute = 30,
                                 .blackout_ms = SECONDS(35),
                                 .work = {"for=100"}};
    story_define(node, &tick);
    story_until(sim, "2026-09-22 10:31:30");
    assert_int_equal(story_count(node, "tick", LEDGER_SKIPPED), 35);
    assert_int_equal(story_count(node, "tick", LEDGER_MISSED), 0);
    story_end(sim);
}

// --- intervals from the end of a run ---

static const struct sim_job from_the_end = {
    .name = "sync", .every_ms = MINUTES(10), .from_end = true, .work = {"for=180000"}};

// From the end of each run to the beginning of the next, on whichever node.
static void check_distances(const struct sim *sim, uint64_t least_ms, uint64_t most_ms)
{
    for (size_t i = 1; i < sim->check->start_count; i++) {
        const struct sim_start *before = &sim->check->starts[i - 1], *start = &sim->check->starts[i];
        assert_in_range(start->started_ms - before->ended_ms, least_ms, most_ms);
    }
}

static void an_interval_counts_from_the_end_of_the_run(void **state)
{
    (void)state;
    struct sim *sim = story_begin(71, 3, TEN);
    story_define(sim->nodes[0], &from_the_end);
    sim_run(sim, MINUTES(64)); // ten minutes, and then thirteen each
    assert_int_equal(story_starts(sim, "sync"), 5);
    check_distances(sim, MINUTES(10), MINUTES(10) + 3000);
    assert_in_range(sim->check->starts[0].started_ms, MINUTES(10), MINUTES(11));
    story_end(sim);
}

static void the_next_owner_goes_on_from_the_last_end(void **state)
{
    (void)state;
    struct sim *sim = story_begin(72, 3, TEN);
    story_define(sim->nodes[0], &from_the_end);
    sim_run(sim, MINUTES(31)); // two runs
    assert_int_equal(story_starts(sim, "sync"), 2);
    struct sim_node *owner = story_owner(sim, "sync");
    sim_node_power_cut(owner);
    sim_run(sim, MINUTES(14));
    assert_int_equal(story_starts(sim, "sync"), 3);
    check_distances(sim, MINUTES(10), MINUTES(10) + 3000);
    sim_node_switch_on(owner); // and the one before takes it back
    sim_run(sim, MINUTES(28));
    check_distances(sim, MINUTES(10), MINUTES(10) + 3000);
    assert_int_equal(story_starts(sim, "sync"), 5);
    story_end(sim);
}

static void an_interval_goes_on_after_a_restart_and_a_pause(void **state)
{
    (void)state;
    struct sim *sim = story_begin(73, 1, TEN);
    struct sim_node *node = sim->nodes[0];
    story_define(node, &from_the_end);
    sim_run(sim, MINUTES(16)); // one run
    sim_node_kill(node);
    sim_node_start(node);
    sim_run(sim, MINUTES(10)); // the second goes on
    assert_int_equal(story_starts(sim, "sync"), 2);
    check_distances(sim, MINUTES(10), MINUTES(10) + 3000);
    story_pause(node, "sync");
    sim_run(sim, MINUTES(30));
    assert_int_equal(story_starts(sim, "sync"), 2);
    story_resume(node, "sync");
    sim_run(sim, MINUTES(5)); // at once, and three minutes long
    assert_int_equal(story_starts(sim, "sync"), 3);
    sim_run(sim, MINUTES(12));
    assert_int_equal(story_starts(sim, "sync"), 4);
    story_end(sim);
}

static void a_failed_run_is_tried_again_before_the_interval_begins(void **state)
{
    (void)state;
    struct sim *sim = story_begin(74, 1, TEN);
    struct sim_job job = from_the_end;
    job.work[1] = "fails=1";
    job.retry_times = 1;
    job.retry_delay_ms = SECONDS(30);
    story_define(sim->nodes[0], &job);
    sim_run(sim, MINUTES(29));
    assert_int_equal(story_starts(sim, "sync"), 3);
    assert_int_equal(sim->check->starts[1].attempt, 2);
    assert_in_range(sim->check->starts[1].started_ms - sim->check->starts[0].ended_ms, 30000, 33000);
    assert_in_range(sim->check->starts[2].started_ms - sim->check->starts[1].ended_ms, MINUTES(10),
                    MINUTES(10) + 3000);
    story_end(sim);
}

// --- backfill ---

static void backfill(struct sim_node *node, const char *name, const char *from, const char *until)
{
    struct sim_record order = sim_job_backfill(node->sim, name, story_time(from), story_time(until));
    assert_int_equal(sim_person_put(node->sim, node, order), SIM_PUT_ADDED);
}

static const struct sim_job each_minute = {.name = "digest", .every_ms = MINUTES(1), .work = {"for=3000"}};

static void a_past_range_runs_one_after_another(void **state)
{
    (void)state;
    struct sim *sim = story_begin(75, 3, TEN);
    struct sim_node *node = sim->nodes[0];
    story_define(node, &each_minute);
    sim_run(sim, MINUTES(5));
    size_t starts = story_starts(sim, "digest");
    backfill(node, "digest", "2026-09-22 09:00:00", "2026-09-22 09:59:00"); // before the job was made
    sim_run(sim, MINUTES(6)); // sixty runs of three seconds, and the usual ones between them
    assert_int_equal(story_starts(sim, "digest"), starts + 60 + 6);
    assert_int_equal(rows_with(node, "main/digest", "backfill"), 60);
    for (size_t i = 1; i < sim->check->start_count; i++)
        assert_true(sim->check->starts[i - 1].ended_ms <= sim->check->starts[i].started_ms);
    story_all(node, "digest", LEDGER_OK);
    story_end(sim);
}

static void a_backfill_goes_on_where_its_owner_died(void **state)
{
    (void)state;
    struct sim *sim = story_begin(76, 3, TEN);
    story_define(sim->nodes[0], &each_minute);
    sim_run(sim, MINUTES(2));
    struct sim_node *owner = story_owner(sim, "digest");
    backfill(story_other(sim, owner), "digest", "2026-09-22 09:00:00", "2026-09-22 09:19:00");
    sim_run(sim, SECONDS(20));
    sim_node_power_cut(owner);
    sim_run(sim, MINUTES(5));
    struct sim_node *heir = story_owner(sim, "digest");
    assert_int_equal(rows_with(heir, "main/digest", "backfill"), 20);
    sim_node_kill_network(heir); // and a new process does not begin anew
    sim_run(sim, MINUTES(2));
    size_t starts[20] = {0};
    for (size_t i = 0; i < sim->check->start_count; i++) {
        int64_t index = (sim->check->starts[i].due_ms - story_time("2026-09-22 09:00:00")) / 60000;
        if (index >= 0 && index < 20)
            starts[index] += !sim->check->starts[i].is_lost;
    }
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        assert_int_equal(starts[i], 1);
    story_end(sim);
}

static void too_wide_a_range_is_not_begun(void **state)
{
    (void)state;
    struct sim *sim = story_begin(77, 1, TEN);
    story_define(sim->nodes[0], &each_minute);
    sim_run(sim, SECONDS(5));
    backfill(sim->nodes[0], "digest", "2026-09-21 09:00:00", "2026-09-22 09:00:00");
    sim_run(sim, SECONDS(20));
    assert_int_equal(story_starts(sim, "digest"), 0);
    story_end(sim);
}

static void a_backfill_may_be_cancelled(void **state)
{
    (void)state;
    struct sim *sim = story_begin(78, 1, TEN);
    story_define(sim->nodes[0], &each_minute);
    sim_run(sim, SECONDS(5));
    backfill(sim->nodes[0], "digest", "2026-09-22 09:00:00", "2026-09-22 09:40:00");
    sim_run(sim, SECONDS(5));
    story_cancel(sim->nodes[0], "digest");
    sim_run(sim, SECONDS(20));
    assert_in_range(story_starts(sim, "digest"), 1, 4);
    story_end(sim);
}

// --- a pause with an end ---

static void pause_until(struct sim_node *node, const char *name, const char *until)
{
    struct sim_record pause = sim_job_pause_until(node->sim, name, story_time(until));
    assert_int_equal(sim_person_put(node->sim, node, pause), SIM_PUT_ADDED);
}

static void a_pause_ends_by_itself_at_its_time(void **state)
{
    (void)state;
    struct sim *sim = story_begin(79, 3, TEN);
    struct sim_node *node = sim->nodes[0];
    story_define(node, &each_minute);
    story_until(sim, "2026-09-22 10:10:30");
    pause_until(node, "digest", "2026-09-22 10:40:30");
    story_until(sim, "2026-09-22 10:40:29");
    assert_int_equal(story_starts(sim, "digest"), 10);
    story_until(sim, "2026-09-22 10:50:30");
    assert_int_equal(story_starts(sim, "digest"), 20);
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 30);
    assert_int_equal(rows_with(node, "main/digest", "paused"), 1); // one stretch
    assert_true(story_outcomes_equal(sim, "digest"));
    story_end(sim);
}

static void a_pause_ends_also_where_its_owner_died(void **state)
{
    (void)state;
    struct sim *sim = story_begin(80, 3, TEN);
    story_define(sim->nodes[0], &each_minute);
    story_until(sim, "2026-09-22 10:10:30");
    struct sim_node *owner = story_owner(sim, "digest");
    pause_until(story_other(sim, owner), "digest", "2026-09-22 10:40:30");
    story_until(sim, "2026-09-22 10:30:30");
    sim_node_power_cut(owner);
    story_until(sim, "2026-09-22 10:50:30");
    assert_int_equal(story_starts(sim, "digest"), 20);
    struct sim_node *node = story_owner(sim, "digest");
    assert_int_equal(story_count(node, "digest", LEDGER_SKIPPED), 30);
    assert_int_equal(story_count(node, "digest", LEDGER_OK), 20);
    story_end(sim);
}

// --- versions of the time zone data ---

static size_t zone_problems(struct sim_node *node, char text[256])
{
    struct arena arena = {0};
    struct control_reply reply;
    const struct control_request request = {.kind = CONTROL_STATUS, .job = "", .run = ""};
    struct sim_answer *answer = sim_person_ask(node->sim, node, &request);
    size_t count = 0;
    sim_answer_get(answer, 0, &arena, &reply);
    for (size_t i = 0; i < reply.is.status.problem_count; i++) {
        if (!strstr(reply.is.status.problems[i], "time zone data"))
            continue;
        snprintf(text, 256, "%s", reply.is.status.problems[i]);
        count++;
    }
    arena_deinit(&arena);
    sim_answer_free(answer);
    return count;
}

static void nodes_with_other_zone_data_warn_each_other(void **state)
{
    (void)state;
    char text[256];
    struct sim *sim = story_begin(81, 3, TEN);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(zone_problems(sim->nodes[i], text), 0);
    sim_node_kill(sim->nodes[2]);
    sim->nodes[2]->runner.zone_version = "# version 2025b\n";
    sim_node_start(sim->nodes[2]);
    sim_run(sim, SECONDS(20));
    assert_int_equal(zone_problems(sim->nodes[0], text), 1);
    assert_string_equal(text, "time zone data differs from that of node n3: 2026a here, 2025b there");
    assert_int_equal(zone_problems(sim->nodes[2], text), 2);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jitter_is_the_same_at_every_start_and_after_a_hand_off),
        cmocka_unit_test(jitter_is_told_beside_the_due_time),
        cmocka_unit_test(each_node_has_a_jitter_of_its_own),
        cmocka_unit_test(all_that_was_missed_runs_one_after_another),
        cmocka_unit_test(of_very_many_that_were_missed_the_newest_run),
        cmocka_unit_test(a_fleet_that_comes_back_does_not_start_everything_at_once),
        cmocka_unit_test(due_times_in_a_blackout_are_one_stretch),
        cmocka_unit_test(a_blackout_is_not_caught_up),
        cmocka_unit_test(the_last_before_a_blackout_is_caught_up),
        cmocka_unit_test(a_schedule_that_ends_in_a_blackout_is_told_as_such),
        cmocka_unit_test(a_job_run_by_hand_runs_in_a_blackout),
        cmocka_unit_test(claims_of_every_second_end_where_a_blackout_begins),
        cmocka_unit_test(an_interval_counts_from_the_end_of_the_run),
        cmocka_unit_test(the_next_owner_goes_on_from_the_last_end),
        cmocka_unit_test(an_interval_goes_on_after_a_restart_and_a_pause),
        cmocka_unit_test(a_failed_run_is_tried_again_before_the_interval_begins),
        cmocka_unit_test(a_past_range_runs_one_after_another),
        cmocka_unit_test(a_backfill_goes_on_where_its_owner_died),
        cmocka_unit_test(too_wide_a_range_is_not_begun),
        cmocka_unit_test(a_backfill_may_be_cancelled),
        cmocka_unit_test(a_pause_ends_by_itself_at_its_time),
        cmocka_unit_test(a_pause_ends_also_where_its_owner_died),
        cmocka_unit_test(nodes_with_other_zone_data_warn_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
