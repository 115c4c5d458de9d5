// snapshot.h - what a folder holds of files whose names fit, and what has changed since.
//
// The truth of a watch is the difference of two looks, not what inotify says: so a folder that is replaced,
// a queue that overflowed and a change before the watch began are all seen alike. Of a path that is no folder
// the one entry is the file itself. Bounded: SNAPSHOT_COUNT_MAX entries, the rest is not looked at.
#ifndef NODE_IO_WATCH_SNAPSHOT_H
#define NODE_IO_WATCH_SNAPSHOT_H

#include <limits.h>
#include <sys/stat.h>

#include "proto/base.h"

enum { SNAPSHOT_COUNT_MAX = 16384 };

struct snapshot_entry {
    char name[NAME_MAX + 1]; // "" of a path that is no folder
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed; // st_mtim
};

struct snapshot {
    struct snapshot_entry *entries; // owned, by name
    size_t count, capacity;
    dev_t device; // of the folder itself; 0: there is none
    ino_t inode;
    bool is_cut; // more entries than the bound
    int problem; // errno: why it cannot be looked at, or not at all that is in it; 0: nothing is in the way
};

struct snapshot_change {
    uint32_t what;           // a bit of enum definition_file_change
    char name[NAME_MAX + 1]; // moved: where it is now
};

// What is there now. A path that does not exist is an empty snapshot. `pattern` NULL: all names.
void snapshot_take(const char *path, const char *pattern, struct snapshot *ret);
void snapshot_deinit(struct snapshot *snapshot); // safe on a zeroed one

// The changes from one to the other among those in `wanted` (bits), at most `room`; returns how many there
// are in all. A file that has another name now was moved.
size_t snapshot_compare(const struct snapshot *before, const struct snapshot *after, uint32_t wanted,
                        struct snapshot_change *changes, size_t room);

#endif
