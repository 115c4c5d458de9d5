#include "node/io/runner/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/io/daemon.h"
#include "node/io/notice.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define HAS_ADDRESS_SANITIZER
#endif

static const bool ALLOWED[4][4] = {
    // [from][to]
    [CHILD_DOWN] = {[CHILD_STARTING] = true},
    [CHILD_STARTING] = {[CHILD_UP] = true, [CHILD_ENDING] = true},
    [CHILD_UP] = {[CHILD_ENDING] = true},
    [CHILD_ENDING] = {[CHILD_DOWN] = true},
};

static void move(struct child *child, enum child_state state)
{
    assert(ALLOWED[child->state][state]);
    child->state = state;
}

void child_init(struct child *child, const struct agent_dir *dir, int control, const char *const *arguments,
                size_t argument_count)
{
    *child = (struct child){.dir = dir,
                            .control = control,
                            .arguments = arguments,
                            .argument_count = argument_count,
                            .link.fd = -1,
                            .exit_status = -1,
                            .retry_ms = CHILD_RETRY_MS_MIN};
}

bool child_can_talk(const struct child *child)
{
    return child->state == CHILD_STARTING || child->state == CHILD_UP;
}

void child_heard(struct child *child, uint64_t now_ms)
{
    child->heard_ms = now_ms;
    if (child->state == CHILD_STARTING)
        move(child, CHILD_UP);
}

void child_forgive(struct child *child, uint64_t now_ms)
{
    child->heard_ms = now_ms;
}

void child_end(struct child *child, const char *why)
{
    if (!child_can_talk(child))
        return;
    if (!child->is_stopping)
        notice_say(EFFECT_WARNING, "network process %ld: %s; ending it", (long)child->pid, why);
    move(child, CHILD_ENDING);
    child->kill_at_ms = UINT64_MAX;
    kill(child->pid, SIGKILL); // before its socket closes, so that it ends by this and not by itself
    link_deinit(&child->link);
}

void child_closed(struct child *child, uint64_t now_ms)
{
    if (!child_can_talk(child))
        return;
    move(child, CHILD_ENDING);
    link_deinit(&child->link);
    child->kill_at_ms = now_ms + CHILD_EXIT_MS;
}

void child_stop(struct child *child, uint64_t now_ms)
{
    child->is_stopping = true;
    child->stop_at_ms = now_ms + CHILD_STOP_MS;
    if (child_can_talk(child))
        kill(child->pid, SIGTERM);
}

static void say_end(const struct child *child, int status)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        notice_say(EFFECT_ERROR,
                   "network process %ld tried a forbidden system call and was ended (%llu times so far): "
                   "a bug, or somebody is inside it",
                   (long)child->pid, (unsigned long long)child->violations);
    else if (WIFSIGNALED(status))
        notice_say(EFFECT_WARNING,
                   "network process %ld was ended by signal %d; jobs go on, next start in %llu ms",
                   (long)child->pid, WTERMSIG(status), (unsigned long long)child->retry_ms);
    else if (WEXITSTATUS(status) != DAEMON_LEFT &&
             (WEXITSTATUS(status) != DAEMON_REFUSED || child->starts > 1))
        notice_say(EFFECT_WARNING, "network process %ld exited with %d; jobs go on, next start in %llu ms",
                   (long)child->pid, WEXITSTATUS(status), (unsigned long long)child->retry_ms);
}

void child_ended(struct child *child, int status, uint64_t now_ms)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        child->violations++;
    if (now_ms - child->started_ms >= CHILD_RETRY_RESET_MS)
        child->retry_ms = CHILD_RETRY_MS_MIN;
    if (!child->is_stopping)
        say_end(child, status);
    if (child_can_talk(child)) {
        move(child, CHILD_ENDING);
        link_deinit(&child->link);
    }
    move(child, CHILD_DOWN);
    child->pid = 0;
    child->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    child->retry_at_ms = now_ms + child->retry_ms;
    child->retry_ms = MIN_OF(child->retry_ms * 2, (uint64_t)CHILD_RETRY_MS_MAX);
}

