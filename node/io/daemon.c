#include "node/io/daemon.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/core/core.h"
#include "node/io/clock.h"
#include "node/io/control_server.h"
#include "node/io/daemon_options.h"
#include "node/io/gap.h"
#include "node/io/import.h"
#include "node/io/memory.h"
#include "node/io/notice.h"
#include "node/io/output.h"
#include "node/io/perform.h"
#include "node/io/ports.h"
#include "node/io/runner/agent_keys.h"
#include "node/io/runner/child.h"
#include "node/io/runner/confine.h"
#include "node/io/runner_peer.h"
#include "node/io/store/store.h"
#include "node/io/timer.h"

enum {
    STORE_TURN_COUNT = 64,                 // answers of the store taken in one turn of the loop
    UNSETTLED_BYTES_MAX = 8 * 1024 * 1024, // handed to the store: above it no output is read
    UNSETTLED_BYTES_LOW = 4 * 1024 * 1024,
    GAP_TOLD_MS = 200,     // told even when nothing else happens
    FAREWELL_BEAT_MS = 20, // for last replies to go out
    FAREWELL_BEAT_COUNT = 50,
    CLOCK_BEATS = 16, // so often the kernel is asked how right its clock is
};

static const char store_name[] = "katydid.db"; // we start in DIR/net

struct daemon {
    uv_loop_t loop;
    struct feed feed;
    struct core *core;   // owned
    struct store *store; // owned
    struct perform_rooms rooms;
    struct runner_peer runner;
    struct output output;
    struct control_server control;
    struct udp udp;
    struct tcp tcp;
    struct timer timer;
    uv_poll_t store_poll;
    uv_timer_t beat; // each second
    uint64_t beat_count;
    uv_timer_t farewell;
    uv_prepare_t before_sleep;
    uv_signal_t terminate;
    struct gap gap;
    struct listen_result listen;
    struct confine_report confined;
    uint64_t dropped; // history given up, as last said
    unsigned farewell_beats;
    bool is_loaded;
    bool is_stopping;
    int exit_status;
};

static void say_farewell(uv_timer_t *timer);

// No event reaches the core any more; what it said last goes out, then everything closes.
static void stop(struct daemon *daemon, int exit_status)
{
    if (daemon->is_stopping)
        return;
    daemon->is_stopping = true;
    daemon->exit_status = exit_status;
    uv_timer_start(&daemon->farewell, say_farewell, 0, FAREWELL_BEAT_MS);
}

static void take(struct feed *feed, struct event *event)
{
    struct daemon *daemon = CONTAINER_OF(feed, struct daemon, feed);
    struct effect effect;
    if (daemon->is_stopping)
        return;
    event->now_ms = clock_now_ms();
    event->wall_ms = clock_wall_ms();
    event->boottime_ns = clock_boottime_ns();
    event->gap_ms += gap_wake(&daemon->gap, event->boottime_ns);
    core_step(daemon->core, event);
    while (core_next_effect(daemon->core, &effect))
        perform(&daemon->rooms, &effect);
}

static void left(struct perform_rooms *rooms)
{
    stop(CONTAINER_OF(rooms, struct daemon, rooms), DAEMON_LEFT);
}

static void runner_lost(struct runner_peer *runner, const char *why)
{
    struct daemon *daemon = CONTAINER_OF(runner, struct daemon, runner);
    if (!daemon->is_stopping)
        notice_say(EFFECT_INFO, "%s: the network process ends", why);
    stop(daemon, DAEMON_ENDED);
}

static void terminated(uv_signal_t *signal, int number)
{
    struct daemon *daemon = signal->data;
    struct event stopping = {.kind = EVENT_STOPPING};
    (void)number;
    take(&daemon->feed, &stopping);
    stop(daemon, DAEMON_ENDED);
}

// Peers, clients and the runner waited until the core knows what is stored.
static void open_doors(struct daemon *daemon)
{
    daemon->is_loaded = true;
    runner_peer_start(&daemon->runner);
    control_server_start(&daemon->control);
    tcp_start(&daemon->tcp);
    if (udp_start(&daemon->udp)) {
        notice_say(EFFECT_ERROR, "datagrams cannot be received");
        stop(daemon, DAEMON_FAILED);
    }
}

