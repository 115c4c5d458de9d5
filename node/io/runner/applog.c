#include "node/io/runner/applog.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/io/notice.h"
#include "node/io/store/ballast.h"

enum {
    MAGIC_SIZE = 16,
    CHECK_SIZE = 8,
    HEADER_SIZE = 4 + CHECK_SIZE,
    RESERVE_SIZE = 64 * 1024,
};
static const char MAGIC[MAGIC_SIZE] = "katydid-log-1\n";

void applog_ignore(void *context, struct bytes payload)
{
    (void)context;
    (void)payload;
}

static void check_of(struct bytes payload, uint8_t out[CHECK_SIZE])
{
    uint8_t full[crypto_generichash_BYTES_MIN];
    uint8_t length[4] = {(uint8_t)payload.size, (uint8_t)(payload.size >> 8), (uint8_t)(payload.size >> 16),
                         (uint8_t)(payload.size >> 24)};
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof full);
    crypto_generichash_update(&state, length, sizeof length);
    crypto_generichash_update(&state, payload.data, payload.size);
    crypto_generichash_final(&state, full, sizeof full);
    memcpy(out, full, CHECK_SIZE);
}

static int write_at(int fd, const void *data, size_t size, uint64_t offset)
{
    const uint8_t *rest = data;
    while (size) {
        ssize_t written = pwrite(fd, rest, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        rest += written;
        size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

static int read_whole(int fd, struct buffer *out)
{
    uint8_t chunk[16 * 1024];
    for (;;) {
        ssize_t got = pread(fd, chunk, sizeof chunk, (off_t)out->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return 0;
        if (out->size + (size_t)got > APPLOG_FILE_SIZE_MAX)
            return -EFBIG;
        buffer_add(out, chunk, (size_t)got);
    }
}

// The entry at `offset`, when there is a whole one whose check holds.
static bool entry_at(struct bytes file, size_t offset, struct bytes *ret_payload)
{
    struct reader reader;
    uint8_t check[CHECK_SIZE], expected[CHECK_SIZE];
    reader_init(&reader, bytes_of(file.data + offset, file.size - offset));
    size_t size = reader_u32(&reader);
    reader_copy(&reader, check, sizeof check);
    if (size == 0 || size > APPLOG_ENTRY_SIZE_MAX || reader.failed || size > reader.rest.size)
        return false;
    struct bytes payload = reader_bytes(&reader, size);
    check_of(payload, expected);
    if (memcmp(check, expected, sizeof check) != 0)
        return false;
    *ret_payload = payload;
    return true;
}

static bool find_entry(struct bytes file, size_t offset, size_t *ret_offset, struct bytes *ret_payload)
{
    for (; offset + HEADER_SIZE < file.size; offset++)
        if (entry_at(file, offset, ret_payload)) {
            *ret_offset = offset;
            return true;
        }
    return false;
}

static uint64_t end_of_data(struct bytes file)
{
    size_t end = file.size;
    while (end > MAGIC_SIZE && file.data[end - 1] == 0)
        end--;
    return end;
}

static void read_entries(struct applog *log, struct bytes file, applog_entry *entry, void *context)
{
    size_t offset = MAGIC_SIZE, found;
    struct bytes payload;
    while (find_entry(file, offset, &found, &payload)) {
        log->damaged_bytes += found - offset;
        offset = found + HEADER_SIZE + payload.size;
        entry(context, payload);
    }
    log->size_bytes = offset;
    uint64_t end = end_of_data(file);
    log->torn_bytes = end > offset ? end - offset : 0;
}

static int sync_directory(int directory)
{
    return fsync(directory) == 0 ? 0 : -errno;
}

static int start_file(struct applog *log)
{
    int r = write_at(log->fd, MAGIC, sizeof MAGIC, 0);
    log->size_bytes = MAGIC_SIZE;
    log->reserved_bytes = MAGIC_SIZE;
    return r;
}

static int load(struct applog *log, applog_entry *entry, void *context)
{
    struct buffer file = {0};
    int r = read_whole(log->fd, &file);
    if (r == 0 && file.size >= MAGIC_SIZE && memcmp(file.data, MAGIC, MAGIC_SIZE) != 0)
        r = -EBADMSG;
    if (r == 0 && file.size < MAGIC_SIZE) {
        log->torn_bytes = file.size;
        r = start_file(log);
    } else if (r == 0) {
        read_entries(log, buffer_view(&file), entry, context);
        log->reserved_bytes = file.size;
        if (log->torn_bytes && ftruncate(log->fd, (off_t)log->size_bytes) == 0)
            log->reserved_bytes = log->size_bytes;
        else if (log->torn_bytes)
            r = -errno;
    }
    buffer_deinit(&file);
    return r;
}

static int open_file(struct applog *log, int directory, const char *name, int flags)
{
    *log = (struct applog){.directory = directory, .fd = -1};
    snprintf(log->name, sizeof log->name, "%s", name);
    log->fd = openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    return log->fd < 0 ? -errno : 0;
}

int applog_open(struct applog *log, int directory, const char *name, applog_entry *entry, void *context)
{
    int r = open_file(log, directory, name, 0);
    if (r == 0)
        r = load(log, entry, context);
    if (r == 0 && (fsync(log->fd) != 0))
        r = -errno;
    if (r == 0)
        r = sync_directory(directory);
    if (r != 0)
        applog_close(log);
    return r;
}

void applog_close(struct applog *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
    log->failed = true;
}

// Best effort: an append into a hole works too as long as the disk has room.
static void reserve(struct applog *log, uint64_t wanted)
{
    if (wanted <= log->reserved_bytes)
        return;
    uint64_t size = (wanted / RESERVE_SIZE + 1) * RESERVE_SIZE;
    if (fallocate(log->fd, 0, 0, (off_t)size) == 0)
        log->reserved_bytes = size;
}

// The ballast beside the log is there to be given up: what stops a job must be written on a full disk too.
static bool make_room(const struct applog *log)
{
    struct ballast ballast;
    ballast_init(&ballast, log->directory);
    if (!ballast.is_there)
        return false;
    ballast_remove(&ballast);
    notice_say(EFFECT_WARNING, "the disk is full; the runner gave up its ballast to write %s", log->name);
    return true;
}

static int write_entry(struct applog *log, const struct buffer *entry)
{
    int r = write_at(log->fd, entry->data, entry->size, log->size_bytes);
    if (r == -ENOSPC && make_room(log))
        r = write_at(log->fd, entry->data, entry->size, log->size_bytes);
    return r;
}

int applog_append(struct applog *log, struct bytes payload)
{
    struct buffer entry = {0};
    uint8_t check[CHECK_SIZE];
    assert(payload.size > 0 && payload.size <= APPLOG_ENTRY_SIZE_MAX);
    if (log->failed)
        return -EIO;
    uint64_t end = log->size_bytes + HEADER_SIZE + payload.size;
    if (end > APPLOG_FILE_SIZE_MAX)
        return -EFBIG;
    reserve(log, end);
    check_of(payload, check);
    buffer_add_u32(&entry, (uint32_t)payload.size);
    buffer_add(&entry, check, sizeof check);
    buffer_add(&entry, payload.data, payload.size);
    int r = write_entry(log, &entry);
    buffer_deinit(&entry);
    if (r == 0) {
        log->size_bytes = end;
        log->reserved_bytes = MAX_OF(log->reserved_bytes, end);
        log->unsynced = true;
    }
    return r;
}

int applog_sync(struct applog *log)
{
    if (log->failed)
        return -EIO;
    if (!log->unsynced)
        return 0;
    if (fdatasync(log->fd) != 0) {
        log->failed = true;
        return -errno;
    }
    log->unsynced = false;
    return 0;
}

static int swap_files(struct applog *log, struct applog *fresh)
{
    int r = fsync(fresh->fd) == 0 ? 0 : -errno;
    if (r == 0 && renameat(log->directory, fresh->name, log->directory, log->name) != 0)
        r = -errno;
    if (r != 0)
        return r;
    int old = log->fd;
    log->fd = fresh->fd;
    log->size_bytes = fresh->size_bytes;
    log->reserved_bytes = fresh->reserved_bytes;
    log->unsynced = false;
    fresh->fd = -1;
    close(old);
    r = sync_directory(log->directory);
    log->failed = r != 0;
    return r;
}

int applog_replace(struct applog *log, applog_write *write, void *context)
{
    struct applog fresh;
    char name[APPLOG_NAME_ROOM];
    if (log->failed)
        return -EIO;
    int length = snprintf(name, sizeof name, "%s.new", log->name);
    assert(length > 0 && (size_t)length < sizeof name);
    int r = open_file(&fresh, log->directory, name, O_TRUNC);
    if (r != 0)
        return r;
    r = start_file(&fresh);
    if (r == 0)
        r = write(context, &fresh);
    if (r == 0)
        r = swap_files(log, &fresh);
    if (r != 0 && fresh.fd >= 0)
        unlinkat(log->directory, name, 0);
    applog_close(&fresh);
    return r;
}
