// names.c - who the nodes are and how they do, as the rest of the core shows it to people.
#include "node/core/state.h"

#include <string.h>

// With a full disk others do the work. Where there is nobody else, it is done here as long as the room of the
// ballast lasts: what ran is better than what was missed. Jobs each node sees to itself go on too.
bool core_takes_work(const struct core *core)
{
    bool has_room =
        core->storage == EVENT_STORAGE_OK || (core->storage == EVENT_STORAGE_FULL && fleet_is_alone(core));
    return core->is_ready && !core->self.drained && has_room;
}

const char *core_node_name(const struct core *core, const struct node_id *id)
{
    if (node_id_is_zero(id))
        return "";
    const struct directory_node *node = directory_find(&core->directory, id);
    return node ? node->name : "?";
}

bool core_node_find(const struct core *core, const char *name, struct node_id *ret_id)
{
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));) {
        if (strcmp(node->name, name) != 0)
            continue;
        *ret_id = node->id;
        return true;
    }
    return false;
}

static enum control_state state_of(const struct core *core, const struct node_id *id)
{
    switch (fleet_state_of(core, id)) {
    case FLEET_ALIVE:
        return CONTROL_ALIVE;
    case FLEET_SUSPECT:
        return CONTROL_SUSPECT;
    case FLEET_LEFT:
        return CONTROL_LEFT;
    case FLEET_UNHEARD:
    case FLEET_DEAD:
        return CONTROL_DEAD;
    }
    return CONTROL_DEAD;
}

static void show_self(const struct core *core, struct control_member *member, char address[ADDRESS_TEXT_ROOM])
{
    if (core->self.address_count)
        address_print(&core->self.addresses[0], address);
    member->state = CONTROL_ALIVE;
    member->self = true;
    member->isolated = fleet_is_isolated(core);
    member->takes_work = core_takes_work(core);
    member->clock_trusted = clock_is_trusted(core);
    member->clock_offset_ms = -core->clock.offset_ms;
    member->clock_known = true;
    member->confined = core->self.confined;
    member->version = core->self.version;
    member->generation = core->self.generation;
}

static void show_other(const struct core *core, const struct members_node *node,
                       struct control_member *member, char address[ADDRESS_TEXT_ROOM])
{
    struct address reached;
    if (members_address(node, &reached))
        address_print(&reached, address);
    member->takes_work = node->takes_work;
    member->clock_trusted = node->clock_trusted;
    member->confined = node->confined;
    member->version = node->version;
    member->generation = node->generation;
    member->silent_ms = core->now_ms - MAX_OF(node->heard_ms, core->self.booted_ms);
    member->clock_known = node->clock.known;
    member->clock_offset_ms = node->clock.known ? node->clock.offset_ms : 0;
}

void core_member(const struct core *core, const struct directory_node *node,
                 struct control_member *ret_member, char address[ADDRESS_TEXT_ROOM])
{
    address[0] = 0;
    *ret_member = (struct control_member){.node = node->id,
                                          .name = node->name,
                                          .state = state_of(core, &node->id),
                                          .address = address,
                                          .labels = node->labels,
                                          .version = ""};
    const struct members_node *member = gossip_find(core->fleet.gossip, &node->id);
    if (node_id_equal(&node->id, &core->self.id))
        show_self(core, ret_member, address);
    else if (member)
        show_other(core, member, ret_member, address);
}

void core_count_members(const struct core *core, struct control_status *status)
{
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));) {
        enum control_state state =
            node_id_equal(&node->id, &core->self.id) ? CONTROL_ALIVE : state_of(core, &node->id);
        status->members_alive += state == CONTROL_ALIVE;
        status->members_suspect += state == CONTROL_SUSPECT;
        status->members_dead += state == CONTROL_DEAD;
    }
}
