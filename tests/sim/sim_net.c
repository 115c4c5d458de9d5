#include "tests/sim/sim_net.h"

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_node.h"

#include <stdlib.h>

enum {
    LATENCY_MIN_MS = 1,
    LATENCY_MAX_MS = 3,
    RESEND_MS = 200,    // what is not acknowledged is sent again, each time after twice as long
    GIVE_UP_MS = 10000, // and after so long the stream closes
    CONNECT_MS = 5000,  // nobody answers a connection
};

// One direction of a stream: what its sender sent, in order.
struct wire {
    struct sim_node *to;
    uint64_t number;       // of the receiver's end; 0: not known yet
    uint64_t process;      // the receiver's
    uint64_t last_ms;      // when the last piece arrives
    struct buffer waiting; // sent into a cut
    bool is_waiting;
    uint64_t waiting_since_ms, again_ms;
    bool is_closing; // closes when the waiting bytes are through
};

// The end that opened it is end 0.
struct sim_stream {
    struct sim_stream *next;
    struct sim_node *nodes[2];
    uint64_t numbers[2]; // as the node calls it; of end 1 0 until accepted
    uint64_t processes[2];
    bool is_open[2];      // that end has not closed
    struct wire wires[2]; // wires[i] carries what end i sends
    uint64_t number;
};

struct sim_net *sim_net_new(size_t node_count)
{
    struct sim_net *net = base_alloc(1, sizeof *net);
    net->node_count = node_count;
    net->min_ms = LATENCY_MIN_MS;
    net->max_ms = LATENCY_MAX_MS;
    net->cuts = base_alloc(node_count * node_count, sizeof *net->cuts);
    net->blocks = base_alloc(node_count * node_count, sizeof *net->blocks);
    return net;
}

static void stream_free(struct sim_stream *stream)
{
    buffer_deinit(&stream->wires[0].waiting);
    buffer_deinit(&stream->wires[1].waiting);
    free(stream);
}

void sim_net_free(struct sim_net *net)
{
    while (net->streams) {
        struct sim_stream *stream = net->streams;
        net->streams = stream->next;
        stream_free(stream);
    }
    free(net->cuts);
    free(net->blocks);
    free(net);
}

bool sim_net_reaches(const struct sim *sim, size_t from, size_t to)
{
    const struct sim_node *receiver = sim->nodes[to], *sender = sim->nodes[from];
    bool cut = sim->net->cuts[from * sim->net->node_count + to];
    return !cut && receiver->is_on && !receiver->is_asleep && sender->is_on && !sender->is_asleep;
}

static uint64_t latency_ms(struct sim *sim)
{
    return sim_between(sim, sim->net->min_ms, sim->net->max_ms);
}

static struct sim_node *node_at(const struct sim *sim, const struct address *address)
{
    for (size_t i = 0; i < sim->node_count; i++)
        if (address_equal(&sim->fleet->identities[i].address, address))
            return sim->nodes[i];
    return NULL;
}

void sim_net_datagram(struct sim_node *from, const struct address *to, struct bytes data)
{
    struct sim *sim = from->sim;
    struct sim_node *node = node_at(sim, to);
    sim->net->datagram_count++;
    sim->net->datagram_bytes += data.size;
    if (!node || !node->core || !sim_net_reaches(sim, from->index, node->index) ||
        sim->net->blocks[from->index * sim->net->node_count + node->index] || sim_chance(sim, sim->net->loss))
        return;
    struct event event = {.kind = EVENT_DATAGRAM, .is.datagram.from = from->identity->address};
    sim_node_post(node, latency_ms(sim), &event, data);
    if (sim_chance(sim, sim->net->twice))
        sim_node_post(node, latency_ms(sim) + sim_random(sim, 50), &event, data);
}

// The end of a stream that this process of the node calls by that number; -1: none.
static int end_of(const struct sim_stream *stream, const struct sim_node *node, uint64_t number)
{
    for (int end = 0; end < 2; end++)
        if (stream->nodes[end] == node && stream->numbers[end] == number &&
            stream->processes[end] == node->process && stream->is_open[end])
            return end;
    return -1;
}

