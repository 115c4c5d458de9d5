// test_job_file.c - job files: what they may say, and one clear line for everything they may not.
#include "node/cli/job_change.h"
#include "node/cli/job_set.h"
#include "node/cli/job_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS 1795694400789LL // 2026-11-26T12:00:00.789Z

static const struct job_schema_context CONTEXT = {
    .user = "ops", .user_hint = "say with whose rights", .now_ms = NOW_MS};

static void read_text(const char *text, struct job_set *set)
{
    struct job_file_error error = {.text = ""};
    *set = (struct job_set){0};
    if (!job_set_add(set, bytes_of_text(text), &CONTEXT, &error))
        fail_msg("%zu:%zu: %s", error.place.line, error.place.column, error.text);
}

// The text without its ^ is refused where the ^ stood, with words that contain `part`.
static void refused(const char *marked, const char *part)
{
    struct job_set set = {0};
    struct job_file_error error = {.text = ""};
    struct job_file_place place = {0};
    char *text = strdup(marked), *mark = strchr(text, '^');
    for (const char *c = text; mark && c <= mark; c++) {
        bool is_start = c == text || c[-1] == '\n';
        place.line += is_start;
        place.column = is_start ? 1 : place.column + 1;
    }
    if (mark)
        memmove(mark, mark + 1, strlen(mark));
    bool is_taken = job_set_add(&set, bytes_of_text(text), &CONTEXT, &error);
    job_set_deinit(&set);
    free(text);
    if (is_taken)
        fail_msg("taken: %.300s", marked);
    if (error.place.line != place.line || error.place.column != place.column || !strstr(error.text, part))
        fail_msg("%zu:%zu: %s\nwanted ... %s ... in: %.300s", error.place.line, error.place.column,
                 error.text, part, marked);
}

#define HEAD        "katydid: 1\njobs:\n"
#define LINE_3(job) HEAD "  a: " job "\n"

static void the_example_of_the_manual_is_read(void **state)
{
    (void)state;
    struct job_set set;
    read_text(
        "katydid: 1\n"
        "defaults: {zone: Europe/Berlin, user: backup}\n"
        "jobs:\n"
        "  backup-nas: {cron: \"30 2 * * *\", node: nas, run: [/usr/local/bin/backup, /srv], time_limit: "
        "2h,\n"
        "               catch_up: {run: last, within: 12h}}\n"
        "  rotate-logs: {cron: \"10 3 * * *\", zone: local, spread: all, user: root, run: [logrotate, -f]}\n"
        "  uplink: {every: 5m, where: {role: gateway}, spread: all, shell: \"ping -c3 192.0.2.1 || reset\"}\n"
        "  lab/cutover: {at: \"2027-03-28T01:30\", expires: 15m, node: nas, run: [/opt/cutover],\n"
        "                retry: {times: 5, delay: 1m, growth: 2}}\n",
        &set);
    assert_int_equal(set.job_count, 4);
    const struct definition *backup = &set.jobs[0].definition, *rotate = &set.jobs[1].definition,
                            *uplink = &set.jobs[2].definition, *cutover = &set.jobs[3].definition;
    assert_string_equal(backup->namespace_name, "main");
    assert_string_equal(backup->zone, "Europe/Berlin");
    assert_string_equal(backup->user, "backup");
    assert_string_equal(backup->triggers[0].expression, "30 2 * * *");
    assert_string_equal(backup->argv[1], "/srv");
    assert_int_equal(backup->time_limit_ms, 2 * 3600 * 1000);
    assert_int_equal(backup->catch_up_within_ms, 12 * 3600 * 1000);
    assert_string_equal(rotate->zone, "local");
    assert_string_equal(rotate->user, "root");
    assert_int_equal(rotate->spread, DEFINITION_SPREAD_ALL);
    assert_int_equal(uplink->triggers[0].period_ms, 300000);
    assert_int_equal(uplink->triggers[0].anchor_ms, NOW_MS / 1000 * 1000);
    assert_string_equal(labels_find(&uplink->where, "role"), "gateway");
    assert_string_equal(uplink->shell, "ping -c3 192.0.2.1 || reset");
    assert_string_equal(cutover->namespace_name, "lab");
    assert_int_equal(cutover->triggers[0].instants_ms[0], 1806193800000); // 00:30 UTC, before the clock jumps
    assert_int_equal(cutover->triggers[0].expires_ms, 15 * 60 * 1000);
    assert_int_equal(cutover->retry_times, 5);
    assert_int_equal(cutover->retry_growth_milli, 2000);
    assert_true(job_set_has_namespace(&set, "lab") && job_set_has_namespace(&set, "main"));
    assert_false(job_set_has_namespace(&set, "other"));
    job_set_deinit(&set);
}

