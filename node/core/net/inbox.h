// inbox.h - what other nodes say over links and in rumours, handed to the room it concerns.
#ifndef NODE_CORE_NET_INBOX_H
#define NODE_CORE_NET_INBOX_H

#include "proto/bytes.h"
#include "proto/ids.h"

struct core;

// False: the message is malformed, the link is not worth keeping.
bool inbox_message(struct core *core, const struct node_id *from, uint8_t type, struct bytes body);
// One record about trust, nodes or jobs from a member; new ones are told on.
void inbox_record(struct core *core, const struct node_id *from, struct bytes envelope);
// The records by which somebody who called proves who it is.
void inbox_introduction(struct core *core, struct bytes payload);

void inbox_connected(struct core *core, const struct node_id *node);    // a link to it is open
void inbox_disconnected(struct core *core, const struct node_id *node); // the last link to it is gone

#endif
