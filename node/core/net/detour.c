#include "node/core/net/detour.h"

#include "node/core/state.h"

#include <string.h>

void detour_write(struct core *core, struct link *link, struct bytes output)
{
    struct message_detour detour = {
        .to = link->far, .from = core->self.id, .channel = link->channel, .is_caller = !link->is_accepted};
    for (size_t at = 0; at < output.size; at += MESSAGE_DETOUR_SIZE_MAX) {
        struct buffer body = {0};
        detour.bytes = bytes_of(output.data + at, MIN_OF(output.size - at, (size_t)MESSAGE_DETOUR_SIZE_MAX));
        message_detour_encode(&detour, &body);
        (void)links_send_direct(core, &link->via, MESSAGE_DETOUR, buffer_view(&body));
        buffer_deinit(&body);
    }
}

static size_t count_detours(const struct core *core)
{
    size_t count = 0;
    for (size_t i = 0; i < core->links.count; i++)
        count += links_is_detour(core->links.items[i]);
    return count;
}

// Is one there already, or being tried?
static bool is_under_way(const struct core *core, const struct node_id *node)
{
    for (size_t i = 0; i < core->links.count; i++) {
        const struct link *link = core->links.items[i];
        if (links_is_detour(link) && node_id_equal(&link->far, node) &&
            core->now_ms - MAX_OF(link->opened_ms, link->heard_ms) < DETOUR_PATIENCE_MS)
            return true;
    }
    return false;
}

// Any other member that counts here.
static bool choose(struct core *core, const struct node_id *node, struct node_id *ret_via)
{
    size_t count = 0;
    const struct members *members = gossip_members(core->fleet.gossip);
    for (size_t i = 0; i < members->count; i++) {
        const struct node_id *id = &members->nodes[i]->id;
        if (members_is_self(members, members->nodes[i]) || node_id_equal(id, node) ||
            !fleet_is_counted(core, id))
            continue;
        if (!random_below(&core->random, ++count))
            *ret_via = *id;
    }
    return count > 0;
}

void detour_try(struct core *core, const struct node_id *node)
{
    struct node_id via;
    if (is_under_way(core, node) || count_detours(core) >= DETOUR_COUNT_MAX || !choose(core, node, &via))
        return;
    links_detour(core, &(struct link){.node = *node, .far = *node, .via = via});
}

static struct link *find(const struct core *core, const struct node_id *via,
                         const struct message_detour *detour)
{
    for (size_t i = 0; i < core->links.count; i++) {
        struct link *link = core->links.items[i];
        if (links_is_detour(link) && link->channel == detour->channel &&
            link->is_accepted == detour->is_caller && node_id_equal(&link->far, &detour->from) &&
            node_id_equal(&link->via, via))
            return link;
    }
    return NULL;
}

static void arrived(struct core *core, const struct node_id *via, const struct message_detour *detour)
{
    struct link *link = find(core, via, detour);
    if (!link && detour->is_caller && count_detours(core) < DETOUR_COUNT_MAX)
        link = links_detour(
            core, &(struct link){
                      .far = detour->from, .via = *via, .channel = detour->channel, .is_accepted = true});
    if (link)
        links_bytes(core, link->id, detour->bytes);
}

bool detour_received(struct core *core, const struct node_id *from, struct bytes body)
{
    struct message_detour detour;
    if (message_detour_decode(body, &detour))
        return false;
    if (node_id_equal(&detour.to, &core->self.id)) {
        if (!node_id_equal(&detour.from, &core->self.id))
            arrived(core, from, &detour);
    } else if (node_id_equal(&detour.from, from) && fleet_is_counted(core, &detour.to)) {
        (void)links_send_direct(core, &detour.to, MESSAGE_DETOUR, body);
    }
    return true;
}
