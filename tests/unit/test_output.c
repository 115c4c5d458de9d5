#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/output.h"
#include "tests/unit/support_feed.h"

static struct support_feed feed;
static struct output output;
static int kept_ends[8];
static size_t kept_count;
static const struct run_id run = {.b = {1}}, other_run = {.b = {2}};

struct job { // the writing ends, and the runner's reading end of the first
    int out, err, kept;
    uint64_t taken;
};

static int set_up(void **state)
{
    (void)state;
    support_feed_init(&feed);
    output_open(&output, &feed.loop, &feed.feed);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    output_close(&output);
    while (kept_count)
        close(kept_ends[--kept_count]);
    support_feed_deinit(&feed);
    return 0;
}

static struct job start(const struct run_id *id)
{
    int out[2], err[2];
    assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC | O_NONBLOCK), 0);
    const int ends[2] = {out[0], err[0]};
    const uint64_t taken[2] = {0};
    struct job job = {.out = out[1], .err = err[1], .kept = dup(out[0])};
    kept_ends[kept_count++] = job.kept;
    output_add(&output, id, ends, taken);
    return job;
}

static void say(int descriptor, const char *text)
{
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
}

// As the runner does it.
static void take_out(struct job *job, uint64_t until)
{
    static uint8_t memory[OUTPUT_READ_SIZE];
    uint64_t taken[2] = {until, 0};
    output_hold(&output, &run);
    for (uint64_t left = until - job->taken; left;) {
        ssize_t size = read(job->kept, memory, (size_t)MIN_OF(left, (uint64_t)sizeof memory));
        assert_true(size > 0);
        left -= (uint64_t)size;
    }
    job->taken = until;
    output_taken(&output, &run, taken);
}

static size_t fill(int descriptor)
{
    static char block[4096];
    size_t total = 0;
    ssize_t size;
    while ((size = write(descriptor, block, sizeof block)) > 0)
        total += (size_t)size;
    return total;
}

static void both_streams_are_told_apart_and_the_end_comes_last(void **state)
{
    (void)state;
    struct job job = start(&run);
    say(job.out, "hello");
    support_feed_run(&feed, EVENT_OUTPUT, 1);
    say(job.err, "trouble");
    support_feed_run(&feed, EVENT_OUTPUT, 2);
    close(job.out);
    support_feed_turn(&feed);
    assert_int_equal(feed.count, 2);
    close(job.err);
    support_feed_run(&feed, EVENT_OUTPUT, 3);
    assert_int_equal(feed.events[0].is.output.stream, 1);
    assert_memory_equal(feed.data[0].data, "hello", 5);
    assert_int_equal(feed.events[1].is.output.stream, 2);
    assert_memory_equal(feed.data[1].data, "trouble", 7);
    assert_true(feed.events[2].is.output.end);
    assert_true(run_id_equal(&feed.events[2].is.output.run, &run));
    assert_int_equal(output_count(&output), 0);
}

static void what_was_said_before_the_end_is_not_lost(void **state)
{
    (void)state;
    struct job job = start(&run);
    say(job.out, "last words");
    close(job.out);
    close(job.err);
    support_feed_run(&feed, EVENT_OUTPUT, 2);
    assert_memory_equal(feed.data[0].data, "last words", 10);
    assert_false(feed.events[0].is.output.end);
    assert_true(feed.events[1].is.output.end);
}

static void a_read_is_never_larger_than_agreed(void **state)
{
    (void)state;
    struct job job = start(&run);
    fcntl(job.out, F_SETPIPE_SZ, 256 * 1024);
    size_t total = fill(job.out), count = (total + OUTPUT_READ_SIZE - 1) / OUTPUT_READ_SIZE;
    assert_true(total > OUTPUT_READ_SIZE);
    close(job.out);
    close(job.err);
    for (size_t i = 0; i < count; i++) {
        support_feed_run(&feed, EVENT_OUTPUT, i + 1);
        const struct event_output *told = &feed.events[i].is.output;
        assert_true(told->data.size <= OUTPUT_READ_SIZE);
        total -= told->data.size;
        take_out(&job, told->position + told->data.size);
    }
    assert_int_equal(total, 0);
    assert_true(feed.events[count].is.output.end);
}

static void what_was_seen_is_still_there_for_the_next_process(void **state)
{
    (void)state;
    char text[16];
    struct job job = start(&run);
    say(job.out, "one ");
    support_feed_run(&feed, EVENT_OUTPUT, 1);
    say(job.out, "two");
    support_feed_run(&feed, EVENT_OUTPUT, 2);
    assert_int_equal(feed.events[1].is.output.position, 4);
    assert_memory_equal(feed.data[1].data, "two", 3);
    assert_int_equal(read(job.kept, text, sizeof text), 7);
    assert_memory_equal(text, "one two", 7);
    close(job.out);
    close(job.err);
}

