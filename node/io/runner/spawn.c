#include "node/io/runner/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STACK_SIZE = 32 * 1024, // of the child until exec
    FILE_COUNT = 1024,      // soft limit of a job's descriptors
};

enum stage {
    STAGE_NONE, // exec succeeded
    STAGE_SETUP,
    STAGE_USER,
    STAGE_DIRECTORY,
    STAGE_INPUT,
    STAGE_EXEC,
};

// What the child reads and where it says what went wrong; lives on the parent's stack.
struct handover {
    const struct spawn_request *request;
    int input, output, errors; // ends for the child; input -1: /dev/null
    pid_t parent;
    bool is_root;
    enum stage stage;
    int error;
};

// The child runs on a stack the sanitizers do not know.
#define IN_CHILD __attribute__((no_sanitize("address", "undefined")))

// The C library's wrappers would try to switch every thread of a process whose memory we only borrow.
#ifdef SYS_setresuid32
enum { SET_GROUPS = SYS_setgroups32, SET_GROUP = SYS_setresgid32, SET_USER = SYS_setresuid32 };
#else
enum { SET_GROUPS = SYS_setgroups, SET_GROUP = SYS_setresgid, SET_USER = SYS_setresuid };
#endif

IN_CHILD static bool fail(struct handover *handover, enum stage stage)
{
    handover->stage = stage;
    handover->error = errno;
    return false;
}

IN_CHILD static bool switch_user(struct handover *handover)
{
    const struct account *account = handover->request->account;
    if (handover->is_root && (syscall(SET_GROUPS, account->group_count, account->groups) != 0 ||
                              syscall(SET_GROUP, account->group, account->group, account->group) != 0 ||
                              syscall(SET_USER, account->user, account->user, account->user) != 0))
        return fail(handover, STAGE_USER);
    // After the switch, which would clear it.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != handover->parent)
        return fail(handover, STAGE_SETUP);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(handover, STAGE_SETUP);
    return true;
}

// Once our own descriptors are closed: while we hold more than a job may have, nothing more could be opened.
IN_CHILD static bool set_limits(struct handover *handover)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return fail(handover, STAGE_SETUP);
    limit.rlim_cur = 0;
    if (setrlimit(RLIMIT_CORE, &limit) != 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fail(handover, STAGE_SETUP);
    if (limit.rlim_cur > FILE_COUNT)
        limit.rlim_cur = FILE_COUNT;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fail(handover, STAGE_SETUP);
    return true;
}

IN_CHILD static bool open_files(struct handover *handover)
{
    if (dup2(handover->output, STDOUT_FILENO) < 0 || dup2(handover->errors, STDERR_FILENO) < 0)
        return fail(handover, STAGE_SETUP);
    int input = handover->input >= 0 ? handover->input : open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, STDIN_FILENO) < 0)
        return fail(handover, STAGE_INPUT);
    syscall(SYS_close_range, 3u, ~0u, 0u); // all are close-on-exec; this is for those a library forgot
    return true;
}

IN_CHILD static bool enter_directory(struct handover *handover)
{
    const char *directory = handover->request->directory;
    bool home = false;
    if (!directory || directory[0] != '/')
        home = chdir(handover->request->account->home) == 0 || chdir("/") == 0;
    if (directory ? chdir(directory) != 0 : !home)
        return fail(handover, STAGE_DIRECTORY);
    return true;
}

// Looks in each folder like the shell does. A file that exists but may not be executed is remembered,
// so that "not executable" wins over "not found".
IN_CHILD static void execute(struct handover *handover)
{
    const struct spawn_request *request = handover->request;
    char candidate[PATH_MAX];
    bool seen = false;
    size_t name_size = 0;
    while (request->argv[0][name_size])
        if (request->argv[0][name_size++] == '/') {
            execve(request->argv[0], request->argv, request->environment);
            return;
        }
    errno = ENOENT;
    for (const char *folder = request->path; *folder;) {
        size_t size = 0;
        while (folder[size] && folder[size] != ':')
            size++;
        if (size && size + name_size + 2 <= sizeof candidate) {
            for (size_t i = 0; i < size; i++)
                candidate[i] = folder[i];
            candidate[size] = '/';
            for (size_t i = 0; i <= name_size; i++)
                candidate[size + 1 + i] = request->argv[0][i];
            execve(candidate, request->argv, request->environment);
            if (errno == EACCES)
                seen = true;
            else if (errno != ENOENT && errno != ENOTDIR)
                return;
        }
        folder += folder[size] ? size + 1 : size;
    }
    errno = seen ? EACCES : ENOENT;
}

