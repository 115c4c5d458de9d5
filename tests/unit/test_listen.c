#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/daemon_options.h"
#include "node/io/ports.h"
#include "node/io/socket.h"
#include "tests/unit/support_feed.h"

static struct support_feed feed;
static struct udp udp[2];
static struct tcp tcp[2];

static int set_up(void **state)
{
    (void)state;
    support_feed_init(&feed);
    for (size_t i = 0; i < 2; i++) {
        udp_open(&udp[i], &feed.loop, &feed.feed);
        tcp_open(&tcp[i], &feed.loop, &feed.feed);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        udp_close(&udp[i]);
        tcp_close(&tcp[i]);
    }
    support_feed_deinit(&feed);
    return 0;
}

static struct listen_wish wish_for(const char *address)
{
    struct listen_wish wish = {.listen_count = 1};
    assert_true(address_parse(address, LISTEN_PORT_DEFAULT, &wish.listen[0]));
    return wish;
}

static void a_free_port_is_one_for_datagrams_and_streams(void **state)
{
    (void)state;
    struct listen_result result;
    struct listen_wish wish = wish_for("127.0.0.1:0");
    assert_true(listen_bind(&wish, &tcp[0], &udp[0], &result));
    assert_int_equal(result.bound_count, 1);
    assert_int_not_equal(result.bound[0].port, 0);
    assert_int_equal(udp[0].sockets[0].address.port, result.bound[0].port);
    assert_int_equal(result.reached_count, 1);
    assert_true(address_equal(&result.reached[0], &result.bound[0]));
}

static void a_port_left_open_is_the_one_it_was_before(void **state)
{
    (void)state;
    struct listen_result first, second;
    struct listen_wish wish = wish_for("127.0.0.1:0");
    assert_true(listen_bind(&wish, &tcp[0], &udp[0], &first));
    udp_close(&udp[0]);
    tcp_close(&tcp[0]);
    support_feed_turn(&feed);
    tcp_open(&tcp[0], &feed.loop, &feed.feed);
    udp_open(&udp[0], &feed.loop, &feed.feed);
    wish.before[wish.before_count++] = first.bound[0];
    assert_true(listen_bind(&wish, &tcp[1], &udp[1], &second));
    assert_int_equal(second.bound_count, 1);
    assert_true(address_equal(&second.bound[0], &first.bound[0]));
}

static void a_port_from_before_that_is_taken_is_not_waited_for(void **state)
{
    (void)state;
    struct listen_result first, second;
    struct listen_wish wish = wish_for("127.0.0.1:0");
    assert_true(listen_bind(&wish, &tcp[0], &udp[0], &first));
    wish.before[wish.before_count++] = first.bound[0];
    assert_true(listen_bind(&wish, &tcp[1], &udp[1], &second));
    assert_int_not_equal(second.bound[0].port, first.bound[0].port);
    assert_int_equal(udp_start(&udp[1]), 0);
}

static void ports_are_remembered_and_rubbish_is_not(void **state)
{
    (void)state;
    char directory[] = "/tmp/katydid-ports-XXXXXX";
    assert_non_null(mkdtemp(directory));
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct listen_wish wish = wish_for("127.0.0.1:0");
    struct listen_result result = {.bound_count = 1};
    assert_true(address_parse("127.0.0.1:4711", 0, &result.bound[0]));
    ports_load(folder, &wish);
    assert_int_equal(wish.before_count, 0);
    ports_save(folder, &wish, &result);
    ports_load(folder, &wish);
    assert_int_equal(wish.before_count, 1);
    assert_true(address_equal(&wish.before[0], &result.bound[0]));
    int file = openat(folder, "ports", O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(file, "what\n", 5), 5);
    close(file);
    ports_load(folder, &wish);
    assert_int_equal(wish.before_count, 0);
    assert_int_equal(unlinkat(folder, "ports", 0), 0);
    close(folder);
    assert_int_equal(rmdir(directory), 0);
}

