#include "node/cli/job_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/job_value.h"
#include "node/cli/print.h"

void job_set_deinit(struct job_set *set)
{
    arena_deinit(&set->arena);
    free(set->jobs);
    free(set->namespaces);
    *set = (struct job_set){0};
}

bool job_set_has_namespace(const struct job_set *set, const char *namespace_name)
{
    for (size_t i = 0; i < set->namespace_count; i++) {
        if (strcmp(set->namespaces[i], namespace_name) == 0)
            return true;
    }
    return false;
}

static void add_namespace(struct job_set *set, const char *namespace_name)
{
    if (job_set_has_namespace(set, namespace_name))
        return;
    void *namespaces = set->namespaces;
    base_grow(&namespaces, &set->namespace_capacity, set->namespace_count + 1, sizeof *set->namespaces);
    set->namespaces = namespaces;
    snprintf(set->namespaces[set->namespace_count++], NAME_ROOM, "%s", namespace_name);
}

static const struct job_schema_job *find_job(const struct job_set *set, const char *namespace_name,
                                             const char *name)
{
    for (size_t i = 0; i < set->job_count; i++) {
        const struct definition *definition = &set->jobs[i].definition;
        if (strcmp(definition->name, name) == 0 && strcmp(definition->namespace_name, namespace_name) == 0)
            return &set->jobs[i];
    }
    return NULL;
}

bool job_set_has_job(const struct job_set *set, const char *namespace_name, const char *name)
{
    return find_job(set, namespace_name, name) != NULL;
}

// "name" in the file's namespace, or "namespace/name".
static bool read_name(const struct job_file_entry *entry, const char *namespace_name,
                      struct definition *definition, struct job_file_error *error)
{
    char part[NAME_ROOM];
    if (!name_split_job(entry->key, part, definition->name))
        return job_file_refuse(error, entry->place,
                               "`%.80s` is no name of a job: letters, digits, `.`, `_` and `-`, at most %d, "
                               "a letter or digit first",
                               entry->key, LIMIT_NAME_SIZE_MAX);
    snprintf(definition->namespace_name, NAME_ROOM, "%s", strchr(entry->key, '/') ? part : namespace_name);
    return true;
}

static bool add_job(struct job_set *set, const struct job_file_entry *entry, const char *namespace_name,
                    const struct job_schema_context *context, struct job_file_error *error)
{
    struct job_schema_job job = {.place = entry->place};
    if (!read_name(entry, namespace_name, &job.definition, error))
        return false;
    if (job_set_has_job(set, job.definition.namespace_name, job.definition.name))
        return job_file_refuse(error, entry->place, "job %s/%s is defined twice",
                               job.definition.namespace_name, job.definition.name);
    if (!job_schema_read(entry->value, context, &set->arena, &job, error))
        return false;
    void *jobs = set->jobs;
    base_grow(&jobs, &set->job_capacity, set->job_count + 1, sizeof *set->jobs);
    set->jobs = jobs;
    set->jobs[set->job_count++] = job;
    add_namespace(set, job.definition.namespace_name);
    return true;
}

static bool check_head(const struct job_value *value, const struct job_file_node *root,
                       char ret_namespace[NAME_ROOM])
{
    static const char *const KEYS[] = {"katydid", "namespace", "defaults", "jobs"};
    if (!job_value_is(value, root, JOB_FILE_MAP, "a map that begins with `katydid: 1`") ||
        !job_value_check_keys(value, root, KEYS, COUNT_OF(KEYS)))
        return false;
    const struct job_file_node *version = job_file_find(root, "katydid"),
                               *name = job_file_find(root, "namespace"),
                               *defaults = job_file_find(root, "defaults");
    if (!version)
        return job_file_refuse(value->error, root->place,
                               "`katydid: 1` is missing: it says how to read the file");
    if (version->kind != JOB_FILE_SCALAR || strcmp(version->text, "1") != 0)
        return job_file_refuse(value->error, version->place,
                               "this version reads job files of version 1 only");
    snprintf(ret_namespace, NAME_ROOM, "main");
    return (!name || job_value_name(value, name, ret_namespace)) &&
           (!defaults || job_schema_check_defaults(defaults, value->arena, value->error));
}

