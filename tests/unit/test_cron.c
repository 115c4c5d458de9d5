// test_cron.c - what cron expressions mean, when they are due across clock changes, and what is refused.
#include "node/core/trigger/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/core/trigger/calendar.h"
#include "proto/limits.h"
#include "tests/unit/support_zone.h"

static const struct trigger_rules defaults = {0};

static struct cron parsed(const char *text)
{
    struct cron cron = {0};
    struct trigger_error error;
    if (!cron_parse(text, "main/job", &cron, &error))
        fail_msg("%s: column %zu: %s", text, error.column, error.text);
    return cron;
}

static int64_t ms_of(const char *text)
{
    int year, month, day, hour, minute, second;
    assert_int_equal(sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second), 6);
    int64_t days = calendar_days_of((struct calendar_date){year, month, day});
    return (days * CALENDAR_DAY_S + hour * 3600 + minute * 60 + second) * 1000;
}

static void text_of(int64_t ms, char *out, size_t size)
{
    struct calendar_date date = calendar_date_of(calendar_floor_divide(ms / 1000, CALENDAR_DAY_S));
    int second = (int)calendar_floor_modulo(ms / 1000, CALENDAR_DAY_S);
    (void)snprintf(out, size, "%04d-%02d-%02d %02d:%02d:%02d", date.year, date.month, date.day, second / 3600,
                   second / 60 % 60, second % 60);
}

// The due times after `from` (UTC), as "UTC, UTC, ..." texts; each also has to be due by itself.
static void assert_due(const char *expression, const struct zone *zone, struct trigger_rules rules,
                       const char *from, const char *const *expected)
{
    struct cron cron = parsed(expression);
    int64_t at_ms = ms_of(from), start_ms = at_ms, due_ms;
    for (uint64_t i = 0; expected[i]; i++) {
        char text[64];
        assert_true(cron_next(&cron, zone, rules, at_ms, &due_ms));
        text_of(due_ms, text, sizeof text);
        assert_string_equal(text, expected[i]);
        assert_true(cron_is_due(&cron, zone, rules, due_ms));
        assert_false(cron_is_due(&cron, zone, rules, due_ms + 1));
        assert_int_equal(cron_count(&cron, zone, rules, start_ms, due_ms), i + 1);
        assert_int_equal(cron_count(&cron, zone, rules, start_ms, due_ms - 1), i);
        at_ms = due_ms;
    }
}

#define DUE(expression, zone, rules, from, ...)                                                              \
    assert_due(expression, zone, rules, from, (const char *const[]){__VA_ARGS__, NULL})
#define DUE_UTC(expression, from, ...) DUE(expression, zone_utc(), defaults, from, __VA_ARGS__)

static bool same_meaning(const char *left, const char *right)
{
    struct cron a = parsed(left), b = parsed(right);
    return a.seconds == b.seconds && a.minutes == b.minutes && a.hours == b.hours &&
           memcmp(&a.days, &b.days, sizeof a.days) == 0 && a.is_real_time == b.is_real_time &&
           a.is_spread == b.is_spread;
}

static void equal_expressions_are_equal_sets(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"* * * * *", "0-59 * ? 1-12 ?"},
        {"*/15 * * * *", "0,15,30,45 * * * *"},
        {"3/20 * * * *", "3,23,43 * * * *"},
        {"50-10/5 * * * *", "50,55,0,5,10 * * * *"},
        {"0 22-2 * * *", "0 22,23,0,1,2 * * *"},
        {"0 0 * jan-Mar *", "0 0 * 1,2,3 *"},
        {"0 0 * NOV-FEB *", "0 0 * 11,12,1,2 *"},
        {"0 0 25-5 * *", "0 0 25-31,1-5 * *"},
        {"0 0 * * FRI-MON", "0 0 * * 5,6,0,1"},
        {"0 0 * * sun", "0 0 * * 7"},
        {"0 0 * * 7-2", "0 0 * * 0-2"},
        {"0 0 * * 7-7", "0 0 * * 0"},
        {"0 0 * * 5-7", "0 0 * * 5,6,0"},
        {"0 0 * * 1/2", "0 0 * * 1,3,5,7"},
        {"0 0 * * SAT-SUN", "0 0 * * 0,6"},
        {"0 0-23 * * *", "0 * * * *"},
        {"  5\t4  3 2 *  ", "5 4 3 2 *"},
        {"0 5 4 3 2 *", "5 4 3 2 *"},
        {"@YEARLY", "0 0 1 1 *"},
        {"@annually", "0 0 1 1 *"},
        {"@monthly", "0 0 1 * *"},
        {"@weekly", "0 0 * * 0"},
        {"@daily ", "0 0 * * *"},
        {" @midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"},
        {"007 * * * *", "7 * * * *"},
        {"0 0 */31 * *", "0 0 */31 * ?"},
    };
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (!same_meaning(pairs[i][0], pairs[i][1]))
            fail_msg("'%s' is not '%s'", pairs[i][0], pairs[i][1]);
}

