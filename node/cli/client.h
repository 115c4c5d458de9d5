// client.h - talking to the agent over DIR/control.
//
// The runner holds the socket, so a request waits through a restart of the network process. Says on
// stderr what it waits for when that takes long, and gives up after CLIENT_ANSWER_MS.
#ifndef NODE_CLI_CLIENT_H
#define NODE_CLI_CLIENT_H

#include "node/cli/command_line.h"
#include "proto/control.h"

enum {
    CLIENT_NOTICE_MS = 3000,
    CLIENT_ANSWER_MS = 60000,
};

struct client {
    char *directory; // owned: DIR
    int socket;
    bool waits_for_ever;   // no limit on the next replies: follow, wait
    struct buffer input;   // owned
    struct arena arena;    // of the reply handed out last
    struct arena kept;     // of what client_ask handed out
    struct buffer request; // sent again when the agent restarts before it has answered
    size_t reply_count;
    unsigned reconnect_count; // since the request was sent
    bool is_ended;
    struct arena end_arena;
    struct control_reply end; // the last reply, once client_next has returned false
};

// COMMAND_DONE, COMMAND_NO_AGENT or COMMAND_FAILED, said on stderr.
int client_open(const struct command_line *line, struct client *ret_client);
void client_close(struct client *client); // safe on a zeroed one

void client_send(struct client *client, const struct control_request *request);
// The next reply that carries something, valid until the next call; false at the end.
bool client_next(struct client *client, struct control_reply *ret_reply);
// What client_next gave last stays valid until the next client_send.
void client_keep(struct client *client);
// After client_next returned false: the exit status the agent gave. Its text is said on stderr, and so
// are the names of nodes that could not be asked.
int client_end(struct client *client);

// Sends, skips replies, ends. `ret_reply` (may be NULL) gets the first one and lives until the next
// client_send; *ret_found says whether there was one.
int client_ask(struct client *client, const struct control_request *request, struct control_reply *ret_reply,
               bool *ret_found);

#endif
