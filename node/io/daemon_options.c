#include "node/io/daemon_options.h"

#include <stdio.h>
#include <string.h>

struct list {
    const char *option;
    struct address *addresses;
    size_t *count;
    uint16_t default_port;
};

static bool add(const struct list *list, const char *text, struct daemon_options *options)
{
    if (*list->count == LIMIT_ADDRESS_COUNT_MAX) {
        snprintf(options->why, sizeof options->why, "%s is given more than %d times", list->option,
                 LIMIT_ADDRESS_COUNT_MAX);
        return false;
    }
    if (!address_parse(text, list->default_port, &list->addresses[*list->count])) {
        snprintf(options->why, sizeof options->why,
                 "%s %.100s: not a numeric address, as 192.0.2.1:5289 or [::1]:5289", list->option, text);
        return false;
    }
    ++*list->count;
    return true;
}

bool daemon_options_parse(const char *const *words, size_t count, struct daemon_options *ret_options)
{
    struct daemon_options *options = ret_options;
    *options = (struct daemon_options){0};
    const struct list lists[] = {
        {"--listen", options->wish.listen, &options->wish.listen_count, LISTEN_PORT_DEFAULT},
        {"--advertise", options->wish.advertise, &options->wish.advertise_count, 0},
        {"--seed", options->seeds, &options->seed_count, LISTEN_PORT_DEFAULT},
    };
    for (size_t i = 0; i < count; i += 2) {
        const struct list *list = NULL;
        for (size_t k = 0; k < COUNT_OF(lists); k++)
            if (strcmp(words[i], lists[k].option) == 0)
                list = &lists[k];
        if (!list || i + 1 == count) {
            snprintf(options->why, sizeof options->why, "the network process does not know the option %.100s",
                     words[i]);
            return false;
        }
        if (!add(list, words[i + 1], options))
            return false;
    }
    return true;
}
