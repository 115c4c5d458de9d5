#include "node/io/runner/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char **find_entry(const struct environment *environment, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < environment->count; i++)
        if (strncmp(environment->entries[i], name, size) == 0 && environment->entries[i][size] == '=')
            return &environment->entries[i];
    return NULL;
}

static void set(struct environment *environment, const char *name, const char *value)
{
    size_t room = strlen(name) + strlen(value) + 2;
    char *entry = base_alloc(1, room);
    snprintf(entry, room, "%s=%s", name, value);
    char **existing = find_entry(environment, name);
    if (existing) {
        free(*existing);
        *existing = entry;
    } else {
        environment->entries[environment->count++] = entry;
    }
}

static void set_due(struct environment *environment, int64_t due_ms)
{
    char text[64];
    struct tm parts;
    time_t seconds = (time_t)(due_ms / 1000);
    gmtime_r(&seconds, &parts);
    size_t size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + size, sizeof text - size, ".%03dZ", (int)(due_ms % 1000));
    set(environment, "KATYDID_DUE", text);
}

void environment_init(struct environment *environment, const struct definition *definition,
                      const struct account *account, const struct environment_run *run)
{
    const size_t own = 12 + run->more_count; // the names set below
    char run_text[2 * RUN_ID_SIZE + 1], attempt[16];
    *environment = (struct environment){0};
    environment->entries = base_alloc(own + definition->environment_count + 1, sizeof(char *));
    set(environment, "PATH", ENVIRONMENT_PATH);
    set(environment, "HOME", account->home);
    set(environment, "USER", account->name);
    set(environment, "LOGNAME", account->name);
    set(environment, "SHELL", "/bin/sh");
    set(environment, "LANG", "C.UTF-8");
    for (size_t i = 0; i < definition->environment_count; i++)
        set(environment, definition->environment[i].key, definition->environment[i].value);
    hex_encode(run->run.b, sizeof run->run.b, run_text);
    snprintf(attempt, sizeof attempt, "%u", (unsigned)run->attempt);
    set(environment, "KATYDID_JOB", run->job);
    set(environment, ENVIRONMENT_RUN, run_text);
    set_due(environment, run->due_ms);
    set(environment, "KATYDID_ATTEMPT", attempt);
    set(environment, "KATYDID_NODE", run->node);
    set(environment, "KATYDID_CAUSE", run->cause);
    for (size_t i = 0; i < run->more_count; i++)
        set(environment, run->more[i].key, run->more[i].value);
}

void environment_deinit(struct environment *environment)
{
    for (size_t i = 0; i < environment->count; i++)
        free(environment->entries[i]);
    free(environment->entries);
    *environment = (struct environment){0};
}

const char *environment_find(const struct environment *environment, const char *name)
{
    char **entry = find_entry(environment, name);
    return entry ? *entry + strlen(name) + 1 : NULL;
}
