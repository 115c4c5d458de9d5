#include "node/io/watch/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/definition.h"
#include "proto/name.h"

static void add(struct snapshot *snapshot, const char *name, const struct stat *status)
{
    void *entries = snapshot->entries;
    base_grow(&entries, &snapshot->capacity, snapshot->count + 1, sizeof *snapshot->entries);
    snapshot->entries = entries;
    struct snapshot_entry *entry = &snapshot->entries[snapshot->count++];
    *entry = (struct snapshot_entry){.device = status->st_dev,
                                     .inode = status->st_ino,
                                     .size = status->st_size,
                                     .changed = status->st_mtim};
    snprintf(entry->name, sizeof entry->name, "%s", name);
}

static int compare_names(const void *a, const void *b)
{
    const struct snapshot_entry *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static void read_folder(DIR *folder, const char *pattern, struct snapshot *snapshot)
{
    const struct dirent *item;
    while ((item = readdir(folder))) {
        struct stat status;
        bool is_self = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0;
        if (is_self || (pattern && !name_fits(pattern, item->d_name)))
            continue;
        if (snapshot->count == SNAPSHOT_COUNT_MAX) {
            snapshot->is_cut = true;
            return;
        }
        if (fstatat(dirfd(folder), item->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            add(snapshot, item->d_name, &status);
        else if (errno != ENOENT)
            snapshot->problem = errno;
    }
}

void snapshot_take(const char *path, const char *pattern, struct snapshot *ret)
{
    struct stat status;
    *ret = (struct snapshot){0};
    if (stat(path, &status) != 0) {
        ret->problem = errno;
        return;
    }
    ret->device = status.st_dev;
    ret->inode = status.st_ino;
    DIR *folder = S_ISDIR(status.st_mode) ? opendir(path) : NULL;
    if (folder) {
        read_folder(folder, pattern, ret);
        closedir(folder);
    } else if (!S_ISDIR(status.st_mode)) {
        add(ret, "", &status);
        ret->problem = pattern ? ENOTDIR : 0;
    } else {
        ret->problem = errno;
    }
    if (ret->count)
        qsort(ret->entries, ret->count, sizeof *ret->entries, compare_names);
}

void snapshot_deinit(struct snapshot *snapshot)
{
    free(snapshot->entries);
    *snapshot = (struct snapshot){0};
}

static bool is_same_file(const struct snapshot_entry *a, const struct snapshot_entry *b)
{
    return a->device == b->device && a->inode == b->inode;
}

static bool has_changed(const struct snapshot_entry *a, const struct snapshot_entry *b)
{
    return !is_same_file(a, b) || a->size != b->size || a->changed.tv_sec != b->changed.tv_sec ||
           a->changed.tv_nsec != b->changed.tv_nsec;
}

static const struct snapshot_entry *find(const struct snapshot *snapshot, const struct snapshot_entry *like)
{
    return snapshot->count ? bsearch(like, snapshot->entries, snapshot->count, sizeof *like, compare_names)
                           : NULL;
}

// Under another name that was not there, or is not there any more, in the other snapshot.
static bool has_moved(const struct snapshot *here, const struct snapshot *there,
                      const struct snapshot_entry *entry)
{
    for (size_t i = 0; i < there->count; i++)
        if (is_same_file(&there->entries[i], entry) && !find(here, &there->entries[i]))
            return true;
    return false;
}

struct result {
    uint32_t wanted;
    struct snapshot_change *changes;
    size_t room, count;
};

static void note(struct result *result, uint32_t what, const char *name)
{
    if (!(result->wanted & what))
        return;
    if (result->count < result->room) {
        result->changes[result->count].what = what;
        snprintf(result->changes[result->count].name, NAME_MAX + 1, "%s", name);
    }
    result->count++;
}

size_t snapshot_compare(const struct snapshot *before, const struct snapshot *after, uint32_t wanted,
                        struct snapshot_change *changes, size_t room)
{
    struct result result = {.wanted = wanted, .changes = changes, .room = room};
    for (size_t i = 0; i < after->count; i++) {
        const struct snapshot_entry *now = &after->entries[i], *was = find(before, now);
        if (!was)
            note(&result, has_moved(after, before, now) ? DEFINITION_FILE_MOVE : DEFINITION_FILE_CREATE,
                 now->name);
        else if (has_changed(was, now))
            note(&result, DEFINITION_FILE_CHANGE, now->name);
    }
    for (size_t i = 0; i < before->count; i++) {
        const struct snapshot_entry *was = &before->entries[i];
        if (!find(after, was) && !has_moved(before, after, was))
            note(&result, DEFINITION_FILE_REMOVE, was->name);
    }
    return result.count;
}
