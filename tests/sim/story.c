#include "tests/sim/story.h"

#include <string.h>
#include <time.h>

enum { SETTLE_MS = 8000, SETTLED_BEFORE_MS = 5000 };

int64_t story_time(const char *text)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &parts);
    assert(end && !*end);
    return (int64_t)timegm(&parts) * 1000;
}

struct sim *story_begin(uint64_t seed, size_t node_count, const char *text)
{
    struct sim *sim = sim_new(seed, node_count, story_time(text));
    for (size_t i = 0; i < node_count; i++)
        sim_node_switch_on(sim->nodes[i]);
    sim_run(sim, node_count == 1 ? 2000 : SETTLE_MS);
    return sim;
}

void story_end(struct sim *sim)
{
    char failure[sizeof sim->failure];
    memcpy(failure, sim->failure, sizeof failure);
    sim_free(sim);
    assert_string_equal(failure, "");
}

static void put(struct sim_node *node, struct sim_record record)
{
    assert_int_equal(sim_person_put(node->sim, node, record), SIM_PUT_ADDED);
}

void story_define(struct sim_node *node, const struct sim_job *job)
{
    put(node, sim_job_define(node->sim, job));
}

struct hash story_pause(struct sim_node *node, const char *name)
{
    struct sim_record record = sim_job_pause(node->sim, name);
    struct hash id = record.id.hash;
    put(node, record);
    return id;
}

void story_resume(struct sim_node *node, const char *name)
{
    put(node, sim_job_resume(node->sim, name, NULL));
}

void story_delete(struct sim_node *node, const char *name)
{
    put(node, sim_job_delete(node->sim, name));
}

void story_run_now(struct sim_node *node, const char *name)
{
    put(node, sim_job_run(node->sim, name));
}

void story_cancel(struct sim_node *node, const char *name)
{
    put(node, sim_job_cancel(node->sim, name));
}

void story_until(struct sim *sim, const char *text)
{
    int64_t for_ms = story_time(text) - sim_wall_ms(sim);
    assert_true(for_ms >= 0);
    sim_run(sim, (uint64_t)for_ms);
}

size_t story_starts(const struct sim *sim, const char *name)
{
    const char *job = sim_jobs_find(sim, name)->full;
    size_t count = 0;
    for (size_t i = 0; i < sim->check->start_count; i++)
        count += strcmp(sim->check->starts[i].job, job) == 0;
    return count;
}

static struct sim_outcomes ask(struct sim_node *node, const char *name)
{
    return sim_outcomes_ask(node->sim, node, name, sim_node_wall_ms(node) - SETTLED_BEFORE_MS);
}

size_t story_count(struct sim_node *node, const char *name, enum ledger_status status)
{
    struct sim_outcomes outcomes = ask(node, name);
    size_t count = outcomes.by_status[status];
    sim_outcomes_deinit(&outcomes);
    return count;
}

size_t story_due_count(struct sim_node *node, const char *name)
{
    struct sim_outcomes outcomes = ask(node, name);
    size_t count = outcomes.count;
    sim_outcomes_deinit(&outcomes);
    return count;
}

void story_all(struct sim_node *node, const char *name, enum ledger_status status)
{
    struct sim_outcomes outcomes = ask(node, name);
    size_t count = outcomes.count, fitting = outcomes.by_status[status];
    sim_outcomes_deinit(&outcomes);
    assert_true(count > 0);
    assert_int_equal(fitting, count);
}
