// test_spawn.c - real processes: how they start, what they find, what they leave, and why they do not start.
#include "node/io/runner/spawn.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/runner/environment.h"
#include "tests/unit/support_dir.h"

struct world {
    char path[SUPPORT_DIR_ROOM];
    struct account_cache accounts;
    const struct account *me;
    struct spawn_request request;
    struct spawn_process process;
    struct reason reason;
    struct buffer output, errors;
    int status; // as wait() gives it
};

static char *const SMALL_ENVIRONMENT[] = {(char[]){"A=1"}, NULL};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    const struct passwd *entry = getpwuid(geteuid());
    support_dir_make(world->path);
    world->me = account_find(&world->accounts, entry->pw_name, 1);
    world->request = (struct spawn_request){.environment = SMALL_ENVIRONMENT,
                                            .path = ENVIRONMENT_PATH,
                                            .account = world->me,
                                            .directory = world->path};
    *state = world;
    return world->me == NULL;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    account_cache_deinit(&world->accounts);
    buffer_deinit(&world->output);
    buffer_deinit(&world->errors);
    support_dir_remove(world->path);
    free(world);
    return 0;
}

// Reads both until their other ends are closed.
static void drain(struct spawn_process *process, struct buffer *output, struct buffer *errors)
{
    uint8_t chunk[64 * 1024];
    struct pollfd ready[2] = {{.fd = process->output, .events = POLLIN},
                              {.fd = process->errors, .events = POLLIN}};
    struct buffer *const into[2] = {output, errors};
    while (ready[0].fd >= 0 || ready[1].fd >= 0) {
        poll(ready, 2, -1);
        for (int i = 0; i < 2; i++) {
            ssize_t size = ready[i].fd >= 0 && ready[i].revents ? read(ready[i].fd, chunk, sizeof chunk) : -1;
            if (size == 0) {
                close(ready[i].fd);
                ready[i].fd = -1;
            } else if (size > 0) {
                buffer_add(into[i], chunk, (size_t)size);
            }
        }
    }
}

static bool start(struct world *world, const char *const *argv)
{
    char *arguments[16] = {0};
    for (size_t i = 0; argv[i]; i++)
        arguments[i] = base_copy_text(argv[i]);
    world->request.argv = arguments;
    bool started = spawn_start(&world->request, &world->process, &world->reason);
    for (size_t i = 0; arguments[i]; i++)
        free(arguments[i]);
    return started;
}

static void finish(struct world *world)
{
    buffer_clear(&world->output);
    buffer_clear(&world->errors);
    drain(&world->process, &world->output, &world->errors);
    assert_int_equal(waitpid(world->process.pid, &world->status, 0), world->process.pid);
}

static void run(struct world *world, const char *const *argv)
{
    assert_true(start(world, argv));
    finish(world);
}

static void run_shell(struct world *world, const char *text)
{
    const char *const argv[] = {"/bin/sh", "-c", text, NULL};
    run(world, argv);
}

static const char *text_of(struct buffer *buffer)
{
    buffer_add_u8(buffer, 0);
    buffer->size--;
    return (const char *)buffer->data;
}

static void output_errors_and_exit_code_come_back(void **state)
{
    struct world *world = *state;
    run_shell(world, "echo to-out; echo to-err >&2; exit 7");
    assert_string_equal(text_of(&world->output), "to-out\n");
    assert_string_equal(text_of(&world->errors), "to-err\n");
    assert_true(WIFEXITED(world->status));
    assert_int_equal(WEXITSTATUS(world->status), 7);
}

static void a_command_killed_by_a_signal_says_which(void **state)
{
    struct world *world = *state;
    run_shell(world, "kill -9 $$");
    assert_true(WIFSIGNALED(world->status));
    assert_int_equal(WTERMSIG(world->status), SIGKILL);
}

static void arguments_reach_the_command_untouched(void **state)
{
    struct world *world = *state;
    const char *const argv[] = {"printf", "<%s>", "a b", "$HOME", "'\"", "*", NULL};
    run(world, argv);
    assert_string_equal(text_of(&world->output), "<a b><$HOME><'\"><*>");
}

