// test_command.c - argv against the command table, words people type for times, and what the table says of
// itself.
#include "node/cli/command.h"
#include "node/cli/command_line.h"
#include "node/cli/nearest.h"
#include "node/cli/print.h"
#include "node/cli/typed_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    WORD_COUNT_MAX = 16,
};

struct parsed {
    char text[256];
    char *words[WORD_COUNT_MAX];
    int count;
    int status;
    struct command_line line;
};

// Splits `text` at blanks and parses it as what follows the program's name.
static void parse(struct parsed *parsed, const char *text)
{
    char *rest;
    snprintf(parsed->text, sizeof parsed->text, "katydid %s", text);
    parsed->count = 0;
    for (char *word = strtok_r(parsed->text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        parsed->words[parsed->count++] = word;
    parsed->words[parsed->count] = NULL;
    parsed->status = command_line_parse(parsed->count, parsed->words, &parsed->line);
}

static int status_of(const char *text)
{
    struct parsed parsed;
    parse(&parsed, text);
    command_line_deinit(&parsed.line);
    return parsed.status;
}

static void global_options_stand_before_or_after_the_command(void **state)
{
    (void)state;
    static const char *const LINES[] = {"--dir /tmp/x --json next @daily", "next @daily --dir=/tmp/x --json",
                                        "--json next --dir /tmp/x @daily"};
    for (size_t i = 0; i < COUNT_OF(LINES); i++) {
        struct parsed parsed;
        parse(&parsed, LINES[i]);
        assert_int_equal(parsed.status, 0);
        assert_string_equal(parsed.line.command->name, "next");
        assert_string_equal(command_line_find(&parsed.line, "dir"), "/tmp/x");
        assert_true(command_line_has(&parsed.line, "json"));
        assert_string_equal(command_line_argument(&parsed.line, 0), "@daily");
        assert_null(command_line_argument(&parsed.line, 1));
        command_line_deinit(&parsed.line);
    }
}

static void mistakes_are_usage_errors(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "",
        "nxet",
        "next",
        "next a b",
        "next @daily --cuont 3",
        "next @daily --count",
        "next @daily -x",
        "--dir /a --dir /b version",
        "version --json=yes",
        "--nosuch version",
        "version --js",
    };
    for (size_t i = 0; i < COUNT_OF(LINES); i++)
        assert_int_equal(status_of(LINES[i]), COMMAND_USAGE);
}

static void a_beginning_of_an_option_is_not_the_option(void **state)
{
    (void)state;
    assert_int_equal(status_of("next @daily --coun 3"), COMMAND_USAGE);
    assert_int_equal(status_of("next @daily --count 3"), 0);
}

static void help_is_asked_for_anywhere(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, "--help");
    assert_true(parsed.status == 0 && parsed.line.wants_help && !parsed.line.command);
    command_line_deinit(&parsed.line);
    parse(&parsed, "next --help");
    assert_true(parsed.status == 0 && parsed.line.wants_help);
    assert_string_equal(parsed.line.command->name, "next");
    command_line_deinit(&parsed.line);
}

static void a_word_behind_two_dashes_is_no_option(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, "next -- --json");
    assert_int_equal(parsed.status, 0);
    assert_string_equal(command_line_argument(&parsed.line, 0), "--json");
    assert_false(command_line_has(&parsed.line, "json"));
    command_line_deinit(&parsed.line);
}

static void near_words_are_found(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"status", "resume", "runs", "run"};
    assert_string_equal(nearest_find("sttaus", KNOWN, 4), "status");
    assert_string_equal(nearest_find("rsume", KNOWN, 4), "resume");
    assert_null(nearest_find("xyzzy", KNOWN, 4));
    assert_int_equal(nearest_distance("ab", "ba"), 1);
    assert_int_equal(nearest_distance("kitten", "sitting"), 3);
}

// Completion scripts put help between single quotes and brackets.
static void the_table_is_fit_for_completion_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count(); i++) {
        const struct command *command = command_get(i);
        assert_non_null(command->run);
        assert_ptr_equal(command_find(command->name), command);
        assert_null(strpbrk(command->help, "'\"[]`\\"));
        for (size_t k = 0; k < command->option_count; k++) {
            const struct command_option *option = &command->options[k];
            assert_null(strpbrk(option->help, "'\"[]`\\"));
            assert_ptr_equal(command_option_find(command, option->name), option);
            assert_true(strlen(option->name) + (option->argument ? strlen(option->argument) : 0) < 60);
        }
        for (size_t k = 0; k < command_global_count(); k++)
            assert_ptr_equal(command_option_find(command, command_global_get(k)->name),
                             command_global_get(k));
    }
}

