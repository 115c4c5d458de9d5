// test_zone.c - zone files, sound and hostile; clocks that jump; local times that do not exist or come twice.
#include "node/core/trigger/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/core/trigger/calendar.h"
#include "node/core/trigger/zone_rule.h"
#include "proto/limits.h"
#include "tests/unit/support_zone.h"

static const char *const some_zones[] = {
    "Europe/Berlin", "America/New_York",  "Australia/Lord_Howe", "Europe/Dublin",     "Asia/Kathmandu",
    "UTC",           "Africa/Casablanca", "Pacific/Apia",        "America/Sao_Paulo", "Antarctica/Troll",
};

static int64_t seconds(int year, int month, int day, int hour, int minute)
{
    return calendar_days_of((struct calendar_date){year, month, day}) * CALENDAR_DAY_S + hour * 3600 +
           minute * 60;
}

static struct zone *zone_named(const char *name)
{
    struct zone *zone = support_zone(name);
    if (!zone)
        fail_msg("no zone %s on this machine", name);
    return zone;
}

static void assert_offset(const struct zone *zone, int64_t unix_s, int32_t offset_s, bool is_dst,
                          const char *name)
{
    struct zone_offset offset = zone_offset_at(zone, unix_s);
    assert_int_equal(offset.utc_offset_s, offset_s);
    assert_int_equal(offset.is_dst, is_dst);
    assert_string_equal(offset.abbreviation, name);
}

static void dates_and_day_numbers_agree_for_a_thousand_years(void **state)
{
    (void)state;
    int64_t day = calendar_days_of((struct calendar_date){1599, 12, 31});
    for (int year = 1600; year < 2600; year++)
        for (int month = 1; month <= 12; month++)
            for (int date = 1; date <= calendar_month_length(year, month); date++) {
                struct calendar_date found = calendar_date_of(++day);
                assert_true(found.year == year && found.month == month && found.day == date);
                assert_int_equal(calendar_days_of(found), day);
            }
    assert_int_equal(calendar_days_of((struct calendar_date){1970, 1, 1}), 0);
    assert_int_equal(calendar_weekday_of(calendar_days_of((struct calendar_date){2026, 8, 1})), 6);
    assert_int_equal(calendar_weekday_of(-1), 3);
}

static void berlin_changes_twice_a_year(void **state)
{
    (void)state;
    struct zone *zone = zone_named("Europe/Berlin");
    int64_t spring = seconds(2027, 3, 28, 1, 0), autumn = seconds(2027, 10, 31, 1, 0), next;
    assert_offset(zone, spring - 1, 3600, false, "CET");
    assert_offset(zone, spring, 7200, true, "CEST");
    assert_true(zone_next_transition(zone, spring - 1, &next));
    assert_int_equal(next, spring);
    assert_true(zone_next_transition(zone, spring, &next));
    assert_int_equal(next, autumn);
    struct zone_period summer = zone_period_at(zone, autumn - 1);
    assert_int_equal(summer.start_s, spring);
    assert_int_equal(summer.end_s, autumn);
    assert_int_equal(summer.before_s, 3600);
    assert_int_equal(summer.utc_offset_s, 7200);
    assert_offset(zone, seconds(2400, 7, 1, 0, 0), 7200, true, "CEST");
    zone_free(zone);
}

