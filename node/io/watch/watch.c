#include "node/io/watch/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/watch/batch.h"
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
    struct batch pending;
    uint64_t changed_ms; // when the last change was seen
    uint64_t told_ms;    // when the last report was written; 0: never
    bool is_state_told;
    int told_problem;        // by the last report about it
    uint64_t other_since_ms; // it has been otherwise since; 0: it is not
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
    snapshot_take(watch->path, watch->pattern, &now);
    follow(watch, &now);
    size_t room = watch->seen.count + now.count;
    struct snapshot_change *changes = base_alloc(room + 1, sizeof *changes);
    size_t count = snapshot_compare(&watch->seen, &now, watch->wanted, changes, room);
    for (size_t i = 0; i < count; i++)
        batch_add(&watch->pending, &changes[i]);
    if (count)
        watch->changed_ms = now_ms;
    free(changes);
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
    struct watch_report report = {0};
    if (batch_is_empty(&watch->pending) || now_ms < ready_ms(watch))
        return true;
    batch_report(&watch->pending, &report);
    batch_deinit(&watch->pending);
    watch->told_ms = now_ms;
    return write(STDOUT_FILENO, &report, sizeof report) == (ssize_t)sizeof report;
}

// A file that is only waited for is not amiss.
static int problem_of(const struct watch *watch)
{
    const uint32_t others = DEFINITION_FILE_CHANGE | DEFINITION_FILE_REMOVE;
    bool waits_for_it = !watch->pattern && !(watch->wanted & others);
    return waits_for_it && watch->seen.problem == ENOENT ? 0 : watch->seen.problem;
}

// False: nobody reads any more.
static bool tell_state(struct watch *watch, uint64_t now_ms)
{
    const struct watch_report report = {.problem = problem_of(watch)};
    if (watch->is_state_told && report.problem == watch->told_problem) {
        watch->other_since_ms = 0;
        return true;
    }
    if (!watch->other_since_ms)
        watch->other_since_ms = now_ms;
    if (watch->is_state_told && now_ms - watch->other_since_ms < WATCH_STATE_MS)
        return true;
    watch->is_state_told = true;
    watch->told_problem = report.problem;
    watch->other_since_ms = 0;
    return write(STDOUT_FILENO, &report, sizeof report) == (ssize_t)sizeof report;
}

// Waits for news, at most until something has to be done; true: the reader is gone.
static bool rest(struct watch *watch, uint64_t now_ms)
{
    uint64_t wait_ms = WATCH_LOOK_MS;
    char news[4096];
    struct pollfd ready[2] = {{.fd = STDOUT_FILENO}, {.fd = watch->inotify, .events = POLLIN}};
    if (!batch_is_empty(&watch->pending))
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
    while (tell_state(&watch, clock_now_ms()) && tell(&watch, clock_now_ms()) &&
           !rest(&watch, clock_now_ms()))
        look(&watch, clock_now_ms());
    batch_deinit(&watch.pending);
    snapshot_deinit(&watch.seen);
    return 0;
}
