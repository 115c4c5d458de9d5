// child.h - the network process as the runner sees it: started, listened to, killed when silent, started
// again.
//
//            start             first frame
//   DOWN ------------> STARTING ------------> UP
//    ^                    |                    |   closed its socket, spoke nonsense, was silent,
//    |                    v                    v   or is asked to stop
//    +------ reaped ---- ENDING <--------------+
//
// It is this same program (/proc/self/exe) with CHILD_ARGUMENT as its first argument, then whatever the
// runner was told to pass on, and three open descriptors. It starts in DIR/net, as the owner of DIR/net
// when we are root. A death is answered by a new start after 0.1 s, doubling to 30 s; 60 s of life
// reset that; whether another start makes sense, its exit status says (node/io/daemon.h). A network process
// that says nothing for 5 s (20 s after its start) is killed: it holds no state that a kill could lose.
#ifndef NODE_IO_RUNNER_CHILD_H
#define NODE_IO_RUNNER_CHILD_H

#include "node/io/runner/agent_dir.h"
#include "node/io/runner/link.h"

#define CHILD_ARGUMENT "network-process"

enum {
    CHILD_RUNNER_FD = 3,  // SOCK_SEQPACKET: link.h
    CHILD_CONTROL_FD = 4, // listening stream socket DIR/control
    CHILD_NET_FD = 5,     // the folder DIR/net, which is the working folder too

    CHILD_RETRY_MS_MIN = 100,
    CHILD_RETRY_MS_MAX = 30000,
    CHILD_RETRY_RESET_MS = 60000,
    CHILD_SILENCE_MS = 5000,
    CHILD_FIRST_WORD_MS = 20000,
    CHILD_STOP_MS = 5000,
    CHILD_EXIT_MS = 2000, // from closing its socket to its exit
};

enum child_state {
    CHILD_DOWN,
    CHILD_STARTING,
    CHILD_UP,
    CHILD_ENDING,
};

struct child {
    const struct agent_dir *dir;  // borrowed
    int control;                  // borrowed
    const char *const *arguments; // borrowed; what follows CHILD_ARGUMENT
    size_t argument_count;

    enum child_state state;
    pid_t pid;        // but in DOWN
    struct link link; // in STARTING and UP
    bool is_stopping; // no more starts
    uint64_t stop_at_ms;
    uint64_t kill_at_ms; // in ENDING; UINT64_MAX: was killed
    int exit_status;     // of the last one; -1: none yet, or a signal
    uint64_t started_ms;
    uint64_t heard_ms;
    uint64_t retry_at_ms;
    uint64_t retry_ms;
    uint64_t starts;
    uint64_t violations; // ended by the system call filter: somebody tried something
};

// Fills in the borrowed part. Nothing runs yet; child_tick starts it.
void child_init(struct child *child, const struct agent_dir *dir, int control, const char *const *arguments,
                size_t argument_count);

// True when a frame can be sent.
bool child_can_talk(const struct child *child);
void child_heard(struct child *child, uint64_t now_ms);
// The runner itself was away: silence meanwhile says nothing.
void child_forgive(struct child *child, uint64_t now_ms);
// It sent nonsense, is silent or does not read: end it. `why` is for the log.
void child_end(struct child *child, const char *why);
// It closed its socket: it has CHILD_EXIT_MS to say by its exit status why.
void child_closed(struct child *child, uint64_t now_ms);
// Asks it to stop (SIGTERM; killed after CHILD_STOP_MS) and starts no other.
void child_stop(struct child *child, uint64_t now_ms);
// It was reaped with this wait status.
void child_ended(struct child *child, int status, uint64_t now_ms);

// Starts it when it is time, kills it when it is silent. True when it was started just now: greet it.
bool child_tick(struct child *child, uint64_t now_ms) WARN_UNUSED;
uint64_t child_deadline_ms(const struct child *child); // when child_tick has something to do

#endif
