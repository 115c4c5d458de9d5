#include "tests/sim/sim_node.h"

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_net.h"
#include "tests/sim/sim_person.h"

#include <stdlib.h>
#include <string.h>

enum {
    HELD_MAX = 512,       // what waits in the sockets of a stopped process; more is lost
    SPIN_MAX = 1000,      // timers of one core in one millisecond: it runs in circles
    SERVICE_MIN_MS = 200, // from power to the agent
    SERVICE_MAX_MS = 900,
    GAP_MS = 1500,    // who stood still for longer takes its jobs anew
    FRAMES_MS = 10,   // what was said to the runner has arrived
    UPTIME_MS = 1000, // clocks do not begin at zero
};

struct sim_letter {
    struct sim_letter *next;
    struct sim_node *node;
    uint64_t process;
    struct event event;
    size_t size;
    uint8_t bytes[];
};

struct sim_node *sim_node_new(struct sim *sim, size_t index)
{
    struct sim_node *node = base_alloc(1, sizeof *node);
    node->sim = sim;
    node->index = index;
    node->identity = &sim->fleet->identities[index];
    sim_disk_init(&node->disk, node);
    sim_runner_init(&node->runner, node);
    return node;
}

static void drop_held(struct sim_node *node)
{
    struct sim_letter *letter;
    while ((letter = node->held_first)) {
        node->held_first = letter->next;
        free(letter);
    }
    node->held_last = NULL;
    node->held_count = 0;
}

void sim_node_free(struct sim_node *node)
{
    core_free(node->core);
    drop_held(node);
    sim_disk_deinit(&node->disk);
    sim_runner_deinit(&node->runner);
    free(node);
}

uint64_t sim_node_now_ms(const struct sim_node *node)
{
    uint64_t asleep_ms = node->asleep_ms + (node->is_asleep ? node->sim->now_ms - node->asleep_since_ms : 0);
    return node->sim->now_ms - node->on_ms - asleep_ms + UPTIME_MS;
}

int64_t sim_node_wall_ms(const struct sim_node *node)
{
    return sim_wall_ms(node->sim) + node->wall_offset_ms;
}

void sim_node_boot_id(const struct sim_node *node, uint8_t out[16])
{
    memset(out, 0, 16);
    memcpy(out, &node->boot, sizeof node->boot);
}

uint64_t sim_node_boottime_ns(const struct sim_node *node)
{
    return (node->sim->now_ms - node->on_ms + UPTIME_MS) * 1000000;
}

bool sim_node_is_up(const struct sim_node *node)
{
    return node->core && !node->is_stopped && !node->is_asleep;
}

static void perform_stream(struct sim_node *node, const struct effect *effect)
{
    uint64_t stream = effect->is.stream.stream;
    if (effect->kind == EFFECT_STREAM_OPEN)
        sim_net_open(node, stream, &effect->is.stream.to);
    else if (effect->kind == EFFECT_STREAM_SEND)
        sim_net_send(node, stream, effect->is.stream.data);
    else
        sim_net_close(node, stream);
}

static void trace_write(struct sim *sim, const struct effect_write *write)
{
    sim_trace_u64(sim, write->ticket << 8 | write->kind);
    sim_trace(sim, write->record.b, sizeof write->record.b);
    sim_trace(sim, write->envelope.data, write->envelope.size);
    sim_trace(sim, write->value.data, write->value.size);
    if (write->kind == EFFECT_WRITE_STORY)
        sim_trace(sim, write->story.what, strlen(write->story.what));
}