static void a_gap_and_an_overlap_are_told_with_both_candidates(void **state)
{
    (void)state;
    struct zone *zone = zone_named("Europe/Berlin");
    struct zone_local gap = zone_local_at(zone, seconds(2027, 3, 28, 2, 30));
    assert_int_equal(gap.kind, ZONE_GAP);
    assert_int_equal(gap.jump_s, seconds(2027, 3, 28, 1, 0));
    assert_int_equal(gap.first_s, seconds(2027, 3, 28, 1, 30));
    assert_int_equal(gap.second_s, seconds(2027, 3, 28, 0, 30));
    struct zone_local overlap = zone_local_at(zone, seconds(2027, 10, 31, 2, 30));
    assert_int_equal(overlap.kind, ZONE_OVERLAP);
    assert_int_equal(overlap.first_s, seconds(2027, 10, 31, 0, 30));
    assert_int_equal(overlap.second_s, seconds(2027, 10, 31, 1, 30));
    struct zone_local edges[] = {zone_local_at(zone, seconds(2027, 3, 28, 2, 0) - 1),
                                 zone_local_at(zone, seconds(2027, 3, 28, 3, 0)),
                                 zone_local_at(zone, seconds(2027, 10, 31, 2, 0) - 1),
                                 zone_local_at(zone, seconds(2027, 10, 31, 3, 0))};
    for (size_t i = 0; i < COUNT_OF(edges); i++)
        assert_int_equal(edges[i].kind, ZONE_UNIQUE);
    zone_free(zone);
}

static void lord_howe_moves_by_half_an_hour(void **state)
{
    (void)state;
    struct zone *zone = zone_named("Australia/Lord_Howe");
    assert_offset(zone, seconds(2027, 7, 1, 0, 0), 10 * 3600 + 1800, false, "+1030");
    assert_offset(zone, seconds(2027, 12, 1, 0, 0), 11 * 3600, true, "+11");
    assert_int_equal(zone_local_at(zone, seconds(2027, 10, 3, 2, 29)).kind, ZONE_GAP);
    assert_int_equal(zone_local_at(zone, seconds(2027, 10, 3, 2, 30)).kind, ZONE_UNIQUE);
    assert_int_equal(zone_local_at(zone, seconds(2027, 4, 4, 1, 30)).kind, ZONE_OVERLAP);
    assert_int_equal(zone_local_at(zone, seconds(2027, 4, 4, 2, 0)).kind, ZONE_UNIQUE);
    zone_free(zone);
}

static void dublin_has_its_dst_in_winter_even_after_the_table(void **state)
{
    (void)state;
    struct zone *zone = zone_named("Europe/Dublin");
    assert_offset(zone, seconds(2045, 7, 1, 0, 0), 3600, false, "IST");
    assert_offset(zone, seconds(2045, 1, 15, 0, 0), 0, true, "GMT");
    assert_int_equal(zone_local_at(zone, seconds(2045, 3, 26, 1, 30)).kind, ZONE_GAP);
    assert_int_equal(zone_local_at(zone, seconds(2045, 10, 29, 1, 30)).kind, ZONE_OVERLAP);
    zone_free(zone);
}

static void kathmandu_casablanca_and_apia_did_odd_things(void **state)
{
    (void)state;
    struct zone *zone = zone_named("Asia/Kathmandu");
    assert_offset(zone, seconds(2027, 1, 1, 0, 0), 5 * 3600 + 45 * 60, false, "+0545");
    assert_int_equal(zone_local_at(zone, seconds(1986, 1, 1, 0, 10)).kind, ZONE_GAP);
    zone_free(zone);
    zone = zone_named("Africa/Casablanca"); // clocks go back for Ramadan
    assert_int_equal(zone_offset_at(zone, seconds(2020, 5, 1, 0, 0)).utc_offset_s, 0);
    assert_int_equal(zone_offset_at(zone, seconds(2020, 7, 1, 0, 0)).utc_offset_s, 3600);
    zone_free(zone);
    zone = zone_named("Pacific/Apia"); // 30 December 2011 was left out
    assert_int_equal(zone_local_at(zone, seconds(2011, 12, 29, 23, 59)).kind, ZONE_UNIQUE);
    assert_int_equal(zone_local_at(zone, seconds(2011, 12, 30, 12, 0)).kind, ZONE_GAP);
    assert_int_equal(zone_local_at(zone, seconds(2011, 12, 31, 0, 0)).kind, ZONE_UNIQUE);
    zone_free(zone);
}

static void utc_needs_no_file(void **state)
{
    (void)state;
    int64_t next;
    assert_offset(zone_utc(), seconds(2027, 7, 1, 0, 0), 0, false, "UTC");
    assert_false(zone_next_transition(zone_utc(), INT64_MIN, &next));
    assert_int_equal(zone_local_at(zone_utc(), 1234567).first_s, 1234567);
    zone_free((struct zone *)(uintptr_t)zone_utc());
}

