// test_link.c - frames over the socket pair: whole, in order, with their descriptors, and nothing else.
#include "node/io/runner/link.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    struct link left, right;
    struct link_delivery delivery;
};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    int fds[2];
    *state = world;
    if (link_pair(fds) != 0)
        return 1;
    link_init(&world->left, fds[0]);
    link_init(&world->right, fds[1]);
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    link_deinit(&world->left);
    link_deinit(&world->right);
    free(world);
    return 0;
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

static void frames_arrive_in_order(void **state)
{
    struct world *world = *state;
    for (int i = 1; i <= 10; i++) {
        struct frame frame = {.kind = FRAME_RESUME, .boottime_ns = (uint64_t)i};
        assert_int_equal(link_send(&world->left, &frame, NULL, 0), 0);
    }
    for (int i = 1; i <= 10; i++) {
        assert_int_equal(link_receive(&world->right, &world->delivery), 0);
        assert_int_equal(world->delivery.frame.boottime_ns, i);
    }
    assert_int_equal(link_receive(&world->right, &world->delivery), LINK_EMPTY);
}

static void what_the_kernel_does_not_take_waits_with_its_descriptors(void **state)
{
    struct world *world = *state;
    struct frame frame = {.kind = FRAME_STARTED,
                          .start = {.cause = FRAME_SCHEDULED, .attempt = 1, .generation = 0}};
    int pipe_fds[2], sent = 0;
    int before = count_descriptors();
    char byte = 0;
    assert_int_equal(pipe(pipe_fds), 0);
    while (sent < 20 || (!link_wants_write(&world->left) && sent < 100000)) {
        frame.pid = ++sent;
        assert_int_equal(link_send(&world->left, &frame, pipe_fds, 2), 0);
    }
    for (int i = 0; i < 5; i++) {
        frame.pid = ++sent;
        assert_int_equal(link_send(&world->left, &frame, pipe_fds, 2), 0);
    }
    close(pipe_fds[0]);
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    close(pipe_fds[1]);
    for (int i = 1; i <= sent; i++) {
        assert_int_equal(link_flush(&world->left), 0);
        assert_int_equal(link_receive(&world->right, &world->delivery), 0);
        assert_int_equal(world->delivery.frame.pid, i);
        assert_int_equal(world->delivery.descriptor_count, 2);
        if (i == sent)
            assert_int_equal(read(world->delivery.descriptors[0], &byte, 1), 1);
        close(world->delivery.descriptors[0]);
        close(world->delivery.descriptors[1]);
    }
    assert_int_equal(byte, 'x');
    assert_false(link_wants_write(&world->left));
    assert_int_equal(count_descriptors(), before);
}

static void a_reader_that_never_reads_is_noticed(void **state)
{
    struct world *world = *state;
    uint8_t *large = base_alloc(1, 60000);
    struct frame frame = {.kind = FRAME_RECORD, .data = {large, 60000}};
    int outcome = 0, sent = 0;
    while (outcome == 0 && sent++ < 10000)
        outcome = link_send(&world->left, &frame, NULL, 0);
    assert_int_equal(outcome, LINK_FULL);
    assert_true(world->left.queued_bytes <= LINK_QUEUE_SIZE_MAX);
    free(large);
}

static void the_largest_record_passes(void **state)
{
    struct world *world = *state;
    uint8_t *large = base_alloc(1, LIMIT_RECORD_SIZE_MAX);
    large[LIMIT_RECORD_SIZE_MAX - 1] = 7;
    struct frame frame = {.kind = FRAME_RECORD, .data = {large, LIMIT_RECORD_SIZE_MAX}};
    assert_int_equal(link_send(&world->left, &frame, NULL, 0), 0);
    assert_int_equal(link_receive(&world->right, &world->delivery), 0);
    assert_int_equal(world->delivery.frame.data.size, LIMIT_RECORD_SIZE_MAX);
    assert_memory_equal(world->delivery.frame.data.data, large, LIMIT_RECORD_SIZE_MAX);
    free(large);
}

static void the_end_of_the_other_side_is_seen(void **state)
{
    struct world *world = *state;
    struct frame frame = {.kind = FRAME_HEARTBEAT};
    link_deinit(&world->left);
    assert_int_equal(link_receive(&world->right, &world->delivery), LINK_CLOSED);
    assert_int_equal(link_send(&world->right, &frame, NULL, 0), LINK_CLOSED);
}

static void send_raw(struct world *world, const void *data, size_t size, const int *fds, size_t count)
{
    char control[CMSG_SPACE(sizeof(int) * 8)] = {0};
    struct iovec vector = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (count) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
    }
    assert_int_equal(sendmsg(world->left.fd, &message, 0), size);
}

static void junk_and_giants_are_malformed(void **state)
{
    struct world *world = *state;
    uint8_t *large = base_alloc(1, LIMIT_RUNNER_FRAME_SIZE_MAX + 2);
    send_raw(world, "junk", 4, NULL, 0);
    assert_int_equal(link_receive(&world->right, &world->delivery), LINK_MALFORMED);
    large[0] = FRAME_RECORD;
    send_raw(world, large, LIMIT_RUNNER_FRAME_SIZE_MAX + 2, NULL, 0);
    assert_int_equal(link_receive(&world->right, &world->delivery), LINK_MALFORMED);
    free(large);
}

static void descriptors_that_belong_to_no_frame_are_closed(void **state)
{
    struct world *world = *state;
    const uint8_t heartbeat[2] = {FRAME_HEARTBEAT, 1};
    int fds[8];
    for (size_t i = 0; i < 8; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int before = count_descriptors();
    for (size_t count = 1; count <= 8; count++) {
        send_raw(world, heartbeat, sizeof heartbeat, fds, count);
        assert_int_equal(link_receive(&world->right, &world->delivery), LINK_MALFORMED);
    }
    assert_int_equal(count_descriptors(), before);
    for (size_t i = 0; i < 8; i++)
        close(fds[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(frames_arrive_in_order),
        TEST(what_the_kernel_does_not_take_waits_with_its_descriptors),
        TEST(a_reader_that_never_reads_is_noticed),
        TEST(the_largest_record_passes),
        TEST(the_end_of_the_other_side_is_seen),
        TEST(junk_and_giants_are_malformed),
        TEST(descriptors_that_belong_to_no_frame_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
