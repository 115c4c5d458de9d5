// start_time.h - when a due time starts that is not started when it is due.
//
// Jitter moves every start of a job by the same span, between nothing and what the definition allows: by hash
// of the job and, for jobs that each node sees to itself, of the node. A hand-off does not change it. What is
// caught up is spread over a span of its own, counted from its claim and by hash of job and node, so that a
// fleet that comes back does not start everything at once. Nothing ever starts before it is due.
//
// A trigger `at` may have a deadline, and nothing that was due by it begins later than that: not what was
// claimed before the machine stood still, not what waited in a queue, not what is run again because it was
// lost. Both spans end halfway to the deadline. Only a retry may follow one that began in time.
#ifndef NODE_CORE_START_TIME_H
#define NODE_CORE_START_TIME_H

#include "node/core/jobs.h"

enum {
    START_TIME_LATE_MS = 5000, // what is claimed later than this after its due time is caught up
};

// Wall time from which the first attempt starts that was first claimed at `claimed_ms`.
int64_t start_time_ms(const struct core *core, const struct job *job, const struct known_key *key,
                      int64_t claimed_ms);
// And the earliest it could have been on any node; `claimed_ms` where it has no due time.
int64_t start_time_first_ms(const struct core *core, const struct job *job, const struct known_key *key,
                            int64_t claimed_ms);
// Wall time after which it does not begin any more; INT64_MAX: none.
int64_t start_time_deadline_ms(const struct core *core, const struct job *job, const struct known_key *key);
// Has that passed, and it did not begin?
bool start_time_is_over(const struct core *core, const struct job *job, const struct known_key *key);
// Was it claimed too late for a start on time?
bool start_time_is_caught_up(const struct known_key *key, int64_t claimed_ms);

#endif
