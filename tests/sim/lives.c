#include "tests/sim/lives.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PARALLEL_MAX = 64,
    PATIENCE_S = 900, // a life that lasts longer runs in circles
};

struct life {
    uint64_t seed;
    pid_t pid; // 0: none
    int pipe;  // its result comes from here
    double since_s;
};

double lives_seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void live(uint64_t seed, int out)
{
    struct sim_world_result result = sim_world_run(seed);
    ssize_t written = write(out, &result, sizeof result);
    fflush(NULL);
    _exit(written == (ssize_t)sizeof result ? 0 : 1);
}

static void begin(struct life *life, uint64_t seed)
{
    int ends[2];
    fflush(NULL);
    if (pipe(ends) < 0) {
        perror("pipe");
        exit(2);
    }
    *life = (struct life){.seed = seed, .pipe = ends[0], .since_s = lives_seconds_now()};
    life->pid = fork();
    if (life->pid < 0) {
        perror("fork");
        exit(2);
    }
    if (life->pid == 0) {
        close(ends[0]);
        live(seed, ends[1]);
    }
    close(ends[1]);
}

static void describe_death(int status, char *out, size_t room)
{
    if (WIFSIGNALED(status))
        snprintf(out, room, "the simulator crashed: %s", strsignal(WTERMSIG(status)));
    else
        snprintf(out, room, "the simulator ended with exit status %d", WEXITSTATUS(status));
}

// Its pipe can be read, or was closed: it has ended, or does so now.
static struct sim_world_result end(struct life *life)
{
    struct sim_world_result result = {0};
    int status = 0;
    ssize_t size = read(life->pipe, &result, sizeof result);
    close(life->pipe);
    waitpid(life->pid, &status, 0);
    life->pid = 0;
    if (size != (ssize_t)sizeof result) {
        result = (struct sim_world_result){0};
        describe_death(status, result.failure, sizeof result.failure);
    }
    return result;
}

// The next of the running lives that has something to say.
static struct life *wait_for_one(struct life *running, size_t parallel)
{
    struct pollfd polls[PARALLEL_MAX];
    for (;;) {
        for (size_t i = 0; i < parallel; i++)
            polls[i] = (struct pollfd){.fd = running[i].pid ? running[i].pipe : -1, .events = POLLIN};
        int ready = poll(polls, parallel, 1000);
        if (ready < 0 && errno != EINTR) {
            perror("poll");
            exit(2);
        }
        for (size_t i = 0; ready > 0 && i < parallel; i++)
            if (polls[i].revents)
                return &running[i];
        for (size_t i = 0; i < parallel; i++)
            if (running[i].pid && lives_seconds_now() - running[i].since_s > PATIENCE_S)
                kill(running[i].pid, SIGABRT);
    }
}

uint64_t lives_run(const struct lives *lives, lives_ended *ended, void *context, uint64_t *ret_failed_count)
{
    struct life running[PARALLEL_MAX] = {0};
    size_t parallel = MIN_OF(lives->parallel, (size_t)PARALLEL_MAX), running_count = 0;
    uint64_t begun = 0, done = 0, failed = 0;
    double end_s = lives_seconds_now() + lives->seconds;
    for (;;) {
        for (size_t i = 0; i < parallel; i++) {
            bool goes_on = begun < lives->count && (begun == 0 || lives_seconds_now() < end_s) &&
                           (lives->goes_on || !failed);
            if (running[i].pid || !goes_on)
                continue;
            begin(&running[i], lives->first + begun++);
            running_count++;
        }
        if (!running_count)
            break;
        struct life *life = wait_for_one(running, parallel);
        struct sim_world_result result = end(life);
        running_count--;
        done++;
        failed += result.failure[0] != 0;
        ended(context, life->seed, &result);
    }
    *ret_failed_count = failed;
    return done;
}