static void every_scalar_is_a_text(void **state)
{
    (void)state;
    struct job_set set;
    read_text(LINE_3("{every: 5m, run: [no, 0x10, 1e3, ~, \"\"], env: {A: yes, B: 010}}"), &set);
    const struct definition *definition = &set.jobs[0].definition;
    assert_string_equal(definition->argv[0], "no");
    assert_string_equal(definition->argv[1], "0x10");
    assert_string_equal(definition->argv[3], "~");
    assert_string_equal(definition->argv[4], "");
    assert_string_equal(definition->environment[0].value, "yes");
    assert_string_equal(definition->environment[1].value, "010");
    job_set_deinit(&set);
}

static void unknown_and_later_keys_are_refused_with_a_hint(void **state)
{
    (void)state;
    refused(LINE_3("{^evry: 5m, run: [x]}"), "did you mean `every`?");
    refused(LINE_3("{every: 5m, run: [x], ^timeout: 5m}"), "does not know `timeout`");
    refused(LINE_3("{event: usb, run: [x], ^queue: fifo}"), "does not know `queue`");
    refused(LINE_3("{after: {^joob: b}, run: [x]}"), "did you mean `job`?");
    refused(LINE_3("{every: 5m, run: [x], retry: {times: 3, ^dely: 1m}}"), "did you mean `delay`?");
    refused("katydid: 1\n^job: {}\n", "did you mean `jobs`?");
    refused("katydid: 1\ndefaults: {^run: [x]}\njobs: {}\n", "does not know `run`");
}

static void triggers_that_wait_for_something_are_checked(void **state)
{
    (void)state;
    refused(LINE_3("{event: ^a b, run: [x]}"), "a name like deploy");
    refused(LINE_3("{event: ^a/b/c, run: [x]}"), "a name like deploy");
    refused(LINE_3("{event: ^{from: any}, run: [x]}"), "`name` is missing");
    refused(LINE_3("{event: {name: a, from: ^noddes}, run: [x]}"), "operators, nodes");
    refused(LINE_3("{after: ^{outcome: ok}, run: [x]}"), "one of `job` and `jobs`");
    refused(LINE_3("{after: {jobs: [a, ^a]}, run: [x]}"), "stands here twice");
    refused(LINE_3("{after: ^{jobs: [a, \"b*\"]}, run: [x]}"), "to wait for all, name each job");
    refused(LINE_3("{after: {job: a, outcome: ^failed}, run: [x]}"), "not-ok");
    refused(LINE_3("{boot: ^yes, spread: all, run: [x]}"), "`true` or {delay: 30s}");
    refused(LINE_3("^{boot: true, run: [x]}"), "needs `spread: all` or `node`");
    refused(LINE_3("{member: ^died, run: [x]}"), "join, leave");
    refused(LINE_3("{member: {on: ^[]}, run: [x]}"), "an empty list says nothing");
    refused(LINE_3("{file: ^srv, node: a, run: [x]}"), "a path from / on");
    refused(LINE_3("{file: {path: /srv, match: ^a/b}, node: a, run: [x]}"), "without /");
    refused(LINE_3("^{every: 5m, stdin: event, run: [x]}"), "goes with an event trigger");
    refused(LINE_3("{every: {period: 5m, from: end, anchor: ^2027-01-01T00:00Z}, run: [x]}"), "choose one");
}

