#include "node/core/trigger/zone_rule.h"

#include <string.h>

#include "node/core/trigger/calendar.h"

// What is left of the text. Running off its end reads zeroes, which no rule accepts.
struct cursor {
    struct bytes rest;
};

static char cursor_peek(const struct cursor *cursor)
{
    return cursor->rest.size ? (char)cursor->rest.data[0] : 0;
}

static bool cursor_take(struct cursor *cursor, char wanted)
{
    if (!cursor->rest.size || cursor_peek(cursor) != wanted)
        return false;
    cursor->rest.data++;
    cursor->rest.size--;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool cursor_number(struct cursor *cursor, int32_t most, int32_t *ret)
{
    int32_t value = 0;
    if (!is_digit(cursor_peek(cursor)))
        return false;
    while (is_digit(cursor_peek(cursor))) {
        value = value * 10 + (cursor_peek(cursor) - '0');
        if (value > most)
            return false;
        (void)cursor_take(cursor, cursor_peek(cursor));
    }
    *ret = value;
    return true;
}

// [+-]h[hh][:mm[:ss]]
static bool cursor_time(struct cursor *cursor, int32_t hours_most, int32_t *ret)
{
    bool negative = cursor_take(cursor, '-');
    int32_t hours = 0, minutes = 0, seconds = 0;
    if (!negative)
        (void)cursor_take(cursor, '+');
    if (!cursor_number(cursor, hours_most, &hours))
        return false;
    if (cursor_take(cursor, ':')) {
        if (!cursor_number(cursor, 59, &minutes))
            return false;
        if (cursor_take(cursor, ':') && !cursor_number(cursor, 59, &seconds))
            return false;
    }
    int32_t time_s = hours * 3600 + minutes * 60 + seconds;
    *ret = negative ? -time_s : time_s;
    return true;
}

// Three letters or more, or anything of letters, digits and signs between < and >.
static bool cursor_name(struct cursor *cursor, char *ret)
{
    bool quoted = cursor_take(cursor, '<');
    size_t size = 0;
    char name[ZONE_ABBREVIATION_SIZE] = {0};
    for (;;) {
        char c = cursor_peek(cursor);
        bool fits = is_letter(c) || (quoted && (is_digit(c) || c == '+' || c == '-'));
        if (!fits)
            break;
        if (size + 1 >= sizeof name)
            return false;
        name[size++] = c;
        (void)cursor_take(cursor, c);
    }
    if (size < 3 || (quoted && !cursor_take(cursor, '>')))
        return false;
    memcpy(ret, name, sizeof name);
    return true;
}

static bool cursor_day(struct cursor *cursor, struct zone_rule_date *date)
{
    if (cursor_take(cursor, 'J')) {
        date->form = ZONE_RULE_JULIAN;
        return cursor_number(cursor, 365, &date->day) && date->day >= 1;
    }
    if (!cursor_take(cursor, 'M')) {
        date->form = ZONE_RULE_ORDINAL;
        return cursor_number(cursor, 365, &date->day);
    }
    date->form = ZONE_RULE_WEEKDAY;
    return cursor_number(cursor, 12, &date->month) && date->month >= 1 && cursor_take(cursor, '.') &&
           cursor_number(cursor, 5, &date->week) && date->week >= 1 && cursor_take(cursor, '.') &&
           cursor_number(cursor, 6, &date->day);
}

static bool cursor_date(struct cursor *cursor, struct zone_rule_date *ret)
{
    struct zone_rule_date date = {.time_s = 2 * 3600};
    if (!cursor_take(cursor, ',') || !cursor_day(cursor, &date))
        return false;
    if (cursor_take(cursor, '/') && !cursor_time(cursor, 167, &date.time_s))
        return false;
    *ret = date;
    return true;
}

bool zone_rule_parse(struct bytes text, struct zone_rule *ret)
{
    struct cursor cursor = {text};
    struct zone_rule rule = {0};
    int32_t west_s;
    if (!cursor_name(&cursor, rule.standard.abbreviation) || !cursor_time(&cursor, 24, &west_s))
        return false;
    rule.standard.utc_offset_s = -west_s;
    if (cursor.rest.size) {
        rule.has_daylight = true;
        rule.daylight.is_dst = true;
        if (!cursor_name(&cursor, rule.daylight.abbreviation))
            return false;
        rule.daylight.utc_offset_s = rule.standard.utc_offset_s + 3600;
        if (cursor_peek(&cursor) != ',') {
            if (!cursor_time(&cursor, 24, &west_s))
                return false;
            rule.daylight.utc_offset_s = -west_s;
        }
        if (!cursor_date(&cursor, &rule.start) || !cursor_date(&cursor, &rule.end) || cursor.rest.size)
            return false;
    }
    *ret = rule;
    return true;
}

static int64_t weekday_of_month(const struct zone_rule_date *date, int32_t year)
{
    int64_t first = calendar_days_of((struct calendar_date){year, date->month, 1});
    int32_t ahead = (date->day - calendar_weekday_of(first) + 7) % 7;
    int32_t day = ahead + 7 * (date->week - 1);
    if (day >= calendar_month_length(year, date->month))
        day -= 7;
    return first + day;
}

// Seconds from 1970 on a clock that never changes, at which the date falls in that year.
static int64_t date_local_s(const struct zone_rule_date *date, int32_t year)
{
    int64_t january = calendar_days_of((struct calendar_date){year, 1, 1});
    int64_t days = january + date->day;
    if (date->form == ZONE_RULE_JULIAN)
        days += (calendar_is_leap(year) && date->day >= 60) - 1;
    else if (date->form == ZONE_RULE_WEEKDAY)
        days = weekday_of_month(date, year);
    return days * CALENDAR_DAY_S + date->time_s;
}

int64_t zone_rule_start_s(const struct zone_rule *rule, int32_t year)
{
    return date_local_s(&rule->start, year) - rule->standard.utc_offset_s;
}

int64_t zone_rule_end_s(const struct zone_rule *rule, int32_t year)
{
    return date_local_s(&rule->end, year) - rule->daylight.utc_offset_s;
}