static void a_command_is_looked_for_in_its_own_path(void **state)
{
    struct world *world = *state;
    char tool[SUPPORT_DIR_ROOM + 16], path[2 * SUPPORT_DIR_ROOM];
    const char *const argv[] = {"my-tool", NULL};
    assert_false(start(world, argv));
    snprintf(tool, sizeof tool, "%s/my-tool", world->path);
    FILE *file = fopen(tool, "w");
    fputs("#!/bin/sh\necho found\n", file);
    fchmod(fileno(file), 0755);
    fclose(file);
    snprintf(path, sizeof path, "/nonexistent:%s:/bin", world->path);
    world->request.path = path;
    run(world, argv);
    assert_string_equal(text_of(&world->output), "found\n");
}

static void a_missing_command_is_a_reason_and_not_a_process(void **state)
{
    struct world *world = *state;
    const char *const bare[] = {"no-such-command", NULL};
    const char *const whole[] = {"/no/such/command", NULL};
    assert_false(start(world, bare));
    assert_string_equal(world->reason.text, "exec: not found: no-such-command");
    assert_false(start(world, whole));
    assert_string_equal(world->reason.text, "exec: not found: /no/such/command");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); // no child is left
}

static void a_file_that_is_no_program_is_not_executable(void **state)
{
    struct world *world = *state;
    char path[SUPPORT_DIR_ROOM + 16];
    snprintf(path, sizeof path, "%s/data", world->path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, "just text\n", 10), 10);
    const char *const argv[] = {path, NULL};
    const char *const bare[] = {"data", NULL};
    assert_false(start(world, argv));
    assert_non_null(strstr(world->reason.text, "exec: not executable: "));
    world->request.path = world->path;
    assert_false(start(world, bare));
    assert_string_equal(world->reason.text, "exec: not executable: data");
    assert_int_equal(fchmod(fd, 0755), 0);
    close(fd);
    assert_false(start(world, argv));
    assert_non_null(strstr(world->reason.text, "exec: not executable: "));
}

static void a_missing_folder_is_named(void **state)
{
    struct world *world = *state;
    const char *const argv[] = {"true", NULL};
    world->request.directory = "/no/such/folder";
    assert_false(start(world, argv));
    assert_string_equal(world->reason.text, "directory: No such file or directory: /no/such/folder");
}

static void a_reason_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        struct reason reason;
        char text[400] = "xxxx";
        text[shift] = '\0';
        while (strlen(text) < 300)
            strcat(text, "\u20ac"); // three bytes each
        reason_set(&reason, "%s", text);
        assert_int_equal((strlen(reason.text) - shift) % 3, 0);
        assert_true(strlen(reason.text) >= FRAME_REASON_ROOM - 4);
    }
}

static void the_folder_is_the_one_asked_for_else_home_else_root(void **state)
{
    struct world *world = *state;
    struct account homeless = *world->me;
    const char *const argv[] = {"pwd", NULL};
    run(world, argv);
    assert_memory_equal(text_of(&world->output), world->path, strlen(world->path));
    world->request.directory = NULL;
    strcpy(homeless.home, "/no/such/home");
    world->request.account = &homeless;
    run(world, argv);
    assert_string_equal(text_of(&world->output), "/\n");
    strcpy(homeless.home, "/usr");
    run(world, argv);
    assert_string_equal(text_of(&world->output), "/usr\n");
    world->request.directory = "bin/..";
    run(world, argv);
    assert_string_equal(text_of(&world->output), "/usr\n");
}

static void standard_input_is_empty_or_the_given_text(void **state)
{
    struct world *world = *state;
    struct buffer large = {0};
    run_shell(world, "wc -c; readlink /proc/self/fd/0");
    assert_string_equal(text_of(&world->output), "0\n/dev/null\n");
    for (int i = 0; i < 200000; i++)
        buffer_add_u8(&large, 'x');
    world->request.standard_input = buffer_view(&large);
    run_shell(world, "wc -c");
    assert_string_equal(text_of(&world->output), "200000\n");
    buffer_deinit(&large);
}

static void huge_output_passes_through(void **state)
{
    struct world *world = *state;
    run_shell(world, "head -c 20000000 /dev/zero; head -c 100000 /dev/zero >&2");
    assert_int_equal(world->output.size, 20000000);
    assert_int_equal(world->errors.size, 100000);
}

