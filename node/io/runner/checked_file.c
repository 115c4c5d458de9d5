#include "node/io/runner/checked_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHECK_SIZE = 16 };

static void add_tag(const struct checked_file *file, struct buffer *out)
{
    char tag[CHECKED_FILE_TAG_SIZE] = {0};
    assert(strlen(file->tag) < sizeof tag);
    memcpy(tag, file->tag, strlen(file->tag));
    buffer_add(out, tag, sizeof tag);
}

static void add_check(struct buffer *out)
{
    uint8_t check[CHECK_SIZE];
    crypto_generichash(check, sizeof check, out->data, out->size, NULL, 0);
    buffer_add(out, check, sizeof check);
}

static int write_synced(int fd, const struct checked_file *file, struct bytes content)
{
    if (fchmod(fd, 0600) != 0)
        return -errno;
    if (file->user != (uid_t)-1 && fchown(fd, file->user, file->group) != 0)
        return -errno;
    ssize_t written = write(fd, content.data, content.size);
    if (written != (ssize_t)content.size)
        return written < 0 ? -errno : -ENOSPC;
    return fsync(fd) == 0 ? 0 : -errno;
}

static int write_beside(const struct checked_file *file, struct bytes content)
{
    char beside[64];
    int length = snprintf(beside, sizeof beside, "%s.new", file->name);
    assert(length > 0 && (size_t)length < sizeof beside);
    int fd = openat(file->directory, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = write_synced(fd, file, content);
    close(fd);
    if (r == 0 && renameat(file->directory, beside, file->directory, file->name) != 0)
        r = -errno;
    if (r != 0)
        unlinkat(file->directory, beside, 0);
    else if (fsync(file->directory) != 0)
        r = -errno;
    return r;
}

int checked_file_write(const struct checked_file *file, struct bytes payload)
{
    struct buffer content = {0};
    assert(payload.size <= CHECKED_FILE_SIZE_MAX);
    add_tag(file, &content);
    buffer_add(&content, payload.data, payload.size);
    add_check(&content);
    int r = write_beside(file, buffer_view(&content));
    sodium_memzero(content.data, content.size); // it may have been a key
    buffer_deinit(&content);
    return r;
}

static int check_content(const struct checked_file *file, struct bytes content, struct buffer *ret_payload)
{
    struct buffer expected = {0};
    int r = -EBADMSG;
    if (content.size < CHECKED_FILE_TAG_SIZE + CHECK_SIZE)
        return r;
    size_t payload_size = content.size - CHECKED_FILE_TAG_SIZE - CHECK_SIZE;
    add_tag(file, &expected);
    buffer_add(&expected, content.data + CHECKED_FILE_TAG_SIZE, payload_size);
    add_check(&expected);
    if (bytes_equal(buffer_view(&expected), content)) {
        buffer_add(ret_payload, content.data + CHECKED_FILE_TAG_SIZE, payload_size);
        r = 0;
    }
    sodium_memzero(expected.data, expected.size);
    buffer_deinit(&expected);
    return r;
}

int checked_file_read(const struct checked_file *file, struct buffer *ret_payload)
{
    uint8_t content[CHECKED_FILE_TAG_SIZE + CHECKED_FILE_SIZE_MAX + CHECK_SIZE + 1];
    int fd = openat(file->directory, file->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t size = read(fd, content, sizeof content);
    int r = size < 0 ? -errno : 0;
    close(fd);
    if (r == 0 && (size_t)size == sizeof content)
        r = -EBADMSG;
    if (r == 0)
        r = check_content(file, bytes_of(content, (size_t)size), ret_payload);
    sodium_memzero(content, sizeof content);
    return r;
}
