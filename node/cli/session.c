#include "node/cli/session.h"

int session_open(const struct command_line *line, struct session *ret_session)
{
    *ret_session = (struct session){0};
    int status = client_open(line, &ret_session->client);
    return status == COMMAND_DONE ? trust_open(line, &ret_session->client, &ret_session->trust) : status;
}

int session_open_signing(const struct command_line *line, struct session *ret_session)
{
    int status = session_open(line, ret_session);
    if (status != COMMAND_DONE)
        return status;
    return sign_open(line, &ret_session->client, &ret_session->trust, &ret_session->signer);
}

void session_close(struct session *session)
{
    sign_close(&session->signer);
    trust_close(&session->trust);
    client_close(&session->client);
}

int session_put(struct session *session, struct buffer *record)
{
    struct bytes view = buffer_view(record);
    int status = sign_put(&session->client, &view, 1);
    buffer_deinit(record);
    return status;
}
