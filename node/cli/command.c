#include "node/cli/command.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/help.h"
#include "node/cli/print.h"
#include "node/io/daemon.h"
#include "node/io/runner/child.h"
#include "node/io/watch/watch.h"

// A full disk or a closed pipe behind stdout must not look like success.
static int flush_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return status ? status : print_failure("the output could not be written: is the disk full?");
}

int command_main(int argc, char **argv)
{
    struct command_line line;
    if (argc > 1 && strcmp(argv[1], CHILD_ARGUMENT) == 0)
        return daemon_main(argc, argv);
    if (argc == 2 + WATCH_ARGUMENT_COUNT && strcmp(argv[1], WATCH_ARGUMENT) == 0)
        return watch_main((const char *const *)&argv[2]);
    if (sodium_init() < 0)
        return print_failure("the cryptographic library does not start: is there a source of entropy?");
    int status = command_line_parse(argc, argv, &line);
    if (status == 0 && line.wants_help)
        status = line.command ? help_print_command(line.command) : help_print_all();
    else if (status == 0)
        status = line.command->run(&line);
    command_line_deinit(&line);
    return flush_output(status);
}
