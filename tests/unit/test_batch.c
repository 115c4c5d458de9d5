// test_batch.c - files that changed together are told by name, each once, as many as fit.
#include "node/io/watch/batch.h"
#include "proto/definition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct batch batch;
static struct watch_report report;

static int forget(void **state)
{
    (void)state;
    batch_deinit(&batch);
    report = (struct watch_report){0};
    return 0;
}

static void add(uint32_t what, const char *name)
{
    struct snapshot_change change = {.what = what};
    snprintf(change.name, sizeof change.name, "%s", name);
    batch_add(&batch, &change);
}

// As "1 a, 4 b".
static const char *told(void)
{
    static char text[512];
    uint32_t what;
    size_t used = 0;
    const char *name = NULL;
    batch_report(&batch, &report);
    assert_true(watch_report_is_valid(&report));
    text[0] = 0;
    while ((name = watch_report_next(&report, name, &what)))
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u %s", used ? ", " : "", what, name);
    return text;
}

static void each_file_is_told_once_with_what_it_did_last(void **state)
{
    (void)state;
    add(DEFINITION_FILE_CREATE, "b");
    add(DEFINITION_FILE_CREATE, "a");
    add(DEFINITION_FILE_CHANGE, "b"); // who writes to a new file is still making it
    add(DEFINITION_FILE_REMOVE, "a");
    add(DEFINITION_FILE_CHANGE, "");
    assert_string_equal(told(), "2 , 4 a, 1 b");
    assert_int_equal(report.count, 3);
}

static void what_does_not_fit_is_counted(void **state)
{
    (void)state;
    char name[NAME_MAX + 1];
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "%0200d", i);
        add(DEFINITION_FILE_CREATE, name);
    }
    batch_report(&batch, &report);
    assert_true(watch_report_is_valid(&report));
    assert_int_equal(report.count, 3000);
    assert_int_equal(report.named, LIMIT_CHANGED_NAMES_SIZE_MAX / 202);
    for (int i = 0; i < BATCH_COUNT_MAX; i++) {
        snprintf(name, sizeof name, "more%d", i);
        add(DEFINITION_FILE_CREATE, name);
    }
    report = (struct watch_report){0};
    batch_report(&batch, &report);
    assert_int_equal(report.count, 3000 + BATCH_COUNT_MAX);
}

static void a_report_of_a_user_who_lies_is_refused(void **state)
{
    (void)state;
    add(DEFINITION_FILE_CREATE, "a");
    batch_report(&batch, &report);
    struct watch_report lies = report;
    assert_true(watch_report_is_valid(&lies));
    lies.names[0] = 3;
    assert_false(watch_report_is_valid(&lies));
    lies = report, lies.names[1] = '/';
    assert_false(watch_report_is_valid(&lies));
    lies = report, lies.size = sizeof lies.names + 1;
    assert_false(watch_report_is_valid(&lies));
    lies = report, lies.size = 2; // no end
    assert_false(watch_report_is_valid(&lies));
    lies = report, lies.named = 2, lies.count = 2;
    assert_false(watch_report_is_valid(&lies));
    lies = report, lies.count = 0;
    assert_false(watch_report_is_valid(&lies));
    lies = report, lies.size = 0, lies.named = 0;
    assert_false(watch_report_is_valid(&lies));
    memset(&lies, 0xff, sizeof lies);
    assert_false(watch_report_is_valid(&lies));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, forget)
    const struct CMUnitTest tests[] = {
        TEST(each_file_is_told_once_with_what_it_did_last),
        TEST(what_does_not_fit_is_counted),
        TEST(a_report_of_a_user_who_lies_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
