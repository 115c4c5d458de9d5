// descendants.h - finds the processes of runs, wherever they went: by parent, and by KATYDID_RUN in their
// environment.
//
// The runner is a child subreaper: whatever a job leaves behind becomes a child of the runner, however
// it called setsid or forked twice. What of those names a run that has ended is killed. After a crash
// of the runner nothing is a child of the new one; then every process of the machine is looked at.
// A process that cleared its environment cannot be attributed; see descendants_sweep.
#ifndef NODE_IO_RUNNER_DESCENDANTS_H
#define NODE_IO_RUNNER_DESCENDANTS_H

#include <sys/types.h>

#include "proto/ids.h"

// Once at start. 0 or -errno.
int descendants_adopt(void) WARN_UNUSED;

// The run a process belongs to by its environment. False: none, or it is gone, or not ours to read.
bool descendants_find_run(pid_t pid, struct run_id *ret_run);

struct descendants_judge {
    // A child of ours that we started as such: a job's leader or the network process.
    bool (*is_known)(const void *context, pid_t pid);
    // Whether this run is still going on.
    bool (*is_live)(const void *context, const struct run_id *run);
    const void *context;
};

// Kills every adopted child whose run is over. One that names no run is killed when `any_live` is
// false: then no run is left it could belong to. Call again after each death until it returns 0; their
// own children come up then. Returns how many were killed.
size_t descendants_sweep(const struct descendants_judge *judge, bool any_live);

// Kills every process of the machine whose run is not live. Returns how many there were.
size_t descendants_kill_everywhere(const struct descendants_judge *judge);

#endif
