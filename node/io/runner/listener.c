#include "node/io/runner/listener.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

// Through /proc, because the name of a socket may be 107 bytes long and DIR may be deeper than that.
static int bind_below(int fd, int directory)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", directory);
    mode_t before = umask(0177);
    int r = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : -errno;
    umask(before);
    return r;
}

int listener_open(int directory)
{
    if (unlinkat(directory, "control", 0) != 0 && errno != ENOENT)
        return -errno;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int r = bind_below(fd, directory);
    if (r == 0 && listen(fd, BACKLOG) != 0)
        r = -errno;
    if (r == 0)
        return fd;
    close(fd);
    return r;
}
