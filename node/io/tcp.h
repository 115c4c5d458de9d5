// tcp.h - streams to and from other nodes, as raw bytes: handshake and encryption are the core's.
//
// Streams the core opens have its odd numbers, accepted ones even numbers of ours. A stream that cannot
// be had, or breaks, is told once by EVENT_STREAM_CLOSED; one the core closes itself is told no more of.
// An accepted stream counts as half open until the core has sent something on it: there are at most
// LIMIT_HALF_OPEN_STREAM_COUNT_MAX of those and LIMIT_STREAM_COUNT_MAX in all, later ones are refused.
#ifndef NODE_IO_TCP_H
#define NODE_IO_TCP_H

#include <uv.h>

#include "node/io/feed.h"

enum {
    TCP_LISTENER_COUNT_MAX = 4 * LIMIT_ADDRESS_COUNT_MAX, // those given up again count
    TCP_QUEUE_SIZE_MAX = 4 * 1024 * 1024,                 // a peer that reads so slowly is cut off
    TCP_KEEP_ALIVE_S = 30,
    TCP_UNANSWERED_MS = 10000, // what is not acknowledged for so long breaks the stream
    TCP_CONNECT_MS = 10000,
    TCP_CLOSE_MS = 10000, // for what was sent to go out
};

struct tcp_stream;

struct tcp_listener {
    uv_tcp_t handle;
    struct tcp *tcp;
    struct address address; // as bound
    bool is_closed;         // given up again
    bool is_waiting;        // somebody knocked before tcp_start
};

struct tcp {
    uv_loop_t *loop;
    struct feed *feed;
    struct tcp_listener listeners[TCP_LISTENER_COUNT_MAX];
    size_t listener_count;
    bool is_started;
    struct tcp_stream *streams; // owned
    size_t stream_count;
    size_t half_open_count;
    uint64_t last_accepted; // even
    uint64_t refused;
    uint8_t *memory; // owned; of the read in progress
};

void tcp_open(struct tcp *tcp, uv_loop_t *loop, struct feed *feed);
// Port 0 takes a free one. 0 or a uv error; *ret_bound is the address with its port. Who connects waits
// until tcp_start.
int tcp_bind(struct tcp *tcp, const struct address *address, struct address *ret_bound) WARN_UNUSED;
void tcp_unbind_last(struct tcp *tcp);
void tcp_start(struct tcp *tcp);
void tcp_connect(struct tcp *tcp, uint64_t stream, const struct address *to);
void tcp_send(struct tcp *tcp, uint64_t stream, struct bytes data);
void tcp_finish(struct tcp *tcp, uint64_t stream); // closes after what was sent has gone out
void tcp_tick(struct tcp *tcp, uint64_t now_ms);   // each second: cuts what takes too long
void tcp_close(struct tcp *tcp);

#endif
