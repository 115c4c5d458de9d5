// session.h - one command's talk with an agent: connection, verified trust, and the pen where it signs.
#ifndef NODE_CLI_SESSION_H
#define NODE_CLI_SESSION_H

#include "node/cli/sign.h"

struct session {
    struct client client;
    struct trust trust;
    struct signer signer; // zero without session_open_signing
};

// Each gives a command_status, said on stderr; session_close is needed after any of them.
int session_open(const struct command_line *line, struct session *ret_session) WARN_UNUSED;
int session_open_signing(const struct command_line *line, struct session *ret_session) WARN_UNUSED;
void session_close(struct session *session);

// Puts one signed record, and wipes the buffer.
int session_put(struct session *session, struct buffer *record) WARN_UNUSED;

#endif
