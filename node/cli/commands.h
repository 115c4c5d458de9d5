// commands.h - what the command table calls: one function per command, each in the file of its name.
//
// Each returns the exit status (enum command_status) after saying on stderr, in one line, what went wrong.
#ifndef NODE_CLI_COMMANDS_H
#define NODE_CLI_COMMANDS_H

#include "node/cli/command_line.h"

int commands_completion(const struct command_line *line);
int commands_help(const struct command_line *line);
int commands_next(const struct command_line *line);
int commands_version(const struct command_line *line);

#endif
