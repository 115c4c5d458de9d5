// roster.h - records about nodes as somebody shows them, in whatever order, put into a directory.
//
// A record may rest on another that comes later (an admission on its invite, keys on their admission), so
// what is refused for that reason is tried again as long as anything else goes in.
#ifndef NODE_CLI_ROSTER_H
#define NODE_CLI_ROSTER_H

#include "crdt/directory.h"

struct roster {            // zeroed: empty
    struct bytes *records; // owned array of views
    size_t count, capacity;
};

void roster_deinit(struct roster *roster);
void roster_add(struct roster *roster, struct bytes envelope); // a view; kept as one
// Fills the directory with what holds under the log. False: one that is forged or malformed is among them.
bool roster_fill(struct roster *roster, const struct authority_log *log,
                 struct directory *directory) WARN_UNUSED;

#endif