static void perform(struct sim_node *node, const struct effect *effect)
{
    struct sim *sim = node->sim;
    sim_trace_u64(sim, effect->kind);
    switch (effect->kind) {
    case EFFECT_STORE:
        trace_write(sim, &effect->is.write);
        if (effect->is.write.kind == EFFECT_WRITE_STORY)
            sim_say(sim, "%s: %s %s", node->identity->name, effect->is.write.story.job,
                    effect->is.write.story.what);
        sim_disk_write(&node->disk, &effect->is.write);
        return;
    case EFFECT_QUERY:
        sim_trace_u64(sim, effect->is.query.kind);
        sim_disk_query(&node->disk, &effect->is.query);
        return;
    case EFFECT_FRAME:
        if (effect->is.frame.kind == FRAME_START)
            sim_check_asked(sim, node, &effect->is.frame);
        sim_runner_hear(&node->runner, &effect->is.frame);
        return;
    case EFFECT_REPLY:
        sim_trace(sim, effect->is.reply.message.data, effect->is.reply.message.size);
        sim_person_reply(sim, effect->is.reply.client, effect->is.reply.message, effect->is.reply.last);
        return;
    case EFFECT_DATAGRAM:
        sim_trace(sim, effect->is.datagram.data.data, effect->is.datagram.data.size);
        sim_net_datagram(node, &effect->is.datagram.to, effect->is.datagram.data);
        return;
    case EFFECT_STREAM_OPEN:
    case EFFECT_STREAM_SEND:
    case EFFECT_STREAM_CLOSE:
        sim_trace(sim, effect->is.stream.data.data, effect->is.stream.data.size);
        perform_stream(node, effect);
        return;
    case EFFECT_NOTICE:
        sim_trace(sim, effect->is.notice.text, strlen(effect->is.notice.text));
        sim_say(sim, "%s: %s", node->identity->name, effect->is.notice.text);
        return;
    case EFFECT_EXIT:
        node->has_left = true;
        return;
    }
}

static void wake_up(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_node *node = thing;
    (void)sim;
    if (number != node->wake || !sim_node_is_up(node))
        return;
    node->wake_ms = UINT64_MAX;
    struct event event = {.kind = EVENT_DEADLINE};
    sim_node_step(node, &event);
}

// Timers of the loop: one on each clock, the earlier counts.
static void set_timer(struct sim_node *node)
{
    uint64_t now_ms;
    int64_t wall_ms;
    core_deadline(node->core, &now_ms, &wall_ms);
    uint64_t delay_ms = UINT64_MAX;
    if (now_ms != UINT64_MAX)
        delay_ms = now_ms > sim_node_now_ms(node) ? now_ms - sim_node_now_ms(node) : 0;
    if (wall_ms != INT64_MAX)
        delay_ms = MIN_OF(delay_ms, (uint64_t)MAX_OF(wall_ms - sim_node_wall_ms(node), 0));
    uint64_t wake_ms = delay_ms == UINT64_MAX ? UINT64_MAX : node->sim->now_ms + delay_ms;
    if (wake_ms == node->wake_ms)
        return;
    node->wake_ms = wake_ms;
    node->wake++;
    if (wake_ms != UINT64_MAX)
        sim_after(node->sim, delay_ms, wake_up, node, node->wake);
}

static void watch_spin(struct sim_node *node)
{
    if (node->spin_ms != node->sim->now_ms) {
        node->spin_ms = node->sim->now_ms;
        node->spin_count = 0;
    }
    if (++node->spin_count <= SPIN_MAX)
        return;
    uint64_t now_ms;
    int64_t wall_ms;
    core_deadline(node->core, &now_ms, &wall_ms);
    sim_fail(node->sim,
             "%s runs in circles: %zu timers in one millisecond; it wants to wake %lld or %lld ms from now",
             node->identity->name, node->spin_count, (long long)(now_ms - sim_node_now_ms(node)),
             (long long)(wall_ms - sim_node_wall_ms(node)));
}

void sim_node_step(struct sim_node *node, struct event *event)
{
    struct sim *sim = node->sim;
    struct effect effect;
    event->now_ms = sim_node_now_ms(node);
    event->wall_ms = sim_node_wall_ms(node);
    event->boottime_ns = sim_node_boottime_ns(node);
    event->gap_ms = node->gap_ms;
    node->gap_ms = 0;
    sim->step_count++;
    sim_trace_u64(sim, sim->now_ms << 16 | node->index << 8 | event->kind);
    if (event->kind == EVENT_DEADLINE)
        watch_spin(node);
    core_step(node->core, event);
    sim_check_stepped(sim, node);
    while (core_next_effect(node->core, &effect))
        perform(node, &effect);
    if (node->has_left) // its agent ends, and its jobs with it
        sim_node_kill(node);
    else
        set_timer(node);
}

static void deliver_request(struct sim_node *node, struct event *event, struct bytes message)
{
    struct arena arena = {0};
    arena_allow(&arena, message.size);
    int outcome = control_request_decode(message, &arena, &event->is.control.request);
    assert(outcome == 0);
    sim_node_step(node, event);
    arena_deinit(&arena);
}

