#include "node/core/net/peers.h"

#include "node/core/net/sync.h"
#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

void peers_init(struct core *core, const uint8_t secret[32])
{
    struct peers *peers = &core->fleet.peers;
    struct datagram_local_options local = {.fleet = core->self.fleet, .id = core->self.id};
    memcpy(local.secret.b, secret, sizeof local.secret.b);
    random_fill(&core->random, &local.session, sizeof local.session);
    random_fill(&core->random, &local.index_base, sizeof local.index_base);
    datagram_local_init(&peers->local, &local);
}

static void peer_free(struct peers_peer *peer)
{
    for (size_t i = 0; i < peer->waiting_count; i++)
        buffer_deinit(&peer->waiting[i]);
    free(peer);
}

void peers_deinit(struct peers *peers)
{
    for (size_t i = 0; i < peers->count; i++)
        peer_free(peers->items[i]);
    free(peers->items);
    datagram_local_deinit(&peers->local);
    *peers = (struct peers){0};
}

struct peers_peer *peers_find(const struct peers *peers, const struct node_id *id)
{
    struct datagram_peer *peer = datagram_local_find(&peers->local, id);
    return peer ? CONTAINER_OF(peer, struct peers_peer, datagram) : NULL;
}

static void drop_peer(struct peers *peers, size_t at)
{
    datagram_local_remove(&peers->local, &peers->items[at]->datagram);
    peer_free(peers->items[at]);
    peers->items[at] = peers->items[--peers->count];
}

static void add_peer(struct core *core, const struct directory_node *node)
{
    struct peers *peers = &core->fleet.peers;
    struct peers_peer *peer = base_alloc(1, sizeof *peer);
    if (!datagram_local_add(&peers->local, &peer->datagram, &node->id, &node->datagram_key)) {
        free(peer);
        return;
    }
    void *items = peers->items;
    base_grow(&items, &peers->capacity, peers->count + 1, sizeof(struct peers_peer *));
    peers->items = items;
    peers->items[peers->count++] = peer;
}

bool peers_follow(struct core *core)
{
    struct peers *peers = &core->fleet.peers;
    if (peers->directory_generation == core->directory.generation)
        return false;
    peers->directory_generation = core->directory.generation;
    for (size_t i = peers->count; i-- > 0;) {
        const struct directory_node *node = directory_find(&core->directory, &peers->items[i]->datagram.id);
        if (!node || node->is_revoked || !node->has_keys ||
            memcmp(&node->datagram_key, &peers->items[i]->datagram.key, sizeof node->datagram_key) != 0)
            drop_peer(peers, i);
    }
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));)
        if (node->has_keys && !node->is_revoked && !node_id_equal(&node->id, &core->self.id) &&
            !peers_find(peers, &node->id))
            add_peer(core, node);
    return true;
}

static void send_packet(struct core *core, const struct address *to, const struct buffer *packet)
{
    if (packet->size)
        outbox_datagram(&core->outbox, to, buffer_view(packet));
}

// A peer that lacks our keys record cannot answer a question. As long as nobody has answered, who we are
// is told over a stream: opening one carries the proofs.
static void introduce(struct core *core, struct peers_peer *peer)
{
    bool is_early = peer->introduced_ms && core->now_ms - peer->introduced_ms < PEERS_INTRODUCE_MS;
    if (core->fleet.peers.is_known || is_early)
        return;
    peer->introduced_ms = core->now_ms;
    sync_ask_authority(core, &peer->datagram.id);
}

static void ask(struct core *core, struct peers_peer *peer, const struct address *to)
{
    struct datagram_question question;
    struct datagram_nonce nonce;
    struct buffer packet = {0};
    if (peer->asked_ms && core->now_ms - peer->asked_ms < PEERS_ASK_AGAIN_MS)
        return;
    if (peer->asked_ms)
        introduce(core, peer);
    peer->asked_ms = core->now_ms;
    random_fill(&core->random, &question, sizeof question);
    random_fill(&core->random, &nonce, sizeof nonce);
    datagram_ask(&core->fleet.peers.local, &peer->datagram, &question, &nonce, &packet);
    send_packet(core, to, &packet);
    buffer_deinit(&packet);
}

