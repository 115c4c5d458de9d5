#include "gossip/claims.h"

#include "proto/envelope.h"

#include <stdlib.h>
#include <string.h>

int claims_compare(uint64_t generation, uint64_t incarnation, const struct members_node *node)
{
    if (generation != node->generation)
        return generation < node->generation ? -1 : 1;
    return (incarnation > node->incarnation) - (incarnation < node->incarnation);
}

// Unknown members count from zero; a new generation starts its incarnations anew.
static bool is_leap(uint64_t generation, uint64_t incarnation, const struct members_node *node)
{
    uint64_t known_generation = node ? node->generation : 0;
    uint64_t known_incarnation = node && node->generation == generation ? node->incarnation : 0;
    return (generation > known_generation && generation - known_generation > CLAIMS_GENERATION_STEP_MAX) ||
           (incarnation > known_incarnation && incarnation - known_incarnation > CLAIMS_INCARNATION_STEP_MAX);
}

static struct bytes body_of(struct bytes envelope)
{
    struct envelope parsed;
    return envelope_parse(envelope, &parsed) == 0 ? parsed.body : envelope;
}

static void drop_accusations(struct members_node *node)
{
    for (size_t i = 0; i < node->accusation_count; i++)
        buffer_deinit(&node->accusations[i].envelope);
    node->accusation_count = 0;
    node->accusing = false;
}

static void keep_record(struct members_node *node, struct bytes envelope, uint64_t generation,
                        uint64_t incarnation)
{
    buffer_clear(&node->record);
    buffer_add(&node->record, envelope.data, envelope.size);
    if (generation != node->generation)
        node->has_instance = false;
    node->generation = generation;
    node->incarnation = incarnation;
    drop_accusations(node);
}

static void keep_addresses(struct members_node *node, const struct member_alive *alive)
{
    bool still_there = false;
    free(node->addresses);
    node->addresses = base_copy(alive->addresses, alive->address_count * sizeof *alive->addresses);
    node->address_count = alive->address_count;
    for (size_t i = 0; i < alive->address_count; i++)
        still_there = still_there || address_equal(&alive->addresses[i], &node->reached);
    if (!still_there)
        node->reached = (struct address){0}; // the new ones count once they answered
}

static void take_alive(struct members *members, struct members_node *node, const struct claims_claim *claim,
                       const struct member_alive *alive)
{
    keep_record(node, claim->envelope, alive->generation, alive->incarnation);
    keep_addresses(node, alive);
    memcpy(node->instance, alive->instance, sizeof node->instance);
    node->has_instance = true;
    node->probe_interval_ms = alive->probe_interval_ms;
    node->slots = alive->slots;
    node->takes_work = alive->takes_work;
    node->clock_trusted = alive->clock_trusted;
    node->clock_error_ms = alive->clock_error_ms;
    node->authority_number = alive->authority_number;
    node->authority_head = alive->authority_head;
    node->confined = alive->confined;
    memcpy(node->version, alive->version, sizeof node->version);
    memcpy(node->zone_data, alive->zone_data, sizeof node->zone_data);
    members_touch(members, node);
}

static int raise_alarm(struct members *members, struct members_node *node, enum members_alarm alarm,
                       int outcome)
{
    if (node->alarm != alarm) {
        node->alarm = alarm;
        members_touch(members, node);
    }
    return outcome;
}

// Compares a claim with what is held: 0 when it is newer.
static int judge_alive(struct members *members, struct members_node *node, const struct claims_claim *claim,
                       const struct member_alive *alive)
{
    int order = claims_compare(alive->generation, alive->incarnation, node);
    if (alive->generation < node->generation && claim->direct)
        return raise_alarm(members, node, MEMBERS_RESTORED, CLAIMS_RESTORED);
    if (alive->generation == node->generation && node->has_instance &&
        memcmp(alive->instance, node->instance, sizeof node->instance) != 0)
        return raise_alarm(members, node, MEMBERS_CLONED, CLAIMS_CLONED);
    if (order < 0)
        return CLAIMS_STALE;
    if (order > 0)
        return 0;
    if (node->state == MEMBERS_LEFT ||
        bytes_equal(body_of(claim->envelope), body_of(buffer_view(&node->record))))
        return CLAIMS_KNOWN;
    return raise_alarm(members, node, MEMBERS_CLONED, CLAIMS_CLONED);
}

