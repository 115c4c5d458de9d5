// test_trigger.c - one front door for all kinds: next, is due, period, counting.
#include "node/core/trigger/trigger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/definition.h"
#include "proto/limits.h"
#include "tests/unit/support_zone.h"

static const int64_t hour_ms = 3600000;
static const int64_t start_ms = 1806197400000; // 2027-03-28T01:30Z

static struct trigger *compiled(struct trigger_source source, const struct zone *zone)
{
    struct trigger *trigger = NULL;
    struct trigger_error error;
    if (trigger_compile(&source, zone, (struct trigger_rules){0}, &trigger, &error) != 0)
        fail_msg("column %zu: %s", error.column, error.text);
    return trigger;
}

static struct trigger *cron_of(const char *expression, const struct zone *zone)
{
    return compiled((struct trigger_source){.kind = TRIGGER_CRON, .expression = expression}, zone);
}

static struct trigger *every_of(uint64_t period_ms)
{
    return compiled((struct trigger_source){.kind = TRIGGER_EVERY, .period_ms = period_ms, .anchor_ms = 250},
                    zone_utc());
}

static struct trigger *at_of(const int64_t *instants_ms, size_t count)
{
    return compiled(
        (struct trigger_source){.kind = TRIGGER_AT, .instants_ms = instants_ms, .instant_count = count},
        zone_utc());
}

// Walking, asking and counting have to tell one story.
static void assert_consistent(const struct trigger *trigger, int64_t from_ms, size_t steps)
{
    int64_t at_ms = from_ms, due_ms, last_ms;
    for (uint64_t i = 1; i <= steps && trigger_next(trigger, at_ms, &due_ms); i++) {
        assert_true(due_ms > at_ms);
        assert_true(trigger_is_due(trigger, due_ms));
        assert_false(trigger_is_due(trigger, due_ms - 1));
        assert_int_equal(trigger_count_between(trigger, from_ms, due_ms, UINT64_MAX, &last_ms), i);
        assert_int_equal(last_ms, due_ms);
        assert_int_equal(trigger_count_between(trigger, from_ms, due_ms + 999, i, &last_ms), i);
        assert_int_equal(last_ms, due_ms);
        if (i > 1) {
            assert_int_equal(trigger_count_between(trigger, from_ms, due_ms, i - 1, &last_ms), i - 1);
            assert_int_equal(last_ms, at_ms);
        }
        at_ms = due_ms;
    }
}

static void every_kind_answers_alike(void **state)
{
    (void)state;
    static const int64_t instants[] = {1806197400001, 1806197500000, 1906197400000};
    struct zone *berlin = support_zone("Europe/Berlin");
    struct trigger *triggers[] = {
        cron_of("*/20 2 * * *", berlin),
        cron_of("30 * * * * *", berlin),
        cron_of("0 0 29 2 *", berlin),
        every_of(1000),
        every_of(86400000),
        at_of(instants, COUNT_OF(instants)),
    };
    for (size_t i = 0; i < COUNT_OF(triggers); i++) {
        assert_consistent(triggers[i], start_ms - 40 * hour_ms, 30);
        assert_consistent(triggers[i], start_ms + 5160 * hour_ms, 30); // around the end of summer time
        trigger_free(triggers[i]);
    }
    zone_free(berlin);
}

