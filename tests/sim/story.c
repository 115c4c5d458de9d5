#include "tests/sim/story.h"

#include "node/core/state.h"

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

static bool owns(const struct sim_node *node, const char *job)
{
    const struct job *found = node->core ? jobs_find(&node->core->jobs, job) : NULL;
    return found && found->role == JOBS_OWNER;
}

struct sim_node *story_owner(struct sim *sim, const char *name)
{
    const char *job = sim_jobs_find(sim, name)->full;
    struct sim_node *owner = NULL;
    for (size_t i = 0; i < sim->node_count; i++)
        if (owns(sim->nodes[i], job))
            owner = sim->nodes[i];
    return story_owner_count(sim, name) == 1 ? owner : NULL;
}

size_t story_owner_count(struct sim *sim, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->node_count; i++)
        count += owns(sim->nodes[i], sim_jobs_find(sim, name)->full);
    return count;
}

struct sim_node *story_other(struct sim *sim, const struct sim_node *node)
{
    for (size_t i = 0; i < sim->node_count; i++)
        if (sim->nodes[i] != node && sim_node_is_up(sim->nodes[i]))
            return sim->nodes[i];
    return NULL;
}

void story_cut(struct sim *sim, unsigned one, unsigned other)
{
    for (size_t i = 0; i < sim->node_count; i++)
        for (size_t k = 0; k < sim->node_count; k++)
            if ((one >> i & 1 && other >> k & 1) || (other >> i & 1 && one >> k & 1))
                sim_net_cut(sim, i, k);
}

bool story_tables_equal(struct sim *sim)
{
    struct hash first = {{0}};
    for (size_t i = 0; i < sim->node_count; i++) {
        if (!sim_node_is_up(sim->nodes[i]))
            continue;
        struct hash digest = table_digest(&sim->nodes[i]->core->table);
        if (hash_is_zero(&first))
            first = digest;
        if (!hash_equal(&first, &digest))
            return false;
    }
    return true;
}

bool story_outcomes_equal(struct sim *sim, const char *name)
{
    struct sim_outcomes first = {0};
    bool is_first = true, equal = true;
    int64_t until_ms = 0; // the same for all: time passes while they answer
    for (size_t i = 0; i < sim->node_count; i++) {
        if (!sim_node_is_up(sim->nodes[i]))
            continue;
        if (is_first)
            until_ms = sim_node_wall_ms(sim->nodes[i]) - SETTLED_BEFORE_MS;
        struct sim_outcomes outcomes = sim_outcomes_ask(sim, sim->nodes[i], name, until_ms);
        if (is_first) {
            first = outcomes;
            is_first = false;
            continue;
        }
        equal = equal && !sim_outcomes_differ(&first, &outcomes);
        sim_outcomes_deinit(&outcomes);
    }
    sim_outcomes_deinit(&first);
    return equal;
}

void story_ask(struct sim_node *node, const struct control_request *request, story_visit *visit,
               void *context)
{
    struct sim_answer *answer = sim_person_ask(node->sim, node, request);
    assert_true(answer->is_done);
    for (size_t i = 0; i < answer->count; i++) {
        struct arena arena = {0};
        struct control_reply reply;
        sim_answer_get(answer, i, &arena, &reply);
        visit(&reply, context);
        arena_deinit(&arena);
    }
    sim_answer_free(answer);
}

uint64_t story_wait(struct sim *sim, bool (*is_so)(struct sim *sim, void *context), void *context,
                    uint64_t within_ms)
{
    uint64_t from_ms = sim->now_ms;
    assert_true(sim_run_until(sim, is_so, context, within_ms));
    return sim->now_ms - from_ms;
}

bool story_all_see_all(struct sim *sim, void *context)
{
    size_t up = 0;
    (void)context;
    for (size_t i = 0; i < sim->node_count; i++)
        up += sim->nodes[i]->is_on;
    for (size_t i = 0; i < sim->node_count; i++) {
        struct control_status status = {0};
        if (!sim->nodes[i]->is_on)
            continue;
        if (!sim_node_is_up(sim->nodes[i]))
            return false;
        core_count_members(sim->nodes[i]->core, &status);
        if (status.members_alive != up || status.members_suspect)
            return false;
    }
    return true;
}
