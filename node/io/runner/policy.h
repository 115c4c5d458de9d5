// policy.h - what the owner of this machine forbids, whatever operators sign: /etc/katydid/policy.
//
// Lines: `allow|deny user|namespace|command PATTERN`, read from the top, the first that matches decides;
// none matches: allowed. `#` begins a comment. PATTERN is a shell pattern (* ? [...]) and must match the
// whole; a command is its arguments joined by single spaces, a shell job's "/bin/sh -c TEXT". A policy
// only narrows: `agent --policy FILE` adds a second one and both must allow. A line that cannot be read,
// a file that others may write, or a --policy FILE that is not there: nothing starts.
#ifndef NODE_IO_RUNNER_POLICY_H
#define NODE_IO_RUNNER_POLICY_H

#include <sys/stat.h>

#include "node/io/runner/reason.h"
#include "proto/definition.h"

#define POLICY_SYSTEM_FILE "/etc/katydid/policy"
enum {
    POLICY_SIZE_MAX = 64 * 1024,
    POLICY_LINE_COUNT_MAX = 1024,
};

struct policy_line;

struct policy {
    const char *path; // borrowed; NULL: no policy
    bool may_be_missing;
    bool is_read;
    struct stat status;        // of the file as last read
    struct policy_line *lines; // owned
    size_t line_count;
    struct reason problem; // "": none; otherwise nothing starts
};

void policy_init(struct policy *policy, const char *path, bool may_be_missing);
void policy_deinit(struct policy *policy); // safe on a zeroed one

// Reads the file again when it changed. False: denied, and the reason says by which line.
bool policy_allows(struct policy *policy, const struct definition *definition,
                   struct reason *ret_reason) WARN_UNUSED;

#endif
