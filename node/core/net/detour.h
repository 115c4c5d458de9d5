// detour.h - links to a node that cannot be reached but by way of a third.
//
//   A ---- direct link ----> C ---- direct link ----> B       the wire between A and B is missing
//   A ======= DETOUR {to B, from A, channel, bytes} ====> B   a link of its own, with a handshake of its own
//
// The bytes of a link (proto/stream.h) travel inside messages to a member that both hear, so who is at the
// other end is proved as on any link, and the one between reads, changes and invents nothing. It passes on
// what the author itself hands over, one step far, to members it counts. Whatever is lost on the way breaks
// the link, as a closed connection would.
//
// A detour is tried where an answer is overdue that everybody waits for (net/take.h), each time by way of
// another member. Of several links to a node the one that was heard last is used, so the wire is taken again
// when it is back.
#ifndef NODE_CORE_NET_DETOUR_H
#define NODE_CORE_NET_DETOUR_H

#include "node/core/net/links.h"

enum {
    DETOUR_TRIES = 3,          // questions in vain before one goes another way
    DETOUR_PATIENCE_MS = 3000, // one that was not heard for so long is not the way either
    DETOUR_COUNT_MAX = 64,     // links of this kind, our own and accepted
};

void detour_try(struct core *core, const struct node_id *node);
// What the stream of such a link wants to say.
void detour_write(struct core *core, struct link *link, struct bytes output);
// False: malformed.
bool detour_received(struct core *core, const struct node_id *from, struct bytes body);

#endif