static int64_t typed(const char *text, int64_t now_ms, enum typed_time_direction direction)
{
    struct typed_time_context context = {zone_utc(), now_ms, direction};
    struct typed_time time;
    struct trigger_error error;
    return typed_time_parse(text, &context, &time, &error) ? time.ms : -1;
}

#define DAY_MS  86400000LL
#define HOUR_MS 3600000LL

static void times_are_typed_as_people_say_them(void **state)
{
    (void)state;
    // Thursday 2026-11-26 12:00 UTC
    const int64_t now_ms = 1795694400000;
    assert_int_equal(typed("02:30", now_ms, TYPED_TIME_PAST), now_ms - 9 * HOUR_MS - HOUR_MS / 2);
    assert_int_equal(typed("02:30", now_ms, TYPED_TIME_FUTURE), now_ms + 14 * HOUR_MS + HOUR_MS / 2);
    assert_int_equal(typed("13:00", now_ms, TYPED_TIME_PAST), now_ms - 23 * HOUR_MS);
    assert_int_equal(typed("sun 12:00", now_ms, TYPED_TIME_PAST), now_ms - 4 * DAY_MS);
    assert_int_equal(typed("Sunday 12:00", now_ms, TYPED_TIME_FUTURE), now_ms + 3 * DAY_MS);
    assert_int_equal(typed("thu 12:00", now_ms, TYPED_TIME_PAST), now_ms);
    assert_int_equal(typed("thu 12:01", now_ms, TYPED_TIME_PAST), now_ms - 7 * DAY_MS + 60000);
    assert_int_equal(typed("yesterday 12:00", now_ms, TYPED_TIME_PAST), now_ms - DAY_MS);
    assert_int_equal(typed("tomorrow 0:00:05", now_ms, TYPED_TIME_FUTURE), now_ms + 12 * HOUR_MS + 5000);
    assert_int_equal(typed("tomorrow", now_ms, TYPED_TIME_FUTURE), now_ms + 12 * HOUR_MS);
    assert_int_equal(typed("yesterday", now_ms, TYPED_TIME_PAST), now_ms - 36 * HOUR_MS);
    assert_int_equal(typed("2h", now_ms, TYPED_TIME_PAST), now_ms - 2 * HOUR_MS);
    assert_int_equal(typed("2h", now_ms, TYPED_TIME_FUTURE), now_ms + 2 * HOUR_MS);
    assert_int_equal(typed("2h ago", now_ms, TYPED_TIME_FUTURE), now_ms - 2 * HOUR_MS);
    assert_int_equal(typed("in 90s", now_ms, TYPED_TIME_PAST), now_ms + 90000);
    assert_int_equal(typed("2026-11-26T12:00Z", 0, TYPED_TIME_PAST), now_ms);
    assert_int_equal(typed("2026-11-26", 0, TYPED_TIME_PAST), now_ms - 12 * HOUR_MS);
    assert_int_equal(typed("now", now_ms, TYPED_TIME_PAST), now_ms);
    static const char *const BAD[] = {"",
                                      "25:00",
                                      "sun",
                                      "sun 2",
                                      "noon",
                                      "12:61",
                                      "1:2:3:4",
                                      "ago",
                                      "in ",
                                      "2026-13-01",
                                      "99999999999999999999",
                                      "su 02:30"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        assert_int_equal(typed(BAD[i], now_ms, TYPED_TIME_PAST), -1);
}

static void check_duration(int64_t ms, const char *wanted)
{
    char text[PRINT_ROOM];
    print_duration(ms, text);
    assert_string_equal(text, wanted);
}

static void durations_are_short(void **state)
{
    (void)state;
    check_duration(0, "0 ms");
    check_duration(2, "2 ms");
    check_duration(8100, "8.1s");
    check_duration(59999, "59.9s");
    check_duration(60000, "1m");
    check_duration(220000, "3m40s");
    check_duration(7500000, "2h05m");
    check_duration(47 * HOUR_MS, "47h");
    check_duration(3 * DAY_MS + 4 * HOUR_MS, "3d4h");
    check_duration(-8100, "-8.1s");
    check_duration(INT64_MIN, "-106751991167d7h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(global_options_stand_before_or_after_the_command),
        cmocka_unit_test(mistakes_are_usage_errors),
        cmocka_unit_test(a_beginning_of_an_option_is_not_the_option),
        cmocka_unit_test(help_is_asked_for_anywhere),
        cmocka_unit_test(a_word_behind_two_dashes_is_no_option),
        cmocka_unit_test(near_words_are_found),
        cmocka_unit_test(the_table_is_fit_for_completion_scripts),
        cmocka_unit_test(times_are_typed_as_people_say_them),
        cmocka_unit_test(durations_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
