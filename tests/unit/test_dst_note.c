// test_dst_note.c - what people are told about clock changes.
#include "node/core/trigger/dst_note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "node/core/trigger/calendar.h"
#include "node/core/trigger/trigger.h"
#include "tests/unit/support_zone.h"

static int64_t seconds(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute)
{
    return calendar_days_of((struct calendar_date){year, month, day}) * CALENDAR_DAY_S + hour * 3600 +
           minute * 60;
}

static void assert_note(struct dst_note note, const char *says)
{
    char text[DST_NOTE_TEXT_SIZE];
    dst_note_print(&note, text);
    assert_string_equal(text, says);
}

static void a_local_time_is_there_once_twice_or_never(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin");
    assert_note(dst_note_of_local(berlin, seconds(2027, 3, 28, 1, 59)), "");
    assert_note(dst_note_of_local(berlin, seconds(2027, 3, 28, 2, 30)),
                "02:30 does not exist (the clock jumps 02:00 -> 03:00)");
    assert_note(dst_note_of_local(berlin, seconds(2027, 3, 28, 3, 0)), "");
    assert_note(dst_note_of_local(berlin, seconds(2027, 10, 31, 2, 0)),
                "02:00 is shown twice (the clock goes back 03:00 -> 02:00): this is the first");
    assert_note(dst_note_of_local(berlin, seconds(2027, 10, 31, 3, 0)), "");
    zone_free(berlin);
    struct zone *apia = support_zone("Pacific/Apia"); // a whole day left out
    assert_note(dst_note_of_local(apia, seconds(2011, 12, 30, 12, 15)),
                "12:15 does not exist (the clock jumps 2011-12-30 00:00 -> 2011-12-31 00:00)");
    zone_free(apia);
    assert_note(dst_note_of_local(zone_utc(), 0), "");
}

static void an_instant_knows_which_of_the_two_it_is(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin");
    assert_note(dst_note_of_instant(berlin, seconds(2027, 10, 31, 0, 30)),
                "02:30 is shown twice (the clock goes back 03:00 -> 02:00): this is the first");
    assert_note(dst_note_of_instant(berlin, seconds(2027, 10, 31, 1, 30)),
                "02:30 is shown twice (the clock goes back 03:00 -> 02:00): this is the second");
    assert_note(dst_note_of_instant(berlin, seconds(2027, 10, 31, 2, 0)), "");
    assert_note(dst_note_of_instant(berlin, seconds(2027, 3, 28, 1, 0)), "");
    zone_free(berlin);
    struct zone *howe = support_zone("Australia/Lord_Howe"); // half an hour
    assert_note(dst_note_of_instant(howe, seconds(2027, 4, 3, 14, 45)),
                "01:45 is shown twice (the clock goes back 02:00 -> 01:30): this is the first");
    zone_free(howe);
    struct zone *liberia = support_zone("Africa/Monrovia"); // 1972: 44 minutes and 30 seconds forward
    assert_note(dst_note_of_local(liberia, seconds(1972, 1, 7, 0, 20)),
                "00:20 does not exist (the clock jumps 00:00 -> 00:44:30)");
    zone_free(liberia);
}

static void assert_due_note(struct trigger_source source, const struct zone *zone, int64_t due_s,
                            const char *says)
{
    struct trigger *trigger;
    struct trigger_error error;
    assert_int_equal(trigger_compile(&source, zone, (struct trigger_rules){0}, &trigger, &error), 0);
    assert_true(trigger_is_due(trigger, due_s * 1000));
    assert_note(trigger_dst_note(trigger, due_s * 1000), says);
    trigger_free(trigger);
}

static void a_due_time_tells_whence_the_jump_moved_it(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin");
    int64_t jump_s = seconds(2027, 3, 28, 1, 0), instant_ms = jump_s * 1000;
    struct trigger_source cron = {.kind = TRIGGER_CRON, .expression = "30 2 * * *"};
    assert_due_note(cron, berlin, jump_s, "moved from 02:30 by the jump 02:00 -> 03:00");
    assert_due_note(cron, berlin, seconds(2027, 3, 29, 0, 30), "");
    assert_due_note(cron, berlin, seconds(2027, 10, 31, 0, 30),
                    "02:30 is shown twice (the clock goes back 03:00 -> 02:00): this is the first");
    cron.expression = "10,50 2 * * *";
    assert_due_note(cron, berlin, jump_s, "moved from 02:10 by the jump 02:00 -> 03:00");
    cron.expression = "0,30 2,3 * * *"; // 03:00 is due by itself
    assert_due_note(cron, berlin, jump_s, "");
    cron.expression = "0 * * * *";
    assert_due_note(cron, berlin, jump_s, "");
    assert_due_note((struct trigger_source){.kind = TRIGGER_EVERY, .period_ms = 1800000}, berlin,
                    seconds(2027, 10, 31, 0, 30), "");
    assert_due_note(
        (struct trigger_source){.kind = TRIGGER_AT, .instants_ms = &instant_ms, .instant_count = 1}, berlin,
        jump_s, "");
    zone_free(berlin);
}

static void the_changes_of_a_year_are_gone_through(void **state)
{
    (void)state;
    struct zone *berlin = support_zone("Europe/Berlin");
    struct dst_note_change change;
    char text[DST_NOTE_TEXT_SIZE];
    assert_true(dst_note_next_change(berlin, seconds(2027, 1, 1, 0, 0), &change));
    dst_note_print_change(&change, text);
    assert_string_equal(text, "2027-03-28 02:00 -> 03:00 (CET -> CEST)");
    assert_true(dst_note_next_change(berlin, change.at_s, &change));
    dst_note_print_change(&change, text);
    assert_string_equal(text, "2027-10-31 03:00 -> 02:00 (CEST -> CET)");
    assert_true(dst_note_next_change(berlin, change.at_s, &change));
    assert_true(change.at_s > seconds(2028, 1, 1, 0, 0));
    assert_false(dst_note_next_change(zone_utc(), 0, &change));
    zone_free(berlin);
}

// Some zones changed their name or their idea of DST while the clock went on.
static void a_new_name_alone_is_no_change(void **state)
{
    (void)state;
    struct zone *zone = support_zone("Europe/Lisbon");
    int64_t at_s = -3000000000;
    struct dst_note_change change;
    size_t count = 0;
    for (; dst_note_next_change(zone, at_s, &change); at_s = change.at_s, count++)
        assert_int_not_equal(change.before.utc_offset_s, change.after.utc_offset_s);
    size_t all = 0;
    for (at_s = -3000000000; zone_next_transition(zone, at_s, &at_s);)
        all++;
    assert_true(count > 100 && count < all);
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_local_time_is_there_once_twice_or_never),
        cmocka_unit_test(an_instant_knows_which_of_the_two_it_is),
        cmocka_unit_test(a_due_time_tells_whence_the_jump_moved_it),
        cmocka_unit_test(the_changes_of_a_year_are_gone_through),
        cmocka_unit_test(a_new_name_alone_is_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
