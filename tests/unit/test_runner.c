// test_runner.c - the real runner: commands from start to end, through deaths of either process.
#include "node/io/runner/runner.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/clock.h"
#include "node/io/runner/agent_dir.h"
#include "node/io/runner/child.h"
#include "tests/unit/support_runner.h"

#define BIT(kind) (1u << (kind))

// Feeds main/NAME and starts its present due time.
static struct run_id run_shell(struct support_runner *runner, const char *name, const char *text)
{
    struct definition definition = support_runner_definition(runner, name, text);
    struct hash id = support_runner_define(runner, &runner->alice, &definition);
    struct frame_start start = support_runner_due_start(runner, &id);
    return support_runner_run(runner, &start);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void it_greets_and_then_says_that_starts_are_accepted(void **state)
{
    struct support_runner *runner = *state;
    const struct frame *frame = support_runner_wait(runner, BIT(FRAME_HELLO));
    assert_string_equal(frame->name, "test");
    assert_int_equal(frame->is_root, geteuid() == 0);
    frame = support_runner_wait(runner, BIT(FRAME_HEARTBEAT));
    assert_true(frame->ok);
}

static void a_due_job_runs_and_its_output_and_end_come_back(void **state)
{
    struct support_runner *runner = *state;
    struct run_id run = run_shell(runner, "hello", "echo hello; echo oops >&2; exit 3");
    assert_true(runner->got.frame.pid > 0);
    struct buffer output = support_runner_output(runner);
    assert_string_equal((const char *)output.data, "hello\n");
    const struct frame *ended = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_memory_equal(&ended->run, &run, sizeof run);
    assert_int_equal(ended->status, LEDGER_FAILED);
    assert_int_equal(ended->exit_code, 3);
    assert_int_equal(ended->signal, 0);
    assert_string_equal(ended->reason, "exit 3");
    assert_true(ended->ended_ms >= ended->started_ms && ended->started_ms > 0);
    buffer_deinit(&output);
}

static void exit_zero_is_ok_and_a_signal_is_named(void **state)
{
    struct support_runner *runner = *state;
    run_shell(runner, "good", "exit 0");
    const struct frame *ended = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_int_equal(ended->status, LEDGER_OK);
    assert_int_equal(ended->exit_code, 0);
    assert_string_equal(ended->reason, "");
    run_shell(runner, "crashes", "kill -SEGV $$");
    ended = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_int_equal(ended->status, LEDGER_FAILED);
    assert_int_equal(ended->signal, SIGSEGV);
    assert_int_equal(ended->exit_code, -1);
}

static void the_command_knows_its_run(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(
        runner, "env", "echo $KATYDID_JOB $KATYDID_RUN $KATYDID_ATTEMPT $KATYDID_NODE $PWD; cat");
    struct definition_pair own = {"GREETING", "hi"};
    char expected[200], run_text[2 * RUN_ID_SIZE + 1];
    definition.environment = &own;
    definition.environment_count = 1;
    definition.directory = "/usr";
    definition.standard_input = "typed\n";
    struct hash id = support_runner_define(runner, &runner->alice, &definition);
    struct frame_start start = support_runner_due_start(runner, &id);
    struct run_id run = support_runner_run(runner, &start);
    struct buffer output = support_runner_output(runner);
    hex_encode(run.b, sizeof run.b, run_text);
    snprintf(expected, sizeof expected, "main/env %s 1 node-%d /usr\ntyped\n", run_text, SUPPORT_RUNNER_NODE);
    assert_string_equal((const char *)output.data, expected);
    buffer_deinit(&output);
}

static void a_command_that_cannot_be_executed_ends_failed_with_the_reason(void **state)
{
    struct support_runner *runner = *state;
    static const char *const missing[] = {"/no/such/command"};
    struct definition definition = support_runner_definition(runner, "missing", NULL);
    definition.argv = missing;
    definition.argument_count = 1;
    struct hash id = support_runner_define(runner, &runner->alice, &definition);
    struct frame_start start = support_runner_due_start(runner, &id);
    const struct frame *ended = support_runner_try(runner, &start);
    assert_int_equal(ended->kind, FRAME_ENDED);
    assert_int_equal(ended->status, LEDGER_FAILED);
    assert_string_equal(ended->reason, "exec: not found: /no/such/command");
    if (geteuid() != 0)
        return;
    definition = support_runner_definition(runner, "nobody-knows", "true");
    strcpy(definition.user, "no-such-user");
    id = support_runner_define(runner, &runner->alice, &definition);
    start = support_runner_due_start(runner, &id);
    ended = support_runner_try(runner, &start);
    assert_int_equal(ended->kind, FRAME_ENDED);
    assert_string_equal(ended->reason, "user: unknown: no-such-user");
}

static void the_time_limit_asks_then_kills(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition =
        support_runner_definition(runner, "stubborn", "trap '' TERM; while :; do sleep 0.05; done");
    definition.time_limit_ms = 300;
    definition.grace_ms = 300;
    struct hash id = support_runner_define(runner, &runner->alice, &definition);
    struct frame_start start = support_runner_due_start(runner, &id);
    support_runner_run(runner, &start);
    const struct frame *ended = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_int_equal(ended->status, LEDGER_TIMEOUT);
    assert_int_equal(ended->signal, SIGKILL);
    assert_true(ended->ended_ms - ended->started_ms >= 550);

    definition = support_runner_definition(runner, "obedient", "exec sleep 1000");
    definition.time_limit_ms = 300;
    id = support_runner_define(runner, &runner->alice, &definition);
    start = support_runner_due_start(runner, &id);
    support_runner_run(runner, &start);
    ended = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_int_equal(ended->status, LEDGER_TIMEOUT);
    assert_int_equal(ended->signal, SIGTERM);
}

static void a_run_is_stopped_continued_and_cancelled(void **state)
{
    struct support_runner *runner = *state;
    struct run_id run = run_shell(runner, "long", "exec sleep 1000");
    struct frame frame = {.kind = FRAME_SIGNAL, .run = run, .action = FRAME_STOP};
    support_runner_send(runner, &frame);
    frame.action = FRAME_TERM; // a stopped command is continued to be able to obey
    support_runner_send(runner, &frame);
    const struct frame *ended = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_int_equal(ended->status, LEDGER_CANCELLED);
    assert_int_equal(ended->signal, SIGTERM);
    run = run_shell(runner, "killed", "trap '' TERM; while :; do sleep 0.05; done");
    frame = (struct frame){.kind = FRAME_SIGNAL, .run = run, .action = FRAME_KILL};
    support_runner_send(runner, &frame);
    ended = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_int_equal(ended->status, LEDGER_CANCELLED);
    assert_int_equal(ended->signal, SIGKILL);
}

// The pid a command wrote down.
static pid_t read_pid(const char *path)
{
    char text[32] = "";
    for (int i = 0; i < 2000 && !strchr(text, '\n'); i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
            text[0] = '\0';
        if (fd >= 0)
            close(fd);
        usleep(5000);
    }
    return (pid_t)atol(text);
}

static void wait_until_gone(pid_t pid)
{
    assert_true(pid > 1);
    for (int i = 0; i < 4000 && kill(pid, 0) == 0; i++)
        usleep(5000);
    assert_int_equal(kill(pid, 0), -1);
}

static void what_a_run_leaves_behind_is_killed_wherever_it_went(void **state)
{
    struct support_runner *runner = *state;
    char text[1024], first[SUPPORT_DIR_ROOM + 16], second[SUPPORT_DIR_ROOM + 16];
    snprintf(first, sizeof first, "%s/first", runner->top);
    snprintf(second, sizeof second, "%s/second", runner->top);
    // One stays in the group; one leaves the session and its parents, with its environment cleared.
    snprintf(text, sizeof text,
             "sleep 1000 & echo $! >%s; (env -i setsid sh -c 'echo $$ >%s; exec sleep 1000' &) ; "
             "while [ ! -s %s ]; do sleep 0.02; done; exit 0",
             first, second, second);
    run_shell(runner, "daemon", text);
    const struct frame *ended = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_int_equal(ended->status, LEDGER_OK);
    wait_until_gone(read_pid(first));
    wait_until_gone(read_pid(second));
}

static void a_new_network_process_finds_what_runs_and_what_ended(void **state)
{
    struct support_runner *runner = *state;
    char gate[SUPPORT_DIR_ROOM + 16], text[SUPPORT_DIR_ROOM + 100];
    snprintf(gate, sizeof gate, "%s/gate", runner->top);
    snprintf(text, sizeof text, "echo one; while [ ! -e %s ]; do sleep 0.02; done; echo two", gate);
    struct run_id live = run_shell(runner, "live", text);
    struct run_id ended = run_shell(runner, "ended", "echo over");
    support_runner_wait(runner, BIT(FRAME_ENDED));
    support_runner_disconnect(runner);
    support_runner_connect(runner);
    bool live_seen = false, ended_seen = false;
    for (int i = 0; i < 2; i++) {
        const struct frame *frame = support_runner_wait(runner, BIT(FRAME_RUNNING));
        bool is_live = run_id_equal(&frame->run, &live);
        live_seen |= is_live;
        ended_seen |= run_id_equal(&frame->run, &ended);
        if (is_live) {
            write_file(gate, "");
            struct buffer output = support_runner_output(runner);
            assert_string_equal((const char *)output.data, "one\ntwo\n");
            buffer_deinit(&output);
        }
    }
    assert_true(live_seen && ended_seen);
    const struct frame *frame = support_runner_wait(runner, BIT(FRAME_ENDED));
    struct run_id told = frame->run;
    support_runner_acknowledge(runner, &told);
    frame = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_false(run_id_equal(&frame->run, &told));
    support_runner_acknowledge(runner, &frame->run);
    support_runner_disconnect(runner);
    support_runner_connect(runner);
    assert_false(support_runner_came(runner, BIT(FRAME_RUNNING) | BIT(FRAME_ENDED)));
}

static void what_is_not_kept_stays_in_the_pipes(void **state)
{
    struct support_runner *runner = *state;
    char gate[SUPPORT_DIR_ROOM + 16], text[SUPPORT_DIR_ROOM + 100];
    snprintf(gate, sizeof gate, "%s/gate", runner->top);
    snprintf(text, sizeof text, "echo begin; while [ ! -e %s ]; do sleep 0.02; done; echo end", gate);
    struct frame kept = {.kind = FRAME_KEPT, .taken = {4, 1000}};
    kept.run = run_shell(runner, "slow", text);
    struct pollfd pipe = {.fd = runner->got.descriptors[0], .events = POLLIN};
    assert_int_equal(poll(&pipe, 1, 20000), 1);
    support_runner_send(runner, &kept);
    const struct frame *frame = support_runner_wait(runner, BIT(FRAME_TAKEN));
    assert_true(frame->taken[0] == 4 && frame->taken[1] == 0); // what is not there cannot be taken
    support_runner_send(runner, &kept);
    frame = support_runner_wait(runner, BIT(FRAME_TAKEN));
    assert_true(frame->taken[0] == 4 && frame->taken[1] == 0);
    support_runner_disconnect(runner);
    support_runner_connect(runner);
    frame = support_runner_wait(runner, BIT(FRAME_RUNNING));
    assert_true(frame->taken[0] == 4 && frame->taken[1] == 0);
    write_file(gate, "");
    struct buffer output = support_runner_output(runner);
    assert_string_equal((const char *)output.data, "n\nend\n");
    buffer_deinit(&output);
    kept.run.b[0] ^= 1; // unknown ones are nobody's
    support_runner_send(runner, &kept);
    assert_false(support_runner_came(runner, BIT(FRAME_TAKEN)));
}

static void a_runner_that_was_killed_settles_what_was_open(void **state)
{
    struct support_runner *runner = *state;
    char path[SUPPORT_DIR_ROOM + 16], text[3 * SUPPORT_DIR_ROOM];
    snprintf(path, sizeof path, "%s/orphan", runner->top);
    // The leader dies with the runner; its child in another session does not.
    snprintf(text, sizeof text,
             "setsid sh -c 'echo $$ >%s; exec sleep 1000' & while [ ! -s %s ]; do sleep 0.02; done;"
             "sleep 1000",
             path, path);
    struct definition definition = support_runner_definition(runner, "long", text);
    struct hash id = support_runner_define(runner, &runner->alice, &definition);
    struct frame_start start = support_runner_due_start(runner, &id);
    struct run_id run = support_runner_run(runner, &start);
    struct run_id done = run_shell(runner, "done", "exit 5");
    support_runner_wait(runner, BIT(FRAME_ENDED));
    pid_t orphan = read_pid(path);
    support_runner_stop(runner, SIGKILL);
    assert_int_equal(kill(orphan, 0), 0);
    support_runner_start(runner);
    wait_until_gone(orphan);
    for (int i = 0; i < 2; i++) {
        const struct frame *frame = support_runner_wait(runner, BIT(FRAME_ENDED));
        if (run_id_equal(&frame->run, &done)) {
            assert_int_equal(frame->status, LEDGER_FAILED);
            assert_int_equal(frame->exit_code, 5);
        } else {
            assert_true(run_id_equal(&frame->run, &run));
            assert_int_equal(frame->status, LEDGER_LOST);
            assert_string_equal(frame->reason, "the agent died while it ran");
            assert_true(frame->start.due_ms == start.due_ms);
        }
    }
    // What started before the crash does not start again, whatever the generation.
    struct frame_start again = start;
    again.generation = 2;
    support_runner_define(runner, &runner->alice, &definition);
    const struct frame *frame = support_runner_try(runner, &again);
    assert_int_equal(frame->kind, FRAME_DENIED);
    assert_int_equal(frame->rule, 5);
}

static void a_malformed_frame_costs_the_network_process_and_no_job(void **state)
{
    struct support_runner *runner = *state;
    struct run_id run = run_shell(runner, "long", "exec sleep 1000");
    assert_int_equal(send(runner->link.fd, "\x0a short", 7, 0), 7);
    support_runner_disconnect(runner);
    support_runner_connect(runner);
    const struct frame *frame = support_runner_wait(runner, BIT(FRAME_RUNNING));
    assert_true(run_id_equal(&frame->run, &run));
    assert_int_equal(kill(frame->pid, 0), 0);
    // Frames that only the runner may send, and descriptors from below, are no better.
    int fds[2] = {STDIN_FILENO, STDOUT_FILENO};
    struct frame wrong = {.kind = FRAME_STARTED, .start = {.cause = FRAME_SCHEDULED, .attempt = 1}};
    assert_int_equal(link_send(&runner->link, &wrong, fds, 2), 0);
    support_runner_disconnect(runner);
    support_runner_connect(runner);
    support_runner_wait(runner, BIT(FRAME_RUNNING));
}

static void a_silent_network_process_is_replaced(void **state)
{
    struct support_runner *runner = *state;
    support_runner_wait(runner, BIT(FRAME_HEARTBEAT));
    struct link silent = runner->link;
    runner->link = (struct link){.fd = -1};
    int relay = runner->relay;
    support_runner_connect(runner); // says nothing meanwhile
    support_runner_wait(runner, BIT(FRAME_HELLO));
    link_deinit(&silent);
    close(relay);
}

static void after_a_gap_nothing_starts_until_resume(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    struct hash id = support_runner_define(runner, &runner->alice, &definition);
    struct frame_start start = support_runner_due_start(runner, &id);
    uint64_t before_ns = clock_boottime_ns();
    kill(runner->pid, SIGSTOP);
    usleep(2500 * 1000);
    kill(runner->pid, SIGCONT);
    const struct frame *frame = support_runner_try(runner, &start);
    assert_int_equal(frame->kind, FRAME_DENIED);
    assert_int_equal(frame->rule, 0);
    struct frame resume = {.kind = FRAME_RESUME, .boottime_ns = before_ns};
    support_runner_send(runner, &resume); // it was sent before the gap ended
    frame = support_runner_try(runner, &start);
    assert_int_equal(frame->kind, FRAME_DENIED);
    resume.boottime_ns = clock_boottime_ns();
    support_runner_send(runner, &resume);
    support_runner_run(runner, &start);
}

static void a_start_that_waited_in_the_socket_is_stale(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    struct hash id = support_runner_define(runner, &runner->alice, &definition);
    struct frame_start start = support_runner_due_start(runner, &id);
    start.sent_boottime_ns = clock_boottime_ns() - 2100000000u;
    const struct frame *frame = support_runner_try(runner, &start);
    assert_int_equal(frame->kind, FRAME_DENIED);
    assert_int_equal(frame->rule, 0);
    start.sent_boottime_ns = clock_boottime_ns() + 1000000000u;
    frame = support_runner_try(runner, &start);
    assert_int_equal(frame->kind, FRAME_DENIED);
    assert_int_equal(frame->rule, 0);
    start.sent_boottime_ns = 0;
    support_runner_run(runner, &start);
}

static void an_unknown_definition_is_asked_for_and_then_started(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "late", "true");
    struct buffer envelope = {0};
    struct record_id id = support_sign_definition(&runner->alice, &definition, &envelope);
    struct frame_start start = support_runner_due_start(runner, &id.hash);
    const struct frame *frame = support_runner_try(runner, &start);
    assert_int_equal(frame->kind, FRAME_NEED);
    assert_memory_equal(&frame->record, &id.hash, sizeof frame->record);
    const struct frame record = {.kind = FRAME_RECORD, .data = buffer_view(&envelope)};
    support_runner_send(runner, &record);
    support_runner_wait(runner, BIT(FRAME_STARTED));
    buffer_deinit(&envelope);
}

