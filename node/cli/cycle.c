#include "node/cli/cycle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/job_view.h"
#include "node/cli/print.h"
#include "node/core/trigger/upstream.h"
#include "proto/sorted.h"

void cycle_deinit(struct cycle *cycle)
{
    for (size_t i = 0; i < cycle->count; i++)
        buffer_deinit(&cycle->jobs[i].patterns);
    free(cycle->jobs);
    *cycle = (struct cycle){0};
}

static int compare(const void *element, const void *name)
{
    return strcmp(((const struct cycle_job *)element)->name, name);
}

// Where the job is, or belongs.
static size_t position(const struct cycle *cycle, const char *name, bool *ret_found)
{
    size_t at;
    *ret_found = sorted_find(SORTED(cycle->jobs, cycle->count, compare), name, &at);
    return at;
}

static struct cycle_job *find_or_add(struct cycle *cycle, const char *name)
{
    bool found;
    size_t at = position(cycle, name, &found);
    if (found)
        return &cycle->jobs[at];
    void *jobs = cycle->jobs;
    struct cycle_job *added = sorted_insert(&jobs, &cycle->count, &cycle->capacity, at, sizeof *added);
    cycle->jobs = jobs;
    snprintf(added->name, NAME_JOB_ROOM, "%s", name);
    return added;
}

void cycle_add(struct cycle *cycle, const struct definition *definition)
{
    char name[NAME_JOB_ROOM];
    name_join_job(definition->namespace_name, definition->name, name);
    struct cycle_job *job = find_or_add(cycle, name);
    buffer_clear(&job->patterns);
    job->is_hook = upstream_is_hook(definition);
    for (size_t i = 0; i < definition->trigger_count; i++) {
        const struct definition_trigger *trigger = &definition->triggers[i];
        for (size_t k = 0; trigger->kind == DEFINITION_AFTER && k < trigger->job_count; k++)
            buffer_add(&job->patterns, trigger->jobs[k], strlen(trigger->jobs[k]) + 1);
    }
}

void cycle_remove(struct cycle *cycle, const char *job)
{
    bool found;
    size_t at = position(cycle, job, &found);
    if (!found)
        return;
    buffer_deinit(&cycle->jobs[at].patterns);
    memmove(&cycle->jobs[at], &cycle->jobs[at + 1], (--cycle->count - at) * sizeof *cycle->jobs);
}

static bool comes_after(const struct cycle_job *job, const struct cycle_job *upstream)
{
    const char *pattern = (const char *)job->patterns.data, *end = pattern + job->patterns.size;
    for (; job->patterns.size && pattern < end; pattern += strlen(pattern) + 1)
        if (job == upstream ? strcmp(pattern, upstream->name) == 0
                            : upstream_means(pattern, upstream->name, upstream->is_hook))
            return true;
    return false;
}

// "a -> b -> a", from the steps that lead back from the start.
static void print_circle(const struct cycle *cycle, const size_t *next, size_t start,
                         char text[CYCLE_TEXT_ROOM])
{
    size_t used = 0, at = start;
    text[0] = 0;
    do {
        int size =
            snprintf(text + used, CYCLE_TEXT_ROOM - used, "%s -> ", job_view_short(cycle->jobs[at].name));
        used += (size_t)size;
        at = next[at];
    } while (at != start && used < CYCLE_TEXT_ROOM - NAME_JOB_ROOM - 16);
    snprintf(text + used, CYCLE_TEXT_ROOM - used, "%s%s", at == start ? "" : "... -> ",
             job_view_short(cycle->jobs[start].name));
}

// Goes from the job to what it comes after, the nearest first, until it meets the job again: so the circle
// that is shown is a shortest one. `next` leads from each job that was met towards the start.
static bool walk(const struct cycle *cycle, size_t start, size_t *queue, size_t *next)
{
    size_t head = 0, tail = 0;
    for (size_t i = 0; i < cycle->count; i++)
        next[i] = SIZE_MAX;
    for (queue[tail++] = start; head < tail; head++) {
        const struct cycle_job *job = &cycle->jobs[queue[head]];
        for (size_t i = 0; job->patterns.size && i < cycle->count; i++) {
            if (next[i] != SIZE_MAX || !comes_after(job, &cycle->jobs[i]))
                continue;
            next[i] = queue[head];
            if (i == start)
                return true;
            queue[tail++] = i;
        }
    }
    return false;
}

bool cycle_find(const struct cycle *cycle, const char *job, char ret_text[CYCLE_TEXT_ROOM])
{
    bool found;
    size_t start = position(cycle, job, &found);
    if (!found)
        return false;
    size_t *queue = base_alloc(cycle->count, sizeof *queue), *next = base_alloc(cycle->count, sizeof *next);
    found = walk(cycle, start, queue, next);
    if (found)
        print_circle(cycle, next, start, ret_text);
    free(queue);
    free(next);
    return found;
}

bool cycle_find_any(const struct cycle *cycle, const char **ret_job, char ret_text[CYCLE_TEXT_ROOM])
{
    for (size_t i = 0; i < cycle->count; i++)
        if (cycle_find(cycle, cycle->jobs[i].name, ret_text)) {
            *ret_job = cycle->jobs[i].name;
            return true;
        }
    return false;
}

bool cycle_has_upstream(const struct definition *definition)
{
    bool has = false;
    for (size_t i = 0; i < definition->trigger_count; i++)
        has |= definition->triggers[i].kind == DEFINITION_AFTER;
    return has;
}

static int add_view(void *context, const struct job_view *view)
{
    cycle_add(context, &view->signed_.definition);
    return COMMAND_DONE;
}

int cycle_add_table(struct cycle *cycle, struct session *session)
{
    return job_view_each(&session->client, &session->trust, add_view, cycle);
}

int cycle_refuse(const char *job, const char *circle)
{
    return print_failure("%s would come after itself: %s; leave one of them out", job_view_short(job),
                         circle);
}

static bool is_somebody(const struct cycle *cycle, const char *pattern)
{
    for (size_t i = 0; i < cycle->count; i++)
        if (upstream_means(pattern, cycle->jobs[i].name, cycle->jobs[i].is_hook))
            return true;
    return strpbrk(pattern, "*?") != NULL;
}

void cycle_notice_missing(const struct cycle *cycle, const char *job)
{
    bool found;
    size_t at = position(cycle, job, &found);
    const struct buffer *patterns = found ? &cycle->jobs[at].patterns : NULL;
    for (size_t i = 0; patterns && i < patterns->size; i += strlen((const char *)patterns->data + i) + 1) {
        const char *pattern = (const char *)patterns->data + i;
        if (!is_somebody(cycle, pattern))
            print_notice("%s comes after %s, and there is no such job yet", job_view_short(job),
                         job_view_short(pattern));
    }
}

int cycle_check(struct session *session, const struct definition *definition)
{
    struct cycle cycle = {0};
    char name[NAME_JOB_ROOM], circle[CYCLE_TEXT_ROOM];
    if (!cycle_has_upstream(definition))
        return COMMAND_DONE;
    name_join_job(definition->namespace_name, definition->name, name);
    int status = cycle_add_table(&cycle, session);
    if (status == COMMAND_DONE) {
        cycle_add(&cycle, definition);
        if (cycle_find(&cycle, name, circle))
            status = cycle_refuse(name, circle);
        else
            cycle_notice_missing(&cycle, name);
    }
    cycle_deinit(&cycle);
    return status;
}
