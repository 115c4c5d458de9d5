#include "node/cli/command_line.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/nearest.h"
#include "node/cli/print.h"
#include "proto/base.h"

enum {
    OPTION_COUNT_MAX = 64,
    OPTION_CODE = 1000, // codes above every character
};

struct options {
    const struct command_option *known[OPTION_COUNT_MAX];
    struct option native[OPTION_COUNT_MAX + 1];
    size_t count;
};

static void add_option(struct options *options, const struct command_option *option)
{
    assert(options->count < OPTION_COUNT_MAX);
    options->known[options->count] = option;
    options->native[options->count] = (struct option){
        .name = option->name,
        .has_arg = option->argument ? required_argument : no_argument,
        .val = OPTION_CODE + (int)options->count,
    };
    options->native[++options->count] = (struct option){0};
}

static void collect_options(const struct command *command, struct options *ret)
{
    *ret = (struct options){0};
    for (size_t i = 0; i < command_global_count(); i++)
        add_option(ret, command_global_get(i));
    for (size_t i = 0; command && i < command->option_count; i++)
        add_option(ret, &command->options[i]);
}

static int refuse_command(const char *name)
{
    const char *names[OPTION_COUNT_MAX];
    for (size_t i = 0; i < command_count(); i++)
        names[i] = command_get(i)->name;
    const char *near = nearest_find(name, names, command_count());
    if (near)
        return print_usage("unknown command `%s`; did you mean `%s`?", name, near);
    return print_usage("unknown command `%s`; `katydid help` lists them", name);
}

static int refuse_option(const struct command_line *line, const struct options *options, const char *typed)
{
    const char *names[OPTION_COUNT_MAX];
    char bare[NEAREST_WORD_SIZE_MAX + 1] = "";
    for (size_t i = 0; i < options->count; i++)
        names[i] = options->known[i]->name;
    if (strncmp(typed, "--", 2) == 0)
        strncat(bare, typed + 2, MIN_OF(strcspn(typed + 2, "="), sizeof bare - 1));
    const char *near = bare[0] ? nearest_find(bare, names, options->count) : NULL;
    const char *name = line->command ? line->command->name : "";
    if (near && strcmp(near, bare) == 0)
        return print_usage("`--%s` takes no value", near);
    if (near)
        return print_usage("unknown option `%s`; did you mean `--%s`?", typed, near);
    return print_usage("unknown option `%s`; `katydid help%s%s` lists them", typed, *name ? " " : "", name);
}

static int take_value(struct command_line *line, const struct command_option *option, const char *text)
{
    if (strcmp(option->name, "help") == 0) {
        line->wants_help = true;
        return 0;
    }
    if (!option->is_repeatable && option->argument && command_line_find(line, option->name))
        return print_usage("`--%s` is given twice; once is all it takes", option->name);
    line->values = base_resize(line->values, line->value_count + 1, sizeof *line->values);
    line->values[line->value_count++] = (struct command_value){option, text ? text : ""};
    return 0;
}

static void take_argument(struct command_line *line, const char *text)
{
    line->arguments = base_resize(line->arguments, line->argument_count + 1, sizeof *line->arguments);
    line->arguments[line->argument_count++] = text;
}

// What getopt_long stumbled over. `typed` is the word as it stands in argv.
static int refuse_word(const struct command_line *line, const struct options *options, int code,
                       const char *typed)
{
    if (code == ':' && optopt >= OPTION_CODE) {
        const struct command_option *option = options->known[optopt - OPTION_CODE];
        return print_usage("`--%s` needs a value: --%s %s", option->name, option->name, option->argument);
    }
    return refuse_option(line, options, typed);
}

// getopt_long also takes beginnings of names; we do not, or a later option would change what a script says.
static bool is_whole(const char *word, const char *name)
{
    size_t size = strlen(name);
    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, size) == 0 &&
           (word[size + 2] == '\0' || word[size + 2] == '=');
}

static int parse_words(int argc, char **argv, const char *style, struct command_line *line)
{
    struct options options;
    collect_options(line->command, &options);
    for (;;) {
        int next = MAX_OF(optind, 1);
        const char *word = next < argc ? argv[next] : "";
        int code = getopt_long(argc, argv, style, options.native, NULL);
        if (code == -1)
            return 0;
        if (code == 1) {
            take_argument(line, optarg);
        } else if (code >= OPTION_CODE) {
            const struct command_option *option = options.known[code - OPTION_CODE];
            if (!is_whole(word, option->name))
                return refuse_option(line, &options, word);
            if (take_value(line, option, optarg))
                return COMMAND_USAGE;
        } else if (code == 'h') {
            line->wants_help = true;
        } else {
            return refuse_word(line, &options, code, word);
        }
    }
}

// Words behind the command's name; in argv[0] stands that name.
static int parse_command(int argc, char **argv, struct command_line *line)
{
    optind = 0; // start anew: glibc reads the style again
    if (parse_words(argc, argv, "-:h", line))
        return COMMAND_USAGE;
    line->has_rest = optind > 1 && strcmp(argv[optind - 1], "--") == 0;
    line->rest = (const char *const *)(argv + optind);
    line->rest_count = (size_t)(argc - optind);
    if (line->has_rest && !line->command->takes_rest) {
        for (size_t i = 0; i < line->rest_count; i++)
            take_argument(line, line->rest[i]);
        line->rest_count = 0;
        line->has_rest = false;
    }
    return 0;
}

static int check_count(const struct command_line *line)
{
    const struct command *command = line->command;
    const char *gap = command->arguments[0] ? " " : "";
    if (line->argument_count > command->argument_count_max)
        return print_usage("too many words from `%s` on; usage: katydid %s%s%s",
                           line->arguments[command->argument_count_max], command->name, gap,
                           command->arguments);
    if (line->argument_count < command->argument_count_min)
        return print_usage("something is missing; usage: katydid %s%s%s", command->name, gap,
                           command->arguments);
    return 0;
}

int command_line_parse(int argc, char **argv, struct command_line *ret_line)
{
    *ret_line = (struct command_line){0};
    opterr = 0;
    optind = 0;
    if (parse_words(argc, argv, "+:h", ret_line))
        return COMMAND_USAGE;
    if (optind >= argc) {
        if (ret_line->wants_help)
            return 0;
        return print_usage("no command given; `katydid help` lists them");
    }
    ret_line->command = command_find(argv[optind]);
    if (!ret_line->command)
        return refuse_command(argv[optind]);
    int start = optind;
    if (parse_command(argc - start, argv + start, ret_line))
        return COMMAND_USAGE;
    return ret_line->wants_help ? 0 : check_count(ret_line);
}

void command_line_deinit(struct command_line *line)
{
    free(line->values);
    free(line->arguments);
    *line = (struct command_line){0};
}

const char *command_line_find_nth(const struct command_line *line, const char *option, size_t index)
{
    for (size_t i = 0; i < line->value_count; i++) {
        if (strcmp(line->values[i].option->name, option) == 0 && index-- == 0)
            return line->values[i].text;
    }
    return NULL;
}

const char *command_line_find(const struct command_line *line, const char *option)
{
    return command_line_find_nth(line, option, 0);
}

bool command_line_has(const struct command_line *line, const char *option)
{
    return command_line_find(line, option) != NULL;
}

const char *command_line_argument(const struct command_line *line, size_t index)
{
    return index < line->argument_count ? line->arguments[index] : NULL;
}

bool command_line_parse_count(const char *text, uint32_t most, uint32_t *ret_count)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || value == 0 || value > most)
        return false;
    *ret_count = (uint32_t)value;
    return true;
}