static void zones_are_read_for_the_network_process(void **state)
{
    struct support_runner *runner = *state;
    struct frame want = {.kind = FRAME_ZONE_WANT, .name = "Europe/Berlin"};
    support_runner_send(runner, &want);
    const struct frame *frame = support_runner_wait(runner, BIT(FRAME_ZONE));
    assert_string_equal(frame->name, "Europe/Berlin");
    assert_true(frame->data.size > 100);
    assert_memory_equal(frame->data.data, "TZif", 4);
    static const char *const bad[] = {"../../etc/passwd", "/etc/passwd", "No/Such", "",
                                      "Europe",           "a//b",        "./UTC"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        snprintf(want.name, sizeof want.name, "%s", bad[i]);
        support_runner_send(runner, &want);
        frame = support_runner_wait(runner, BIT(FRAME_ZONE));
        assert_string_equal(frame->name, bad[i]);
        assert_int_equal(frame->data.size, 0);
    }
}

static void a_signal_ends_the_commands_and_the_agent(void **state)
{
    struct support_runner *runner = *state;
    struct run_id run = run_shell(runner, "long", "exec sleep 1000");
    pid_t pid = runner->got.frame.pid;
    kill(runner->pid, SIGTERM);
    const struct frame *ended = support_runner_wait(runner, BIT(FRAME_ENDED));
    assert_int_equal(ended->status, LEDGER_LOST);
    assert_string_equal(ended->reason, "the agent was stopped");
    support_runner_disconnect(runner);
    int status = support_runner_stop(runner, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(kill(pid, 0), -1);
    support_runner_start(runner);
    ended = support_runner_wait(runner, BIT(FRAME_ENDED)); // nobody had acknowledged it
    assert_true(run_id_equal(&ended->run, &run));
    assert_int_equal(ended->status, LEDGER_LOST);
}

static void a_second_signal_ends_it_at_once(void **state)
{
    struct support_runner *runner = *state;
    run_shell(runner, "stubborn", "trap '' TERM; while :; do sleep 0.05; done");
    pid_t pid = runner->got.frame.pid;
    uint64_t before_ms = clock_now_ms();
    kill(runner->pid, SIGINT);
    while (support_runner_wait(runner, BIT(FRAME_HEARTBEAT))->ok)
        continue;
    int status = support_runner_stop(runner, SIGINT);
    assert_true(WIFEXITED(status));
    assert_true(clock_now_ms() - before_ms < RUNNER_STOP_GRACE_MS);
    assert_int_equal(kill(pid, 0), -1);
}

static int run_main(const char *directory)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        const struct runner_options options = {.directory = directory, .build = "test"};
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDERR_FILENO);
        _exit(runner_main(&options));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_directory_serves_one_agent_and_must_be_one(void **state)
{
    struct support_runner *runner = *state;
    char path[SUPPORT_DIR_ROOM + 32];
    assert_int_equal(run_main(runner->directory), 1);
    snprintf(path, sizeof path, "%s/none", runner->top);
    assert_int_equal(run_main(path), RUNNER_NO_AGENT);
    support_runner_stop(runner, SIGKILL);
    snprintf(path, sizeof path, "%s/runner", runner->directory);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(run_main(runner->directory), 1);
    assert_int_equal(chmod(path, 0700), 0);
    snprintf(path, sizeof path, "%s/runner/pin", runner->directory);
    assert_int_equal(truncate(path, 20), 0);
    assert_int_equal(run_main(runner->directory), 1);
}

