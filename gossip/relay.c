#include "gossip/relay.h"

#include "gossip/courier.h"
#include "gossip/state.h"

#include <stdlib.h>
#include <string.h>

enum { SIGNATURE_MS = 1000 }; // a signature that takes longer is not waited for

void relay_deinit(struct relays *relays)
{
    free(relays->items);
    *relays = (struct relays){0};
}

static void relay_drop(struct relays *relays, size_t place)
{
    relays->count--;
    memmove(relays->items + place, relays->items + place + 1,
            (relays->count - place) * sizeof *relays->items);
}

static void relay_report(struct gossip *gossip, const struct relay *relay, enum packet_type type,
                         struct bytes suspicion)
{
    struct courier_stop stop = {.node = relay->asker, .address = relay->asker_address};
    struct packet report = {.type = type, .sequence = relay->asker_sequence};
    courier_report(gossip, &stop, &report, suspicion);
}

// Never less than what is fair to the target: a hasty asker must not collect accusations.
static uint64_t patience_ms(const struct gossip *gossip, const struct members_node *node, uint64_t wait_ms)
{
    wait_ms = MIN_OF(MAX_OF(wait_ms, (uint64_t)PROBE_INDIRECT_MS_MIN), gossip->interval_ms) * 4 / 5;
    return node ? MAX_OF(wait_ms, probe_timeout_ms(&gossip->probe, node)) : wait_ms;
}

void relay_begin(struct gossip *gossip, const struct node_id *asker, const struct address *address,
                 const struct packet *ask)
{
    struct relays *relays = &gossip->relays;
    struct relay relay = {
        .asker = *asker,
        .asker_address = *address,
        .asker_sequence = ask->sequence,
        .target = ask->target,
        .sent_ms = gossip->now_ms,
        .sent_wall_ms = gossip->wall_ms,
    };
    struct members_node *node = members_find(&gossip->members, &ask->target);
    relay.deadline_ms = gossip->now_ms + patience_ms(gossip, node, ask->wait_ms);
    if (!node || members_is_self(&gossip->members, node) || !members_address(node, &relay.pinged) ||
        relays->count == RELAY_COUNT_MAX) {
        relay_report(gossip, &relay, PACKET_NACK, (struct bytes){0});
        return;
    }
    relay.sequence = probe_next_sequence(&gossip->probe);
    void *array = relays->items;
    base_grow(&array, &relays->capacity, relays->count + 1, sizeof(struct relay));
    relays->items = array;
    relays->items[relays->count++] = relay;
    struct courier_stop stop = {.node = relay.target, .address = relay.pinged};
    courier_ping(gossip, &stop, relay.sequence);
}

bool relay_acked(struct gossip *gossip, const struct node_id *from, uint32_t sequence,
                 struct relay *ret_relay)
{
    struct relays *relays = &gossip->relays;
    for (size_t i = 0; i < relays->count; i++) {
        if (relays->items[i].sequence != sequence || !node_id_equal(&relays->items[i].target, from))
            continue;
        *ret_relay = relays->items[i];
        relay_drop(relays, i);
        relay_report(gossip, ret_relay, PACKET_RELAYED, (struct bytes){0});
        return true;
    }
    return false;
}

bool relay_signed(struct gossip *gossip, const struct node_id *target, struct bytes envelope)
{
    struct relays *relays = &gossip->relays;
    bool any = false;
    for (size_t i = 0; i < relays->count;) {
        if (!relays->items[i].is_signing || !node_id_equal(&relays->items[i].target, target)) {
            i++;
            continue;
        }
        relay_report(gossip, &relays->items[i], PACKET_NACK, envelope);
        relay_drop(relays, i);
        any = true;
    }
    return any;
}

// What we can show against the target: our own word, or one that convinced us.
static struct bytes find_accusation(struct gossip *gossip, const struct members_node *node)
{
    if (!node->accusation_count)
        return (struct bytes){0};
    for (size_t i = 0; i < node->accusation_count; i++)
        if (node_id_equal(&node->accusations[i].accuser, &gossip->members.self))
            return buffer_view(&node->accusations[i].envelope);
    size_t chosen = (size_t)random_below(&gossip->random, node->accusation_count);
    return buffer_view(&node->accusations[chosen].envelope);
}

// The target was silent towards us. True when the NACK is out, false when it waits for a signature.
static bool relay_nack(struct gossip *gossip, struct relay *relay)
{
    const struct members_node *node = members_find(&gossip->members, &relay->target);
    struct bytes suspicion = node ? find_accusation(gossip, node) : (struct bytes){0};
    if (node && !suspicion.size && !relay->is_signing && node->answered && members_is_live(node)) {
        relay->is_signing = true;
        relay->deadline_ms = gossip->now_ms + SIGNATURE_MS;
        struct member_suspicion words = {node->id, node->generation, node->incarnation, 0};
        outputs_add(
            &gossip->outbox,
            &(struct gossip_output){.kind = GOSSIP_SIGN_SUSPICION, .node = node->id, .suspicion = words});
        return false;
    }
    relay_report(gossip, relay, PACKET_NACK, suspicion);
    return true;
}

void relay_tick(struct gossip *gossip)
{
    struct relays *relays = &gossip->relays;
    for (size_t i = 0; i < relays->count;) {
        if (relays->items[i].deadline_ms <= gossip->now_ms && relay_nack(gossip, &relays->items[i]))
            relay_drop(relays, i);
        else
            i++;
    }
}

uint64_t relay_deadline_ms(const struct relays *relays)
{
    uint64_t deadline_ms = UINT64_MAX;
    for (size_t i = 0; i < relays->count; i++)
        deadline_ms = MIN_OF(deadline_ms, relays->items[i].deadline_ms);
    return deadline_ms;
}

void relay_forgive(struct relays *relays)
{
    relays->count = 0;
}
