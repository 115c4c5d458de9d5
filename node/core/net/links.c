#include "node/core/net/links.h"

#include "node/core/intake.h"
#include "node/core/net/detour.h"
#include "node/core/net/inbox.h"
#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

static void link_free(struct link *link)
{
    stream_deinit(&link->stream);
    buffer_deinit(&link->waiting);
    free(link);
}

void links_deinit(struct links *links)
{
    for (size_t i = 0; i < links->count; i++)
        link_free(links->items[i]);
    free(links->items);
    *links = (struct links){0};
}

struct link *links_find(const struct core *core, uint64_t id)
{
    for (size_t i = 0; i < core->links.count; i++)
        if (core->links.items[i]->id == id)
            return core->links.items[i];
    return NULL;
}

bool links_is_detour(const struct link *link)
{
    return !node_id_is_zero(&link->via);
}

// The best link to a node: an open one before one that is being opened, then the one that was heard last.
static struct link *find_best(const struct core *core, const struct node_id *node, bool is_direct)
{
    struct link *best = NULL;
    for (size_t i = 0; i < core->links.count; i++) {
        struct link *link = core->links.items[i];
        if (!node_id_equal(&link->node, node) || (is_direct && links_is_detour(link)))
            continue;
        bool is_better =
            !best || (link->is_open != best->is_open ? link->is_open : link->heard_ms > best->heard_ms);
        if (is_better)
            best = link;
    }
    return best;
}

static struct link *find_node(const struct core *core, const struct node_id *node)
{
    return find_best(core, node, false);
}

static void forget(struct core *core, struct link *link)
{
    struct links *links = &core->links;
    for (size_t i = 0; i < links->count; i++) {
        if (links->items[i] != link)
            continue;
        links->items[i] = links->items[--links->count];
        break;
    }
    if (link->is_joining)
        door_closed(core, link->id);
    link_free(link);
}

static void give_up(struct core *core, struct link *link)
{
    if (!links_is_detour(link))
        outbox_stream(&core->outbox, EFFECT_STREAM_CLOSE, link->id, NULL, (struct bytes){0});
    forget(core, link);
}

static struct link *add(struct core *core, uint64_t id, bool initiator)
{
    struct links *links = &core->links;
    void *items = links->items;
    base_grow(&items, &links->capacity, links->count + 1, sizeof(struct link *));
    links->items = items;
    struct link *link = base_alloc(1, sizeof *link);
    struct stream_options options = {
        .initiator = initiator, .purpose = STREAM_PEER, .fleet = core->self.fleet};
    memcpy(options.identity.b, core->self.datagram_secret, sizeof options.identity.b);
    random_fill(&core->random, options.one_time.b, sizeof options.one_time.b);
    link->id = id;
    link->is_accepted = !initiator;
    link->opened_ms = link->used_ms = core->now_ms;
    stream_init(&link->stream, &options);
    links->items[links->count++] = link;
    return link;
}

void links_write(struct core *core, struct link *link)
{
    struct buffer *output = stream_output(&link->stream);
    if (!output->size || !link->is_connected)
        return;
    link->used_ms = core->now_ms;
    if (links_is_detour(link))
        detour_write(core, link, buffer_view(output));
    else
        outbox_stream(&core->outbox, EFFECT_STREAM_SEND, link->id, NULL, buffer_view(output));
    buffer_clear(output);
}

static uint64_t next_id(struct core *core)
{
    core->links.next_id = core->links.next_id ? core->links.next_id + 2 : 1;
    return core->links.next_id;
}

static struct link *open_link(struct core *core, const struct node_id *node)
{
    struct address address;
    if (!fleet_address(core, node, &address) || !directory_find(&core->directory, node))
        return NULL;
    struct link *link = add(core, next_id(core), true);
    link->node = *node;
    outbox_stream(&core->outbox, EFFECT_STREAM_OPEN, link->id, &address, (struct bytes){0});
    return link;
}

struct link *links_detour(struct core *core, const struct link *shape)
{
    struct link *link = add(core, next_id(core), !shape->is_accepted);
    link->node = shape->node;
    link->far = shape->far;
    link->via = shape->via;
    link->channel = shape->is_accepted ? shape->channel : link->id;
    link->is_connected = true;
    links_write(core, link);
    return link;
}

// Over this link, or a new one where there is none.
static bool send(struct core *core, struct link *link, const struct node_id *node, enum message_type type,
                 struct bytes body)
{
    if (!link)
        link = open_link(core, node);
    if (!link || body.size > LIMIT_STREAM_FRAME_SIZE_MAX)
        return false;
    if (link->is_open) {
        int outcome = stream_send(&link->stream, (uint8_t)type, body);
        assert(outcome == 0 || outcome == STREAM_EXHAUSTED);
        links_write(core, link);
        return true;
    }
    buffer_add_u8(&link->waiting, (uint8_t)type);
    buffer_add_u32(&link->waiting, (uint32_t)body.size);
    buffer_add(&link->waiting, body.data, body.size);
    if (link->waiting.size <= LINKS_WAITING_BYTES_MAX)
        return true;
    give_up(core, link);
    return false;
}

bool links_send(struct core *core, const struct node_id *node, enum message_type type, struct bytes body)
{
    return send(core, find_node(core, node), node, type, body);
}

bool links_send_direct(struct core *core, const struct node_id *node, enum message_type type,
                       struct bytes body)
{
    return send(core, find_best(core, node, true), node, type, body);
}

