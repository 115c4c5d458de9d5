// test_duration.c - 90s, 2h30m and what is not a duration.
#include "node/core/trigger/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"

struct example {
    const char *text;
    uint64_t ms;
    const char *shortest;
};

static void durations_are_read_and_printed_shortest(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"90s", 90000, "1m30s"},
        {"5m", 300000, "5m"},
        {"2h30m", 9000000, "2h30m"},
        {"150m", 9000000, "2h30m"},
        {"1d", 86400000, "1d"},
        {"24h", 86400000, "1d"},
        {"250ms", 250, "250ms"},
        {"1s250ms", 1250, "1s250ms"},
        {"1w", 604800000, "1w"},
        {"8d", 691200000, "8d"},
        {"1w1d", 691200000, "8d"},
        {"0s", 0, "0s"},
        {"0w0ms", 0, "0s"},
        {"0001m", 60000, "1m"},
        {"1w2d3h4m5s6ms", 788645006, "9d3h4m5s6ms"},
        {"3660d", LIMIT_PERIOD_MS_MAX, "3660d"},
    };
    for (size_t i = 0; i < COUNT_OF(examples); i++) {
        uint64_t ms;
        struct trigger_error error;
        char text[DURATION_TEXT_SIZE];
        if (!duration_parse(examples[i].text, &ms, &error))
            fail_msg("%s: column %zu: %s", examples[i].text, error.column, error.text);
        assert_int_equal(ms, examples[i].ms);
        duration_print(ms, text);
        assert_string_equal(text, examples[i].shortest);
    }
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
        {"", 1, "a duration is missing"},
        {"90", 3, "a unit is missing"},
        {"s", 1, "a number belongs here"},
        {"-5m", 1, "a number belongs here"},
        {" 5m", 1, "a number belongs here"},
        {"5 m", 2, "' ' is not a unit"},
        {"5min", 2, "'min' is not a unit"},
        {"5M", 2, "'M' is not a unit"},
        {"1.5h", 2, "only whole numbers"},
        {"1h,5m", 3, "a number belongs here"},
        {"1,5h", 2, "only whole numbers"},
        {"30m2h", 5, "larger units come first"},
        {"1h2h", 4, "each comes once"},
        {"1h30", 5, "a unit is missing"},
        {"1h\x1b[0m", 3, "a number belongs here"},
        {"3661d", 1, "longer than ten years"},
        {"3660d1ms", 6, "longer than ten years"},
        {"18446744073709551616ms", 1, "longer than ten years"},
        {"99999999999999999999999999w", 1, "longer than ten years"},
        {"10000000000000000000000000000000000000000000000000000000000000000m", 65, "too long"},
    };
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        uint64_t ms;
        struct trigger_error error;
        if (duration_parse(refusals[i].text, &ms, &error))
            fail_msg("accepted: '%s'", refusals[i].text);
        if (error.column != refusals[i].column || !strstr(error.text, refusals[i].says))
            fail_msg("'%s': column %zu: %s", refusals[i].text, error.column, error.text);
    }
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    uint64_t step = 1;
    for (uint64_t ms = 0; ms <= LIMIT_PERIOD_MS_MAX; ms += step, step = step * 9 / 8 + 1) {
        char text[DURATION_TEXT_SIZE];
        uint64_t back;
        struct trigger_error error;
        duration_print(ms, text);
        assert_true(duration_parse(text, &back, &error));
        assert_int_equal(back, ms);
    }
}

static void any_number_can_be_printed(void **state)
{
    (void)state;
    char text[DURATION_TEXT_SIZE];
    duration_print(UINT64_MAX, text);
    assert_string_equal(text, "213503982334d14h25m51s615ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_and_printed_shortest),
        cmocka_unit_test(mistakes_are_pointed_at),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(any_number_can_be_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
