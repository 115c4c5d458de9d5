// time_option.h - a time given as an option: --from, --until, --since.
#ifndef NODE_CLI_TIME_OPTION_H
#define NODE_CLI_TIME_OPTION_H

#include "node/cli/command_line.h"
#include "node/cli/typed_time.h"

// COMMAND_DONE, or COMMAND_USAGE and said why. Says what was made of a time that the clock never shows, or
// shows twice. Without the option *ret_time is left as it was.
int time_option_read(const struct command_line *line, const char *option,
                     const struct typed_time_context *context, struct typed_time *ret_time) WARN_UNUSED;

#endif