static void the_control_socket_is_private_and_outlives_a_network_process(void **state)
{
    struct support_runner *runner = *state;
    char path[SUPPORT_DIR_ROOM + 32];
    struct stat before, after;
    snprintf(path, sizeof path, "%s/control", runner->directory);
    assert_int_equal(stat(path, &before), 0);
    assert_true(S_ISSOCK(before.st_mode));
    assert_int_equal(before.st_mode & 0777, 0600);
    support_runner_disconnect(runner);
    support_runner_connect(runner);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
}

int main(int argc, char **argv)
{
    if (support_runner_relay(argc, argv))
        return 0;
#define TEST(name) cmocka_unit_test_setup_teardown(name, support_runner_set_up, support_runner_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_greets_and_then_says_that_starts_are_accepted),
        TEST(a_due_job_runs_and_its_output_and_end_come_back),
        TEST(exit_zero_is_ok_and_a_signal_is_named),
        TEST(the_command_knows_its_run),
        TEST(a_command_that_cannot_be_executed_ends_failed_with_the_reason),
        TEST(the_time_limit_asks_then_kills),
        TEST(a_run_is_stopped_continued_and_cancelled),
        TEST(what_a_run_leaves_behind_is_killed_wherever_it_went),
        TEST(a_new_network_process_finds_what_runs_and_what_ended),
        TEST(what_is_not_kept_stays_in_the_pipes),
        TEST(a_runner_that_was_killed_settles_what_was_open),
        TEST(a_malformed_frame_costs_the_network_process_and_no_job),
        TEST(a_silent_network_process_is_replaced),
        TEST(after_a_gap_nothing_starts_until_resume),
        TEST(a_start_that_waited_in_the_socket_is_stale),
        TEST(an_unknown_definition_is_asked_for_and_then_started),
        TEST(zones_are_read_for_the_network_process),
        TEST(a_signal_ends_the_commands_and_the_agent),
        TEST(a_second_signal_ends_it_at_once),
        TEST(a_directory_serves_one_agent_and_must_be_one),
        TEST(the_control_socket_is_private_and_outlives_a_network_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
