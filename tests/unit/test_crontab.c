// test_crontab.c - every line of a crontab is understood as cron understands it, or refused with the reason.
#include "node/cli/crontab.h"
#include "node/cli/crontab_import.h"
#include "node/cli/job_set.h"
#include "proto/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static struct crontab parse(const char *text, bool has_users)
{
    struct crontab crontab;
    arena_deinit(&arena);
    arena.ceiling = SIZE_MAX;
    crontab_parse(bytes_of_text(text), has_users, &arena, &crontab);
    return crontab;
}

static void a_line_is_fields_and_a_command(void **state)
{
    (void)state;
    struct crontab crontab = parse("*/15 9-17 * *\tmon-fri   poll --fast # no comment\n", false);
    assert_int_equal(crontab.count, 1);
    assert_int_equal(crontab.items[0].kind, CRONTAB_JOB);
    assert_string_equal(crontab.items[0].expression, "*/15 9-17 * *\tmon-fri");
    assert_string_equal(crontab.items[0].command, "poll --fast # no comment");
    assert_null(crontab.items[0].user);
    assert_null(crontab.items[0].input);
}

static void the_system_names_the_user(void **state)
{
    (void)state;
    struct crontab crontab = parse("17 * * * * root cd / && run-parts /etc/cron.hourly\n"
                                   "@reboot www-data x\n17 * * * * root\n17 * * * *\n",
                                   true);
    assert_string_equal(crontab.items[0].user, "root");
    assert_string_equal(crontab.items[0].command, "cd / && run-parts /etc/cron.hourly");
    assert_string_equal(crontab.items[1].user, "www-data");
    assert_int_equal(crontab.items[2].kind, CRONTAB_REFUSED);
    assert_int_equal(crontab.items[3].kind, CRONTAB_REFUSED);
}

static void percent_signs_are_lines_of_input(void **state)
{
    (void)state;
    struct crontab crontab = parse("0 0 * * * mail root%Hello,%50 \\% off\n0 0 * * * date +\\%F\n", false);
    assert_string_equal(crontab.items[0].command, "mail root");
    assert_string_equal(crontab.items[0].input, "Hello,\n50 % off\n");
    assert_string_equal(crontab.items[1].command, "date +%F");
    assert_null(crontab.items[1].input);
}

static void settings_hold_for_the_lines_below(void **state)
{
    (void)state;
    struct crontab crontab =
        parse("0 0 * * * a\nPATH = \"/a b\" \nX='y'\n0 0 * * * b\nX=\n0 0 * * * c\n", false);
    assert_null(crontab_setting(&crontab.items[0], "PATH"));
    assert_string_equal(crontab_setting(&crontab.items[3], "PATH"), "/a b");
    assert_string_equal(crontab_setting(&crontab.items[3], "X"), "y");
    assert_string_equal(crontab_setting(&crontab.items[5], "X"), "");
}

static void what_makes_no_sense_says_where(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        size_t column;
        const char *part;
    } CASES[] = {{"61 * * * * x", 1, "61"},       {"  0 25 * * * x", 5, "25"},
                 {"0 0 30 2 * x", 5, "never"},    {"0 3 * *", 8, "ends before its five"},
                 {"0 3 * * *", 10, "no command"}, {"@fortnightly x", 1, ""},
                 {"* * * * * \xff", 0, "UTF-8"},  {"0 3 * * * %only input", 11, "empty"}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct crontab crontab = parse(CASES[i].line, false);
        assert_int_equal(crontab.count, 1);
        assert_int_equal(crontab.items[0].kind, CRONTAB_REFUSED);
        assert_int_equal(crontab.items[0].column, CASES[i].column);
        assert_non_null(strstr(crontab.items[0].reason, CASES[i].part));
    }
}

static void jobs_are_called_after_what_they_run(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"/usr/local/bin/backup --all", "backup"},
        {"cd /srv && ./run.sh", "run.sh"},
        {"test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }", "run-parts"},
        {"[ -x /a ] && /a/b.pl", "b.pl"},
        {"A=1 nice ionice -c3", "-c3"},
        {"/", "job"},
        {"\"/opt/x y\"", "x"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char name[64];
        crontab_name(CASES[i][0], name, sizeof name);
        if (i != 4) // options are not looked at: whatever it is, it is a name
            assert_string_equal(name, CASES[i][1]);
        assert_true(name_is_valid(bytes_of_text(name)));
    }
}

// What comes out is a job file that `apply` takes, with as many jobs as were counted.
static void an_import_is_a_job_file(void **state)
{
    (void)state;
    struct crontab_import import = {0};
    struct job_set set = {0};
    struct job_file_error error;
    struct buffer file = {0};
    const struct crontab_import_source source = {.path = "x", .user = "ops", .node = "nas", .zone = "UTC"};
    const struct job_schema_context context = {.zone = "UTC", .user = "nobody"};
    crontab_import_text(&import, &source,
                        bytes_of_text("# a\x01 \xff comment: [\nMAILTO=a@b\nSHELL=/bin/bash\nZ=\"q \\\" '\"\n"
                                      "0 3 * * * tar c /srv%in%put\n0 3 * * * tar c /etc\n@reboot x\n"
                                      "@every 5m y\n*/5 * * * fri-mon \xc3\xa4\nnonsense\n"));
    buffer_add(&file, "katydid: 1\njobs:\n", 17);
    buffer_add(&file, import.yaml.data, import.yaml.size);
    if (!job_set_add(&set, buffer_view(&file), &context, &error))
        fail_msg("%zu:%zu %s\n%.*s", error.place.line, error.place.column, error.text, (int)file.size,
                 (const char *)file.data);
    assert_int_equal(import.line_count, 9);
    assert_int_equal(import.job_count, 5);
    assert_int_equal(import.setting_count, 2);
    assert_int_equal(import.left_count, 2);
    assert_int_equal(set.job_count, 5);
    assert_true(job_set_has_job(&set, "main", "tar") && job_set_has_job(&set, "main", "tar-2"));
    assert_string_equal(set.jobs[0].definition.user, "ops");
    assert_string_equal(set.jobs[0].definition.node, "nas");
    assert_string_equal(set.jobs[0].definition.standard_input, "in\nput\n");
    assert_string_equal(set.jobs[0].definition.argv[0], "/bin/bash");
    assert_int_equal(set.jobs[2].definition.triggers[0].kind, DEFINITION_BOOT);
    assert_int_equal(set.jobs[3].definition.triggers[0].period_ms, 300000);
    job_set_deinit(&set);
    buffer_deinit(&file);
    crontab_import_deinit(&import);
}

static int forget(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_fields_and_a_command),
        cmocka_unit_test(the_system_names_the_user),
        cmocka_unit_test(percent_signs_are_lines_of_input),
        cmocka_unit_test(settings_hold_for_the_lines_below),
        cmocka_unit_test(what_makes_no_sense_says_where),
        cmocka_unit_test(jobs_are_called_after_what_they_run),
        cmocka_unit_test(an_import_is_a_job_file),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
