// fleet_view.c - what the rest of the core asks about the other nodes.
#include "node/core/state.h"

#include <string.h>

enum fleet_state fleet_state_of(const struct core *core, const struct node_id *id)
{
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    if (!member)
        return FLEET_UNHEARD;
    if (member->state == MEMBERS_DEAD)
        return FLEET_DEAD;
    if (member->state == MEMBERS_LEFT)
        return FLEET_LEFT;
    if (!member->heard)
        return FLEET_UNHEARD;
    return member->state == MEMBERS_SUSPECT ? FLEET_SUSPECT : FLEET_ALIVE;
}

bool fleet_address(const struct core *core, const struct node_id *id, struct address *ret_address)
{
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    return member && members_address(member, ret_address);
}

bool fleet_is_counted(const struct core *core, const struct node_id *id)
{
    if (node_id_equal(id, &core->self.id))
        return true;
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    const struct directory_node *node = directory_find(&core->directory, id);
    return member && node && !node->is_revoked && members_is_counted(member) &&
           member->alarm == MEMBERS_NO_ALARM;
}

bool fleet_is_alone(const struct core *core)
{
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));)
        if (!node_id_equal(&node->id, &core->self.id) && fleet_is_counted(core, &node->id))
            return false;
    return true;
}

bool fleet_may_own(const struct core *core, const struct node_id *id)
{
    if (node_id_equal(id, &core->self.id))
        return core_takes_work(core);
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    return fleet_is_counted(core, id) && member->takes_work;
}

uint32_t fleet_clock_error_ms(const struct core *core, const struct node_id *id)
{
    if (node_id_equal(id, &core->self.id))
        return clock_error_ms(core);
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    return member ? member->clock_error_ms : CLOCK_ERROR_UNKNOWN;
}

bool fleet_trusts_clock(const struct core *core, const struct node_id *id, uint64_t error_max_ms)
{
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    bool is_self = node_id_equal(id, &core->self.id);
    bool is_trusted = is_self ? clock_is_trusted(core) : member && member->clock_trusted;
    uint32_t error_ms = fleet_clock_error_ms(core, id);
    return is_trusted && (!error_max_ms || (error_ms != CLOCK_ERROR_UNKNOWN && error_ms <= error_max_ms));
}

void fleet_unsent(struct core *core, const struct address *to)
{
    const struct members *members = gossip_members(core->fleet.gossip);
    struct address address;
    for (size_t i = 0; i < members->count; i++)
        if (members_address(members->nodes[i], &address) && address_equal(&address, to))
            gossip_send_failed(core->fleet.gossip, &members->nodes[i]->id);
}

bool fleet_is_isolated(const struct core *core)
{
    return gossip_is_isolated(core->fleet.gossip);
}

void fleet_signed_anew(struct core *core, const struct node_id *id)
{
    gossip_clear_alarm(core->fleet.gossip, id);
}

bool fleet_is_settled(const struct core *core)
{
    return gossip_is_settled(core->fleet.gossip);
}

bool fleet_is_awaited(const struct core *core, const struct node_id *id)
{
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    return member && gossip_is_awaited(core->fleet.gossip, member);
}

size_t fleet_list(const struct core *core, struct node_id *ids, size_t room)
{
    size_t count = 0;
    const struct members *members = gossip_members(core->fleet.gossip);
    for (size_t i = 0; i < members->count && count < room; i++) {
        const struct members_node *member = members->nodes[i];
        if (!members_is_self(members, member) && members_is_live(member))
            ids[count++] = member->id;
    }
    return count;
}
