// The network process as it really runs: its own process, confined, with this test in the runner's place.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/daemon.h"
#include "node/io/runner/child.h"
#include "node/io/socket.h"
#include "proto/control.h"
#include "tests/unit/support_dir.h"
#include "tests/unit/support_import.h"

static char directory[SUPPORT_DIR_ROOM];
static struct support_import import;
static struct sockaddr_un control_place;
static int net, control, taken_port; // descriptors; taken_port: a socket of ours that others cannot bind
static struct link runner;
static pid_t process;
static int log_file;

static int listen_there(void)
{
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    control_place = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(control_place.sun_path, sizeof control_place.sun_path, "%.90s/control", directory);
    if (bind(listener, (struct sockaddr *)&control_place, sizeof control_place) || listen(listener, 64))
        abort();
    return listener;
}

static int set_up(void **state)
{
    (void)state;
    char path[SUPPORT_DIR_ROOM + 16];
    support_dir_make(directory);
    snprintf(path, sizeof path, "%s/net", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    net = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, sizeof path, "%s/log", directory);
    log_file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    control = listen_there();
    support_import_init(&import);
    support_import_add_definition(&import, "a");
    snprintf(path, sizeof path, "%s/net", directory);
    support_import_save(&import, path);
    assert_int_equal(agent_keys_save(net, (uid_t)-1, (gid_t)-1, &import.keys), 0);
    taken_port = -1;
    process = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (process) {
        kill(process, SIGKILL);
        waitpid(process, NULL, 0);
    }
    link_deinit(&runner);
    close(net);
    close(control);
    close(log_file);
    if (taken_port >= 0)
        close(taken_port);
    support_import_deinit(&import);
    support_dir_remove(directory);
    return 0;
}

// In the new process: descriptors where the daemon expects them, then this program again.
static void become_daemon(int link_end, const char *listen_address)
{
    int high[] = {fcntl(link_end, F_DUPFD, 50), fcntl(control, F_DUPFD, 50), fcntl(net, F_DUPFD, 50)};
    setenv("ASAN_OPTIONS", "detect_leaks=0:symbolize=0", 1);
    dup2(log_file, STDERR_FILENO);
    for (int i = 0; i < 3; i++)
        dup2(high[i], CHILD_RUNNER_FD + i);
    for (int i = 0; i < 3; i++)
        close(high[i]);
    if (fchdir(CHILD_NET_FD) == 0)
        execl("/proc/self/exe", "katydid", CHILD_ARGUMENT, "--listen", listen_address, (char *)NULL);
    _exit(127);
}

static void start(const char *listen_address)
{
    int ends[2];
    assert_int_equal(link_pair(ends), 0);
    process = fork();
    if (process == 0)
        become_daemon(ends[1], listen_address);
    close(ends[1]);
    link_init(&runner, ends[0]);
}

static int wait_for_end(void)
{
    int status;
    assert_int_equal(waitpid(process, &status, 0), process);
    process = 0;
    if (!WIFEXITED(status))
        print_error("ended by signal %d\n", WTERMSIG(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool log_has(const char *text)
{
    char content[8192];
    ssize_t size = pread(log_file, content, sizeof content - 1, 0);
    content[MAX_OF(size, 0)] = '\0';
    if (strstr(content, text))
        return true;
    print_error("log: %s\n", content);
    return false;
}

// Answers heartbeats until a frame of this kind comes; false when the daemon closes its end.
static bool hear(enum frame_kind kind)
{
    struct link_delivery delivery;
    for (;;) {
        struct pollfd waited = {.fd = runner.fd, .events = POLLIN};
        if (poll(&waited, 1, 20000) != 1)
            fail_msg("the daemon said nothing for twenty seconds");
        int outcome = link_receive(&runner, &delivery);
        if (outcome == LINK_CLOSED)
            return false;
        if (outcome == 0 && delivery.frame.kind == kind)
            return true;
    }
}

static void say(enum frame_kind kind)
{
    struct frame frame = {.kind = kind, .boot = {1}, .confined = MEMBER_CONFINED_FULL};
    snprintf(frame.name, sizeof frame.name, "test");
    assert_int_equal(link_send(&runner, &frame, NULL, 0), 0);
}

static void greet(void)
{
    say(FRAME_HELLO);
    say(FRAME_HEARTBEAT);
}

static int join_in(void)
{
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&control_place, sizeof control_place), 0);
    return client;
}

static void send_request(int client, const struct control_request *request)
{
    struct buffer message = {0}, frame = {0};
    control_request_encode(request, &message);
    buffer_add_u32(&frame, (uint32_t)message.size);
    buffer_add(&frame, message.data, message.size);
    assert_int_equal(write(client, frame.data, frame.size), (ssize_t)frame.size);
    buffer_deinit(&message);
    buffer_deinit(&frame);
}

static void read_whole(int client, uint8_t *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        struct pollfd waited = {.fd = client, .events = POLLIN};
        if (poll(&waited, 1, 20000) != 1)
            fail_msg("no answer for twenty seconds");
        ssize_t part = read(client, out + done, size - done);
        assert_true(part > 0);
        done += (size_t)part;
    }
}

