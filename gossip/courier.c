#include "gossip/courier.h"

#include "gossip/state.h"
#include "proto/envelope.h"

enum { TOLD_MS = 200 }; // between two corrections for one member

struct parcel {
    struct gossip *gossip;
    struct courier_stop stop;
    struct packet packet;
    struct buffer items; // owned
};

struct packet_summary courier_summary(const struct gossip *gossip)
{
    struct packet_summary summary = gossip->summary;
    summary.members = members_fingerprint(&gossip->members);
    return summary;
}

static uint8_t vouch_of(const struct gossip *gossip, const struct node_id *about)
{
    const struct members_node *node = members_find(&gossip->members, about);
    uint64_t age_ms = node ? gossip_vouch_ms(gossip, node) : GOSSIP_NOT_VOUCHED;
    if (age_ms == GOSSIP_NOT_VOUCHED || age_ms / COURIER_VOUCH_UNIT_MS >= COURIER_NOT_VOUCHED)
        return COURIER_NOT_VOUCHED;
    return (uint8_t)(age_ms / COURIER_VOUCH_UNIT_MS);
}

static size_t parcel_room(const struct parcel *parcel)
{
    return PACKET_SIZE_MAX - PACKET_HEADER_SIZE_MAX - parcel->items.size;
}

// Left out if there is no room for it.
static void parcel_add(struct parcel *parcel, uint8_t class, struct bytes data)
{
    if (PACKET_ITEM_OVERHEAD_SIZE + data.size <= parcel_room(parcel))
        packet_add_item(&parcel->items, class, data);
}

static void parcel_add_alive(struct parcel *parcel, const struct node_id *about, struct bytes envelope)
{
    struct buffer item = {0};
    buffer_add_u8(&item, vouch_of(parcel->gossip, about));
    buffer_add(&item, envelope.data, envelope.size);
    parcel_add(parcel, RUMOR_ALIVE, buffer_view(&item));
    buffer_deinit(&item);
}

static void parcel_put(void *context, const struct rumor *rumor)
{
    struct parcel *parcel = context;
    struct node_id about;
    struct reader reader;
    if (rumor->class != RUMOR_ALIVE) {
        parcel_add(parcel, rumor->class, buffer_view(&rumor->data));
        return;
    }
    reader_init(&reader, bytes_of(rumor->key.b, sizeof rumor->key.b));
    reader_copy(&reader, about.b, sizeof about.b);
    parcel_add_alive(parcel, &about, buffer_view(&rumor->data));
}

static size_t parcel_add_rumors(struct parcel *parcel, bool is_continued)
{
    struct gossip *gossip = parcel->gossip;
    struct rumor_plan plan = {
        .to = parcel->stop.node,
        .room_bytes = parcel_room(parcel),
        .is_continued = is_continued,
        .sends_needed = rumor_sends_needed(members_live_count(&gossip->members)),
    };
    return rumor_pick(&gossip->rumors, &plan, parcel_put, parcel);
}

static void parcel_send(struct parcel *parcel)
{
    struct buffer wire = {0};
    parcel->packet.items = buffer_view(&parcel->items);
    packet_encode(&parcel->packet, &wire);
    outputs_add(&parcel->gossip->outbox, &(struct gossip_output){.kind = GOSSIP_SEND,
                                                                 .node = parcel->stop.node,
                                                                 .address = parcel->stop.address,
                                                                 .over_stream = parcel->stop.over_stream,
                                                                 .data = buffer_view(&wire)});
    buffer_deinit(&wire);
    buffer_deinit(&parcel->items);
}

// News goes only where something of ours was acknowledged, or where somebody we heard vouches for; a
// stranger's new address gets a ping at most.
static bool is_tellable(const struct members *members, const struct members_node *node)
{
    return members_is_live(node) && !members_is_self(members, node) &&
           (node->reached.ip_size || (node->heard && !node->answered));
}

// Who has proved its key over a stream is no stranger.
static bool is_tellable_at(const struct members *members, const struct members_node *node,
                           const struct courier_stop *stop)
{
    return is_tellable(members, node) || (stop->over_stream && members_is_live(node));
}

// A member we hold to be suspect or dead is told so: if it lives it will refute.
static void parcel_add_accusation(struct parcel *parcel, const struct members_node *node)
{
    if (node->accusation_count)
        parcel_add(parcel, RUMOR_SUSPICION, buffer_view(&node->accusations[0].envelope));
}

void courier_ping(struct gossip *gossip, const struct courier_stop *stop, uint32_t sequence)
{
    const struct members_node *node = members_find(&gossip->members, &stop->node);
    const struct members_node *self = members_find(&gossip->members, &gossip->members.self);
    struct packet_summary summary = courier_summary(gossip);
    struct parcel parcel = {.gossip = gossip,
                            .stop = *stop,
                            .packet = {.type = PACKET_PING, .sequence = sequence, .summary = summary}};
    parcel.packet.whole = !node || !node->answered;
    parcel.packet.digest = packet_summary_digest(&summary);
    if (parcel.packet.whole && self->record.size) // it may not know us
        parcel_add_alive(&parcel, &self->id, buffer_view(&self->record));
    if (node)
        parcel_add_accusation(&parcel, node);
    if (node && is_tellable_at(&gossip->members, node, stop))
        parcel_add_rumors(&parcel, false);
    parcel_send(&parcel);
}

