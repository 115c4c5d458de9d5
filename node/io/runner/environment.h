// environment.h - what a command finds in its environment: ours, the definition's, and what names the run.
//
// PATH HOME USER LOGNAME SHELL LANG, then the definition's own (which may replace these), then
// KATYDID_JOB KATYDID_RUN KATYDID_DUE KATYDID_ATTEMPT KATYDID_NODE KATYDID_CAUSE and what more there is to
// say about that cause, which nobody may replace. Nothing
// of the agent's own environment gets through.
#ifndef NODE_IO_RUNNER_ENVIRONMENT_H
#define NODE_IO_RUNNER_ENVIRONMENT_H

#include "node/io/runner/account.h"
#include "proto/definition.h"

#define ENVIRONMENT_PATH   "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define ENVIRONMENT_PREFIX "KATYDID_"
#define ENVIRONMENT_RUN    "KATYDID_RUN" // by which processes of a run are found

struct environment_run {
    const char *job; // "namespace/name"
    struct run_id run;
    int64_t due_ms;
    uint32_t attempt;
    const char *node;                   // name
    const char *cause;                  // "schedule", "order", "boot" ...
    const struct definition_pair *more; // about the cause: KATYDID_...
    size_t more_count;
};

struct environment {
    char **entries; // owned; "NAME=value", ends with NULL
    size_t count;
};

void environment_init(struct environment *environment, const struct definition *definition,
                      const struct account *account, const struct environment_run *run);
void environment_deinit(struct environment *environment);
const char *environment_find(const struct environment *environment, const char *name); // NULL: not set

#endif
