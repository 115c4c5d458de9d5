// command.h - the table of commands: what each is called, what it takes, who does it.
//
// One table feeds the parser (command_line.h), help, completion and usage errors, so they cannot
// disagree. A command that this build does not do is not in the table.
#ifndef NODE_CLI_COMMAND_H
#define NODE_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum command_status { // exit status of the process
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1, // refused or failed: one line on stderr
    COMMAND_USAGE = 2,
    COMMAND_NO_AGENT = 3, // nobody answers at DIR
    COMMAND_NOT_FOUND = 4,
    COMMAND_PARTIAL = 5, // answered, but not by everybody who may know
};

enum command_group {
    COMMAND_FLEET,
    COMMAND_JOBS,
    COMMAND_HISTORY,
    COMMAND_OTHER,
};

struct command_option {
    const char *name;     // without the dashes
    const char *argument; // "DUR"; NULL: a switch
    bool is_repeatable;
    const char *help;
};

struct command_line;

struct command {
    const char *name;
    enum command_group group;
    const char *arguments; // as the usage line shows them, without options
    size_t argument_count_min, argument_count_max;
    bool takes_rest; // words after `--` are the command's own
    const char *help;
    const char *example; // without "katydid "
    const struct command_option *options;
    size_t option_count;
    int (*run)(const struct command_line *line);
};

// Runs the command in argv. Returns the exit status of the process.
int command_main(int argc, char **argv);

size_t command_count(void);
const struct command *command_get(size_t index);
const struct command *command_find(const char *name);
const struct command_option *command_option_find(const struct command *command, const char *name);

// Options that every command takes, before or after its name.
size_t command_global_count(void);
const struct command_option *command_global_get(size_t index);

#endif
