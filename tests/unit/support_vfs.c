#include "tests/unit/support_vfs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "proto/base.h"
#include "tests/unit/support_records.h"

enum { SECTOR_SIZE = 512, FILE_COUNT_MAX = 8 };

enum happening_kind { WRITE, TRUNCATE, SYNC, REMOVE, MARK };

struct happening {
    enum happening_kind kind;
    size_t file;       // index in names
    uint64_t offset;   // TRUNCATE: the size; MARK: the number
    struct bytes data; // owned
};

struct recorded_file {
    sqlite3_file base;
    size_t file;
    bool is_recorded;
    sqlite3_file *real; // right behind this struct
};

struct support_vfs_faults support_vfs_faults;

static struct {
    pthread_mutex_t lock;
    struct happening *happenings;
    size_t count, capacity;
    char names[FILE_COUNT_MAX][64]; // without directory
    size_t name_count;
    sqlite3_vfs *real;
    sqlite3_vfs own;
    bool is_registered;
} tape = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t index_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < tape.name_count; i++)
        if (strcmp(tape.names[i], name) == 0)
            return i;
    assert(tape.name_count < FILE_COUNT_MAX);
    snprintf(tape.names[tape.name_count], sizeof tape.names[0], "%s", name);
    return tape.name_count++;
}

static void note(enum happening_kind kind, size_t file, uint64_t offset, struct bytes data)
{
    pthread_mutex_lock(&tape.lock);
    base_grow((void **)&tape.happenings, &tape.capacity, tape.count + 1, sizeof *tape.happenings);
    tape.happenings[tape.count++] = (struct happening){
        .kind = kind,
        .file = file,
        .offset = offset,
        .data = data.size ? bytes_of(base_copy(data.data, data.size), data.size) : (struct bytes){0},
    };
    pthread_mutex_unlock(&tape.lock);
}

static struct recorded_file *recorded(sqlite3_file *file)
{
    return (struct recorded_file *)file;
}

static int file_close(sqlite3_file *file)
{
    sqlite3_file *real = recorded(file)->real;
    return real->pMethods->xClose(real);
}

