// call.h - one TCP connection of a command to another machine: blocking, but never for ever.
//
// Every function returns 0 or -errno; -ETIMEDOUT when the other side let the time pass.
#ifndef NODE_CLI_CALL_H
#define NODE_CLI_CALL_H

#include "proto/address.h"
#include "proto/bytes.h"

enum {
    CALL_CONNECT_MS = 4000,
    CALL_SEND_MS = 10000,
    CALL_ROOM = 16 * 1024,
};

struct call_data {
    uint8_t bytes[CALL_ROOM];
    size_t size;
};

// *ret_socket is the caller's to close.
int call_open(const struct address *to, int *ret_socket) WARN_UNUSED;
// Sends all of it and clears the buffer.
int call_send(int socket, struct buffer *data) WARN_UNUSED;
// What comes within `patience_ms`, at least one byte; of size 0 when the other side has closed.
int call_receive(int socket, uint64_t patience_ms, struct call_data *ret_data) WARN_UNUSED;
// Says that nothing more comes and waits until the other side has read it all, or some seconds.
void call_finish(int socket);

#endif
