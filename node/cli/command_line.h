// command_line.h - argv read against the command table.
//
// Global options stand before or after the command's name. Everything after `--` belongs to the
// command (add NAME --every 5m -- ls -l). Texts are views into argv.
#ifndef NODE_CLI_COMMAND_LINE_H
#define NODE_CLI_COMMAND_LINE_H

#include <stdint.h>

#include "node/cli/command.h"

struct command_value {
    const struct command_option *option;
    const char *text; // "" of a switch
};

struct command_line {
    const struct command *command;
    struct command_value *values; // owned, in the order given
    size_t value_count;
    const char **arguments; // owned array
    size_t argument_count;
    const char *const *rest; // behind `--`
    size_t rest_count;
    bool has_rest;
    bool wants_help; // --help stood somewhere
};

// 0, or COMMAND_USAGE after one line on stderr that says what is wrong. ret_line is ready for
// command_line_deinit in both cases.
int command_line_parse(int argc, char **argv, struct command_line *ret_line);
void command_line_deinit(struct command_line *line);

// The option's last value, "" for a switch that is set, NULL when it is not given.
const char *command_line_find(const struct command_line *line, const char *option);
bool command_line_has(const struct command_line *line, const char *option);
// The index-th value of a repeatable option, NULL behind the last.
const char *command_line_find_nth(const struct command_line *line, const char *option, size_t index);
// The index-th argument, NULL behind the last.
const char *command_line_argument(const struct command_line *line, size_t index);

// A whole number from 1 to `most`, digits only.
bool command_line_parse_count(const char *text, uint32_t most, uint32_t *ret_count);

#endif
