#include "node/io/runner/processes.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const bool ALLOWED[4][4] = {
    // [from][to]
    [PROCESSES_RUNNING] = {[PROCESSES_STOPPING] = true, [PROCESSES_KILLED] = true, [PROCESSES_ENDED] = true},
    [PROCESSES_STOPPING] = {[PROCESSES_KILLED] = true, [PROCESSES_ENDED] = true},
    [PROCESSES_KILLED] = {[PROCESSES_ENDED] = true},
};

static void move(struct processes_run *run, enum processes_state state)
{
    assert(ALLOWED[run->state][state]);
    run->state = state;
}

static void close_pipes(struct processes_run *run)
{
    if (run->output >= 0)
        close(run->output);
    if (run->errors >= 0)
        close(run->errors);
    run->output = run->errors = -1;
}

void processes_deinit(struct processes *processes)
{
    for (size_t i = 0; i < processes->count; i++) {
        close_pipes(processes->items[i]);
        free(processes->items[i]);
    }
    free(processes->items);
    *processes = (struct processes){0};
}

static size_t slot_of_pid(pid_t pid)
{
    return (size_t)pid % PROCESSES_SLOT_COUNT;
}

struct processes_run *processes_find(const struct processes *processes, const struct run_id *id)
{
    struct processes_run *run = processes->by_id[id->b[0]];
    while (run && !run_id_equal(&run->id, id))
        run = run->next_by_id;
    return run;
}

struct processes_run *processes_find_pid(const struct processes *processes, pid_t pid)
{
    struct processes_run *run = processes->by_pid[slot_of_pid(pid)];
    while (run && run->pid != pid)
        run = run->next_by_pid;
    return run;
}

size_t processes_count_live(const struct processes *processes, const struct hash *job)
{
    size_t count = 0;
    for (const struct processes_run *run = processes->by_job[job->b[0]]; run; run = run->next_by_job)
        count += hash_equal(&run->job, job);
    return count;
}

static void add_live(struct processes *processes, struct processes_run *run)
{
    struct processes_run **by_pid = &processes->by_pid[slot_of_pid(run->pid)];
    struct processes_run **by_job = &processes->by_job[run->job.b[0]];
    run->next_by_pid = *by_pid;
    run->next_by_job = *by_job;
    *by_pid = *by_job = run;
    processes->live_count++;
    processes->look_at_ms = MIN_OF(processes->look_at_ms, run->deadline_ms);
}

static void remove_live(struct processes *processes, struct processes_run *run)
{
    struct processes_run **link = &processes->by_pid[slot_of_pid(run->pid)];
    while (*link != run)
        link = &(*link)->next_by_pid;
    *link = run->next_by_pid;
    link = &processes->by_job[run->job.b[0]];
    while (*link != run)
        link = &(*link)->next_by_job;
    *link = run->next_by_job;
    processes->live_count--;
}

struct processes_run *processes_add(struct processes *processes, const struct processes_run *run)
{
    void *array = processes->items;
    base_grow(&array, &processes->capacity, processes->count + 1, sizeof(struct processes_run *));
    processes->items = array;
    struct processes_run *copy = base_copy(run, sizeof *run);
    copy->place = processes->count;
    copy->next_by_id = processes->by_id[copy->id.b[0]];
    processes->by_id[copy->id.b[0]] = copy;
    processes->items[processes->count++] = copy;
    if (copy->state != PROCESSES_ENDED)
        add_live(processes, copy);
    return copy;
}

void processes_remove(struct processes *processes, struct processes_run *run)
{
    struct processes_run **link = &processes->by_id[run->id.b[0]];
    assert(run->state == PROCESSES_ENDED);
    while (*link != run)
        link = &(*link)->next_by_id;
    *link = run->next_by_id;
    struct processes_run *last = processes->items[--processes->count];
    processes->items[run->place] = last;
    last->place = run->place;
    close_pipes(run);
    free(run);
}

static void take_from(int descriptor, uint64_t until, uint64_t *taken)
{
    uint8_t memory[16 * 1024];
    uint64_t limit = *taken + PROCESSES_TAKE_BYTES_MAX;
    while (descriptor >= 0 && *taken < until && *taken < limit) {
        ssize_t size = read(descriptor, memory, (size_t)MIN_OF(until - *taken, (uint64_t)sizeof memory));
        if (size <= 0)
            return; // the ends are non-blocking
        *taken += (uint64_t)size;
    }
}

void processes_take(struct processes_run *run, const uint64_t until[2])
{
    take_from(run->output, until[0], &run->taken[0]);
    take_from(run->errors, until[1], &run->taken[1]);
}

