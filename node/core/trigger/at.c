#include "node/core/trigger/at.h"

#include <stdlib.h>

#include "proto/limits.h"

static int compare_instants(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

bool at_init(const int64_t *instants_ms, size_t count, struct at *ret, struct trigger_error *ret_error)
{
    if (count < 1 || count > LIMIT_INSTANT_COUNT_MAX)
        return trigger_error_set(ret_error, 0, "%zu instants; allowed are 1-%d", count,
                                 LIMIT_INSTANT_COUNT_MAX);
    for (size_t i = 0; i < count; i++)
        if (instants_ms[i] < 0 || instants_ms[i] > LIMIT_WALL_MS_MAX)
            return trigger_error_set(ret_error, 0, "instant %zu lies outside the years 1970-2490", i + 1);
    struct at at = {.instants_ms = base_copy(instants_ms, count * sizeof *instants_ms)};
    qsort(at.instants_ms, count, sizeof *at.instants_ms, compare_instants);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || at.instants_ms[i] != at.instants_ms[i - 1])
            at.instants_ms[at.count++] = at.instants_ms[i];
    *ret = at;
    return true;
}

void at_deinit(struct at *at)
{
    free(at->instants_ms);
    *at = (struct at){0};
}

// How many instants lie at or before the time. They are few: no need to bisect.
static size_t count_until(const struct at *at, int64_t time_ms)
{
    size_t count = 0;
    while (count < at->count && at->instants_ms[count] <= time_ms)
        count++;
    return count;
}

bool at_next(const struct at *at, int64_t after_ms, int64_t *ret_due_ms)
{
    size_t index = count_until(at, after_ms);
    if (index == at->count)
        return false;
    *ret_due_ms = at->instants_ms[index];
    return true;
}

bool at_is_due(const struct at *at, int64_t due_ms)
{
    size_t count = count_until(at, due_ms);
    return count > 0 && at->instants_ms[count - 1] == due_ms;
}

uint64_t at_count(const struct at *at, int64_t after_ms, int64_t until_ms)
{
    if (until_ms <= after_ms)
        return 0;
    return count_until(at, until_ms) - count_until(at, after_ms);
}
