#include "node/core/trigger/calendar.h"

enum {
    DAYS_PER_ERA = 146097,   // 400 years
    EPOCH_FROM_ERA = 719468, // days from 0000-03-01 to 1970-01-01
    EPOCH_WEEKDAY = 4,       // 1970-01-01 was a Thursday
};

int64_t calendar_floor_divide(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;
    return quotient - (value % divisor < 0);
}

int64_t calendar_floor_modulo(int64_t value, int64_t divisor)
{
    int64_t rest = value % divisor;
    return rest < 0 ? rest + divisor : rest;
}

bool calendar_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int32_t calendar_month_length(int64_t year, int32_t month)
{
    static const int8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return lengths[month - 1] + (month == 2 && calendar_is_leap(year));
}

int64_t calendar_days_of(struct calendar_date date)
{
    // Counting months from March puts the leap day at the end of the year, out of everybody's way.
    int64_t year = (int64_t)date.year - (date.month <= 2);
    int64_t era = calendar_floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - EPOCH_FROM_ERA;
}

struct calendar_date calendar_date_of(int64_t days)
{
    int64_t shifted = days + EPOCH_FROM_ERA;
    int64_t era = calendar_floor_divide(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t leap_days = day_of_era / 1460 - day_of_era / 36524 + day_of_era / (DAYS_PER_ERA - 1);
    int64_t year_of_era = (day_of_era - leap_days) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct calendar_date){
        .year = (int32_t)(year_of_era + era * 400 + (month <= 2)),
        .month = (int32_t)month,
        .day = (int32_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
    };
}

int32_t calendar_weekday_of(int64_t days)
{
    return (int32_t)calendar_floor_modulo(days + EPOCH_WEEKDAY, 7);
}
