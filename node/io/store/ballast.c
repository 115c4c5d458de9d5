#include "node/io/store/ballast.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char name[] = "ballast";

void ballast_init(struct ballast *ballast, int directory)
{
    struct stat status;
    *ballast = (struct ballast){.directory = directory};
    ballast->is_there =
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_size == BALLAST_SIZE;
}

static bool has_room(const struct ballast *ballast)
{
    struct statvfs disk;
    return fstatvfs(ballast->directory, &disk) == 0 &&
           (uint64_t)disk.f_bavail * disk.f_frsize > (uint64_t)BALLAST_ROOM;
}

// Bytes that no file system can pack: a linear congruential generator's.
static bool fill(int file)
{
    uint32_t block[4096];
    uint32_t state = 1;
    for (size_t written = 0; written < BALLAST_SIZE; written += sizeof block) {
        for (size_t i = 0; i < COUNT_OF(block); i++)
            block[i] = state = state * 1664525u + 1013904223u;
        if (write(file, block, sizeof block) != (ssize_t)sizeof block)
            return false;
    }
    return fsync(file) == 0;
}

bool ballast_make(struct ballast *ballast)
{
    if (ballast->is_there)
        return true;
    if (!has_room(ballast))
        return false;
    int file = openat(ballast->directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    ballast->is_there = fill(file);
    close(file);
    if (!ballast->is_there)
        unlinkat(ballast->directory, name, 0);
    return ballast->is_there;
}

void ballast_remove(struct ballast *ballast)
{
    unlinkat(ballast->directory, name, 0);
    ballast->is_there = false;
}
