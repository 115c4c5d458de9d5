#include "tests/real/liar.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/client.h"
#include "node/cli/sign.h"

void liar_fail(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    fputs("liar: ", stderr);
    vfprintf(stderr, text, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(9);
}

void liar_read(const char *path, struct buffer *out)
{
    uint8_t chunk[4096];
    size_t size;
    FILE *file = fopen(path, "rb");
    if (!file)
        liar_fail("%s cannot be read", path);
    while ((size = fread(chunk, 1, sizeof chunk, file)))
        buffer_add(out, chunk, size);
    fclose(file);
}

int liar_put(int argc, char **argv)
{
    char program[] = "katydid", option[] = "--dir", command[] = "jobs";
    char *words[] = {program, option, argv[0], command, NULL};
    struct command_line line;
    struct client client = {.socket = -1};
    int status = command_line_parse(4, words, &line);
    if (status == COMMAND_DONE)
        status = client_open(&line, &client);
    for (int i = 1; i < argc && status != COMMAND_NO_AGENT; i++) {
        struct buffer envelope = {0};
        liar_read(argv[i], &envelope);
        struct bytes record = buffer_view(&envelope);
        int outcome = sign_put(&client, &record, 1);
        status = outcome ? outcome : status;
        buffer_deinit(&envelope);
    }
    client_close(&client);
    command_line_deinit(&line);
    return status;
}

static const struct {
    const char *name;
    int argument_count_min;
    int (*run)(int argc, char **argv);
} COMMANDS[] = {
    {"sign", 7, liar_sign},
    {"put", 2, liar_put},
    {"push", 3, liar_push},
    {"runner", 2, liar_runner},
};

int main(int argc, char **argv)
{
    if (liar_is_network_process(argc, argv))
        return 0;
    if (sodium_init() < 0)
        liar_fail("libsodium does not start");
    for (size_t i = 0; argc > 1 && i < COUNT_OF(COMMANDS); i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0 && argc - 2 >= COMMANDS[i].argument_count_min)
            return COMMANDS[i].run(argc - 2, argv + 2);
    liar_fail("what? see tests/real/liar.h");
}