// With its whole path, for whoever reads it stands elsewhere.
static void explain_store(int outcome)
{
    char directory[PATH_MAX] = ".", path[PATH_MAX + sizeof store_name], text[PATH_MAX + 512];
    if (!getcwd(directory, sizeof directory))
        directory[0] = '.';
    snprintf(path, sizeof path, "%s/%s", directory, store_name);
    store_explain(outcome, path, text, sizeof text);
    notice_say(EFFECT_ERROR, "%s", text);
}

static void check_loaded(struct daemon *daemon, const struct event *event)
{
    if (daemon->is_loaded || event->kind != EVENT_ROWS_DONE || event->is.rows_done.query)
        return;
    if (!event->is.rows_done.failed) {
        open_doors(daemon);
        return;
    }
    explain_store(STORE_CORRUPT);
    stop(daemon, DAEMON_REFUSED);
}

static void balance_output(struct daemon *daemon)
{
    uint64_t unsettled_bytes = store_unsettled_bytes(daemon->store);
    if (unsettled_bytes > UNSETTLED_BYTES_MAX)
        output_pause(&daemon->output, true);
    else if (unsettled_bytes < UNSETTLED_BYTES_LOW)
        output_pause(&daemon->output, false);
}

static void store_answered(uv_poll_t *poll, int status, int events)
{
    struct daemon *daemon = poll->data;
    struct event event = {0};
    (void)status;
    (void)events;
    for (int i = 0; i < STORE_TURN_COUNT && !daemon->is_stopping && store_next(daemon->store, &event); i++) {
        feed_event(&daemon->feed, &event);
        check_loaded(daemon, &event);
        event = (struct event){0};
    }
}

static void say_dropped(struct daemon *daemon)
{
    uint64_t dropped = store_dropped(daemon->store);
    if (dropped != daemon->dropped && !daemon->dropped)
        notice_say(EFFECT_WARNING,
                   "the store has reached its size: the oldest output and history are given up");
    daemon->dropped = dropped;
}

static void tell_clock(struct daemon *daemon)
{
    struct event event = {.kind = EVENT_CLOCK};
    event.is.clock.is_synchronised = clock_synchronised(&event.is.clock.error_ms);
    feed_event(&daemon->feed, &event);
}

static void beat(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    struct event event = {.kind = EVENT_DEADLINE};
    event.gap_ms = gap_wake(&daemon->gap, clock_boottime_ns());
    if (event.gap_ms >= GAP_TOLD_MS && daemon->is_loaded)
        feed_event(&daemon->feed, &event);
    if (daemon->beat_count++ % CLOCK_BEATS == 0 && daemon->is_loaded)
        tell_clock(daemon);
    runner_peer_beat(&daemon->runner);
    tcp_tick(&daemon->tcp, clock_now_ms());
    say_dropped(daemon);
}

// All that happened in this turn is dealt with: when must the core be woken at the latest?
static void before_sleep(uv_prepare_t *prepare)
{
    struct daemon *daemon = prepare->data;
    uint64_t now_ms, wake_ms = clock_now_ms();
    int64_t wall_ms;
    core_deadline(daemon->core, &now_ms, &wall_ms);
    timer_set(&daemon->timer, now_ms, wall_ms);
    balance_output(daemon);
    int timeout_ms = uv_backend_timeout(&daemon->loop);
    uint64_t until_beat_ms = timeout_ms < 0 ? RUNNER_PEER_BEAT_MS : (uint64_t)timeout_ms;
    uint64_t until_core_ms = now_ms > wake_ms ? now_ms - wake_ms : 0;
    gap_sleep(&daemon->gap, clock_boottime_ns() + MIN_OF(until_beat_ms, until_core_ms) * 1000000u);
}

static void close_all(struct daemon *daemon)
{
    runner_peer_close(&daemon->runner);
    control_server_close(&daemon->control);
    tcp_close(&daemon->tcp);
    udp_close(&daemon->udp);
    output_close(&daemon->output);
    timer_close(&daemon->timer);
    uv_close((uv_handle_t *)&daemon->store_poll, NULL);
    uv_close((uv_handle_t *)&daemon->beat, NULL);
    uv_close((uv_handle_t *)&daemon->farewell, NULL);
    uv_close((uv_handle_t *)&daemon->before_sleep, NULL);
    uv_close((uv_handle_t *)&daemon->terminate, NULL);
}

static void say_farewell(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    if (control_server_is_quiet(&daemon->control) || ++daemon->farewell_beats > FAREWELL_BEAT_COUNT)
        close_all(daemon);
}