static int file_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = recorded(file)->real;
    return real->pMethods->xRead(real, out, size, offset);
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = recorded(file)->real;
    if (support_vfs_faults.write_fails)
        return SQLITE_IOERR_WRITE;
    note(WRITE, recorded(file)->file, (uint64_t)offset, bytes_of(data, (size_t)size));
    return real->pMethods->xWrite(real, data, size, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *real = recorded(file)->real;
    note(TRUNCATE, recorded(file)->file, (uint64_t)size, (struct bytes){0});
    return real->pMethods->xTruncate(real, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    sqlite3_file *real = recorded(file)->real;
    (void)flags;
    (void)real; // the page cache outlives this process; only the replay loses power
    const char *failing = support_vfs_faults.sync_fails;
    if (failing && (!*failing || strcmp(failing, tape.names[recorded(file)->file]) == 0))
        return SQLITE_IOERR_FSYNC;
    note(SYNC, recorded(file)->file, 0, (struct bytes){0});
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    sqlite3_file *real = recorded(file)->real;
    return real->pMethods->xFileSize(real, ret_size);
}

static int file_lock(sqlite3_file *file, int level)
{
    sqlite3_file *real = recorded(file)->real;
    return real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    sqlite3_file *real = recorded(file)->real;
    return real->pMethods->xUnlock(real, level);
}

static int file_check_lock(sqlite3_file *file, int *ret_locked)
{
    sqlite3_file *real = recorded(file)->real;
    return real->pMethods->xCheckReservedLock(real, ret_locked);
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
    sqlite3_file *real = recorded(file)->real;
    return real->pMethods->xFileControl(real, operation, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    (void)file;
    return SECTOR_SIZE;
}

static int file_characteristics(sqlite3_file *file)
{
    sqlite3_file *real = recorded(file)->real;
    return real->pMethods->xDeviceCharacteristics(real);
}

// Version 1: no shared memory, so SQLite keeps the log's index in its own.
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct recorded_file *opened = recorded(file);
    (void)vfs;
    *opened = (struct recorded_file){.real = (sqlite3_file *)(void *)(opened + 1)};
    int result = tape.real->xOpen(tape.real, name, opened->real, flags, ret_flags);
    if (result != SQLITE_OK)
        return result;
    pthread_mutex_lock(&tape.lock);
    opened->file = index_of(name ? name : "temporary");
    pthread_mutex_unlock(&tape.lock);
    opened->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    (void)vfs;
    (void)sync_directory;
    pthread_mutex_lock(&tape.lock);
    size_t file = index_of(name);
    pthread_mutex_unlock(&tape.lock);
    note(REMOVE, file, 0, (struct bytes){0});
    return tape.real->xDelete(tape.real, name, 0);
}

void support_vfs_register(void)
{
    support_vfs_clear();
    support_vfs_faults = (struct support_vfs_faults){0};
    if (tape.is_registered)
        return;
    tape.real = sqlite3_vfs_find(NULL);
    tape.own = *tape.real;
    tape.own.zName = SUPPORT_VFS_NAME;
    tape.own.szOsFile = (int)sizeof(struct recorded_file) + tape.real->szOsFile;
    tape.own.xOpen = vfs_open;
    tape.own.xDelete = vfs_delete;
    tape.own.pNext = NULL;
    sqlite3_vfs_register(&tape.own, 0);
    tape.is_registered = true;
}

static void free_data(struct bytes data)
{
    union {
        const uint8_t *borrowed;
        uint8_t *owned;
    } pointer = {.borrowed = data.data};
    free(pointer.owned);
}

void support_vfs_clear(void)
{
    for (size_t i = 0; i < tape.count; i++)
        free_data(tape.happenings[i].data);
    free(tape.happenings);
    tape.happenings = NULL;
    tape.count = tape.capacity = tape.name_count = 0;
}

void support_vfs_mark(uint64_t number)
{
    note(MARK, 0, number, (struct bytes){0});
}

size_t support_vfs_count(void)
{
    return tape.count;
}

struct image { // of one file
    struct buffer content;
    bool exists;
};

static void resize(struct image *image, size_t size)
{
    while (image->content.size < size)
        buffer_add_u8(&image->content, 0);
    image->content.size = size;
}

static void apply(struct image *image, const struct happening *happening, size_t size)
{
    image->exists = happening->kind != REMOVE;
    if (happening->kind == REMOVE)
        resize(image, 0);
    if (happening->kind == TRUNCATE)
        resize(image, (size_t)happening->offset);
    if (happening->kind != WRITE || !size)
        return;
    size_t end = (size_t)happening->offset + size;
    if (image->content.size < end)
        resize(image, end);
    memcpy(image->content.data + happening->offset, happening->data.data, size);
}

static bool changes(const struct happening *happening, size_t file)
{
    return happening->file == file && happening->kind != SYNC && happening->kind != MARK;
}

// Whether this is the first sync of a new journal or log: then SQLite's own VFS syncs the directory too.
static bool syncs_directory(size_t index)
{
    size_t file = tape.happenings[index].file;
    if (tape.happenings[index].kind != SYNC || !strchr(tape.names[file], '-'))
        return false;
    for (size_t i = index; i > 0; i--) {
        const struct happening *before = &tape.happenings[i - 1];
        if (before->file == file && before->kind == SYNC)
            return false;
        if (before->file == file && before->kind == REMOVE)
            return true;
    }
    return true;
}

// Everything noted for `file` before this is durable when power goes after the first `count` things.
static size_t synced_until(size_t file, size_t count)
{
    bool directory = false;
    for (size_t i = count; !support_vfs_faults.sync_lies && i > 0; i--) {
        const struct happening *happening = &tape.happenings[i - 1];
        directory = directory || syncs_directory(i - 1);
        if (happening->file == file && (happening->kind == SYNC || (happening->kind == REMOVE && directory)))
            return i;
    }
    return 0;
}

static void lose(struct image *image, const struct happening *happening, enum support_vfs_loss loss,
                 bool is_last, uint64_t *random)
{
    size_t size = happening->data.size;
    size_t half = size / 2 / SECTOR_SIZE * SECTOR_SIZE;
    if (loss == SUPPORT_VFS_DROP)
        return;
    if (loss == SUPPORT_VFS_TORN && is_last)
        size = half;
    if (loss == SUPPORT_VFS_PART) {
        uint64_t fate = support_random(random) % 4;
        if (fate == 0)
            return;
        if (fate == 1)
            size = half;
    }
    apply(image, happening, size);
}

static void restore(size_t file, size_t count, enum support_vfs_loss loss, uint64_t *random,
                    struct image *ret_image)
{
    struct image image = {0};
    size_t synced = synced_until(file, count);
    size_t last = count;
    while (last > 0 && !changes(&tape.happenings[last - 1], file))
        last--;
    for (size_t i = 0; i < count; i++) {
        if (!changes(&tape.happenings[i], file))
            continue;
        if (i < synced)
            apply(&image, &tape.happenings[i], tape.happenings[i].data.size);
        else
            lose(&image, &tape.happenings[i], loss, i + 1 == last, random);
    }
    *ret_image = image;
}

static void put_file(const char *directory, const char *name, const struct image *image)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    remove(path);
    if (!image->exists)
        return;
    FILE *file = fopen(path, "wb");
    size_t size = image->content.size;
    if (!file || (size && fwrite(image->content.data, 1, size, file) != size) || fclose(file))
        abort();
}

uint64_t support_vfs_replay(size_t count, enum support_vfs_loss loss, uint64_t seed, const char *directory)
{
    uint64_t random = seed;
    uint64_t marked = 0;
    for (size_t i = 0; i < count; i++)
        if (tape.happenings[i].kind == MARK)
            marked = tape.happenings[i].offset;
    for (size_t file = 0; file < tape.name_count; file++) {
        struct image image;
        restore(file, count, loss, &random, &image);
        put_file(directory, tape.names[file], &image);
        buffer_deinit(&image.content);
    }
    return marked;
}