static void due_times_come_in_order(void **state)
{
    (void)state;
    DUE_UTC("*/15 9-10 * * *", "2027-01-01 09:30:00", "2027-01-01 09:45:00", "2027-01-01 10:00:00",
            "2027-01-01 10:15:00", "2027-01-01 10:30:00", "2027-01-01 10:45:00", "2027-01-02 09:00:00");
    DUE_UTC("10-12/2 59 23 31 12 *", "2027-01-01 00:00:00", "2027-12-31 23:59:10", "2027-12-31 23:59:12",
            "2028-12-31 23:59:10");
    DUE_UTC("0 0 31 * *", "2027-01-31 00:00:00", "2027-03-31 00:00:00", "2027-05-31 00:00:00",
            "2027-07-31 00:00:00", "2027-08-31 00:00:00");
    DUE_UTC("0 12 * * MON", "2026-07-31 00:00:00", "2026-08-03 12:00:00", "2026-08-10 12:00:00");
}

static void the_year_2100_has_no_leap_day(void **state)
{
    (void)state;
    DUE_UTC("0 0 29 2 *", "2092-03-01 00:00:00", "2096-02-29 00:00:00", "2104-02-29 00:00:00");
    // 29 February and a Sunday: forty years can lie between two.
    DUE_UTC("0 0 29 2 */7", "2027-01-01 00:00:00", "2032-02-29 00:00:00", "2060-02-29 00:00:00",
            "2088-02-29 00:00:00", "2128-02-29 00:00:00");
}

static void two_restricted_day_fields_are_either_or(void **state)
{
    (void)state;
    DUE_UTC("0 0 13 * FRI", "2026-08-01 00:00:00", "2026-08-07 00:00:00", "2026-08-13 00:00:00",
            "2026-08-14 00:00:00", "2026-08-21 00:00:00");
    DUE_UTC("0 0 29 2 MON", "2027-02-01 00:00:00", "2027-02-08 00:00:00", "2027-02-15 00:00:00",
            "2027-02-22 00:00:00", "2028-02-07 00:00:00", "2028-02-14 00:00:00", "2028-02-21 00:00:00",
            "2028-02-28 00:00:00", "2028-02-29 00:00:00");
}

static void a_star_in_a_day_field_makes_both_count(void **state)
{
    (void)state;
    DUE_UTC("0 0 */2 * FRI", "2026-08-01 00:00:00", "2026-08-07 00:00:00", "2026-08-21 00:00:00",
            "2026-09-11 00:00:00");
    DUE_UTC("0 0 13 * *", "2026-08-01 00:00:00", "2026-08-13 00:00:00", "2026-09-13 00:00:00");
    DUE_UTC("0 0 ? * FRI", "2026-08-01 00:00:00", "2026-08-07 00:00:00", "2026-08-14 00:00:00");
}

static const struct trigger_rules skip = {.skip_in_gap = true};
static const struct trigger_rules twice = {.twice_in_overlap = true};

static void a_due_time_in_the_gap_runs_right_after_it_or_not(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin"); // 28 March 2027: 02:00 becomes 03:00 at 01:00 UTC
    DUE("30 2 * * *", berlin, defaults, "2027-03-26 12:00:00", "2027-03-27 01:30:00", "2027-03-28 01:00:00",
        "2027-03-29 00:30:00");
    DUE("30 2 * * *", berlin, skip, "2027-03-26 12:00:00", "2027-03-27 01:30:00", "2027-03-29 00:30:00");
    // Many due times in one gap: once. One that meets a due time of its own: once.
    DUE("*/10 2 * * *", berlin, defaults, "2027-03-27 01:45:00", "2027-03-27 01:50:00", "2027-03-28 01:00:00",
        "2027-03-29 00:00:00");
    DUE("0 2,3 * * *", berlin, defaults, "2027-03-28 00:00:00", "2027-03-28 01:00:00", "2027-03-29 00:00:00");
    DUE("30 2 28 3 *", berlin, skip, "2027-01-01 00:00:00", "2028-03-28 00:30:00");
    DUE("30 2 28 3 *", berlin, defaults, "2027-01-01 00:00:00", "2027-03-28 01:00:00", "2028-03-28 00:30:00");
    zone_free(berlin);
}