static bool is_equal_summary(const struct packet *ping, const struct packet_summary *ours)
{
    struct packet_fingerprint digest = packet_summary_digest(ours);
    struct packet_fingerprint theirs = ping->whole ? packet_summary_digest(&ping->summary) : ping->digest;
    return packet_fingerprint_equal(&digest, &theirs);
}

void courier_ack(struct gossip *gossip, const struct courier_stop *stop, const struct packet *ping)
{
    const struct members_node *node = members_find(&gossip->members, &stop->node);
    struct packet_summary summary = courier_summary(gossip);
    struct parcel parcel = {.gossip = gossip,
                            .stop = *stop,
                            .packet = {.type = PACKET_ACK, .sequence = ping->sequence, .summary = summary}};
    parcel.packet.whole = !is_equal_summary(ping, &summary);
    parcel.packet.wall_ms = gossip->wall_ms > 0 ? (uint64_t)gossip->wall_ms & UINT64_C(0xffffffffffff) : 0;
    if (node)
        parcel_add_accusation(&parcel, node);
    if (node && is_tellable_at(&gossip->members, node, stop))
        parcel_add_rumors(&parcel, false);
    parcel_send(&parcel);
}

void courier_ask(struct gossip *gossip, const struct courier_stop *stop, const struct packet *ask)
{
    struct parcel parcel = {.gossip = gossip, .stop = *stop, .packet = *ask};
    parcel_send(&parcel);
}

void courier_report(struct gossip *gossip, const struct courier_stop *stop, const struct packet *report,
                    struct bytes suspicion)
{
    struct parcel parcel = {.gossip = gossip, .stop = *stop, .packet = *report};
    if (suspicion.size)
        parcel_add(&parcel, RUMOR_SUSPICION, suspicion);
    parcel_send(&parcel);
}

void courier_tell(struct gossip *gossip, struct members_node *node, uint8_t class, struct bytes envelope)
{
    struct parcel parcel = {.gossip = gossip, .stop = {.node = node->id}, .packet = {.type = PACKET_NEWS}};
    if (!members_address(node, &parcel.stop.address))
        return;
    if (class == RUMOR_ALIVE) {
        struct envelope parsed;
        if (envelope_parse(envelope, &parsed) != 0)
            return;
        parcel_add_alive(&parcel, &parsed.signer, envelope);
    } else {
        parcel_add(&parcel, class, envelope);
    }
    parcel_send(&parcel);
}

void courier_correct(struct gossip *gossip, const struct node_id *to, const struct members_node *about)
{
    struct members_node *node = members_find(&gossip->members, to);
    if (!node || members_is_self(&gossip->members, node) || !about->record.size ||
        (node->told_ms && gossip->now_ms < node->told_ms + TOLD_MS))
        return;
    node->told_ms = gossip->now_ms;
    courier_tell(gossip, node, about->state == MEMBERS_LEFT ? RUMOR_LEAVE : RUMOR_ALIVE,
                 buffer_view(&about->record));
}

void courier_accuse(struct gossip *gossip, const struct node_id *to, const struct members_node *about)
{
    struct members_node *node = members_find(&gossip->members, to);
    for (size_t i = 0; node && i < about->accusation_count; i++)
        courier_tell(gossip, node, RUMOR_SUSPICION, buffer_view(&about->accusations[i].envelope));
}

// Members chosen at random among those who can be told; reservoir sampling.
static size_t choose_members(struct gossip *gossip, struct members_node *chosen[GOSSIP_FAN_OUT])
{
    size_t count = 0;
    uint64_t seen = 0;
    for (size_t i = 0; i < gossip->members.count; i++) {
        struct members_node *node = gossip->members.nodes[i];
        if (!is_tellable(&gossip->members, node))
            continue;
        seen++;
        if (count < GOSSIP_FAN_OUT) {
            chosen[count++] = node;
            continue;
        }
        uint64_t place = random_below(&gossip->random, seen);
        if (place < GOSSIP_FAN_OUT)
            chosen[place] = node;
    }
    return count;
}

// True when the last packet was as full as the others: there may be more.
static bool tell_one(struct gossip *gossip, const struct members_node *node)
{
    for (size_t i = 0; i < COURIER_PACKET_COUNT_MAX; i++) {
        struct parcel parcel = {
            .gossip = gossip, .stop = {.node = node->id}, .packet = {.type = PACKET_NEWS}};
        bool is_known = members_address(node, &parcel.stop.address);
        if (!is_known || !parcel_add_rumors(&parcel, i > 0)) {
            buffer_deinit(&parcel.items);
            return false;
        }
        parcel_send(&parcel);
    }
    return true;
}

bool courier_round(struct gossip *gossip)
{
    struct members_node *chosen[GOSSIP_FAN_OUT];
    bool has_more = false;
    size_t count = choose_members(gossip, chosen);
    for (size_t i = 0; i < count; i++)
        has_more = tell_one(gossip, chosen[i]) || has_more;
    return has_more;
}
