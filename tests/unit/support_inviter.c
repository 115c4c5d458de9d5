#include "tests/unit/support_inviter.h"

#include <stdio.h>
#include <string.h>

static const struct label berlin[] = {{"site", "berlin"}};

struct agent_keys inviter_machine_keys(uint8_t number)
{
    struct agent_keys keys = {0};
    memset(keys.signing_seed, number, sizeof keys.signing_seed);
    memset(keys.datagram_secret, number ^ 0x55, sizeof keys.datagram_secret);
    return keys;
}

struct invite inviter_invite(const struct inviter *inviter)
{
    struct invite invite = {.redeemer = node_id_of(&inviter->node.key),
                            .labels = {berlin, COUNT_OF(berlin)},
                            .uses = 1,
                            .expires_ms = SUPPORT_WALL_MS + 60 * 1000,
                            .name_pattern = "*",
                            .authority_number = 1};
    struct secret_key secret;
    uint8_t seed[32];
    memset(seed, 0xd4, sizeof seed);
    envelope_keypair(seed, &invite.token_key, &secret);
    return invite;
}

static void perform(struct inviter *inviter, const struct effect *effect)
{
    if (effect->kind == EFFECT_STORE) {
        inviter->written = effect->is.write.ticket;
        inviter->record_writes += effect->is.write.kind == EFFECT_WRITE_RECORD;
    } else if (effect->kind == EFFECT_STREAM_SEND && effect->is.stream.stream == inviter->caller) {
        buffer_add(&inviter->replies, effect->is.stream.data.data, effect->is.stream.data.size);
    } else if (effect->kind == EFFECT_STREAM_CLOSE && effect->is.stream.stream == inviter->caller) {
        inviter->has_closed = true;
    }
}

static void step(struct inviter *inviter, struct event *event)
{
    struct effect effect;
    inviter->now_ms++;
    event->now_ms = inviter->now_ms;
    event->wall_ms = inviter->wall_ms;
    event->boottime_ns = inviter->now_ms * 1000 * 1000;
    core_step(inviter->core, event);
    while (core_next_effect(inviter->core, &effect))
        perform(inviter, &effect);
}

void inviter_settle(struct inviter *inviter)
{
    struct event event = {.kind = EVENT_STORED, .is.stored.ticket = inviter->written};
    step(inviter, &event);
}

void inviter_give_record(struct inviter *inviter, struct bytes envelope)
{
    struct event event = {.kind = EVENT_ROW, .is.row.row = {.kind = EVENT_ROW_RECORD, .envelope = envelope}};
    step(inviter, &event);
}

static struct support_envelope sign_keys(const struct inviter *inviter)
{
    struct node_keys keys = {.datagram_key = agent_keys_datagram_key(&inviter->keys),
                             .serial = 1,
                             .admission = inviter->node_record.id.hash,
                             .version = "0.1.0"};
    struct support_envelope envelope = {0};
    struct buffer body = {0};
    node_keys_encode(&keys, &body);
    envelope.id = envelope_sign(&inviter->node, ENVELOPE_KEYS, buffer_view(&body), &envelope.bytes);
    buffer_deinit(&body);
    return envelope;
}

static void boot(struct inviter *inviter)
{
    struct address address;
    bool is_address = address_parse("127.0.0.1:5289", 0, &address);
    assert(is_address);
    struct event event = {.kind = EVENT_BOOT};
    event.is.boot = (struct event_boot){.node_key = inviter->node.key,
                                        .node_secret = inviter->node.secret,
                                        .fleet = inviter->trust.fleet,
                                        .seed = {7},
                                        .generation = 1,
                                        .addresses = &address,
                                        .address_count = 1,
                                        .confined_text = "",
                                        .version = "0.1.0"};
    memcpy(event.is.boot.datagram_secret, inviter->keys.datagram_secret, 32);
    inviter->core = core_new();
    step(inviter, &event);
}

