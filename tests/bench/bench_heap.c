// bench_heap.c - the trigger heap: its size, its speed, and what each due time costs a loop.
//
//   bench_heap size COUNT                    COUNT jobs in, then each popped and set anew, then all out
//   bench_heap katydid|bare RATE SECONDS     RATE due times a second, each an every-job of one second
//
// size: operations are timed in batches of 64; the figures are medians over batches of one operation.
// Replacing is what a running job does: its due time leaves the front and its next one comes in.
// katydid: the heap, every_next and the daemon's timer in its loop. bare: a binary heap of the same
// entries in one array, next = due + period, one timerfd and read(). Both count CPU time of the process.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "node/core/trigger/every.h"
#include "node/core/trigger/heap.h"
#include "node/io/clock.h"
#include "node/io/timer.h"

enum { BATCH = 64, PERIOD_MS = 1000 };

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % bound;
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// ---- size and speed ----

struct batches {
    int64_t *ns;
    size_t count;
};

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static double median_ns(struct batches *batches)
{
    qsort(batches->ns, batches->count, sizeof *batches->ns, compare);
    double median = (double)batches->ns[batches->count / 2] / BATCH;
    batches->count = 0;
    return median;
}

static void insert_one(struct heap *heap, size_t at)
{
    heap_set(heap, (uint32_t)at, (int64_t)random_below(86400000));
}

static void replace_one(struct heap *heap, size_t at)
{
    struct heap_entry first;
    (void)at;
    if (heap_first(heap, &first))
        heap_set(heap, first.index, first.due_ms + 1 + (int64_t)random_below(86400000));
}

static void pop_one(struct heap *heap, size_t at)
{
    struct heap_entry first;
    (void)at;
    if (heap_first(heap, &first))
        (void)heap_remove(heap, first.index);
}

static void time_all(struct heap *heap, size_t count, void (*operation)(struct heap *, size_t),
                     struct batches *batches)
{
    for (size_t at = 0; at + BATCH <= count; at += BATCH) {
        int64_t begin_ns = now_ns(CLOCK_MONOTONIC);
        for (size_t i = 0; i < BATCH; i++)
            operation(heap, at + i);
        batches->ns[batches->count++] = now_ns(CLOCK_MONOTONIC) - begin_ns;
    }
}

static void measure_size(size_t count)
{
    struct heap heap = {0};
    struct batches batches = {base_alloc(count / BATCH + 1, sizeof(int64_t)), 0};
    time_all(&heap, count, insert_one, &batches);
    double insert_ns = median_ns(&batches);
    size_t bytes = heap.capacity * sizeof *heap.entries + heap.place_count * sizeof *heap.places;
    time_all(&heap, count, replace_one, &batches);
    double replace_ns = median_ns(&batches);
    time_all(&heap, count, pop_one, &batches);
    printf("{\"bytes_per_job\": %.1f, \"insert_ns\": %.0f, \"replace_ns\": %.0f, \"pop_ns\": %.0f}\n",
           (double)bytes / (double)count, insert_ns, replace_ns, median_ns(&batches));
    heap_deinit(&heap);
    free(batches.ns);
}

// ---- due times a second ----

struct run {
    size_t rate, told_count;
    int64_t begin_ms, end_ms;
    uv_loop_t loop; // from here on: katydid
    struct feed feed;
    struct timer timer;
    uv_prepare_t before_sleep;
    struct heap heap;
    struct every *jobs;
    struct heap_entry *entries; // from here on: bare
};

static void take(struct feed *feed, struct event *event)
{
    struct run *run = CONTAINER_OF(feed, struct run, feed);
    struct heap_entry first;
    int64_t wall_ms = clock_wall_ms(), due_ms;
    (void)event;
    while (heap_first(&run->heap, &first) && first.due_ms <= wall_ms) {
        run->told_count++;
        if (every_next(&run->jobs[first.index], first.due_ms, &due_ms))
            heap_set(&run->heap, first.index, due_ms);
    }
    if (wall_ms >= run->end_ms)
        uv_stop(&run->loop);
}

static void before_sleep(uv_prepare_t *prepare)
{
    struct run *run = prepare->data;
    struct heap_entry first = {.due_ms = INT64_MAX};
    (void)heap_first(&run->heap, &first);
    timer_set(&run->timer, UINT64_MAX, first.due_ms);
}

static void run_ours(struct run *run)
{
    struct trigger_error error;
    run->jobs = base_alloc(run->rate, sizeof *run->jobs);
    for (size_t i = 0; i < run->rate; i++) {
        int64_t due_ms = run->begin_ms + (int64_t)random_below(PERIOD_MS);
        if (!every_init(PERIOD_MS, due_ms, &run->jobs[i], &error))
            exit(1);
        heap_set(&run->heap, (uint32_t)i, due_ms);
    }
    run->feed.take = take;
    uv_loop_init(&run->loop);
    uv_prepare_init(&run->loop, &run->before_sleep);
    run->before_sleep.data = run;
    uv_prepare_start(&run->before_sleep, before_sleep);
    if (timer_open(&run->timer, &run->loop, &run->feed))
        exit(1);
    uv_run(&run->loop, UV_RUN_DEFAULT);
}

static void sift_down(struct heap_entry *entries, size_t count, size_t at, struct heap_entry entry)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && entries[child + 1].due_ms < entries[child].due_ms;
        if (entries[child].due_ms >= entry.due_ms)
            break;
        entries[at] = entries[child];
    }
    entries[at] = entry;
}

static void run_bare(struct run *run)
{
    uint64_t expirations;
    int descriptor = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
    run->entries = base_alloc(run->rate, sizeof *run->entries);
    for (size_t i = 0; i < run->rate; i++)
        run->entries[i] = (struct heap_entry){run->begin_ms + (int64_t)random_below(PERIOD_MS), (uint32_t)i};
    for (size_t i = run->rate; i-- > 0;)
        sift_down(run->entries, run->rate, i, run->entries[i]);
    for (int64_t wall_ms = 0; wall_ms < run->end_ms;) {
        int64_t at_ms = run->entries[0].due_ms;
        const struct itimerspec at = {.it_value = {at_ms / 1000, at_ms % 1000 * 1000000}};
        if (timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &at, NULL) ||
            read(descriptor, &expirations, sizeof expirations) < 0)
            exit(1);
        wall_ms = now_ns(CLOCK_REALTIME) / 1000000;
        while (run->entries[0].due_ms <= wall_ms) {
            struct heap_entry first = run->entries[0];
            run->told_count++;
            first.due_ms += PERIOD_MS;
            sift_down(run->entries, run->rate, 0, first);
        }
    }
    close(descriptor);
}

static double cpu_ns(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

int main(int argc, char **argv)
{
    static struct run run;
    size_t count = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
    bool is_size = argc == 3 && strcmp(argv[1], "size") == 0;
    if (!count || (!is_size && argc != 4)) {
        fprintf(stderr, "usage: bench_heap size COUNT | katydid|bare RATE SECONDS\n");
        return 2;
    }
    if (is_size) {
        measure_size(count);
        return 0;
    }
    run.rate = count;
    run.begin_ms = clock_wall_ms() + 100;
    run.end_ms = run.begin_ms + strtol(argv[3], NULL, 10) * 1000;
    double before_ns = cpu_ns();
    (strcmp(argv[1], "bare") == 0 ? run_bare : run_ours)(&run);
    printf("{\"due_times\": %zu, \"cpu_ns\": %.0f}\n", run.told_count,
           (cpu_ns() - before_ns) / (double)run.told_count);
    return 0;
}
