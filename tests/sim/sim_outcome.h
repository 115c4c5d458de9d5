// sim_outcome.h - what a node answers about the due times of a job, held against the oracle.
#ifndef TESTS_SIM_SIM_OUTCOME_H
#define TESTS_SIM_SIM_OUTCOME_H

#include "proto/ledger.h"

struct sim;
struct sim_node;

struct sim_outcome { // of one due time
    int64_t due_ms;
    enum ledger_status status;
    size_t row_count; // rows that speak of it: one, unless sides of a cut judged it apart
    size_t version;   // of the schedule: index in sim_jobs
};

struct sim_outcomes {
    struct sim_outcome *items; // owned; ascending
    size_t count, capacity;
    size_t by_status[LEDGER_OK + 1];
    size_t order_by_status[LEDGER_OK + 1]; // of orders to run it now
    size_t row_count;
    size_t throttled_rows, throttled; // stretches of events that were too many, and how many they were
    bool is_answered, is_complete;    // nobody was left out
};

// The same without judging: what the node tells now, if it does.
struct sim_outcomes sim_outcomes_look(struct sim *sim, struct sim_node *node, const char *name,
                                      int64_t until_ms);
// Asks the node for all rows of the job and compares them with the due times the oracle gives, from the
// first to `until_ms`. Fails the world when one has no outcome or an open one, when a row speaks of what is
// no due time, or when a run is said to have done what it did not. Free with sim_outcomes_deinit.
struct sim_outcomes sim_outcomes_ask(struct sim *sim, struct sim_node *node, const char *name,
                                     int64_t until_ms);
void sim_outcomes_deinit(struct sim_outcomes *outcomes);
// Due times with another outcome in `b` than in `a`.
size_t sim_outcomes_differ(const struct sim_outcomes *a, const struct sim_outcomes *b);

#endif
