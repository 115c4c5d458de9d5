#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/clock.h"
#include "node/io/socket.h"
#include "node/io/tcp.h"
#include "node/io/udp.h"
#include "tests/unit/support_feed.h"

static struct support_feed feed;
static struct udp udp;
static struct tcp tcp;
static struct address here; // port 0 of 127.0.0.1, then what was bound

static int set_up(void **state)
{
    (void)state;
    support_feed_init(&feed);
    udp_open(&udp, &feed.loop, &feed.feed);
    tcp_open(&tcp, &feed.loop, &feed.feed);
    assert_true(address_parse("127.0.0.1:0", 0, &here));
    assert_int_equal(tcp_bind(&tcp, &here, &here), 0);
    assert_int_equal(udp_bind(&udp, &here), 0);
    assert_int_equal(udp_start(&udp), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    udp_close(&udp);
    tcp_close(&tcp);
    support_feed_deinit(&feed);
    return 0;
}

static int join_in(void)
{
    struct sockaddr_storage system;
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socket_from_address(&here, &system);
    assert_int_equal(connect(client, (struct sockaddr *)&system, sizeof(struct sockaddr_in)), 0);
    return client;
}

static bool is_closed(int client)
{
    char byte;
    ssize_t size = recv(client, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno == ECONNRESET);
}

static uint64_t number_of(enum event_kind kind, size_t index)
{
    return feed.events[support_feed_find(&feed, kind, index)].is.stream.stream;
}

static void a_datagram_arrives_as_it_was_sent(void **state)
{
    (void)state;
    uint8_t data[LIMIT_DATAGRAM_SIZE_MAX];
    memset(data, 7, sizeof data);
    udp_send(&udp, &here, bytes_of(data, sizeof data));
    support_feed_run(&feed, EVENT_DATAGRAM, 1);
    assert_int_equal(feed.data[0].size, sizeof data);
    assert_memory_equal(feed.data[0].data, data, sizeof data);
    assert_true(address_equal(&feed.events[0].is.datagram.from, &here));
}

static void a_datagram_that_is_too_large_is_dropped(void **state)
{
    (void)state;
    static const uint8_t data[LIMIT_DATAGRAM_SIZE_MAX + 1];
    udp_send(&udp, &here, bytes_of(data, sizeof data));
    udp_send(&udp, &here, bytes_of(data, 5));
    support_feed_run(&feed, EVENT_DATAGRAM, 1);
    assert_int_equal(feed.data[0].size, 5);
}

static void a_datagram_of_a_family_without_socket_is_lost_quietly(void **state)
{
    (void)state;
    struct address there;
    assert_true(address_parse("[::1]:5289", 0, &there));
    udp_send(&udp, &there, bytes_of("x", 1));
    assert_int_equal(udp.lost, 1);
}

static void a_datagram_that_this_machine_will_not_send_is_told(void **state)
{
    (void)state;
    struct address everybody;
    assert_true(address_parse("255.255.255.255:5289", 0, &everybody)); // nobody asked to broadcast
    udp_send(&udp, &everybody, bytes_of("x", 1));
    assert_int_equal(feed.count, 0); // not from within
    support_feed_run(&feed, EVENT_UNSENT, 1);
    assert_true(address_equal(&feed.events[0].is.unsent, &everybody));
    for (int i = 0; i < 1000; i++)
        udp_send(&udp, &everybody, bytes_of("x", 1));
    support_feed_run(&feed, EVENT_UNSENT, 1 + UDP_UNSENT_COUNT_MAX);
    support_feed_turn(&feed);
    assert_int_equal(feed.count, 1 + UDP_UNSENT_COUNT_MAX);
    assert_int_equal(udp.lost, 1001);
}

static void both_ends_of_a_stream_hear_each_other(void **state)
{
    (void)state;
    tcp_start(&tcp);
    tcp_connect(&tcp, 1, &here);
    tcp_send(&tcp, 1, bytes_of("hello", 5)); // before it is through: it waits
    support_feed_run(&feed, EVENT_STREAM_OPENED, 2);
    support_feed_run(&feed, EVENT_STREAM_BYTES, 1);
    const struct event *heard = &feed.events[support_feed_find(&feed, EVENT_STREAM_BYTES, 0)];
    assert_true(heard->is.stream.accepted);
    assert_int_equal(heard->is.stream.stream % 2, 0);
    assert_memory_equal(feed.data[heard - feed.events].data, "hello", 5);
    tcp_send(&tcp, heard->is.stream.stream, bytes_of("hi", 2));
    support_feed_run(&feed, EVENT_STREAM_BYTES, 2);
    assert_int_equal(number_of(EVENT_STREAM_BYTES, 1), 1);
}

static void closing_sends_what_was_said_first(void **state)
{
    (void)state;
    static uint8_t data[1024 * 1024];
    tcp_start(&tcp);
    tcp_connect(&tcp, 1, &here);
    support_feed_run(&feed, EVENT_STREAM_OPENED, 2);
    tcp_send(&tcp, 1, bytes_of(data, sizeof data));
    tcp_finish(&tcp, 1);
    support_feed_run(&feed, EVENT_STREAM_CLOSED, 1);
    size_t total = 0;
    for (size_t i = 0; i < feed.count; i++)
        total += feed.events[i].kind == EVENT_STREAM_BYTES ? feed.data[i].size : 0;
    assert_int_equal(total, sizeof data);
    assert_int_equal(number_of(EVENT_STREAM_CLOSED, 0) % 2, 0); // only the other end is told
    support_feed_turn(&feed);
    assert_int_equal(tcp.stream_count, 0);
}

static void a_connection_that_is_refused_is_told(void **state)
{
    (void)state;
    struct address nowhere = here;
    nowhere.port = 1;
    tcp_connect(&tcp, 7, &nowhere);
    assert_int_equal(feed.count, 0); // never from within the call
    support_feed_run(&feed, EVENT_STREAM_CLOSED, 1);
    assert_int_equal(number_of(EVENT_STREAM_CLOSED, 0), 7);
}

static void who_knocks_before_the_start_is_let_in_later(void **state)
{
    (void)state;
    int client = join_in();
    for (int turn = 0; turn < 5; turn++)
        support_feed_turn(&feed);
    assert_int_equal(feed.count, 0);
    tcp_start(&tcp);
    support_feed_run(&feed, EVENT_STREAM_OPENED, 1);
    close(client);
}

static void half_open_streams_are_bounded(void **state)
{
    (void)state;
    int clients[LIMIT_HALF_OPEN_STREAM_COUNT_MAX + 2];
    tcp_start(&tcp);
    for (size_t i = 0; i < LIMIT_HALF_OPEN_STREAM_COUNT_MAX; i++)
        clients[i] = join_in();
    support_feed_run(&feed, EVENT_STREAM_OPENED, LIMIT_HALF_OPEN_STREAM_COUNT_MAX);
    clients[LIMIT_HALF_OPEN_STREAM_COUNT_MAX] = join_in();
    while (tcp.refused == 0)
        uv_run(&feed.loop, UV_RUN_ONCE);
    assert_true(is_closed(clients[LIMIT_HALF_OPEN_STREAM_COUNT_MAX]));
    tcp_send(&tcp, number_of(EVENT_STREAM_OPENED, 0), bytes_of("x", 1)); // one handshake gets on
    clients[LIMIT_HALF_OPEN_STREAM_COUNT_MAX + 1] = join_in();
    support_feed_run(&feed, EVENT_STREAM_OPENED, LIMIT_HALF_OPEN_STREAM_COUNT_MAX + 1);
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        close(clients[i]);
}

static void a_peer_that_does_not_read_is_cut_off(void **state)
{
    (void)state;
    static const uint8_t data[LIMIT_STREAM_FRAME_SIZE_MAX];
    tcp_start(&tcp);
    int client = join_in();
    support_feed_run(&feed, EVENT_STREAM_OPENED, 1);
    for (int i = 0; i < 200; i++) // 12 MiB
        tcp_send(&tcp, number_of(EVENT_STREAM_OPENED, 0), bytes_of(data, sizeof data));
    support_feed_run(&feed, EVENT_STREAM_CLOSED, 1);
    assert_int_equal(tcp.stream_count, 0);
    close(client);
}

static void add_queued(uv_handle_t *handle, void *total)
{
    if (handle->type == UV_TCP)
        *(size_t *)total += uv_stream_get_write_queue_size((uv_stream_t *)handle);
}

static size_t count_queued(void)
{
    size_t total = 0;
    uv_walk(&feed.loop, add_queued, &total);
    return total;
}

static void a_stream_whose_peer_reads_nothing_closes_all_the_same(void **state)
{
    (void)state;
    static const uint8_t data[LIMIT_STREAM_FRAME_SIZE_MAX];
    tcp_start(&tcp);
    int client = join_in();
    support_feed_run(&feed, EVENT_STREAM_OPENED, 1);
    while (count_queued() == 0) // until the kernel takes no more
        tcp_send(&tcp, number_of(EVENT_STREAM_OPENED, 0), bytes_of(data, sizeof data));
    tcp_finish(&tcp, number_of(EVENT_STREAM_OPENED, 0));
    tcp_tick(&tcp, clock_now_ms());
    support_feed_turn(&feed);
    assert_int_equal(tcp.stream_count, 1);
    tcp_tick(&tcp, clock_now_ms() + TCP_CLOSE_MS);
    support_feed_turn(&feed);
    assert_int_equal(tcp.stream_count, 0);
    assert_int_equal(support_feed_count(&feed, EVENT_STREAM_CLOSED), 0);
    close(client);
}

static void an_address_in_use_is_an_error(void **state)
{
    (void)state;
    struct address bound;
    assert_int_equal(tcp_bind(&tcp, &here, &bound), UV_EADDRINUSE);
    assert_int_equal(udp_bind(&udp, &here), UV_EADDRINUSE);
}

static void ipv6_works_where_there_is_some(void **state)
{
    (void)state;
    struct address six;
    assert_true(address_parse("[::1]:0", 0, &six));
    if (tcp_bind(&tcp, &six, &six)) {
        print_message("no IPv6 here\n");
        skip();
    }
    assert_int_equal(udp_bind(&udp, &six), 0);
    assert_int_equal(udp_start(&udp), 0);
    tcp_start(&tcp);
    tcp_connect(&tcp, 1, &six);
    udp_send(&udp, &six, bytes_of("six", 3));
    support_feed_run(&feed, EVENT_STREAM_OPENED, 2);
    support_feed_run(&feed, EVENT_DATAGRAM, 1);
    const struct event *event = &feed.events[support_feed_find(&feed, EVENT_DATAGRAM, 0)];
    assert_true(address_equal(&event->is.datagram.from, &six));
}

static void addresses_survive_the_way_to_the_system_and_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"127.0.0.1:1", "192.0.2.7:65535", "[::1]:5289", "[2001:db8::5]:80"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct address address, back;
        struct sockaddr_storage system;
        assert_true(address_parse(texts[i], 0, &address));
        socket_from_address(&address, &system);
        assert_true(socket_to_address((struct sockaddr *)&system, &back));
        assert_true(address_equal(&address, &back));
    }
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(5)};
    struct address four, expected;
    inet_pton(AF_INET6, "::ffff:10.1.2.3", &mapped.sin6_addr);
    assert_true(socket_to_address((struct sockaddr *)&mapped, &four));
    assert_true(address_parse("10.1.2.3:5", 0, &expected));
    assert_true(address_equal(&four, &expected));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_datagram_arrives_as_it_was_sent),
        TEST(a_datagram_that_is_too_large_is_dropped),
        TEST(a_datagram_of_a_family_without_socket_is_lost_quietly),
        TEST(a_datagram_that_this_machine_will_not_send_is_told),
        TEST(both_ends_of_a_stream_hear_each_other),
        TEST(closing_sends_what_was_said_first),
        TEST(a_connection_that_is_refused_is_told),
        TEST(who_knocks_before_the_start_is_let_in_later),
        TEST(half_open_streams_are_bounded),
        TEST(a_peer_that_does_not_read_is_cut_off),
        TEST(a_stream_whose_peer_reads_nothing_closes_all_the_same),
        TEST(an_address_in_use_is_an_error),
        TEST(ipv6_works_where_there_is_some),
        TEST(addresses_survive_the_way_to_the_system_and_back),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
