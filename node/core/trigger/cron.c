#include "node/core/trigger/cron.h"

#include "node/core/trigger/calendar.h"
#include "proto/limits.h"

enum {
    YEAR_MAX = 2500, // past LIMIT_WALL_MS_MAX
    HOUR_S = 3600,
    MINUTE_S = 60,
};

// An expression where it is used.
struct walk {
    const struct cron *cron;
    const struct zone *zone;
    struct trigger_rules rules;
};

static uint64_t bits_below(uint64_t bits, int64_t value)
{
    return bits & ((1ULL << value) - 1);
}

static int64_t bits_count(uint64_t bits)
{
    return __builtin_popcountll(bits);
}

static int64_t lowest_bit(uint64_t bits)
{
    return __builtin_ctzll(bits);
}

// The days of a month that fit, as bits 1-31. `first` is the day number of its first day.
static uint64_t month_days(const struct cron *cron, int64_t year, int32_t month, int64_t first)
{
    if (!(cron->months >> month & 1))
        return 0;
    int32_t weekday = calendar_weekday_of(first);
    uint64_t week = ((uint64_t)cron->weekdays << 7 | cron->weekdays) >> weekday & 0x7f;
    uint64_t by_weekday = (week | week << 7 | week << 14 | week << 21 | week << 28) << 1;
    bool either = !cron->days_free && !cron->weekdays_free;
    uint64_t days = either ? cron->days | by_weekday : cron->days & by_weekday;
    return bits_below(days, calendar_month_length(year, month) + 1);
}

// The first fitting second of a day at or after `second`; false: no more on that day.
static bool next_of_day(const struct cron *cron, int64_t second, int64_t *ret)
{
    int64_t hour = second / HOUR_S, minute = second / MINUTE_S % 60;
    uint64_t hours = cron->hours >> hour << hour;
    if (hours >> hour & 1) {
        uint64_t minutes = cron->minutes >> minute << minute;
        uint64_t seconds = cron->seconds >> second % 60 << second % 60;
        if ((minutes >> minute & 1) && seconds) {
            *ret = second - second % 60 + lowest_bit(seconds);
            return true;
        }
        minutes = minutes >> minute >> 1 << minute << 1;
        if (minutes) {
            *ret = hour * HOUR_S + lowest_bit(minutes) * MINUTE_S + lowest_bit(cron->seconds);
            return true;
        }
        hours ^= 1ULL << hour;
    }
    if (!hours)
        return false;
    *ret = lowest_bit(hours) * HOUR_S + lowest_bit(cron->minutes) * MINUTE_S + lowest_bit(cron->seconds);
    return true;
}

// The first fitting local time at or after `local_s`; false: none until YEAR_MAX.
static bool next_local(const struct cron *cron, int64_t local_s, int64_t *ret)
{
    int64_t day = calendar_floor_divide(local_s, CALENDAR_DAY_S);
    int64_t second = local_s - day * CALENDAR_DAY_S;
    struct calendar_date date = calendar_date_of(day);
    int64_t first = day - date.day + 1;
    uint64_t days = month_days(cron, date.year, date.month, first) >> date.day << date.day;
    if ((days >> date.day & 1) && next_of_day(cron, second, &second)) {
        *ret = day * CALENDAR_DAY_S + second;
        return true;
    }
    days = days >> date.day >> 1 << date.day << 1;
    while (!days && date.year <= YEAR_MAX) {
        first += calendar_month_length(date.year, date.month);
        date.year += date.month == 12;
        date.month = date.month % 12 + 1;
        days = month_days(cron, date.year, date.month, first);
    }
    if (!days || !next_of_day(cron, 0, &second))
        return false;
    *ret = (first + lowest_bit(days) - 1) * CALENDAR_DAY_S + second;
    return true;
}

// Does the jump at the start of the period swallow a fitting local time?
static bool gap_fires(const struct walk *walk, const struct zone_period *period)
{
    int64_t local_s;
    if (walk->cron->is_real_time || walk->rules.skip_in_gap || period->before_s >= period->utc_offset_s)
        return false;
    return next_local(walk->cron, period->start_s + period->before_s, &local_s) &&
           local_s < period->start_s + period->utc_offset_s;
}

// From which local time on a due time counts at `at_s`: not again what the clock has shown before.
static int64_t first_local(const struct walk *walk, const struct zone_period *period, int64_t at_s)
{
    int64_t local_s = at_s + period->utc_offset_s;
    if (!walk->cron->is_real_time && !walk->rules.twice_in_overlap)
        local_s = MAX_OF(local_s, period->start_s + period->before_s);
    return local_s;
}

static bool next_in_period(const struct walk *walk, const struct zone_period *period, int64_t at_s,
                           int64_t *ret)
{
    int64_t local_s;
    if (at_s == period->start_s && gap_fires(walk, period)) {
        *ret = at_s;
        return true;
    }
    if (!next_local(walk->cron, first_local(walk, period, at_s), &local_s))
        return false;
    if (local_s - period->utc_offset_s >= period->end_s)
        return false;
    *ret = local_s - period->utc_offset_s;
    return true;
}