static void what_bends_due_times_is_checked(void **state)
{
    (void)state;
    refused(LINE_3("{every: 5m, jitter: ^25h, run: [x]}"), "at most a day");
    refused(LINE_3("{every: 5m, count: ^0, run: [x]}"), "never due");
    refused(LINE_3("{every: 5m, not_before: 2027-01-02T00:00, not_after: ^2027-01-01T00:00, run: [x]}"),
            "before `not_before`");
    refused(LINE_3("{every: 5m, blackout: ^soon, run: [x]}"), "TIME until TIME");
    refused(LINE_3("{every: 5m, blackout: ^{cron: \"0 8 * * *\"}, run: [x]}"), "{cron: EXPR, for: DUR}");
    refused(LINE_3("{every: 5m, blackout: 2027-01-02T00:00 until ^2027-01-01T00:00, run: [x]}"),
            "after the beginning");
    refused(LINE_3("{every: 5m, catch_up: {run: last, spread: ^soon}, run: [x]}"), "`soon`");
}

static void a_star_without_quotes_is_explained(void **state)
{
    (void)state;
    refused(LINE_3("{cron: ^*/5 * * * *, run: [x]}"), "needs quotes");
    refused(LINE_3("{cron: ^* * * * *, run: [x]}"), "needs quotes");
    refused(HEAD "  a:\n    cron: ^*/5 * * * *\n    run: [x]\n", "needs quotes");
    refused(HEAD "  a:\n    cron: ^*hourly\n    run: [x]\n", "needs quotes");
    refused(HEAD "  a:\n    cron: ^@daily\n    run: [x]\n", "begins with @ needs quotes");
    refused(HEAD "  a:\n^\tcron: x\n", "not with tabs");
}

static void wrong_triggers_point_at_the_column(void **state)
{
    (void)state;
    refused(LINE_3("{cron: \"0 ^25 * * *\", run: [x]}"), "");
    refused(LINE_3("{cron: \"0 0 ^30 2 *\", run: [x]}"), "never fire");
    refused(LINE_3("{cron: \"^\", run: [x]}"), "missing");
    refused(LINE_3("{every: ^0s, run: [x]}"), "`0s`: no time at all; write a duration like 90s or 5m");
    refused(LINE_3("{every: ^10ms, run: [x]}"), "");
    refused(LINE_3("{every: ^99999999999999999999d, run: [x]}"), "");
    refused(LINE_3("{every: 5^ minutes, run: [x]}"), "");
    refused(LINE_3("{at: \"2027-^13-01T00:00\", run: [x]}"), "");
    refused(LINE_3("{cron: \"0 2 * * *\", zone: ^Mars/Olympus, run: [x]}"), "unknown time zone");
    refused(LINE_3("{cron: \"0 2 * * *\", zone: ^../../etc/passwd, run: [x]}"),
            "not the name of a time zone");
    refused(LINE_3("^{cron: \"0 2 * * *\", zone: local, run: [x]}"), "zone local needs");
    refused(LINE_3("{at: \"^2027-01-01T00:00\", zone: local, node: nas, run: [x]}"), "needs an offset");
    refused(LINE_3("^{run: [x]}"), "no trigger");
    refused(LINE_3("{every: 5m, expires: ^5m, run: [x]}"), "goes with `at`");
}

static void a_job_needs_exactly_one_command(void **state)
{
    (void)state;
    refused(LINE_3("^{every: 5m}"), "no command");
    refused(LINE_3("^{every: 5m, run: [x], shell: y}"), "choose one");
    refused(LINE_3("{every: 5m, run: ^ls -l}"), "a list belongs here");
    refused(LINE_3("{every: 5m, run: ^[]}"), "1 to");
    refused(LINE_3("{every: 5m, run: ^[\"\", x]}"), "empty");
    refused(LINE_3("{every: 5m, shell: \"^\"}"), "missing");
    refused(HEAD "  a:^\n", "a map of keys belongs here");
}

