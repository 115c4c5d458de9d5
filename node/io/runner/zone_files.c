#include "node/io/runner/zone_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void zone_files_init(struct zone_files *files)
{
    *files = (struct zone_files){.folder = "/usr/share/zoneinfo", .local = "/etc/localtime"};
}

void zone_files_deinit(struct zone_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        buffer_deinit(&files->items[i]->bytes);
        zone_free(files->items[i]->zone);
        free(files->items[i]);
    }
    free(files->items);
    *files = (struct zone_files){0};
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+';
}

// Parts of letters divided by single slashes; no dot, so neither "." nor "..".
bool zone_files_is_name(const char *name)
{
    bool in_part = false;
    for (; *name; name++) {
        if (*name == '/' ? !in_part : !is_letter(*name))
            return false;
        in_part = *name != '/';
    }
    return in_part;
}

static bool path_of(const struct zone_files *files, const char *name, char path[PATH_MAX])
{
    const char *in_folder = strcmp(name, FRAME_ZONE_VERSION) == 0 ? "tzdata.zi" : name;
    int length = strcmp(name, "local") == 0 ? snprintf(path, PATH_MAX, "%s", files->local)
                                            : snprintf(path, PATH_MAX, "%s/%s", files->folder, in_folder);
    return length > 0 && length < PATH_MAX;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void read_bytes(int fd, struct buffer *out)
{
    uint8_t chunk[4096];
    ssize_t size;
    while ((size = read(fd, chunk, sizeof chunk)) > 0 && out->size <= LIMIT_ZONE_FILE_SIZE_MAX)
        buffer_add(out, chunk, (size_t)size);
    if (size != 0 || out->size > LIMIT_ZONE_FILE_SIZE_MAX)
        buffer_clear(out);
}

// All of it is large, and its first line is what is wanted.
static void read_version(int fd, struct buffer *out)
{
    uint8_t line[64];
    ssize_t size = read(fd, line, sizeof line);
    if (size > 0)
        buffer_add(out, line, (size_t)size);
}

// Looks at the file; true when its bytes are others than before. What cannot be read has no bytes.
static bool refresh(const struct zone_files *files, struct zone_file *item)
{
    char path[PATH_MAX];
    struct stat status = {0};
    struct buffer bytes = {0};
    int fd = path_of(files, item->name, path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)))
        status = (struct stat){0};
    if (is_same_file(&status, &item->status)) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (fd >= 0) {
        if (S_ISREG(status.st_mode) && strcmp(item->name, FRAME_ZONE_VERSION) == 0)
            read_version(fd, &bytes);
        else if (S_ISREG(status.st_mode))
            read_bytes(fd, &bytes);
        close(fd);
    }
    item->status = status;
    bool changed = !bytes_equal(buffer_view(&bytes), buffer_view(&item->bytes));
    buffer_deinit(&item->bytes);
    item->bytes = bytes;
    if (changed) {
        zone_free(item->zone);
        item->zone = NULL;
        if (bytes.size && zone_decode(buffer_view(&bytes), &item->zone) != 0)
            item->zone = NULL;
    }
    return changed;
}

struct zone_file *zone_files_get(struct zone_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->items[i]->name, name) == 0)
            return files->items[i];
    if (!zone_files_is_name(name) || strlen(name) >= FRAME_NAME_ROOM || files->count >= ZONE_FILES_COUNT_MAX)
        return NULL;
    void *array = files->items;
    base_grow(&array, &files->capacity, files->count + 1, sizeof(struct zone_file *));
    files->items = array;
    struct zone_file *item = base_alloc(1, sizeof *item);
    strcpy(item->name, name);
    (void)refresh(files, item); // new: nobody has seen other bytes
    files->items[files->count++] = item;
    return item;
}

const struct zone *zone_files_zone(struct zone_files *files, const char *name)
{
    if (strcmp(name, "UTC") == 0)
        return zone_utc();
    const struct zone_file *item = zone_files_get(files, name);
    return item ? item->zone : NULL;
}

bool zone_files_check(struct zone_files *files, uint64_t now_ms)
{
    bool changed = false;
    if (now_ms - files->checked_ms < ZONE_FILES_CHECK_MS)
        return false;
    files->checked_ms = now_ms;
    for (size_t i = 0; i < files->count; i++) {
        files->items[i]->has_changed |= refresh(files, files->items[i]);
        changed |= files->items[i]->has_changed;
    }
    return changed;
}
