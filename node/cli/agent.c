// `agent`: this process becomes the runner, which starts the network process itself: the same program, with
// COMMAND_NETWORK_PROCESS as its first word.
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/place.h"
#include "node/cli/print.h"
#include "node/io/runner/runner.h"
#include "proto/member.h"

enum {
    PORT_DEFAULT = 5289,
};

struct words {
    const char *items[4 * LIMIT_ADDRESS_COUNT_MAX]; // options and their values
    char *owned[2 * LIMIT_ADDRESS_COUNT_MAX];       // values made here
    size_t count, owned_count;
};

static int add(struct words *words, const char *option, const char *value)
{
    if (words->owned_count == COUNT_OF(words->owned))
        return print_usage("%s: at most %d addresses", option, LIMIT_ADDRESS_COUNT_MAX);
    char *copy = base_copy_text(value);
    words->owned[words->owned_count++] = copy;
    words->items[words->count++] = option;
    words->items[words->count++] = copy;
    return COMMAND_DONE;
}

static int add_listen(const struct command_line *line, struct words *words)
{
    const char *text;
    int status = COMMAND_DONE;
    for (size_t i = 0; status == COMMAND_DONE && (text = command_line_find_nth(line, "listen", i)); i++) {
        struct address address;
        if (!address_parse(text, PORT_DEFAULT, &address))
            return print_usage("--listen %s: write a numeric address and a port, like 0.0.0.0:%d or [::]:%d",
                               text, PORT_DEFAULT, PORT_DEFAULT);
        status = add(words, "--listen", text);
    }
    return status;
}

// "name", "name:port": splits at the last colon. An address in brackets never comes here.
static bool split_host(const char *text, char host[256], char port[8])
{
    const char *colon = strrchr(text, ':');
    size_t size = colon ? (size_t)(colon - text) : strlen(text);
    if (size == 0 || size >= 256 || (colon && (strlen(colon + 1) == 0 || strlen(colon + 1) > 5)))
        return false;
    memcpy(host, text, size);
    host[size] = '\0';
    snprintf(port, 8, "%s", colon ? colon + 1 : "");
    return true;
}

static int add_resolved(struct words *words, const char *text, const char *port, const struct addrinfo *found)
{
    char host[256], numeric[300];
    int error = getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST);
    if (error)
        return print_failure("--advertise %s: %s", text, gai_strerror(error));
    const char *open = found->ai_family == AF_INET6 ? "[" : "",
               *close = found->ai_family == AF_INET6 ? "]" : "";
    snprintf(numeric, sizeof numeric, "%s%s%s%s%s", open, host, close, port[0] ? ":" : "", port);
    return add(words, "--advertise", numeric);
}

// Names are looked up once, here: records hold numeric addresses only.
static int add_host(struct words *words, const char *text)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG}, *found = NULL;
    char host[256], port[8];
    if (!split_host(text, host, port))
        return print_usage("--advertise %s: write a name or an address, perhaps with a port", text);
    int error = getaddrinfo(host, NULL, &wanted, &found);
    if (error)
        return print_failure("--advertise %s: %s", text, gai_strerror(error));
    int status = COMMAND_DONE;
    for (const struct addrinfo *item = found; item && status == COMMAND_DONE; item = item->ai_next)
        status = add_resolved(words, text, port, item);
    freeaddrinfo(found);
    return status;
}

static int add_advertise(const struct command_line *line, struct words *words)
{
    const char *text;
    int status = COMMAND_DONE;
    for (size_t i = 0; status == COMMAND_DONE && (text = command_line_find_nth(line, "advertise", i)); i++) {
        struct address address;
        if (address_parse(text, PORT_DEFAULT, &address))
            status = add(words, "--advertise", text);
        else
            status = add_host(words, text);
    }
    return status;
}

int commands_agent(const struct command_line *line)
{
    struct words words = {0};
    char *directory = place_dir(line);
    int status = add_listen(line, &words);
    if (status == COMMAND_DONE)
        status = add_advertise(line, &words);
    if (status == COMMAND_DONE) {
        struct runner_options options = {
            .directory = directory,
            .policy_file = command_line_find(line, "policy"),
            .build = KATYDID_VERSION,
            .arguments = words.items,
            .argument_count = words.count,
        };
        status = runner_main(&options);
    }
    for (size_t i = 0; i < words.owned_count; i++)
        free(words.owned[i]);
    free(directory);
    return status;
}
