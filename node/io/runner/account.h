// account.h - a user a job runs as: ids, supplementary groups and home, looked up before the fork.
//
// Name services may read files, ask the network and allocate, so none of that happens in the child.
// Answers are remembered for ACCOUNT_AGE_MS, which keeps 1,000 starts a second from reading
// /etc/passwd 1,000 times.
#ifndef NODE_IO_RUNNER_ACCOUNT_H
#define NODE_IO_RUNNER_ACCOUNT_H

#include <sys/types.h>

#include "proto/name.h"

enum {
    ACCOUNT_GROUP_COUNT_MAX = 1024,
    ACCOUNT_HOME_ROOM = 512,
    ACCOUNT_CACHE_COUNT = 32,
    ACCOUNT_AGE_MS = 10000,
};

struct account {
    char name[NAME_ROOM];
    uid_t user;
    gid_t group;
    gid_t *groups; // owned by the cache
    size_t group_count;
    char home[ACCOUNT_HOME_ROOM]; // "/" when the user has none
};

struct account_cache {
    struct {
        struct account account;
        uint64_t read_ms; // 0: empty
    } slots[ACCOUNT_CACHE_COUNT];
};

void account_cache_deinit(struct account_cache *cache); // safe on a zeroed one
// NULL: no such user, or more groups than ACCOUNT_GROUP_COUNT_MAX. Valid until the next call.
const struct account *account_find(struct account_cache *cache, const char *name, uint64_t now_ms);

#endif
