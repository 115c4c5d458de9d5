#include "node/io/runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/daemon.h"
#include "node/io/memory.h"
#include "node/io/notice.h"
#include "node/io/runner/descendants.h"
#include "node/io/runner/listener.h"
#include "node/io/runner/runner_state.h"
#include "node/io/runner/service.h"
#include "node/io/runner/spawn.h"
#include "node/io/store/ballast.h"

// --- starting ----------------------------------------------------------------

static bool read_boot_id(uint8_t out[16])
{
    char text[64] = "", digits[2 * 16 + 1];
    size_t count = 0;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < size && count < sizeof digits - 1; i++)
        if (text[i] != '-' && text[i] != '\n')
            digits[count++] = text[i];
    digits[count] = '\0';
    return hex_decode(digits, out, 16);
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_SETMASK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int fail(const char *what, const char *why)
{
    notice_say(EFFECT_ERROR, "%s: %s", what, why);
    return 1;
}

static int open_directory(struct runner *runner)
{
    int outcome = agent_dir_open(&runner->dir, runner->options->directory);
    if (outcome == 0 && agent_dir_has_left(&runner->dir)) {
        notice_say(
            EFFECT_ERROR,
            "the node of %s left its fleet: erase it with katydid leave --erase --dir %s, then join again",
            runner->dir.path, runner->dir.path);
        return 1;
    }
    if (outcome == 0) {
        agent_dir_take_back_leave(runner->options->directory); // of an agent that died over it
        return 0;
    }
    notice_say(EFFECT_ERROR, "%s", runner->dir.why);
    return outcome == AGENT_DIR_ABSENT ? RUNNER_NO_AGENT : 1;
}

static int open_state(struct runner *runner)
{
    struct reason reason;
    if (!evidence_open(&runner->evidence, runner->dir.runner, &reason))
        return fail(runner->options->directory, reason.text);
    uint64_t lost = evidence_lost_bytes(&runner->evidence);
    int r = journal_open(&runner->journal, runner->dir.runner, clock_wall_ms(), runner_take_leftover, runner);
    if (r != 0)
        return fail("runner/journal", strerror(-r));
    lost += runner->journal.log.torn_bytes + runner->journal.log.damaged_bytes;
    if (lost)
        notice_say(EFFECT_WARNING, "%llu bytes in %s/runner were torn or damaged and are left out",
                   (unsigned long long)lost, runner->options->directory);
    runner_settle_leftovers(runner);
    return 0;
}

static int open_all(struct runner *runner)
{
    int status = open_directory(runner);
    if (status != 0)
        return status;
    if (!read_boot_id(runner->boot))
        return fail("/proc/sys/kernel/random/boot_id", "cannot be read");
    runner->signals = open_signals();
    if (runner->signals < 0)
        return fail("signalfd", strerror(errno));
    int r = descendants_adopt();
    if (r != 0)
        return fail("child subreaper", strerror(-r));
    status = open_state(runner);
    if (status != 0)
        return status;
    runner->control = listener_open(runner->dir.directory);
    if (runner->control < 0)
        return fail("DIR/control", strerror(-runner->control));
    return 0;
}

static void init(struct runner *runner, const struct runner_options *options)
{
    *runner = (struct runner){.options = options, .control = -1, .signals = -1, .sync_at_ms = UINT64_MAX};
    runner->dir = (struct agent_dir){.directory = -1, .runner = -1, .net = -1, .lock = -1};
    runner->evidence = (struct evidence){.authority_file.fd = -1, .node_file.fd = -1, .floors.log.fd = -1};
    runner->journal.log.fd = -1;
    runner->tokens = CHECK_RATE_BURST * UINT64_C(1000);
    runner->tokens_at_ms = clock_now_ms();
    zone_files_init(&runner->zones);
    watches_init(&runner->watches);
    policy_init(&runner->policies[0], POLICY_SYSTEM_FILE, true);
    policy_init(&runner->policies[1], options->policy_file, false);
}

static void close_all(struct runner *runner)
{
    link_deinit(&runner->child.link);
    if (runner->control >= 0) {
        close(runner->control);
        unlinkat(runner->dir.directory, "control", 0);
    }
    if (runner->signals >= 0)
        close(runner->signals);
    processes_deinit(&runner->processes);
    watches_deinit(&runner->watches);
    journal_close(&runner->journal);
    intervals_deinit(&runner->intervals);
    evidence_close(&runner->evidence);
    rate_deinit(&runner->rate);
    zone_files_deinit(&runner->zones);
    account_cache_deinit(&runner->accounts);
    policy_deinit(&runner->policies[0]);
    policy_deinit(&runner->policies[1]);
    free(runner->answers);
    agent_dir_close(&runner->dir);
}

