#include "node/cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/cli/place.h"
#include "node/cli/print.h"
#include "node/io/clock.h"

enum {
    RECONNECT_COUNT_MAX = 50,
};

static int refuse_connect(const char *directory, int error)
{
    struct stat status;
    if (error == EACCES || error == EPERM)
        return print_status(COMMAND_NO_AGENT, "%s belongs to somebody else; run this as its owner or as root",
                            directory);
    if (stat(directory, &status))
        return print_status(COMMAND_NO_AGENT,
                            "no agent at %s: %s; make one with `katydid init`, or name another with --dir",
                            directory, strerror(errno));
    return print_status(COMMAND_NO_AGENT, "no agent runs at %s; start it with `katydid agent --dir %s`",
                        directory, directory);
}

// A socket's address has 108 characters; a deeper DIR is reached through its descriptor.
static int connect_control(const char *directory, int *ret_socket)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -errno;
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error = fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) ? -errno : 0;
    close(folder);
    if (error && fd >= 0)
        close(fd);
    if (!error)
        *ret_socket = fd;
    return error;
}

int client_open(const struct command_line *line, struct client *ret_client)
{
    *ret_client = (struct client){.socket = -1, .directory = place_dir(line)};
    int error = connect_control(ret_client->directory, &ret_client->socket);
    return error ? refuse_connect(ret_client->directory, -error) : COMMAND_DONE;
}

void client_close(struct client *client)
{
    if (client->directory && client->socket >= 0)
        close(client->socket);
    free(client->directory);
    buffer_deinit(&client->input);
    buffer_deinit(&client->request);
    arena_deinit(&client->arena);
    arena_deinit(&client->kept);
    arena_deinit(&client->end_arena);
    *client = (struct client){.socket = -1};
}

// Stops when the agent does not take it: that shows when the answer is read.
static void write_request(const struct client *client)
{
    struct bytes rest = buffer_view(&client->request);
    while (rest.size) {
        ssize_t size = send(client->socket, rest.data, rest.size, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return;
        rest = bytes_of(rest.data + size, rest.size - (size_t)size);
    }
}

void client_send(struct client *client, const struct control_request *request)
{
    struct buffer message = {0};
    control_request_encode(request, &message);
    buffer_clear(&client->request);
    buffer_add_u32(&client->request, (uint32_t)message.size);
    buffer_add(&client->request, message.data, message.size);
    buffer_deinit(&message);
    buffer_clear(&client->input);
    client->reply_count = 0;
    client->reconnect_count = 0;
    client->is_ended = false;
    client->end = (struct control_reply){.text = ""};
    write_request(client);
}

static void end_here(struct client *client, const char *text)
{
    client->is_ended = true;
    client->end = (struct control_reply){
        .kind = CONTROL_REPLY_END, .last = true, .exit_status = COMMAND_FAILED, .text = text};
}

// Bytes have come: true. Otherwise the request has ended with a text.
static bool wait_for_bytes(struct client *client)
{
    uint64_t start_ms = clock_now_ms();
    bool is_said = false;
    for (;;) {
        struct pollfd poll_fd = {.fd = client->socket, .events = POLLIN};
        uint64_t waited_ms = clock_now_ms() - start_ms;
        int ready = poll(&poll_fd, 1, 500);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR) {
            end_here(client, "waiting for the agent failed");
            return false;
        }
        if (client->waits_for_ever)
            continue;
        if (waited_ms >= CLIENT_NOTICE_MS && !is_said)
            print_notice("waiting for the agent at %s to answer ...", client->directory);
        is_said = is_said || waited_ms >= CLIENT_NOTICE_MS;
        if (waited_ms >= CLIENT_ANSWER_MS) {
            end_here(client, "the agent does not answer; is it stopped? its log says more");
            return false;
        }
    }
}

// The agent went away. Before its first reply the request may be repeated: it changes nothing twice.
static bool reconnect(struct client *client)
{
    if (client->reply_count) {
        end_here(client, "the agent went away in the middle of its answer; try again");
        return false;
    }
    if (client->reconnect_count++ >= RECONNECT_COUNT_MAX) {
        end_here(
            client,
            "the agent keeps closing the connection: perhaps too many commands talk to it; its log says why");
        return false;
    }
    poll(NULL, 0, 100);
    close(client->socket);
    client->socket = -1;
    if (connect_control(client->directory, &client->socket)) {
        end_here(client, "the agent stopped before it answered; start it again and repeat the command");
        return false;
    }
    buffer_clear(&client->input);
    write_request(client);
    return true;
}

// One whole message at the front of the input.
static bool fill_message(struct client *client, struct bytes *ret_message)
{
    for (;;) {
        struct reader reader;
        reader_init(&reader, buffer_view(&client->input));
        uint32_t size = reader_u32(&reader);
        if (!reader.failed && size > LIMIT_CONTROL_FRAME_SIZE_MAX) {
            end_here(client, "what answers at the control socket is not an agent of this version");
            return false;
        }
        struct bytes message = reader_bytes(&reader, size);
        if (!reader.failed) {
            *ret_message = message;
            return true;
        }
        uint8_t part[64 * 1024];
        if (!wait_for_bytes(client))
            return false;
        ssize_t got = recv(client->socket, part, sizeof part, 0);
        if (got > 0)
            buffer_add(&client->input, part, (size_t)got);
        else if ((got == 0 || errno != EINTR) && !reconnect(client))
            return false;
    }
}

// Decodes the front message into `arena` and drops it.
static bool take_reply(struct client *client, struct control_reply *ret_reply)
{
    struct bytes message;
    if (!fill_message(client, &message))
        return false;
    arena_deinit(&client->arena);
    int outcome = control_reply_decode(message, &client->arena, ret_reply);
    buffer_drop_front(&client->input, 4 + message.size);
    client->reply_count++;
    if (outcome)
        end_here(client, "the agent's answer makes no sense; are agent and command of one version?");
    return outcome == 0;
}

bool client_next(struct client *client, struct control_reply *ret_reply)
{
    struct control_reply reply;
    if (client->is_ended || !take_reply(client, &reply))
        return false;
    if (reply.last) {
        arena_deinit(&client->end_arena);
        client->end_arena = client->arena;
        client->arena = (struct arena){0};
        client->end = reply;
        client->is_ended = true;
    }
    if (reply.kind == CONTROL_REPLY_END)
        return false;
    *ret_reply = reply;
    return true;
}

void client_keep(struct client *client)
{
    arena_deinit(&client->kept);
    client->kept = client->arena;
    client->arena = (struct arena){0};
}

static void notice_unreachable(const struct control_reply *end)
{
    char names[512] = "";
    for (size_t i = 0; i < end->unreachable_count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", end->unreachable[i]);
    }
    print_notice("answered in part: %s could not be asked and may know more", names);
}

int client_end(struct client *client)
{
    int status = (int)client->end.exit_status;
    if (status != COMMAND_DONE && client->end.text[0])
        print_status((enum command_status)status, "%s", client->end.text);
    else if (client->end.text[0])
        print_notice("%s", client->end.text);
    else if (client->end.unreachable_count)
        notice_unreachable(&client->end);
    return status;
}

int client_ask(struct client *client, const struct control_request *request, struct control_reply *ret_reply,
               bool *ret_found)
{
    struct control_reply reply;
    bool is_found = false;
    client_send(client, request);
    while (client_next(client, &reply)) {
        if (is_found || !ret_reply)
            continue;
        client_keep(client);
        *ret_reply = reply;
        is_found = true;
    }
    if (ret_found)
        *ret_found = is_found;
    return client_end(client);
}
