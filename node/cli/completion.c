// Completion scripts are written from the command table, so they know exactly this build.
#include <stdio.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/print.h"

static void print_command_names(void)
{
    for (size_t i = 0; i < command_count(); i++)
        printf("%s%s", i ? " " : "", command_get(i)->name);
}

static void print_option_names(const struct command *command)
{
    for (size_t i = 0; command && i < command->option_count; i++)
        printf(" --%s", command->options[i].name);
    for (size_t i = 0; i < command_global_count(); i++)
        printf(" --%s", command_global_get(i)->name);
}

// Words of the shell that name the jobs there are; nothing where no agent answers.
#define JOB_NAMES "katydid jobs --json 2>/dev/null | sed -n 's,^    .name.: .\\([A-Za-z0-9._/-]*\\).*,\\1,p'"

static bool takes_job(const struct command *command)
{
    return strstr(command->arguments, "JOB") != NULL;
}

static void print_bash(void)
{
    printf("_katydid() {\n"
           "    local word=\"${COMP_WORDS[COMP_CWORD]}\" command=\"\" words i\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        case \"${COMP_WORDS[i]}\" in\n"
           "        --dir | --keys | --operator) ((i++)) ;;\n"
           "        -*) ;;\n"
           "        *) command=\"${COMP_WORDS[i]}\"; break ;;\n"
           "        esac\n"
           "    done\n"
           "    case \"$command\" in\n"
           "    \"\" | help) words=\"");
    print_command_names();
    print_option_names(NULL);
    printf("\" ;;\n");
    for (size_t i = 0; i < command_count(); i++) {
        if (strcmp(command_get(i)->name, "help") == 0)
            continue;
        printf("    %s) words=\"", command_get(i)->name);
        print_option_names(command_get(i));
        printf("%s\" ;;\n", takes_job(command_get(i)) ? " $(" JOB_NAMES ")" : "");
    }
    printf("    esac\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
           "}\n"
           "complete -o default -F _katydid katydid\n");
}

static void print_zsh_option(const struct command_option *option)
{
    printf(" \\\n            '%s--%s%s[%s]%s%s'", option->is_repeatable ? "*" : "", option->name,
           option->argument ? "=" : "", option->help, option->argument ? ":" : "",
           option->argument ? option->argument : "");
}

static void print_zsh(void)
{
    printf("#compdef katydid\n"
           "_katydid() {\n"
           "    local -a commands\n"
           "    commands=(\n");
    for (size_t i = 0; i < command_count(); i++)
        printf("        '%s:%s'\n", command_get(i)->name, command_get(i)->help);
    printf("    )\n"
           "    if ((CURRENT == 2)); then\n"
           "        _describe command commands\n"
           "        return\n"
           "    fi\n"
           "    case \"$words[2]\" in\n");
    for (size_t i = 0; i < command_count(); i++) {
        const struct command *command = command_get(i);
        printf("    %s)\n        _arguments", command->name);
        for (size_t k = 0; k < command->option_count; k++)
            print_zsh_option(&command->options[k]);
        for (size_t k = 0; k < command_global_count(); k++)
            print_zsh_option(command_global_get(k));
        if (takes_job(command))
            printf(" \\\n            \"*:job:($(" JOB_NAMES "))\"\n        ;;\n");
        else
            printf(" \\\n            '*:word:_default'\n        ;;\n");
    }
    printf("    esac\n"
           "}\n"
           "compdef _katydid katydid\n");
}

static void print_fish_option(const char *condition, const struct command_option *option)
{
    printf("complete -c katydid%s -l %s%s -d '%s'\n", condition, option->name, option->argument ? " -r" : "",
           option->help);
}

static void print_fish(void)
{
    for (size_t i = 0; i < command_global_count(); i++)
        print_fish_option("", command_global_get(i));
    for (size_t i = 0; i < command_count(); i++) {
        const struct command *command = command_get(i);
        char condition[96];
        printf("complete -c katydid -n __fish_use_subcommand -a %s -d '%s'\n", command->name, command->help);
        snprintf(condition, sizeof condition, " -n '__fish_seen_subcommand_from %s'", command->name);
        for (size_t k = 0; k < command->option_count; k++)
            print_fish_option(condition, &command->options[k]);
        if (takes_job(command))
            printf("complete -c katydid%s -f -a \"(" JOB_NAMES ")\"\n", condition);
    }
}

int commands_completion(const struct command_line *line)
{
    const char *shell = command_line_argument(line, 0);
    if (strcmp(shell, "bash") == 0)
        print_bash();
    else if (strcmp(shell, "zsh") == 0)
        print_zsh();
    else if (strcmp(shell, "fish") == 0)
        print_fish();
    else
        return print_usage("no completion for `%s`; write bash, zsh or fish", shell);
    return COMMAND_DONE;
}
