// job_modifier.h - the keys of a job that bend its due times: DST, catching up, jitter, bounds, blackouts.
#ifndef NODE_CLI_JOB_MODIFIER_H
#define NODE_CLI_JOB_MODIFIER_H

#include "node/cli/job_reading.h"

job_reading_key job_modifier_gap, job_modifier_overlap, job_modifier_catch_up, job_modifier_jitter,
    job_modifier_not_before, job_modifier_not_after, job_modifier_count, job_modifier_blackout,
    job_modifier_max_clock_error;

#endif
