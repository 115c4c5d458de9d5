// command.h - the table of commands: what each is called, what it takes, who does it.
#ifndef NODE_CLI_COMMAND_H
#define NODE_CLI_COMMAND_H

// Runs the command in argv. Returns the exit status of the process:
// 0 done, 1 refused or failed, 2 usage, 3 no agent at DIR, 4 not found, 5 answered in part.
int command_main(int argc, char **argv);

#endif
