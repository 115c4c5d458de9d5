// zones.h - the time zones jobs name, as the runner read them from this machine.
//
// Only the runner reads zone files; both processes compute with the same bytes. A zone is asked for
// once and comes again whenever its file changes.
#ifndef NODE_CORE_ZONES_H
#define NODE_CORE_ZONES_H

#include "node/core/trigger/zone.h"
#include "proto/frame.h"

struct core;

struct zones_item {
    char name[NAME_ROOM * 2];
    struct zone *zone; // owned; NULL: unknown here, or not answered yet
    bool is_answered;
    char problem[128];
};

struct zones {
    struct zones_item *items; // owned
    size_t count, capacity;
    char version[MEMBER_ZONE_DATA_ROOM]; // of this machine's zone data; "": not known
};

// Asks the runner for the version; told again whenever it changes. Other nodes are told (member.h).
void zones_want_version(struct core *core);
void zones_deinit(struct zones *zones);
// The zone, or NULL with *ret_problem: "" while the runner has not answered. Asks the runner the first time.
const struct zone *zones_find(struct core *core, const char *name, const char **ret_problem);
void zones_frame(struct core *core, const struct frame *frame);

#endif
