// udp.h - datagrams in and out, as they are: sealing and opening is the core's.
//
// Losing one on its way is no error. One that this machine itself would not send (no route, refused) is told
// from the loop as EVENT_UNSENT: the trouble is here. What arrives larger than LIMIT_DATAGRAM_SIZE_MAX is
// dropped here.
#ifndef NODE_IO_UDP_H
#define NODE_IO_UDP_H

#include <uv.h>

#include "node/io/feed.h"

enum {
    UDP_SOCKET_COUNT_MAX = 4 * LIMIT_ADDRESS_COUNT_MAX, // those given up again count
    UDP_UNSENT_COUNT_MAX = 16,
    UDP_QUEUE_SIZE_MAX = 1024 * 1024, // waiting to be sent; more is lost
};

struct udp_socket {
    uv_udp_t handle;
    struct udp *udp;
    struct address address; // as bound
    bool is_closed;         // given up again
};

struct udp {
    uv_loop_t *loop;
    struct feed *feed;
    struct udp_socket sockets[UDP_SOCKET_COUNT_MAX];
    size_t count;
    uint64_t lost;                               // could not be sent
    struct address unsent[UDP_UNSENT_COUNT_MAX]; // to be told; more are only counted
    size_t unsent_count;
    uv_async_t wake; // tells them
    char memory[2048];
};

void udp_open(struct udp *udp, uv_loop_t *loop, struct feed *feed);
// 0 or a uv error; then it is given up again. Nothing is received before udp_start.
int udp_bind(struct udp *udp, const struct address *address) WARN_UNUSED;
int udp_start(struct udp *udp) WARN_UNUSED;
void udp_send(struct udp *udp, const struct address *to, struct bytes data);
void udp_close(struct udp *udp);

#endif