// The first whole second after a time, within what has due times at all.
static int64_t second_after(int64_t after_ms)
{
    int64_t bounded_ms = MAX_OF(MIN_OF(after_ms, LIMIT_WALL_MS_MAX), -1);
    return calendar_floor_divide(bounded_ms, 1000) + 1;
}

bool cron_next(const struct cron *cron, const struct zone *zone, struct trigger_rules rules, int64_t after_ms,
               int64_t *ret_due_ms)
{
    const struct walk walk = {cron, zone, rules};
    int64_t at_s = second_after(after_ms);
    int64_t fitting_s, due_s;
    while (at_s <= LIMIT_WALL_MS_MAX / 1000) {
        // No offset is larger than a day or so: nothing can happen long before the next fitting
        // local time. This skips years of transitions for 29 February.
        if (!next_local(cron, at_s - ZONE_OFFSET_S_MAX, &fitting_s))
            return false;
        at_s = MAX_OF(at_s, fitting_s - ZONE_OFFSET_S_MAX);
        struct zone_period period = zone_period_at(zone, at_s);
        if (next_in_period(&walk, &period, at_s, &due_s)) {
            if (due_s > LIMIT_WALL_MS_MAX / 1000)
                return false;
            *ret_due_ms = due_s * 1000;
            return true;
        }
        at_s = period.end_s;
    }
    return false;
}

bool cron_is_due(const struct cron *cron, const struct zone *zone, struct trigger_rules rules, int64_t due_ms)
{
    int64_t next_ms;
    return due_ms >= 0 && due_ms <= LIMIT_WALL_MS_MAX && cron_next(cron, zone, rules, due_ms - 1, &next_ms) &&
           next_ms == due_ms;
}

// How many fitting seconds of a day lie before `second` (0-86400).
static int64_t count_of_day(const struct cron *cron, int64_t second)
{
    int64_t hour = second / HOUR_S, minute = second / MINUTE_S % 60;
    int64_t per_minute = bits_count(cron->seconds);
    int64_t per_hour = bits_count(cron->minutes) * per_minute;
    int64_t count = bits_count(bits_below(cron->hours, hour)) * per_hour;
    if (cron->hours >> hour & 1) {
        count += bits_count(bits_below(cron->minutes, minute)) * per_minute;
        if (cron->minutes >> minute & 1)
            count += bits_count(bits_below(cron->seconds, second % 60));
    }
    return count;
}

// How many fitting local times lie in [from_s, to_s).
static int64_t count_local(const struct cron *cron, int64_t from_s, int64_t to_s)
{
    if (from_s >= to_s)
        return 0;
    int64_t from = calendar_floor_divide(from_s, CALENDAR_DAY_S),
            to = calendar_floor_divide(to_s, CALENDAR_DAY_S);
    int64_t per_day = count_of_day(cron, CALENDAR_DAY_S);
    int64_t count = 0;
    struct calendar_date date = calendar_date_of(from);
    for (int64_t first = from - date.day + 1; first <= to;) {
        uint64_t days = month_days(cron, date.year, date.month, first);
        int32_t length = calendar_month_length(date.year, date.month);
        if (first <= from && (days >> (from - first + 1) & 1))
            count -= count_of_day(cron, from_s - from * CALENDAR_DAY_S);
        if (to < first + length && (days >> (to - first + 1) & 1))
            count += count_of_day(cron, to_s - to * CALENDAR_DAY_S);
        uint64_t begun = first < from ? bits_below(days, from - first + 1) : 0;
        uint64_t whole = to < first + length ? bits_below(days, to - first + 1) : days;
        count += bits_count(whole & ~begun) * per_day;
        first += length;
        date.year += date.month == 12;
        date.month = date.month % 12 + 1;
    }
    return count;
}

uint64_t cron_count(const struct cron *cron, const struct zone *zone, struct trigger_rules rules,
                    int64_t after_ms, int64_t until_ms)
{
    const struct walk walk = {cron, zone, rules};
    int64_t end_s = second_after(until_ms); // exclusive
    int64_t count = 0;
    for (int64_t at_s = second_after(after_ms); at_s < end_s;) {
        struct zone_period period = zone_period_at(zone, at_s);
        int64_t stop_s = MIN_OF(end_s, period.end_s);
        int64_t local_s = first_local(&walk, &period, at_s);
        if (at_s == period.start_s && gap_fires(&walk, &period)) {
            count++; // the second of the jump itself, whether or not it also fits
            local_s++;
        }
        count += count_local(cron, local_s, stop_s + period.utc_offset_s);
        at_s = stop_s;
    }
    return (uint64_t)count;
}
