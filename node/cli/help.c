#include "node/cli/help.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/print.h"
#include "node/cli/terminal.h"

enum {
    OPTION_WIDTH = 26, // a longer option has a line of its own
};

static void print_heading(const char *text)
{
    enum terminal_colour colour = terminal_has_colour(stdout) ? TERMINAL_BOLD : TERMINAL_PLAIN;
    printf("\n%s%s%s\n", terminal_start(colour), text, terminal_reset(colour));
}

static void print_option(const struct command_option *option)
{
    char shown[64];
    snprintf(shown, sizeof shown, "--%s%s%s", option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    if (strlen(shown) > OPTION_WIDTH)
        printf("  %s\n  %*s", shown, OPTION_WIDTH, "");
    else
        printf("  %-*s", OPTION_WIDTH, shown);
    printf(" %s%s\n", option->help, option->is_repeatable ? "; may be repeated" : "");
}

int help_print_all(void)
{
    static const char *const GROUPS[] = {
        [COMMAND_FLEET] = "Fleet",
        [COMMAND_JOBS] = "Jobs",
        [COMMAND_HISTORY] = "What ran, what will",
        [COMMAND_OTHER] = "This program",
    };
    printf("katydid keeps one schedule on many machines, with nobody in charge.\n\n"
           "usage: katydid [--dir DIR] [--json] COMMAND ...\n");
    for (size_t group = 0; group < COUNT_OF(GROUPS); group++) {
        bool has_heading = false;
        for (size_t i = 0; i < command_count(); i++) {
            const struct command *command = command_get(i);
            if (command->group != (enum command_group)group)
                continue;
            if (!has_heading)
                print_heading(GROUPS[group]);
            has_heading = true;
            printf("  %-12s %s\n", command->name, command->help);
        }
    }
    print_heading("Everywhere");
    for (size_t i = 0; i < command_global_count(); i++)
        print_option(command_global_get(i));
    printf("\n`katydid help COMMAND` shows one command with its options and an example.\n");
    return COMMAND_DONE;
}

int help_print_command(const struct command *command)
{
    bool has_rest = command->takes_rest;
    printf("usage: katydid %s%s%s%s\n\n%s\n", command->name,
           command->option_count && !has_rest ? " [OPTION]..." : "", command->arguments[0] ? " " : "",
           command->arguments, command->help);
    if (command->option_count)
        print_heading("Options");
    for (size_t i = 0; i < command->option_count; i++)
        print_option(&command->options[i]);
    print_heading("Everywhere");
    for (size_t i = 0; i < command_global_count(); i++)
        print_option(command_global_get(i));
    print_heading("Example");
    printf("  katydid %s\n", command->example);
    return COMMAND_DONE;
}

int commands_help(const struct command_line *line)
{
    const char *name = command_line_argument(line, 0);
    if (!name)
        return help_print_all();
    const struct command *command = command_find(name);
    if (!command)
        return print_usage("unknown command `%s`; `katydid help` lists them", name);
    return help_print_command(command);
}