static void the_environment_is_exactly_the_one_promised(void **state)
{
    struct world *world = *state;
    struct environment environment;
    struct definition_pair own[] = {{"GREETING", "hello"}, {"LANG", "de_DE.UTF-8"}};
    const struct definition_pair about[] = {{"KATYDID_BOOT", "b0"}};
    struct definition definition = {.environment = own, .environment_count = 2};
    struct environment_run of_run = {.job = "main/digest",
                                     .run = {{0xab, 0x01}},
                                     .due_ms = 1790000000123,
                                     .attempt = 2,
                                     .node = "nas",
                                     .cause = "boot",
                                     .more = about,
                                     .more_count = 1};
    char expected[2048];
    setenv("SECRET_OF_THE_AGENT", "x", 1);
    environment_init(&environment, &definition, world->me, &of_run);
    world->request.environment = environment.entries;
    world->request.path = environment_find(&environment, "PATH");
    const char *const argv[] = {"env", NULL};
    run(world, argv);
    snprintf(expected, sizeof expected,
             "PATH=%s\nHOME=%s\nUSER=%s\nLOGNAME=%s\nSHELL=/bin/sh\nLANG=de_DE.UTF-8\nGREETING=hello\n"
             "KATYDID_JOB=main/digest\nKATYDID_RUN=ab010000000000000000000000000000\n"
             "KATYDID_DUE=2026-09-21T14:13:20.123Z\nKATYDID_ATTEMPT=2\nKATYDID_NODE=nas\n"
             "KATYDID_CAUSE=boot\nKATYDID_BOOT=b0\n",
             ENVIRONMENT_PATH, world->me->home, world->me->name, world->me->name);
    assert_string_equal(text_of(&world->output), expected);
    environment_deinit(&environment);
}

static void no_descriptor_leaks_into_the_command(void **state)
{
    struct world *world = *state;
    int leaky = open("/dev/zero", O_RDONLY); // not close-on-exec
    int far = dup2(leaky, 500);
    const char *const argv[] = {"ls", "/proc/self/fd", NULL};
    run(world, argv);
    assert_string_equal(text_of(&world->output), "0\n1\n2\n3\n"); // 3 is the folder that ls reads
    close(leaky);
    close(far);
}

static int count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void nothing_stays_open_here_after_success_or_failure(void **state)
{
    struct world *world = *state;
    const char *const missing[] = {"no-such-command", NULL};
    int before = count_descriptors();
    world->request.standard_input = bytes_of_text("text");
    for (int i = 0; i < 20; i++) {
        assert_false(start(world, missing));
        run_shell(world, "true");
    }
    assert_int_equal(count_descriptors(), before);
}

static void a_command_leads_its_own_session_with_default_signals_and_limits(void **state)
{
    struct world *world = *state;
    signal(SIGPIPE, SIG_IGN);
    run_shell(world, "read -r pid name state parent group session rest </proc/$$/stat; "
                     "[ $pid = $group ] && [ $pid = $session ] && echo leader; ulimit -c; ulimit -n; umask; "
                     "exec grep -E '^(SigBlk|SigIgn|NoNewPrivs)' /proc/self/status");
    assert_string_equal(text_of(&world->output),
                        "leader\n0\n1024\n0022\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
                        "NoNewPrivs:\t1\n");
}