static void wait_for_session(struct peers_peer *peer, const struct address *to, struct bytes data)
{
    if (peer->waiting_count == PEERS_WAITING_COUNT_MAX) {
        buffer_deinit(&peer->waiting[0]);
        memmove(&peer->waiting[0], &peer->waiting[1], sizeof peer->waiting - sizeof peer->waiting[0]);
        peer->waiting_count--;
    }
    struct buffer *kept = &peer->waiting[peer->waiting_count++];
    *kept = (struct buffer){0};
    buffer_add(kept, data.data, data.size);
    peer->address = *to;
}

static void seal_and_send(struct core *core, struct peers_peer *peer, const struct address *to,
                          struct bytes data)
{
    struct buffer packet = {0};
    if (datagram_seal(&core->fleet.peers.local, &peer->datagram, data, &packet) == 0)
        send_packet(core, to, &packet);
    buffer_deinit(&packet);
}

void peers_send(struct core *core, const struct node_id *to, const struct address *address, struct bytes data)
{
    struct peers_peer *peer = peers_find(&core->fleet.peers, to);
    if (!peer)
        return;
    // A peer that is silent may have started anew and lost the session: ask while it is not heard.
    const struct members_node *member = gossip_find(core->fleet.gossip, to);
    if (member && (member->unanswered > 0 || member->state != MEMBERS_ALIVE))
        ask(core, peer, address);
    if (datagram_room(&peer->datagram) >= data.size) {
        seal_and_send(core, peer, address, data);
        return;
    }
    wait_for_session(peer, address, data);
    ask(core, peer, address);
}

static void flush_waiting(struct core *core, struct peers_peer *peer, const struct address *to)
{
    for (size_t i = 0; i < peer->waiting_count; i++) {
        seal_and_send(core, peer, to, buffer_view(&peer->waiting[i]));
        buffer_deinit(&peer->waiting[i]);
    }
    peer->waiting_count = 0;
    peer->asked_ms = 0;
}

void peers_receive(struct core *core, const struct address *from, struct bytes packet)
{
    struct datagram_received received;
    struct datagram_nonce nonce;
    struct buffer out = {0};
    random_fill(&core->random, &nonce, sizeof nonce);
    int outcome = datagram_receive(&core->fleet.peers.local, packet, &nonce, &out, &received);
    if (outcome) {
        core->rejected++;
    } else {
        struct peers_peer *peer = CONTAINER_OF(received.peer, struct peers_peer, datagram);
        if (received.kind == DATAGRAM_QUESTION)
            send_packet(core, from, &out);
        else if (received.kind == DATAGRAM_ANSWER)
            gossip_add_contact(core->fleet.gossip, &peer->datagram.id, from);
        else
            gossip_receive(core->fleet.gossip, &peer->datagram.id, from, buffer_view(&out));
        if (received.kind != DATAGRAM_QUESTION)
            flush_waiting(core, peer, from);
        if (received.kind != DATAGRAM_QUESTION && !core->fleet.peers.is_known)
            sync_met_first(core, &peer->datagram.id);
        core->fleet.peers.is_known |= received.kind != DATAGRAM_QUESTION;
    }
    buffer_deinit(&out);
}

void peers_find_out(struct core *core, const struct address *address)
{
    const struct peers *peers = &core->fleet.peers;
    size_t asked = 0;
    for (size_t i = 0; i < peers->count && asked < 16; i++) {
        const struct members_node *member = gossip_find(core->fleet.gossip, &peers->items[i]->datagram.id);
        if (member && member->answered)
            continue;
        ask(core, peers->items[i], address);
        asked++;
    }
}