static void names_hold_no_newline_or_escape(void **state)
{
    (void)state;
    refused(HEAD "  \"^a\\nb\": {every: 5m, run: [x]}\n", "no name of a job");
    refused(HEAD "  \"^a\\eb\": {every: 5m, run: [x]}\n", "no name of a job");
    refused(HEAD "  \"^\": {every: 5m, run: [x]}\n", "no name of a job");
    refused(HEAD "  ^a/b/c: {every: 5m, run: [x]}\n", "no name of a job");
    refused(HEAD "  ^-a: {every: 5m, run: [x]}\n", "no name of a job");
    refused(LINE_3("{every: 5m, run: [x], user: \"^ro\\not\"}"), "no name");
    refused(LINE_3("{every: 5m, run: [x], node: \"^n a\"}"), "no name");
    refused(LINE_3("{every: 5m, run: [x], where: {\"^a b\": c}}"), "no name");
    refused(LINE_3("{every: 5m, run: [x], env: {^KATYDID_JOB: c}}"), "set by the node");
    refused(LINE_3("{every: 5m, run: [x], env: {^A-B: c}}"), "no name of a variable");
    refused(LINE_3("{every: 5m, run: [^\"a\\0b\"]}"), "zero byte");
}

static void what_is_said_twice_is_refused(void **state)
{
    (void)state;
    refused(LINE_3("{every: 5m, run: [x], ^every: 6m}"), "also in line 3");
    refused(HEAD "  a: {every: 5m, run: [x]}\n  b: {every: 5m, run: [x]}\n  ^a: {every: 5m, run: [x]}\n",
            "also in line 3");
    refused(HEAD "  a: {every: 5m, run: [x]}\n  ^main/a: {every: 5m, run: [x]}\n", "defined twice");
}

static void the_head_is_checked(void **state)
{
    (void)state;
    refused("^", "empty");
    refused("^# nothing\n", "empty");
    refused("^jobs: {}\n", "`katydid: 1` is missing");
    refused("katydid: ^2\njobs: {}\n", "version 1 only");
    refused("^katydid: 1\n", "`jobs` is missing");
    refused("^- katydid\n", "a map");
    refused("katydid: 1\njobs: ^[a]\n", "a map of names");
    refused("katydid: 1\njobs: {}\n^---\nkatydid: 1\n", "second document");
    refused("katydid: 1\njobs: {a: ^&x {every: 5m, run: [x]}, b: *x}\n", "anchors and tags");
    refused("katydid: 1\njobs: {a: ^!!str x}\n", "anchors and tags");
    refused("katydid: 1\nnamespace: \"^a b\"\njobs: {}\n", "no name");
    refused("katydid: 1\njobs: {\n^", "");
    refused("katydid: 1\njobs: {^[a]: b}\n", "a plain word");
    refused("katydid: \xff\n", "UTF-8");
}

static void nothing_at_all_is_an_empty_file(void **state)
{
    (void)state;
    struct job_set set = {0};
    struct job_file_error error;
    assert_false(job_set_add(&set, bytes_of(NULL, 0), &CONTEXT, &error));
    assert_string_equal(error.text, "the file is empty");
    job_set_deinit(&set);
}

static void a_file_with_no_jobs_names_its_namespace(void **state)
{
    (void)state;
    struct job_set set;
    read_text("katydid: 1\nnamespace: lab\njobs:\n", &set);
    assert_int_equal(set.job_count, 0);
    assert_true(job_set_has_namespace(&set, "lab"));
    assert_false(job_set_has_namespace(&set, "main"));
    job_set_deinit(&set);
}

