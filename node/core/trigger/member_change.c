#include "node/core/trigger/member_change.h"

#include "proto/definition.h"

struct hash member_change_cause(const struct frame_member *change)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-member-1");
    hasher_add_u64(&hasher, change->change);
    hasher_add(&hasher, change->node.b, sizeof change->node.b);
    hasher_add_u64(&hasher, change->generation);
    hasher_add_u64(&hasher, change->incarnation);
    return hasher_finish(&hasher);
}

const char *member_change_text(uint8_t change)
{
    switch (change) {
    case DEFINITION_MEMBER_JOIN:
        return "join";
    case DEFINITION_MEMBER_LEAVE:
        return "leave";
    case DEFINITION_MEMBER_DEAD:
        return "dead";
    default:
        return "";
    }
}