static void a_command_starts_while_we_hold_more_descriptors_than_it_may(void **state)
{
    struct world *world = *state;
    struct rlimit before, enough;
    int held[1200];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    enough = before;
    enough.rlim_cur = MIN_OF(before.rlim_max, (rlim_t)(COUNT_OF(held) + 100));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &enough), 0);
    for (size_t i = 0; i < COUNT_OF(held); i++)
        held[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool started = start(world, (const char *const[]){"/bin/sh", "-c", "cat; ulimit -n", NULL});
    for (size_t i = 0; i < COUNT_OF(held); i++) {
        if (held[i] >= 0)
            close(held[i]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(started);
    finish(world);
    assert_string_equal(text_of(&world->output), "1024\n");
}

static void a_command_dies_with_the_process_that_started_it(void **state)
{
    struct world *world = *state;
    int alive[2];
    assert_int_equal(pipe(alive), 0);
    pid_t runner = fork();
    if (runner == 0) {
        const char *const argv[] = {"/bin/sh", "-c", "exec sleep 1000", NULL};
        close(alive[0]);
        bool started = start(world, argv);
        assert_int_equal(write(alive[1], &world->process.pid, sizeof world->process.pid), sizeof(pid_t));
        _exit(!started);
    }
    pid_t job = 0;
    close(alive[1]);
    assert_int_equal(read(alive[0], &job, sizeof job), sizeof job);
    assert_int_equal(waitpid(runner, NULL, 0), runner);
    while (kill(job, 0) == 0)
        usleep(1000);
    close(alive[0]);
}

static void killing_the_group_reaches_a_grandchild(void **state)
{
    struct world *world = *state;
    const char *const argv[] = {"/bin/sh", "-c", "(sleep 1000 & echo $!; wait) & wait", NULL};
    assert_true(start(world, argv));
    char line[32] = "";
    while (read(world->process.output, line, sizeof line - 1) <= 0)
        usleep(1000);
    pid_t grandchild = (pid_t)atol(line);
    assert_int_equal(kill(grandchild, 0), 0);
    assert_int_equal(kill(-world->process.pid, SIGKILL), 0);
    finish(world); // returns only when nobody holds the pipe any more, the grandchild included
    assert_true(WIFSIGNALED(world->status));
}

static void root_becomes_the_user_with_the_users_groups(void **state)
{
    struct world *world = *state;
    if (geteuid() != 0)
        skip();
    world->request.account = account_find(&world->accounts, "nobody", 1);
    world->request.directory = "/";
    assert_non_null(world->request.account);
    run_shell(world, "id -u; id -G; grep -E '^Cap(Prm|Eff)' /proc/$$/status");
    char expected[200];
    struct passwd *nobody = getpwnam("nobody");
    snprintf(expected, sizeof expected, "%d\n%d\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n",
             (int)nobody->pw_uid, (int)nobody->pw_gid);
    assert_string_equal(text_of(&world->output), expected);
}

static void the_folder_is_opened_with_the_rights_of_the_user(void **state)
{
    struct world *world = *state;
    const char *const argv[] = {"true", NULL};
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(world->path, 0700), 0);
    world->request.account = account_find(&world->accounts, "nobody", 1);
    assert_false(start(world, argv));
    assert_non_null(strstr(world->reason.text, "directory: Permission denied: "));
}

static void an_unknown_user_is_not_found_and_answers_are_remembered(void **state)
{
    struct world *world = *state;
    assert_null(account_find(&world->accounts, "no-such-user", 1));
    const struct account *first = account_find(&world->accounts, "nobody", 1);
    gid_t *groups = first->groups;
    assert_ptr_equal(account_find(&world->accounts, "nobody", ACCOUNT_AGE_MS)->groups, groups);
    const struct account *again = account_find(&world->accounts, "nobody", ACCOUNT_AGE_MS + 2);
    assert_ptr_equal(again, first);
    assert_int_equal(again->group_count >= 1, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(output_errors_and_exit_code_come_back),
        TEST(a_command_killed_by_a_signal_says_which),
        TEST(arguments_reach_the_command_untouched),
        TEST(a_command_is_looked_for_in_its_own_path),
        TEST(a_missing_command_is_a_reason_and_not_a_process),
        TEST(a_file_that_is_no_program_is_not_executable),
        TEST(a_missing_folder_is_named),
        TEST(a_reason_is_cut_between_characters),
        TEST(the_folder_is_the_one_asked_for_else_home_else_root),
        TEST(standard_input_is_empty_or_the_given_text),
        TEST(huge_output_passes_through),
        TEST(the_environment_is_exactly_the_one_promised),
        TEST(no_descriptor_leaks_into_the_command),
        TEST(nothing_stays_open_here_after_success_or_failure),
        TEST(a_command_leads_its_own_session_with_default_signals_and_limits),
        TEST(a_command_starts_while_we_hold_more_descriptors_than_it_may),
        TEST(a_command_dies_with_the_process_that_started_it),
        TEST(killing_the_group_reaches_a_grandchild),
        TEST(root_becomes_the_user_with_the_users_groups),
        TEST(the_folder_is_opened_with_the_rights_of_the_user),
        TEST(an_unknown_user_is_not_found_and_answers_are_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
