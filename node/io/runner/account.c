#include "node/io/runner/account.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void account_cache_deinit(struct account_cache *cache)
{
    for (size_t i = 0; i < ACCOUNT_CACHE_COUNT; i++)
        free(cache->slots[i].account.groups);
    *cache = (struct account_cache){0};
}

static bool read_groups(struct account *account)
{
    int count = 32;
    gid_t *groups = base_alloc((size_t)count, sizeof *groups);
    while (getgrouplist(account->name, account->group, groups, &count) < 0) {
        if (count <= 0 || count > ACCOUNT_GROUP_COUNT_MAX) {
            free(groups);
            return false;
        }
        groups = base_resize(groups, (size_t)count, sizeof *groups);
    }
    account->groups = groups;
    account->group_count = (size_t)count;
    return true;
}

static bool read_account(const char *name, struct account *ret_account)
{
    struct passwd entry, *found = NULL;
    struct account account = {0};
    char memory[16 * 1024];
    if (getpwnam_r(name, &entry, memory, sizeof memory, &found) != 0 || !found)
        return false;
    if (strlen(name) >= sizeof account.name || strlen(found->pw_dir) >= sizeof account.home)
        return false;
    strcpy(account.name, name);
    strcpy(account.home, found->pw_dir[0] ? found->pw_dir : "/");
    account.user = found->pw_uid;
    account.group = found->pw_gid;
    if (!read_groups(&account))
        return false;
    *ret_account = account;
    return true;
}

const struct account *account_find(struct account_cache *cache, const char *name, uint64_t now_ms)
{
    size_t oldest = 0;
    struct account fresh;
    for (size_t i = 0; i < ACCOUNT_CACHE_COUNT; i++) {
        if (cache->slots[i].read_ms && strcmp(cache->slots[i].account.name, name) == 0) {
            if (now_ms - cache->slots[i].read_ms < ACCOUNT_AGE_MS)
                return &cache->slots[i].account;
            oldest = i;
            break;
        }
        if (cache->slots[i].read_ms < cache->slots[oldest].read_ms)
            oldest = i;
    }
    if (!read_account(name, &fresh))
        return NULL;
    free(cache->slots[oldest].account.groups);
    cache->slots[oldest].account = fresh;
    cache->slots[oldest].read_ms = now_ms ? now_ms : 1;
    return &cache->slots[oldest].account;
}
