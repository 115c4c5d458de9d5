// bench_late.c - how long after its due time a loop gets to know of it, and what starting costs those behind
// it.
//
//   bench_late katydid|bare|spawn RATE SECONDS
//
// Due times are random milliseconds, RATE of them a second. katydid: the trigger heap behind the
// deadline timer, set before each sleep as the daemon does. bare: a sorted list behind one timerfd.
// spawn: bare, and /bin/true is started each time, which is in the figure as the instant before its
// start. All in a libuv loop, on the wall clock. Never early is the rule; "early" counts breaches.
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "node/core/trigger/heap.h"
#include "node/io/clock.h"
#include "node/io/timer.h"

struct bench {
    uv_loop_t loop;
    int64_t *dues_ms; // sorted
    int64_t *late_ns;
    size_t count, taken_count;
    struct feed feed; // from here on: katydid
    struct timer timer;
    struct heap heap;
    uv_prepare_t before_sleep;
    uv_poll_t poll; // from here on: bare
    int descriptor;
    bool spawns;
};

static int64_t wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void note(struct bench *bench, int64_t due_ms)
{
    bench->late_ns[bench->taken_count++] = wall_ns() - due_ms * 1000000;
}

// ---- katydid ----

static void take(struct feed *feed, struct event *event)
{
    struct bench *bench = CONTAINER_OF(feed, struct bench, feed);
    struct heap_entry first;
    (void)event;
    int64_t wall_ms = clock_wall_ms();
    while (heap_first(&bench->heap, &first) && first.due_ms <= wall_ms) {
        note(bench, first.due_ms);
        heap_remove(&bench->heap, first.index);
    }
    if (bench->taken_count == bench->count)
        uv_stop(&bench->loop);
}

static void before_sleep(uv_prepare_t *prepare)
{
    struct bench *bench = prepare->data;
    struct heap_entry first = {.due_ms = INT64_MAX};
    heap_first(&bench->heap, &first);
    timer_set(&bench->timer, UINT64_MAX, first.due_ms);
}

static bool open_ours(struct bench *bench)
{
    bench->feed.take = take;
    for (size_t i = 0; i < bench->count; i++)
        heap_set(&bench->heap, (uint32_t)i, bench->dues_ms[i]);
    uv_prepare_init(&bench->loop, &bench->before_sleep);
    bench->before_sleep.data = bench;
    uv_prepare_start(&bench->before_sleep, before_sleep);
    return timer_open(&bench->timer, &bench->loop, &bench->feed) == 0;
}

static void close_ours(struct bench *bench)
{
    timer_close(&bench->timer);
    uv_close((uv_handle_t *)&bench->before_sleep, NULL);
    heap_deinit(&bench->heap);
}

// ---- bare ----

static void arm(const struct bench *bench)
{
    int64_t at_ms = bench->dues_ms[bench->taken_count];
    const struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000}};
    timerfd_settime(bench->descriptor, TFD_TIMER_ABSTIME, &at, NULL);
}

static void start(void)
{
    char *const arguments[] = {(char[]){"/bin/true"}, NULL}, *const environment[] = {NULL};
    pid_t pid;
    if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environment) != 0)
        fprintf(stderr, "bench_late: /bin/true does not start\n");
}

static void fired(uv_poll_t *poll, int status, int events)
{
    struct bench *bench = poll->data;
    uint64_t expirations;
    (void)status;
    (void)events;
    if (read(bench->descriptor, &expirations, sizeof expirations) < 0)
        return;
    while (bench->taken_count < bench->count && bench->dues_ms[bench->taken_count] * 1000000 <= wall_ns()) {
        note(bench, bench->dues_ms[bench->taken_count]);
        if (bench->spawns)
            start();
    }
    if (bench->taken_count == bench->count)
        uv_stop(&bench->loop);
    else
        arm(bench);
}

static bool open_bare(struct bench *bench)
{
    bench->descriptor = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (bench->descriptor < 0 || uv_poll_init(&bench->loop, &bench->poll, bench->descriptor))
        return false;
    bench->poll.data = bench;
    arm(bench);
    return uv_poll_start(&bench->poll, UV_READABLE, fired) == 0;
}

static void close_bare(struct bench *bench)
{
    uv_close((uv_handle_t *)&bench->poll, NULL);
    close(bench->descriptor);
}

// ---- both ----

static void choose_dues(struct bench *bench, uint64_t seconds)
{
    int64_t begin_ms = clock_wall_ms() + 20;
    bench->dues_ms = base_alloc(bench->count, sizeof *bench->dues_ms);
    bench->late_ns = base_alloc(bench->count, sizeof *bench->late_ns);
    srandom((unsigned)begin_ms);
    for (size_t i = 0; i < bench->count; i++)
        bench->dues_ms[i] = begin_ms + random() % (int64_t)(seconds * 1000);
    qsort(bench->dues_ms, bench->count, sizeof *bench->dues_ms, compare);
}

static void print(const struct bench *bench)
{
    size_t early_count = 0;
    qsort(bench->late_ns, bench->count, sizeof *bench->late_ns, compare);
    while (early_count < bench->count && bench->late_ns[early_count] < 0)
        early_count++;
    printf("{\"p50_us\": %.1f, \"p99_us\": %.1f, \"early\": %zu}\n",
           (double)bench->late_ns[bench->count / 2] / 1e3,
           (double)bench->late_ns[bench->count * 99 / 100] / 1e3, early_count);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    uint64_t seconds = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    if (argc != 4 || seconds == 0 || (bench.count = strtoul(argv[2], NULL, 10) * seconds) == 0) {
        fprintf(stderr, "usage: bench_late katydid|bare|spawn RATE SECONDS\n");
        return 2;
    }
    bench.spawns = strcmp(argv[1], "spawn") == 0;
    if (bench.spawns)
        signal(SIGCHLD, SIG_IGN); // the kernel reaps
    bool is_ours = strcmp(argv[1], "katydid") == 0;
    uv_loop_init(&bench.loop);
    choose_dues(&bench, seconds);
    if (!(is_ours ? open_ours : open_bare)(&bench)) {
        fprintf(stderr, "bench_late: the timer: %s\n", strerror(errno));
        return 1;
    }
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    (is_ours ? close_ours : close_bare)(&bench);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    uv_loop_close(&bench.loop);
    print(&bench);
    free(bench.dues_ms);
    free(bench.late_ns);
    return 0;
}