static void a_due_time_in_the_overlap_runs_once_or_twice(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin"); // 31 October 2027: 03:00 becomes 02:00 at 01:00 UTC
    DUE("30 2 * * *", berlin, defaults, "2027-10-30 12:00:00", "2027-10-31 00:30:00", "2027-11-01 01:30:00");
    DUE("30 2 * * *", berlin, twice, "2027-10-30 12:00:00", "2027-10-31 00:30:00", "2027-10-31 01:30:00",
        "2027-11-01 01:30:00");
    DUE("*/30 2 * * *", berlin, defaults, "2027-10-30 12:00:00", "2027-10-31 00:00:00", "2027-10-31 00:30:00",
        "2027-11-01 01:00:00");
    DUE("0 3 * * *", berlin, twice, "2027-10-30 12:00:00", "2027-10-31 02:00:00");
    // Asked in the middle of the second pass, what was shown before stays done.
    DUE("45 2 * * *", berlin, defaults, "2027-10-31 01:10:00", "2027-11-01 01:45:00");
    DUE("45 2 * * *", berlin, twice, "2027-10-31 01:10:00", "2027-10-31 01:45:00");
    zone_free(berlin);
}

static void a_starred_hour_follows_the_clock_through_both(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin");
    DUE("30 * * * *", berlin, defaults, "2027-03-28 00:00:00", "2027-03-28 00:30:00", "2027-03-28 01:30:00",
        "2027-03-28 02:30:00");
    DUE("30 * * * *", berlin, skip, "2027-10-30 23:45:00", "2027-10-31 00:30:00", "2027-10-31 01:30:00",
        "2027-10-31 02:30:00");
    DUE("*/20 * * * *", berlin, defaults, "2027-10-31 00:30:00", "2027-10-31 00:40:00", "2027-10-31 01:00:00",
        "2027-10-31 01:20:00");
    DUE("0 */2 * * *", berlin, defaults, "2027-03-27 22:30:00", "2027-03-27 23:00:00", "2027-03-28 02:00:00");
    DUE("0 */2 * * *", berlin, defaults, "2027-10-30 23:00:00", "2027-10-31 00:00:00", "2027-10-31 01:00:00",
        "2027-10-31 03:00:00");
    zone_free(berlin);
}

static void other_zones_jump_in_their_own_ways(void **state)
{
    (void)state;
    struct zone *york =
        support_zone("America/New_York"); // 14 March 2027, 02:00 EST becomes 03:00 EDT at 07:00 UTC
    DUE("15 2 * * *", york, defaults, "2027-03-14 00:00:00", "2027-03-14 07:00:00", "2027-03-15 06:15:00");
    DUE("30 1 * * *", york, twice, "2027-11-07 00:00:00", "2027-11-07 05:30:00", "2027-11-07 06:30:00");
    zone_free(york);
    struct zone *howe = support_zone("Australia/Lord_Howe"); // half an hour: 02:00 becomes 02:30 at 15:30 UTC
    DUE("15 2 * * *", howe, defaults, "2027-10-02 00:00:00", "2027-10-02 15:30:00", "2027-10-03 15:15:00");
    DUE("45 2 * * *", howe, defaults, "2027-10-02 00:00:00", "2027-10-02 15:45:00");
    DUE("45 1 * * *", howe, defaults, "2027-04-03 00:00:00", "2027-04-03 14:45:00", "2027-04-04 15:15:00");
    DUE("45 1 * * *", howe, twice, "2027-04-03 00:00:00", "2027-04-03 14:45:00", "2027-04-03 15:15:00");
    zone_free(howe);
    struct zone *dublin = support_zone("Europe/Dublin"); // after the table, with its DST in winter
    DUE("30 1 * * *", dublin, defaults, "2045-03-26 00:00:00", "2045-03-26 01:00:00", "2045-03-27 00:30:00");
    DUE("30 1 * * *", dublin, defaults, "2045-10-28 12:00:00", "2045-10-29 00:30:00", "2045-10-30 01:30:00");
    zone_free(dublin);
    struct zone *apia = support_zone("Pacific/Apia"); // a whole day left out: 30 December 2011
    DUE("0 12 * * *", apia, defaults, "2011-12-29 12:00:00", "2011-12-29 22:00:00", "2011-12-30 10:00:00",
        "2011-12-30 22:00:00");
    DUE("0 12 * * *", apia, skip, "2011-12-29 12:00:00", "2011-12-29 22:00:00", "2011-12-30 22:00:00");
    zone_free(apia);
    struct zone *nepal = support_zone("Asia/Kathmandu");
    DUE("0 0 * * *", nepal, defaults, "2027-01-01 00:00:00", "2027-01-01 18:15:00", "2027-01-02 18:15:00");
    zone_free(nepal);
}