static void make_token(struct inviter *inviter)
{
    struct authority_log_head head = authority_log_get_head(&inviter->trust.log);
    inviter->token = (struct token){.fleet = inviter->trust.fleet,
                                    .authority_number = head.number,
                                    .authority_head = head.id.hash,
                                    .redeemer_key = agent_keys_datagram_key(&inviter->keys),
                                    .address_count = 1};
    memset(inviter->token.seed, 0xd4, sizeof inviter->token.seed);
    bool is_address = address_parse("127.0.0.1:5289", 0, &inviter->token.addresses[0]);
    assert(is_address);
}

void inviter_init(struct inviter *inviter, const struct invite *invite)
{
    struct scope all = support_scope_all();
    *inviter = (struct inviter){.now_ms = 1000, .wall_ms = SUPPORT_WALL_MS, .next_stream = 2};
    support_trust_init(&inviter->trust);
    support_trust_entry(&inviter->trust, support_operator(SUPPORT_ALICE, &all), &inviter->authority);
    inviter->alice = support_signer(&inviter->trust.fleet, SUPPORT_ALICE);
    inviter->keys = inviter_machine_keys(SUPPORT_NODE);
    inviter->keys.fleet = inviter->trust.fleet;
    inviter->node = agent_keys_signer(&inviter->keys);
    inviter->node_record = support_sign_node(&inviter->alice, SUPPORT_NODE, NULL, 1, 1);
    inviter->node_keys = sign_keys(inviter);
    struct invite own = inviter_invite(inviter);
    inviter->invite = support_sign_invite(&inviter->alice, invite ? invite : &own);
    make_token(inviter);
    boot(inviter);
    const struct buffer *records[] = {&inviter->trust.genesis, &inviter->authority,
                                      &inviter->node_record.bytes, &inviter->node_keys.bytes,
                                      &inviter->invite.bytes};
    for (size_t i = 0; i < COUNT_OF(records); i++)
        inviter_give_record(inviter, buffer_view(records[i]));
    struct event loaded = {.kind = EVENT_ROWS_DONE};
    step(inviter, &loaded);
}

void inviter_deinit(struct inviter *inviter)
{
    core_free(inviter->core);
    support_trust_deinit(&inviter->trust);
    buffer_deinit(&inviter->authority);
    support_envelope_deinit(&inviter->node_record);
    support_envelope_deinit(&inviter->node_keys);
    support_envelope_deinit(&inviter->invite);
    buffer_deinit(&inviter->replies);
}

void inviter_call(struct inviter *inviter, struct joiner *joiner, const struct agent_keys *keys,
                  const char *name)
{
    struct joiner_options options = {.token = &inviter->token, .keys = keys, .name = name};
    options.one_time.b[0] = (uint8_t)inviter->next_stream;
    joiner_init(joiner, &options);
    inviter->caller = inviter->next_stream;
    inviter->next_stream += 2;
    inviter->has_closed = false;
    buffer_clear(&inviter->replies);
    struct event event = {.kind = EVENT_STREAM_OPENED};
    event.is.stream.stream = inviter->caller;
    event.is.stream.accepted = true;
    step(inviter, &event);
}

void inviter_hear(struct inviter *inviter, struct joiner *joiner)
{
    struct buffer *output = joiner_output(joiner);
    struct event event = {.kind = EVENT_STREAM_BYTES};
    event.is.stream.stream = inviter->caller;
    event.is.stream.data = buffer_view(output);
    if (output->size)
        step(inviter, &event);
    buffer_clear(output);
    if (!inviter->is_disk_slow)
        inviter_settle(inviter);
}

struct buffer inviter_take_replies(struct inviter *inviter)
{
    struct buffer replies = inviter->replies;
    inviter->replies = (struct buffer){0};
    return replies;
}

int inviter_talk(struct inviter *inviter, struct joiner *joiner)
{
    for (;;) {
        inviter_hear(inviter, joiner);
        if (!inviter->replies.size)
            return joiner->outcome;
        struct buffer replies = inviter_take_replies(inviter);
        joiner_receive(joiner, buffer_view(&replies));
        buffer_deinit(&replies);
    }
}

void inviter_hang_up(struct inviter *inviter)
{
    struct event event = {.kind = EVENT_STREAM_CLOSED};
    event.is.stream.stream = inviter->caller;
    step(inviter, &event);
}
