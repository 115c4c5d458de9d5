// print.h - how the command line speaks to people: one-line errors, durations, amounts.
//
// An error is one line on stderr: what failed, why, what to do. Every text that is printed here is
// made harmless first (terminal.h), so names and reasons of other machines may be passed as they are.
#ifndef NODE_CLI_PRINT_H
#define NODE_CLI_PRINT_H

#include "node/cli/command.h"
#include "proto/base.h"

enum {
    PRINT_ROOM = 48, // of a formatted duration or amount
};

// Each writes "katydid: ..." to stderr and returns the exit status it is named for.
int print_usage(const char *format, ...) PRINTF_LIKE(1, 2);
int print_failure(const char *format, ...) PRINTF_LIKE(1, 2);
int print_status(enum command_status status, const char *format, ...) PRINTF_LIKE(2, 3);
// Something the person should know though nothing failed.
void print_notice(const char *format, ...) PRINTF_LIKE(1, 2);

// printf to stdout, made harmless.
void print_line(const char *format, ...) PRINTF_LIKE(1, 2);

// "2 ms", "8.1s", "3m40s", "2h05m", "3d4h".
void print_duration(int64_t ms, char ret_text[PRINT_ROOM]);
// "in 3m40s", "8.1s ago", "now".
void print_relative(int64_t at_ms, int64_t now_ms, char ret_text[PRINT_ROOM]);
// "512 B", "1.4 MiB".
void print_size(uint64_t size_bytes, char ret_text[PRINT_ROOM]);

#endif