struct refusal {
    const char *text;
    size_t column;
    const char *says;
};

static void assert_refused(const struct refusal *refusal)
{
    struct cron cron;
    struct trigger_error error;
    if (cron_parse(refusal->text, "main/job", &cron, &error))
        fail_msg("accepted: '%s'", refusal->text);
    if (error.column != refusal->column || !strstr(error.text, refusal->says))
        fail_msg("'%s': column %zu: %s", refusal->text, error.column, error.text);
}

static const struct refusal refusals[] = {
    {"", 1, "too few fields"},
    {"   ", 4, "too few fields"},
    {"* * * *", 8, "allowed are 5 (minute"},
    {"* * * * * * *", 13, "too many fields"},
    {"60 * * * *", 1, "minute: '60' is out of range; allowed are 0-59"},
    {"* 24 * * *", 3, "hour: '24'"},
    {"* * 0 * *", 5, "day of month: '0'"},
    {"* * 32 * *", 5, "allowed are 1-31"},
    {"* * * 13 *", 7, "month: '13'"},
    {"* * * * 8", 9, "day of week: '8'"},
    {"60 * * * * *", 1, "second: '60'"},
    {"18446744073709551617 * * * *", 1, "out of range"},
    {"1,,2 * * * *", 3, "a value is missing"},
    {",1 * * * *", 1, "a value is missing"},
    {"1, * * * *", 3, "a value is missing"},
    {"1- * * * *", 3, "a value is missing"},
    {"-1 * * * *", 1, "a value is missing"},
    {"*/ * * * *", 3, "a step is missing; allowed are 1-60"},
    {"1-2-3 * * * *", 4, "a value is missing"},
    {"*/0 * * * *", 3, "a step of '0' is out of range; allowed are 1-60"},
    {"*/90 * * * *", 3, "a step of '90'"},
    {"*/5/5 * * * *", 4, "a value is missing"},
    {"*5 * * * *", 2, "'5' has no meaning here"},
    {"5* * * * *", 2, "'*' has no meaning here"},
    {"? * * * *", 1, "'?' has no meaning here"},
    {"* * * FOO *", 7, "'FOO' is not one of the names; allowed are 1-12, JAN-DEC"},
    {"* * * * MONDAY", 9, "'MONDAY' is not one of the names"},
    {"* * * JAN-BAR *", 11, "'BAR'"},
    {"MON * * * *", 1, "'MON' is not a number"},
    {"* * L-31 * *", 7, "a number of days before the last of '31' is out of range; allowed are 1-30"},
    {"* * L-0 * *", 7, "allowed are 1-30"},
    {"* * L- * *", 7, "a number of days before the last is missing"},
    {"* * L/2 * *", 6, "'/' cannot follow L, W or #"},
    {"* * 15W-20 * *", 8, "'-' cannot follow L, W or #, which stand alone"},
    {"* * 10-15W * *", 10, "'W' has no meaning here"},
    {"* * W * *", 5, "'W' has no meaning here; allowed are 1-31, ranges, lists, steps, *, ?, H, L, L-3, 15W"},
    {"* * 20-L * *", 8, "'L' has no meaning here"},
    {"* * 32W * *", 5, "'32' is out of range"},
    {"* * LL * *", 6, "'L' has no meaning here"},
    {"* * 15L * *", 7, "'L' has no meaning here"},
    {"* * * L *", 7, "month: 'L' has no meaning here"},
    {"* * * * L", 9, "'L' needs a weekday before it, as in 5L or FRIL"},
    {"* * * * L5", 9, "'L' needs a weekday before it"},
    {"* * * * 8L", 9, "'8' is out of range"},
    {"* * * * MON-FRIL", 16, "'L' has no meaning here"},
    {"* * * * MON#6", 13, "a count in the month of '6' is out of range; allowed are 1-5"},
    {"0 0 * 2 MON#6", 13, "allowed are 1-5"},
    {"* * * * MON#0", 13, "allowed are 1-5"},
    {"* * * * MON#", 13, "a count in the month is missing"},
    {"* * * * #2", 9, "a value is missing"},
    {"* * * * MON-WED#2", 16, "a value is missing"},
    {"* * * * MON#2-3", 14, "cannot follow"},
    {"* * * * 5#3W", 12, "'W' has no meaning here"},
    {"H5 * * * *", 2, "'5' has no meaning here"},
    {"HH * * * *", 1, "'H' has no meaning here"},
    {"H-5 * * * *", 1, "'H-' is not understood; a range is written H(1-5)"},
    {"H() * * * *", 3, "a value is missing"},
    {"H(5) * * * *", 4, "a range belongs into the brackets, as in H(0-59)"},
    {"H(5-70) * * * *", 5, "'70' is out of range"},
    {"H(5-7 * * * *", 6, "a ) is missing"},
    {"H(0-29)/31 * * * *", 9, "a step of '31' is out of range; allowed are 1-30"},
    {"H/0 * * * *", 3, "allowed are 1-60"},
    {"H/ * * * *", 3, "a step is missing"},
    {"* * H(1-40) * *", 9, "'40' is out of range"},
    {"@every 5m", 1, "a trigger of another kind (every)"},
    {"@reboot", 1, "a trigger of another kind (boot)"},
    {"@fortnightly", 1, "'@fortnightly' is not known; allowed are @yearly"},
    {"@", 1, "is not known"},
    {"@daily 5", 1, "is not known"},
    {"CRON_TZ=UTC 0 0 * * *", 1, "--zone"},
    {"TZ=Asia/Tokyo 0 0 * * *", 1, "--zone"},
    {"* * * * *\n", 10, "'\\x0a' has no meaning here"},
    {"\x1b[31m * * * *", 1, "minute: '\\x1b'"},
    {"* * * * \xff", 9, "'\\xff' has no meaning here"},
    {"* * * * \xc2\x9b", 9, "'\\xc2\\x9b' has no meaning here"},
    {"* * * * \xc3", 9, "'\\xc3' has no meaning here"},
    {"@\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 1,
     "'@\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc' is not known"},
    {"@fortnightly", 1, "@hourly, and @every DUR and @reboot"},
    {"* * * * \xc3\xa4", 9, "'\xc3\xa4' has no meaning here"},
    {"0 0 30 2 *", 5, "can never fire: the month it names has at most 29 days, so day 30 never comes"},
    {"0 0 0 31 2,4 *", 7, "can never fire: the months it names have at most 30 days, so day 31"},
    {"0 0 30,31 FEB *", 5, "can never fire"},
    {"0 0 31 9 */2", 5, "can never fire"},
    {"0 0 31 2 *", 5, "day 31 never comes"},
    {"0 0 30W 2 *", 5, "can never fire: the month it names has at most 29 days, so day 30 never comes"},
    {"0 0 31W 4,6 *", 5, "day 31 never comes"},
    {"0 0 L-29 2 *", 5, "can never fire: the month it names has at most 29 days, so no day is 29 before"},
    {"0 0 L-30W 9,11 ?", 5, "so no day is 30 before the last"},
    {"0 0 */31 * MON#2", 5, "no month it names has a day that fits both day fields"},
};

