// run_ref.h - RUN|JOB on the command line: a job's name wins over the beginning of a run's id.
#ifndef NODE_CLI_RUN_REF_H
#define NODE_CLI_RUN_REF_H

#include "node/cli/session.h"

enum {
    RUN_REF_SHOWN_SIZE = 4, // hexadecimal digits people see at least
};

struct run_ref {
    char job[NAME_JOB_ROOM];       // of the job, or of the run's job where it was looked up; "" unknown
    char run[2 * RUN_ID_SIZE + 1]; // the digits typed, lower-case; "" when a job was meant
};

// True for hexadecimal digits, at most those of a run's id; lower-case in ret_run.
bool run_ref_is_run(const char *typed, char ret_run[2 * RUN_ID_SIZE + 1]);

// Decides by asking whether there is such a job. A command_status, said on stderr.
int run_ref_resolve(struct client *client, const char *typed, struct run_ref *ret_ref) WARN_UNUSED;

// Finds the one run whose id begins with ref->run. The row lives until the client sends again.
int run_ref_find(struct client *client, const struct run_ref *ref, struct control_run *ret_row) WARN_UNUSED;

#endif
