// cycle.h - jobs that would come after each other in a circle, found before they are signed.
//
// The table of the fleet and what a command is about to sign are looked at together. A pattern stands for
// every job it fits but the job itself, and `*` for no hook (node/core/trigger/upstream.h): the agents judge
// by the same rule. What two people add at the same moment may still close a circle: then the cap on starts
// per hour holds it.
#ifndef NODE_CLI_CYCLE_H
#define NODE_CLI_CYCLE_H

#include "node/cli/session.h"

enum { CYCLE_TEXT_ROOM = 1024 };

struct cycle_job {
    char name[NAME_JOB_ROOM];
    struct buffer patterns; // owned: texts, each with its end: what it comes after
    bool is_hook;
};

struct cycle {
    struct cycle_job *jobs; // owned, by name
    size_t count, capacity;
};

void cycle_deinit(struct cycle *cycle);
// Adds a job, or replaces the one of this name.
void cycle_add(struct cycle *cycle, const struct definition *definition);
void cycle_remove(struct cycle *cycle, const char *job);
// A circle through `job` as "a -> b -> a": b comes after a, and a after b. False: there is none.
bool cycle_find(const struct cycle *cycle, const char *job, char ret_text[CYCLE_TEXT_ROOM]);

// The first circle of all, through the first of its jobs by name. False: there is none.
bool cycle_find_any(const struct cycle *cycle, const char **ret_job, char ret_text[CYCLE_TEXT_ROOM]);

bool cycle_has_upstream(const struct definition *definition); // does it come after anything?
// Adds all jobs of the agent's table. A command_status, said on stderr.
int cycle_add_table(struct cycle *cycle, struct session *session) WARN_UNUSED;
// Refuses the definition if it closes a circle with the table of the agent. A command_status.
int cycle_check(struct session *session, const struct definition *definition) WARN_UNUSED;
int cycle_refuse(const char *job, const char *circle); // says it
// Says which jobs that `job` comes after nobody has defined: a slip of the pen would never be noticed.
void cycle_notice_missing(const struct cycle *cycle, const char *job);

#endif