// What must hold of every zone, however strange: the instant's own local time leads back to it.
static void assert_consistent(const struct zone *zone, int64_t unix_s)
{
    struct zone_period period = zone_period_at(zone, unix_s);
    assert_true(period.start_s <= unix_s && unix_s < period.end_s);
    assert_int_equal(period.utc_offset_s, zone_offset_at(zone, unix_s).utc_offset_s);
    struct zone_local local = zone_local_at(zone, unix_s + period.utc_offset_s);
    assert_int_not_equal(local.kind, ZONE_GAP);
    assert_true(local.first_s <= unix_s && unix_s <= local.second_s);
    if (local.kind == ZONE_UNIQUE)
        assert_int_equal(local.first_s, unix_s);
    else
        assert_true(local.first_s < local.second_s);
    struct zone_local nearby = zone_local_at(zone, unix_s);
    if (nearby.kind == ZONE_GAP)
        assert_true(nearby.second_s < nearby.jump_s && nearby.jump_s <= nearby.first_s);
}

static void assert_consistent_around_transitions(const struct zone *zone, int64_t until_s)
{
    int64_t at = ZONE_INSTANT_MIN;
    while (zone_next_transition(zone, at, &at) && at < until_s) {
        struct zone_period period = zone_period_at(zone, at);
        assert_int_equal(period.start_s, at);
        for (int64_t near = -7200; near <= 7200; near += 1200) {
            assert_consistent(zone, at + near);
            assert_consistent(zone, at + near - 1);
        }
    }
}

static void every_instant_is_found_again_by_its_local_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(some_zones); i++) {
        struct zone *zone = zone_named(some_zones[i]);
        assert_consistent_around_transitions(zone, seconds(2120, 1, 1, 0, 0));
        for (int64_t unix_s = seconds(2020, 1, 1, 0, 0); unix_s < seconds(2050, 1, 1, 0, 0); unix_s += 200003)
            assert_consistent(zone, unix_s);
        zone_free(zone);
    }
}

static void going_forward_finds_the_same_period(void **state)
{
    (void)state;
    struct zone *zone = zone_named("Africa/Casablanca"); // four changes a year, none after 2087
    for (int64_t start_s = -3000000000; start_s < 6000000000; start_s += 98765432) {
        struct zone_period from = zone_period_at(zone, start_s);
        for (int64_t ahead_s = 0; ahead_s < 3000000000; ahead_s = ahead_s * 2 + 1) {
            struct zone_period found = zone_period_forward(zone, &from, start_s + ahead_s);
            struct zone_period expected = zone_period_at(zone, start_s + ahead_s);
            assert_memory_equal(&found, &expected, sizeof found);
        }
    }
    zone_free(zone);
}

static void absurd_times_are_answered(void **state)
{
    (void)state;
    struct zone *zone = zone_named("America/New_York");
    static const int64_t times[] = {INT64_MIN, INT64_MIN / 2, -1, 0, INT64_MAX / 2, INT64_MAX};
    int64_t next;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        assert_true(zone_offset_at(zone, times[i]).utc_offset_s < 0);
        (void)zone_local_at(zone, times[i]);
        (void)zone_next_transition(zone, times[i], &next);
    }
    zone_free(zone);
}

static void a_file_cut_short_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(some_zones); i++) {
        struct buffer file = {0};
        assert_true(support_zone_read(some_zones[i], &file));
        for (size_t size = 0; size < file.size; size++) {
            // A copy of exactly that size, so that the sanitizer sees a read past its end.
            void *cut = base_copy(file.data, size);
            struct zone *zone = NULL;
            int outcome = zone_decode(bytes_of(cut, size), &zone);
            assert_int_equal(outcome, ZONE_TRUNCATED);
            assert_null(zone);
            free(cut);
        }
        buffer_deinit(&file);
    }
}