// The leader is not reaped yet, so its number still names this group and no other.
static void kill_group(const struct processes_run *run, int signal)
{
    kill(-run->pid, signal);
}

static void stop(struct processes_run *run, enum processes_cause cause, uint64_t now_ms)
{
    if (run->state != PROCESSES_RUNNING)
        return;
    run->cause = cause;
    run->deadline_ms = now_ms + run->grace_ms;
    move(run, PROCESSES_STOPPING);
    kill_group(run, SIGTERM);
    kill_group(run, SIGCONT); // a stopped command could not obey
}

static void kill_now(struct processes_run *run, enum processes_cause cause)
{
    if (run->state != PROCESSES_RUNNING && run->state != PROCESSES_STOPPING)
        return;
    if (run->state == PROCESSES_RUNNING)
        run->cause = cause;
    move(run, PROCESSES_KILLED);
    kill_group(run, SIGKILL);
}

void processes_signal(struct processes *processes, struct processes_run *run, enum frame_signal signal,
                      enum processes_cause cause, uint64_t now_ms)
{
    if (run->state == PROCESSES_ENDED)
        return;
    processes->look_at_ms = now_ms;
    switch (signal) {
    case FRAME_TERM:
        stop(run, cause, now_ms);
        break;
    case FRAME_KILL:
        kill_now(run, cause);
        break;
    case FRAME_STOP:
        kill_group(run, SIGSTOP);
        break;
    case FRAME_CONTINUE:
        kill_group(run, SIGCONT);
        break;
    }
}

static void look_at(struct processes_run *run, uint64_t now_ms)
{
    if (run->state == PROCESSES_RUNNING && now_ms >= run->deadline_ms)
        stop(run, PROCESSES_TIME_LIMIT, now_ms);
    else if (run->state == PROCESSES_STOPPING && now_ms >= run->deadline_ms)
        kill_now(run, run->cause);
}

void processes_tick(struct processes *processes, uint64_t now_ms)
{
    if (now_ms < processes->look_at_ms)
        return;
    processes->look_at_ms = UINT64_MAX;
    for (size_t i = 0; i < processes->count; i++) {
        struct processes_run *run = processes->items[i];
        look_at(run, now_ms);
        if (run->state == PROCESSES_RUNNING || run->state == PROCESSES_STOPPING)
            processes->look_at_ms = MIN_OF(processes->look_at_ms, run->deadline_ms);
    }
}

uint64_t processes_deadline_ms(const struct processes *processes)
{
    return processes->look_at_ms;
}

// What the end means. Once it was asked to stop, its exit code says nothing about its work any more.
static void judge(const struct processes_run *run, int status, struct frame *frame)
{
    static const enum ledger_status stopped[] = {
        [PROCESSES_BY_ITSELF] = LEDGER_FAILED,
        [PROCESSES_TIME_LIMIT] = LEDGER_TIMEOUT,
        [PROCESSES_CANCELLED] = LEDGER_CANCELLED,
        [PROCESSES_SHUTDOWN] = LEDGER_LOST,
    };
    frame->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    frame->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    bool good = run->cause == PROCESSES_BY_ITSELF && frame->exit_code == 0;
    frame->status = good ? LEDGER_OK : stopped[run->cause];
    if (frame->status == LEDGER_TIMEOUT)
        snprintf(frame->reason, sizeof frame->reason, "time limit%s",
                 run->state == PROCESSES_KILLED ? "; it did not stop within the grace" : "");
    else if (frame->status == LEDGER_LOST)
        snprintf(frame->reason, sizeof frame->reason, "the agent was stopped");
    else if (frame->status == LEDGER_FAILED && frame->signal)
        snprintf(frame->reason, sizeof frame->reason, "signal %d (%s)", frame->signal,
                 strsignal(frame->signal));
    else if (frame->status == LEDGER_FAILED)
        snprintf(frame->reason, sizeof frame->reason, "exit %d", (int)frame->exit_code);
}

static uint64_t milliseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_usec / 1000;
}

void processes_end(struct processes *processes, struct processes_run *run, const struct processes_end *end)
{
    run->frame.kind = FRAME_ENDED;
    run->frame.ended_ms = end->wall_ms;
    run->frame.user_ms = milliseconds(end->usage.ru_utime);
    run->frame.system_ms = milliseconds(end->usage.ru_stime);
    run->frame.memory_bytes = (uint64_t)end->usage.ru_maxrss * 1024;
    judge(run, end->status, &run->frame);
    move(run, PROCESSES_ENDED);
    remove_live(processes, run);
    run->pid = 0;
}
