#include "node/cli/run_parts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/core/trigger/phrase.h"

enum {
    SHOWN_MAX = 8,
};

static const char WORD_ENDS[] = " \t;&|(){}\n<>";

bool run_parts_is_name(const char *name)
{
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

// The beginning of the word `run-parts`, with or without its folder; NULL: there is none.
static const char *find_word(const char *command)
{
    static const char WORD[] = "run-parts";
    const char *at = command;
    while ((at = strstr(at, WORD))) {
        bool is_start = at == command || strchr(WORD_ENDS, at[-1]) || at[-1] == '/';
        at += strlen(WORD);
        if (is_start && (*at == ' ' || *at == '\t'))
            return at;
    }
    return NULL;
}

bool run_parts_folder(const char *command, char ret_path[RUN_PARTS_PATH_ROOM])
{
    const char *at = find_word(command);
    while (at && *(at += strspn(at, " \t"))) {
        size_t size = strcspn(at, WORD_ENDS);
        bool is_plain =
            size > 1 && size < RUN_PARTS_PATH_ROOM && *at == '/' && strcspn(at, "$*?['\"\\`") >= size;
        if (is_plain) {
            snprintf(ret_path, RUN_PARTS_PATH_ROOM, "%.*s", (int)size, at);
            return true;
        }
        if (!size || *at != '-')
            return false;
        at += size;
    }
    return false;
}

static int is_part(const struct dirent *entry)
{
    return run_parts_is_name(entry->d_name);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void run_parts_list(const char *folder, char *out, size_t size)
{
    struct dirent **entries;
    struct phrase phrase;
    size_t programs = 0;
    int count = scandir(folder, &entries, is_part, compare_names);
    phrase_init(&phrase, out, size);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (access(path, X_OK) == 0 && ++programs <= SHOWN_MAX)
            phrase_add(&phrase, "%s%s", programs > 1 ? ", " : "", entries[i]->d_name);
        free(entries[i]);
    }
    if (programs > SHOWN_MAX)
        phrase_add(&phrase, " and %zu more", programs - SHOWN_MAX);
    if (count >= 0)
        free(entries);
}