// --- running -----------------------------------------------------------------

void runner_sync_soon(struct runner *runner)
{
    if (runner->sync_at_ms == UINT64_MAX && journal_is_unsynced(&runner->journal))
        runner->sync_at_ms = clock_now_ms() + RUNNER_SYNC_MS;
}

static void sync_journal(struct runner *runner)
{
    int r = journal_sync(&runner->journal, clock_wall_ms());
    runner->sync_at_ms = UINT64_MAX;
    if (r != 0)
        notice_say(EFFECT_ERROR, "the journal cannot be written: %s; nothing starts", strerror(-r));
}

static void stop_runs(struct runner *runner, enum frame_signal signal)
{
    for (size_t i = 0; i < runner->processes.count; i++) {
        struct processes_run *run = runner->processes.items[i];
        run->grace_ms = MIN_OF(run->grace_ms, (uint64_t)RUNNER_STOP_GRACE_MS);
        processes_signal(&runner->processes, run, signal, PROCESSES_SHUTDOWN, clock_now_ms());
    }
}

static void stop(struct runner *runner)
{
    if (runner->is_stopping) { // asked twice: at once
        runner->stop_at_ms = clock_now_ms();
        return;
    }
    if (runner->processes.live_count)
        notice_say(EFFECT_INFO, "stopping: %zu run%s asked to end", runner->processes.live_count,
                   runner->processes.live_count == 1 ? " is" : "s are");
    runner->is_stopping = true;
    runner->stop_at_ms = clock_now_ms() + RUNNER_STOP_MS;
    snprintf(runner->refuses, sizeof runner->refuses, "the agent is being stopped");
    service_notify("STOPPING=1");
    runner_beat(runner);
    stop_runs(runner, FRAME_TERM);
    child_stop(&runner->child, clock_now_ms());
}

// Some ends of the network process are the agent's: it left the fleet as a person asked, or, at the first
// start, said why it cannot work here. Later a refusal is waited out, for jobs go on.
static void follow_child(struct runner *runner)
{
    struct child *child = &runner->child;
    if (child->exit_status == DAEMON_LEFT && !agent_dir_is_asked_to_leave(&runner->dir)) {
        notice_say(EFFECT_ERROR,
                   "the network process says this node left its fleet, but nobody asked for that: a "
                   "bug, or somebody is inside it; it is started again");
        child->exit_status = DAEMON_FAILED;
    }
    bool is_refused = child->exit_status == DAEMON_REFUSED && !runner->is_ready;
    if (child->state != CHILD_DOWN || runner->is_stopping ||
        (!is_refused && child->exit_status != DAEMON_LEFT))
        return;
    runner->exit_status = is_refused ? 1 : 0;
    if (child->exit_status == DAEMON_LEFT && agent_dir_mark_left(&runner->dir) != 0)
        notice_say(EFFECT_ERROR, "cannot note in %s that this node left its fleet: do not start it again",
                   runner->options->directory);
    stop(runner);
}

