#include "gossip/hear.h"

#include "gossip/courier.h"
#include "gossip/judge.h"
#include "gossip/state.h"
#include "proto/envelope.h"

static void deliver(struct gossip *gossip, const struct node_id *from, const struct packet_item *item,
                    uint64_t vouched_ms)
{
    if (seen_before(&gossip->seen, item->class, item->data, gossip->now_ms))
        return;
    outputs_add(&gossip->outbox, &(struct gossip_output){.kind = GOSSIP_DELIVER,
                                                         .node = *from,
                                                         .data = item->data,
                                                         .class = item->class,
                                                         .vouched_ms = vouched_ms});
}

// A claim of life with the teller's vouching in front. One that we hold already needs no second look.
static void hear_alive(struct gossip *gossip, const struct node_id *from, const struct packet_item *item)
{
    struct envelope envelope;
    struct reader reader;
    reader_init(&reader, item->data);
    uint8_t units = reader_u8(&reader);
    if (envelope_parse(reader.rest, &envelope) != 0 || envelope.kind != ENVELOPE_ALIVE)
        return;
    uint64_t age_ms =
        units == COURIER_NOT_VOUCHED ? GOSSIP_NOT_VOUCHED : (uint64_t)units * COURIER_VOUCH_UNIT_MS;
    struct members_node *node = members_find(&gossip->members, &envelope.signer);
    if (!node || !bytes_equal(buffer_view(&node->record), envelope.whole)) {
        struct packet_item claim = {RUMOR_ALIVE, envelope.whole};
        deliver(gossip, from, &claim, age_ms);
    } else if (age_ms != GOSSIP_NOT_VOUCHED) {
        judge_vouched(gossip, node, from, age_ms);
    }
}

static void hear_items(struct gossip *gossip, const struct node_id *from, struct bytes items)
{
    struct packet_item item;
    while (packet_next_item(&items, &item)) {
        if (item.class == RUMOR_ALIVE)
            hear_alive(gossip, from, &item);
        else if (item.class == RUMOR_LEAVE || item.class == RUMOR_SUSPICION || item.class >= RUMOR_NEWS)
            deliver(gossip, from, &item, GOSSIP_NOT_VOUCHED);
    }
}

static void hear_ping(struct gossip *gossip, const struct courier_stop *stop, const struct packet *ping)
{
    courier_ack(gossip, stop, ping);
    if (ping->whole)
        mismatch_compare(gossip, &stop->node, &ping->summary);
    struct members_node *node = members_find(&gossip->members, &stop->node);
    if (node && (!node->answered || !members_is_live(node)) && node->state != MEMBERS_LEFT)
        judge_check(gossip, node); // it seems to be there: let it prove it
    if (stop->over_stream)
        probe_stream(&gossip->probe, &stop->node, gossip->now_ms);
}

static void hear_ack(struct gossip *gossip, const struct courier_stop *stop, const struct packet *ack)
{
    struct probe_success success;
    struct relay relay;
    struct judge_ack facts = {.peer_wall_ms = (int64_t)ack->wall_ms};
    if (probe_acked(&gossip->probe, &stop->node, ack->sequence, &stop->address, &success)) {
        facts.sent_ms = success.sent_ms;
        facts.sent_wall_ms = success.sent_wall_ms;
        facts.pinged = success.pinged;
    } else if (relay_acked(gossip, &stop->node, ack->sequence, &relay)) {
        facts.sent_ms = relay.sent_ms;
        facts.sent_wall_ms = relay.sent_wall_ms;
        facts.pinged = relay.pinged;
    } else {
        return; // it acknowledges nothing of ours
    }
    struct members_node *node = members_find(&gossip->members, &stop->node);
    if (node && node->state == MEMBERS_DEAD)
        mismatch_restart(&gossip->mismatch); // the fleet was in pieces: compare at once
    if (node)
        judge_acked(gossip, node, &facts);
    mismatch_compare(gossip, &stop->node, ack->whole ? &ack->summary : NULL);
}

static void hear_stream_ack(struct gossip *gossip, const struct courier_stop *stop, const struct packet *ack)
{
    uint64_t sent_ms;
    struct members_node *node = members_find(&gossip->members, &stop->node);
    if (!probe_stream_acked(&gossip->probe, &stop->node, ack->sequence, &sent_ms) || !node)
        return;
    if (node->state == MEMBERS_DEAD)
        mismatch_restart(&gossip->mismatch);
    judge_stream_acked(gossip, node, sent_ms);
    mismatch_compare(gossip, &stop->node, ack->whole ? &ack->summary : NULL);
}

static void hear_relayed(struct gossip *gossip, const struct courier_stop *stop, const struct packet *relayed)
{
    struct node_id target;
    if (!probe_relayed(&gossip->probe, &stop->node, relayed->sequence, &target))
        return;
    gossip->failures = 0;
    struct members_node *node = members_find(&gossip->members, &target);
    if (node)
        judge_vouched(gossip, node, &stop->node, 0);
}

static void hear_nack(struct gossip *gossip, const struct courier_stop *stop, const struct packet *nack)
{
    struct packet_item item = {0};
    struct bytes items = nack->items;
    bool is_signed = packet_next_item(&items, &item) && item.class == RUMOR_SUSPICION;
    probe_nacked(&gossip->probe, &stop->node, nack->sequence, is_signed ? item.data : (struct bytes){0});
}

void hear_stream_packet(struct gossip *gossip, const struct node_id *from, struct bytes bytes)
{
    struct courier_stop stop = {.node = *from, .over_stream = true};
    struct packet packet;
    if (packet_decode(bytes, &packet) != 0 || node_id_equal(from, &gossip->members.self))
        return;
    if (packet.type == PACKET_PING)
        hear_ping(gossip, &stop, &packet);
    else if (packet.type == PACKET_ACK)
        hear_stream_ack(gossip, &stop, &packet);
    else
        return;
    hear_items(gossip, from, packet.items);
}

void hear_packet(struct gossip *gossip, const struct node_id *from, const struct address *address,
                 struct bytes bytes)
{
    struct courier_stop stop = {.node = *from, .address = *address};
    struct packet packet;
    if (packet_decode(bytes, &packet) != 0 || node_id_equal(from, &gossip->members.self))
        return;
    switch (packet.type) {
    case PACKET_PING:
        hear_ping(gossip, &stop, &packet);
        break;
    case PACKET_ACK:
        hear_ack(gossip, &stop, &packet);
        break;
    case PACKET_ASK:
        relay_begin(gossip, from, address, &packet);
        break;
    case PACKET_RELAYED:
        hear_relayed(gossip, &stop, &packet);
        break;
    case PACKET_NACK:
        hear_nack(gossip, &stop, &packet);
        return; // its item counts only if the probe fails
    case PACKET_NEWS:
        break;
    }
    hear_items(gossip, from, packet.items);
}
