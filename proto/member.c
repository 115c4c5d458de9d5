#include "proto/member.h"

#include "proto/codec.h"
#include "proto/member.pb-c.h"

_Static_assert((int)MEMBER_MALFORMED == (int)CODEC_MALFORMED, "one outcome");

static void member_read_address(struct codec *codec, const Katydid__Member__Address *in, struct address *out)
{
    codec_check(codec, in->ip.len == 4 || in->ip.len == 16);
    codec_id(codec, in->ip, out->ip, in->ip.len == 4 ? 4 : 16);
    out->ip_size = (uint8_t)in->ip.len;
    out->port = (uint16_t)codec_number(codec, in->port, 1, UINT16_MAX);
    codec_check(codec, address_is_unicast(out));
}

static void member_read_addresses(struct codec *codec, const Katydid__Member__Alive *in,
                                  struct member_alive *out)
{
    out->address_count = in->n_addresses;
    struct address *addresses =
        codec_array(codec, &out->address_count, LIMIT_ADDRESS_COUNT_MAX, sizeof *addresses);
    for (size_t i = 0; i < out->address_count; i++)
        member_read_address(codec, in->addresses[i], &addresses[i]);
    codec_check(codec, out->address_count > 0);
    out->addresses = addresses;
}

// Letters, digits, '-', '.' and '+', as in the file it comes from.
static void member_read_zone_data(struct codec *codec, ProtobufCBinaryData in,
                                  char out[MEMBER_ZONE_DATA_ROOM])
{
    codec_check(codec, in.len < MEMBER_ZONE_DATA_ROOM);
    for (size_t i = 0; i < in.len && !codec->failed; i++) {
        char c = (char)in.data[i];
        bool is_letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        codec_check(codec, is_letter || c == '-' || c == '.' || c == '+');
        out[i] = c;
    }
}

static void member_alive_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Member__Alive *in = message;
    struct member_alive *out = ret;
    out->generation = codec_counter(codec, in->generation, 0);
    codec_id(codec, in->instance, out->instance, sizeof out->instance);
    out->incarnation = codec_counter(codec, in->incarnation, 0);
    member_read_addresses(codec, in, out);
    out->probe_interval_ms = (uint32_t)codec_number(codec, in->probe_interval_ms, LIMIT_PROBE_INTERVAL_MS_MIN,
                                                    LIMIT_PROBE_INTERVAL_MS_MAX);
    out->slots = (uint32_t)codec_number(codec, in->slots, 0, LIMIT_RUNNING_COUNT_MAX);
    out->takes_work = in->takes_work;
    out->clock_trusted = in->clock_trusted;
    out->clock_error_ms = in->clock_error_ms;
    out->authority_number = codec_counter(codec, in->authority_number, 0);
    codec_id(codec, in->authority_head, out->authority_head.b, sizeof out->authority_head.b);
    out->confined = (enum member_confined)codec_number(codec, in->confined, 0, MEMBER_CONFINED_FULL);
    codec_name(codec, in->version, out->version);
    member_read_zone_data(codec, in->zone_data, out->zone_data);
}

int member_alive_decode(struct bytes body, struct arena *arena, struct member_alive *ret)
{
    static const struct codec_message type = {
        .descriptor = &katydid__member__alive__descriptor, .size = sizeof *ret, .read = member_alive_read};
    return codec_decode(&type, body, arena, ret);
}

void member_alive_encode(const struct member_alive *alive, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Member__Alive message = KATYDID__MEMBER__ALIVE__INIT;
    message.generation = alive->generation;
    message.instance = codec_put(alive->instance, sizeof alive->instance);
    message.incarnation = alive->incarnation;
    message.n_addresses = alive->address_count;
    message.addresses =
        codec_put_messages(&room, &katydid__member__address__descriptor, alive->address_count);
    for (size_t i = 0; i < alive->address_count; i++) {
        message.addresses[i]->ip = codec_put(alive->addresses[i].ip, alive->addresses[i].ip_size);
        message.addresses[i]->port = alive->addresses[i].port;
    }
    message.probe_interval_ms = alive->probe_interval_ms;
    message.slots = alive->slots;
    message.takes_work = alive->takes_work;
    message.clock_trusted = alive->clock_trusted;
    message.clock_error_ms = alive->clock_error_ms;
    message.authority_number = alive->authority_number;
    message.authority_head = codec_put(alive->authority_head.b, sizeof alive->authority_head.b);
    message.confined = (uint32_t)alive->confined;
    message.version = codec_put_text(alive->version);
    message.zone_data = codec_put_text(alive->zone_data);
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

static void member_leave_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Member__Leave *in = message;
    struct member_leave *out = ret;
    out->generation = codec_counter(codec, in->generation, 0);
    out->incarnation = codec_counter(codec, in->incarnation, 0);
}

int member_leave_decode(struct bytes body, struct arena *arena, struct member_leave *ret)
{
    static const struct codec_message type = {
        .descriptor = &katydid__member__leave__descriptor, .size = sizeof *ret, .read = member_leave_read};
    return codec_decode(&type, body, arena, ret);
}

void member_leave_encode(const struct member_leave *leave, struct buffer *out)
{
    Katydid__Member__Leave message = KATYDID__MEMBER__LEAVE__INIT;
    message.generation = leave->generation;
    message.incarnation = leave->incarnation;
    codec_pack(&message.base, out);
}

static void member_suspicion_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Member__Suspicion *in = message;
    struct member_suspicion *out = ret;
    codec_id(codec, in->target, out->target.b, sizeof out->target.b);
    out->generation = codec_counter(codec, in->generation, 0);
    out->incarnation = codec_counter(codec, in->incarnation, 0);
    out->reason = in->reason;
}

int member_suspicion_decode(struct bytes body, struct arena *arena, struct member_suspicion *ret)
{
    static const struct codec_message type = {.descriptor = &katydid__member__suspicion__descriptor,
                                              .size = sizeof *ret,
                                              .read = member_suspicion_read};
    return codec_decode(&type, body, arena, ret);
}

void member_suspicion_encode(const struct member_suspicion *suspicion, struct buffer *out)
{
    Katydid__Member__Suspicion message = KATYDID__MEMBER__SUSPICION__INIT;
    message.target = codec_put(suspicion->target.b, sizeof suspicion->target.b);
    message.generation = suspicion->generation;
    message.incarnation = suspicion->incarnation;
    message.reason = suspicion->reason;
    codec_pack(&message.base, out);
}
