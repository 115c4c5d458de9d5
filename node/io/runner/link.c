#include "node/io/runner/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct link_message {
    struct link_message *next;
    struct buffer frame;
    int descriptors[LINK_DESCRIPTOR_COUNT_MAX];
    size_t descriptor_count;
};

// Room for the ancillary data of more descriptors than allowed, so that a surplus is seen and closed.
enum { RECEIVED_COUNT_MAX = 16 };

int link_pair(int ret_fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret_fds) != 0)
        return -errno;
    int wanted = 1024 * 1024; // as much as the system allows
    for (int i = 0; i < 2; i++)
        setsockopt(ret_fds[i], SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
    return 0;
}

void link_init(struct link *link, int fd)
{
    *link = (struct link){.fd = fd};
    link->storage = base_alloc(1, LIMIT_RUNNER_FRAME_SIZE_MAX + 1);
}

static void close_descriptors(int *descriptors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
}

static void drop_first(struct link *link)
{
    struct link_message *message = link->first;
    link->first = message->next;
    if (!link->first)
        link->last = NULL;
    link->queued_bytes -= message->frame.size;
    close_descriptors(message->descriptors, message->descriptor_count);
    buffer_deinit(&message->frame);
    free(message);
}

void link_deinit(struct link *link)
{
    while (link->first)
        drop_first(link);
    if (link->storage && link->fd >= 0)
        close(link->fd);
    free(link->storage);
    *link = (struct link){.fd = -1};
}

// 0, LINK_FULL when the kernel has no room now, or LINK_CLOSED.
static int send_now(int fd, struct bytes frame, const int *descriptors, size_t count)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * LINK_DESCRIPTOR_COUNT_MAX)];
    } control = {0};
    // sendmsg does not write through it, but POSIX gave iov_base no const.
    struct iovec vector = {.iov_base = (void *)(uintptr_t)frame.data, .iov_len = frame.size};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (count) {
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int) * count)};
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
    }
    for (;;) {
        if (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return 0;
        if (errno == EINTR)
            continue;
        // Too many descriptors in flight, or no memory: passes when the other end reads.
        bool later = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS;
        return later ? LINK_FULL : LINK_CLOSED;
    }
}

static int enqueue(struct link *link, struct buffer *frame, const int *descriptors, size_t count)
{
    if (link->queued_bytes + frame->size > LINK_QUEUE_SIZE_MAX)
        return LINK_FULL;
    struct link_message *message = base_alloc(1, sizeof *message);
    for (size_t i = 0; i < count; i++) {
        int copy = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 3);
        if (copy < 0) {
            close_descriptors(message->descriptors, message->descriptor_count);
            free(message);
            return LINK_FULL;
        }
        message->descriptors[message->descriptor_count++] = copy;
    }
    message->frame = *frame;
    *frame = (struct buffer){0};
    link->queued_bytes += message->frame.size;
    if (link->last)
        link->last->next = message;
    else
        link->first = message;
    link->last = message;
    return 0;
}

int link_send(struct link *link, const struct frame *frame, const int *descriptors, size_t descriptor_count)
{
    struct buffer out = {0};
    assert(descriptor_count <= LINK_DESCRIPTOR_COUNT_MAX);
    frame_encode(frame, &out);
    int outcome = LINK_FULL;
    if (!link->first)
        outcome = send_now(link->fd, buffer_view(&out), descriptors, descriptor_count);
    if (outcome == LINK_FULL)
        outcome = enqueue(link, &out, descriptors, descriptor_count);
    buffer_deinit(&out);
    return outcome;
}

int link_flush(struct link *link)
{
    while (link->first) {
        const struct link_message *message = link->first;
        int outcome =
            send_now(link->fd, buffer_view(&message->frame), message->descriptors, message->descriptor_count);
        if (outcome != 0)
            return outcome == LINK_FULL ? 0 : LINK_CLOSED;
        drop_first(link);
    }
    return 0;
}

bool link_wants_write(const struct link *link)
{
    return link->first != NULL;
}

static size_t take_descriptors(struct msghdr *message, int out[RECEIVED_COUNT_MAX])
{
    size_t count = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t size = header->cmsg_len - CMSG_LEN(0);
        memcpy(out, CMSG_DATA(header), MIN_OF(size, sizeof(int) * RECEIVED_COUNT_MAX));
        count = MIN_OF(size / sizeof(int), (size_t)RECEIVED_COUNT_MAX);
    }
    return count;
}

static bool may_carry(const struct frame *frame, size_t count)
{
    bool with = frame->kind == FRAME_STARTED || frame->kind == FRAME_RUNNING;
    return count == 0 || (with && count == LINK_DESCRIPTOR_COUNT_MAX);
}

int link_receive(struct link *link, struct link_delivery *ret_delivery)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * RECEIVED_COUNT_MAX)];
    } control;
    int received[RECEIVED_COUNT_MAX];
    struct iovec vector = {.iov_base = link->storage, .iov_len = LIMIT_RUNNER_FRAME_SIZE_MAX + 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    ssize_t size;
    do
        size = recvmsg(link->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return errno == EAGAIN ? LINK_EMPTY : LINK_CLOSED;
    if (size == 0)
        return LINK_CLOSED; // an empty message is no frame either
    size_t count = take_descriptors(&message, received);
    struct link_delivery delivery = {.descriptor_count = count};
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
        frame_decode(bytes_of(link->storage, (size_t)size), &delivery.frame) != 0 ||
        !may_carry(&delivery.frame, count)) {
        close_descriptors(received, count);
        return LINK_MALFORMED;
    }
    memcpy(delivery.descriptors, received, count * sizeof(int));
    *ret_delivery = delivery;
    return 0;
}