bool links_is_open(const struct core *core, const struct node_id *node)
{
    const struct link *link = find_node(core, node);
    return link && link->is_open;
}

void links_opened(struct core *core, uint64_t id, const struct address *peer, bool accepted)
{
    (void)peer;
    struct link *link = accepted ? add(core, id, false) : links_find(core, id);
    if (!link)
        return;
    link->is_connected = true;
    links_write(core, link);
}

static void opened(struct core *core, struct link *link)
{
    link->is_open = true;
    struct reader reader;
    reader_init(&reader, buffer_view(&link->waiting));
    while (reader.rest.size) {
        uint8_t type = reader_u8(&reader);
        uint32_t size = reader_u32(&reader);
        if (stream_send(&link->stream, type, reader_bytes(&reader, size)))
            break;
    }
    buffer_clear(&link->waiting);
    links_write(core, link);
    inbox_connected(core, &link->node);
}

// Message 3 carries the caller's own proofs, so that a node that never heard of it learns who it is. Proofs
// come inviters first: of a long chain of invitations the beginning, which is known everywhere, is left out.
static struct buffer own_proof(struct core *core)
{
    struct record_queue proof = {0};
    struct bytes items[64];
    struct buffer payload = {0};
    size_t first = COUNT_OF(items), size = 4;
    directory_prove(&core->directory, &core->self.id, &proof);
    for (size_t i = proof.count; i-- > 0 && first > 0;) {
        struct bytes record = directory_record_bytes(directory_find_record(&core->directory, &proof.ids[i]));
        if (size + 4 + record.size > STREAM_PAYLOAD_OF_CONFIRM_MAX)
            break;
        size += 4 + record.size;
        items[--first] = record;
    }
    record_queue_deinit(&proof);
    message_list_encode(items + first, COUNT_OF(items) - first, &payload);
    return payload;
}

static const struct directory_node *find_key(const struct core *core, const struct public_key *key)
{
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));)
        if (node->has_keys && !node->is_revoked && memcmp(&node->datagram_key, key, sizeof *key) == 0)
            return node;
    return NULL;
}

// The other end answered: is it who we called?
static bool answered(struct core *core, struct link *link, const struct public_key *remote)
{
    const struct directory_node *node = find_key(core, remote);
    if (!node || !node_id_equal(&node->id, &link->node))
        return false;
    struct buffer proof = own_proof(core);
    int outcome = stream_confirm(&link->stream, buffer_view(&proof));
    buffer_deinit(&proof);
    if (outcome)
        return false;
    opened(core, link);
    return true;
}

// Somebody who called has proved its key: whose is it?
static bool called(struct core *core, struct link *link, const struct stream_event *event)
{
    const struct directory_node *node = find_key(core, &event->remote);
    if (!node) {
        inbox_introduction(core, event->payload);
        node = find_key(core, &event->remote);
    }
    if (!node || (links_is_detour(link) && !node_id_equal(&node->id, &link->far)))
        return false;
    link->node = node->id;
    opened(core, link);
    return true;
}

static bool handle(struct core *core, struct link *link, const struct stream_event *event)
{
    switch (event->kind) {
    case STREAM_EVENT_CALLED:
        return event->purpose == STREAM_PEER ? stream_accept(&link->stream) == 0
                                             : !links_is_detour(link) && door_called(core, link, event->tag);
    case STREAM_EVENT_ANSWERED:
        return answered(core, link, &event->remote);
    case STREAM_EVENT_OPEN:
        link->is_open |= link->is_joining;
        return link->is_joining || called(core, link, event);
    case STREAM_EVENT_FRAME:
        link->used_ms = core->now_ms;
        if (link->is_joining)
            return door_frame(core, link, event->type, event->payload);
        return inbox_message(core, &link->node, event->type, event->payload);
    case STREAM_EVENT_BROKEN:
        core->rejected++;
        return false;
    }
    return false;
}

void links_bytes(struct core *core, uint64_t id, struct bytes data)
{
    struct link *link = links_find(core, id);
    struct stream_event event;
    if (!link)
        return;
    link->heard_ms = core->now_ms;
    stream_receive(&link->stream, data);
    while (stream_next(&link->stream, &event)) {
        bool goes_on = handle(core, link, &event);
        link = links_find(core, id); // what was handled may have given it up
        if (!link)
            return;
        links_write(core, link);
        if (!goes_on || link->is_closing) {
            give_up(core, link);
            return;
        }
    }
}

void links_closed(struct core *core, uint64_t id)
{
    struct link *link = links_find(core, id);
    if (!link)
        return;
    struct node_id node = link->node;
    forget(core, link);
    if (!node_id_is_zero(&node) && !find_node(core, &node))
        inbox_disconnected(core, &node);
}

void links_drop(struct core *core, const struct node_id *node)
{
    for (size_t i = core->links.count; i-- > 0;)
        if (node_id_equal(&core->links.items[i]->node, node) ||
            node_id_equal(&core->links.items[i]->via, node))
            give_up(core, core->links.items[i]);
    inbox_disconnected(core, node);
}

void links_tick(struct core *core)
{
    for (size_t i = core->links.count; i-- > 0;) {
        struct link *link = core->links.items[i];
        bool is_half_open = !link->is_open && core->now_ms - link->opened_ms > LIMIT_HANDSHAKE_MS;
        if (is_half_open || core->now_ms - link->used_ms > LINKS_IDLE_MS)
            give_up(core, link);
    }
}
