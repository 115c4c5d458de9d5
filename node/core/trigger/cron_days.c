#include "node/core/trigger/cron_days.h"

#include "node/core/trigger/calendar.h"

enum {
    FEBRUARY = 2,
    WEEK = 7,
};

static uint32_t bit(int32_t day)
{
    return 1u << day;
}

// Weekdays as bits 0 Sunday ... 6, turned so that bit 0 stands for `weekday`.
static uint32_t turned(uint32_t weekdays, int32_t weekday)
{
    return (weekdays << WEEK | weekdays) >> weekday & 0x7f;
}

// The workday nearest to a day that the month has.
static int32_t nearest_workday(int32_t day, int32_t length, int32_t first_weekday)
{
    int32_t weekday = (first_weekday + day - 1) % WEEK;
    if (weekday == 6)
        return day > 1 ? day - 1 : day + 2;
    if (weekday == 0)
        return day < length ? day + 1 : day - 2;
    return day;
}

static uint32_t by_day(const struct cron_days *days, int32_t length, int32_t first_weekday)
{
    uint32_t found = days->days, wanted = days->workdays;
    for (uint32_t rest = days->from_end; rest; rest &= rest - 1)
        if (__builtin_ctz(rest) < length)
            found |= bit(length - __builtin_ctz(rest));
    for (uint32_t rest = days->workdays_from_end; rest; rest &= rest - 1)
        if (__builtin_ctz(rest) < length)
            wanted |= bit(length - __builtin_ctz(rest));
    for (; wanted; wanted &= wanted - 1)
        if (__builtin_ctz(wanted) <= length)
            found |= bit(nearest_workday(__builtin_ctz(wanted), length, first_weekday));
    return found;
}

static uint32_t by_weekday(const struct cron_days *days, int32_t length, int32_t first_weekday)
{
    uint32_t week = turned(days->weekdays, first_weekday);
    uint32_t found = week << 1 | week << 8 | week << 15 | week << 22 | week << 29;
    for (int32_t i = 0; i < CRON_DAYS_NTH_MAX; i++)
        found |= turned(days->nth_weekdays[i], first_weekday) << (1 + WEEK * i);
    int32_t last_week = length - WEEK + 1; // its first day
    return found | turned(days->last_weekdays, (first_weekday + last_week - 1) % WEEK) << last_week;
}

bool cron_days_is_either(const struct cron_days *days)
{
    return !days->days_free && !days->weekdays_free;
}

uint32_t cron_days_of_month(const struct cron_days *days, int32_t length, int32_t first_weekday)
{
    uint32_t left = by_day(days, length, first_weekday);
    uint32_t right = by_weekday(days, length, first_weekday);
    uint32_t month = (uint32_t)((2ULL << length) - 2);
    return (cron_days_is_either(days) ? left | right : left & right) & month;
}

static bool comes_in(const struct cron_days *days, int32_t length)
{
    for (int32_t weekday = 0; weekday < WEEK; weekday++)
        if (cron_days_of_month(days, length, weekday))
            return true;
    return false;
}

// Every month begins on every weekday in some year of the 400, in leap years as in the others.
bool cron_days_come(const struct cron_days *days)
{
    const int32_t common_year = 2023;
    for (int32_t month = 1; month <= 12; month++)
        if ((days->months >> month & 1) && comes_in(days, calendar_month_length(common_year, month)))
            return true;
    return (days->months >> FEBRUARY & 1) && comes_in(days, calendar_month_length(common_year + 1, FEBRUARY));
}
