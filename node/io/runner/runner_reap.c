// runner_reap.c - ends of commands, of what they left behind, and of what an earlier runner left behind.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "node/io/clock.h"
#include "node/io/notice.h"
#include "node/io/runner/descendants.h"
#include "node/io/runner/runner_state.h"

enum {
    SETTLE_ROUND_COUNT = 400,
    SETTLE_ROUND_MS = 5,
};

static bool is_known(const void *context, pid_t pid)
{
    const struct runner *runner = context;
    return pid == runner->child.pid || watches_has(&runner->watches, pid) ||
           processes_find_pid(&runner->processes, pid);
}

static bool is_live(const void *context, const struct run_id *id)
{
    const struct runner *runner = context;
    const struct processes_run *run = processes_find(&runner->processes, id);
    return run && run->state != PROCESSES_ENDED;
}

static void reap_run(struct runner *runner, struct processes_run *run)
{
    struct processes_end end = {.wall_ms = clock_wall_ms()};
    // While its leader is not reaped the group's number cannot be anybody else's.
    kill(-run->pid, SIGKILL);
    if (wait4(run->pid, &end.status, 0, &end.usage) != run->pid)
        return;
    processes_end(&runner->processes, run, &end);
    start_ended(runner, run);
}

static void reap_one(struct runner *runner, pid_t pid)
{
    struct processes_run *run = processes_find_pid(&runner->processes, pid);
    int status = 0;
    if (run) {
        reap_run(runner, run);
        return;
    }
    if (pid == runner->child.pid)
        runner_listen(runner); // its last words: what it stored need not be told again
    if (waitpid(pid, &status, 0) != pid)
        return;
    watches_ended(&runner->watches, pid, clock_now_ms());
    if (pid == runner->child.pid)
        child_ended(&runner->child, status, clock_now_ms());
}

void runner_reap(struct runner *runner)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
            return;
        reap_one(runner, info.si_pid);
        runner->wants_sweep = true;
    }
}

void runner_sweep(struct runner *runner, uint64_t now_ms)
{
    const struct descendants_judge judge = {.is_known = is_known, .is_live = is_live, .context = runner};
    if (!runner->wants_sweep || now_ms - runner->swept_ms < RUNNER_SWEEP_MS)
        return;
    runner->wants_sweep = false;
    runner->swept_ms = now_ms;
    descendants_sweep(&judge, runner->processes.live_count > 0);
}

// --- an earlier runner's -----------------------------------------------------

void runner_take_leftover(void *context, const struct journal_leftover *leftover)
{
    struct runner *runner = context;
    struct processes_run run = {.id = leftover->frame.run,
                                .state = PROCESSES_ENDED,
                                .output = -1,
                                .errors = -1,
                                .frame = leftover->frame};
    bool same_boot = memcmp(leftover->boot, runner->boot, sizeof runner->boot) == 0;
    if (run.frame.kind == FRAME_STARTED && same_boot)
        run.cause = PROCESSES_SHUTDOWN; // to be looked for
    processes_add(&runner->processes, &run);
}

static bool is_not_left_over(const void *context, const struct run_id *id)
{
    const struct runner *runner = context;
    const struct processes_run *run = processes_find(&runner->processes, id);
    return !run || run->frame.kind != FRAME_STARTED || run->cause != PROCESSES_SHUTDOWN;
}

// Every process of the machine whose environment names such a run, until none is left.
static void kill_leftovers(struct runner *runner)
{
    const struct descendants_judge judge = {.is_live = is_not_left_over, .context = runner};
    const struct timespec pause = {.tv_nsec = SETTLE_ROUND_MS * 1000000L};
    for (int round = 0; round < SETTLE_ROUND_COUNT; round++) {
        size_t count = descendants_kill_everywhere(&judge);
        if (count == 0)
            return;
        if (round == 0)
            notice_say(EFFECT_WARNING, "killed %zu process%s of runs whose runner died", count,
                       count == 1 ? "" : "es");
        nanosleep(&pause, NULL);
    }
    notice_say(EFFECT_ERROR, "processes of runs whose runner died cannot be killed");
}

void runner_settle_leftovers(struct runner *runner)
{
    size_t lost = 0, here = 0;
    for (size_t i = 0; i < runner->processes.count; i++) {
        lost += runner->processes.items[i]->frame.kind == FRAME_STARTED;
        here += runner->processes.items[i]->cause == PROCESSES_SHUTDOWN;
    }
    if (here)
        kill_leftovers(runner);
    for (size_t i = 0; i < runner->processes.count; i++) {
        struct processes_run *run = runner->processes.items[i];
        if (run->frame.kind != FRAME_STARTED)
            continue;
        run->frame.kind = FRAME_ENDED;
        run->frame.status = LEDGER_LOST;
        run->frame.exit_code = -1;
        run->frame.ended_ms = clock_wall_ms();
        snprintf(run->frame.reason, sizeof run->frame.reason, "%s",
                 run->cause == PROCESSES_SHUTDOWN ? "the agent died while it ran"
                                                  : "the machine was restarted while it ran");
        start_ended(runner, run);
    }
    if (lost)
        notice_say(EFFECT_WARNING, "%zu run%s lost with an earlier runner", lost,
                   lost == 1 ? " was" : "s were");
}
