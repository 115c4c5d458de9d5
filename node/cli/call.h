// call.h - one TCP connection of a command to another machine: blocking, but never for ever.
//
// Every function returns 0 or -errno; -ETIMEDOUT when the other side let the time pass.
#ifndef NODE_CLI_CALL_H
#define NODE_CLI_CALL_H

#include "proto/address.h"
#include "proto/bytes.h"

enum {
    CALL_CONNECT_MS = 4000,
    CALL_SILENCE_MS = 15000, // of the other side, before the call is given up
};

// *ret_socket is the caller's to close.
int call_open(const struct address *to, int *ret_socket) WARN_UNUSED;
// Sends all of it and clears the buffer.
int call_send(int socket, struct buffer *data) WARN_UNUSED;
// What has come, at least one byte; *ret_size 0: the other side has closed.
int call_receive(int socket, void *out, size_t room, size_t *ret_size) WARN_UNUSED;
// Says that nothing more comes and waits until the other side has read it all, or some seconds.
void call_finish(int socket);

#endif
