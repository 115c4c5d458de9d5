// story.h - the phrases stories are told with.
#ifndef TESTS_SIM_STORY_H
#define TESTS_SIM_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/sim.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/sim_net.h"
#include "tests/sim/sim_node.h"
#include "tests/sim/sim_outcome.h"
#include "tests/sim/sim_person.h"

#define SECONDS(n) ((n)*UINT64_C(1000))
#define MINUTES(n) SECONDS((n)*UINT64_C(60))
#define HOURS(n)   MINUTES((n)*UINT64_C(60))

// Unix milliseconds of "2026-10-25 01:00:00" UTC.
int64_t story_time(const char *text);

// A fleet that is up and settled, a few seconds after `text`.
struct sim *story_begin(uint64_t seed, size_t node_count, const char *text);
// Nothing went wrong. Frees the world.
void story_end(struct sim *sim);

// What people do; each must succeed. Records are durable at that node afterwards.
void story_define(struct sim_node *node, const struct sim_job *job);
struct hash story_pause(struct sim_node *node, const char *name);
void story_resume(struct sim_node *node, const char *name);
void story_delete(struct sim_node *node, const char *name);
void story_run_now(struct sim_node *node, const char *name);
void story_cancel(struct sim_node *node, const char *name);

// Asks and shows each reply, in order; fails the test when the answer does not end.
typedef void story_visit(const struct control_reply *reply, void *context);
void story_ask(struct sim_node *node, const struct control_request *request, story_visit *visit,
               void *context);

// Goes on to just after the instant.
void story_until(struct sim *sim, const char *text);
// How often the job has begun on any node.
size_t story_starts(const struct sim *sim, const char *name);

// Every due time up to now has one outcome, says the node; how many have this one.
size_t story_count(struct sim_node *node, const char *name, enum ledger_status status);
// Due times up to now, by the oracle.
size_t story_due_count(struct sim_node *node, const char *name);
// All of them had this outcome.
void story_all(struct sim_node *node, const char *name, enum ledger_status status);

// --- many nodes ---

// The node that owns the job and knows it; NULL: none, or (see owner_count) several.
struct sim_node *story_owner(struct sim *sim, const char *name);
size_t story_owner_count(struct sim *sim, const char *name);
struct sim_node *story_other(struct sim *sim, const struct sim_node *node); // one that is up, not this one
// Both ways between these groups: bit i is node i.
void story_cut(struct sim *sim, unsigned one, unsigned other);
bool story_tables_equal(struct sim *sim); // on all nodes that are up
// All nodes that are up tell the same outcome of every due time.
bool story_outcomes_equal(struct sim *sim, const char *name);
// How long until it is so; fails the test when that is longer than `within_ms`.
uint64_t story_wait(struct sim *sim, bool (*is_so)(struct sim *sim, void *context), void *context,
                    uint64_t within_ms);
bool story_all_see_all(struct sim *sim,
                       void *context); // every machine that is on counts all others that are on

#endif
