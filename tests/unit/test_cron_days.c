// test_cron_days.c - L, W, # and H: which days they name, how they join, and that H stays where it is.
#include "node/core/trigger/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/core/trigger/calendar.h"
#include "node/core/trigger/shorthand.h"

static struct cron parsed_for(const char *text, const char *job_name)
{
    struct cron cron = {0};
    struct trigger_error error;
    if (!cron_parse(text, job_name, &cron, &error))
        fail_msg("%s: column %zu: %s", text, error.column, error.text);
    return cron;
}

static struct cron parsed(const char *text)
{
    return parsed_for(text, "main/job");
}

static int64_t ms_of(int32_t year, int32_t month, int32_t day)
{
    return calendar_days_of((struct calendar_date){year, month, day}) * CALENDAR_DAY_S * 1000;
}

// "0 0 <days> ? <weekdays>" in a year, as "1-29 2-26 ...": month-day of each due time.
static void due_days(const char *expression, int32_t year, char *out, size_t size)
{
    struct cron cron = parsed(expression);
    int64_t at_ms = ms_of(year, 1, 1) - 1;
    size_t used = 0;
    out[0] = 0;
    while (cron_next(&cron, zone_utc(), (struct trigger_rules){0}, at_ms, &at_ms) &&
           at_ms < ms_of(year + 1, 1, 1)) {
        struct calendar_date date = calendar_date_of(at_ms / 1000 / CALENDAR_DAY_S);
        used += (size_t)snprintf(out + used, size - used, "%s%d-%d", used ? " " : "", date.month, date.day);
    }
}

struct days {
    const char *expression;
    int32_t year;
    const char *expected;
};

static const struct days days[] = {
    // The last day, and days before it.
    {"0 0 L 1-4 *", 2027, "1-31 2-28 3-31 4-30"},
    {"0 0 L 2 *", 2028, "2-29"},
    {"0 0 l-3 1-4 *", 2027, "1-28 2-25 3-28 4-27"},
    {"0 0 L-30 1-4 *", 2027, "1-1 3-1"}, // months of 31 days only
    {"0 0 1,L 2-3 *", 2027, "2-1 2-28 3-1 3-31"},
    // The nearest workday: 15 May 2027 is a Saturday, 15 August a Sunday.
    {"0 0 15W 4-8 *", 2027, "4-15 5-14 6-15 7-15 8-16"},
    // It stays in its month: 1 May is a Saturday, 1 August a Sunday, 31 July a Saturday, 31 October a Sunday.
    {"0 0 1w 5,8 *", 2027, "5-3 8-2"},
    {"0 0 31W 7,10 *", 2027, "7-30 10-29"},
    {"0 0 31W 1-6 *", 2027, "1-29 3-31 5-31"}, // never in a month without that day
    {"0 0 LW 1-6 *", 2027, "1-29 2-26 3-31 4-30 5-31 6-30"},
    {"0 0 L-1W 1-3 *", 2027, "1-29 2-26 3-30"}, // 30 January is a Saturday, 27 February too
    {"0 0 1W,15W,LW 5 *", 2027, "5-3 5-14 5-31"},
    // The last and the nth of a weekday.
    {"0 0 ? 1-4 5L", 2027, "1-29 2-26 3-26 4-30"},
    {"0 0 ? 1-4 FRIL", 2027, "1-29 2-26 3-26 4-30"},
    {"0 0 * 1-2 friL,7L", 2027, "1-29 1-31 2-26 2-28"},
    {"0 0 * 1-4 MON#2", 2027, "1-11 2-8 3-8 4-12"},
    {"0 0 * 1-4 5#3", 2027, "1-15 2-19 3-19 4-16"},
    {"0 0 * * MON#5", 2027, "3-29 5-31 8-30 11-29"},
    {"0 0 * 1 MON#1,MON#3,0#1", 2027, "1-3 1-4 1-18"},
    {"0 0 * 1 TUE,MON#1", 2027, "1-4 1-5 1-12 1-19 1-26"},
    {"0 0 * 2 7#4", 2027, "2-28"},
    // Both day fields: L, W and # are restrictions, so either fits; a star makes both count.
    {"0 0 L 1-2 MON#1", 2027, "1-4 1-31 2-1 2-28"},
    {"0 0 13 1-2 FRIL", 2027, "1-13 1-29 2-13 2-26"},
    {"0 0 LW 1 SUN", 2027, "1-3 1-10 1-17 1-24 1-29 1-31"},
    {"0 0 */2 1-2 FRIL", 2027, "1-29"},                  // odd days that are the last Friday
    {"0 0 L * */5", 2027, "1-31 2-28 4-30 10-31 12-31"}, // the last day, when it is a Sunday or a Friday
    {"0 0 30 2 MON#5", 2044, "2-29"},                    // the fifth Monday of a February
    {"0 0 29 2 MON#5", 2044, "2-29"},
};

static void days_are_named_from_the_end_by_workday_and_by_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        char text[512];
        due_days(days[i].expression, days[i].year, text, sizeof text);
        if (strcmp(text, days[i].expected) != 0)
            fail_msg("'%s' in %d: %s, not %s", days[i].expression, days[i].year, text, days[i].expected);
    }
}

static void a_fifth_monday_on_a_leap_day_is_waited_for(void **state)
{
    (void)state;
    struct cron cron = parsed("0 0 * 2 MON#5");
    int64_t due_ms = ms_of(2020, 3, 1);
    static const int32_t years[] = {2044, 2072, 2112};
    for (size_t i = 0; i < COUNT_OF(years); i++) {
        assert_true(cron_next(&cron, zone_utc(), (struct trigger_rules){0}, due_ms, &due_ms));
        assert_int_equal(due_ms, ms_of(years[i], 2, 29));
    }
}

