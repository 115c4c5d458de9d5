#include "node/cli/local_time.h"

#include <stdio.h>

#include "node/core/trigger/calendar.h"

struct wall {
    struct calendar_date date;
    const char *weekday;
    int64_t day;
    int hour, minute, second, millisecond;
};

static struct wall wall_of(const struct zone *zone, int64_t at_ms)
{
    static const char *const WEEKDAYS[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    int64_t unix_s = calendar_floor_divide(at_ms, 1000);
    int64_t local_s = unix_s + zone_offset_at(zone, unix_s).utc_offset_s;
    int64_t day = calendar_floor_divide(local_s, CALENDAR_DAY_S);
    int second = (int)(local_s - day * CALENDAR_DAY_S);
    return (struct wall){
        .date = calendar_date_of(day),
        .weekday = WEEKDAYS[calendar_weekday_of(day)],
        .day = day,
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
        .millisecond = (int)calendar_floor_modulo(at_ms, 1000),
    };
}

static void print_near(const struct zone *zone, int64_t at_ms, int64_t now_ms, bool is_exact,
                       char out[LOCAL_TIME_ROOM])
{
    struct wall wall = wall_of(zone, at_ms);
    char date[24] = "", seconds[16] = "";
    int64_t distance = wall.day - wall_of(zone, now_ms).day;
    if (at_ms == 0) {
        snprintf(out, LOCAL_TIME_ROOM, "-");
        return;
    }
    if (distance < -6 || distance > 6)
        snprintf(date, sizeof date, "%04d-%02d-%02d ", (int)wall.date.year, (int)wall.date.month,
                 (int)wall.date.day);
    if (wall.second || is_exact)
        snprintf(seconds, sizeof seconds, ":%02d", wall.second);
    snprintf(out, LOCAL_TIME_ROOM, "%s %s%02d:%02d%s", wall.weekday, date, wall.hour, wall.minute, seconds);
}

void local_time_short(const struct zone *zone, int64_t at_ms, int64_t now_ms, char out[LOCAL_TIME_ROOM])
{
    print_near(zone, at_ms, now_ms, false, out);
}

void local_time_exact(const struct zone *zone, int64_t at_ms, int64_t now_ms, char out[LOCAL_TIME_ROOM])
{
    print_near(zone, at_ms, now_ms, true, out);
}

void local_time_long(const struct zone *zone, int64_t at_ms, char out[LOCAL_TIME_ROOM])
{
    struct wall wall = wall_of(zone, at_ms);
    struct zone_offset offset = zone_offset_at(zone, calendar_floor_divide(at_ms, 1000));
    snprintf(out, LOCAL_TIME_ROOM, "%s %04d-%02d-%02d %02d:%02d:%02d %s", wall.weekday, (int)wall.date.year,
             (int)wall.date.month, (int)wall.date.day, wall.hour, wall.minute, wall.second,
             offset.abbreviation);
}

void local_time_of_day(const struct zone *zone, int64_t at_ms, char out[LOCAL_TIME_ROOM])
{
    struct wall wall = wall_of(zone, at_ms);
    snprintf(out, LOCAL_TIME_ROOM, "%02d:%02d:%02d.%d", wall.hour, wall.minute, wall.second,
             wall.millisecond / 100);
}

bool local_time_same_day(const struct zone *zone, int64_t a_ms, int64_t b_ms)
{
    return wall_of(zone, a_ms).day == wall_of(zone, b_ms).day;
}
