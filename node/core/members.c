// members.c - who the nodes are, as the rest of the core asks for it.
#include "node/core/state.h"

#include <string.h>

bool core_takes_work(const struct core *core)
{
    return core->is_ready && !core->self.drained && core->storage != EVENT_STORAGE_FAILED;
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

void core_member(const struct core *core, const struct directory_node *node, struct control_member *ret_member,
                 char address[ADDRESS_TEXT_ROOM])
{
    bool self = node_id_equal(&node->id, &core->self.id);
    address[0] = 0;
    if (self && core->self.address_count)
        address_print(&core->self.addresses[0], address);
    *ret_member = (struct control_member){.node = node->id,
                                          .name = node->name,
                                          .state = CONTROL_ALIVE,
                                          .address = address,
                                          .labels = node->labels,
                                          .self = self,
                                          .takes_work = core_takes_work(core),
                                          .clock_trusted = true,
                                          .clock_known = self,
                                          .confined = core->self.confined,
                                          .version = core->self.version,
                                          .generation = core->self.generation};
}

void core_count_members(const struct core *core, struct control_status *status)
{
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));)
        status->members_alive++;
}
