// agent_dir.h - DIR: where an agent lives, who may touch what, and that only one lives there.
//
//   DIR       0711  of whoever runs the agent
//     lock    0600  flock held by the runner (init and join hold it too); contains its pid
//     control 0600  the socket of the control API; the runner's
//     runner/ 0700  pin authority node floors journal leaving left secrets/ ballast: the runner's alone
//     net/    0700  katydid.db keys ballast: of the user the network process runs as
//
// Started by root, the network process runs as the user `katydid` where that user exists and can
// reach DIR (every directory above it lets others pass), else as root without capabilities.
// Modes wider than these, a foreign owner or a link in place of a folder are refused; the text says
// what to type.
#ifndef NODE_IO_RUNNER_AGENT_DIR_H
#define NODE_IO_RUNNER_AGENT_DIR_H

#include <sys/types.h>

#include "proto/base.h"

enum {
    AGENT_DIR_ABSENT = 1, // no agent lives there
    AGENT_DIR_TAKEN,      // create: one lives there already
    AGENT_DIR_LOCKED,     // another process holds the lock
    AGENT_DIR_REFUSED,    // owner or modes; or the system said no
};
enum { AGENT_DIR_TEXT_ROOM = 512 };

struct agent_dir {
    char *path;    // owned; as given
    int directory; // DIR; descriptors are ours until agent_dir_close, -1 when closed
    int runner;
    int net;
    int lock;
    uid_t network_user; // owner of net/: who the network process is to run as
    gid_t network_group;
    char why[AGENT_DIR_TEXT_ROOM]; // one line for a person when a call did not return 0
};

// Makes DIR (and missing folders above it) with all its folders, and holds the lock.
// 0, AGENT_DIR_TAKEN, AGENT_DIR_LOCKED or AGENT_DIR_REFUSED.
int agent_dir_create(struct agent_dir *dir, const char *path) WARN_UNUSED;
// Checks an existing DIR and takes the lock. 0, AGENT_DIR_ABSENT, AGENT_DIR_LOCKED or AGENT_DIR_REFUSED.
int agent_dir_open(struct agent_dir *dir, const char *path) WARN_UNUSED;
// Lets go of the lock. Safe after a failed create or open, not on memory never passed to one.
void agent_dir_close(struct agent_dir *dir);

// A person who wants this node to leave its fleet notes it where the network process cannot write, in
// runner/leaving; without that its word that the node has left counts for nothing. 0 or -errno.
int agent_dir_ask_to_leave(const char *path) WARN_UNUSED;
void agent_dir_take_back_leave(const char *path); // it came to nothing
bool agent_dir_is_asked_to_leave(const struct agent_dir *dir);
// A node that left its fleet is not started again: its place is marked in runner/left.
// The runner marks it before it ends. 0 or -errno.
int agent_dir_mark_left(const struct agent_dir *dir) WARN_UNUSED;
bool agent_dir_has_left(const struct agent_dir *dir);

// True when the network process will not share the runner's uid.
bool agent_dir_has_own_network_user(const struct agent_dir *dir);

#endif
