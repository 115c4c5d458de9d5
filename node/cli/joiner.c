#include "node/cli/joiner.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "proto/message.h"
#include "proto/parcel.h"

void joiner_init(struct joiner *joiner, const struct joiner_options *options)
{
    struct public_key token_key;
    struct secret_key token_secret;
    *joiner = (struct joiner){.options = *options};
    struct stream_options stream = {.initiator = true,
                                    .purpose = STREAM_JOIN,
                                    .fleet = options->token->fleet,
                                    .one_time = options->one_time};
    memcpy(stream.identity.b, options->keys->datagram_secret, sizeof stream.identity.b);
    envelope_keypair(options->token->seed, &token_key, &token_secret);
    token_tag(&options->token->fleet, &token_key, stream.tag);
    stream_init(&joiner->stream, &stream);
    sodium_memzero(&token_secret, sizeof token_secret);
    sodium_memzero(&stream, sizeof stream);
}

void joiner_deinit(struct joiner *joiner)
{
    stream_deinit(&joiner->stream);
    buffer_deinit(&joiner->records);
    sodium_memzero(joiner, sizeof *joiner);
}

struct buffer *joiner_output(struct joiner *joiner)
{
    return stream_output(&joiner->stream);
}

static void request(struct joiner *joiner)
{
    struct envelope_signer node = agent_keys_signer(joiner->options.keys);
    struct public_key token_key;
    struct secret_key token_secret;
    struct join_request request = {.node_key = node.key};
    struct buffer body = {0};
    envelope_keypair(joiner->options.token->seed, &token_key, &token_secret);
    memcpy(request.name, joiner->options.name, strlen(joiner->options.name) + 1);
    join_request_sign(&request, stream_hash(&joiner->stream), &token_secret, &node.secret);
    join_request_encode(&request, &body);
    int outcome = stream_send(&joiner->stream, JOIN_REQUEST, buffer_view(&body));
    assert(outcome == 0);
    buffer_deinit(&body);
    sodium_memzero(&token_secret, sizeof token_secret);
    sodium_memzero(&node, sizeof node);
}

// Somebody answered; only the key in the token is told who we are.
static int answered(struct joiner *joiner, const struct public_key *remote)
{
    if (memcmp(remote, &joiner->options.token->redeemer_key, sizeof *remote) != 0)
        return JOINER_IMPOSTOR;
    joiner->stream_outcome = stream_confirm(&joiner->stream, (struct bytes){0});
    if (joiner->stream_outcome)
        return JOINER_BROKEN;
    request(joiner);
    return 0;
}

static int collect(struct joiner *joiner, struct bytes body)
{
    struct arena arena = {0};
    struct message_list list;
    int outcome = message_list_decode(body, &arena, &list) ? JOINER_STRANGE : 0;
    for (size_t i = 0; outcome == 0 && i < list.count; i++) {
        if (list.items[i].size > LIMIT_RECORD_SIZE_MAX ||
            joiner->records.size + list.items[i].size > JOINER_BYTES_MAX)
            outcome = JOINER_STRANGE;
        else
            parcel_add(&joiner->records, list.items[i]);
    }
    arena_deinit(&arena);
    return outcome;
}

static int frame(struct joiner *joiner, uint8_t type, struct bytes body)
{
    switch (type) {
    case JOIN_RECORDS:
        return collect(joiner, body);
    case JOIN_ADMITTED:
        if (body.size != HASH_SIZE)
            return JOINER_STRANGE;
        memcpy(joiner->admission.hash.b, body.data, HASH_SIZE);
        return JOINER_ADMITTED;
    case JOIN_REFUSED:
        if (!body.size || !name_is_text(body, LIMIT_TEXT_SIZE_MAX))
            return JOINER_STRANGE;
        snprintf(joiner->refusal, sizeof joiner->refusal, "%.*s", (int)body.size, (const char *)body.data);
        return JOINER_REFUSED;
    default:
        return JOINER_STRANGE;
    }
}

int joiner_receive(struct joiner *joiner, struct bytes bytes)
{
    struct stream_event event;
    if (joiner->outcome)
        return joiner->outcome;
    stream_receive(&joiner->stream, bytes);
    while (joiner->outcome == 0 && stream_next(&joiner->stream, &event)) {
        if (event.kind == STREAM_EVENT_ANSWERED) {
            joiner->outcome = answered(joiner, &event.remote);
        } else if (event.kind == STREAM_EVENT_FRAME) {
            joiner->outcome = frame(joiner, event.type, event.payload);
        } else {
            joiner->stream_outcome = event.outcome;
            joiner->outcome = JOINER_BROKEN;
        }
    }
    return joiner->outcome;
}

void joiner_tell_keys(struct joiner *joiner, struct bytes envelope)
{
    assert(joiner->outcome == JOINER_ADMITTED);
    int outcome = stream_send(&joiner->stream, JOIN_KEYS, envelope);
    assert(outcome == 0);
}
