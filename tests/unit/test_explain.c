// test_explain.c - what triggers are called in plain words.
#include "node/core/trigger/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/core/trigger/phrase.h"
#include "node/core/trigger/trigger.h"
#include "tests/unit/support_zone.h"

struct explained {
    const char *expression;
    const char *says;
};

static const struct explained expressions[] = {
    // Minutes and hours.
    {"* * * * *", "every minute"},
    {"*/15 * * * *", "every 15 minutes"},
    {"7/15 * * * *", "every 15 minutes from minute 7 on"},
    {"*/7 * * * *", "at minutes 0, 7, 14 ... 56 of every hour"},
    {"0 * * * *", "every hour, on the hour"},
    {"30 * * * *", "at minute 30 of every hour"},
    {"5,10,20-25 * * * *", "at minutes 5, 10 and 20 to 25 of every hour"},
    {"30 2 * * *", "at 02:30 every day"},
    {"0,30 2,14 * * *", "at 02:00, 02:30, 14:00 and 14:30 every day"},
    {"*/15 9-17 * * MON-FRI", "every 15 minutes from 09:00 to 17:45 on weekdays"},
    {"30 9-17 * * *", "every hour from 09:30 to 17:30 every day"},
    {"15 22-4 * * *", "every hour from 22:15 to 04:15 every day"},
    {"0 */2 * * *", "every 2 hours from 00:00 to 22:00 every day"},
    {"* 2 * * *", "every minute from 02:00 to 02:59 every day"},
    {"* 2,4 * * *", "every minute of hours 2 and 4 every day"},
    {"5,7 1,2,4,9 * * *", "at minutes 5 and 7 of hours 1, 2, 4 and 9 every day"},
    // Seconds.
    {"* * * * * *", "every second"},
    {"*/10 * * * * *", "every 10 seconds"},
    {"15 * * * * *", "at second 15 of every minute"},
    {"15 30 2 * * *", "at 02:30:15 every day"},
    {"0,30 0 12 * * *", "at 12:00:00 and 12:00:30 every day"},
    {"*/20 5 * * * *", "every 20 seconds in minute 5 of every hour"},
    {"*/20 * 9-17 * * *", "every 20 seconds of every minute of hours 9 to 17 every day"},
    {"1,2,9 */7 9 * * *", "at seconds 1, 2 and 9 in minutes 0, 7, 14 ... 56 of hour 9 every day"},
    // Days of the week.
    {"30 2 * * SUN", "at 02:30 on every Sunday"},
    {"0 6 * * 1,3,5", "at 06:00 on Mondays, Wednesdays and Fridays"},
    {"0 6 * * SAT,SUN", "at 06:00 at weekends"},
    {"0 6 * * FRI-SUN", "at 06:00 on Fridays to Sundays"},
    {"* * * * 2", "every minute on every Tuesday"},
    {"0 6 * 6-8 MON", "at 06:00 on every Monday in June to August"},
    {"0 18 * * 5L", "at 18:00 on the last Friday of the month"},
    {"0 18 * * MON#2", "at 18:00 on the second Monday of the month"},
    {"0 18 * 3,9 TUE,MON#1,FRIL",
     "at 18:00 on Tuesdays, on the first Monday and on the last Friday of March and September"},
    // Days of the month.
    {"0 0 1 * *", "at 00:00 on day 1 of the month"},
    {"0 0 29 2 *", "at 00:00 on day 29 of February"},
    {"0 0 1,15 * *", "at 00:00 on days 1 and 15 of the month"},
    {"0 0 */2 * *", "at 00:00 on days 1, 3, 5 ... 31 of the month"},
    {"0 0 L * *", "at 00:00 on the last day of the month"},
    {"0 0 L-3,L-1 * *",
     "at 00:00 on the 1st day before the last and on the 3rd day before the last of the month"},
    {"0 0 15W * *", "at 00:00 on the workday nearest to day 15 of the month"},
    {"0 0 1,LW 1 *", "at 00:00 on day 1 and on the last workday of January"},
    {"0 0 L-2W * *", "at 00:00 on the workday nearest to the 2nd day before the last of the month"},
    {"0 0 * 4-6 *", "at 00:00 every day in April to June"},
    {"* * * 12 *", "every minute in December"},
    // Both.
    {"0 0 13 * FRI", "at 00:00 on day 13 or on Fridays (both day fields set: either fits)"},
    {"0 0 L 3 MON#1",
     "at 00:00 on the last day or on the first Monday in March (both day fields set: either fits)"},
    {"0 0 */2 * FRI",
     "at 00:00 on days 1, 3, 5 ... 31 and also on Fridays (a * in a day field: both have to fit)"},
    {"0 0 1-31 * FRI", "at 00:00 every day"},
    {"@weekly", "at 00:00 on every Sunday"},
};

