// control_server.h - the agent's end of DIR/control: who may ask, frames in, replies out.
//
// The socket is the runner's, handed over listening, so that a client waits through a restart of this
// process. Only root and the owner of DIR may ask (SO_PEERCRED). A client has one request at a time: the
// next is read when the last reply has been given. Nothing a client does costs more than a frame and one
// answer. Of a log, which may be longer than memory, the core says a piece, and the next one when it hears
// that this one has been taken (EVENT_CONTROL_DRAINED, after each CONTROL_SERVER_PIECE_SIZE or more). All
// other answers come in one piece, bounded by the table and by the limits of queries.
#ifndef NODE_IO_CONTROL_SERVER_H
#define NODE_IO_CONTROL_SERVER_H

#include <sys/types.h>
#include <uv.h>

#include "node/io/feed.h"

enum {
    CONTROL_SERVER_PIECE_SIZE = 64 * 1024,
    CONTROL_SERVER_QUEUE_SIZE_MAX =
        256 * 1024 * 1024, // all jobs a fleet may have; beyond it a client is dropped
};

struct control_client;

struct control_server {
    uv_loop_t *loop;
    struct feed *feed;
    uv_pipe_t listener;
    bool is_open;
    bool is_started;
    bool is_waiting;                // somebody connected before control_server_start
    uid_t owner;                    // of DIR
    size_t queue_size_max;          // CONTROL_SERVER_QUEUE_SIZE_MAX
    struct control_client *clients; // owned
    size_t client_count;
    uint64_t last_id;
    bool is_crowded;
    uint64_t refused; // connections: too many, or somebody else's
};

// Takes the listening descriptor over. Who connects waits until control_server_start. 0 or -errno.
int control_server_open(struct control_server *server, uv_loop_t *loop, struct feed *feed, int descriptor,
                        uid_t owner) WARN_UNUSED;
void control_server_start(struct control_server *server);
// An encoded control_reply; `last` ends the client's request. A client that is gone is no error.
void control_server_reply(struct control_server *server, uint64_t client, struct bytes message, bool last);
bool control_server_is_quiet(const struct control_server *server); // all that was replied has gone out
// Drops everybody. Memory goes when the loop has closed the handles.
void control_server_close(struct control_server *server);

#endif