static void read_signals(struct runner *runner)
{
    struct signalfd_siginfo info;
    while (read(runner->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGCHLD)
            stop(runner);
    runner_reap(runner); // several deaths may have been told as one
    follow_child(runner);
}

static void resend_zones(struct runner *runner, uint64_t now_ms)
{
    if (!zone_files_check(&runner->zones, now_ms))
        return;
    for (size_t i = 0; i < runner->zones.count; i++) {
        struct zone_file *file = runner->zones.items[i];
        struct frame frame = {.kind = FRAME_ZONE, .data = buffer_view(&file->bytes)};
        snprintf(frame.name, sizeof frame.name, "%s", file->name);
        if (file->has_changed && file->is_wanted)
            runner_send(runner, &frame, NULL);
        file->has_changed = false;
    }
}

// One that was given up is made again when there is room.
static void look_after_ballast(struct runner *runner, uint64_t now_ms)
{
    struct ballast ballast;
    if (now_ms < runner->ballast_at_ms)
        return;
    runner->ballast_at_ms = now_ms + RUNNER_BALLAST_MS;
    ballast_init(&ballast, runner->dir.runner);
    (void)!ballast_make(&ballast);
}

static void tick(struct runner *runner)
{
    uint64_t now_ms = clock_now_ms();
    processes_tick(&runner->processes, now_ms);
    runner_sweep(runner, now_ms);
    if (child_tick(&runner->child, now_ms))
        runner_greet(runner);
    if (now_ms >= runner->beat_at_ms) {
        runner->beat_at_ms = now_ms + RUNNER_BEAT_MS;
        runner_beat(runner);
        runner_tell_again(runner, now_ms);
        resend_zones(runner, now_ms);
        look_after_ballast(runner, now_ms);
        watches_tick(runner, now_ms);
    }
    if (now_ms >= runner->sync_at_ms)
        sync_journal(runner);
    if (!runner->is_ready && runner->child.state == CHILD_UP) {
        runner->is_ready = true;
        service_notify("READY=1");
    }
}

static uint64_t sleep_ms(const struct runner *runner)
{
    uint64_t now_ms = clock_now_ms(), wake_ms = MIN_OF(runner->beat_at_ms, runner->sync_at_ms);
    wake_ms = MIN_OF(wake_ms, processes_deadline_ms(&runner->processes));
    if (runner->wants_sweep)
        wake_ms = MIN_OF(wake_ms, runner->swept_ms + RUNNER_SWEEP_MS);
    wake_ms = MIN_OF(wake_ms, child_deadline_ms(&runner->child));
    if (runner->is_stopping)
        wake_ms = MIN_OF(wake_ms, runner->stop_at_ms);
    return wake_ms > now_ms ? wake_ms - now_ms : 0;
}

static void turn(struct runner *runner)
{
    uint64_t timeout_ms = sleep_ms(runner), now_ns = runner_check_gap(runner);
    bool talks = child_can_talk(&runner->child);
    short wanted = POLLIN;
    if (talks && link_wants_write(&runner->child.link))
        wanted |= POLLOUT;
    struct pollfd ready[3] = {{.fd = runner->signals, .events = POLLIN},
                              {.fd = talks ? runner->child.link.fd : -1, .events = wanted},
                              {.fd = runner->watches.ready, .events = POLLIN}};
    gap_sleep(&runner->gap, now_ns + timeout_ms * UINT64_C(1000000));
    poll(ready, COUNT_OF(ready), (int)timeout_ms);
    runner_check_gap(runner);
    if (ready[0].revents)
        read_signals(runner);
    if (ready[1].revents & POLLOUT && link_flush(&runner->child.link) != 0)
        child_closed(&runner->child, clock_now_ms());
    if (ready[1].revents & (POLLIN | POLLHUP | POLLERR))
        runner_listen(runner);
    if (ready[2].revents)
        watches_read(runner);
    tick(runner);
}

static bool is_over(const struct runner *runner)
{
    return runner->is_stopping && runner->processes.live_count == 0 && !runner->wants_sweep &&
           runner->child.state == CHILD_DOWN;
}

// Patience is over, or was never asked for.
static void end_at_once(struct runner *runner)
{
    stop_runs(runner, FRAME_KILL);
    child_end(&runner->child, "it does not stop");
    uint64_t until_ms = clock_now_ms() + RUNNER_BEAT_MS;
    runner->stop_at_ms = until_ms;
    while (!is_over(runner) && clock_now_ms() < until_ms)
        turn(runner);
}

static void run(struct runner *runner)
{
    child_init(&runner->child, &runner->dir, runner->control, runner->options->arguments,
               runner->options->argument_count);
    while (!is_over(runner) && !(runner->is_stopping && clock_now_ms() >= runner->stop_at_ms))
        turn(runner);
    if (!is_over(runner))
        end_at_once(runner);
    sync_journal(runner);
}

int runner_main(const struct runner_options *options)
{
    memory_prepare();
    struct runner *runner = base_alloc(1, sizeof *runner);
    spawn_prepare();
    int status = sodium_init() < 0 ? fail("libsodium", "cannot be initialised") : 0;
    init(runner, options);
    if (status == 0)
        status = open_all(runner);
    if (status == 0) {
        run(runner);
        status = runner->exit_status;
    }
    close_all(runner);
    free(runner);
    return status;
}