// Of two copies that speak at the same time, all nodes must keep the same.
static bool wins_as_clone(const struct members_node *node, const struct claims_claim *claim,
                          const struct member_alive *alive)
{
    int order = claims_compare(alive->generation, alive->incarnation, node);
    if (order == 0 && node->state != MEMBERS_LEFT)
        order = bytes_compare(body_of(claim->envelope), body_of(buffer_view(&node->record)));
    return order > 0;
}

int claims_add_alive(struct members *members, const struct claims_claim *claim,
                     const struct member_alive *alive, uint64_t now_ms)
{
    struct members_node *node = members_find(members, &claim->signer);
    int outcome = 0;
    if (is_leap(alive->generation, alive->incarnation, node))
        return CLAIMS_LEAP;
    if (node && node->record.size)
        outcome = judge_alive(members, node, claim, alive);
    if (outcome && !(outcome == CLAIMS_CLONED && wins_as_clone(node, claim, alive)))
        return outcome;
    if (!node && !(node = members_add(members, &claim->signer, now_ms)))
        return CLAIMS_FULL;
    // A process that has just started, or that comes back from the dead, was not heard yet.
    if (alive->generation != node->generation && !members_is_self(members, node))
        members_unhear(members, node, now_ms);
    take_alive(members, node, claim, alive);
    members_move(members, node, MEMBERS_ALIVE, now_ms);
    return outcome;
}

int claims_add_leave(struct members *members, const struct claims_claim *claim,
                     const struct member_leave *leave, uint64_t now_ms)
{
    struct members_node *node = members_find(members, &claim->signer);
    if (is_leap(leave->generation, leave->incarnation, node))
        return CLAIMS_LEAP;
    if (node && node->record.size) {
        int order = claims_compare(leave->generation, leave->incarnation, node);
        if (order < 0)
            return CLAIMS_STALE;
        if (order == 0 && node->state == MEMBERS_LEFT)
            return CLAIMS_KNOWN;
    }
    if (!node && !(node = members_add(members, &claim->signer, now_ms)))
        return CLAIMS_FULL;
    keep_record(node, claim->envelope, leave->generation, leave->incarnation);
    members_move(members, node, MEMBERS_LEFT, now_ms);
    return 0;
}

int claims_add_suspicion(struct members *members, const struct claims_claim *claim,
                         const struct member_suspicion *suspicion, uint64_t now_ms)
{
    struct members_node *node = members_find(members, &suspicion->target);
    const struct members_node *accuser = members_find(members, &claim->signer);
    if (!node || !node->record.size || !accuser || accuser == node || accuser->state == MEMBERS_LEFT)
        return CLAIMS_UNKNOWN;
    int order = claims_compare(suspicion->generation, suspicion->incarnation, node);
    if (order)
        return order < 0 ? CLAIMS_STALE : CLAIMS_UNKNOWN;
    if (!members_is_live(node) || node->accusation_count == COUNT_OF(node->accusations))
        return CLAIMS_KNOWN;
    for (size_t i = 0; i < node->accusation_count; i++)
        if (node_id_equal(&node->accusations[i].accuser, &claim->signer))
            return CLAIMS_KNOWN;
    struct members_accusation *accusation = &node->accusations[node->accusation_count++];
    *accusation = (struct members_accusation){.accuser = claim->signer};
    buffer_add(&accusation->envelope, claim->envelope.data, claim->envelope.size);
    members_move(members, node, MEMBERS_SUSPECT, now_ms);
    members_touch(members, node);
    return 0;
}
