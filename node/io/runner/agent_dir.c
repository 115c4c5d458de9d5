#include "node/io/runner/agent_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char NETWORK_USER[] = "katydid";
static const char LEFT_FILE[] = "left";
static const char LEAVING_FILE[] = "leaving";

enum {
    MODE_DIR = 0711,
    MODE_PRIVATE = 0700,
};

PRINTF_LIKE(3, 4)
static int refuse(struct agent_dir *dir, int outcome, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(dir->why, sizeof dir->why, text, arguments);
    va_end(arguments);
    return outcome;
}

static int refuse_errno(struct agent_dir *dir, const char *part)
{
    const char *slash = part[0] ? "/" : "";
    return refuse(dir, AGENT_DIR_REFUSED, "%s%s%s: %s", dir->path, slash, part, strerror(errno));
}

static void init(struct agent_dir *dir, const char *path)
{
    *dir = (struct agent_dir){.directory = -1, .runner = -1, .net = -1, .lock = -1};
    dir->path = base_copy_text(path);
    dir->network_user = geteuid();
    dir->network_group = getegid();
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void agent_dir_close(struct agent_dir *dir)
{
    close_one(&dir->net);
    close_one(&dir->runner);
    close_one(&dir->directory);
    close_one(&dir->lock);
    free(dir->path);
    dir->path = NULL;
}

static char *leaving_path(const char *path)
{
    char *text = NULL;
    if (asprintf(&text, "%s/runner/%s", path, LEAVING_FILE) < 0)
        abort();
    return text;
}

int agent_dir_ask_to_leave(const char *path)
{
    char *text = leaving_path(path);
    int file = open(text, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error = errno;
    free(text);
    if (file < 0)
        return -error;
    close(file);
    return 0;
}

void agent_dir_take_back_leave(const char *path)
{
    char *text = leaving_path(path);
    unlink(text);
    free(text);
}

bool agent_dir_is_asked_to_leave(const struct agent_dir *dir)
{
    struct stat status;
    return fstatat(dir->runner, LEAVING_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

int agent_dir_mark_left(const struct agent_dir *dir)
{
    int file = openat(dir->runner, LEFT_FILE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return -errno;
    close(file);
    return fsync(dir->runner) ? -errno : 0;
}

bool agent_dir_has_left(const struct agent_dir *dir)
{
    struct stat status;
    return fstatat(dir->runner, LEFT_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

bool agent_dir_has_own_network_user(const struct agent_dir *dir)
{
    return dir->network_user != geteuid();
}

// May somebody who is neither owner nor group pass through every folder from / to `path`?
static bool others_can_reach(const char *path)
{
    char real[PATH_MAX];
    struct stat status;
    if (!realpath(path, real))
        return false;
    for (char *slash = real + strlen(real); slash; slash = strrchr(real, '/')) {
        *slash = '\0';
        if (stat(real[0] ? real : "/", &status) != 0 || !(status.st_mode & S_IXOTH))
            return false;
    }
    return true;
}

static void choose_network_user(struct agent_dir *dir)
{
    struct passwd entry, *found = NULL;
    char memory[4096];
    if (geteuid() != 0 || !others_can_reach(dir->path))
        return;
    if (getpwnam_r(NETWORK_USER, &entry, memory, sizeof memory, &found) == 0 && found && found->pw_uid != 0) {
        dir->network_user = found->pw_uid;
        dir->network_group = found->pw_gid;
    }
}

static int take_lock(struct agent_dir *dir)
{
    char pid[16] = "";
    dir->lock = openat(dir->directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (dir->lock < 0)
        return refuse_errno(dir, "lock");
    if (flock(dir->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return refuse_errno(dir, "lock");
        ssize_t size = pread(dir->lock, pid, sizeof pid - 1, 0);
        long number = size > 0 ? strtol(pid, NULL, 10) : 0;
        return refuse(
            dir, AGENT_DIR_LOCKED,
            "an agent (pid %ld) already runs on %s; another node needs a directory of its own: --dir", number,
            dir->path);
    }
    int length = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    // The number is for people. It is written over the old one: a full disk has room for that.
    if (pwrite(dir->lock, pid, (size_t)length, 0) == length && ftruncate(dir->lock, length) != 0)
        return refuse_errno(dir, "lock");
    return 0;
}

static int make_above(const char *path)
{
    char above[PATH_MAX];
    if (strlen(path) >= sizeof above)
        return -ENAMETOOLONG;
    strcpy(above, path);
    for (char *slash = strchr(above + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(above, 0755) != 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

// Opens `name` below DIR ("": DIR itself) and checks what it is and who owns it.
static int open_checked(struct agent_dir *dir, const char *name, mode_t widest, uid_t owner, int *ret_fd)
{
    struct stat status;
    const char *slash = name[0] ? "/" : "";
    int fd = name[0] ? openat(dir->directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                     : open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        return refuse_errno(dir, name);
    *ret_fd = fd;
    if (status.st_uid != owner && status.st_uid != geteuid())
        return refuse(dir, AGENT_DIR_REFUSED, "%s%s%s belongs to uid %ld: type chown -R %ld %s%s%s",
                      dir->path, slash, name, (long)status.st_uid, (long)owner, dir->path, slash, name);
    mode_t wide = (status.st_mode & 07777) & ~widest;
    if (wide)
        return refuse(dir, AGENT_DIR_REFUSED, "%s%s%s has mode %04o, wider than %04o: type chmod %o %s%s%s",
                      dir->path, slash, name, (unsigned)(status.st_mode & 07777), (unsigned)widest,
                      (unsigned)widest, dir->path, slash, name);
    return 0;
}

static int make_folder(struct agent_dir *dir, int parent, const char *name)
{
    if (mkdirat(parent, name, MODE_PRIVATE) != 0 && errno != EEXIST)
        return refuse_errno(dir, name);
    return 0;
}

static int make_net(struct agent_dir *dir)
{
    int r = make_folder(dir, dir->directory, "net");
    if (r == 0)
        r = open_checked(dir, "net", MODE_PRIVATE, dir->network_user, &dir->net);
    if (r == 0 && fchown(dir->net, dir->network_user, dir->network_group) != 0)
        r = refuse_errno(dir, "net");
    return r;
}

static int make_runner(struct agent_dir *dir)
{
    int r = make_folder(dir, dir->directory, "runner");
    if (r == 0)
        r = open_checked(dir, "runner", MODE_PRIVATE, geteuid(), &dir->runner);
    if (r == 0)
        r = make_folder(dir, dir->runner, "secrets");
    return r;
}

// An existing folder is taken over only when it is empty or holds what an earlier attempt left.
static bool is_ours_to_take(const char *path)
{
    struct stat status;
    char runner[PATH_MAX];
    if (snprintf(runner, sizeof runner, "%s/runner", path) < (int)sizeof runner &&
        lstat(runner, &status) == 0)
        return true;
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count <= 2; // . and ..
}

static int make_top(struct agent_dir *dir)
{
    struct stat status;
    int r = make_above(dir->path);
    if (r < 0) {
        errno = -r;
        return refuse_errno(dir, "");
    }
    bool made = mkdir(dir->path, MODE_DIR) == 0;
    if (!made && errno != EEXIST)
        return refuse_errno(dir, "");
    if (!made && !is_ours_to_take(dir->path))
        return refuse(dir, AGENT_DIR_REFUSED, "%s is not an empty folder: choose another with --dir",
                      dir->path);
    if (stat(dir->path, &status) != 0)
        return refuse_errno(dir, "");
    if (status.st_uid == geteuid() && chmod(dir->path, MODE_DIR) != 0) // whatever the umask was
        return refuse_errno(dir, "");
    return 0;
}

static int refuse_taken(struct agent_dir *dir)
{
    struct stat status;
    if (fstatat(dir->runner, "pin", &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : refuse_errno(dir, "runner/pin");
    if (agent_dir_has_left(dir))
        return refuse(dir, AGENT_DIR_TAKEN,
                      "%s is of a node that left its fleet: erase it with katydid leave --erase --dir %s",
                      dir->path, dir->path);
    return refuse(dir, AGENT_DIR_TAKEN, "a node already lives in %s; choose another with --dir", dir->path);
}

int agent_dir_create(struct agent_dir *dir, const char *path)
{
    init(dir, path);
    int r = make_top(dir);
    if (r == 0)
        r = open_checked(dir, "", MODE_DIR, geteuid(), &dir->directory);
    if (r == 0)
        r = take_lock(dir);
    if (r == 0)
        r = make_runner(dir);
    if (r == 0)
        r = refuse_taken(dir);
    if (r == 0) {
        choose_network_user(dir);
        r = make_net(dir);
    }
    return r;
}

// Whoever owns net/ runs the network process; anybody but us and the network user is a stranger.
static int open_net(struct agent_dir *dir)
{
    struct stat status;
    choose_network_user(dir);
    int r = open_checked(dir, "net", MODE_PRIVATE, dir->network_user, &dir->net);
    if (r == 0 && fstat(dir->net, &status) != 0)
        r = refuse_errno(dir, "net");
    if (r == 0) {
        dir->network_user = status.st_uid;
        dir->network_group = status.st_gid;
    }
    return r;
}

int agent_dir_open(struct agent_dir *dir, const char *path)
{
    struct stat status;
    init(dir, path);
    if (stat(path, &status) != 0 && errno == ENOENT)
        return refuse(dir, AGENT_DIR_ABSENT, "no agent at %s: type katydid init or katydid join first", path);
    int r = open_checked(dir, "", MODE_DIR, geteuid(), &dir->directory);
    if (r == 0 && fstatat(dir->directory, "runner", &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        r = refuse(dir, AGENT_DIR_ABSENT, "no agent at %s: type katydid init or katydid join first", path);
    if (r == 0)
        r = open_checked(dir, "runner", MODE_PRIVATE, geteuid(), &dir->runner);
    if (r == 0)
        r = open_net(dir);
    if (r == 0)
        r = take_lock(dir);
    return r;
}
