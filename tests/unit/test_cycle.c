// test_cycle.c - jobs that would come after each other in a circle are found, and the circle is shown.
#include "node/cli/cycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct cycle cycle;
static char text[CYCLE_TEXT_ROOM];

static int forget(void **state)
{
    (void)state;
    cycle_deinit(&cycle);
    return 0;
}

// `name` comes after one job or pattern; NULL: after none.
static void add(const char *name, const char *after)
{
    const struct definition_trigger trigger = {
        .kind = after ? DEFINITION_AFTER : DEFINITION_CRON, .jobs = &after, .job_count = after ? 1 : 0};
    struct definition definition = {.namespace_name = "main", .triggers = &trigger, .trigger_count = 1};
    snprintf(definition.name, sizeof definition.name, "%s", name);
    cycle_add(&cycle, &definition);
}

static void a_chain_is_no_circle(void **state)
{
    (void)state;
    add("a", NULL);
    add("b", "main/a");
    add("c", "main/b");
    assert_false(cycle_find(&cycle, "main/a", text));
    assert_false(cycle_find(&cycle, "main/c", text));
    assert_false(cycle_find(&cycle, "main/nobody", text));
}

static void a_circle_is_shown_in_the_order_of_running(void **state)
{
    (void)state;
    add("c", "main/b");
    add("b", "main/a");
    add("a", "main/c");
    assert_true(cycle_find(&cycle, "main/a", text));
    assert_string_equal(text, "a -> b -> c -> a");
}

static void a_pattern_stands_for_all_it_fits(void **state)
{
    (void)state;
    add("copy-1", "main/report");
    add("copy-2", NULL);
    add("report", "main/copy-*");
    assert_true(cycle_find(&cycle, "main/report", text));
    assert_string_equal(text, "report -> copy-1 -> report");
}

static void a_job_after_all_does_not_come_after_itself(void **state)
{
    (void)state;
    add("alert", "*");
    add("backup", NULL);
    add("report", "main/backup");
    assert_false(cycle_find(&cycle, "main/alert", text));
    add("after-alert", "main/alert");
    assert_true(cycle_find(&cycle, "main/alert", text));
    assert_string_equal(text, "alert -> after-alert -> alert");
}

static void a_job_that_names_itself_is_a_circle(void **state)
{
    (void)state;
    add("a", "main/a");
    assert_true(cycle_find(&cycle, "main/a", text));
    assert_string_equal(text, "a -> a");
    add("copy-all", "main/copy-*"); // means the others
    assert_false(cycle_find(&cycle, "main/copy-all", text));
}

static void hooks_do_not_come_after_each_other(void **state)
{
    (void)state;
    const char *job;
    add("mail", "*");
    add("page", "*");
    add("log", "main/*");
    add("backup", NULL);
    assert_false(cycle_find(&cycle, "main/page", text));
    assert_false(cycle_find_any(&cycle, &job, text));
    add("mail", "main/page"); // names one, which comes after all that are no hooks
    assert_true(cycle_find_any(&cycle, &job, text));
    assert_string_equal(text, "mail -> page -> mail");
}

static void what_is_changed_or_removed_closes_no_circle_any_more(void **state)
{
    (void)state;
    add("a", "main/b");
    add("b", "main/a");
    assert_true(cycle_find(&cycle, "main/a", text));
    add("b", NULL);
    assert_false(cycle_find(&cycle, "main/a", text));
    add("b", "main/a");
    cycle_remove(&cycle, "main/b");
    assert_false(cycle_find(&cycle, "main/a", text));
}

static void a_long_circle_is_cut_short(void **state)
{
    (void)state;
    char name[NAME_ROOM], before[NAME_JOB_ROOM];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "job-with-a-long-name-%d", i);
        snprintf(before, sizeof before, "main/job-with-a-long-name-%d", (i + 299) % 300);
        add(name, before);
    }
    assert_true(cycle_find(&cycle, "main/job-with-a-long-name-0", text));
    assert_non_null(strstr(text, "... -> job-with-a-long-name-0"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, forget)
    const struct CMUnitTest tests[] = {
        TEST(a_chain_is_no_circle),
        TEST(a_circle_is_shown_in_the_order_of_running),
        TEST(a_pattern_stands_for_all_it_fits),
        TEST(a_job_after_all_does_not_come_after_itself),
        TEST(a_job_that_names_itself_is_a_circle),
        TEST(hooks_do_not_come_after_each_other),
        TEST(what_is_changed_or_removed_closes_no_circle_any_more),
        TEST(a_long_circle_is_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
