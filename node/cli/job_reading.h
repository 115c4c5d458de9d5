// job_reading.h - one job while it is being read: what job_schema.c, job_trigger.c and job_modifier.c share.
//
// A reader of a key takes its value, writes what it means into the definition, and returns false with the
// error filled where it means nothing. Keys are read in the order of the table in job_schema.c.
#ifndef NODE_CLI_JOB_READING_H
#define NODE_CLI_JOB_READING_H

#include "node/cli/job_schema.h"
#include "node/cli/job_value.h"
#include "node/cli/zone_file.h"

struct job_reading {
    struct job_value value;
    const struct job_schema_context *context;
    struct job_schema_job *job;
    struct definition *definition;       // of the job
    struct definition_trigger *triggers; // of the job
    struct job_file_place trigger_places[LIMIT_TRIGGER_COUNT_MAX];
    struct zone_file zone; // the definition's, for times without an offset
};

typedef bool job_reading_key(struct job_reading *reading, const struct job_file_node *node);

// A single value stands for a list of one.
bool job_reading_each(struct job_reading *reading, const struct job_file_node *node, job_reading_key *read);
// A point in time; without an offset it is local to the job's zone.
bool job_reading_instant(struct job_reading *reading, const struct job_file_node *node, int64_t *ret_ms);
// A duration under a key of a map; no such key: 0.
bool job_reading_span(struct job_reading *reading, const struct job_file_node *map, const char *key,
                      uint64_t *ret_ms);

#endif