static void choices_are_listed_when_missed(void **state)
{
    (void)state;
    refused("katydid: 1\njobs:\n  a: ^{event: e, run: [x], count: 3}\n", "counts due times");
    refused(LINE_3("{every: 5m, run: [x], busy: ^never}"), "write skip, queue, replace or allow");
    refused(LINE_3("{every: 5m, run: [x], catch_up: ^some}"), "write last, none or all");
    refused(LINE_3("{every: 5m, run: [x], catch_up: ^last:x}"), "");
    refused(LINE_3("{every: 5m, run: [x], retry: ^-1}"), "a whole number");
    refused(LINE_3("{every: 5m, run: [x], retry: ^1000}"), "a whole number");
    refused(LINE_3("{every: 5m, run: [x], retry: ^{delay: 5s}}"), "`times` is missing");
    refused(LINE_3("{every: 5m, run: [x], retry: {times: 2, growth: ^0.5}}"), "from 1 to 100");
    refused(LINE_3("{every: 5m, run: [x], output_limit: ^5T}"), "a size like");
    refused(LINE_3("{every: 5m, run: [x], output_limit: ^999999G}"), "a size like");
    refused(LINE_3("{every: 5m, run: [x], directory: ^tmp}"), "a path from / on");
    refused(LINE_3("{every: 5m, run: [x], where: ^nas}"), "a map like");
    refused(LINE_3("{every: 5m, run: [x], user: ^[a]}"), "not a list");
    refused(LINE_3("{every: 5m, run: [x], gap: ^{a: b}}"), "not a map");
}

static void without_a_user_the_hint_is_given(void **state)
{
    (void)state;
    struct job_set set = {0};
    struct job_file_error error;
    struct job_schema_context context = CONTEXT;
    context.user = NULL;
    assert_false(job_set_add(&set, bytes_of_text(LINE_3("{every: 5m, run: [x]}")), &context, &error));
    assert_string_equal(error.text, "say with whose rights");
    assert_int_equal(error.place.line, 3);
    job_set_deinit(&set);
}

static char *repeated(const char *part, size_t count, const char *start)
{
    size_t size = strlen(part);
    char *text = malloc(strlen(start) + size * count + 1);
    assert_non_null(text);
    strcpy(text, start);
    for (size_t i = 0; i < count; i++)
        memcpy(text + strlen(start) + i * size, part, size);
    text[strlen(start) + size * count] = '\0';
    return text;
}

static void huge_and_deep_files_are_refused_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        size_t count;
        const char *wanted;
    } CASES[] = {
        {"# comment\n", 1024 * 1024, "larger than 1048576 bytes"},
        {"[", 100000, "nested more than 32 deep"},
        {"{a: ", 100000, "nested more than 32 deep"},
        {"- ", 100000, "nested more than 32 deep"},
        {"- a\n", 250000, "more than 200000 values"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct job_set set = {0};
        struct job_file_error error = {.text = ""};
        char *text = repeated(CASES[i].part, CASES[i].count, "");
        assert_false(job_set_add(&set, bytes_of_text(text), &CONTEXT, &error));
        if (!strstr(error.text, CASES[i].wanted))
            fail_msg("%zu:%zu: %s", error.place.line, error.place.column, error.text);
        job_set_deinit(&set);
        free(text);
    }
}

static void a_definition_that_fits_no_record_is_refused(void **state)
{
    (void)state;
    char *text = repeated("x", 40000, HEAD "  a: {every: 5m, shell: ^");
    char *whole = repeated("}\n", 1, text);
    refused(whole, "longer than 32768 bytes");
    free(whole);
    free(text);
}

// A job that was read, printed and read again is the same job.
static void survives_the_round(const char *text)
{
    struct job_set first, again;
    struct buffer yaml = {0};
    read_text(text, &first);
    buffer_add(&yaml, HEAD, strlen(HEAD));
    job_yaml_print(&first.jobs[0].definition, "a", &yaml);
    buffer_add_u8(&yaml, 0);
    read_text((const char *)yaml.data, &again);
    if (!job_change_is_none(&again.jobs[0].definition, &first.jobs[0].definition))
        fail_msg("changed by the round:\n%s", (const char *)yaml.data);
    buffer_deinit(&yaml);
    job_set_deinit(&first);
    job_set_deinit(&again);
}

