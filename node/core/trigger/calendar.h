// calendar.h - days, dates and weekdays of the proleptic Gregorian calendar.
//
// A day is a number: days since 1970-01-01. A local time is a number too: what the wall shows, as
// seconds since 1970-01-01T00:00:00 on that wall. So all arithmetic is on integers, and a time zone
// is the only thing that turns local seconds into unix seconds (zone.h).
// Source: the year that begins in March and the 400-year era, after H. Hinnant, "chrono-Compatible
// Low-Level Date Algorithms", 2013. Exact for years -30000 ... 30000.
#ifndef NODE_CORE_TRIGGER_CALENDAR_H
#define NODE_CORE_TRIGGER_CALENDAR_H

#include "proto/base.h"

enum {
    CALENDAR_DAY_S = 24 * 3600,
};

struct calendar_date {
    int32_t year;
    int32_t month; // 1-12
    int32_t day;   // 1-31
};

bool calendar_is_leap(int64_t year);
int32_t calendar_month_length(int64_t year, int32_t month);
int64_t calendar_days_of(struct calendar_date date);
struct calendar_date calendar_date_of(int64_t days);
int32_t calendar_weekday_of(int64_t days); // 0 Sunday ... 6 Saturday

// Division and remainder that round towards minus infinity; divisor > 0.
int64_t calendar_floor_divide(int64_t value, int64_t divisor);
int64_t calendar_floor_modulo(int64_t value, int64_t divisor);

#endif
