// applog.h - an append-only file of checked entries: what the runner must still know after a power cut.
//
// File: 16 bytes "katydid-log-1\n\0\0", then entries {length u32, check 8, payload}, then zeroes that
// were reserved ahead so that a full disk does not stop the next append. The check is the start of a
// BLAKE2b over length and payload. An append is one write; applog_sync makes it durable.
//
// Opening reads every entry. What a power cut tore off the end is cut away. Damage in the middle
// (flash that forgets) costs the damaged entries, not those after them: the reader searches for the
// next entry whose check holds. Both are counted, for the caller to say.
//
// A full disk is answered once by giving up the ballast in the same folder (node/io/store/ballast.h).
// Errors are -errno. After a failed sync the kernel may have dropped our pages, so the file is not
// trusted again: each later call returns -EIO until the process starts anew.
#ifndef NODE_IO_RUNNER_APPLOG_H
#define NODE_IO_RUNNER_APPLOG_H

#include "proto/bytes.h"

enum {
    APPLOG_ENTRY_SIZE_MAX = 96 * 1024,
    APPLOG_FILE_SIZE_MAX = 64 * 1024 * 1024,
    APPLOG_NAME_ROOM = 32,
};

struct applog {
    int directory; // borrowed
    char name[APPLOG_NAME_ROOM];
    int fd;
    uint64_t size_bytes;     // end of the last entry
    uint64_t reserved_bytes; // size of the file
    uint64_t torn_bytes;     // cut off the end when it was opened
    uint64_t damaged_bytes;  // skipped in the middle when it was opened
    bool unsynced;
    bool failed;
};

// Called once per entry, in order.
typedef void applog_entry(void *context, struct bytes payload);
void applog_ignore(void *context, struct bytes payload); // for a file that is only written

// Opens or creates `name` in `directory` and hands every entry to `entry`. On failure nothing is open.
int applog_open(struct applog *log, int directory, const char *name, applog_entry *entry,
                void *context) WARN_UNUSED;
void applog_close(struct applog *log); // safe after a failed open

// Writes one entry of 1..APPLOG_ENTRY_SIZE_MAX bytes. When it fails the file is as before.
int applog_append(struct applog *log, struct bytes payload) WARN_UNUSED;
// Returns when every entry is on the disk; costs nothing when all are.
int applog_sync(struct applog *log) WARN_UNUSED;

// Replaces the whole file by what `write` appends to `fresh`: a new file, synced, renamed over the
// old one, the directory synced. When it fails the old file stays and stays open.
typedef int applog_write(void *context, struct applog *fresh);
int applog_replace(struct applog *log, applog_write *write, void *context) WARN_UNUSED;

#endif
