#include "node/io/watch/watch.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/watch/snapshot.h"
#include "proto/definition.h"

enum {
    EVENTS = IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE | IN_MOVE | IN_DELETE_SELF |
             IN_MOVE_SELF
};

struct watch {
    const char *path, *pattern; // pattern NULL: all names
    uint32_t wanted;
    uint64_t quiet_ms, throttle_ms;
    int inotify; // -1: this machine has none to give; looks alone must do
    dev_t device;
    ino_t inode; // what inotify watches
    struct snapshot seen;
    struct watch_report pending; // count 0: nothing
    uint64_t changed_ms;         // when the last change was seen
    uint64_t told_ms;            // when the last report was written; 0: never
};

// The folder, or whatever has its name by now.
static void follow(struct watch *watch, const struct snapshot *now)
{
    if (watch->inotify < 0 || (now->device == watch->device && now->inode == watch->inode))
        return;
    watch->device = now->device;
    watch->inode = now->inode;
    if (now->inode)
        (void)inotify_add_watch(watch->inotify, watch->path, EVENTS); // else the looks must do
}

static void look(struct watch *watch, uint64_t now_ms)
{
    struct snapshot now;
    struct snapshot_change last;
    snapshot_take(watch->path, watch->pattern, &now);
    follow(watch, &now);
    size_t count = snapshot_compare(&watch->seen, &now, watch->wanted, &last, 1);
    if (count) {
        // Who writes to a file that is new is still making it.
        bool is_same = watch->pending.count && strcmp(watch->pending.name, last.name) == 0;
        if (!is_same || last.what != DEFINITION_FILE_CHANGE)
            watch->pending.what = last.what;
        watch->pending.count += (uint32_t)count;
        memcpy(watch->pending.name, last.name, sizeof watch->pending.name);
        watch->changed_ms = now_ms;
    }
    snapshot_deinit(&watch->seen);
    watch->seen = now;
}

// When the pending report may be written.
static uint64_t ready_ms(const struct watch *watch)
{
    uint64_t quiet_ms = watch->changed_ms + watch->quiet_ms;
    return watch->told_ms ? MAX_OF(quiet_ms, watch->told_ms + watch->throttle_ms) : quiet_ms;
}

// False: nobody reads any more.
static bool tell(struct watch *watch, uint64_t now_ms)
{
    if (!watch->pending.count || now_ms < ready_ms(watch))
        return true;
    ssize_t size = write(STDOUT_FILENO, &watch->pending, sizeof watch->pending);
    watch->pending = (struct watch_report){0};
    watch->told_ms = now_ms;
    return size == (ssize_t)sizeof watch->pending;
}

// Waits for news, at most until something has to be done; true: the reader is gone.
static bool rest(struct watch *watch, uint64_t now_ms)
{
    uint64_t wait_ms = WATCH_LOOK_MS;
    char news[4096];
    struct pollfd ready[2] = {{.fd = STDOUT_FILENO}, {.fd = watch->inotify, .events = POLLIN}};
    if (watch->pending.count)
        wait_ms = MIN_OF(wait_ms, ready_ms(watch) > now_ms ? ready_ms(watch) - now_ms : 0);
    if (poll(ready, 2, (int)wait_ms) > 0 && ready[0].revents & (POLLERR | POLLHUP))
        return true;
    while (watch->inotify >= 0 && read(watch->inotify, news, sizeof news) > 0)
        ; // that something happened is all they say
    return false;
}

static uint64_t number(const char *text)
{
    return strtoull(text, NULL, 10);
}

int watch_main(const char *const arguments[WATCH_ARGUMENT_COUNT])
{
    struct watch watch = {.path = arguments[0],
                          .pattern = arguments[1][0] ? arguments[1] : NULL,
                          .wanted = (uint32_t)number(arguments[2]),
                          .quiet_ms = number(arguments[3]),
                          .throttle_ms = number(arguments[4]),
                          .inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    signal(SIGPIPE, SIG_IGN);
    if (!watch.quiet_ms)
        watch.quiet_ms = WATCH_QUIET_MS_DEFAULT;
    snapshot_take(watch.path, watch.pattern, &watch.seen);
    follow(&watch, &watch.seen);
    while (!rest(&watch, clock_now_ms())) {
        look(&watch, clock_now_ms());
        if (!tell(&watch, clock_now_ms()))
            break;
    }
    snapshot_deinit(&watch.seen);
    return 0;
}
