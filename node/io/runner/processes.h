// processes.h - the runs whose commands this machine started and whose ends are not stored yet.
//
//                TERM asked, or the time limit           grace is over, or KILL asked
//   RUNNING ------------------------------> STOPPING ------------------------------> KILLED
//      |                                       |                                        |
//      +------------------ the command ends ---+----------------------------------------+
//                                              v
//                                            ENDED ----- acknowledged ----> (gone)
//
// Read ends of the pipes are kept here until the end is acknowledged, so that a new network process
// gets them again, with all in them that is not on disk yet. A run's time is measured with the monotonic
// clock; its instants are wall times.
#ifndef NODE_IO_RUNNER_PROCESSES_H
#define NODE_IO_RUNNER_PROCESSES_H

#include <sys/resource.h>
#include <sys/types.h>

#include "proto/frame.h"

enum {
    PROCESSES_OPEN_COUNT_MAX = 2 * LIMIT_RUNNING_COUNT_MAX, // live ones and ends not acknowledged
    PROCESSES_TELL_AGAIN_MS = 10000,
    PROCESSES_SLOT_COUNT = 256,
    PROCESSES_TAKE_BYTES_MAX = 1024 * 1024, // out of a pipe at once: more than the kernel lets one hold
};

enum processes_state {
    PROCESSES_RUNNING,
    PROCESSES_STOPPING,
    PROCESSES_KILLED,
    PROCESSES_ENDED,
};

enum processes_cause { // why it is being stopped
    PROCESSES_BY_ITSELF,
    PROCESSES_TIME_LIMIT,
    PROCESSES_CANCELLED,
    PROCESSES_SHUTDOWN,
};

struct processes_run {
    struct run_id id;
    struct hash job; // of the name: runs of one job are counted
    enum processes_state state;
    enum processes_cause cause;
    pid_t pid;          // 0 in ENDED
    int output, errors; // owned; -1: a run of an earlier runner
    uint64_t taken[2];  // bytes that were taken out of them
    uint64_t grace_ms;
    uint64_t deadline_ms; // RUNNING: of the time limit; STOPPING: of the grace. Monotonic
    uint64_t told_ms;     // ENDED: when it was last told
    struct frame frame;   // STARTED, then ENDED
    // Of processes.c:
    struct processes_run *next_by_id, *next_by_pid, *next_by_job;
    size_t place; // in items
};

struct processes {
    struct processes_run **items; // owned
    size_t count, capacity;
    size_t live_count;   // not ENDED
    uint64_t look_at_ms; // monotonic: no time limit or grace is over before
    // Chains, for thousands may be open: by the first byte of the id, the low bits of the pid (live ones) and
    // the first byte of the job (live ones).
    struct processes_run *by_id[PROCESSES_SLOT_COUNT], *by_pid[PROCESSES_SLOT_COUNT],
        *by_job[PROCESSES_SLOT_COUNT];
};

void processes_deinit(struct processes *processes); // closes pipes, kills nothing; safe on a zeroed one

struct processes_run *processes_find(const struct processes *processes, const struct run_id *id);
struct processes_run *processes_find_pid(const struct processes *processes, pid_t pid);
size_t processes_count_live(const struct processes *processes, const struct hash *job);

// A copy of `run` is kept; its descriptors are taken over.
struct processes_run *processes_add(struct processes *processes, const struct processes_run *run);
void processes_remove(struct processes *processes, struct processes_run *run); // acknowledged
// Takes out of its pipes what lies before `until`, of each, as far as it is there.
void processes_take(struct processes_run *run, const uint64_t until[2]);

// TERM and KILL end it as `cause` unless it is being ended for another one already.
void processes_signal(struct processes *processes, struct processes_run *run, enum frame_signal signal,
                      enum processes_cause cause, uint64_t now_ms);
// Time limits and graces that are over.
void processes_tick(struct processes *processes, uint64_t now_ms);
uint64_t processes_deadline_ms(const struct processes *processes); // when there may be some; UINT64_MAX: none

// Its command was reaped with this wait status: becomes ENDED, its frame says how.
struct processes_end {
    int status;
    struct rusage usage;
    int64_t wall_ms;
};
void processes_end(struct processes *processes, struct processes_run *run, const struct processes_end *end);

#endif
