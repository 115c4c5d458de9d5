// node_options.h - how a new node is called and labelled: options of `init`, `invite`, `join` and `key`.
//
// Functions that return int give a command_status; what is wrong has been said on stderr.
#ifndef NODE_CLI_NODE_OPTIONS_H
#define NODE_CLI_NODE_OPTIONS_H

#include "node/cli/command_line.h"
#include "proto/authority.h"

// The machine's name up to the first dot where it is fit to be one, else "node".
void node_options_host_name(char ret_name[NAME_ROOM]);
// --OPTION NAME; not given, `ret_name` stays.
int node_options_name(const struct command_line *line, const char *option,
                      char ret_name[NAME_ROOM]) WARN_UNUSED;
// Every --label K=V, in the arena.
int node_options_labels(const struct command_line *line, struct arena *arena,
                        struct labels *ret_labels) WARN_UNUSED;

#endif