// Leaks are judged in unit tests: the search for them forks and traces, which the cage forbids.
static void set_sanitizer_options(void)
{
#ifdef HAS_ADDRESS_SANITIZER
    char options[1024];
    const char *given = getenv("ASAN_OPTIONS");
    snprintf(options, sizeof options, "%s%sdetect_leaks=0:symbolize=0", given ? given : "", given ? ":" : "");
    setenv("ASAN_OPTIONS", options, 1);
#endif
}

static bool place_descriptors(const int fds[3])
{
    int high[3];
    for (int i = 0; i < 3; i++) { // out of each other's way first
        high[i] = fcntl(fds[i], F_DUPFD, CHILD_NET_FD + 1);
        if (high[i] < 0)
            return false;
    }
    static const int places[3] = {CHILD_RUNNER_FD, CHILD_CONTROL_FD, CHILD_NET_FD};
    for (int i = 0; i < 3; i++)
        if (dup2(high[i], places[i]) < 0)
            return false;
    return fchdir(CHILD_NET_FD) == 0 && syscall(SYS_close_range, CHILD_NET_FD + 1, ~0u, 0) == 0;
}

static bool become_owner(const struct agent_dir *dir)
{
    if (!agent_dir_has_own_network_user(dir))
        return true;
    return setgroups(0, NULL) == 0 &&
           setresgid(dir->network_group, dir->network_group, dir->network_group) == 0 &&
           setresuid(dir->network_user, dir->network_user, dir->network_user) == 0;
}

// In the new process: never returns. It is a full copy, so anything may be called.
static void become_network_process(const struct child *child, int socket, pid_t runner)
{
    const int fds[3] = {socket, child->control, child->dir->net};
    const char **argv = base_alloc(child->argument_count + 3, sizeof *argv);
    sigset_t none;
    argv[0] = "katydid";
    argv[1] = CHILD_ARGUMENT;
    for (size_t i = 0; i < child->argument_count; i++)
        argv[2 + i] = child->arguments[i];
    set_sanitizer_options();
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (place_descriptors(fds) && become_owner(child->dir) &&
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == runner)
        execv("/proc/self/exe", (char *const *)(uintptr_t)argv); // exec changes none of them
    fprintf(stderr, "network process: cannot start: %s\n", strerror(errno));
    _exit(127);
}

static int start(struct child *child, uint64_t now_ms)
{
    int fds[2];
    pid_t runner = getpid();
    int r = link_pair(fds);
    if (r != 0)
        return r;
    pid_t pid = fork();
    if (pid == 0)
        become_network_process(child, fds[1], runner);
    int error = errno;
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return -error;
    }
    link_init(&child->link, fds[0]);
    child->pid = pid;
    child->started_ms = child->heard_ms = now_ms;
    child->starts++;
    move(child, CHILD_STARTING);
    return 0;
}

static uint64_t silence_ms(const struct child *child)
{
    return child->state == CHILD_STARTING ? CHILD_FIRST_WORD_MS : CHILD_SILENCE_MS;
}

bool child_tick(struct child *child, uint64_t now_ms)
{
    if (child_can_talk(child) && now_ms - child->heard_ms >= silence_ms(child))
        child_end(child, "it is silent");
    if (child->is_stopping && now_ms >= child->stop_at_ms)
        child_end(child, "it does not stop");
    if (child->state == CHILD_ENDING && now_ms >= child->kill_at_ms) {
        child->kill_at_ms = UINT64_MAX;
        kill(child->pid, SIGKILL);
    }
    if (child->state != CHILD_DOWN || child->is_stopping || now_ms < child->retry_at_ms)
        return false;
    int r = start(child, now_ms);
    if (r == 0)
        return true;
    notice_say(EFFECT_ERROR, "the network process cannot be started: %s", strerror(-r));
    child->retry_at_ms = now_ms + child->retry_ms;
    child->retry_ms = MIN_OF(child->retry_ms * 2, (uint64_t)CHILD_RETRY_MS_MAX);
    return false;
}

uint64_t child_deadline_ms(const struct child *child)
{
    if (child_can_talk(child))
        return MIN_OF(child->heard_ms + silence_ms(child),
                      child->is_stopping ? child->stop_at_ms : UINT64_MAX);
    if (child->state == CHILD_ENDING)
        return child->kill_at_ms;
    return child->state == CHILD_DOWN && !child->is_stopping ? child->retry_at_ms : UINT64_MAX;
}
