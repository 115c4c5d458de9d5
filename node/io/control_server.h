// control_server.h - the agent's end of DIR/control: who may ask, frames in, replies out.
//
// The socket is the runner's, handed over listening, so that a client waits through a restart of this
// process. Only root and the owner of DIR may ask (SO_PEERCRED). A client has one request at a time: the
// next is read when the last reply has been given. Nothing a client does costs more than a frame and a
// queue of CONTROL_SERVER_QUEUE_SIZE_MAX: who reads too slowly for its own answer is dropped.
#ifndef NODE_IO_CONTROL_SERVER_H
#define NODE_IO_CONTROL_SERVER_H

#include <sys/types.h>
#include <uv.h>

#include "node/io/feed.h"

enum { CONTROL_SERVER_QUEUE_SIZE_MAX = 4 * 1024 * 1024 };

struct control_client;

struct control_server {
    uv_loop_t *loop;
    struct feed *feed;
    uv_pipe_t listener;
    bool is_open;
    bool is_started;
    bool is_waiting;                // somebody connected before control_server_start
    uid_t owner;                    // of DIR
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