static struct sim_stream *find(const struct sim_node *node, uint64_t number, int *ret_end)
{
    for (struct sim_stream *stream = node->sim->net->streams; stream; stream = stream->next) {
        int end = end_of(stream, node, number);
        if (end < 0)
            continue;
        *ret_end = end;
        return stream;
    }
    return NULL;
}

static void forget_if_over(struct sim *sim, struct sim_stream *stream)
{
    if (stream->is_open[0] || stream->is_open[1] || stream->wires[0].is_waiting ||
        stream->wires[1].is_waiting)
        return;
    for (struct sim_stream **at = &sim->net->streams; *at; at = &(*at)->next) {
        if (*at != stream)
            continue;
        *at = stream->next;
        stream_free(stream);
        return;
    }
}

static bool is_same_process(const struct sim_stream *stream, int end)
{
    const struct sim_node *node = stream->nodes[end];
    return node->core && node->process == stream->processes[end];
}

// Posts to the end's process, never before what was posted to it earlier on this stream.
static void post(struct sim_stream *stream, int end, uint64_t delay_ms, struct event event, struct bytes data)
{
    struct sim_node *node = stream->nodes[end];
    struct wire *wire = &stream->wires[1 - end];
    struct sim *sim = node->sim;
    wire->last_ms = MAX_OF(wire->last_ms, sim->now_ms + delay_ms);
    event.is.stream.stream = stream->numbers[end];
    event.is.stream.peer = stream->nodes[1 - end]->identity->address;
    if (is_same_process(stream, end))
        sim_node_post(node, wire->last_ms - sim->now_ms, &event, data);
}

static void close_end(struct sim_stream *stream, int end, uint64_t delay_ms)
{
    if (!stream->is_open[end])
        return;
    stream->is_open[end] = false;
    post(stream, end, delay_ms, (struct event){.kind = EVENT_STREAM_CLOSED}, (struct bytes){0});
}

static struct sim_stream *find_number(const struct sim *sim, uint64_t number)
{
    struct sim_stream *stream = sim->net->streams;
    while (stream && stream->number != number)
        stream = stream->next;
    return stream;
}

static void fail_to_connect(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_stream *stream = find_number(sim, number);
    (void)thing;
    if (!stream)
        return;
    close_end(stream, 0, 0);
    forget_if_over(sim, stream);
}

void sim_net_open(struct sim_node *from, uint64_t number, const struct address *to)
{
    struct sim *sim = from->sim;
    struct sim_node *node = node_at(sim, to);
    struct sim_stream *stream = base_alloc(1, sizeof *stream);
    stream->next = sim->net->streams;
    sim->net->streams = stream;
    stream->number = sim->net->accepted += 2;
    stream->nodes[0] = from;
    stream->nodes[1] = node ? node : from;
    stream->numbers[0] = number;
    stream->processes[0] = from->process;
    stream->is_open[0] = true;
    bool reaches = node && sim_net_reaches(sim, from->index, node->index) &&
                   sim_net_reaches(sim, node->index, from->index);
    if (!reaches || !node->core) {
        sim_after(sim, reaches ? 2 * latency_ms(sim) : CONNECT_MS, fail_to_connect, NULL, stream->number);
        return;
    }
    uint64_t delay_ms = latency_ms(sim);
    stream->numbers[1] = stream->number;
    stream->processes[1] = node->process;
    stream->is_open[1] = true;
    post(stream, 1, delay_ms, (struct event){.kind = EVENT_STREAM_OPENED, .is.stream.accepted = true},
         (struct bytes){0});
    post(stream, 0, delay_ms + latency_ms(sim), (struct event){.kind = EVENT_STREAM_OPENED},
         (struct bytes){0});
}

static void look_again(struct sim *sim, void *thing, uint64_t number);

static void try_later(struct sim *sim, struct sim_stream *stream, int end)
{
    struct wire *wire = &stream->wires[end];
    wire->is_waiting = true;
    sim_after(sim, wire->again_ms, look_again, NULL, stream->number << 1 | (unsigned)end);
    wire->again_ms *= 2;
}

static void wait_for_heal(struct sim *sim, struct sim_stream *stream, int end)
{
    struct wire *wire = &stream->wires[end];
    if (wire->is_waiting)
        return;
    wire->waiting_since_ms = sim->now_ms;
    wire->again_ms = RESEND_MS;
    try_later(sim, stream, end);
}

