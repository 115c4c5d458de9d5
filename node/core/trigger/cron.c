#include "node/core/trigger/cron.h"

#include "node/core/trigger/calendar.h"
#include "proto/limits.h"

enum {
    YEAR_MAX = 2500, // past LIMIT_WALL_MS_MAX
    HOUR_S = 3600,
    MINUTE_S = 60,
};

// An expression where it is used, and the last fitting local time found: there is none in
// [from_s, found_s), so whoever asks from there on gets the same one. Periods are looked at one by one, and
// most of them ask again for the time that lies beyond them.
struct walk {
    const struct cron *cron;
    const struct zone *zone;
    struct trigger_rules rules;
    int64_t from_s;
    int64_t found_s;
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

// A month of the calendar on the way: its first day as a day number.
struct month {
    int64_t first;
    int32_t year;
    int32_t month;
};

static int32_t month_length(const struct month *month)
{
    return calendar_month_length(month->year, month->month);
}

// The days that fit, as bits 1-31.
static uint64_t month_days(const struct cron *cron, const struct month *month)
{
    if (!(cron->days.months >> month->month & 1))
        return 0;
    return cron_days_of_month(&cron->days, month_length(month), calendar_weekday_of(month->first));
}

// To the next month that the expression names, over all others.
static void month_advance(const struct cron *cron, struct month *month)
{
    uint32_t months = cron->days.months;
    uint32_t later = months >> month->month >> 1;
    month->year += !later;
    month->month = later ? month->month + 1 + __builtin_ctz(later) : __builtin_ctz(months);
    month->first = calendar_days_of((struct calendar_date){month->year, month->month, 1});
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

// The first fitting local time at or after `local_s`; false: none until YEAR_MAX. A day on which nothing
// fits can last 40 years (29 February on a given weekday), which are 40 steps.
static bool next_local(const struct cron *cron, int64_t local_s, int64_t *ret)
{
    int64_t day = calendar_floor_divide(local_s, CALENDAR_DAY_S);
    int64_t second = local_s - day * CALENDAR_DAY_S;
    struct calendar_date date = calendar_date_of(day);
    struct month month = {day - date.day + 1, date.year, date.month};
    uint64_t days = month_days(cron, &month) >> date.day << date.day;
    if ((days >> date.day & 1) && next_of_day(cron, second, &second)) {
        *ret = day * CALENDAR_DAY_S + second;
        return true;
    }
    days = days >> date.day >> 1 << date.day << 1;
    while (!days && month.year <= YEAR_MAX) {
        month_advance(cron, &month);
        days = month_days(cron, &month);
    }
    if (!days || !next_of_day(cron, 0, &second))
        return false;
    *ret = (month.first + lowest_bit(days) - 1) * CALENDAR_DAY_S + second;
    return true;
}

static bool next_fitting(struct walk *walk, int64_t local_s, int64_t *ret)
{
    if (local_s < walk->from_s || local_s > walk->found_s) {
        if (!next_local(walk->cron, local_s, &walk->found_s))
            return false;
        walk->from_s = local_s;
    }
    *ret = walk->found_s;
    return true;
}

// Does the jump at the start of the period swallow a fitting local time?
static bool gap_fires(struct walk *walk, const struct zone_period *period)
{
    int64_t local_s;
    if (walk->cron->is_real_time || walk->rules.skip_in_gap || period->before_s >= period->utc_offset_s)
        return false;
    return next_fitting(walk, period->start_s + period->before_s, &local_s) &&
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

static bool next_in_period(struct walk *walk, const struct zone_period *period, int64_t at_s, int64_t *ret)
{
    int64_t local_s;
    if (at_s == period->start_s && gap_fires(walk, period)) {
        *ret = at_s;
        return true;
    }
    if (!next_fitting(walk, first_local(walk, period, at_s), &local_s))
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
    struct walk walk = {cron, zone, rules, 1, 0};
    int64_t at_s = second_after(after_ms);
    int64_t fitting_s, due_s;
    struct zone_period period = zone_period_at(zone, at_s);
    while (at_s <= LIMIT_WALL_MS_MAX / 1000) {
        // No offset is larger than a day or so: nothing can happen long before the next fitting
        // local time. This skips years of transitions for 29 February.
        if (!next_fitting(&walk, at_s - ZONE_OFFSET_S_MAX, &fitting_s))
            return false;
        at_s = MAX_OF(at_s, fitting_s - ZONE_OFFSET_S_MAX);
        period = zone_period_forward(zone, &period, at_s);
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

bool cron_is_moved(const struct cron *cron, const struct zone *zone, struct trigger_rules rules,
                   int64_t due_ms, int64_t *ret_local_s)
{
    struct walk walk = {cron, zone, rules, 1, 0};
    int64_t due_s = calendar_floor_divide(due_ms, 1000), shown_s, local_s;
    struct zone_period period = zone_period_at(zone, due_s);
    if (period.start_s != due_s || !gap_fires(&walk, &period))
        return false;
    shown_s = due_s + period.utc_offset_s;
    if (next_local(cron, shown_s, &local_s) && local_s == shown_s)
        return false;
    return next_local(cron, due_s + period.before_s, ret_local_s);
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
    struct month month = {from - date.day + 1, date.year, date.month};
    for (; month.first <= to; month_advance(cron, &month)) {
        uint64_t days = month_days(cron, &month);
        int64_t end = month.first + month_length(&month);
        if (month.first <= from && (days >> (from - month.first + 1) & 1))
            count -= count_of_day(cron, from_s - from * CALENDAR_DAY_S);
        if (to < end && (days >> (to - month.first + 1) & 1))
            count += count_of_day(cron, to_s - to * CALENDAR_DAY_S);
        uint64_t begun = month.first < from ? bits_below(days, from - month.first + 1) : 0;
        uint64_t whole = to < end ? bits_below(days, to - month.first + 1) : days;
        count += bits_count(whole & ~begun) * per_day;
    }
    return count;
}

uint64_t cron_count(const struct cron *cron, const struct zone *zone, struct trigger_rules rules,
                    int64_t after_ms, int64_t until_ms)
{
    struct walk walk = {cron, zone, rules, 1, 0};
    int64_t end_s = second_after(until_ms); // exclusive
    int64_t count = 0, at_s = second_after(after_ms);
    struct zone_period period = zone_period_at(zone, at_s);
    while (at_s < end_s) {
        period = zone_period_forward(zone, &period, at_s);
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
