#include <fcntl.h>
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

#include "node/io/control_server.h"
#include "tests/unit/support_dir.h"
#include "tests/unit/support_feed.h"

static struct support_feed feed;
static struct control_server server;
static char directory[SUPPORT_DIR_ROOM];
static struct sockaddr_un place;

static int listen_there(void)
{
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    place = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(place.sun_path, sizeof place.sun_path, "%.90s/control", directory);
    if (bind(listener, (struct sockaddr *)&place, sizeof place) || listen(listener, 64))
        abort();
    chmod(place.sun_path, 0666);
    return listener;
}

static int set_up(void **state)
{
    (void)state;
    support_dir_make(directory);
    support_feed_init(&feed);
    assert_int_equal(control_server_open(&server, &feed.loop, &feed.feed, listen_there(), getuid()), 0);
    control_server_start(&server);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    control_server_close(&server);
    support_feed_deinit(&feed);
    support_dir_remove(directory);
    return 0;
}

static int join_in(void)
{
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&place, sizeof place), 0);
    return client;
}

static void frame_of(const char *job, struct buffer *out)
{
    struct buffer message = {0};
    struct control_request request = {.kind = CONTROL_JOB, .job = job, .run = ""};
    control_request_encode(&request, &message);
    buffer_add_u32(out, (uint32_t)message.size);
    buffer_add(out, message.data, message.size);
    buffer_deinit(&message);
}

static void ask(int client, const char *job)
{
    struct buffer frame = {0};
    frame_of(job, &frame);
    assert_int_equal(write(client, frame.data, frame.size), (ssize_t)frame.size);
    buffer_deinit(&frame);
}

static void reply(uint64_t client, const char *text, bool last)
{
    struct control_reply reply = {.kind = CONTROL_REPLY_END, .last = last, .exit_status = 4, .text = text};
    if (!last) {
        reply.kind = CONTROL_REPLY_STORY;
        reply.is.story = (struct control_story){.node = "", .what = text, .job = ""};
    }
    struct buffer message = {0};
    control_reply_encode(&reply, &message);
    control_server_reply(&server, client, buffer_view(&message), last);
    buffer_deinit(&message);
}