static void nobody_looks_while_something_is_taken_out(void **state)
{
    (void)state;
    struct job job = start(&run);
    say(job.out, "first ");
    support_feed_run(&feed, EVENT_OUTPUT, 1);
    output_hold(&output, &run);
    say(job.out, "second");
    close(job.out);
    close(job.err);
    for (int turn = 0; turn < 5; turn++)
        support_feed_turn(&feed);
    assert_int_equal(feed.count, 1);
    take_out(&job, 6);
    assert_int_equal(feed.count, 2 + 1);
    assert_int_equal(feed.events[1].is.output.position, 6);
    assert_memory_equal(feed.data[1].data, "second", 6);
    assert_true(feed.events[2].is.output.end);
}

static void what_is_adopted_is_counted_from_where_the_runner_says(void **state)
{
    (void)state;
    int out[2], err[2];
    const uint64_t taken[2] = {100, 0};
    assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC | O_NONBLOCK), 0);
    const int ends[2] = {out[0], err[0]};
    say(out[1], "more");
    output_add(&output, &run, ends, taken);
    support_feed_run(&feed, EVENT_OUTPUT, 1);
    assert_int_equal(feed.events[0].is.output.position, 100);
    close(out[1]);
    close(err[1]);
}

static void a_noisy_job_does_not_silence_a_quiet_one(void **state)
{
    (void)state;
    struct job noisy = start(&run), quiet = start(&other_run);
    fcntl(noisy.out, F_SETPIPE_SZ, 1024 * 1024);
    fill(noisy.out);
    say(quiet.out, "me too");
    support_feed_turn(&feed);
    size_t heard = 0;
    for (size_t i = 0; i < feed.count; i++)
        heard += run_id_equal(&feed.events[i].is.output.run, &other_run);
    assert_int_equal(heard, 1);
    close(noisy.out);
    close(noisy.err);
    close(quiet.out);
    close(quiet.err);
}

static void while_paused_nothing_is_read_and_the_job_blocks(void **state)
{
    (void)state;
    struct job job = start(&run);
    output_pause(&output, true);
    struct job late = start(&other_run); // starts paused
    say(late.out, "x");
    fill(job.out);
    for (int turn = 0; turn < 5; turn++)
        support_feed_turn(&feed);
    assert_int_equal(feed.count, 0);
    assert_int_equal(write(job.out, "x", 1), -1);
    output_pause(&output, false);
    support_feed_run(&feed, EVENT_OUTPUT, 2);
    close(job.out);
    close(job.err);
    close(late.out);
    close(late.err);
}

static void a_removed_run_is_heard_no_more(void **state)
{
    (void)state;
    struct job job = start(&run);
    say(job.out, "too late");
    output_remove(&output, &run);
    output_remove(&output, &other_run); // unknown
    support_feed_turn(&feed);
    assert_int_equal(feed.count, 0);
    assert_int_equal(write(job.err, "x", 1), -1); // nobody holds the reading end
    close(job.out);
    close(job.err);
}

static void removing_a_run_while_it_is_heard(struct support_feed *heard, const struct event *event)
{
    (void)heard;
    output_remove(&output, &event->is.output.run);
}

static void a_run_may_be_removed_from_within_its_own_event(void **state)
{
    (void)state;
    struct job job = start(&run);
    feed.heard = removing_a_run_while_it_is_heard;
    say(job.out, "a");
    say(job.err, "b");
    support_feed_run(&feed, EVENT_OUTPUT, 1);
    support_feed_turn(&feed);
    assert_int_equal(feed.count, 1);
    close(job.out);
    close(job.err);
}

static void the_same_run_given_again_replaces_its_pipes(void **state)
{
    (void)state;
    struct job before = start(&run);
    struct job after = start(&run);
    assert_int_equal(output_count(&output), 1);
    say(after.out, "new");
    support_feed_run(&feed, EVENT_OUTPUT, 1);
    assert_int_equal(write(before.err, "x", 1), -1);
    close(before.out);
    close(before.err);
    close(after.out);
    close(after.err);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(both_streams_are_told_apart_and_the_end_comes_last),
        TEST(what_was_said_before_the_end_is_not_lost),
        TEST(a_read_is_never_larger_than_agreed),
        TEST(what_was_seen_is_still_there_for_the_next_process),
        TEST(nobody_looks_while_something_is_taken_out),
        TEST(what_is_adopted_is_counted_from_where_the_runner_says),
        TEST(a_noisy_job_does_not_silence_a_quiet_one),
        TEST(while_paused_nothing_is_read_and_the_job_blocks),
        TEST(a_removed_run_is_heard_no_more),
        TEST(a_run_may_be_removed_from_within_its_own_event),
        TEST(the_same_run_given_again_replaces_its_pipes),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
