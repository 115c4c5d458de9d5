#include "node/core/trigger/instant.h"

#include <stdio.h>
#include <string.h>

#include "node/core/trigger/calendar.h"
#include "proto/limits.h"

#define FORM_TEXT "write 2027-03-28T01:30, with :SS and an offset (Z or +01:00) where needed"

enum {
    YEAR_MIN = 1970,
    YEAR_MAX = 2490,
};

struct reading {
    const char *text;
    size_t at;
    struct trigger_error *error;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(struct reading *reading, char wanted)
{
    if (reading->text[reading->at] != wanted)
        return false;
    reading->at++;
    return true;
}

static bool expect(struct reading *reading, char wanted)
{
    if (take(reading, wanted))
        return true;
    return trigger_error_set(reading->error, reading->at + 1, "'%c' belongs here; " FORM_TEXT, wanted);
}

// Exactly `digits` digits, within [low, high].
static bool read_number(struct reading *reading, size_t digits, int32_t low, int32_t high, int32_t *ret)
{
    size_t start = reading->at;
    int32_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (!is_digit(reading->text[reading->at]))
            return trigger_error_set(reading->error, reading->at + 1, "a digit belongs here; " FORM_TEXT);
        value = value * 10 + (reading->text[reading->at++] - '0');
    }
    if (value < low || value > high)
        return trigger_error_set(reading->error, start + 1, "%0*d is out of range; allowed are %0*d-%0*d",
                                 (int)digits, (int)value, (int)digits, (int)low, (int)digits, (int)high);
    *ret = value;
    return true;
}

static bool read_date(struct reading *reading, int64_t *ret_days)
{
    struct calendar_date date;
    if (!read_number(reading, 4, YEAR_MIN, YEAR_MAX, &date.year) || !expect(reading, '-') ||
        !read_number(reading, 2, 1, 12, &date.month) || !expect(reading, '-') ||
        !read_number(reading, 2, 1, calendar_month_length(date.year, date.month), &date.day))
        return false;
    *ret_days = calendar_days_of(date);
    return true;
}

// One to three digits after the point.
static bool read_fraction(struct reading *reading, int32_t *ret_ms)
{
    int32_t ms = 0;
    size_t digits = 0;
    for (; is_digit(reading->text[reading->at]); digits++, reading->at++)
        if (digits < 3)
            ms = ms * 10 + (reading->text[reading->at] - '0');
    if (digits < 1 || digits > 3)
        return trigger_error_set(reading->error, reading->at + 1,
                                 "1 to 3 digits belong behind the point: milliseconds are the finest");
    for (; digits < 3; digits++)
        ms *= 10;
    *ret_ms = ms;
    return true;
}

static bool read_time(struct reading *reading, int64_t *ret_ms)
{
    int32_t hour, minute, second = 0, ms = 0;
    if (!read_number(reading, 2, 0, 23, &hour) || !expect(reading, ':') ||
        !read_number(reading, 2, 0, 59, &minute))
        return false;
    if (take(reading, ':')) {
        if (strncmp(reading->text + reading->at, "60", 2) == 0)
            return trigger_error_set(reading->error, reading->at + 1,
                                     "a leap second is not an instant of unix time; write 59");
        if (!read_number(reading, 2, 0, 59, &second))
            return false;
        if (take(reading, '.') && !read_fraction(reading, &ms))
            return false;
    }
    *ret_ms = (hour * 3600LL + minute * 60LL + second) * 1000 + ms;
    return true;
}

// Z, +hh:mm or +hh:mm:ss; false: the text is refused.
static bool read_offset(struct reading *reading, int64_t *ret_ms)
{
    int32_t hours, minutes, seconds = 0;
    if (take(reading, 'Z') || take(reading, 'z')) {
        *ret_ms = 0;
        return true;
    }
    bool west = take(reading, '-');
    if (!west && !take(reading, '+'))
        return trigger_error_set(reading->error, reading->at + 1, "this does not belong here; " FORM_TEXT);
    if (!read_number(reading, 2, 0, 23, &hours) || !expect(reading, ':') ||
        !read_number(reading, 2, 0, 59, &minutes))
        return false;
    if (take(reading, ':') && !read_number(reading, 2, 0, 59, &seconds))
        return false;
    int64_t offset_ms = (hours * 3600LL + minutes * 60LL + seconds) * 1000;
    *ret_ms = west ? -offset_ms : offset_ms;
    return true;
}

