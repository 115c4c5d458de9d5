// run_parts.h - folders whose programs run one after another, like /etc/cron.daily, and commands that run
// one.
//
// Source: run-parts(8) of Debian: programs with names of letters, digits, underscores and hyphens, in the
// order of their names.
#ifndef NODE_CLI_RUN_PARTS_H
#define NODE_CLI_RUN_PARTS_H

#include "proto/base.h"

enum {
    RUN_PARTS_PATH_ROOM = 256,
};

// The folder that a command hands to run-parts: "cd / && run-parts --report /etc/cron.daily". False: it is no
// such command, or the folder cannot be told without a shell.
bool run_parts_folder(const char *command, char ret_path[RUN_PARTS_PATH_ROOM]);
// Does run-parts (and cron, in /etc/cron.d) take files with this name?
bool run_parts_is_name(const char *name);
// "a, b and 3 more": the programs in the folder now; "" where it cannot be read or holds none. `size` >= 1.
void run_parts_list(const char *folder, char *out, size_t size);

#endif