static bool is_through(const struct sim *sim, const struct sim_stream *stream, int end)
{
    size_t from = stream->nodes[end]->index, to = stream->nodes[1 - end]->index;
    return sim_net_reaches(sim, from, to) && sim_net_reaches(sim, to, from);
}

// The other end is told of bytes or of the close.
static void pass_on(struct sim *sim, struct sim_stream *stream, int end, struct bytes data)
{
    int other = 1 - end;
    // A kernel that knows no such stream, or none any more, resets it.
    if (!is_same_process(stream, other) || (!stream->is_open[other] && !stream->wires[end].is_closing)) {
        close_end(stream, end, latency_ms(sim));
        return;
    }
    sim->net->stream_count += data.size > 0;
    sim->net->stream_bytes += data.size;
    if (data.size)
        post(stream, other, latency_ms(sim), (struct event){.kind = EVENT_STREAM_BYTES}, data);
    if (stream->wires[end].is_closing)
        close_end(stream, other, latency_ms(sim));
}

static void look_again(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_stream *stream = find_number(sim, number >> 1);
    int end = (int)(number & 1);
    (void)thing;
    if (!stream || !stream->wires[end].is_waiting)
        return;
    struct wire *wire = &stream->wires[end];
    wire->is_waiting = false;
    if (is_through(sim, stream, end)) {
        pass_on(sim, stream, end, buffer_view(&wire->waiting));
        buffer_clear(&wire->waiting);
    } else if (sim->now_ms - wire->waiting_since_ms > GIVE_UP_MS || !is_same_process(stream, end)) {
        close_end(stream, end, 0);
        buffer_clear(&wire->waiting);
    } else {
        try_later(sim, stream, end);
    }
    forget_if_over(sim, stream);
}

static void send_or_wait(struct sim *sim, struct sim_stream *stream, int end, struct bytes data)
{
    struct wire *wire = &stream->wires[end];
    if (!wire->is_waiting && is_through(sim, stream, end)) {
        pass_on(sim, stream, end, data);
        return;
    }
    buffer_add(&wire->waiting, data.data, data.size);
    wait_for_heal(sim, stream, end);
}

void sim_net_send(struct sim_node *from, uint64_t number, struct bytes data)
{
    int end;
    struct sim_stream *stream = find(from, number, &end);
    if (stream && stream->numbers[1 - end])
        send_or_wait(from->sim, stream, end, data);
}

void sim_net_close(struct sim_node *from, uint64_t number)
{
    int end;
    struct sim_stream *stream = find(from, number, &end);
    if (!stream)
        return;
    stream->is_open[end] = false;
    stream->wires[end].is_closing = true;
    if (stream->numbers[1])
        send_or_wait(from->sim, stream, end, (struct bytes){0});
    forget_if_over(from->sim, stream);
}

// A kernel that lives closes what its process had open; a machine without power says nothing.
void sim_net_end_process(struct sim_node *node, bool kernel_lives)
{
    struct sim *sim = node->sim;
    for (struct sim_stream *stream = sim->net->streams, *next; stream; stream = next) {
        next = stream->next;
        for (int end = 0; end < 2; end++) {
            if (stream->nodes[end] != node || !stream->is_open[end] || is_same_process(stream, end))
                continue;
            stream->is_open[end] = false;
            if (kernel_lives && is_through(sim, stream, end))
                close_end(stream, 1 - end, latency_ms(sim));
        }
        forget_if_over(sim, stream);
    }
}

void sim_net_cut(struct sim *sim, size_t from, size_t to)
{
    sim_check_uneasy(sim);
    sim->net->cuts[from * sim->net->node_count + to] = true;
}

void sim_net_block(struct sim *sim, size_t one, size_t other)
{
    sim->net->blocks[one * sim->net->node_count + other] = true;
    sim->net->blocks[other * sim->net->node_count + one] = true;
}

void sim_net_heal(struct sim *sim, size_t from, size_t to)
{
    sim_check_uneasy(sim);
    sim->net->cuts[from * sim->net->node_count + to] = false;
}

void sim_net_heal_all(struct sim *sim)
{
    sim_check_uneasy(sim);
    for (size_t i = 0; i < sim->net->node_count * sim->net->node_count; i++)
        sim->net->cuts[i] = sim->net->blocks[i] = false;
}
