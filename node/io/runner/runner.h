// runner.h - the process that is started: small, single-threaded, the only one that runs commands.
//
// It holds what was proved (evidence.h), checks every START (check.h), starts and ends commands, and
// keeps a network process (child.h) that does everything else. One poll(2) over two descriptors: its
// signals and the socket of the network process. Commands go on while the network process is
// restarted; when the runner dies, everything dies with it and the next one settles what was open.
//
// SIGTERM or SIGINT: commands get TERM and their grace, at most RUNNER_STOP_GRACE_MS; the network
// process stops; exit 0 within RUNNER_STOP_MS. A second signal: at once.
#ifndef NODE_IO_RUNNER_RUNNER_H
#define NODE_IO_RUNNER_RUNNER_H

#include <stddef.h>

enum {
    RUNNER_STOP_GRACE_MS = 8000,
    RUNNER_STOP_MS = 14000,
    RUNNER_NO_AGENT = 3, // exit status: nobody made a node in that directory
};

struct runner_options {
    const char *directory;
    const char *policy_file;      // of --policy; NULL: none
    const char *build;            // version, for HELLO
    const char *const *arguments; // passed on to the network process, unread
    size_t argument_count;
};

// Runs until told to stop. Returns the exit status; what went wrong was said on standard error.
int runner_main(const struct runner_options *options);

#endif
