#include "proto/join.h"

#include <sodium.h>
#include <string.h>

int join_request_decode(struct bytes body, struct join_request *ret)
{
    struct reader reader;
    struct join_request request = {0};
    reader_init(&reader, body);
    reader_copy(&reader, request.node_key.b, sizeof request.node_key.b);
    struct bytes name = reader_bytes(&reader, reader_u8(&reader));
    reader_copy(&reader, request.by_token.b, sizeof request.by_token.b);
    reader_copy(&reader, request.by_node.b, sizeof request.by_node.b);
    if (!reader_is_done(&reader) || !name_is_valid(name))
        return JOIN_MALFORMED;
    memcpy(request.name, name.data, name.size);
    *ret = request;
    return 0;
}

void join_request_encode(const struct join_request *request, struct buffer *out)
{
    buffer_add(out, request->node_key.b, sizeof request->node_key.b);
    buffer_add_u8(out, (uint8_t)strlen(request->name));
    buffer_add(out, request->name, strlen(request->name));
    buffer_add(out, request->by_token.b, sizeof request->by_token.b);
    buffer_add(out, request->by_node.b, sizeof request->by_node.b);
}

static struct buffer signed_bytes(const struct join_request *request, struct bytes stream_hash)
{
    struct buffer bytes = {0};
    buffer_add(&bytes, "katydid-join-1", sizeof "katydid-join-1");
    buffer_add(&bytes, stream_hash.data, stream_hash.size);
    buffer_add(&bytes, request->node_key.b, sizeof request->node_key.b);
    buffer_add(&bytes, request->name, strlen(request->name));
    return bytes;
}

void join_request_sign(struct join_request *request, struct bytes stream_hash, const struct secret_key *token,
                       const struct secret_key *node)
{
    struct buffer bytes = signed_bytes(request, stream_hash);
    crypto_sign_detached(request->by_token.b, NULL, bytes.data, bytes.size, token->b);
    crypto_sign_detached(request->by_node.b, NULL, bytes.data, bytes.size, node->b);
    buffer_deinit(&bytes);
}

bool join_request_verify(const struct join_request *request, struct bytes stream_hash,
                         const struct public_key *token)
{
    struct buffer bytes = signed_bytes(request, stream_hash);
    bool holds =
        crypto_sign_verify_detached(request->by_token.b, bytes.data, bytes.size, token->b) == 0 &&
        crypto_sign_verify_detached(request->by_node.b, bytes.data, bytes.size, request->node_key.b) == 0;
    buffer_deinit(&bytes);
    return holds;
}
