// upstream.h - jobs that come after other jobs: which ends make one due, and what that occurrence is called.
//
// An end is one outcome of one occurrence of another job, or of a stretch of its due times that share one.
// Whoever knows the same ends finds the same causes, so an occurrence that comes after others has one id on
// every node. The owner of the downstream job chooses ends (upstream_choose) and the runner is shown the same
// ones and checks them (upstream_cause), with the same functions.
//
// - any of several: each end that fits makes one occurrence; its cause is the id of the upstream occurrence.
// - all of the same moment: once each job has an end that fits, for one due time. What has no due time is of
//   one moment when it has one cause, so two jobs after a third can be joined again.
// - all, the latest: each time one of them ends while the latest end of every one fits.
//
// A job never comes after itself, whatever its patterns say. A hook, a job that comes after everybody (`*`,
// or `night/*`: of one namespace), is for the jobs that do the work: it does not hear of other hooks, so
// alerts that fail do not feed on each other. Whoever wants to come after a hook names it.
#ifndef NODE_CORE_TRIGGER_UPSTREAM_H
#define NODE_CORE_TRIGGER_UPSTREAM_H

#include "proto/definition.h"
#include "proto/ledger.h"

struct upstream_end {
    const char *job; // "namespace/name"; borrowed
    struct occurrence_id occurrence;
    int64_t due_ms;    // nominal; of a stretch the first; 0: it has none
    struct hash cause; // zero: it has a due time
    enum ledger_status status;
    int64_t ended_ms;
    bool is_hook; // the job is one, as far as is known here
};

// Does the definition come after everybody, by some trigger?
bool upstream_is_hook(const struct definition *definition);
// Does the pattern stand for this job? A job that is itself the downstream is for the caller to tell apart.
bool upstream_means(const char *pattern, const char *job, bool is_hook);
// Is `job` one of those that `downstream` comes after?
bool upstream_is_named(const struct definition_trigger *trigger, const char *downstream, const char *job,
                       bool is_hook);
// Is this status among the outcomes the trigger waits for?
bool upstream_fits(const struct definition_trigger *trigger, enum ledger_status status);

struct upstream_trigger { // which trigger of which job
    const char *downstream;
    const struct definition_trigger *trigger;
    uint16_t index; // in the definition
};

// Which ends make the downstream job due, now that ends[newest] has come. Writes their indexes, one for `any`
// and one for each job of the trigger, in its order, for `all`. Returns how many; 0: it is not due by that.
size_t upstream_choose(const struct upstream_trigger *of, const struct upstream_end *ends, size_t count,
                       size_t newest, size_t ret_chosen[LIMIT_UPSTREAM_COUNT_MAX]);
// The cause of the occurrence that these ends make, as upstream_choose chose them. False: they make none.
bool upstream_cause(const struct upstream_trigger *of, const struct upstream_end *chosen, size_t count,
                    struct hash *ret_cause) WARN_UNUSED;

#endif