static void deliver(struct sim_node *node, const struct sim_letter *letter)
{
    struct event event = letter->event;
    struct bytes data = bytes_of(letter->bytes, letter->size);
    if (event.kind == EVENT_CONTROL) {
        deliver_request(node, &event, data);
        return;
    }
    if (event.kind == EVENT_FRAME) {
        int outcome = frame_decode(data, &event.is.frame);
        assert(outcome == 0);
    } else if (event.kind == EVENT_OUTPUT) {
        event.is.output.data = data;
    } else if (event.kind == EVENT_DATAGRAM) {
        event.is.datagram.data = data;
    } else if (event.kind == EVENT_STREAM_BYTES) {
        event.is.stream.data = data;
    }
    sim_node_step(node, &event);
}

static void hold(struct sim_node *node, const struct sim_letter *letter)
{
    if (node->held_count >= HELD_MAX && letter->event.kind == EVENT_DATAGRAM)
        return;
    struct sim_letter *kept = base_copy(letter, sizeof *letter + letter->size);
    kept->next = NULL;
    if (node->held_last)
        node->held_last->next = kept;
    else
        node->held_first = kept;
    node->held_last = kept;
    node->held_count++;
}

static void arrive(struct sim *sim, void *thing, uint64_t number)
{
    const struct sim_letter *letter = thing;
    struct sim_node *node = letter->node;
    (void)sim;
    (void)number;
    if (!node->core || node->process != letter->process)
        return;
    if (sim_node_is_up(node))
        deliver(node, letter);
    else
        hold(node, letter);
}

void sim_node_post(struct sim_node *node, uint64_t delay_ms, const struct event *event, struct bytes data)
{
    struct sim_letter *letter = base_alloc(1, sizeof *letter + data.size);
    letter->node = node;
    letter->process = node->process;
    letter->event = *event;
    letter->size = data.size;
    if (data.size)
        memcpy(letter->bytes, data.data, data.size);
    sim_after_owned(node->sim, delay_ms, arrive, letter);
}

static void random_bytes(struct sim *sim, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)sim_random(sim, 256);
}

void sim_node_begin_network(struct sim_node *node)
{
    struct sim *sim = node->sim;
    struct address seeds[200];
    size_t seed_count = 0;
    for (size_t i = 0; i < sim->node_count; i++)
        if (i != node->index && i < sim->fleet->first_late)
            seeds[seed_count++] = sim->fleet->identities[i].address;
    struct event event = {.kind = EVENT_BOOT};
    event.is.boot = (struct event_boot){.node_key = node->identity->signer.key,
                                        .node_secret = node->identity->signer.secret,
                                        .fleet = sim->fleet->id,
                                        .generation = ++node->generation,
                                        .addresses = &node->identity->address,
                                        .address_count = 1,
                                        .confined = MEMBER_CONFINED_FULL,
                                        .confined_text = "",
                                        .version = "0.1.0",
                                        .seeds = seeds,
                                        .seed_count = seed_count};
    memcpy(event.is.boot.datagram_secret, node->identity->datagram_secret.b,
           sizeof event.is.boot.datagram_secret);
    random_bytes(sim, event.is.boot.seed, sizeof event.is.boot.seed);
    random_bytes(sim, event.is.boot.instance, sizeof event.is.boot.instance);
    sim_say(sim, "%s: network process starts, generation %llu", node->identity->name,
            (unsigned long long)node->generation);
    node->core = core_new();
    node->process++;
    node->up_ms = sim->now_ms;
    node->wake_ms = UINT64_MAX;
    sim_check_booted(sim, node);
    sim_node_step(node, &event);
    sim_disk_attach(&node->disk);
}

void sim_node_end_network(struct sim_node *node)
{
    if (!node->core)
        return;
    sim_check_ceased(node->sim, node);
    core_free(node->core);
    node->core = NULL;
    node->process++;
    node->wake++;
    node->gap_ms = 0;
    drop_held(node);
    sim_disk_detach(&node->disk);
    sim_people_lose(node->sim, node);
    sim_net_end_process(node, node->is_on);
}

static void service_starts(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_node *node = thing;
    (void)sim;
    if (node->is_on && node->boot == number)
        sim_node_start(node);
}

