#include "node/cli/node_options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/job_value.h"
#include "node/cli/print.h"

void node_options_host_name(char ret_name[NAME_ROOM])
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) == 0)
        host[strcspn(host, ".")] = '\0';
    snprintf(ret_name, NAME_ROOM, "%.*s", NAME_ROOM - 1, name_is_valid(bytes_of_text(host)) ? host : "node");
}

int node_options_name(const struct command_line *line, const char *option, char ret_name[NAME_ROOM])
{
    const char *name = command_line_find(line, option);
    if (name && !name_is_valid(bytes_of_text(name)))
        return print_usage(
            "--%s `%.80s` is no name: letters, digits, `.`, `_` and `-`, at most %d, a letter or digit first",
            option, name, LIMIT_NAME_SIZE_MAX);
    if (name)
        snprintf(ret_name, NAME_ROOM, "%s", name);
    return COMMAND_DONE;
}

int node_options_labels(const struct command_line *line, struct arena *arena, struct labels *ret_labels)
{
    arena->ceiling = SIZE_MAX; // the size of argv bounds it
    struct job_file_node *map = job_file_map(arena);
    struct job_file_error error;
    struct job_value reader = {arena, &error};
    struct labels labels = {0};
    const char *text;
    for (size_t i = 0; (text = command_line_find_nth(line, "label", i)); i++) {
        const char *equals = strchr(text, '=');
        if (!equals || equals == text)
            return print_usage("--label %s: write --label NAME=VALUE", text);
        job_file_set(arena, map, arena_text(arena, bytes_of(text, (size_t)(equals - text))),
                     job_file_scalar(arena, equals + 1));
    }
    if (map->count && !job_value_labels(&reader, map, &labels))
        return print_usage("--label: %s", error.text);
    *ret_labels = labels;
    return COMMAND_DONE;
}
