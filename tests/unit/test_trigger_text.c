// test_trigger_text.c - triggers are named in the words they were written with.
#include "node/core/trigger/trigger_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_words(struct definition_trigger trigger, const char *expected)
{
    char text[TRIGGER_TEXT_SIZE];
    trigger_text_print(&trigger, text);
    assert_string_equal(text, expected);
}

static void each_kind_has_its_words(void **state)
{
    (void)state;
    static const int64_t INSTANTS[] = {1790000000123, 1790000001000};
    static const char *const JOBS[] = {"main/a", "night/b"};
    struct label site = {"site", "berlin"};
    assert_words((struct definition_trigger){.kind = DEFINITION_CRON, .expression = "*/5 * * * *"},
                 "cron */5 * * * *");
    assert_words((struct definition_trigger){.kind = DEFINITION_EVERY, .period_ms = 5400000}, "every 1h30m");
    assert_words((struct definition_trigger){.kind = DEFINITION_EVERY, .period_ms = 60000, .from_end = true},
                 "every 1m from the end");
    assert_words(
        (struct definition_trigger){.kind = DEFINITION_AT, .instants_ms = INSTANTS, .instant_count = 2},
        "at 2026-09-21T14:13:20.123Z ...");
    assert_words((struct definition_trigger){.kind = DEFINITION_EVENT, .name = "main/deploy.*"},
                 "event deploy.*");
    assert_words(
        (struct definition_trigger){.kind = DEFINITION_AFTER, .jobs = JOBS, .job_count = 2, .all = true},
        "after a and night/b");
    assert_words(
        (struct definition_trigger){
            .kind = DEFINITION_AFTER, .jobs = JOBS, .job_count = 1, .outcome = DEFINITION_OUTCOME_NOT_OK},
        "after a not-ok");
    assert_words((struct definition_trigger){.kind = DEFINITION_BOOT, .delay_ms = 30000}, "boot + 30s");
    assert_words((struct definition_trigger){.kind = DEFINITION_BOOT}, "boot");
    assert_words((struct definition_trigger){.kind = DEFINITION_MEMBER,
                                             .changes = DEFINITION_MEMBER_JOIN | DEFINITION_MEMBER_DEAD,
                                             .where = {&site, 1}},
                 "member join or dead of site=berlin");
    assert_words((struct definition_trigger){.kind = DEFINITION_FILE, .path = "/srv/in", .name = "*.csv"},
                 "file /srv/in/*.csv");
    assert_words((struct definition_trigger){.kind = DEFINITION_FILE, .path = "/srv/in/"}, "file /srv/in/");
}

static void a_long_path_is_cut_between_characters(void **state)
{
    (void)state;
    char path[2 * TRIGGER_TEXT_SIZE + 1], text[TRIGGER_TEXT_SIZE];
    for (size_t i = 0; i + 2 < sizeof path; i += 2)
        memcpy(path + i, "\xc3\xa4", 3);
    for (int shift = 0; shift < 2; shift++) {
        path[0] = '/';
        path[1] = shift ? 'x' : '/';
        const struct definition_trigger trigger = {.kind = DEFINITION_FILE, .path = path + shift};
        trigger_text_print(&trigger, text);
        assert_true(name_is_text(bytes_of_text(text), TRIGGER_TEXT_SIZE));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_words),
        cmocka_unit_test(a_long_path_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
