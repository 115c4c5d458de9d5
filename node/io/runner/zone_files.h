// zone_files.h - reads the machine's time zones, for the runner's own checks and for the network process.
//
// Only the runner reads zone files; both compute with the same bytes. "local" is /etc/localtime, any
// other name a file below the zone folder. Files that were asked for are looked at again each minute,
// so an update of the zone data is noticed without a restart. A name cannot leave the folder.
#ifndef NODE_IO_RUNNER_ZONE_FILES_H
#define NODE_IO_RUNNER_ZONE_FILES_H

#include <sys/stat.h>

#include "node/core/trigger/zone.h"
#include "proto/frame.h"

enum {
    ZONE_FILES_COUNT_MAX = 1024,
    ZONE_FILES_CHECK_MS = 60000,
};

struct zone_file {
    char name[FRAME_NAME_ROOM];
    struct buffer bytes; // owned; empty: there is none
    struct zone *zone;   // owned; NULL: there is none, or it cannot be read
    struct stat status;
    bool is_wanted; // by the network process: send it again when it changes
    bool has_changed;
};

struct zone_files {
    const char *folder;       // "/usr/share/zoneinfo"
    const char *local;        // "/etc/localtime"
    struct zone_file **items; // owned
    size_t count, capacity;
    uint64_t checked_ms;
};

void zone_files_init(struct zone_files *files);
void zone_files_deinit(struct zone_files *files); // safe on a zeroed one

bool zone_files_is_name(const char *name);
// Reads it the first time. NULL: not a name, or ZONE_FILES_COUNT_MAX are known. A file that does not
// exist is an item with no bytes. Valid until zone_files_deinit.
struct zone_file *zone_files_get(struct zone_files *files, const char *name);
// "UTC" needs no file. NULL: unknown here or unreadable. Valid until zone_files_check.
const struct zone *zone_files_zone(struct zone_files *files, const char *name);

// Looks at every file again when a minute has passed. True when any changed: see has_changed.
bool zone_files_check(struct zone_files *files, uint64_t now_ms);

#endif
