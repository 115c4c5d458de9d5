// job_schema.h - which keys a job has, and the definition they make.
//
// Reads a tree (job_file.h), whether it came from YAML or from the options of `add`, so both know the
// same keys and give the same errors. Unknown and not yet implemented keys are refused, never ignored.
// What comes out has no life, version or stamp yet: job_change.h gives it those.
#ifndef NODE_CLI_JOB_SCHEMA_H
#define NODE_CLI_JOB_SCHEMA_H

#include "node/cli/job_file.h"
#include "node/cli/typed_time.h"
#include "proto/definition.h"

struct job_schema_job {
    struct definition definition;        // pointers live in the arena of the tree
    struct definition_trigger *triggers; // the definition's, still to be changed
    struct job_file_place place;         // of the job's name
    bool has_zone;                       // somebody wrote it; false: the context's, or UTC
    bool needs_zone;                     // has a trigger that looks at a wall clock
    // The first time written that the zone's clock never shows, or shows twice, and what was made of it; "":
    // none.
    char jump_note[TYPED_TIME_NOTE_ROOM];
    struct job_file_place jump_place;
    uint32_t anchored; // bit i: trigger i has a written anchor; the others may keep an older one
};

struct job_schema_context {
    const struct job_file_node *defaults; // map, or NULL
    const char *zone;                     // when none is written; NULL: UTC
    const char *user;                     // when none is written; NULL: refused, with user_hint
    const char *user_hint;                // what to do then
    int64_t now_ms;                       // anchor of an `every` without one
};

// `map` has the keys of one job. Everything is checked that can be checked without the fleet: triggers
// compile, users and labels have valid names, the whole fits a record.
bool job_schema_read(const struct job_file_node *map, const struct job_schema_context *context,
                     struct arena *arena, struct job_schema_job *job,
                     struct job_file_error *ret_error) WARN_UNUSED;

// Refuses what cannot stand under `defaults:`.
bool job_schema_check_defaults(const struct job_file_node *defaults, struct arena *arena,
                               struct job_file_error *ret_error) WARN_UNUSED;

#endif
