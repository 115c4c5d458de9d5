// bench_runs.c - how many commands a second can be started, listened to and reaped, 16 at a time.
//
//   bench_runs katydid|bare|durable COUNT [DATABASE]
//
// katydid: spawn_start(), as the runner calls it. bare: posix_spawn with its files set and in a session of
// its own, as every job of ours must be: where the kernel schedules by session (autogroup), a new one
// delays a start by far more than all else that we do, and only a limit that pays it too is one.
// durable: bare, and a row for each end in SQLite, synchronous=FULL, one commit for all that ended in
// the same turn of the loop. All else is the same loop over epoll: two pipes and a pidfd per command.
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "node/io/runner/environment.h"
#include "node/io/runner/spawn.h"

enum { IN_FLIGHT = 16, END_COUNT = 3 }; // of a command we watch: output, errors, pidfd

struct slot {
    int ends[END_COUNT];
    int open_count; // 0: free
    int64_t started_ns;
};

struct bench {
    bool is_katydid;
    sqlite3 *database; // NULL: nothing is kept
    sqlite3_stmt *insert;
    struct account_cache accounts;
    const struct account *account;
    int epoll;
    struct slot slots[IN_FLIGHT];
    size_t running_count, started_count, ended_count, wanted_count;
    bool in_transaction;
};

static char *const ARGUMENTS[] = {(char[]){"/bin/true"}, NULL};
static char *const ENVIRONMENT[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};

