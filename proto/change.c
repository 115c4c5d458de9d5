#include "proto/change.h"

#include "proto/change.pb-c.h"
#include "proto/codec.h"

_Static_assert((int)CHANGE_MALFORMED == (int)CODEC_MALFORMED, "one outcome");

static uint64_t change_life(struct codec *codec, uint64_t life, unsigned parity)
{
    codec_check(codec, life % 2 == parity);
    return codec_counter(codec, life, 1);
}

static void pause_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Change__Pause *in = message;
    struct pause *out = ret;
    codec_name(codec, in->namespace_, out->namespace_name);
    codec_name(codec, in->name, out->name);
    out->life = change_life(codec, in->life, 1);
    out->stamp = codec_stamp(codec, in->stamp);
    out->until_ms = codec_instant(codec, in->until_ms);
    out->lift_count = in->n_lifts;
    out->lifts =
        codec_ids(codec, in->lifts, &out->lift_count, LIMIT_LIFTED_PAUSE_COUNT_MAX, sizeof *out->lifts);
    out->authority_number = codec_counter(codec, in->authority_number, 0);
    out->note = codec_text_or_null(codec, in->note, LIMIT_TEXT_SIZE_MAX);
}

int pause_decode(struct bytes body, struct arena *arena, struct pause *ret)
{
    static const struct codec_message type = {
        .descriptor = &katydid__change__pause__descriptor, .size = sizeof *ret, .read = pause_read};
    return codec_decode(&type, body, arena, ret);
}

void pause_encode(const struct pause *pause, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Change__Pause message = KATYDID__CHANGE__PAUSE__INIT;
    message.namespace_ = codec_put_text(pause->namespace_name);
    message.name = codec_put_text(pause->name);
    message.life = pause->life;
    message.stamp = pause->stamp;
    message.until_ms = pause->until_ms;
    message.n_lifts = pause->lift_count;
    message.lifts = codec_put_ids(&room, pause->lifts, pause->lift_count, HASH_SIZE);
    message.authority_number = pause->authority_number;
    message.note = codec_put_text(pause->note);
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

static void removal_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Change__Delete *in = message;
    struct removal *out = ret;
    codec_name(codec, in->namespace_, out->namespace_name);
    codec_name(codec, in->name, out->name);
    out->life = change_life(codec, in->life, 0);
    out->stamp = codec_stamp(codec, in->stamp);
    out->authority_number = codec_counter(codec, in->authority_number, 0);
}

int removal_decode(struct bytes body, struct arena *arena, struct removal *ret)
{
    static const struct codec_message type = {
        .descriptor = &katydid__change__delete__descriptor, .size = sizeof *ret, .read = removal_read};
    return codec_decode(&type, body, arena, ret);
}

void removal_encode(const struct removal *removal, struct buffer *out)
{
    Katydid__Change__Delete message = KATYDID__CHANGE__DELETE__INIT;
    message.namespace_ = codec_put_text(removal->namespace_name);
    message.name = codec_put_text(removal->name);
    message.life = removal->life;
    message.stamp = removal->stamp;
    message.authority_number = removal->authority_number;
    codec_pack(&message.base, out);
}

static void order_read_window(struct codec *codec, const Katydid__Change__Order *in, struct order *out)
{
    out->not_before_ms = codec_instant(codec, in->not_before_ms);
    out->not_after_ms = codec_instant(codec, in->not_after_ms);
    if (!codec->failed) // so that the difference cannot overflow
        codec_check(codec, out->not_after_ms >= out->not_before_ms &&
                               out->not_after_ms - out->not_before_ms <= LIMIT_ORDER_MS_MAX);
}

static void order_read_range(struct codec *codec, const Katydid__Change__Order *in, struct order *out)
{
    out->from_ms = codec_instant(codec, in->from_ms);
    out->until_ms = codec_instant(codec, in->until_ms);
    bool is_range = out->from_ms > 0 && out->until_ms >= out->from_ms && out->action == ORDER_RUN;
    codec_check(codec, is_range || (out->from_ms == 0 && out->until_ms == 0));
}

static void order_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Change__Order *in = message;
    struct order *out = ret;
    codec_id(codec, in->random, out->random, sizeof out->random);
    out->action = (enum order_action)codec_number(codec, in->action, ORDER_RUN, ORDER_EMIT);
    codec_name(codec, in->namespace_, out->namespace_name);
    codec_name(codec, in->name, out->name);
    if (out->action == ORDER_EMIT) // names an event, and events have no lives
        codec_check(codec, in->life == 0);
    else
        out->life = change_life(codec, in->life, 1);
    codec_id_or_zero(codec, in->run, out->run.b, sizeof out->run.b);
    codec_check(codec, out->action == ORDER_CANCEL || in->run.len == 0);
    out->target_count = in->n_targets;
    out->targets =
        codec_ids(codec, in->targets, &out->target_count, LIMIT_TARGET_COUNT_MAX, sizeof *out->targets);
    order_read_window(codec, in, out);
    order_read_range(codec, in, out);
    out->stamp = codec_stamp(codec, in->stamp);
    out->authority_number = codec_counter(codec, in->authority_number, 0);
}

int order_decode(struct bytes body, struct arena *arena, struct order *ret)
{
    static const struct codec_message type = {
        .descriptor = &katydid__change__order__descriptor, .size = sizeof *ret, .read = order_read};
    return codec_decode(&type, body, arena, ret);
}

void order_encode(const struct order *order, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Change__Order message = KATYDID__CHANGE__ORDER__INIT;
    message.random = codec_put(order->random, sizeof order->random);
    message.action = (uint32_t)order->action;
    message.namespace_ = codec_put_text(order->namespace_name);
    message.name = codec_put_text(order->name);
    message.run = codec_put_id(order->run.b, sizeof order->run.b);
    message.n_targets = order->target_count;
    message.targets = codec_put_ids(&room, order->targets, order->target_count, NODE_ID_SIZE);
    message.not_before_ms = order->not_before_ms;
    message.not_after_ms = order->not_after_ms;
    message.from_ms = order->from_ms;
    message.until_ms = order->until_ms;
    message.stamp = order->stamp;
    message.life = order->life;
    message.authority_number = order->authority_number;
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

static void event_record_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Change__Event *in = message;
    struct event_record *out = ret;
    codec_name(codec, in->namespace_, out->namespace_name);
    codec_name(codec, in->name, out->name);
    codec_id(codec, in->random, out->random, sizeof out->random);
    out->stamp = codec_stamp(codec, in->stamp);
    out->expires_ms = codec_instant(codec, in->expires_ms);
    out->data = codec_bytes(codec, in->data, LIMIT_EVENT_DATA_SIZE_MAX);
    out->authority_number = codec_counter(codec, in->authority_number, 0);
}

int event_record_decode(struct bytes body, struct arena *arena, struct event_record *ret)
{
    static const struct codec_message type = {
        .descriptor = &katydid__change__event__descriptor, .size = sizeof *ret, .read = event_record_read};
    return codec_decode(&type, body, arena, ret);
}

void event_record_encode(const struct event_record *event, struct buffer *out)
{
    Katydid__Change__Event message = KATYDID__CHANGE__EVENT__INIT;
    message.namespace_ = codec_put_text(event->namespace_name);
    message.name = codec_put_text(event->name);
    message.random = codec_put(event->random, sizeof event->random);
    message.stamp = event->stamp;
    message.expires_ms = event->expires_ms;
    message.data = codec_put(event->data.data, event->data.size);
    message.authority_number = event->authority_number;
    codec_pack(&message.base, out);
}
