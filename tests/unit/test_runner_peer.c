#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/runner_peer.h"
#include "tests/unit/support_feed.h"

static struct support_feed feed;
static struct output output;
static struct runner_peer peer;
static struct link runner; // the other end
static const char *lost;

static void note_lost(struct runner_peer *link, const char *why)
{
    (void)link;
    assert_null(lost); // once
    lost = why;
}

static int set_up(void **state)
{
    (void)state;
    int ends[2];
    lost = NULL;
    support_feed_init(&feed);
    output_open(&output, &feed.loop, &feed.feed);
    assert_int_equal(link_pair(ends), 0);
    link_init(&runner, ends[0]);
    peer = (struct runner_peer){.lost = note_lost};
    assert_int_equal(runner_peer_open(&peer, &feed.loop, &feed.feed, &output, ends[1]), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    runner_peer_close(&peer);
    runner_peer_deinit(&peer);
    output_close(&output);
    support_feed_deinit(&feed);
    link_deinit(&runner);
    return 0;
}

static void say(enum frame_kind kind)
{
    const struct frame frame = {.kind = kind};
    assert_int_equal(link_send(&runner, &frame, NULL, 0), 0);
}

static size_t count_heard(enum frame_kind kind)
{
    struct link_delivery delivery;
    size_t count = 0;
    while (link_receive(&runner, &delivery) == 0)
        count += delivery.frame.kind == kind;
    return count;
}

static void frames_wait_until_the_core_is_ready(void **state)
{
    (void)state;
    say(FRAME_HEARTBEAT);
    support_feed_turn(&feed);
    assert_int_equal(feed.count, 0);
    runner_peer_start(&peer);
    support_feed_run(&feed, EVENT_FRAME, 1);
    assert_int_equal(feed.events[0].is.frame.kind, FRAME_HEARTBEAT);
}

static void our_frames_reach_the_runner(void **state)
{
    (void)state;
    const struct frame frame = {.kind = FRAME_RESUME};
    runner_peer_send(&peer, &frame);
    runner_peer_beat(&peer);
    assert_int_equal(count_heard(FRAME_RESUME), 1);
    runner_peer_beat(&peer);
    assert_int_equal(count_heard(FRAME_HEARTBEAT), 1);
}

static void more_than_the_socket_holds_waits_and_goes_out(void **state)
{
    (void)state;
    const struct frame frame = {.kind = FRAME_RESUME};
    size_t heard = 0;
    runner_peer_start(&peer);
    for (int i = 0; i < 5000; i++)
        runner_peer_send(&peer, &frame);
    for (int turn = 0; turn < 5000 && heard < 5000; turn++) {
        heard += count_heard(FRAME_RESUME);
        support_feed_turn(&feed);
    }
    assert_int_equal(heard, 5000);
    assert_null(lost);
}

static void the_pipes_of_a_run_are_read(void **state)
{
    (void)state;
    int out[2], err[2];
    assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC | O_NONBLOCK), 0);
    const int ends[2] = {out[0], err[0]};
    const struct frame frame = {
        .kind = FRAME_STARTED,
        .run = {.b = {9}},
        .pid = 1,
        .start = {.definition = {.b = {1}}, .cause = FRAME_SCHEDULED, .attempt = 1, .generation = 1},
    };
    assert_int_equal(write(out[1], "hi", 2), 2);
    runner_peer_start(&peer);
    assert_int_equal(link_send(&runner, &frame, ends, 2), 0);
    support_feed_run(&feed, EVENT_OUTPUT, 1);
    assert_int_equal(feed.events[0].kind, EVENT_FRAME); // the core hears of the run first
    assert_int_equal(feed.events[1].is.output.run.b[0], 9);
    for (int i = 0; i < 2; i++) {
        close(out[i]);
        close(err[i]);
    }
}

static void a_runner_that_closes_is_lost(void **state)
{
    (void)state;
    runner_peer_start(&peer);
    link_deinit(&runner);
    while (!lost)
        uv_run(&feed.loop, UV_RUN_ONCE);
    assert_string_equal(lost, "the runner is gone");
    const struct frame frame = {.kind = FRAME_RESUME};
    runner_peer_send(&peer, &frame); // into the void
    runner_peer_beat(&peer);
}

static void a_runner_that_speaks_nonsense_is_lost(void **state)
{
    (void)state;
    runner_peer_start(&peer);
    assert_int_equal(write(runner.fd, "\xff\xff\xff", 3), 3);
    while (!lost)
        uv_run(&feed.loop, UV_RUN_ONCE);
    assert_non_null(strstr(lost, "nonsense"));
}

static void a_silent_runner_is_lost_after_five_beats(void **state)
{
    (void)state;
    runner_peer_start(&peer);
    for (int i = 0; i < RUNNER_PEER_SILENCE_COUNT; i++)
        runner_peer_beat(&peer);
    assert_null(lost);
    say(FRAME_HEARTBEAT); // just in time
    support_feed_run(&feed, EVENT_FRAME, 1);
    for (int i = 0; i < RUNNER_PEER_SILENCE_COUNT; i++)
        runner_peer_beat(&peer);
    assert_null(lost);
    runner_peer_beat(&peer);
    assert_non_null(strstr(lost, "silent"));
}

static void silence_does_not_count_while_nobody_listens(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * RUNNER_PEER_SILENCE_COUNT; i++)
        runner_peer_beat(&peer);
    assert_null(lost);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(frames_wait_until_the_core_is_ready),
        TEST(our_frames_reach_the_runner),
        TEST(more_than_the_socket_holds_waits_and_goes_out),
        TEST(the_pipes_of_a_run_are_read),
        TEST(a_runner_that_closes_is_lost),
        TEST(a_runner_that_speaks_nonsense_is_lost),
        TEST(a_silent_runner_is_lost_after_five_beats),
        TEST(silence_does_not_count_while_nobody_listens),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
