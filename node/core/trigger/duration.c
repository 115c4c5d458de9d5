#include "node/core/trigger/duration.h"

#include <stdio.h>
#include <string.h>

#include "proto/limits.h"

struct unit {
    const char *name;
    uint64_t ms;
};

static const struct unit units[] = {
    // largest first
    {"w", 7ULL * 24 * 3600 * 1000},
    {"d", 24ULL * 3600 * 1000},
    {"h", 3600ULL * 1000},
    {"m", 60000},
    {"s", 1000},
    {"ms", 1},
};

#define UNITS_TEXT "allowed are numbers with w d h m s ms, such as 90s, 2h30m, 250ms"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t letters_at(const char *text)
{
    size_t size = 0;
    while ((text[size] >= 'a' && text[size] <= 'z') || (text[size] >= 'A' && text[size] <= 'Z'))
        size++;
    return size;
}

static bool read_number(const char *text, size_t *at, uint64_t *ret, struct trigger_error *ret_error)
{
    size_t start = *at;
    uint64_t value = 0;
    for (; is_digit(text[*at]); ++*at)
        value = MIN_OF(value * 10 + (uint64_t)(text[*at] - '0'), (uint64_t)LIMIT_PERIOD_MS_MAX + 1);
    if (*at == start)
        return trigger_error_set(ret_error, start + 1, "%s; " UNITS_TEXT,
                                 text[start] ? "a number belongs here" : "a duration is missing");
    if (text[*at] == '.' || text[*at] == ',')
        return trigger_error_set(ret_error, *at + 1,
                                 "only whole numbers are understood; write 1h30m for one and a half hours");
    *ret = value;
    return true;
}

static bool read_unit(const char *text, size_t *at, size_t *ret_unit, struct trigger_error *ret_error)
{
    size_t size = letters_at(text + *at);
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (size == strlen(units[i].name) && memcmp(text + *at, units[i].name, size) == 0) {
            *at += size;
            *ret_unit = i;
            return true;
        }
    if (!text[*at])
        return trigger_error_set(ret_error, *at + 1, "a unit is missing; " UNITS_TEXT);
    return trigger_error_set(ret_error, *at + 1, "'%.*s' is not a unit; " UNITS_TEXT,
                             trigger_error_quoted(text + *at, MAX_OF(size, (size_t)1), 20), text + *at);
}

bool duration_parse(const char *text, uint64_t *ret_ms, struct trigger_error *ret_error)
{
    if (strlen(text) > LIMIT_TIME_TEXT_SIZE_MAX)
        return trigger_error_set(ret_error, LIMIT_TIME_TEXT_SIZE_MAX + 1,
                                 "too long for a duration; " UNITS_TEXT);
    uint64_t total_ms = 0;
    size_t at = 0, next_unit = 0; // units from here on are still free
    do {
        size_t start = at, unit;
        uint64_t number;
        if (!read_number(text, &at, &number, ret_error))
            return false;
        size_t unit_at = at;
        if (!read_unit(text, &at, &unit, ret_error))
            return false;
        if (unit < next_unit)
            return trigger_error_set(ret_error, unit_at + 1,
                                     "larger units come first and each comes once, as in 1d12h");
        // Neither overflows: a number is at most one more than ten years of milliseconds.
        if (number > (LIMIT_PERIOD_MS_MAX - total_ms) / units[unit].ms)
            return trigger_error_set(ret_error, start + 1,
                                     "longer than ten years (3660d), the longest allowed");
        total_ms += number * units[unit].ms;
        next_unit = unit + 1;
    } while (text[at]);
    *ret_ms = total_ms;
    return true;
}

void duration_print(uint64_t duration_ms, char *out)
{
    size_t size = 0;
    bool whole_weeks = duration_ms % units[0].ms == 0;
    if (duration_ms == 0)
        (void)snprintf(out, DURATION_TEXT_SIZE, "0s");
    for (size_t i = whole_weeks ? 0 : 1; i < COUNT_OF(units) && duration_ms; i++) {
        uint64_t number = duration_ms / units[i].ms;
        if (number)
            size += (size_t)snprintf(out + size, DURATION_TEXT_SIZE - size, "%llu%s",
                                     (unsigned long long)number, units[i].name);
        duration_ms %= units[i].ms;
    }
}
