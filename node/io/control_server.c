#include "node/io/control_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/io/lifetime.h"
#include "node/io/notice.h"

enum { FRAME_HEADER_SIZE = 4, READ_SIZE = 16 * 1024 };

struct control_client {
    struct control_client *next;
    struct control_server *server;
    uint64_t id;
    uv_pipe_t pipe;
    uv_idle_t idle;      // hands on what was read while a request was being answered
    struct buffer input; // at most a frame and a read
    bool is_asking;      // a request is with the core
    bool is_known;       // the core has heard of this client
    size_t untold_size;  // said since it was last told that all was taken
    uint8_t memory[READ_SIZE];
    struct lifetime lifetime; // the pipe and the idle handle
};

struct reply_write {
    uv_write_t request;
    struct buffer frame; // owned
};

static void client_free(struct lifetime *lifetime)
{
    struct control_client *client = CONTAINER_OF(lifetime, struct control_client, lifetime);
    buffer_deinit(&client->input);
    free(client);
}

static void handle_closed(uv_handle_t *handle)
{
    struct control_client *client = handle->data;
    lifetime_release(&client->lifetime);
}

// Out of the list and closing; says nothing to the core.
static void drop(struct control_client *client)
{
    if (!lifetime_begin_closing(&client->lifetime))
        return;
    struct control_client **link = &client->server->clients;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    client->server->client_count--;
    uv_close((uv_handle_t *)&client->pipe, handle_closed);
    uv_close((uv_handle_t *)&client->idle, handle_closed);
}

// From the loop only.
static void lose(struct control_client *client)
{
    struct feed *feed = client->server->feed;
    struct event event = {.kind = EVENT_CONTROL_GONE, .is.control.client = client->id};
    bool is_known = client->is_known;
    drop(client);
    if (is_known)
        feed_event(feed, &event);
}

static void lose_later(uv_idle_t *idle)
{
    lose(idle->data);
}

static void ask(struct control_client *client, struct bytes message)
{
    struct arena arena = {0};
    struct event event = {.kind = EVENT_CONTROL, .is.control.client = client->id};
    arena_allow(&arena, message.size);
    if (control_request_decode(message, &arena, &event.is.control.request)) {
        arena_deinit(&arena);
        lose(client);
        return;
    }
    client->is_asking = client->is_known = true;
    client->untold_size = 0;
    feed_event(client->server->feed, &event);
    arena_deinit(&arena);
}

static uint32_t frame_size(const struct buffer *input)
{
    struct reader reader;
    reader_init(&reader, buffer_view(input));
    return reader_u32(&reader);
}

// Hands on the next whole request, unless one is being answered.
static void hand_on(struct control_client *client)
{
    if (client->is_asking || client->lifetime.closing || client->input.size < FRAME_HEADER_SIZE)
        return;
    size_t size = frame_size(&client->input);
    if (size > LIMIT_CONTROL_FRAME_SIZE_MAX) {
        lose(client);
        return;
    }
    if (client->input.size - FRAME_HEADER_SIZE < size)
        return;
    // The message leaves the buffer first: while the core answers, this client may go.
    struct buffer message = {0};
    buffer_add(&message, client->input.data + FRAME_HEADER_SIZE, size);
    buffer_drop_front(&client->input, FRAME_HEADER_SIZE + size);
    ask(client, buffer_view(&message));
    buffer_deinit(&message);
}

static void give_memory(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_memory)
{
    struct control_client *client = handle->data;
    (void)wanted;
    *ret_memory = uv_buf_init((char *)client->memory, sizeof client->memory);
}

static void bytes_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *memory)
{
    struct control_client *client = stream->data;
    if (size < 0) {
        lose(client);
        return;
    }
    buffer_add(&client->input, memory->base, (size_t)size);
    if (client->is_asking && client->input.size > LIMIT_CONTROL_FRAME_SIZE_MAX)
        uv_read_stop(stream);
    hand_on(client);
}

// Also while a request is being answered, to notice when the client goes.
static void read_on(struct control_client *client)
{
    uv_read_start((uv_stream_t *)&client->pipe, give_memory, bytes_read);
}

static void hand_on_later(uv_idle_t *idle)
{
    struct control_client *client = idle->data;
    uv_idle_stop(idle);
    read_on(client);
    hand_on(client);
}

static bool is_allowed(const struct control_client *client)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    int descriptor;
    if (uv_fileno((const uv_handle_t *)&client->pipe, &descriptor) ||
        getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size))
        return false;
    return peer.uid == 0 || peer.uid == client->server->owner;
}

// Said once each time it gets crowded: whoever keeps connecting shall not fill the log.
static bool is_crowded(struct control_server *server)
{
    bool was_crowded = server->is_crowded;
    server->is_crowded = server->client_count > LIMIT_CONTROL_CLIENT_COUNT_MAX;
    if (server->is_crowded && !was_crowded)
        notice_say(EFFECT_WARNING, "more than %d commands talk to this agent at once: others are sent away",
                   LIMIT_CONTROL_CLIENT_COUNT_MAX);
    return server->is_crowded;
}