static bool is_closed(int client)
{
    char byte;
    return recv(client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void wait_until_closed(int client)
{
    for (int turn = 0; turn < 1000 && !is_closed(client); turn++)
        support_feed_turn(&feed);
    assert_true(is_closed(client));
}

static void a_request_is_told_and_its_replies_arrive_in_order(void **state)
{
    (void)state;
    uint8_t memory[4096];
    int client = join_in();
    ask(client, "main/a");
    support_feed_run(&feed, EVENT_CONTROL, 1);
    assert_memory_equal(feed.data[0].data, "main/a", 6);
    uint64_t id = feed.events[0].is.control.client;
    reply(id, "one", false);
    reply(id, "two", true);
    support_feed_turn(&feed);
    ssize_t size = read(client, memory, sizeof memory);
    struct reader reader;
    reader_init(&reader, bytes_of(memory, (size_t)size));
    for (int i = 0; i < 2; i++) {
        struct control_reply got;
        struct arena arena = {0};
        uint32_t length = reader_u32(&reader);
        arena_allow(&arena, length);
        assert_int_equal(control_reply_decode(reader_bytes(&reader, length), &arena, &got), 0);
        assert_string_equal(i ? got.text : got.is.story.what, i ? "two" : "one");
        assert_int_equal(got.last, i == 1);
        arena_deinit(&arena);
    }
    assert_true(reader_is_done(&reader));
    close(client);
}

static void a_request_that_comes_in_crumbs_is_put_together(void **state)
{
    (void)state;
    int client = join_in();
    struct buffer frame = {0};
    frame_of("main/crumbs", &frame);
    for (size_t i = 0; i < frame.size; i++) {
        assert_int_equal(write(client, frame.data + i, 1), 1);
        support_feed_turn(&feed);
    }
    support_feed_run(&feed, EVENT_CONTROL, 1);
    assert_memory_equal(feed.data[0].data, "main/crumbs", 11);
    buffer_deinit(&frame);
    close(client);
}

static void the_next_request_waits_for_the_last_reply(void **state)
{
    (void)state;
    int client = join_in();
    ask(client, "main/a");
    ask(client, "main/b");
    ask(client, "main/c");
    support_feed_run(&feed, EVENT_CONTROL, 1);
    for (int turn = 0; turn < 5; turn++)
        support_feed_turn(&feed);
    assert_int_equal(support_feed_count(&feed, EVENT_CONTROL), 1);
    reply(feed.events[0].is.control.client, "", false);
    support_feed_turn(&feed);
    assert_int_equal(support_feed_count(&feed, EVENT_CONTROL), 1);
    reply(feed.events[0].is.control.client, "", true);
    support_feed_run(&feed, EVENT_CONTROL, 2);
    assert_memory_equal(feed.data[1].data, "main/b", 6);
    reply(feed.events[0].is.control.client, "", true);
    support_feed_run(&feed, EVENT_CONTROL, 3);
    close(client);
}

static void a_client_that_goes_amid_its_request_is_told(void **state)
{
    (void)state;
    int client = join_in();
    ask(client, "main/a");
    support_feed_run(&feed, EVENT_CONTROL, 1);
    close(client);
    support_feed_run(&feed, EVENT_CONTROL_GONE, 1);
    assert_int_equal(feed.events[1].is.control.client, feed.events[0].is.control.client);
    reply(feed.events[0].is.control.client, "to nobody", true);
}

static void one_that_never_asked_goes_without_a_word(void **state)
{
    (void)state;
    int client = join_in();
    support_feed_turn(&feed);
    close(client);
    for (int turn = 0; turn < 5; turn++)
        support_feed_turn(&feed);
    assert_int_equal(feed.count, 0);
    assert_int_equal(server.client_count, 0);
}

static void noise_and_frames_of_four_gigabytes_are_cut_off(void **state)
{
    (void)state;
    int huge = join_in(), noise = join_in();
    assert_int_equal(write(huge, "\xff\xff\xff\xff", 4), 4);
    assert_int_equal(write(noise, "\x08\x00\x00\x00garbage!", 12), 12);
    wait_until_closed(huge);
    wait_until_closed(noise);
    assert_int_equal(feed.count, 0);
    close(huge);
    close(noise);
}

static void a_client_that_sends_on_and_on_amid_its_request_is_not_read(void **state)
{
    (void)state;
    static char block[65536];
    int client = join_in();
    size_t total = 0;
    ask(client, "main/a");
    support_feed_run(&feed, EVENT_CONTROL, 1);
    for (int turn = 0; turn < 2000; turn++) {
        ssize_t size = write(client, block, sizeof block);
        total += size > 0 ? (size_t)size : 0;
        support_feed_turn(&feed);
    }
    assert_true(total < 2 * 1024 * 1024);
    close(client);
}

static size_t read_all(int client)
{
    static uint8_t memory[65536];
    size_t total = 0;
    ssize_t size;
    while ((size = recv(client, memory, sizeof memory, MSG_DONTWAIT)) > 0)
        total += (size_t)size;
    return total;
}

static void who_reads_slowly_is_waited_for_and_loses_nothing(void **state)
{
    (void)state;
    enum { PIECE = 3000, PIECES = 4 };
    char *text = base_alloc(LIMIT_TEXT_SIZE_MAX + 1, 1);
    memset(text, 'x', LIMIT_TEXT_SIZE_MAX);
    int client = join_in();
    ask(client, "main/a");
    support_feed_run(&feed, EVENT_CONTROL, 1);
    uint64_t id = feed.events[0].is.control.client;
    size_t total = 0;
    for (size_t piece = 1; piece <= PIECES; piece++) {
        for (size_t i = 0; i < PIECE; i++)
            reply(id, text, false);
        for (int turn = 0; turn < 20; turn++)
            support_feed_turn(&feed);
        assert_int_equal(support_feed_count(&feed, EVENT_CONTROL_DRAINED), piece - 1);
        while (support_feed_count(&feed, EVENT_CONTROL_DRAINED) < piece) {
            total += read_all(client);
            support_feed_turn(&feed);
        }
    }
    reply(id, "", true);
    support_feed_turn(&feed);
    total += read_all(client);
    assert_true(total > (size_t)PIECES * PIECE * LIMIT_TEXT_SIZE_MAX);
    assert_int_equal(server.client_count, 1);
    free(text);
    close(client);
}

static void who_does_not_read_its_answer_is_dropped(void **state)
{
    (void)state;
    char *text = base_alloc(LIMIT_TEXT_SIZE_MAX + 1, 1);
    memset(text, 'x', LIMIT_TEXT_SIZE_MAX);
    int client = join_in();
    ask(client, "main/a");
    support_feed_run(&feed, EVENT_CONTROL, 1);
    uint64_t id = feed.events[0].is.control.client;
    server.queue_size_max = 4 * 1024 * 1024;
    for (size_t sent = 0; sent < 2 * server.queue_size_max; sent += LIMIT_TEXT_SIZE_MAX)
        reply(id, text, false);
    support_feed_run(&feed, EVENT_CONTROL_GONE, 1);
    assert_int_equal(server.client_count, 0);
    free(text);
    close(client);
}

static void too_many_clients_are_turned_away_and_the_others_served(void **state)
{
    (void)state;
    int clients[LIMIT_CONTROL_CLIENT_COUNT_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i] = join_in();
        support_feed_turn(&feed);
    }
    wait_until_closed(clients[LIMIT_CONTROL_CLIENT_COUNT_MAX]);
    ask(clients[0], "main/a");
    support_feed_run(&feed, EVENT_CONTROL, 1);
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        close(clients[i]);
}

// As another user, where this one may become one.
static void a_stranger_is_turned_away(void **state)
{
    (void)state;
    if (getuid() != 0) {
        print_message("only root can play a stranger\n");
        skip();
    }
    pid_t child = fork();
    if (child == 0) {
        char byte;
        if (setgid(65534) || setuid(65534))
            _exit(2);
        int client = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(client, (struct sockaddr *)&place, sizeof place))
            _exit(3);
        _exit(read(client, &byte, 1) == 0 ? 0 : 4);
    }
    int status;
    while (waitpid(child, &status, WNOHANG) == 0)
        support_feed_turn(&feed);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(server.refused, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_told_and_its_replies_arrive_in_order),
        TEST(a_request_that_comes_in_crumbs_is_put_together),
        TEST(the_next_request_waits_for_the_last_reply),
        TEST(a_client_that_goes_amid_its_request_is_told),
        TEST(one_that_never_asked_goes_without_a_word),
        TEST(noise_and_frames_of_four_gigabytes_are_cut_off),
        TEST(a_client_that_sends_on_and_on_amid_its_request_is_not_read),
        TEST(who_reads_slowly_is_waited_for_and_loses_nothing),
        TEST(who_does_not_read_its_answer_is_dropped),
        TEST(too_many_clients_are_turned_away_and_the_others_served),
        TEST(a_stranger_is_turned_away),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