static void mistakes_are_pointed_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++)
        assert_refused(&refusals[i]);
    assert_true(parsed("0 0 30 2 MON").days.days != 0); // either day: Mondays come
    assert_true(parsed("0 0 29-31 2 *").days.days != 0);
}

static void long_expressions_are_bounded(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    char *text = base_alloc(1, SIZE + 1);
    struct cron cron;
    struct trigger_error error;
    memset(text, '*', SIZE);
    assert_false(cron_parse(text, "main/job", &cron, &error));
    assert_int_equal(error.column, LIMIT_CRON_SIZE_MAX + 1);
    memset(text, '1', LIMIT_CRON_SIZE_MAX);
    text[LIMIT_CRON_SIZE_MAX] = 0;
    assert_false(cron_parse(text, "main/job", &cron, &error));
    assert_non_null(strstr(error.text, "too few fields"));
    strcpy(text, "*");
    for (int i = 0; i < 100; i++)
        strcat(text, ",1-59/2");
    strcat(text, " * * * *");
    assert_true(cron_parse(text, "main/job", &cron, &error));
    free(text);
}

static void the_calendar_ends_somewhere(void **state)
{
    (void)state;
    struct cron cron = parsed("* * * * * *");
    int64_t due_ms;
    assert_true(cron_next(&cron, zone_utc(), defaults, INT64_MIN, &due_ms));
    assert_int_equal(due_ms, 0);
    assert_true(cron_next(&cron, zone_utc(), defaults, LIMIT_WALL_MS_MAX - 1, &due_ms));
    assert_int_equal(due_ms, LIMIT_WALL_MS_MAX);
    assert_false(cron_next(&cron, zone_utc(), defaults, LIMIT_WALL_MS_MAX, &due_ms));
    assert_false(cron_next(&cron, zone_utc(), defaults, INT64_MAX, &due_ms));
    assert_false(cron_is_due(&cron, zone_utc(), defaults, INT64_MAX));
    assert_false(cron_is_due(&cron, zone_utc(), defaults, -1000));
    assert_int_equal(cron_count(&cron, zone_utc(), defaults, INT64_MIN, INT64_MAX),
                     LIMIT_WALL_MS_MAX / 1000 + 1);
    assert_int_equal(cron_count(&cron, zone_utc(), defaults, INT64_MAX, INT64_MIN), 0);
}

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % bound;
}

