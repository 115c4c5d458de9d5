// member_change.h - how a change of who is in the fleet is named as the cause of a run.
//
// Every node sees for itself that another came, left or died. What they see is one change when it is of one
// node, of one boot of its agent (its generation) and, for a node that died or left, of the last thing it
// said about itself (its incarnation). A node that comes with a new boot has incarnation 0 here; one that
// comes back in the same boot has the incarnation at which it was lost.
#ifndef NODE_CORE_TRIGGER_MEMBER_CHANGE_H
#define NODE_CORE_TRIGGER_MEMBER_CHANGE_H

#include "proto/frame.h"

struct hash member_change_cause(const struct frame_member *change);
const char *member_change_text(uint8_t change); // "join", "leave", "dead"

#endif