static void a_taken_port_is_one_clear_line(void **state)
{
    (void)state;
    struct listen_result first, second;
    char text[ADDRESS_TEXT_ROOM], expected[256];
    struct listen_wish wish = wish_for("127.0.0.1:0");
    assert_true(listen_bind(&wish, &tcp[0], &udp[0], &first));
    wish.listen[0] = first.bound[0];
    assert_false(listen_bind(&wish, &tcp[1], &udp[1], &second));
    address_print(&first.bound[0], text);
    snprintf(expected, sizeof expected,
             "cannot listen on %s: another program has this address; end it, or choose another with --listen",
             text);
    assert_string_equal(second.why, expected);
}

static void an_address_of_another_machine_is_one_clear_line(void **state)
{
    (void)state;
    struct listen_result result;
    struct listen_wish wish = wish_for("192.0.2.77:0");
    assert_false(listen_bind(&wish, &tcp[0], &udp[0], &result));
    assert_string_equal(result.why, "cannot listen on 192.0.2.77:0: this machine has no such address");
}

static void a_wildcard_is_told_as_addresses_that_others_can_reach(void **state)
{
    (void)state;
    struct listen_result result;
    struct listen_wish wish = wish_for("0.0.0.0:0");
    assert_true(listen_bind(&wish, &tcp[0], &udp[0], &result));
    assert_true(result.reached_count > 0);
    for (size_t i = 0; i < result.reached_count; i++) {
        assert_false(socket_is_wildcard(&result.reached[i]));
        assert_int_equal(result.reached[i].port, result.bound[0].port);
    }
}

static void what_is_advertised_is_told_and_nothing_else(void **state)
{
    (void)state;
    struct listen_result result;
    struct listen_wish wish = wish_for("127.0.0.1:0");
    wish.advertise_count = 1;
    assert_true(address_parse("198.51.100.4", 0, &wish.advertise[0]));
    assert_true(listen_bind(&wish, &tcp[0], &udp[0], &result));
    assert_int_equal(result.reached_count, 1);
    assert_int_equal(result.reached[0].port, result.bound[0].port);
    assert_int_equal(result.reached[0].ip[0], 198);
}

static void options_are_addresses_by_name(void **state)
{
    (void)state;
    struct daemon_options options;
    const char *const words[] = {"--listen",    "127.0.0.1:1", "--listen", "[::1]",
                                 "--advertise", "192.0.2.1",   "--seed",   "192.0.2.2"};
    assert_true(daemon_options_parse(words, COUNT_OF(words), &options));
    assert_int_equal(options.wish.listen_count, 2);
    assert_int_equal(options.wish.listen[1].port, LISTEN_PORT_DEFAULT);
    assert_int_equal(options.wish.advertise[0].port, 0);
    assert_int_equal(options.seeds[0].port, LISTEN_PORT_DEFAULT);
}

static void wrong_options_are_refused_by_name(void **state)
{
    (void)state;
    struct daemon_options options;
    const char *const unknown[] = {"--frob", "1"};
    const char *const named[] = {"--listen", "localhost:1"};
    assert_false(daemon_options_parse(unknown, 2, &options));
    assert_non_null(strstr(options.why, "--frob"));
    assert_false(daemon_options_parse(named, 1, &options));
    assert_false(daemon_options_parse(named, 2, &options));
    assert_non_null(strstr(options.why, "localhost:1"));
    const char *many[2 * (LIMIT_ADDRESS_COUNT_MAX + 1)];
    for (size_t i = 0; i < COUNT_OF(many); i += 2) {
        many[i] = "--seed";
        many[i + 1] = "127.0.0.1:1";
    }
    assert_false(daemon_options_parse(many, COUNT_OF(many), &options));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_free_port_is_one_for_datagrams_and_streams),
        TEST(a_port_left_open_is_the_one_it_was_before),
        TEST(a_port_from_before_that_is_taken_is_not_waited_for),
        TEST(ports_are_remembered_and_rubbish_is_not),
        TEST(a_taken_port_is_one_clear_line),
        TEST(an_address_of_another_machine_is_one_clear_line),
        TEST(a_wildcard_is_told_as_addresses_that_others_can_reach),
        TEST(what_is_advertised_is_told_and_nothing_else),
        TEST(options_are_addresses_by_name),
        TEST(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
