// job_trigger.h - the keys of a job that say when: each reads one kind of trigger, one or a list of them.
#ifndef NODE_CLI_JOB_TRIGGER_H
#define NODE_CLI_JOB_TRIGGER_H

#include "node/cli/job_reading.h"

job_reading_key job_trigger_cron, job_trigger_every, job_trigger_at, job_trigger_expires, job_trigger_event,
    job_trigger_after, job_trigger_boot, job_trigger_member, job_trigger_file;

// The key that stands for a kind: "cron".
const char *job_trigger_name(enum definition_trigger_kind kind);

#endif