static void flipped_bytes_give_an_outcome_or_a_zone_that_holds(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    size_t refused = 0, accepted = 0;
    struct buffer file = {0};
    assert_true(support_zone_read("Australia/Lord_Howe", &file));
    for (size_t at = 0; at < file.size; at++)
        for (size_t m = 0; m < COUNT_OF(masks); m++) {
            struct zone *zone = NULL;
            file.data[at] ^= masks[m];
            if (zone_decode(buffer_view(&file), &zone) == 0) {
                accepted++;
                for (int64_t unix_s = 0; unix_s < 4000000000; unix_s += 40000003)
                    assert_consistent(zone, unix_s);
                zone_free(zone);
            } else {
                refused++;
            }
            file.data[at] ^= masks[m];
        }
    assert_true(refused > 100 && accepted > 100);
    buffer_deinit(&file);
}

static void add_big_endian(struct buffer *out, uint64_t value, size_t size)
{
    for (size_t i = size; i-- > 0;)
        buffer_add_u8(out, (uint8_t)(i < 8 ? value >> (8 * i) : 0));
}

struct made_zone {
    uint8_t version;
    uint32_t leap_count;
    const int64_t *times;
    const uint8_t *indexes;
    uint32_t time_count;
    int32_t offset_s; // of type 1; type 0 is UTC
    uint8_t name_at;  // of type 1
    const char *footer;
};

static void add_block(struct buffer *out, const struct made_zone *made, size_t time_size)
{
    static const char names[] = "UTC\0XYZ";
    buffer_add(out, "TZif", 4);
    buffer_add_u8(out, made->version);
    for (size_t i = 0; i < 15; i++)
        buffer_add_u8(out, 0);
    const uint32_t counts[] = {0, 0, made->leap_count, made->time_count, 2, sizeof names};
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        add_big_endian(out, counts[i], 4);
    for (size_t i = 0; i < made->time_count; i++)
        add_big_endian(out, (uint64_t)made->times[i], time_size);
    buffer_add(out, made->indexes, made->time_count);
    add_big_endian(out, 0, 6);
    add_big_endian(out, (uint32_t)made->offset_s, 4);
    buffer_add_u8(out, 1);
    buffer_add_u8(out, made->name_at);
    buffer_add(out, names, sizeof names);
    for (size_t i = 0; i < made->leap_count; i++)
        add_big_endian(out, 0, time_size + 4);
}

static int decode_made(const struct made_zone *made, struct zone **ret)
{
    struct buffer out = {0};
    add_block(&out, made, 4);
    if (made->version)
        add_block(&out, made, 8);
    if (made->version)
        buffer_add(&out, made->footer, strlen(made->footer));
    int outcome = zone_decode(buffer_view(&out), ret);
    buffer_deinit(&out);
    return outcome;
}

static int outcome_of(struct made_zone made)
{
    struct zone *zone = NULL;
    int outcome = decode_made(&made, &zone);
    zone_free(zone);
    return outcome;
}

static void the_first_version_has_only_its_table(void **state)
{
    (void)state;
    const int64_t times[] = {1000000, 2000000};
    const uint8_t indexes[] = {1, 0};
    struct made_zone made = {
        .times = times, .indexes = indexes, .time_count = 2, .offset_s = 3600, .name_at = 4};
    struct zone *zone;
    assert_int_equal(decode_made(&made, &zone), 0);
    assert_offset(zone, 999999, 0, false, "UTC");
    assert_offset(zone, 1000000, 3600, true, "XYZ");
    assert_offset(zone, 2000000, 0, false, "UTC");
    assert_int_equal(zone_local_at(zone, 1000000 + 60).kind, ZONE_GAP);
    zone_free(zone);
}

