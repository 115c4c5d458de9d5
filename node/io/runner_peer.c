#include "node/io/runner_peer.h"

#include <unistd.h>

static void watch(struct runner_peer *peer);

static void lose(struct runner_peer *peer, const char *why)
{
    if (peer->is_lost)
        return;
    peer->is_lost = true;
    uv_poll_stop(&peer->poll);
    peer->lost(peer, why);
}

// The pipes are known before the core hears of the run, so that nothing said is missed.
static void deliver(struct runner_peer *peer, const struct link_delivery *delivery)
{
    struct event event = {.kind = EVENT_FRAME, .is.frame = delivery->frame};
    if (delivery->descriptor_count == LINK_DESCRIPTOR_COUNT_MAX)
        output_add(peer->output, &delivery->frame.run, delivery->descriptors, delivery->frame.taken);
    if (delivery->frame.kind == FRAME_TAKEN)
        output_taken(peer->output, &delivery->frame.run, delivery->frame.taken);
    else
        feed_event(peer->feed, &event);
}

static void receive(struct runner_peer *peer)
{
    struct link_delivery delivery;
    while (peer->is_reading && !peer->is_lost) {
        int outcome = link_receive(&peer->link, &delivery);
        if (outcome == LINK_EMPTY)
            return;
        if (outcome) {
            lose(peer, outcome == LINK_CLOSED ? "the runner is gone" : "the runner speaks nonsense");
            return;
        }
        peer->silent_beats = 0;
        deliver(peer, &delivery);
    }
}

static void ready(uv_poll_t *poll, int status, int events)
{
    struct runner_peer *peer = poll->data;
    if (status < 0) {
        lose(peer, "the runner is gone");
        return;
    }
    if ((events & UV_WRITABLE) && link_flush(&peer->link)) {
        lose(peer, "the runner is gone");
        return;
    }
    if (events & UV_READABLE)
        receive(peer);
    watch(peer);
}

static void watch(struct runner_peer *peer)
{
    int events = (peer->is_reading ? UV_READABLE : 0) | (link_wants_write(&peer->link) ? UV_WRITABLE : 0);
    if (!peer->is_open || peer->is_lost)
        return;
    if (events)
        uv_poll_start(&peer->poll, events, ready);
    else
        uv_poll_stop(&peer->poll);
}

int runner_peer_open(struct runner_peer *peer, uv_loop_t *loop, struct feed *feed, struct output *output,
                     int descriptor)
{
    *peer = (struct runner_peer){.feed = feed, .output = output, .lost = peer->lost};
    int result = uv_poll_init(loop, &peer->poll, descriptor);
    if (result) {
        close(descriptor);
        return result;
    }
    link_init(&peer->link, descriptor);
    peer->poll.data = peer;
    peer->is_open = true;
    return 0;
}

void runner_peer_start(struct runner_peer *peer)
{
    peer->is_reading = true;
    watch(peer);
}

void runner_peer_send(struct runner_peer *peer, const struct frame *frame)
{
    if (!peer->is_open || peer->is_lost || peer->trouble)
        return;
    int outcome = link_send(&peer->link, frame, NULL, 0);
    if (outcome)
        peer->trouble = outcome == LINK_FULL ? "the runner does not read" : "the runner is gone";
    watch(peer);
}

void runner_peer_beat(struct runner_peer *peer)
{
    const struct frame frame = {.kind = FRAME_HEARTBEAT};
    if (!peer->is_open || peer->is_lost)
        return;
    runner_peer_send(peer, &frame);
    if (peer->is_reading && ++peer->silent_beats > RUNNER_PEER_SILENCE_COUNT)
        peer->trouble = "the runner is silent";
    if (peer->trouble)
        lose(peer, peer->trouble);
}

void runner_peer_close(struct runner_peer *peer)
{
    if (!peer->is_open)
        return;
    peer->is_open = false;
    uv_close((uv_handle_t *)&peer->poll, NULL);
}

void runner_peer_deinit(struct runner_peer *peer)
{
    link_deinit(&peer->link);
}