static void a_year_of_seconds_is_counted_at_once(void **state)
{
    (void)state;
    struct trigger *triggers[] = {cron_of("* * * * * *", zone_utc()), every_of(1000)};
    int64_t year_ms = 365 * 24 * hour_ms, last_ms;
    for (size_t i = 0; i < COUNT_OF(triggers); i++) {
        assert_int_equal(
            trigger_count_between(triggers[i], start_ms, start_ms + year_ms, UINT64_MAX, &last_ms),
            365 * 24 * 3600);
        assert_int_equal(trigger_count_between(triggers[i], start_ms, start_ms + year_ms, 1000000, &last_ms),
                         1000000);
        assert_int_equal(last_ms / 1000, start_ms / 1000 + 1000000 - (i == 1)); // 250 ms past the full second
        assert_int_equal(trigger_count_between(triggers[i], start_ms, start_ms + year_ms, 0, &last_ms), 0);
        assert_int_equal(trigger_count_between(triggers[i], start_ms, start_ms, 5, &last_ms), 0);
        assert_true(trigger_count_between(triggers[i], INT64_MIN, INT64_MAX, UINT64_MAX, &last_ms) >
                    16000000000);
        assert_true(last_ms > LIMIT_WALL_MS_MAX - 1000);
        trigger_free(triggers[i]);
    }
}

static void the_period_is_the_usual_distance(void **state)
{
    (void)state;
    struct trigger *daily = cron_of("30 2 * * *", zone_utc()), *quarter = cron_of("*/15 * * * *", zone_utc());
    struct trigger *every = every_of(5000);
    int64_t instants[] = {start_ms, start_ms + 70000};
    struct trigger *once = at_of(instants, 1), *two = at_of(instants, 2);
    assert_int_equal(trigger_period_ms(daily, start_ms), 24 * hour_ms);
    assert_int_equal(trigger_period_ms(quarter, start_ms), hour_ms / 4);
    assert_int_equal(trigger_period_ms(every, start_ms), 5000);
    assert_int_equal(trigger_period_ms(every, INT64_MIN), 5000);
    assert_int_equal(trigger_period_ms(every, INT64_MAX), LIMIT_PERIOD_MS_MAX);
    assert_int_equal(trigger_period_ms(once, start_ms), LIMIT_PERIOD_MS_MAX);
    assert_int_equal(trigger_period_ms(two, start_ms), 70000);
    trigger_free(daily);
    trigger_free(quarter);
    trigger_free(every);
    trigger_free(once);
    trigger_free(two);
}

static void what_cannot_be_compiled_is_refused_with_the_reason(void **state)
{
    (void)state;
    struct trigger *trigger = NULL;
    struct trigger_error error;
    const struct trigger_rules rules = {0};
    struct trigger_source source = {.kind = TRIGGER_CRON, .expression = "0 0 30 2 *"};
    assert_int_equal(trigger_compile(&source, zone_utc(), rules, &trigger, &error), TRIGGER_REFUSED);
    assert_int_equal(error.column, 5);
    source.expression = NULL;
    assert_int_equal(trigger_compile(&source, zone_utc(), rules, &trigger, &error), TRIGGER_REFUSED);
    source = (struct trigger_source){.kind = TRIGGER_EVERY, .period_ms = 999};
    assert_int_equal(trigger_compile(&source, zone_utc(), rules, &trigger, &error), TRIGGER_REFUSED);
    source = (struct trigger_source){.kind = TRIGGER_AT};
    assert_int_equal(trigger_compile(&source, zone_utc(), rules, &trigger, &error), TRIGGER_REFUSED);
    assert_true(strlen(error.text) > 0);
    source = (struct trigger_source){.kind = (enum trigger_kind)DEFINITION_EVENT};
    assert_int_equal(trigger_compile(&source, zone_utc(), rules, &trigger, &error), TRIGGER_UNKNOWN_KIND);
    assert_null(trigger);
    trigger_free(NULL);
}

static void the_kinds_are_those_of_a_definition(void **state)
{
    (void)state;
    assert_int_equal(TRIGGER_CRON, DEFINITION_CRON);
    assert_int_equal(TRIGGER_EVERY, DEFINITION_EVERY);
    assert_int_equal(TRIGGER_AT, DEFINITION_AT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_answers_alike),
        cmocka_unit_test(a_year_of_seconds_is_counted_at_once),
        cmocka_unit_test(the_period_is_the_usual_distance),
        cmocka_unit_test(what_cannot_be_compiled_is_refused_with_the_reason),
        cmocka_unit_test(the_kinds_are_those_of_a_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
