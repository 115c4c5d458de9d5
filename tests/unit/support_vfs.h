// support_vfs.h - a file system for SQLite that writes down every write and sync, to replay power cuts.
//
// It passes everything on to the platform's. What it noted can be replayed up to any point, with what
// was not synced at that point dropped, kept, torn or applied in part: what a disk may do at a power cut.
// Removals are durable with the first sync of a later journal or log: SQLite's own VFS syncs the
// directory then.
#ifndef TESTS_UNIT_SUPPORT_VFS_H
#define TESTS_UNIT_SUPPORT_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUPPORT_VFS_NAME "recording"

enum support_vfs_loss {
    SUPPORT_VFS_DROP, // nothing unsynced reaches the disk
    SUPPORT_VFS_KEEP, // all of it
    SUPPORT_VFS_TORN, // all, but the last write of each file only to its half
    SUPPORT_VFS_PART, // any part, in sectors, by `seed`
    SUPPORT_VFS_LOSS_COUNT,
};

struct support_vfs_faults { // changed while nothing writes
    const char *sync_fails; // of the file so named, "" of every one, NULL of none
    bool write_fails;
    bool sync_lies; // the replay takes no sync for real
};

extern struct support_vfs_faults support_vfs_faults;

void support_vfs_register(void);
void support_vfs_clear(void); // forgets what was noted
// Notes that everything up to `number` was acknowledged.
void support_vfs_mark(uint64_t number);

size_t support_vfs_count(void); // of what was noted: points at which power can go
// Writes the files into `directory` as a cut after the first `count` things noted may leave them.
// Returns the highest number marked before.
uint64_t support_vfs_replay(size_t count, enum support_vfs_loss loss, uint64_t seed, const char *directory);

#endif