void sim_node_switch_on(struct sim_node *node)
{
    if (node->is_on)
        return;
    struct sim *sim = node->sim;
    node->is_on = true;
    node->boot++;
    node->on_ms = sim->now_ms;
    node->asleep_ms = 0;
    sim_say(sim, "%s: switched on", node->identity->name);
    sim_after(sim, sim_between(sim, SERVICE_MIN_MS, SERVICE_MAX_MS), service_starts, node, node->boot);
}

void sim_node_power_cut(struct sim_node *node)
{
    if (!node->is_on)
        return;
    sim_say(node->sim, "%s: power cut", node->identity->name);
    node->is_on = node->is_asleep = node->is_stopped = false;
    sim_node_end_network(node);
    sim_runner_power_cut(&node->runner);
}

void sim_node_kill(struct sim_node *node)
{
    if (!node->is_on)
        return;
    sim_say(node->sim, "%s: killed", node->identity->name);
    node->is_stopped = false;
    sim_node_end_network(node);
    sim_runner_kill(&node->runner);
}

void sim_node_start(struct sim_node *node)
{
    if (node->is_on && !node->has_left)
        sim_runner_start(&node->runner);
}

void sim_node_kill_network(struct sim_node *node)
{
    if (!node->core)
        return;
    sim_say(node->sim, "%s: network process killed", node->identity->name);
    sim_node_end_network(node);
    sim_runner_network_died(&node->runner);
}

// Stopped or asleep: nothing moves. Returns whether it did until now.
static bool freeze(struct sim_node *node)
{
    if (!node->is_on || node->is_stopped || node->is_asleep)
        return false;
    node->stopped_ms = node->sim->now_ms;
    return true;
}

static void thaw(struct sim_node *node)
{
    sim_runner_thaw(&node->runner, node->sim->now_ms - node->stopped_ms);
    if (!node->core)
        return;
    node->gap_ms = node->sim->now_ms - node->stopped_ms;
    if (node->gap_ms > GAP_MS)
        node->gap_end_ms = node->sim->now_ms;
    node->wake_ms = UINT64_MAX;
    uint64_t process = node->process;
    if (sim_chance(node->sim, 500)) { // the timer may come first or last
        struct event event = {.kind = EVENT_DEADLINE};
        sim_node_step(node, &event);
    }
    struct sim_letter *letter;
    while (node->process == process && (letter = node->held_first)) {
        node->held_first = letter->next;
        if (!node->held_first)
            node->held_last = NULL;
        node->held_count--;
        deliver(node, letter);
        free(letter);
    }
    if (node->process != process)
        return;
    struct event event = {.kind = EVENT_DEADLINE};
    sim_node_step(node, &event);
    sim_disk_thaw(&node->disk);
}

void sim_node_stop(struct sim_node *node)
{
    if (!freeze(node))
        return;
    sim_check_uneasy(node->sim);
    sim_say(node->sim, "%s: stopped", node->identity->name);
    node->is_stopped = true;
}

void sim_node_continue(struct sim_node *node)
{
    if (!node->is_stopped)
        return;
    sim_check_uneasy(node->sim);
    sim_say(node->sim, "%s: continued", node->identity->name);
    node->is_stopped = false;
    thaw(node);
}

void sim_node_sleep(struct sim_node *node)
{
    if (!freeze(node))
        return;
    sim_check_uneasy(node->sim);
    sim_say(node->sim, "%s: asleep", node->identity->name);
    node->is_asleep = true;
    node->asleep_since_ms = node->sim->now_ms;
}

void sim_node_wake(struct sim_node *node)
{
    if (!node->is_asleep)
        return;
    sim_check_uneasy(node->sim);
    sim_say(node->sim, "%s: awake", node->identity->name);
    node->asleep_ms += node->sim->now_ms - node->asleep_since_ms;
    node->is_asleep = false;
    thaw(node);
}

void sim_node_step_clock(struct sim_node *node, int64_t by_ms)
{
    node->wall_offset_ms += by_ms;
    if (by_ms < 0)
        node->clock_back_ms = node->sim->now_ms + FRAMES_MS;
    sim_check_uneasy(node->sim);
    sim_say(node->sim, "%s: clock steps by %lld ms", node->identity->name, (long long)by_ms);
    if (!sim_node_is_up(node))
        return;
    struct event event = {.kind = EVENT_DEADLINE}; // the wall timer tells that it was set
    node->wake_ms = UINT64_MAX;
    sim_node_step(node, &event);
}