static void ask_status(struct arena *arena, struct control_reply *ret_reply)
{
    static uint8_t message[LIMIT_CONTROL_FRAME_SIZE_MAX];
    const struct control_request request = {.kind = CONTROL_STATUS, .job = "", .run = ""};
    uint8_t header[4];
    struct reader reader;
    int client = join_in();
    send_request(client, &request);
    read_whole(client, header, sizeof header);
    reader_init(&reader, bytes_of(header, sizeof header));
    uint32_t size = reader_u32(&reader);
    assert_true(size <= sizeof message);
    read_whole(client, message, size);
    arena_allow(arena, size);
    assert_int_equal(control_reply_decode(bytes_of(message, size), arena, ret_reply), 0);
    assert_int_equal(ret_reply->kind, CONTROL_REPLY_STATUS);
    close(client);
}

static void it_takes_in_what_init_left_and_answers_clients(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct control_reply reply;
    start("127.0.0.1:0");
    greet();
    ask_status(&arena, &reply);
    assert_int_equal(reply.is.status.jobs, 1);
    assert_int_equal(reply.is.status.generation, 1);
    assert_string_equal(reply.is.status.node_name, "here");
    arena_deinit(&arena);
    assert_int_equal(faccessat(net, "import", F_OK, 0), -1);
    assert_true(log_has("listening on 127.0.0.1:"));
    link_deinit(&runner);
    assert_int_equal(wait_for_end(), DAEMON_ENDED);
}

static void what_it_stored_is_there_at_the_next_start(void **state)
{
    (void)state;
    for (uint64_t generation = 1; generation <= 3; generation++) {
        struct arena arena = {0};
        struct control_reply reply;
        start("127.0.0.1:0");
        greet();
        ask_status(&arena, &reply);
        assert_int_equal(reply.is.status.jobs, 1);
        assert_int_equal(reply.is.status.generation, generation);
        arena_deinit(&arena);
        if (generation == 1) { // without a word of farewell
            kill(process, SIGKILL);
            assert_int_equal(wait_for_end(), -1);
        } else {
            kill(process, SIGTERM);
            assert_int_equal(wait_for_end(), DAEMON_ENDED);
        }
        link_deinit(&runner);
    }
}

static void its_heart_beats_from_the_start_until_all_is_stored(void **state)
{
    (void)state;
    start("127.0.0.1:0");
    assert_true(hear(FRAME_HEARTBEAT));
    assert_true(hear(FRAME_HEARTBEAT));
    kill(process, SIGTERM);
    while (hear(FRAME_HEARTBEAT))
        ;
    // The store is closed before the socket: the runner kills whoever closes it.
    assert_int_equal(faccessat(net, "katydid.db-wal", F_OK, 0), -1);
    assert_int_equal(wait_for_end(), DAEMON_ENDED);
}

static void the_runner_is_fed_what_is_stored(void **state)
{
    (void)state;
    start("127.0.0.1:0");
    greet();
    assert_true(hear(FRAME_RECORD));
}

static void a_port_in_use_is_refused_with_one_line(void **state)
{
    (void)state;
    char text[64], expected[256];
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    struct address address;
    taken_port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(taken_port, (struct sockaddr *)&place, size), 0);
    assert_int_equal(listen(taken_port, 1), 0);
    assert_int_equal(getsockname(taken_port, (struct sockaddr *)&place, &size), 0);
    assert_true(socket_to_address((struct sockaddr *)&place, &address));
    address_print(&address, text);
    start(text);
    assert_int_equal(wait_for_end(), DAEMON_REFUSED);
    snprintf(expected, sizeof expected,
             "error: cannot listen on %s: another program has this address; end it, or choose another with "
             "--listen\n",
             text);
    assert_true(log_has(expected));
}

static void without_keys_it_says_what_to_do(void **state)
{
    (void)state;
    assert_int_equal(unlinkat(net, "keys", 0), 0);
    start("127.0.0.1:0");
    assert_int_equal(wait_for_end(), DAEMON_REFUSED);
    assert_true(log_has("katydid init"));
}

static void a_damaged_store_is_refused_with_advice(void **state)
{
    (void)state;
    int file = openat(net, "katydid.db", O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(file, "this is no database, nor was it ever one", 40), 40);
    close(file);
    start("127.0.0.1:0");
    assert_int_equal(wait_for_end(), DAEMON_REFUSED);
    assert_true(log_has("net/katydid.db is damaged: move it away"));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], CHILD_ARGUMENT) == 0)
        return daemon_main(argc, argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_takes_in_what_init_left_and_answers_clients),
        TEST(what_it_stored_is_there_at_the_next_start),
        TEST(its_heart_beats_from_the_start_until_all_is_stored),
        TEST(the_runner_is_fed_what_is_stored),
        TEST(a_port_in_use_is_refused_with_one_line),
        TEST(without_keys_it_says_what_to_do),
        TEST(a_damaged_store_is_refused_with_advice),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