static void contradictions_are_refused_by_name(void **state)
{
    (void)state;
    const int64_t times[] = {1000000, 2000000}, falling[] = {2000000, 1000000};
    const uint8_t indexes[] = {1, 0}, wild[] = {1, 2};
    const struct made_zone sound = {'2', 0, times, indexes, 2, 3600, 4, "\nUTC0\n"};
    struct made_zone made = sound;
    assert_int_equal(outcome_of(made), 0);
    made.times = falling;
    assert_int_equal(outcome_of(made), ZONE_MALFORMED);
    made = sound, made.indexes = wild;
    assert_int_equal(outcome_of(made), ZONE_MALFORMED);
    made = sound, made.offset_s = ZONE_OFFSET_S_MAX;
    assert_int_equal(outcome_of(made), ZONE_MALFORMED);
    made = sound, made.name_at = 8;
    assert_int_equal(outcome_of(made), ZONE_MALFORMED);
    made = sound, made.leap_count = 1;
    assert_int_equal(outcome_of(made), ZONE_LEAP_SECONDS);
    made = sound, made.version = '1';
    assert_int_equal(outcome_of(made), ZONE_NOT_TZIF);
    made = sound, made.footer = "\nUTC0";
    assert_int_equal(outcome_of(made), ZONE_TRUNCATED);
    made = sound, made.footer = "\nCET-1CEST\n";
    assert_int_equal(outcome_of(made), ZONE_BAD_RULE);
    made = sound, made.footer = "\n\n"; // says nothing about later times: the table's last offset stays
    assert_int_equal(outcome_of(made), 0);
}

static void too_large_and_foreign_files_are_refused(void **state)
{
    (void)state;
    struct zone *zone;
    uint8_t *large = base_alloc(1, LIMIT_ZONE_FILE_SIZE_MAX + 1);
    assert_int_equal(zone_decode(bytes_of(large, LIMIT_ZONE_FILE_SIZE_MAX + 1), &zone), ZONE_TOO_LARGE);
    assert_int_equal(zone_decode(bytes_of(large, LIMIT_ZONE_FILE_SIZE_MAX), &zone), ZONE_NOT_TZIF);
    free(large);
    for (int outcome = ZONE_TOO_LARGE; outcome <= ZONE_BAD_RULE; outcome++)
        assert_true(strlen(zone_outcome_text(outcome)) > 10);
}

static void a_zone_may_be_all_rule(void **state)
{
    (void)state;
    struct made_zone made = {.version = '3', .footer = "\nNZST-12NZDT,M9.5.0,M4.1.0/3\n"};
    struct zone *zone;
    assert_int_equal(decode_made(&made, &zone), 0);
    assert_offset(zone, seconds(1970, 1, 1, 0, 0), 13 * 3600, true, "NZDT");
    assert_offset(zone, seconds(2300, 7, 1, 0, 0), 12 * 3600, false, "NZST");
    assert_consistent_around_transitions(zone, seconds(2490, 1, 1, 0, 0));
    zone_free(zone);
    made.footer = "\nXXX3EDT4,0/0,J365/23\n"; // DST all the year, as RFC 8536 writes it
    int64_t next;
    assert_int_equal(decode_made(&made, &zone), 0);
    assert_offset(zone, seconds(2027, 1, 1, 3, 30), -4 * 3600, true, "EDT");
    assert_offset(zone, seconds(2027, 7, 1, 0, 0), -4 * 3600, true, "EDT");
    assert_false(zone_next_transition(zone, seconds(1969, 1, 1, 0, 0), &next));
    zone_free(zone);
}

static void crowded_transitions_cost_little(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    int64_t times[COUNT];
    uint8_t indexes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        times[i] = 1800000000 + (int64_t)i;
        indexes[i] = (i & 1) == 0;
    }
    struct made_zone made = {'2', 0, times, indexes, COUNT, 3600, 4, "\nUTC0\n"};
    struct zone *zone;
    assert_int_equal(decode_made(&made, &zone), 0);
    for (int64_t unix_s = 1800000000 - 10; unix_s < 1800000000 + COUNT + 10; unix_s += 7)
        assert_consistent(zone, unix_s);
    zone_free(zone);
}

static bool parses(const char *text)
{
    struct zone_rule rule;
    return zone_rule_parse(bytes_of_text(text), &rule);
}

