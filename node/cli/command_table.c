// The table itself: names, options, help. Order is the order of `katydid help`.
// Help texts hold no quotes of any kind, so that completion scripts can carry them as they are.
#include <string.h>

#include "node/cli/commands.h"
#include "proto/base.h"

#define OPTIONS(list) .options = list, .option_count = COUNT_OF(list)

static const struct command_option GLOBAL[] = {
    {"dir", "DIR", false, "the directory of this node (else $KATYDID_DIR)"},
    {"json", NULL, false, "print JSON for scripts"},
    {"keys", "PATH", false, "the directory of your keys (else $KATYDID_KEYS)"},
    {"operator", "FILE", false, "sign with this operator key"},
    {"help", NULL, false, "explain this command"},
};

static const struct command_option NEXT[] = {
    {"zone", "ZONE", false, "the time zone, like Europe/Berlin (default: the one of this machine)"},
    {"from", "TIME", false, "start here instead of now"},
    {"count", "N", false, "how many (default 10)"},
};

static const struct command COMMANDS[] = {
    {
        .name = "next",
        .group = COMMAND_HISTORY,
        .arguments = "EXPR|JOB",
        .argument_count_min = 1,
        .argument_count_max = 1,
        .help = "the next due times of a cron expression or a job",
        .example = "next \"30 2 * * sun\" --zone Europe/Berlin --count 3",
        OPTIONS(NEXT),
        .run = commands_next,
    },
    {
        .name = "version",
        .group = COMMAND_OTHER,
        .arguments = "",
        .help = "what this program is",
        .example = "version",
        .run = commands_version,
    },
    {
        .name = "help",
        .group = COMMAND_OTHER,
        .arguments = "[COMMAND]",
        .argument_count_max = 1,
        .help = "all commands, or one with its options",
        .example = "help add",
        .run = commands_help,
    },
    {
        .name = "completion",
        .group = COMMAND_OTHER,
        .arguments = "bash|zsh|fish",
        .argument_count_min = 1,
        .argument_count_max = 1,
        .help = "a script that lets the shell complete katydid commands",
        .example = "completion bash > ~/.local/share/bash-completion/completions/katydid",
        .run = commands_completion,
    },
};

size_t command_count(void)
{
    return COUNT_OF(COMMANDS);
}

const struct command *command_get(size_t index)
{
    assert(index < COUNT_OF(COMMANDS));
    return &COMMANDS[index];
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++) {
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    }
    return NULL;
}

size_t command_global_count(void)
{
    return COUNT_OF(GLOBAL);
}

const struct command_option *command_global_get(size_t index)
{
    assert(index < COUNT_OF(GLOBAL));
    return &GLOBAL[index];
}

const struct command_option *command_option_find(const struct command *command, const char *name)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (strcmp(command->options[i].name, name) == 0)
            return &command->options[i];
    }
    for (size_t i = 0; i < COUNT_OF(GLOBAL); i++) {
        if (strcmp(GLOBAL[i].name, name) == 0)
            return &GLOBAL[i];
    }
    return NULL;
}
