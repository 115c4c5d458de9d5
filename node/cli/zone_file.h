// zone_file.h - the time zones of the machine somebody types on.
//
// Due times of a running job are computed from the bytes the runner reads; this is for what is typed
// and shown here: `next EXPR`, "the day after tomorrow 02:30", and the zone that `add` writes in.
#ifndef NODE_CLI_ZONE_FILE_H
#define NODE_CLI_ZONE_FILE_H

#include "node/core/trigger/zone.h"

enum {
    ZONE_FILE_NAME_ROOM = 64,
};

struct zone_file {
    char name[ZONE_FILE_NAME_ROOM]; // "Europe/Berlin"
    const struct zone *zone;        // zone_utc(), or the same as `owned`
    struct zone *owned;             // NULL: none
};

enum {
    ZONE_FILE_UNKNOWN = 1, // no such name here; ret_why says so
    ZONE_FILE_UNREADABLE,  // it is there and cannot be used
};

// "UTC" is always known. ret_why gets one sentence part on failure. 0, or one of the above.
int zone_file_open(const char *name, struct zone_file *ret_zone, char ret_why[160]) WARN_UNUSED;
// This machine's own: $TZ, else /etc/localtime, else UTC. Cannot fail: what cannot be read is UTC.
void zone_file_open_local(struct zone_file *ret_zone);
void zone_file_close(struct zone_file *zone);

// "Berlin" of "Europe/Berlin".
const char *zone_file_city(const struct zone_file *zone);

#endif
