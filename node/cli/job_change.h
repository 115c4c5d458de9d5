// job_change.h - from what a person wrote to the next version of a job.
//
// A first version begins a life: odd, one above the deleted one. A later one follows the version it was
// edited from. The schedule version changes only with triggers, zone and calendar modifiers, so that
// editing anything else never makes a due time fire again.
#ifndef NODE_CLI_JOB_CHANGE_H
#define NODE_CLI_JOB_CHANGE_H

#include "node/cli/job_schema.h"

// An `every` without a written anchor keeps the phase it has. base NULL: nothing to keep.
void job_change_keep_anchors(struct job_schema_job *job, const struct definition *base);
// Whether the person wants nothing that `base` does not say already.
bool job_change_is_none(const struct definition *definition, const struct definition *base);

void job_change_begin(struct definition *definition, uint64_t life, uint64_t stamp);
// `base` is what the person saw: the version edited, and the conflicts shown beside it, which this one
// settles.
struct job_change_base {
    const struct definition *definition;
    struct hash id;
    struct hash settles[LIMIT_SETTLED_COUNT_MAX];
    size_t settle_count;
};
void job_change_follow(struct definition *definition, const struct job_change_base *base, uint64_t stamp);

#endif