static void what_is_exported_is_found_unchanged(void **state)
{
    (void)state;
    survives_the_round(
        HEAD "  a:\n"
             "    cron: [\"*/5 * * * *\", \"0 4 * * mon\"]\n"
             "    every: {period: 1h30m, anchor: \"2026-01-01T00:00:00.250Z\"}\n"
             "    at: [\"2027-10-31T02:30\", \"2027-03-28T02:30\"]\n"
             "    expires: 15m\n"
             "    zone: Europe/Berlin\n    gap: skip\n    overlap: twice\n    catch_up: all:6h\n"
             "    shell: \"echo \\\"quoted\\\" \\\\ $HOME;\\n\\techo \\u0007 \\u2028 Grüße 'x' # no "
             "comment: yes\"\n"
             "    user: ops\n    directory: /srv/a b\n"
             "    env: {B: \"\", A: \"yes\", C: \"1.5\", D: \"- x\"}\n"
             "    stdin: \"two\\nlines\\n\"\n"
             "    node: nas\n    where: {site: \"berlin north\", role: \"true\"}\n    spread: all\n"
             "    time_limit: 90s\n    grace: 1500ms\n    output_limit: 64K\n    busy: queue\n    "
             "on_lost: report\n"
             "    retry: {times: 3, delay: 10s, growth: 1.5}\n    keep: {for: 7d, runs: 10}\n"
             "    note: \"!important: x\"\n");
}

static void an_export_has_no_blanks_at_ends_and_no_needless_digits(void **state)
{
    (void)state;
    struct job_set set;
    struct buffer yaml = {0};
    read_text(HEAD "  a: {every: 5m, run: [x], env: {B: c}, retry: {times: 5, growth: 2}}\n", &set);
    job_yaml_print(&set.jobs[0].definition, "a", &yaml);
    buffer_add_u8(&yaml, 0);
    assert_non_null(strstr((const char *)yaml.data, "growth: 2}"));
    assert_null(strstr((const char *)yaml.data, " \n"));
    buffer_deinit(&yaml);
    job_set_deinit(&set);
}

static void exported_triggers_of_every_kind_are_found_unchanged(void **state)
{
    (void)state;
    survives_the_round(
        HEAD
        "  a:\n"
        "    every: {period: 5m, from: end}\n"
        "    event: [deploy, {name: \"usb/*\", from: {role: gateway}, quiet_for: 10s, throttle: 1m}]\n"
        "    file: {path: /srv/in, match: \"*.csv\", on: [create, move], quiet_for: 5s}\n"
        "    after: [b, {jobs: [c, lab/d], outcome: not-ok, wait: any}, {jobs: [e, f], match: latest}]\n"
        "    boot: {delay: 30s}\n"
        "    member: {on: [leave, dead], where: {role: gateway}, node: nas}\n"
        "    spread: all\n    stdin: event\n"
        "    catch_up: {run: all, within: 6h, spread: 10m}\n"
        "    jitter: 30s\n    not_before: 2027-01-01T00:00Z\n    not_after: 2028-01-01T00:00Z\n"
        "    max_clock_error: 5s\n"
        "    blackout: [\"0 8 * * MON-FRI for 10h\", {from: 2027-12-24T00:00, until: 2027-12-27T00:00}]\n"
        "    run: [x]\n");
    survives_the_round(LINE_3("{cron: \"0 3 * * *\", event: deploy, count: 12, run: [x]}"));
    survives_the_round(LINE_3("{boot: true, node: a, stdin: {text: event}, run: [x]}"));
    survives_the_round(LINE_3("{after: {job: \"*\", outcome: not-ok}, run: [x]}"));
}

static void a_period_keeps_its_phase_unless_it_changes(void **state)
{
    (void)state;
    struct job_set first, same, other, written;
    read_text(LINE_3("{every: {period: 5m, anchor: \"2026-01-01T00:00:07Z\"}, run: [x]}"), &first);
    read_text(LINE_3("{every: 5m, run: [x]}"), &same);
    read_text(LINE_3("{every: 6m, run: [x]}"), &other);
    read_text(LINE_3("{every: {period: 5m, anchor: \"2026-01-01T00:00:08Z\"}, run: [x]}"), &written);
    const struct definition *base = &first.jobs[0].definition;
    job_change_keep_anchors(&same.jobs[0], base);
    job_change_keep_anchors(&other.jobs[0], base);
    job_change_keep_anchors(&written.jobs[0], base);
    assert_true(job_change_is_none(&same.jobs[0].definition, base));
    assert_false(job_change_is_none(&other.jobs[0].definition, base));
    assert_false(job_change_is_none(&written.jobs[0].definition, base));
    job_set_deinit(&first);
    job_set_deinit(&same);
    job_set_deinit(&other);
    job_set_deinit(&written);
}

