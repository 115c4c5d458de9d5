// story_take.c - what it costs in messages and bytes when a node with a thousand jobs goes and comes back.
#include "tests/sim/story.h"

#include <stdio.h>

enum { JOBS = 1000 };

struct traffic {
    uint64_t messages, bytes;
};

static struct traffic traffic_of(const struct sim *sim)
{
    return (struct traffic){sim->net->stream_count, sim->net->stream_bytes};
}

// What goes over streams in so many seconds, beyond what goes in usual ones.
static struct traffic measure(struct sim *sim, uint64_t for_ms, struct traffic usual)
{
    struct traffic before = traffic_of(sim);
    sim_run(sim, for_ms);
    struct traffic after = traffic_of(sim);
    struct traffic more = {after.messages - before.messages, after.bytes - before.bytes};
    more.messages -= MIN_OF(more.messages, usual.messages);
    more.bytes -= MIN_OF(more.bytes, usual.bytes);
    return more;
}

static void define_jobs(struct sim *sim, uint64_t every_ms, char names[JOBS][16])
{
    for (size_t i = 0; i < JOBS; i++) {
        snprintf(names[i], sizeof names[i], "job-%zu", i);
        const struct sim_job job = {.name = names[i],
                                    .every_ms = every_ms,
                                    .anchor_ms = (int64_t)(i * 977 % every_ms),
                                    .work = {"for=2000"}};
        story_define(sim->nodes[i % 3], &job);
    }
}

static bool all_owned(struct sim *sim, void *context)
{
    const char(*names)[16] = context;
    for (size_t i = 0; i < JOBS; i++)
        if (story_owner_count(sim, names[i]) != 1)
            return false;
    return true;
}

static void say(const char *what, struct traffic traffic)
{
    print_message("%s: %llu messages, %llu kB\n", what, (unsigned long long)traffic.messages,
                  (unsigned long long)traffic.bytes / 1000);
}

struct cost {
    struct traffic usual, death, away, back;
};

// n2 loses power for so long and comes back; each phase is measured over a minute.
static struct cost cost_of_a_death(uint64_t every_ms, uint64_t away_ms)
{
    enum { PHASE_MS = 60 * 1000 };
    static char names[JOBS][16];
    struct cost cost = {0};
    const struct traffic nothing = {0};
    struct sim *sim = story_begin(1, 3, "2026-09-22 10:00:00");
    define_jobs(sim, every_ms, names);
    sim_run(sim, MINUTES(2));
    assert_true(all_owned(sim, names));
    cost.usual = measure(sim, PHASE_MS, nothing);
    sim_node_power_cut(sim->nodes[1]);
    cost.death = measure(sim, PHASE_MS, cost.usual);
    assert_true(all_owned(sim, names));
    cost.away = measure(sim, away_ms, nothing);
    sim_node_switch_on(sim->nodes[1]);
    cost.back = measure(sim, PHASE_MS, cost.usual);
    assert_true(all_owned(sim, names));
    assert_int_equal(sim->check->double_count, 0);
    story_end(sim);
    say("a usual minute", cost.usual);
    say("the minute of a death, beyond that", cost.death);
    say("the minute of its return, beyond that", cost.back);
    return cost;
}

static void a_thousand_quiet_jobs_move_in_few_messages(void **state)
{
    (void)state;
    struct cost cost = cost_of_a_death(HOURS(24), MINUTES(5));
    assert_true(cost.death.messages < 30);
    assert_true(cost.death.bytes < 100 * 1000);
    assert_true(cost.back.messages < 100);
    assert_true(cost.back.bytes < 800 * 1000);
}

static void a_thousand_busy_jobs_move_in_few_messages(void **state)
{
    (void)state;
    struct cost cost = cost_of_a_death(MINUTES(1), MINUTES(3));
    assert_true(cost.death.bytes < cost.usual.bytes);
    assert_true(cost.back.messages < cost.usual.messages);
    assert_true(cost.back.bytes < 10 * cost.usual.bytes);
}

// Claims of many jobs are signed as one record. Who takes one of the jobs and has not got the record must be
// given it, wherever in the record its job stands.
static void a_record_about_many_jobs_is_handed_over_for_each(void **state)
{
    enum { TOGETHER = 30 };
    char names[TOGETHER][16];
    (void)state;
    struct sim *sim = story_begin(2, 3, "2026-09-22 10:00:00");
    for (size_t i = 0; i < TOGETHER; i++) {
        snprintf(names[i], sizeof names[i], "job-%zu", i);
        const struct sim_job job = {.name = names[i], .every_ms = SECONDS(60), .work = {"for=20000"}};
        story_define(sim->nodes[0], &job);
    }
    story_until(sim, "2026-09-22 10:02:57");
    story_cut(sim, 1, 2); // n1 claims, n2 does not hear of it
    story_until(sim, "2026-09-22 10:02:59");
    sim_node_power_cut(sim->nodes[0]);
    sim_net_heal_all(sim);
    story_until(sim, "2026-09-22 10:05:30");
    for (size_t i = 0; i < TOGETHER; i++)
        for (size_t node = 1; node < 3; node++)
            story_all(sim->nodes[node], names[i], LEDGER_OK);
    story_end(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_about_many_jobs_is_handed_over_for_each),
        cmocka_unit_test(a_thousand_quiet_jobs_move_in_few_messages),
        cmocka_unit_test(a_thousand_busy_jobs_move_in_few_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
