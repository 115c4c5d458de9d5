// watch.h - the process that watches a file or a folder for one trigger, with the rights of the job's user.
//
// The runner starts it like a command: `katydid watch-process PATH PATTERN CHANGES QUIET_MS THROTTLE_MS`. It
// looks whenever inotify says that something happened and each WATCH_LOOK_MS in any case, so that folders
// that are replaced, appear late or lie on a file system without inotify are seen as well. When nothing more
// has changed for QUIET_MS it writes one report of all that did (watch_report.h) to standard output; within
// THROTTLE_MS of that it writes no other, but tells at the end of it what happened meanwhile. So what it says
// is bounded, whatever happens there. Its first report says whether it can look, and another one does when
// that has been otherwise for WATCH_STATE_MS. It ends when nobody reads any more, and dies with the runner.
#ifndef NODE_IO_WATCH_WATCH_H
#define NODE_IO_WATCH_WATCH_H

enum {
    WATCH_LOOK_MS = 2000,
    WATCH_STATE_MS = 2000, // a folder that is replaced is away for a moment
    WATCH_QUIET_MS_DEFAULT = 1000,
    WATCH_ARGUMENT_COUNT = 5,
};

#define WATCH_ARGUMENT "watch-process" // argv[1] of such a process

// Runs until its output is closed. Returns the exit status.
int watch_main(const char *const arguments[WATCH_ARGUMENT_COUNT]);

#endif
