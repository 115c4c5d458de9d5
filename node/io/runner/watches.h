// watches.h - the file triggers of jobs that may run here: a watching process for each, and what it told.
//
// A process watches with the rights of the job's user (node/io/watch/watch.h); what it reports becomes news
// with a token that nobody else could have made up, told to the network process again and again until a START
// names it, at most WATCHES_NEWS_MS. So a start for a file is believed only if it was seen here, and once.
// Whether it can look at all is told when that changes, and whenever the definition is offered again.
// Watching begins when a definition with a file trigger is fed, ends when it is no longer in force, paused,
// or may not run here; a process that dies is started again, later each time.
#ifndef NODE_IO_RUNNER_WATCHES_H
#define NODE_IO_RUNNER_WATCHES_H

#include <sys/types.h>

#include "node/io/runner/check.h"
#include "node/io/watch/watch.h"
#include "node/io/watch/watch_report.h"

struct runner;

enum {
    WATCHES_COUNT_MAX = 64, // processes
    WATCHES_NEWS_COUNT_MAX = 256,
    WATCHES_NEWS_MS = 600 * 1000,
    WATCHES_TELL_MS = 2000,
    WATCHES_RETRY_MS_MIN = 1000,
    WATCHES_RETRY_MS_MAX = 300 * 1000,
    WATCHES_GOOD_MS = 60 * 1000, // lived so long: the next death is a first one again
    WATCHES_NAME_ROOM = 81,      // of a file's name as people are told it
};

struct watches_item { // one file trigger of one definition
    struct hash definition;
    uint16_t trigger;
    pid_t pid;  // 0: none runs
    int output; // read end; -1: none
    uint64_t started_ms, retry_ms;
    unsigned deaths;
    bool is_told;                    // whether it can look
    char trouble[FRAME_REASON_ROOM]; // why it cannot, in words; "": it can, or it is not to be watched now
};

struct watches_news {
    struct hash token;
    struct hash definition;
    uint16_t trigger;
    struct watch_report report;
    int64_t wall_ms;
    uint64_t seen_ms, told_ms; // monotonic
};

struct watches {
    struct watches_item *items; // owned
    size_t count, capacity;
    struct watches_news *news; // owned, the oldest first
    size_t news_count, news_capacity;
    uint64_t lost_count; // reports there was no room for
    int ready;           // an epoll descriptor over all outputs; -1: not open
};

void watches_init(struct watches *watches);
void watches_deinit(struct watches *watches); // ends all of them
// A definition was fed and accepted: watch for it if it has file triggers.
void watches_offer(struct runner *runner, const struct hash *definition);
void watches_read(struct runner *runner);                  // `ready` is
void watches_tick(struct runner *runner, uint64_t now_ms); // each beat
bool watches_has(const struct watches *watches, pid_t pid);
void watches_ended(struct watches *watches, pid_t pid, uint64_t now_ms); // it was reaped
// What was told under this token; NULL: nothing.
const struct watches_news *watches_find(const struct watches *watches, const struct hash *token);
// A START for it was accepted: it need not be told again.
void watches_settle(struct watches *watches, const struct hash *token);

#endif
