// add_options.h - the options of `add` as the tree of a job file, and errors about it in terms of options.
//
// So one schema reads both. What people say of a time ("tomorrow 02:30", "in 1h") is written down as the
// instant it means, which a file cannot have.
#ifndef NODE_CLI_ADD_OPTIONS_H
#define NODE_CLI_ADD_OPTIONS_H

#include "node/cli/command_line.h"
#include "node/cli/job_file.h"

// Fills the map of one job. A command_status, said on stderr.
int add_options_read(const struct command_line *line, struct arena *arena,
                     struct job_file_node *map) WARN_UNUSED;

// Says what the schema refuses; returns COMMAND_USAGE.
int add_options_refuse(const struct job_file_error *error);

enum {
    ADD_OPTIONS_TEXT_ROOM = 512,
};

// The same text with options instead of the keys of a job file: "`not_before`" becomes "`--not-before`".
void add_options_name(const char *text, char ret_text[ADD_OPTIONS_TEXT_ROOM]);

#endif
