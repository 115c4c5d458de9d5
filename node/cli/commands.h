// commands.h - what the command table calls: one function per command, each in the file of its name.
//
// Each returns the exit status (enum command_status) after saying on stderr, in one line, what went wrong.
#ifndef NODE_CLI_COMMANDS_H
#define NODE_CLI_COMMANDS_H

#include "node/cli/command_line.h"

int commands_add(const struct command_line *line);
int commands_agent(const struct command_line *line);
int commands_apply(const struct command_line *line);
int commands_cancel(const struct command_line *line);
int commands_check(const struct command_line *line);
int commands_clock(const struct command_line *line);
int commands_completion(const struct command_line *line);
int commands_drain(const struct command_line *line);
int commands_edit(const struct command_line *line);
int commands_emit(const struct command_line *line);
int commands_export(const struct command_line *line);
int commands_help(const struct command_line *line);
int commands_import(const struct command_line *line);
int commands_init(const struct command_line *line);
int commands_invite(const struct command_line *line);
int commands_jobs(const struct command_line *line);
int commands_join(const struct command_line *line);
int commands_key(const struct command_line *line);
int commands_leave(const struct command_line *line);
int commands_logs(const struct command_line *line);
int commands_members(const struct command_line *line);
int commands_next(const struct command_line *line);
int commands_owner(const struct command_line *line);
int commands_pause(const struct command_line *line);
int commands_resume(const struct command_line *line);
int commands_rm(const struct command_line *line);
int commands_run(const struct command_line *line);
int commands_runs(const struct command_line *line);
int commands_show(const struct command_line *line);
int commands_status(const struct command_line *line);
int commands_version(const struct command_line *line);
int commands_why(const struct command_line *line);

#endif
