// test_confine.c - a child confines itself; then every forbidden thing fails and everyday work goes on.
#include "node/io/runner/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "tests/unit/support_dir.h"

struct world {
    char path[SUPPORT_DIR_ROOM];
    char net[SUPPORT_DIR_ROOM + 8];
    int directory;
    pid_t parent;
};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    support_dir_make(world->path);
    snprintf(world->net, sizeof world->net, "%s/net", world->path);
    world->parent = getpid();
    *state = world;
    if (mkdir(world->net, 0700) != 0)
        return 1;
    world->directory = open(world->net, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return world->directory < 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    close(world->directory);
    support_dir_remove(world->path);
    free(world);
    return 0;
}

// Returns the child's exit status as wait gives it. The deed's answer is the exit code.
static int confined(struct world *world, int (*deed)(struct world *world))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct confine_report report;
        confine_self(world->directory, &report);
        if (report.confined == MEMBER_CONFINED_NO)
            _exit(99);
        _exit(deed(world));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void ends_the_process(struct world *world, int (*deed)(struct world *world))
{
    int status = confined(world, deed);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void answers(struct world *world, int (*deed)(struct world *world), int expected)
{
    int status = confined(world, deed);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), expected);
}

// Each deed returns 0 when it succeeds, else errno.
static int outcome(long result)
{
    return result < 0 ? errno : 0;
}

static int deed_exec(struct world *world)
{
    (void)world;
    char *const argv[] = {NULL};
    return outcome(execve("/bin/true", argv, argv));
}

static int deed_execveat(struct world *world)
{
    char *const argv[] = {NULL};
    return outcome(syscall(SYS_execveat, world->directory, "x", argv, argv, 0));
}

