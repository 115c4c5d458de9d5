// checked_file.h - a small file that is either whole or not there: written beside, synced, renamed.
//
// File: a 16-byte tag that says what it is, the payload, and 16 bytes of BLAKE2b over both.
// Errors are -errno: -ENOENT no such file, -EBADMSG another kind of file or a damaged one.
#ifndef NODE_IO_RUNNER_CHECKED_FILE_H
#define NODE_IO_RUNNER_CHECKED_FILE_H

#include <sys/types.h>

#include "proto/bytes.h"

enum {
    CHECKED_FILE_TAG_SIZE = 16,
    CHECKED_FILE_SIZE_MAX = 4096,
};

// Writes `name` in `directory`, mode 0600, owned by (user, group); (uid_t)-1: ours. Durable on return.
struct checked_file {
    int directory;
    const char *name;
    const char *tag; // shorter than CHECKED_FILE_TAG_SIZE
    uid_t user;
    gid_t group;
};
int checked_file_write(const struct checked_file *file, struct bytes payload) WARN_UNUSED;
// Appends the payload to `ret_payload`. The owner is not looked at: the directory's is.
int checked_file_read(const struct checked_file *file, struct buffer *ret_payload) WARN_UNUSED;

#endif
