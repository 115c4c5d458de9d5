#include "node/io/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "node/io/clock.h"
#include "node/io/lifetime.h"
#include "node/io/socket.h"

enum { READ_SIZE = 64 * 1024, BACKLOG = 128 };

// Moves:  CONNECTING -> OPEN -> FINISHING;  from each the stream may break, and then leaves the list.
enum stream_state { CONNECTING, OPEN, FINISHING };

struct tcp_stream {
    struct tcp_stream *next;
    struct tcp *tcp;
    uint64_t id;
    uv_tcp_t handle;
    uv_idle_t idle; // tells from the loop what failed while an effect was performed
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    struct address peer;
    enum stream_state state;
    bool is_accepted;
    bool is_half_open;
    uint64_t deadline_ms; // CONNECTING and FINISHING
    struct lifetime lifetime;
};

struct stream_write {
    uv_write_t request;
    uint8_t data[];
};

static void stream_free(struct lifetime *lifetime)
{
    free(CONTAINER_OF(lifetime, struct tcp_stream, lifetime));
}

static void handle_closed(uv_handle_t *handle)
{
    struct tcp_stream *stream = handle->data;
    lifetime_release(&stream->lifetime);
}

// Out of the list and closing; says nothing to the core.
static void drop(struct tcp_stream *stream)
{
    if (!lifetime_begin_closing(&stream->lifetime))
        return;
    struct tcp *tcp = stream->tcp;
    struct tcp_stream **link = &tcp->streams;
    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    tcp->stream_count--;
    tcp->half_open_count -= stream->is_half_open;
    uv_close((uv_handle_t *)&stream->handle, handle_closed);
    uv_close((uv_handle_t *)&stream->idle, handle_closed);
}

// From the loop only.
static void lose(struct tcp_stream *stream)
{
    struct feed *feed = stream->tcp->feed;
    struct event event = {
        .kind = EVENT_STREAM_CLOSED,
        .is.stream = {.stream = stream->id, .peer = stream->peer, .accepted = stream->is_accepted},
    };
    bool is_told = stream->state == FINISHING;
    if (stream->lifetime.closing)
        return;
    drop(stream);
    if (!is_told)
        feed_event(feed, &event);
}

static void lose_later(uv_idle_t *idle)
{
    lose(idle->data);
}

static struct tcp_stream *add_stream(struct tcp *tcp, uint64_t id)
{
    struct tcp_stream *stream = base_alloc(1, sizeof *stream);
    stream->tcp = tcp;
    stream->id = id;
    stream->lifetime.closed = stream_free;
    stream->next = tcp->streams;
    tcp->streams = stream;
    tcp->stream_count++;
    uv_tcp_init(tcp->loop, &stream->handle);
    uv_idle_init(tcp->loop, &stream->idle);
    stream->handle.data = stream->idle.data = stream->connect.data = stream->shutdown.data = stream;
    lifetime_hold(&stream->lifetime);
    lifetime_hold(&stream->lifetime);
    return stream;
}

static struct tcp_stream *find(const struct tcp *tcp, uint64_t id)
{
    struct tcp_stream *stream = tcp->streams;
    while (stream && stream->id != id)
        stream = stream->next;
    return stream;
}

static void give_memory(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_memory)
{
    struct tcp_stream *stream = handle->data;
    (void)wanted;
    *ret_memory = uv_buf_init((char *)stream->tcp->memory, READ_SIZE);
}

static void bytes_read(uv_stream_t *handle, ssize_t size, const uv_buf_t *memory)
{
    struct tcp_stream *stream = handle->data;
    if (size < 0) {
        lose(stream);
        return;
    }
    if (size == 0 || stream->state != OPEN)
        return;
    struct event event = {
        .kind = EVENT_STREAM_BYTES,
        .is.stream =
            {
                .stream = stream->id,
                .peer = stream->peer,
                .accepted = stream->is_accepted,
                .data = bytes_of(memory->base, (size_t)size),
            },
    };
    feed_event(stream->tcp->feed, &event);
}