static int deed_fork(struct world *world)
{
    (void)world;
    return outcome(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int deed_clone3(struct world *world)
{
    (void)world;
    return outcome(syscall(SYS_clone3, NULL, 0));
}

static int deed_ptrace(struct world *world)
{
    return outcome(ptrace(PTRACE_ATTACH, world->parent, NULL, NULL));
}

static int deed_read_parent(struct world *world)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {world, 1};
    return outcome(process_vm_readv(world->parent, &here, 1, &there, 1, 0));
}

static int deed_unix_socket(struct world *world)
{
    (void)world;
    return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int deed_socketpair(struct world *world)
{
    int fds[2];
    (void)world;
    return outcome(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static int deed_packet_socket(struct world *world)
{
    (void)world;
    return outcome(socket(AF_PACKET, SOCK_RAW, 0));
}

static int deed_io_uring(struct world *world)
{
    struct io_uring_params params = {0};
    (void)world;
    return outcome(syscall(SYS_io_uring_setup, 4, &params));
}

static int deed_unshare(struct world *world)
{
    (void)world;
    return outcome(unshare(CLONE_NEWUSER));
}

static void what_an_intruder_wants_ends_the_process(void **state)
{
    struct world *world = *state;
    ends_the_process(world, deed_exec);
    ends_the_process(world, deed_execveat);
    ends_the_process(world, deed_fork);
    ends_the_process(world, deed_ptrace);
    ends_the_process(world, deed_read_parent);
    ends_the_process(world, deed_unix_socket);
    ends_the_process(world, deed_socketpair);
    ends_the_process(world, deed_packet_socket);
    ends_the_process(world, deed_io_uring);
    ends_the_process(world, deed_unshare);
}

static int deed_chmod(struct world *world)
{
    return outcome(chmod(world->net, 0777));
}

static int deed_fchmod(struct world *world)
{
    return outcome(fchmod(world->directory, 0777));
}

static int deed_fchown(struct world *world)
{
    return outcome(fchown(world->directory, 1, 1));
}

static int deed_kill_parent(struct world *world)
{
    return outcome(kill(world->parent, 0));
}

static int deed_tgkill_parent(struct world *world)
{
    return outcome(syscall(SYS_tgkill, world->parent, world->parent, 0));
}

static int deed_limit_parent(struct world *world)
{
    struct rlimit limit = {0, 0};
    return outcome(prlimit(world->parent, RLIMIT_NOFILE, &limit, NULL));
}

static int deed_type_into_terminal(struct world *world)
{
    (void)world;
    return outcome(ioctl(STDERR_FILENO, TIOCSTI, "x"));
}

static int deed_executable_memory(struct world *world)
{
    (void)world;
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? errno : 0;
}

static void what_libraries_may_try_is_refused(void **state)
{
    struct world *world = *state;
    answers(world, deed_chmod, EPERM);
    answers(world, deed_fchmod, EPERM);
    answers(world, deed_fchown, EPERM);
    answers(world, deed_kill_parent, EPERM);
    answers(world, deed_tgkill_parent, EPERM);
    answers(world, deed_limit_parent, EPERM);
    answers(world, deed_type_into_terminal, EPERM);
    answers(world, deed_executable_memory, EPERM);
    answers(world, deed_clone3, ENOSYS);
}

static int deed_read_passwd(struct world *world)
{
    (void)world;
    return outcome(open("/etc/passwd", O_RDONLY));
}

static int deed_write_beside_net(struct world *world)
{
    char path[SUPPORT_DIR_ROOM + 16];
    snprintf(path, sizeof path, "%s/pin", world->path);
    return outcome(open(path, O_WRONLY | O_CREAT, 0600));
}

static int deed_climb_out(struct world *world)
{
    return outcome(openat(world->directory, "../runner-pin", O_RDONLY));
}

static int deed_truncate_outside(struct world *world)
{
    char path[SUPPORT_DIR_ROOM + 16];
    snprintf(path, sizeof path, "%s/runner-pin", world->path);
    return outcome(truncate(path, 0));
}

static int deed_list_root(struct world *world)
{
    (void)world;
    return outcome(open("/", O_RDONLY | O_DIRECTORY));
}

static void files_outside_net_are_out_of_reach(void **state)
{
    struct world *world = *state;
    char path[SUPPORT_DIR_ROOM + 16];
    snprintf(path, sizeof path, "%s/runner-pin", world->path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    assert_int_equal(write(fd, "pin", 3), 3);
    close(fd);
    answers(world, deed_read_passwd, EACCES);
    answers(world, deed_write_beside_net, EACCES);
    answers(world, deed_climb_out, EACCES);
    answers(world, deed_truncate_outside, EACCES);
    answers(world, deed_list_root, EACCES);
}

static int deed_gain_capabilities(struct world *world)
{
    (void)world;
    return outcome(setresuid(0, 0, 0)) == 0 && chroot("/") == 0;
}

static int deed_report(struct world *world)
{
    struct confine_report again;
    confine_self(world->directory, &again); // may be called again: nothing is left to lose
    bool dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
    bool loose = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
    return dumpable + loose;
}

static void the_process_cannot_be_dumped_or_gain_rights(void **state)
{
    struct world *world = *state;
    answers(world, deed_report, 0);
    int status = confined(world, deed_gain_capabilities);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

static void this_kernel_gives_everything_or_says_what_is_missing(void **state)
{
    struct world *world = *state;
    int channel[2];
    struct confine_report report = {0};
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    if (child == 0) {
        confine_self(world->directory, &report);
        _exit(write(channel[1], &report, sizeof report) != sizeof report);
    }
    close(channel[1]);
    assert_int_equal(read(channel[0], &report, sizeof report), sizeof report);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(channel[0]);
    assert_int_equal(report.confined == MEMBER_CONFINED_FULL, report.lacks[0] == '\0');
}

// A database like the network process's: WAL, many commits, and a checkpoint that empties the log.
static int use_database(struct world *world)
{
    sqlite3 *database = NULL;
    const char *const text =
        "pragma temp_store=memory; pragma locking_mode=exclusive; pragma journal_mode=wal;"
        "pragma synchronous=full; create table t(a integer primary key, b blob);"
        "with recursive n(i) as (select 1 union all select i+1 from n where i<2000)"
        " insert into t select i, randomblob(500) from n;"
        "create index x on t(b); pragma wal_checkpoint(truncate); vacuum;";
    (void)world;
    if (sqlite3_open("katydid.db", &database) != SQLITE_OK)
        return 1;
    int failed = sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK;
    failed |= sqlite3_close(database) != SQLITE_OK;
    return failed;
}

static void count_one(uv_work_t *work)
{
    (*(int *)work->data)++;
}

static void timer_fired(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}

static int use_loop(void)
{
    uv_loop_t loop;
    uv_work_t work[4];
    uv_timer_t timer;
    uv_udp_t socket;
    int counts[4] = {0}, sum = 0;
    struct sockaddr_in address;
    uv_interface_address_t *interfaces = NULL;
    int interface_count = 0;
    if (uv_loop_init(&loop) != 0 || uv_ip4_addr("127.0.0.1", 0, &address) != 0)
        return 1;
    for (int i = 0; i < 4; i++) {
        work[i].data = &counts[i];
        if (uv_queue_work(&loop, &work[i], count_one, NULL) != 0)
            return 2;
    }
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, timer_fired, 5, 0);
    if (uv_udp_init(&loop, &socket) != 0 || uv_udp_bind(&socket, (const struct sockaddr *)&address, 0) != 0)
        return 3;
    if (uv_interface_addresses(&interfaces, &interface_count) != 0)
        return 4;
    uv_free_interface_addresses(interfaces, interface_count);
    uv_close((uv_handle_t *)&socket, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 4; i++)
        sum += counts[i];
    return uv_loop_close(&loop) != 0 ? 5 : sum == 4 ? 0 : 6;
}

static int deed_everyday_work(struct world *world)
{
    uint8_t random[32];
    if (sodium_init() < 0 || fchdir(world->directory) != 0)
        return 20;
    randombytes_buf(random, sizeof random);
    int failed = use_loop();
    return failed ? failed : use_database(world) ? 10 : 0;
}

static void libuv_with_threads_and_sqlite_in_wal_mode_still_work(void **state)
{
    answers(*state, deed_everyday_work, 0);
}

static int deed_abort(struct world *world)
{
    (void)world;
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void abort_still_aborts(void **state)
{
    int status = confined(*state, deed_abort);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_an_intruder_wants_ends_the_process),
        TEST(what_libraries_may_try_is_refused),
        TEST(files_outside_net_are_out_of_reach),
        TEST(the_process_cannot_be_dumped_or_gain_rights),
        TEST(this_kernel_gives_everything_or_says_what_is_missing),
        TEST(libuv_with_threads_and_sqlite_in_wal_mode_still_work),
        TEST(abort_still_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