// Published once, kept for ever: a change of the hash would move every job that uses H.
static void a_spread_is_the_same_on_every_machine_for_ever(void **state)
{
    (void)state;
    struct cron cron = parsed_for("H H H H H H", "main/backup");
    assert_true(cron.seconds == 1ULL << 22 && cron.minutes == 1ULL << 10 && cron.hours == 1u << 5);
    assert_true(cron.days.days == 1u << 15 && cron.days.months == 1u << 2 && cron.days.weekdays == 1u << 2);
    assert_true(cron.is_spread && !parsed("0 * * * *").is_spread);
    assert_false(cron.is_real_time);
}

static void a_spread_stays_within_its_range(void **state)
{
    (void)state;
    uint64_t minutes = 0, brackets = 0, days_seen = 0, work = 0, night = 0;
    for (int i = 0; i < 4000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "main/job-%d", i);
        struct cron cron = parsed_for("H H(22-2) H * H(MON-FRI)", name);
        minutes |= cron.minutes;
        night |= cron.hours;
        days_seen |= cron.days.days;
        work |= cron.days.weekdays;
        brackets |= parsed_for("h(10-12) * * * *", name).minutes;
        uint64_t stepped = parsed_for("H/15 * * * *", name).minutes;
        uint64_t first = stepped & (0 - stepped);
        assert_true(first < 1u << 15 && stepped == (first | first << 15 | first << 30 | first << 45));
        stepped = parsed_for("H(0-29)/10 * * * *", name).minutes;
        first = stepped & (0 - stepped);
        assert_true(first < 1u << 10 && stepped == (first | first << 10 | first << 20));
        assert_int_equal(__builtin_popcountll(cron.minutes), 1);
    }
    assert_true(minutes == (1ULL << 60) - 1 && brackets == 7ULL << 10);
    assert_true(days_seen == (1u << 29) - 2 && work == 0x3e && night == 0xc00007);
}

// The busiest minute of 6,000 jobs that all say H: 100 each would be even; six deviations above is not
// chance.
static void a_spread_is_even_and_its_fields_are_independent(void **state)
{
    (void)state;
    uint32_t by_minute[60] = {0}, equal = 0;
    for (int i = 0; i < 6000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "main/job-%d", i);
        struct cron cron = parsed_for("H H * * * *", name);
        by_minute[__builtin_ctzll(cron.minutes)]++;
        equal += cron.minutes == cron.seconds;
    }
    for (size_t i = 0; i < COUNT_OF(by_minute); i++)
        assert_in_range(by_minute[i], 40, 160);
    assert_in_range(equal, 40, 160);
}

static void a_stepped_spread_of_hours_follows_the_clock(void **state)
{
    (void)state;
    assert_true(parsed("0 H/4 * * *").is_real_time);
    assert_false(parsed("0 H * * *").is_real_time);
    assert_false(parsed("0 H(0-11)/4 * * *").is_real_time);
}

struct shorthand {
    const char *text;
    int outcome;
    uint64_t period_ms;
    size_t column;
    const char *says;
};

static void every_and_reboot_are_told_apart_from_cron(void **state)
{
    (void)state;
    static const struct shorthand texts[] = {
        {"@every 5m", SHORTHAND_EVERY, 300000, 0, NULL},
        {" @EVERY\t1h30m ", SHORTHAND_EVERY, 5400000, 0, NULL},
        {"@reboot", SHORTHAND_BOOT, 0, 0, NULL},
        {" @Reboot ", SHORTHAND_BOOT, 0, 0, NULL},
        {"@daily", 0, 0, 0, NULL},
        {"@everything", 0, 0, 0, NULL},
        {"5 * * * *", 0, 0, 0, NULL},
        {"", 0, 0, 0, NULL},
        {"@every", SHORTHAND_REFUSED, 0, 7, "a duration is missing"},
        {"@every 5x", SHORTHAND_REFUSED, 0, 9, "'x' is not a unit"},
        {"@every 1.5h", SHORTHAND_REFUSED, 0, 9, "whole numbers"},
        {"@every  500ms", SHORTHAND_REFUSED, 0, 9, "shorter than 1s"},
        {"@every 99999999999999999999d", SHORTHAND_REFUSED, 0, 8, "longer than ten years"},
        {"@reboot now", SHORTHAND_REFUSED, 0, 9, "nothing belongs behind"},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        uint64_t period_ms = 0;
        struct trigger_error error = {0};
        assert_int_equal(shorthand_read(texts[i].text, &period_ms, &error), texts[i].outcome);
        assert_int_equal(period_ms, texts[i].period_ms);
        assert_int_equal(error.column, texts[i].column);
        if (texts[i].says && !strstr(error.text, texts[i].says))
            fail_msg("'%s': %s", texts[i].text, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_named_from_the_end_by_workday_and_by_count),
        cmocka_unit_test(a_fifth_monday_on_a_leap_day_is_waited_for),
        cmocka_unit_test(a_spread_is_the_same_on_every_machine_for_ever),
        cmocka_unit_test(a_spread_stays_within_its_range),
        cmocka_unit_test(a_spread_is_even_and_its_fields_are_independent),
        cmocka_unit_test(a_stepped_spread_of_hours_follows_the_clock),
        cmocka_unit_test(every_and_reboot_are_told_apart_from_cron),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