// Counting by months and walking one by one are two ways to the same number.
static void counting_agrees_with_walking(void **state)
{
    (void)state;
    static const char *const expressions[] = {"30 2 * * *",    "*/7 1-3 * * *",      "0 */5 * * *",
                                              "0 0 13 * FRI",  "15 2,3 28-5 3,10 *", "5 * * * *",
                                              "*/10 * * 3 SUN"};
    static const char *const zones[] = {"Europe/Berlin", "Australia/Lord_Howe", "America/New_York",
                                        "Pacific/Apia"};
    for (size_t z = 0; z < COUNT_OF(zones); z++) {
        struct zone *zone = support_zone(zones[z]);
        for (size_t i = 0; i < COUNT_OF(expressions) * 8; i++) {
            struct cron cron = parsed(expressions[i / 8]);
            struct trigger_rules rules = {i & 1, i & 2};
            int64_t from_ms =
                ms_of("2011-01-01 00:00:00") + random_below(2000000000) + (i & 4 ? 500000000000 : 0);
            int64_t until_ms = from_ms + 1000LL * random_below(40000000);
            uint64_t walked = 0;
            for (int64_t at_ms = from_ms; cron_next(&cron, zone, rules, at_ms, &at_ms) && at_ms <= until_ms;)
                walked++;
            assert_int_equal(cron_count(&cron, zone, rules, from_ms, until_ms), walked);
        }
        zone_free(zone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_expressions_are_equal_sets),
        cmocka_unit_test(due_times_come_in_order),
        cmocka_unit_test(the_year_2100_has_no_leap_day),
        cmocka_unit_test(two_restricted_day_fields_are_either_or),
        cmocka_unit_test(a_star_in_a_day_field_makes_both_count),
        cmocka_unit_test(a_due_time_in_the_gap_runs_right_after_it_or_not),
        cmocka_unit_test(a_due_time_in_the_overlap_runs_once_or_twice),
        cmocka_unit_test(a_starred_hour_follows_the_clock_through_both),
        cmocka_unit_test(other_zones_jump_in_their_own_ways),
        cmocka_unit_test(mistakes_are_pointed_at),
        cmocka_unit_test(long_expressions_are_bounded),
        cmocka_unit_test(the_calendar_ends_somewhere),
        cmocka_unit_test(counting_agrees_with_walking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