IN_CHILD static int child_main(void *argument)
{
    struct handover *handover = argument;
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    umask(022);
    if (setsid() < 0)
        fail(handover, STAGE_SETUP);
    else if (switch_user(handover) && enter_directory(handover) && open_files(handover) &&
             set_limits(handover)) {
        sigaction(SIGPIPE, &standard, NULL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execute(handover);
        fail(handover, STAGE_EXEC);
    }
    _exit(127);
}

static void explain(const struct handover *handover, struct reason *ret_reason)
{
    const struct spawn_request *request = handover->request;
    const char *command = request->argv[0], *error = strerror(handover->error);
    const char *directory = request->directory ? request->directory : request->account->home;
    switch (handover->stage) {
    case STAGE_EXEC:
        if (handover->error == ENOENT || handover->error == ENOTDIR)
            reason_set(ret_reason, "exec: not found: %s", command);
        else if (handover->error == EACCES || handover->error == ENOEXEC)
            reason_set(ret_reason, "exec: not executable: %s", command);
        else
            reason_set(ret_reason, "exec: %s: %s", error, command);
        break;
    case STAGE_DIRECTORY:
        reason_set(ret_reason, "directory: %s: %s", error, directory);
        break;
    case STAGE_USER:
        reason_set(ret_reason, "user: %s: %s", error, request->account->name);
        break;
    case STAGE_INPUT:
        reason_set(ret_reason, "stdin: %s", error);
        break;
    default:
        reason_set(ret_reason, "start: %s", error);
    }
}

// A file in memory, so that a large text cannot block us as a small pipe would.
static int open_input(struct bytes text)
{
    int fd = memfd_create("stdin", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    if (write(fd, text.data, text.size) == (ssize_t)text.size && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    close(fd);
    return -1;
}

static void close_all(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static pid_t clone_child(struct handover *handover)
{
    _Alignas(16) char stack[STACK_SIZE];
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, handover);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

static bool start(struct handover *handover, pid_t *ret_pid)
{
    pid_t pid = clone_child(handover);
    if (pid < 0)
        return fail(handover, STAGE_SETUP);
    if (handover->stage != STAGE_NONE) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        return false;
    }
    *ret_pid = pid;
    return true;
}

bool spawn_start(const struct spawn_request *request, struct spawn_process *ret_process,
                 struct reason *ret_reason)
{
    struct handover handover = {
        .request = request, .input = -1, .parent = getpid(), .is_root = geteuid() == 0};
    int fds[5] = {-1, -1, -1, -1, -1}; // output and errors: read end, write end; input
    bool started = false;
    if (pipe2(fds, O_CLOEXEC) != 0 || pipe2(fds + 2, O_CLOEXEC) != 0 ||
        (request->standard_input.size && (fds[4] = open_input(request->standard_input)) < 0) ||
        fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(fds[2], F_SETFL, O_NONBLOCK) != 0) {
        fail(&handover, STAGE_SETUP);
    } else {
        handover.output = fds[1];
        handover.errors = fds[3];
        handover.input = fds[4];
        started = start(&handover, &ret_process->pid);
    }
    if (started) {
        ret_process->output = fds[0];
        ret_process->errors = fds[2];
        fds[0] = fds[2] = -1;
    } else {
        explain(&handover, ret_reason);
    }
    close_all(fds, COUNT_OF(fds));
    return started;
}

static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

void spawn_prepare(void)
{
    struct rlimit limit;
    open_standard_files();
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
