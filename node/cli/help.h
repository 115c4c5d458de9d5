// help.h - the command table as text.
#ifndef NODE_CLI_HELP_H
#define NODE_CLI_HELP_H

#include "node/cli/command.h"

// Each prints to stdout and returns COMMAND_DONE.
int help_print_all(void);
int help_print_command(const struct command *command);

#endif