static void only_a_changed_schedule_begins_anew(void **state)
{
    (void)state;
    struct job_set first, command, time;
    struct hash id = {{7}};
    read_text(LINE_3("{cron: \"0 2 * * *\", run: [x]}"), &first);
    read_text(LINE_3("{cron: \"0 2 * * *\", run: [y]}"), &command);
    read_text(LINE_3("{cron: \"0 3 * * *\", run: [x]}"), &time);
    struct definition *base = &first.jobs[0].definition, *a = &command.jobs[0].definition,
                      *b = &time.jobs[0].definition;
    job_change_begin(base, 3, 100);
    assert_true(base->life == 3 && base->version == 1 && base->schedule_version == 1 && base->since == 100);
    const struct job_change_base from = {.definition = base, .id = id, .settles = {{{8}}}, .settle_count = 1};
    job_change_follow(a, &from, 200);
    assert_true(a->life == 3 && a->version == 2 && a->schedule_version == 1 && a->since == 100 &&
                a->stamp == 200);
    assert_true(hash_equal(&a->edited_from, &id));
    assert_true(a->settle_count == 1 && a->settles[0].b[0] == 8);
    job_change_follow(b, &from, 300);
    assert_true(b->version == 2 && b->schedule_version == 2 && b->since == 300);
    job_set_deinit(&first);
    job_set_deinit(&command);
    job_set_deinit(&time);
}

static void the_order_of_labels_and_variables_means_nothing(void **state)
{
    (void)state;
    struct job_set first, second;
    read_text(LINE_3("{every: {period: 5m, anchor: \"2026-01-01T00:00Z\"}, run: [x], where: {a: 1, b: 2}, "
                     "env: {X: 1, Y: 2}}"),
              &first);
    read_text(LINE_3("{every: {period: 5m, anchor: \"2026-01-01T00:00Z\"}, run: [x], where: {b: 2, a: 1}, "
                     "env: {Y: 2, X: 1}}"),
              &second);
    assert_true(job_change_is_none(&first.jobs[0].definition, &second.jobs[0].definition));
    job_set_deinit(&first);
    job_set_deinit(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_manual_is_read),
        cmocka_unit_test(every_scalar_is_a_text),
        cmocka_unit_test(unknown_and_later_keys_are_refused_with_a_hint),
        cmocka_unit_test(triggers_that_wait_for_something_are_checked),
        cmocka_unit_test(what_bends_due_times_is_checked),
        cmocka_unit_test(a_star_without_quotes_is_explained),
        cmocka_unit_test(wrong_triggers_point_at_the_column),
        cmocka_unit_test(a_job_needs_exactly_one_command),
        cmocka_unit_test(names_hold_no_newline_or_escape),
        cmocka_unit_test(what_is_said_twice_is_refused),
        cmocka_unit_test(the_head_is_checked),
        cmocka_unit_test(nothing_at_all_is_an_empty_file),
        cmocka_unit_test(a_file_with_no_jobs_names_its_namespace),
        cmocka_unit_test(choices_are_listed_when_missed),
        cmocka_unit_test(without_a_user_the_hint_is_given),
        cmocka_unit_test(huge_and_deep_files_are_refused_at_once),
        cmocka_unit_test(a_definition_that_fits_no_record_is_refused),
        cmocka_unit_test(what_is_exported_is_found_unchanged),
        cmocka_unit_test(an_export_has_no_blanks_at_ends_and_no_needless_digits),
        cmocka_unit_test(exported_triggers_of_every_kind_are_found_unchanged),
        cmocka_unit_test(a_period_keeps_its_phase_unless_it_changes),
        cmocka_unit_test(only_a_changed_schedule_begins_anew),
        cmocka_unit_test(the_order_of_labels_and_variables_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
