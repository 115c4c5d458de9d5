// test_child.c - the network process is started as it should be, and again after it dies; and what else the
// runner opens for others: the control socket, the word to the service manager.
#include "node/io/runner/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/runner/listener.h"
#include "node/io/runner/service.h"
#include "tests/unit/support_dir.h"

struct world {
    char top[SUPPORT_DIR_ROOM];
    struct agent_dir dir;
    int control;
    struct child child;
};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    char path[SUPPORT_DIR_ROOM + 16];
    *state = world;
    support_dir_make(world->top);
    snprintf(path, sizeof path, "%s/node", world->top);
    if (agent_dir_create(&world->dir, path) != 0)
        return 1;
    world->control = listener_open(world->dir.directory);
    return world->control < 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    link_deinit(&world->child.link);
    close(world->control);
    agent_dir_close(&world->dir);
    support_dir_remove(world->top);
    free(world);
    return 0;
}

// What this program does when it is started as a network process: looks around and says what it found, as
// the name of a zone; then does as its argument says.
static int be_network_process(int argc, char **argv)
{
    struct link link;
    struct stat net, here;
    struct frame frame = {.kind = FRAME_ZONE_WANT};
    int listens = 0, flag = 0;
    socklen_t size = sizeof listens;
    link_init(&link, CHILD_RUNNER_FD);
    flag |= fstat(CHILD_NET_FD, &net) == 0 && stat(".", &here) == 0 && net.st_ino == here.st_ino ? 1 : 0;
    flag |= getsockopt(CHILD_CONTROL_FD, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens ? 2 : 0;
    flag |= fcntl(CHILD_NET_FD + 1, F_GETFD) < 0 && fcntl(CHILD_NET_FD + 2, F_GETFD) < 0 ? 4 : 0;
    snprintf(frame.name, sizeof frame.name, "%d-%d-%d-%s", flag, (int)geteuid(), (int)getegid(),
             argc > 2 ? argv[2] : "");
    (void)!link_send(&link, &frame, NULL, 0);
    struct pollfd ready = {.fd = CHILD_RUNNER_FD, .events = POLLIN};
    if (argc > 2 && strcmp(argv[2], "stay") == 0)
        poll(&ready, 1, 20000);
    return 7;
}

static void start(struct world *world, const char *const *arguments, uint64_t now_ms)
{
    child_init(&world->child, &world->dir, world->control, arguments, 1);
    assert_true(child_tick(&world->child, now_ms));
    assert_int_equal(world->child.state, CHILD_STARTING);
}

static const char *hear(struct world *world, struct link_delivery *delivery)
{
    struct pollfd ready = {.fd = world->child.link.fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 20000), 1);
    assert_int_equal(link_receive(&world->child.link, delivery), 0);
    return delivery->frame.name;
}

static int reap(struct world *world)
{
    int status = 0;
    assert_int_equal(waitpid(world->child.pid, &status, 0), world->child.pid);
    return status;
}

static void it_finds_its_descriptors_its_folder_and_nothing_else(void **state)
{
    struct world *world = *state;
    struct link_delivery delivery;
    static const char *const arguments[] = {"go"};
    char expected[64];
    int leaky = open("/dev/null", O_RDONLY);
    start(world, arguments, 1000);
    snprintf(expected, sizeof expected, "7-%d-%d-go", (int)geteuid(), (int)getegid());
    assert_string_equal(hear(world, &delivery), expected);
    int status = reap(world);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    child_ended(&world->child, status, 1000);
    close(leaky);
}

static void started_by_root_it_becomes_the_owner_of_net(void **state)
{
    struct world *world = *state;
    struct link_delivery delivery;
    static const char *const arguments[] = {"go"};
    const struct passwd *nobody = getpwnam("nobody");
    char expected[64];
    if (geteuid() != 0 || !nobody)
        skip();
    world->dir.network_user = nobody->pw_uid;
    world->dir.network_group = nobody->pw_gid;
    assert_int_equal(fchown(world->dir.net, nobody->pw_uid, nobody->pw_gid), 0);
    start(world, arguments, 1000);
    snprintf(expected, sizeof expected, "7-%d-%d-go", (int)nobody->pw_uid, (int)nobody->pw_gid);
    assert_string_equal(hear(world, &delivery), expected);
    child_ended(&world->child, reap(world), 1000);
}