static void check(bool is_fine, const char *what)
{
    if (is_fine)
        return;
    fprintf(stderr, "bench_runs: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Of this process and of all it has reaped; far steadier than the rate on a machine that others use too.
static double cpu_us(void)
{
    double sum = 0;
    for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
        struct rusage usage;
        getrusage(who, &usage);
        sum += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    }
    return sum;
}

static void start_ours(const struct bench *bench, struct spawn_process *ret)
{
    const struct spawn_request request = {.argv = ARGUMENTS,
                                          .environment = ENVIRONMENT,
                                          .path = ENVIRONMENT_PATH,
                                          .account = bench->account,
                                          .directory = "/"};
    struct reason reason;
    check(spawn_start(&request, ret, &reason), "spawn_start");
}

static void start_bare(struct spawn_process *ret)
{
    int output[2], errors[2];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    check(pipe2(output, O_CLOEXEC) == 0 && pipe2(errors, O_CLOEXEC) == 0, "pipe2");
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    fcntl(errors[0], F_SETFL, O_NONBLOCK);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, errors[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    check(posix_spawn(&ret->pid, ARGUMENTS[0], &files, &attributes, ARGUMENTS, ENVIRONMENT) == 0,
          "posix_spawn");
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(output[1]);
    close(errors[1]);
    ret->output = output[0];
    ret->errors = errors[0];
}

static void start_one(struct bench *bench)
{
    struct spawn_process process;
    uint32_t index = 0;
    while (bench->slots[index].open_count)
        index++;
    struct slot *slot = &bench->slots[index];
    slot->started_ns = now_ns();
    if (bench->is_katydid)
        start_ours(bench, &process);
    else
        start_bare(&process);
    slot->ends[0] = process.output;
    slot->ends[1] = process.errors;
    slot->ends[2] = (int)syscall(SYS_pidfd_open, process.pid, 0);
    slot->open_count = END_COUNT;
    for (uint32_t i = 0; i < END_COUNT; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = index * END_COUNT + i};
        check(epoll_ctl(bench->epoll, EPOLL_CTL_ADD, slot->ends[i], &event) == 0, "epoll_ctl");
    }
    bench->running_count++;
    bench->started_count++;
}

static void run_sql(struct bench *bench, const char *sql)
{
    if (sqlite3_exec(bench->database, sql, NULL, NULL, NULL) == SQLITE_OK)
        return;
    fprintf(stderr, "bench_runs: %s: %s\n", sql, sqlite3_errmsg(bench->database));
    exit(1);
}

static void keep(struct bench *bench, const struct slot *slot, int status)
{
    if (!bench->in_transaction)
        run_sql(bench, "BEGIN");
    bench->in_transaction = true;
    sqlite3_bind_int64(bench->insert, 1, (sqlite3_int64)bench->started_count);
    sqlite3_bind_int64(bench->insert, 2, slot->started_ns);
    sqlite3_bind_int64(bench->insert, 3, now_ns());
    sqlite3_bind_int(bench->insert, 4, status);
    sqlite3_bind_zeroblob(bench->insert, 5, 128); // as large as a small result and its signature
    check(sqlite3_step(bench->insert) == SQLITE_DONE, "INSERT");
    sqlite3_reset(bench->insert);
}

// False: there may be more to read.
static bool finish_end(struct bench *bench, struct slot *slot, uint32_t end)
{
    char chunk[4096];
    int fd = slot->ends[end];
    if (end < 2) {
        if (read(fd, chunk, sizeof chunk) != 0)
            return false;
    } else {
        siginfo_t info;
        check(waitid(P_PIDFD, (id_t)fd, &info, WEXITED) == 0, "waitid");
        if (bench->database)
            keep(bench, slot, info.si_status);
    }
    epoll_ctl(bench->epoll, EPOLL_CTL_DEL, fd, NULL); // a child before its exec may hold it open
    close(fd);
    return true;
}

static void turn(struct bench *bench)
{
    struct epoll_event events[IN_FLIGHT * END_COUNT];
    while (bench->running_count < IN_FLIGHT && bench->started_count < bench->wanted_count)
        start_one(bench);
    int count = epoll_wait(bench->epoll, events, COUNT_OF(events), -1);
    for (int i = 0; i < count; i++) {
        struct slot *slot = &bench->slots[events[i].data.u32 / END_COUNT];
        if (!finish_end(bench, slot, events[i].data.u32 % END_COUNT) || --slot->open_count)
            continue;
        bench->running_count--;
        bench->ended_count++;
    }
    if (bench->in_transaction)
        run_sql(bench, "COMMIT");
    bench->in_transaction = false;
}

static void open_database(struct bench *bench, const char *path)
{
    check(sqlite3_open(path, &bench->database) == SQLITE_OK, "the database");
    run_sql(bench, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS run"
                   "(number INTEGER, started INTEGER, ended INTEGER, status INTEGER, output BLOB)");
    check(sqlite3_prepare_v2(bench->database, "INSERT INTO run VALUES (?,?,?,?,?)", -1, &bench->insert,
                             NULL) == SQLITE_OK,
          "INSERT");
}

int main(int argc, char **argv)
{
    static struct bench bench;
    if (argc < 3 || (strcmp(argv[1], "durable") == 0) != (argc == 4)) {
        fprintf(stderr, "usage: bench_runs katydid|bare|durable COUNT [DATABASE]\n");
        return 2;
    }
    bench.is_katydid = strcmp(argv[1], "katydid") == 0;
    bench.wanted_count = strtoul(argv[2], NULL, 10);
    if (argc == 4)
        open_database(&bench, argv[3]);
    const struct passwd *entry = getpwuid(geteuid());
    check(entry != NULL, "who we are");
    bench.account = account_find(&bench.accounts, entry->pw_name, 1);
    check(bench.account != NULL, "our account");
    bench.epoll = epoll_create1(EPOLL_CLOEXEC);
    int64_t begun_ns = now_ns();
    double begun_us = cpu_us();
    while (bench.ended_count < bench.wanted_count)
        turn(&bench);
    double seconds = (double)(now_ns() - begun_ns) / 1e9;
    printf("{\"runs_per_second\": %.1f, \"cpu_us\": %.1f}\n", (double)bench.ended_count / seconds,
           (cpu_us() - begun_us) / (double)MAX_OF(bench.ended_count, (size_t)1));
    sqlite3_finalize(bench.insert);
    sqlite3_close(bench.database);
    account_cache_deinit(&bench.accounts);
    close(bench.epoll);
    return 0;
}
