#include "node/cli/call.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/socket.h"

enum { FINISH_MS = 2000 };

// Waits until the socket can do what `events` say.
static int wait_for(int socket, short events, uint64_t until_ms)
{
    for (;;) {
        uint64_t now_ms = clock_now_ms();
        struct pollfd waiting = {.fd = socket, .events = events};
        int ready = now_ms < until_ms ? poll(&waiting, 1, (int)(until_ms - now_ms)) : 0;
        if (ready == 0)
            return -ETIMEDOUT;
        if (ready > 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

static int connect_to(int socket, const struct address *to)
{
    struct sockaddr_storage address;
    socklen_t size = to->ip_size == 4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int error = 0;
    socklen_t error_size = sizeof error;
    socket_from_address(to, &address);
    if (connect(socket, (const struct sockaddr *)&address, size) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return -errno;
    int outcome = wait_for(socket, POLLOUT, clock_now_ms() + CALL_CONNECT_MS);
    if (outcome)
        return outcome;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0)
        return -errno;
    return -error;
}

int call_open(const struct address *to, int *ret_socket)
{
    int family = to->ip_size == 4 ? AF_INET : AF_INET6;
    int connection = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection < 0)
        return -errno;
    int outcome = connect_to(connection, to);
    if (outcome) {
        close(connection);
        return outcome;
    }
    *ret_socket = connection;
    return 0;
}

int call_send(int socket, struct buffer *data)
{
    uint64_t until_ms = clock_now_ms() + CALL_SEND_MS;
    size_t sent = 0;
    while (sent < data->size) {
        ssize_t part = send(socket, data->data + sent, data->size - sent, MSG_NOSIGNAL);
        if (part >= 0) {
            sent += (size_t)part;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
        int outcome = wait_for(socket, POLLOUT, until_ms);
        if (outcome)
            return outcome;
    }
    buffer_clear(data);
    return 0;
}

int call_receive(int socket, uint64_t patience_ms, struct call_data *ret_data)
{
    uint64_t until_ms = clock_now_ms() + patience_ms;
    for (;;) {
        int outcome = wait_for(socket, POLLIN, until_ms);
        if (outcome)
            return outcome;
        ssize_t size = recv(socket, ret_data->bytes, sizeof ret_data->bytes, 0);
        if (size >= 0) {
            ret_data->size = (size_t)size;
            return 0;
        }
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
}

void call_finish(int socket)
{
    uint64_t until_ms = clock_now_ms() + FINISH_MS;
    char scrap[512];
    ssize_t size = 1;
    shutdown(socket, SHUT_WR);
    while (size > 0 && wait_for(socket, POLLIN, until_ms) == 0)
        size = recv(socket, scrap, sizeof scrap, 0);
}