static void deaths_are_answered_ever_later_and_a_long_life_resets_that(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"go"};
    uint64_t now_ms = 1000, wait_ms = CHILD_RETRY_MS_MIN;
    start(world, arguments, now_ms);
    for (int i = 0; i < 10; i++) {
        child_ended(&world->child, reap(world), now_ms);
        assert_int_equal(world->child.state, CHILD_DOWN);
        assert_int_equal(child_deadline_ms(&world->child), now_ms + wait_ms);
        assert_false(child_tick(&world->child, now_ms + wait_ms - 1));
        now_ms += wait_ms;
        wait_ms = MIN_OF(wait_ms * 2, (uint64_t)CHILD_RETRY_MS_MAX);
        assert_true(child_tick(&world->child, now_ms));
    }
    assert_int_equal(wait_ms, CHILD_RETRY_MS_MAX);
    now_ms += CHILD_RETRY_RESET_MS;
    child_ended(&world->child, reap(world), now_ms);
    assert_int_equal(child_deadline_ms(&world->child), now_ms + CHILD_RETRY_MS_MIN);
}

static void silence_is_death_unless_the_runner_slept(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"stay"};
    struct link_delivery delivery;
    start(world, arguments, 1000);
    hear(world, &delivery);
    child_heard(&world->child, 2000);
    assert_int_equal(world->child.state, CHILD_UP);
    assert_false(child_tick(&world->child, 2000 + CHILD_SILENCE_MS - 1));
    assert_int_equal(world->child.state, CHILD_UP);
    child_forgive(&world->child, 100000);
    assert_false(child_tick(&world->child, 100000 + CHILD_SILENCE_MS - 1));
    assert_int_equal(world->child.state, CHILD_UP);
    assert_false(child_tick(&world->child, 100000 + CHILD_SILENCE_MS));
    assert_int_equal(world->child.state, CHILD_ENDING);
    int status = reap(world);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    child_ended(&world->child, status, 110000);
    assert_int_equal(world->child.violations, 0);
}

static void a_forbidden_call_is_counted(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"stay"};
    struct link_delivery delivery;
    start(world, arguments, 1000);
    hear(world, &delivery);
    kill(world->child.pid, SIGSYS); // what the kernel does to it then
    int status = reap(world);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    child_ended(&world->child, status, 1000);
    assert_int_equal(world->child.violations, 1);
}

static void asked_to_stop_it_is_not_started_again(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"stay"};
    start(world, arguments, 1000);
    child_stop(&world->child, 1000);
    child_ended(&world->child, reap(world), 1100);
    assert_int_equal(child_deadline_ms(&world->child), UINT64_MAX);
    assert_false(child_tick(&world->child, 1000000));
}

static void a_control_socket_left_by_a_crash_is_replaced(void **state)
{
    struct world *world = *state;
    int again = listener_open(world->dir.directory);
    struct stat status;
    assert_true(again >= 0);
    assert_int_equal(fstatat(world->dir.directory, "control", &status, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    close(again);
}

static void a_deep_directory_has_a_control_socket_too(void **state)
{
    struct world *world = *state;
    char path[SUPPORT_DIR_ROOM + 300];
    snprintf(path, sizeof path, "%s/%0200d", world->top, 0);
    struct agent_dir deep;
    assert_int_equal(agent_dir_create(&deep, path), 0);
    int control = listener_open(deep.directory);
    assert_true(control >= 0);
    close(control);
    agent_dir_close(&deep);
}

static void the_service_manager_is_told_by_path_and_abstract_name(void **state)
{
    struct world *world = *state;
    char path[SUPPORT_DIR_ROOM + 16], text[64], name[108];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(path, sizeof path, "%s/notify", world->top);
    snprintf(name, sizeof name, "@katydid-test-%d", (int)getpid());
    const char *const names[] = {path, name};
    for (int i = 0; i < 2; i++) {
        size_t size = strlen(names[i]);
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        memcpy(address.sun_path, names[i], size);
        if (names[i][0] == '@')
            address.sun_path[0] = '\0';
        socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
        assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
        setenv("NOTIFY_SOCKET", names[i], 1);
        service_notify("READY=1");
        assert_int_equal(recv(fd, text, sizeof text, 0), 7);
        assert_memory_equal(text, "READY=1", 7);
        close(fd);
    }
    unsetenv("NOTIFY_SOCKET");
    service_notify("READY=1"); // nobody to tell
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], CHILD_ARGUMENT) == 0)
        return be_network_process(argc, argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_finds_its_descriptors_its_folder_and_nothing_else),
        TEST(started_by_root_it_becomes_the_owner_of_net),
        TEST(deaths_are_answered_ever_later_and_a_long_life_resets_that),
        TEST(silence_is_death_unless_the_runner_slept),
        TEST(a_forbidden_call_is_counted),
        TEST(asked_to_stop_it_is_not_started_again),
        TEST(a_control_socket_left_by_a_crash_is_replaced),
        TEST(a_deep_directory_has_a_control_socket_too),
        TEST(the_service_manager_is_told_by_path_and_abstract_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