static void open_loop(struct daemon *daemon)
{
    uv_loop_init(&daemon->loop);
    uv_timer_init(&daemon->loop, &daemon->beat);
    uv_timer_init(&daemon->loop, &daemon->farewell);
    uv_prepare_init(&daemon->loop, &daemon->before_sleep);
    uv_signal_init(&daemon->loop, &daemon->terminate);
    uv_poll_init(&daemon->loop, &daemon->store_poll, store_descriptor(daemon->store));
    daemon->beat.data = daemon->farewell.data = daemon->before_sleep.data = daemon;
    daemon->terminate.data = daemon->store_poll.data = daemon;
    daemon->feed.take = take;
    daemon->runner.lost = runner_lost;
    daemon->rooms = (struct perform_rooms){
        .store = daemon->store,
        .runner = &daemon->runner,
        .output = &daemon->output,
        .control = &daemon->control,
        .udp = &daemon->udp,
        .tcp = &daemon->tcp,
        .left = left,
    };
    output_open(&daemon->output, &daemon->loop, &daemon->feed);
    udp_open(&daemon->udp, &daemon->loop, &daemon->feed);
    tcp_open(&daemon->tcp, &daemon->loop, &daemon->feed);
}

static uid_t owner_of_control(void)
{
    struct stat status;
    return fstat(CHILD_CONTROL_FD, &status) == 0 ? status.st_uid : geteuid();
}

static bool open_rooms(struct daemon *daemon)
{
    int result = timer_open(&daemon->timer, &daemon->loop, &daemon->feed);
    if (!result)
        result =
            runner_peer_open(&daemon->runner, &daemon->loop, &daemon->feed, &daemon->output, CHILD_RUNNER_FD);
    if (!result)
        result = control_server_open(&daemon->control, &daemon->loop, &daemon->feed, CHILD_CONTROL_FD,
                                     owner_of_control());
    if (result)
        notice_say(EFFECT_ERROR, "the network process needs the descriptors its runner gives it: %s",
                   uv_strerror(result));
    return !result;
}

static void say_listening(const struct listen_result *listen)
{
    char text[LIMIT_ADDRESS_COUNT_MAX * (ADDRESS_TEXT_ROOM + 2)] = "";
    size_t used = 0;
    for (size_t i = 0; i < listen->bound_count; i++) {
        char address[ADDRESS_TEXT_ROOM];
        address_print(&listen->bound[i], address);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : "", address);
    }
    notice_say(EFFECT_INFO, "listening on %s", text);
}

static void boot(struct daemon *daemon, const struct agent_keys *keys, uint64_t generation,
                 const struct daemon_options *options)
{
    struct event event = {.kind = EVENT_BOOT};
    struct event_boot *boot = &event.is.boot;
    struct envelope_signer signer = agent_keys_signer(keys);
    struct address seeds[2 * LIMIT_ADDRESS_COUNT_MAX];
    memcpy(seeds, options->seeds, sizeof options->seeds);
    boot->node_key = signer.key;
    boot->node_secret = signer.secret;
    memcpy(boot->datagram_secret, keys->datagram_secret, sizeof boot->datagram_secret);
    boot->fleet = keys->fleet;
    clock_entropy(boot->seed, sizeof boot->seed);
    clock_entropy(boot->instance, sizeof boot->instance);
    boot->generation = generation;
    boot->addresses = daemon->listen.reached;
    boot->address_count = daemon->listen.reached_count;
    boot->confined = daemon->confined.confined;
    boot->confined_text = daemon->confined.lacks;
    boot->version = KATYDID_VERSION;
    boot->built_ms = KATYDID_BUILT_S * INT64_C(1000);
    boot->seeds = seeds;
    boot->seed_count = options->seed_count +
                       import_seeds(CHILD_NET_FD, seeds + options->seed_count, LIMIT_ADDRESS_COUNT_MAX);
    feed_event(&daemon->feed, &event);
    sodium_memzero(&signer, sizeof signer);
    sodium_memzero(&event, sizeof event);
}

