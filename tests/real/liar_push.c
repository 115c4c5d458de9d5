// liar_push.c - a member that passes on what it must not: real handshake, real keys, bad records.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/runner/agent_keys.h"
#include "proto/address.h"
#include "proto/message.h"
#include "proto/stream.h"
#include "tests/real/liar.h"

enum { PATIENCE_S = 60 };

static void init_stream(struct stream *stream, const char *directory)
{
    struct agent_keys keys;
    char net[4096];
    snprintf(net, sizeof net, "%s/net", directory);
    int folder = open(net, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || agent_keys_load(folder, &keys) != 0)
        liar_fail("%s has no keys of a node", directory);
    close(folder);
    struct stream_options options = {.initiator = true, .purpose = STREAM_PEER, .fleet = keys.fleet};
    memcpy(options.identity.b, keys.datagram_secret, sizeof options.identity.b);
    clock_entropy(options.one_time.b, sizeof options.one_time.b);
    stream_init(stream, &options);
}

static int connect_to(const char *text)
{
    struct address address;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    if (!address_parse(text, 0, &address) || address.ip_size != 4)
        liar_fail("%s: write A.B.C.D:PORT", text);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(address.port)};
    memcpy(&place.sin_addr, address.ip, sizeof place.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (const struct sockaddr *)&place, sizeof place) != 0)
        liar_fail("nobody answers at %s", text);
    return fd;
}

static void flush(struct stream *stream, int fd)
{
    struct buffer *output = stream_output(stream);
    if (output->size && send(fd, output->data, output->size, MSG_NOSIGNAL) != (ssize_t)output->size)
        liar_fail("the node does not listen: %s", strerror(errno));
    buffer_clear(output);
}

static void send_list(struct stream *stream, char **paths, int count)
{
    struct buffer envelopes[LIAR_FILE_COUNT_MAX] = {0}, body = {0};
    struct bytes items[LIAR_FILE_COUNT_MAX];
    for (int i = 0; i < count; i++) {
        liar_read(paths[i], &envelopes[i]);
        items[i] = buffer_view(&envelopes[i]);
    }
    message_list_encode(items, (size_t)count, &body);
    if (stream_send(stream, MESSAGE_RECORDS, buffer_view(&body)) != 0)
        liar_fail("the records are too large for one frame");
    // Messages are handled in order: the answer to this question shows that the records were.
    buffer_clear(&body);
    buffer_add_u64(&body, 1);
    if (stream_send(stream, MESSAGE_AUTHORITY, buffer_view(&body)) != 0)
        liar_fail("the stream is not open");
    for (int i = 0; i < count; i++)
        buffer_deinit(&envelopes[i]);
    buffer_deinit(&body);
}

static void confirm(struct stream *stream)
{
    struct buffer nothing = {0};
    message_list_encode(NULL, 0, &nothing);
    if (stream_confirm(stream, buffer_view(&nothing)) != 0)
        liar_fail("the handshake does not end");
    buffer_deinit(&nothing);
}

// True when this is the answer that comes last.
static bool is_authority(const struct stream_event *event)
{
    struct arena arena = {0};
    struct message_list list;
    bool is = event->type == MESSAGE_RECORDS && message_list_decode(event->payload, &arena, &list) == 0 &&
              list.count > 0 && list.items[0].size > 0 && list.items[0].data[0] == ENVELOPE_AUTHORITY;
    arena_deinit(&arena);
    return is;
}

// True when all was handled.
static bool follow(struct stream *stream, int argc, char **argv)
{
    struct stream_event event;
    while (stream_next(stream, &event)) {
        if (event.kind == STREAM_EVENT_BROKEN)
            liar_fail("the stream broke: %s", stream_outcome_text(event.outcome));
        if (event.kind == STREAM_EVENT_ANSWERED) {
            confirm(stream);
            send_list(stream, argv + 2, argc - 2);
        } else if (event.kind == STREAM_EVENT_FRAME && is_authority(&event)) {
            return true;
        } else if (event.kind == STREAM_EVENT_FRAME && event.type == MESSAGE_AUTHORITY) {
            puts("it asks for our authority log");
        }
    }
    return false;
}

int liar_push(int argc, char **argv)
{
    uint8_t chunk[65536];
    struct stream stream;
    if (argc - 2 > LIAR_FILE_COUNT_MAX)
        liar_fail("at most %d records", LIAR_FILE_COUNT_MAX);
    int fd = connect_to(argv[1]);
    init_stream(&stream, argv[0]);
    do {
        flush(&stream, fd);
        ssize_t size = recv(fd, chunk, sizeof chunk, 0);
        if (size <= 0)
            liar_fail("the node says no more: %s", size ? strerror(errno) : "it closed the stream");
        stream_receive(&stream, bytes_of(chunk, (size_t)size));
    } while (!follow(&stream, argc, argv));
    printf("%d records were handled\n", argc - 2);
    stream_deinit(&stream);
    close(fd);
    return 0;
}