bool job_set_add(struct job_set *set, struct bytes text, const struct job_schema_context *context,
                 struct job_file_error *ret_error)
{
    struct job_file_node *root;
    struct job_value value = {&set->arena, ret_error};
    char namespace_name[NAME_ROOM];
    if (!job_file_parse(text, &set->arena, &root, ret_error) || !check_head(&value, root, namespace_name))
        return false;
    const struct job_file_node *jobs = job_file_find(root, "jobs");
    struct job_schema_context with_defaults = *context;
    with_defaults.defaults = job_file_find(root, "defaults");
    add_namespace(set, namespace_name);
    if (!jobs)
        return job_file_refuse(ret_error, root->place, "`jobs` is missing");
    if (jobs->kind == JOB_FILE_SCALAR && !jobs->text[0]) // `jobs:` and nothing below: none
        return true;
    if (!job_value_is(&value, jobs, JOB_FILE_MAP, "a map of names and jobs"))
        return false;
    for (size_t i = 0; i < jobs->count; i++) {
        if (!add_job(set, &jobs->entries[i], namespace_name, &with_defaults, ret_error))
            return false;
    }
    return true;
}

int job_set_read_text(const char *path, struct buffer *ret_text)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    uint8_t part[16384];
    ssize_t size = file < 0 ? -1 : 1;
    while (size > 0 && ret_text->size <= LIMIT_JOB_FILE_SIZE_MAX) {
        size = read(file, part, sizeof part);
        if (size > 0)
            buffer_add(ret_text, part, (size_t)size);
    }
    int error = size < 0 ? errno : 0;
    if (!is_stdin && file >= 0)
        close(file);
    return error ? print_failure("%s: %s", path, strerror(error)) : COMMAND_DONE;
}

int job_set_print_error(const char *name, const struct job_file_error *error)
{
    if (!error->place.line)
        return print_failure("%s: %s", name, error->text);
    return print_failure("%s:%zu:%zu: %s", name, error->place.line, error->place.column, error->text);
}

static void notice_zones(const struct job_set *set, size_t first, const char *path)
{
    char names[256] = "";
    size_t count = 0;
    for (size_t i = first; i < set->job_count; i++) {
        const struct job_schema_job *job = &set->jobs[i];
        if (job->has_zone || !job->needs_zone)
            continue;
        size_t used = strlen(names);
        if (count++ < 3)
            snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", job->definition.name);
    }
    if (count)
        print_notice("%s: no zone for %s%s: UTC is meant; write `zone:` to say otherwise", path, names,
                     count > 3 ? " and others" : "");
}

static void notice_jumps(const struct job_set *set, size_t first, const char *path)
{
    for (size_t i = first; i < set->job_count; i++) {
        const struct job_schema_job *job = &set->jobs[i];
        if (job->jump_note[0])
            print_notice("%s:%zu:%zu: %s (%s)", path, job->jump_place.line, job->jump_place.column,
                         job->jump_note, job->definition.zone);
    }
}

int job_set_add_file(struct job_set *set, const char *path, const struct job_schema_context *context)
{
    struct buffer text = {0};
    struct job_file_error error;
    size_t first = set->job_count;
    const char *name = strcmp(path, "-") == 0 ? "stdin" : path;
    int status = job_set_read_text(path, &text);
    if (status == COMMAND_DONE && !job_set_add(set, buffer_view(&text), context, &error))
        status = job_set_print_error(name, &error);
    if (status == COMMAND_DONE)
        notice_zones(set, first, name);
    if (status == COMMAND_DONE)
        notice_jumps(set, first, name);
    buffer_deinit(&text);
    return status;
}
