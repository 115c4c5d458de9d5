// listen.h - the addresses a node listens on, and those it tells others.
//
// Each address is bound for datagrams and streams alike, on one port. Without any it is 0.0.0.0 and [::],
// the latter only where the machine has IPv6. Port 0 is the one this node had before, else a free one: a new
// process after a crash is reached where the others know it (node/io/ports.h).
#ifndef NODE_IO_LISTEN_H
#define NODE_IO_LISTEN_H

#include "node/io/tcp.h"
#include "node/io/udp.h"

enum { LISTEN_PORT_DEFAULT = 5289 };

struct listen_wish {
    struct address listen[LIMIT_ADDRESS_COUNT_MAX];
    size_t listen_count;
    struct address advertise[LIMIT_ADDRESS_COUNT_MAX]; // port 0: the one listened on
    size_t advertise_count;
    struct address before[LIMIT_ADDRESS_COUNT_MAX]; // what was bound last time, in the same order
    size_t before_count;
};

struct listen_result {
    struct address bound[LIMIT_ADDRESS_COUNT_MAX];
    size_t bound_count;
    struct address reached[LIMIT_ADDRESS_COUNT_MAX]; // what others are told
    size_t reached_count;
    char why[256]; // one line for people when it failed
};

// False with `why` when an address cannot be had.
bool listen_bind(const struct listen_wish *wish, struct tcp *tcp, struct udp *udp,
                 struct listen_result *ret_result) WARN_UNUSED;

#endif