static void rules_are_read_to_the_last_character(void **state)
{
    (void)state;
    static const char *const sound[] = {"UTC0",
                                        "<+0545>-5:45",
                                        "CET-1CEST,M3.5.0,M10.5.0/3",
                                        "IST-1GMT0,M10.5.0,M3.5.0/1",
                                        "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
                                        "EST5EDT4:30:15,J1/0,365/167:59:59"};
    static const char *const bad[] = {"",
                                      "U0",
                                      "UTC",
                                      "UTC0 ",
                                      "UTC25",
                                      "UTC0:60",
                                      "<UTC0",
                                      "<+05 >5",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,J0,J366",
                                      "CET-1CEST,M3.5.0/168,M10.5.0",
                                      "CET-1CEST,M3.5.0,M10.5.0/3,",
                                      "CET99999999999999999999",
                                      "ABCDEFGHIJKLMNOPQ0",
                                      "CET-1C,M3.5.0,M10.5.0"};
    for (size_t i = 0; i < COUNT_OF(sound); i++)
        if (!parses(sound[i]))
            fail_msg("refused: %s", sound[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (parses(bad[i]))
            fail_msg("accepted: %s", bad[i]);
}

static int64_t start_of(const char *text, int32_t year)
{
    struct zone_rule rule;
    assert_true(zone_rule_parse(bytes_of_text(text), &rule));
    return zone_rule_start_s(&rule, year);
}

static void days_of_the_year_know_leap_years(void **state)
{
    (void)state;
    // J counts as if there were no 29 February, a bare number counts it.
    for (int32_t year = 2027; year <= 2028; year++) {
        assert_int_equal(start_of("STD0DST,J59/0,J300", year), seconds(year, 2, 28, 0, 0));
        assert_int_equal(start_of("STD0DST,J60/0,J300", year), seconds(year, 3, 1, 0, 0));
        assert_int_equal(start_of("STD0DST,J365/0,J300", year), seconds(year, 12, 31, 0, 0));
        assert_int_equal(start_of("STD0DST,0/-24,J300", year), seconds(year - 1, 12, 31, 0, 0));
    }
    assert_int_equal(start_of("STD0DST,59/0,J300", 2027), seconds(2027, 3, 1, 0, 0));
    assert_int_equal(start_of("STD0DST,59/0,J300", 2028), seconds(2028, 2, 29, 0, 0));
    // The fifth is the last one, also where there are four.
    assert_int_equal(start_of("STD0DST,M2.5.1/0,J300", 2027), seconds(2027, 2, 22, 0, 0));
    assert_int_equal(start_of("STD0DST,M3.5.1/0,J300", 2027), seconds(2027, 3, 29, 0, 0));
    assert_int_equal(start_of("STD0DST,M3.1.1/0,J300", 2027), seconds(2027, 3, 1, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_and_day_numbers_agree_for_a_thousand_years),
        cmocka_unit_test(berlin_changes_twice_a_year),
        cmocka_unit_test(a_gap_and_an_overlap_are_told_with_both_candidates),
        cmocka_unit_test(lord_howe_moves_by_half_an_hour),
        cmocka_unit_test(dublin_has_its_dst_in_winter_even_after_the_table),
        cmocka_unit_test(kathmandu_casablanca_and_apia_did_odd_things),
        cmocka_unit_test(utc_needs_no_file),
        cmocka_unit_test(every_instant_is_found_again_by_its_local_time),
        cmocka_unit_test(going_forward_finds_the_same_period),
        cmocka_unit_test(absurd_times_are_answered),
        cmocka_unit_test(a_file_cut_short_anywhere_is_refused),
        cmocka_unit_test(flipped_bytes_give_an_outcome_or_a_zone_that_holds),
        cmocka_unit_test(the_first_version_has_only_its_table),
        cmocka_unit_test(contradictions_are_refused_by_name),
        cmocka_unit_test(too_large_and_foreign_files_are_refused),
        cmocka_unit_test(a_zone_may_be_all_rule),
        cmocka_unit_test(crowded_transitions_cost_little),
        cmocka_unit_test(rules_are_read_to_the_last_character),
        cmocka_unit_test(days_of_the_year_know_leap_years),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
