// spawn.h - starts the command of a job: user, folder, environment, pipes, and then exec.
//
// The child shares our memory until exec (clone with VM and VFORK), so a start costs the same however
// much memory the runner has, and why an exec failed comes back through that memory. Between clone and
// exec it makes system calls only. Order: session, user and groups, death signal,
// no_new_privs; only then, with the job's own rights, folder and files; then every other descriptor is
// closed, and at last the limits are set. Signals are blocked meanwhile, and default and unblocked in the
// command.
//
// The command leads its own session and process group, dies with the runner (PDEATHSIG), gains no
// rights by setuid programs, dumps no core and has the usual 1,024 descriptors (soft).
#ifndef NODE_IO_RUNNER_SPAWN_H
#define NODE_IO_RUNNER_SPAWN_H

#include "node/io/runner/account.h"
#include "node/io/runner/reason.h"

struct spawn_request {
    char *const *argv;             // ends with NULL; argv[0] without a slash is looked for in `path`
    char *const *environment;      // ends with NULL
    const char *path;              // folders divided by ':'
    const struct account *account; // switched to when we are root; must be ourselves otherwise
    const char
        *directory; // NULL: the account's home, or / when it cannot be entered; a relative one starts there
    struct bytes standard_input; // no data: /dev/null
};

struct spawn_process {
    pid_t pid;
    int output; // read ends, non-blocking, close-on-exec; the caller's to close
    int errors;
};

// False: nothing runs, nothing is left open, and `ret_reason` is a sentence part: "exec: not found: X".
bool spawn_start(const struct spawn_request *request, struct spawn_process *ret_process,
                 struct reason *ret_reason) WARN_UNUSED;

// Once at start: descriptors 0-2 exist, signals are at their defaults, SIGPIPE is ignored, and as many
// descriptors as the system allows.
void spawn_prepare(void);

#endif