// 0, or the exit status: another start may find room, nothing else mends itself.
static int open_store(struct daemon *daemon, const struct agent_keys *keys, uint64_t *ret_generation)
{
    const struct store_options options = {0};
    int outcome = store_open(store_name, &options, &daemon->store);
    if (!outcome)
        outcome = store_next_generation(daemon->store, ret_generation);
    if (outcome) {
        explain_store(outcome);
        return outcome == STORE_FULL ? DAEMON_FAILED : DAEMON_REFUSED;
    }
    outcome = import_take(CHILD_NET_FD, &keys->fleet, daemon->store);
    if (outcome)
        notice_say(EFFECT_ERROR, "%s", import_outcome_text(outcome));
    return outcome ? DAEMON_REFUSED : 0;
}

static bool load_keys(struct agent_keys *ret_keys)
{
    int result = agent_keys_load(CHILD_NET_FD, ret_keys);
    if (result == -ENOENT)
        notice_say(EFFECT_ERROR,
                   "there are no keys here: `katydid init` makes a fleet, `katydid join` enters one");
    else if (result)
        notice_say(EFFECT_ERROR, "DIR/net/keys cannot be used: %s",
                   result == -EBADMSG ? "it is damaged" : strerror(-result));
    return !result;
}

// With one user for both processes the kernel keeps the network process from little that is the runner's.
static void confine(struct confine_report *report)
{
    confine_self(CHILD_NET_FD, report);
    if (owner_of_control() != geteuid() || report->confined == MEMBER_CONFINED_NO)
        return;
    size_t used = strlen(report->lacks);
    report->confined = MEMBER_CONFINED_PARTLY;
    snprintf(report->lacks + used, sizeof report->lacks - used, "%sa user of its own%s", used ? ", " : "",
             geteuid() == 0 ? " (adduser --system --group --no-create-home katydid; chown -R katydid DIR/net)"
                            : "");
}

static void run(struct daemon *daemon, const struct agent_keys *keys, uint64_t generation,
                const struct daemon_options *options)
{
    say_listening(&daemon->listen);
    ports_save(CHILD_NET_FD, &options->wish, &daemon->listen);
    uv_signal_start(&daemon->terminate, terminated, SIGTERM);
    uv_prepare_start(&daemon->before_sleep, before_sleep);
    uv_timer_start(&daemon->beat, beat, 0, RUNNER_PEER_BEAT_MS);
    boot(daemon, keys, generation, options);
    store_start(daemon->store);
    uv_poll_start(&daemon->store_poll, UV_READABLE, store_answered);
}

static int start_and_run(struct daemon *daemon, const struct agent_keys *keys,
                         const struct daemon_options *options)
{
    uint64_t generation;
    int status = open_store(daemon, keys, &generation);
    if (status) {
        store_close(daemon->store);
        return status;
    }
    open_loop(daemon);
    daemon->core = core_new();
    if (!open_rooms(daemon)) {
        daemon->exit_status = DAEMON_FAILED;
        close_all(daemon);
    } else if (!listen_bind(&options->wish, &daemon->tcp, &daemon->udp, &daemon->listen)) {
        notice_say(EFFECT_ERROR, "%s", daemon->listen.why);
        daemon->exit_status = DAEMON_REFUSED;
        close_all(daemon);
    } else {
        run(daemon, keys, generation, options);
    }
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    int result = uv_loop_close(&daemon->loop);
    assert(result == 0);
    store_close(daemon->store);
    core_free(daemon->core);
    runner_peer_deinit(&daemon->runner);
    return daemon->exit_status;
}

int daemon_main(int argc, char **argv)
{
    static struct daemon daemon;
    static struct agent_keys keys;
    struct daemon_options options;
    memory_prepare();
    umask(0077);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); // Ctrl-C is for the runner, which then tells us
    signal(SIGHUP, SIG_IGN);
    if (sodium_init() < 0)
        return DAEMON_FAILED;
    assert(argc >= 2);
    if (!daemon_options_parse((const char *const *)argv + 2, (size_t)argc - 2, &options)) {
        notice_say(EFFECT_ERROR, "%s", options.why);
        return DAEMON_REFUSED;
    }
    confine(&daemon.confined);
    if (daemon.confined.confined != MEMBER_CONFINED_FULL)
        notice_say(EFFECT_WARNING, "the network process is not fully confined: it lacks %s",
                   daemon.confined.lacks);
    if (!load_keys(&keys))
        return DAEMON_REFUSED;
    ports_load(CHILD_NET_FD, &options.wish);
    int exit_status = start_and_run(&daemon, &keys, &options);
    agent_keys_wipe(&keys);
    return exit_status;
}
