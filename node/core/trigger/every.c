#include "node/core/trigger/every.h"

#include "node/core/trigger/calendar.h"
#include "proto/limits.h"

bool every_init(uint64_t period_ms, int64_t anchor_ms, struct every *ret, struct trigger_error *ret_error)
{
    if (period_ms < LIMIT_PERIOD_MS_MIN)
        return trigger_error_set(ret_error, 0, "the period is shorter than 1s; allowed are 1s to 3660d");
    if (period_ms > LIMIT_PERIOD_MS_MAX)
        return trigger_error_set(ret_error, 0, "the period is longer than 3660d; allowed are 1s to 3660d");
    int64_t period = (int64_t)period_ms;
    *ret = (struct every){.period_ms = period, .phase_ms = calendar_floor_modulo(anchor_ms, period)};
    return true;
}

static int64_t bounded(int64_t time_ms)
{
    return MAX_OF(MIN_OF(time_ms, LIMIT_WALL_MS_MAX), -1);
}

// How many periods have begun since the phase, at or before the time. Negative before the first.
static int64_t periods_until(const struct every *every, int64_t time_ms)
{
    return calendar_floor_divide(bounded(time_ms) - every->phase_ms, every->period_ms);
}

bool every_next(const struct every *every, int64_t after_ms, int64_t *ret_due_ms)
{
    int64_t due_ms = every->phase_ms + (periods_until(every, after_ms) + 1) * every->period_ms;
    if (due_ms > LIMIT_WALL_MS_MAX)
        return false;
    *ret_due_ms = due_ms;
    return true;
}

bool every_is_due(const struct every *every, int64_t due_ms)
{
    return due_ms >= 0 && due_ms <= LIMIT_WALL_MS_MAX &&
           calendar_floor_modulo(due_ms, every->period_ms) == every->phase_ms;
}

uint64_t every_count(const struct every *every, int64_t after_ms, int64_t until_ms)
{
    if (until_ms <= after_ms)
        return 0;
    return (uint64_t)(periods_until(every, until_ms) - periods_until(every, after_ms));
}
