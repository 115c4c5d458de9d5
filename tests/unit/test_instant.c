// test_instant.c - instants as people write them, in a zone or with an offset, and back.
#include "node/core/trigger/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "tests/unit/support_zone.h"

static struct instant parsed(const char *text, const struct zone *zone)
{
    struct instant instant = {0};
    struct trigger_error error;
    if (!instant_parse(text, zone, &instant, &error))
        fail_msg("%s: column %zu: %s", text, error.column, error.text);
    return instant;
}

static void all_forms_of_one_instant_are_equal(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "2027-03-28T01:30:00.000Z", "2027-03-28T01:30:00Z",      "2027-03-28 01:30Z",
        "2027-03-28t01:30z",        "2027-03-28T03:30:00+02:00", "2027-03-27T20:30-05:00",
        "2027-03-28T01:30:00.0Z",   "2027-03-28T01:30-00:00",    "2027-03-28 03:30",
        "2027-03-28T03:30:00.00",   "2027-03-28T07:15+05:45",    "2027-03-28T02:23:28+00:53:28",
    };
    struct zone *berlin = support_zone("Europe/Berlin");
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct instant instant = parsed(forms[i], berlin);
        if (instant.ms != 1806197400000)
            fail_msg("%s is %lld", forms[i], (long long)instant.ms);
        assert_int_equal(instant.other_ms, instant.ms);
        assert_int_equal(instant.kind, ZONE_UNIQUE);
    }
    assert_int_equal(parsed("2027-03-28T01:30:00.25Z", berlin).ms, 1806197400250);
    zone_free(berlin);
}

static void a_local_time_in_a_gap_means_right_after_the_jump(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin");
    struct instant gap = parsed("2027-03-28T02:30:30.500", berlin);
    assert_int_equal(gap.kind, ZONE_GAP);
    assert_int_equal(gap.ms, parsed("2027-03-28T01:00Z", berlin).ms);
    assert_int_equal(gap.other_ms, gap.ms);
    zone_free(berlin);
}

static void a_local_time_shown_twice_means_the_first_and_tells_the_second(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin");
    struct instant overlap = parsed("2027-10-31 02:30:00.250", berlin);
    assert_int_equal(overlap.kind, ZONE_OVERLAP);
    assert_int_equal(overlap.ms, parsed("2027-10-31T00:30:00.250Z", berlin).ms);
    assert_int_equal(overlap.other_ms, parsed("2027-10-31T01:30:00.250Z", berlin).ms);
    assert_int_equal(parsed("2027-10-31T02:30+01:00", berlin).kind, ZONE_UNIQUE);
    zone_free(berlin);
}

struct refusal {
    const char *text;
    size_t column;
    const char *says;
};

static void mistakes_are_pointed_at(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"", 1, "a digit belongs here"},
        {"tomorrow", 1, "write 2027-03-28T01:30"},
        {"27-03-28T01:30", 3, "a digit belongs here"},
        {"2027/03/28T01:30", 5, "'-' belongs here"},
        {"1969-12-31T23:59Z", 1, "allowed are 1970-2490"},
        {"9999-12-31T23:59Z", 1, "9999 is out of range"},
        {"2027-13-01T00:00", 6, "13 is out of range; allowed are 01-12"},
        {"2027-00-01T00:00", 6, "00 is out of range"},
        {"2027-02-29T00:00", 9, "29 is out of range; allowed are 01-28"},
        {"2027-03-28", 11, "a time of day belongs here"},
        {"2027-03-28X01:30", 11, "a time of day belongs here"},
        {"2027-03-28T24:00", 12, "24 is out of range; allowed are 00-23"},
        {"2027-03-28T1:30", 13, "a digit belongs here"},
        {"2027-03-28T01:60", 15, "60 is out of range"},
        {"2027-03-28T01:30:60Z", 18, "leap second"},
        {"2027-03-28T01:30:61Z", 18, "61 is out of range"},
        {"2027-03-28T01:30:00.Z", 21, "1 to 3 digits"},
        {"2027-03-28T01:30:00.1234Z", 25, "milliseconds are the finest"},
        {"2027-03-28T01:30:00,5Z", 20, "does not belong here"},
        {"2027-03-28T01:30 ", 17, "does not belong here"},
        {"2027-03-28T01:30ZZ", 18, "the text should end here"},
        {"2027-03-28T01:30+24:00", 18, "24 is out of range"},
        {"2027-03-28T01:30+0100", 20, "':' belongs here"},
        {"2027-03-28T01:30+01", 20, "':' belongs here"},
        {"1970-01-01T00:30+01:00", 1, "outside the years"},
        {"2490-01-02T00:01Z", 1, "outside the years 1970-2490"},
        {"2489-12-31T23:59Z", 0, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        struct instant instant;
        struct trigger_error error;
        bool accepted = instant_parse(refusals[i].text, zone_utc(), &instant, &error);
        if (accepted != !refusals[i].says)
            fail_msg("'%s' is accepted or refused wrongly", refusals[i].text);
        if (!accepted && (error.column != refusals[i].column || !strstr(error.text, refusals[i].says)))
            fail_msg("'%s': column %zu: %s", refusals[i].text, error.column, error.text);
    }
}

static void assert_printed(int64_t ms, const struct zone *zone, const char *utc, const char *local)
{
    char text[INSTANT_TEXT_SIZE];
    instant_print(ms, text);
    assert_string_equal(text, utc);
    instant_print_local(ms, zone, text);
    assert_string_equal(text, local);
    if (ms >= 0 && ms <= LIMIT_WALL_MS_MAX)
        assert_int_equal(parsed(text, zone_utc()).ms, ms);
}

static void instants_are_printed_with_milliseconds(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin"), *york = support_zone("America/New_York"),
                *monrovia = support_zone("Africa/Monrovia");
    assert_printed(1806197400250, berlin, "2027-03-28T01:30:00.250Z", "2027-03-28T03:30:00.250+02:00");
    assert_printed(1806197400007, york, "2027-03-28T01:30:00.007Z", "2027-03-27T21:30:00.007-04:00");
    assert_printed(31536000000, monrovia, "1971-01-01T00:00:00.000Z", "1970-12-31T23:15:30.000-00:44:30");
    assert_printed(LIMIT_WALL_MS_MAX, zone_utc(), "2490-01-02T00:00:00.000Z",
                   "2490-01-02T00:00:00.000+00:00");
    assert_printed(INT64_MIN, zone_utc(), "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000+00:00");
    assert_printed(INT64_MAX, zone_utc(), "9999-12-30T00:00:00.000Z", "9999-12-30T00:00:00.000+00:00");
    zone_free(berlin);
    zone_free(york);
    zone_free(monrovia);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_of_one_instant_are_equal),
        cmocka_unit_test(a_local_time_in_a_gap_means_right_after_the_jump),
        cmocka_unit_test(a_local_time_shown_twice_means_the_first_and_tells_the_second),
        cmocka_unit_test(mistakes_are_pointed_at),
        cmocka_unit_test(instants_are_printed_with_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