static struct trigger *compiled(struct trigger_source source, const struct zone *zone)
{
    struct trigger *trigger = NULL;
    struct trigger_error error;
    if (trigger_compile(&source, zone, (struct trigger_rules){0}, &trigger, &error) != 0)
        fail_msg("column %zu: %s", error.column, error.text);
    return trigger;
}

static void assert_says(struct trigger_source source, const struct zone *zone, const char *zone_name,
                        const char *says)
{
    char text[EXPLAIN_TEXT_SIZE];
    struct trigger *trigger = compiled(source, zone);
    trigger_explain(trigger, zone_name, text);
    if (strcmp(text, says) != 0)
        fail_msg("'%s': '%s', not '%s'", source.expression ? source.expression : "", text, says);
    trigger_free(trigger);
}

static void expressions_are_put_into_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(expressions); i++)
        assert_says((struct trigger_source){.kind = TRIGGER_CRON, .expression = expressions[i].expression},
                    zone_utc(), NULL, expressions[i].says);
}

static void zone_and_spread_are_said_at_the_end(void **state)
{
    (void)state;
    assert_says((struct trigger_source){.kind = TRIGGER_CRON, .expression = "30 2 * * SUN"}, zone_utc(),
                "Europe/Berlin", "at 02:30 on every Sunday, Europe/Berlin");
    assert_says(
        (struct trigger_source){.kind = TRIGGER_CRON, .expression = "H 3 * * *", .job_name = "main/backup"},
        zone_utc(), "UTC", "at 03:10 every day (H: chosen by the job's name), UTC");
}

static void periods_and_instants_are_put_into_words(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin");
    const int64_t instants_ms[] = {1806197400000, 1806201000000, 1837733400000};
    assert_says((struct trigger_source){.kind = TRIGGER_EVERY, .period_ms = 300000}, NULL, NULL,
                "every 5 minutes");
    assert_says((struct trigger_source){.kind = TRIGGER_EVERY, .period_ms = 5400000}, NULL, NULL,
                "every 1 hour 30 minutes");
    assert_says((struct trigger_source){.kind = TRIGGER_AT, .instants_ms = instants_ms, .instant_count = 1},
                berlin, "Europe/Berlin", "once, at 2027-03-28T03:30:00.000+02:00, Europe/Berlin");
    assert_says((struct trigger_source){.kind = TRIGGER_AT, .instants_ms = instants_ms, .instant_count = 2},
                zone_utc(), NULL,
                "twice, at 2027-03-28T01:30:00.000+00:00 and 2027-03-28T02:30:00.000+00:00");
    assert_says((struct trigger_source){.kind = TRIGGER_AT, .instants_ms = instants_ms, .instant_count = 3},
                zone_utc(), "UTC",
                "3 times, from 2027-03-28T01:30:00.000+00:00 to 2028-03-27T01:30:00.000+00:00, UTC");
    zone_free(berlin);
}

static void the_longest_text_ends_within_its_memory(void **state)
{
    (void)state;
    struct cron cron;
    struct trigger_error error;
    char text[EXPLAIN_TEXT_SIZE];
    const char *longest =
        "0,2,4,5,7,9,11,12,14,16,18,19,21,23,25,26,28,30,32,33,35,37,39,40,42,44,46,47,49,51 "
        "0,2,4,5,7,9,11,12,14,16,18,19,21,23,25,26,28,30,32,33,35,37,39,40,42,44,46,47,49,51 "
        "0,2,4,5,7,9,11,12,14,16,18,19,21,23 1W,2W,3W,4W,5W,6W,7W,8W,9W,10W,11W,12W,13W,14W,"
        "15W,16W,17W,L-1,L-2,L-3,L-4,L-5,L-6,L-7 1,2,4,5,7,8,10,11 MON#1,TUE#2,WED#3,SUNL";
    assert_true(cron_parse(longest, "main/job", &cron, &error));
    memset(text, 'x', sizeof text);
    explain_cron(&cron, "Europe/Berlin", text);
    assert_int_equal(strnlen(text, sizeof text), EXPLAIN_TEXT_SIZE - 1);
}

static void lists_are_told_as_people_do(void **state)
{
    (void)state;
    struct phrase_steps steps;
    char text[64];
    struct phrase phrase;
    phrase_init(&phrase, text, sizeof text);
    phrase_add_values(&phrase, ~0ULL, NULL);
    phrase_add(&phrase, "|");
    phrase_add_values(&phrase, 1ULL << 63 | 1, NULL);
    assert_string_equal(text, "0 to 63|0 and 63");
    assert_false(phrase_find_steps(0, &steps));
    assert_false(phrase_find_steps(0xb, &steps));
    phrase_add_duration(&phrase, 86400000 + 1);
    assert_string_equal(text, "0 to 63|0 and 631 day 1 millisecond");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_are_put_into_words),
        cmocka_unit_test(zone_and_spread_are_said_at_the_end),
        cmocka_unit_test(periods_and_instants_are_put_into_words),
        cmocka_unit_test(the_longest_text_ends_within_its_memory),
        cmocka_unit_test(lists_are_told_as_people_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