static struct instant instant_in_zone(int64_t local_ms, const struct zone *zone)
{
    int64_t local_s = calendar_floor_divide(local_ms, 1000);
    int64_t rest_ms = local_ms - local_s * 1000;
    struct zone_local local = zone_local_at(zone, local_s);
    struct instant instant = {.kind = local.kind, .local_s = local_s};
    instant.ms = local.kind == ZONE_GAP ? local.jump_s * 1000 : local.first_s * 1000 + rest_ms;
    instant.other_ms = local.kind == ZONE_OVERLAP ? local.second_s * 1000 + rest_ms : instant.ms;
    return instant;
}

bool instant_parse(const char *text, const struct zone *zone, struct instant *ret,
                   struct trigger_error *ret_error)
{
    struct reading reading = {text, 0, ret_error};
    int64_t days, time_ms, offset_ms;
    if (!read_date(&reading, &days))
        return false;
    if (!take(&reading, 'T') && !take(&reading, 't') && !take(&reading, ' '))
        return trigger_error_set(ret_error, reading.at + 1, "a time of day belongs here; " FORM_TEXT);
    if (!read_time(&reading, &time_ms))
        return false;
    int64_t local_ms = days * CALENDAR_DAY_S * 1000 + time_ms;
    struct instant instant = {.kind = ZONE_UNIQUE, .local_s = calendar_floor_divide(local_ms, 1000)};
    if (text[reading.at]) {
        if (!read_offset(&reading, &offset_ms))
            return false;
        instant.ms = instant.other_ms = local_ms - offset_ms;
    } else {
        instant = instant_in_zone(local_ms, zone);
    }
    if (text[reading.at])
        return trigger_error_set(ret_error, reading.at + 1, "the text should end here; " FORM_TEXT);
    if (instant.ms < 0 || instant.other_ms > LIMIT_WALL_MS_MAX)
        return trigger_error_set(ret_error, 1, "outside the years %d-%d in UTC", YEAR_MIN, YEAR_MAX);
    *ret = instant;
    return true;
}

// What has a year of four digits, even with the largest offset.
static int64_t printable_ms(int64_t ms)
{
    static const int64_t most_ms = 253402128000000; // 9999-12-30
    return MAX_OF(MIN_OF(ms, most_ms), 0);
}

static size_t print_wall(int64_t wall_ms, char *out)
{
    int64_t days = calendar_floor_divide(wall_ms, CALENDAR_DAY_S * 1000LL);
    int32_t rest_ms = (int32_t)(wall_ms - days * CALENDAR_DAY_S * 1000);
    struct calendar_date date = calendar_date_of(days);
    return (size_t)snprintf(out, INSTANT_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", (int)date.year,
                            (int)date.month, (int)date.day, rest_ms / 3600000, rest_ms / 60000 % 60,
                            rest_ms / 1000 % 60, rest_ms % 1000);
}

void instant_print(int64_t ms, char *out)
{
    size_t size = print_wall(printable_ms(ms), out);
    (void)snprintf(out + size, INSTANT_TEXT_SIZE - size, "Z");
}

void instant_print_local(int64_t ms, const struct zone *zone, char *out)
{
    int64_t shown_ms = printable_ms(ms);
    int32_t offset_s = zone_offset_at(zone, calendar_floor_divide(shown_ms, 1000)).utc_offset_s;
    size_t size = print_wall(shown_ms + offset_s * 1000LL, out);
    int32_t east_s = offset_s < 0 ? -offset_s : offset_s;
    int seconds = east_s % 60;
    size += (size_t)snprintf(out + size, INSTANT_TEXT_SIZE - size, "%c%02d:%02d", offset_s < 0 ? '-' : '+',
                             east_s / 3600, east_s / 60 % 60);
    if (seconds)
        (void)snprintf(out + size, INSTANT_TEXT_SIZE - size, ":%02d", seconds);
}