// The kernel tries again for a quarter of an hour, at the end every two minutes: after a cut has healed
// the stream would stay silent for long. A new one is quicker.
static void bound_silence(const uv_tcp_t *handle)
{
    int descriptor;
    unsigned unanswered_ms = TCP_UNANSWERED_MS;
    if (uv_fileno((const uv_handle_t *)handle, &descriptor) == 0)
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
}

static void begin(struct tcp_stream *stream)
{
    struct event event = {
        .kind = EVENT_STREAM_OPENED,
        .is.stream = {.stream = stream->id, .peer = stream->peer, .accepted = stream->is_accepted},
    };
    stream->state = OPEN;
    stream->deadline_ms = 0;
    uv_tcp_nodelay(&stream->handle, 1);
    uv_tcp_keepalive(&stream->handle, 1, TCP_KEEP_ALIVE_S);
    bound_silence(&stream->handle);
    if (uv_read_start((uv_stream_t *)&stream->handle, give_memory, bytes_read)) {
        lose(stream);
        return;
    }
    feed_event(stream->tcp->feed, &event);
}

static void accepted(uv_stream_t *handle, int status)
{
    struct tcp_listener *listener = handle->data;
    struct tcp *tcp = listener->tcp;
    struct sockaddr_storage peer;
    int size = sizeof peer;
    if (status < 0)
        return;
    listener->is_waiting = !tcp->is_started; // libuv asks no more until it is accepted
    if (listener->is_waiting)
        return;
    struct tcp_stream *stream = add_stream(tcp, tcp->last_accepted += 2);
    stream->is_accepted = stream->is_half_open = true;
    tcp->half_open_count++;
    bool is_good = uv_accept(handle, (uv_stream_t *)&stream->handle) == 0 &&
                   tcp->stream_count <= LIMIT_STREAM_COUNT_MAX &&
                   tcp->half_open_count <= LIMIT_HALF_OPEN_STREAM_COUNT_MAX &&
                   uv_tcp_getpeername(&stream->handle, (struct sockaddr *)&peer, &size) == 0 &&
                   socket_to_address((const struct sockaddr *)&peer, &stream->peer);
    if (is_good) {
        begin(stream);
        return;
    }
    tcp->refused++;
    drop(stream);
}

void tcp_open(struct tcp *tcp, uv_loop_t *loop, struct feed *feed)
{
    *tcp = (struct tcp){.loop = loop, .feed = feed, .memory = base_alloc(READ_SIZE, 1)};
}

int tcp_bind(struct tcp *tcp, const struct address *address, struct address *ret_bound)
{
    struct sockaddr_storage system;
    int size = sizeof system;
    assert(tcp->listener_count < TCP_LISTENER_COUNT_MAX);
    struct tcp_listener *listener = &tcp->listeners[tcp->listener_count];
    *listener = (struct tcp_listener){.tcp = tcp};
    int result = uv_tcp_init(tcp->loop, &listener->handle);
    if (result)
        return result;
    listener->handle.data = listener;
    tcp->listener_count++; // from here on it must be closed
    socket_from_address(address, &system);
    result = uv_tcp_bind(&listener->handle, (const struct sockaddr *)&system,
                         address->ip_size == 16 ? UV_TCP_IPV6ONLY : 0);
    if (!result)
        result = uv_listen((uv_stream_t *)&listener->handle, BACKLOG, accepted);
    if (!result)
        result = uv_tcp_getsockname(&listener->handle, (struct sockaddr *)&system, &size);
    if (!result && !socket_to_address((const struct sockaddr *)&system, &listener->address))
        result = UV_EINVAL;
    if (!result)
        *ret_bound = listener->address;
    return result;
}

void tcp_unbind_last(struct tcp *tcp)
{
    struct tcp_listener *listener = &tcp->listeners[tcp->listener_count - 1];
    listener->is_closed = true;
    uv_close((uv_handle_t *)&listener->handle, NULL);
}

void tcp_start(struct tcp *tcp)
{
    tcp->is_started = true;
    for (size_t i = 0; i < tcp->listener_count; i++)
        if (tcp->listeners[i].is_waiting)
            accepted((uv_stream_t *)&tcp->listeners[i].handle, 0);
}

static void connected(uv_connect_t *request, int status)
{
    struct tcp_stream *stream = request->data;
    if (stream->lifetime.closing)
        return;
    if (status < 0)
        lose(stream);
    else
        begin(stream);
}

