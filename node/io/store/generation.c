#include "node/io/store/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/ids.h"

static const char name[] = "generation";

enum {
    PLACE_COUNT = 2,
    PLACE_SIZE = 512, // what a disk writes whole
    FILE_SIZE = PLACE_COUNT * PLACE_SIZE,
};

// The number and its check, then zeros.
static void encode(uint64_t number, uint8_t out[PLACE_SIZE])
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-generation");
    hasher_add_u64(&hasher, number);
    struct hash check = hasher_finish(&hasher);
    memset(out, 0, PLACE_SIZE);
    for (size_t i = 0; i < sizeof number; i++)
        out[i] = (uint8_t)(number >> (8 * i));
    memcpy(out + sizeof number, check.b, sizeof check.b);
}

static uint64_t decode(const uint8_t place[PLACE_SIZE])
{
    uint8_t expected[PLACE_SIZE];
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof number; i++)
        number |= (uint64_t)place[i] << (8 * i);
    encode(number, expected);
    return memcmp(place, expected, PLACE_SIZE) == 0 ? number : 0;
}

uint64_t generation_read(int directory)
{
    uint8_t file[FILE_SIZE] = {0};
    uint64_t highest = 0;
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    bool is_whole = pread(fd, file, sizeof file, 0) == (ssize_t)sizeof file;
    close(fd);
    for (size_t i = 0; is_whole && i < PLACE_COUNT; i++)
        highest = MAX_OF(highest, decode(file + i * PLACE_SIZE));
    return highest;
}

// A file of full size is overwritten where the older number stands; else it is made, both places at once.
static int write_number(int fd, uint64_t number)
{
    uint8_t file[FILE_SIZE];
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    bool is_there = status.st_size == FILE_SIZE;
    size_t size = is_there ? PLACE_SIZE : FILE_SIZE;
    off_t offset = is_there ? (off_t)(number % PLACE_COUNT) * PLACE_SIZE : 0;
    for (size_t at = 0; at < size; at += PLACE_SIZE)
        encode(number, file + at);
    ssize_t written = pwrite(fd, file, size, offset);
    if (written != (ssize_t)size)
        return written < 0 ? -errno : -ENOSPC;
    return fsync(fd) == 0 ? 0 : -errno;
}

int generation_write(int directory, uint64_t number)
{
    int fd = openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int result = write_number(fd, number);
    close(fd);
    if (!result && fsync(directory) != 0)
        result = -errno;
    return result;
}