static void connected(uv_stream_t *listener, int status)
{
    struct control_server *server = listener->data;
    if (status < 0)
        return;
    server->is_waiting = !server->is_started; // libuv asks no more until it is accepted
    if (server->is_waiting)
        return;
    struct control_client *client = base_alloc(1, sizeof *client);
    client->server = server;
    client->id = ++server->last_id;
    client->lifetime.closed = client_free;
    client->next = server->clients;
    server->clients = client;
    server->client_count++;
    uv_pipe_init(server->loop, &client->pipe, 0);
    uv_idle_init(server->loop, &client->idle);
    client->pipe.data = client->idle.data = client;
    lifetime_hold(&client->lifetime);
    lifetime_hold(&client->lifetime);
    if (uv_accept(listener, (uv_stream_t *)&client->pipe) || !is_allowed(client) || is_crowded(server)) {
        server->refused++;
        drop(client);
        return;
    }
    read_on(client);
}

int control_server_open(struct control_server *server, uv_loop_t *loop, struct feed *feed, int descriptor,
                        uid_t owner)
{
    *server = (struct control_server){
        .loop = loop, .feed = feed, .owner = owner, .queue_size_max = CONTROL_SERVER_QUEUE_SIZE_MAX};
    int result = uv_pipe_init(loop, &server->listener, 0);
    if (result)
        return result;
    server->listener.data = server;
    server->is_open = true;
    result = uv_pipe_open(&server->listener, descriptor);
    if (!result)
        result = uv_listen((uv_stream_t *)&server->listener, LIMIT_CONTROL_CLIENT_COUNT_MAX, connected);
    if (result)
        control_server_close(server);
    return result;
}

void control_server_start(struct control_server *server)
{
    server->is_started = true;
    if (server->is_waiting)
        connected((uv_stream_t *)&server->listener, 0);
}

static void tell_drained(struct control_client *client)
{
    struct event event = {.kind = EVENT_CONTROL_DRAINED, .is.control.client = client->id};
    if (client->lifetime.closing || !client->is_asking || client->untold_size < CONTROL_SERVER_PIECE_SIZE ||
        uv_stream_get_write_queue_size((uv_stream_t *)&client->pipe))
        return;
    client->untold_size = 0;
    feed_event(client->server->feed, &event);
}

static void written(uv_write_t *request, int status)
{
    struct reply_write *write = CONTAINER_OF(request, struct reply_write, request);
    struct control_client *client = request->handle->data;
    buffer_deinit(&write->frame);
    free(write);
    if (status < 0 && status != UV_ECANCELED)
        lose(client);
    else if (status == 0)
        tell_drained(client);
}

static struct control_client *find(const struct control_server *server, uint64_t id)
{
    struct control_client *client = server->clients;
    while (client && client->id != id)
        client = client->next;
    return client;
}

static void send_frame(struct control_client *client, struct buffer *frame)
{
    uv_stream_t *stream = (uv_stream_t *)&client->pipe;
    if (uv_stream_get_write_queue_size(stream) + frame->size > client->server->queue_size_max) {
        buffer_deinit(frame);
        uv_idle_start(&client->idle, lose_later);
        return;
    }
    client->untold_size += frame->size;
    struct reply_write *write = base_alloc(1, sizeof *write);
    write->frame = *frame;
    uv_buf_t part = uv_buf_init((char *)frame->data, (unsigned)frame->size);
    if (uv_write(&write->request, stream, &part, 1, written)) {
        buffer_deinit(&write->frame);
        free(write);
        uv_idle_start(&client->idle, lose_later);
    }
}

void control_server_reply(struct control_server *server, uint64_t id, struct bytes message, bool last)
{
    struct control_client *client = find(server, id);
    if (!client || uv_is_active((uv_handle_t *)&client->idle))
        return;
    if (message.size > LIMIT_CONTROL_FRAME_SIZE_MAX) {
        notice_say(EFFECT_ERROR, "an answer of %zu bytes is too large for a client: dropped it",
                   message.size);
        uv_idle_start(&client->idle, lose_later);
        return;
    }
    struct buffer frame = {0};
    buffer_add_u32(&frame, (uint32_t)message.size);
    buffer_add(&frame, message.data, message.size);
    send_frame(client, &frame);
    if (!last || uv_is_active((uv_handle_t *)&client->idle))
        return;
    client->is_asking = false;
    uv_idle_start(&client->idle, hand_on_later);
}

bool control_server_is_quiet(const struct control_server *server)
{
    for (const struct control_client *client = server->clients; client; client = client->next)
        if (uv_stream_get_write_queue_size((const uv_stream_t *)&client->pipe))
            return false;
    return true;
}

void control_server_close(struct control_server *server)
{
    if (!server->is_open)
        return;
    server->is_open = false;
    while (server->clients)
        drop(server->clients);
    uv_close((uv_handle_t *)&server->listener, NULL);
}