// From the address we are known by, where there is one: who looks at addresses sees one machine.
static int bind_source(const struct tcp *tcp, struct tcp_stream *stream)
{
    for (size_t i = 0; i < tcp->listener_count; i++) {
        struct address source = tcp->listeners[i].address;
        struct sockaddr_storage system;
        if (tcp->listeners[i].is_closed || source.ip_size != stream->peer.ip_size ||
            socket_is_wildcard(&source))
            continue;
        source.port = 0;
        socket_from_address(&source, &system);
        return uv_tcp_bind(&stream->handle, (const struct sockaddr *)&system, 0);
    }
    return 0;
}

void tcp_connect(struct tcp *tcp, uint64_t id, const struct address *to)
{
    struct sockaddr_storage system;
    assert(id % 2 == 1 && !find(tcp, id));
    struct tcp_stream *stream = add_stream(tcp, id);
    stream->peer = *to;
    stream->deadline_ms = clock_now_ms() + TCP_CONNECT_MS;
    socket_from_address(to, &system);
    bool is_room = tcp->stream_count <= LIMIT_STREAM_COUNT_MAX;
    if (!is_room || bind_source(tcp, stream) ||
        uv_tcp_connect(&stream->connect, &stream->handle, (const struct sockaddr *)&system, connected))
        uv_idle_start(&stream->idle, lose_later);
}

static void written(uv_write_t *request, int status)
{
    struct tcp_stream *stream = request->handle->data;
    free(CONTAINER_OF(request, struct stream_write, request));
    if (status < 0 && !stream->lifetime.closing)
        lose(stream);
}

void tcp_send(struct tcp *tcp, uint64_t id, struct bytes data)
{
    struct tcp_stream *stream = find(tcp, id);
    if (!stream || stream->state == FINISHING || uv_is_active((uv_handle_t *)&stream->idle))
        return;
    if (stream->is_half_open) {
        stream->is_half_open = false;
        tcp->half_open_count--;
    }
    uv_stream_t *handle = (uv_stream_t *)&stream->handle;
    if (uv_stream_get_write_queue_size(handle) + data.size > TCP_QUEUE_SIZE_MAX) {
        uv_idle_start(&stream->idle, lose_later);
        return;
    }
    struct stream_write *write = base_alloc(1, sizeof *write + data.size);
    memcpy(write->data, data.data, data.size);
    uv_buf_t part = uv_buf_init((char *)write->data, (unsigned)data.size);
    if (uv_write(&write->request, handle, &part, 1, written)) {
        free(write);
        uv_idle_start(&stream->idle, lose_later);
    }
}

static void finished(uv_shutdown_t *request, int status)
{
    struct tcp_stream *stream = request->data;
    (void)status;
    drop(stream);
}

void tcp_finish(struct tcp *tcp, uint64_t id)
{
    struct tcp_stream *stream = find(tcp, id);
    if (!stream || stream->state == FINISHING)
        return;
    bool is_open = stream->state == OPEN && !uv_is_active((uv_handle_t *)&stream->idle);
    stream->state = FINISHING;
    stream->deadline_ms = clock_now_ms() + TCP_CLOSE_MS;
    if (!is_open || uv_shutdown(&stream->shutdown, (uv_stream_t *)&stream->handle, finished))
        drop(stream);
}

void tcp_tick(struct tcp *tcp, uint64_t now_ms)
{
    struct tcp_stream *next;
    for (struct tcp_stream *stream = tcp->streams; stream; stream = next) {
        next = stream->next;
        if (stream->deadline_ms && now_ms >= stream->deadline_ms)
            uv_idle_start(&stream->idle, lose_later); // one by one: telling may change the list
    }
}

void tcp_close(struct tcp *tcp)
{
    while (tcp->streams)
        drop(tcp->streams);
    for (size_t i = 0; i < tcp->listener_count; i++)
        if (!tcp->listeners[i].is_closed)
            uv_close((uv_handle_t *)&tcp->listeners[i].handle, NULL);
    tcp->listener_count = 0;
    free(tcp->memory);
    tcp->memory = NULL;
}
