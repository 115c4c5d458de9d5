#include "node/io/udp.h"

#include <stdlib.h>
#include <string.h>

#include "node/io/socket.h"

struct udp_write {
    uv_udp_send_t request;
    struct udp *udp;
    struct address to;
    uint8_t data[];
};

static void tell_unsent(uv_async_t *wake)
{
    struct udp *udp = wake->data;
    while (udp->unsent_count) {
        struct event event = {.kind = EVENT_UNSENT, .is.unsent = udp->unsent[--udp->unsent_count]};
        feed_event(udp->feed, &event);
    }
}

void udp_open(struct udp *udp, uv_loop_t *loop, struct feed *feed)
{
    *udp = (struct udp){.loop = loop, .feed = feed};
    udp->wake.data = udp;
    if (uv_async_init(loop, &udp->wake, tell_unsent))
        abort();
}

// The feed is for the loop alone, and this may be an effect that is being performed.
static void fail(struct udp *udp, const struct address *to)
{
    udp->lost++;
    if (udp->unsent_count == UDP_UNSENT_COUNT_MAX)
        return;
    udp->unsent[udp->unsent_count++] = *to;
    uv_async_send(&udp->wake);
}

int udp_bind(struct udp *udp, const struct address *address)
{
    struct sockaddr_storage system;
    assert(udp->count < UDP_SOCKET_COUNT_MAX);
    struct udp_socket *socket = &udp->sockets[udp->count];
    *socket = (struct udp_socket){.udp = udp, .address = *address};
    int result = uv_udp_init(udp->loop, &socket->handle);
    if (result)
        return result;
    socket->handle.data = socket;
    udp->count++; // from here on it must be closed
    socket_from_address(address, &system);
    result = uv_udp_bind(&socket->handle, (const struct sockaddr *)&system,
                         address->ip_size == 16 ? UV_UDP_IPV6ONLY : 0);
    socket->is_closed = result != 0;
    if (socket->is_closed)
        uv_close((uv_handle_t *)&socket->handle, NULL);
    return result;
}

static void give_memory(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_memory)
{
    struct udp_socket *socket = handle->data;
    (void)wanted;
    *ret_memory = uv_buf_init(socket->udp->memory, sizeof socket->udp->memory);
}

static void received(uv_udp_t *handle, ssize_t size, const uv_buf_t *memory, const struct sockaddr *from,
                     unsigned flags)
{
    struct udp_socket *socket = handle->data;
    struct event event = {.kind = EVENT_DATAGRAM};
    if (size <= 0 || !from || (flags & UV_UDP_PARTIAL) || size > LIMIT_DATAGRAM_SIZE_MAX)
        return;
    if (!socket_to_address(from, &event.is.datagram.from))
        return;
    event.is.datagram.data = bytes_of(memory->base, (size_t)size);
    feed_event(socket->udp->feed, &event);
}

int udp_start(struct udp *udp)
{
    for (size_t i = 0; i < udp->count; i++) {
        if (udp->sockets[i].is_closed)
            continue;
        int result = uv_udp_recv_start(&udp->sockets[i].handle, give_memory, received);
        if (result && result != UV_EALREADY)
            return result;
    }
    return 0;
}

static void sent(uv_udp_send_t *request, int status)
{
    struct udp_write *write = CONTAINER_OF(request, struct udp_write, request);
    if (status < 0 && status != UV_ECANCELED) // closing
        fail(write->udp, &write->to);
    free(write);
}

static struct udp_socket *find(struct udp *udp, const struct address *to)
{
    for (size_t i = 0; i < udp->count; i++)
        if (!udp->sockets[i].is_closed && udp->sockets[i].address.ip_size == to->ip_size)
            return &udp->sockets[i];
    return NULL;
}

static void send_later(struct udp *udp, struct udp_socket *socket, const struct address *to,
                       struct bytes data)
{
    struct udp_write *write = base_alloc(1, sizeof *write + data.size);
    struct sockaddr_storage system;
    write->udp = udp;
    write->to = *to;
    socket_from_address(to, &system);
    memcpy(write->data, data.data, data.size);
    uv_buf_t part = uv_buf_init((char *)write->data, (unsigned)data.size);
    if (uv_udp_send(&write->request, &socket->handle, &part, 1, (const struct sockaddr *)&system, sent)) {
        fail(udp, to);
        free(write);
    }
}

void udp_send(struct udp *udp, const struct address *to, struct bytes data)
{
    struct sockaddr_storage system;
    struct udp_socket *socket = find(udp, to);
    if (!socket || uv_udp_get_send_queue_size(&socket->handle) + data.size > UDP_QUEUE_SIZE_MAX) {
        udp->lost++;
        return;
    }
    socket_from_address(to, &system);
    union {
        const uint8_t *borrowed;
        char *data;
    } view = {.borrowed = data.data}; // libuv's buffers know no const
    uv_buf_t part = uv_buf_init(view.data, (unsigned)data.size);
    int result = uv_udp_try_send(&socket->handle, &part, 1, (const struct sockaddr *)&system);
    if (result == UV_EAGAIN)
        send_later(udp, socket, to, data);
    else if (result < 0)
        fail(udp, to);
}

void udp_close(struct udp *udp)
{
    for (size_t i = 0; i < udp->count; i++)
        if (!udp->sockets[i].is_closed)
            uv_close((uv_handle_t *)&udp->sockets[i].handle, NULL);
    udp->count = 0;
    uv_close((uv_handle_t *)&udp->wake, NULL);
}
