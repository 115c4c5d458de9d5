// runner_peer.h - the network process's end of the socket to its runner: frames, heartbeats, silence.
//
// A heartbeat goes out each second from the loop itself, so it stops when the loop does. When the runner
// closes its end, speaks nonsense or is silent for RUNNER_PEER_SILENCE_COUNT beats, it is lost and this
// process has no reason to be. Silence is counted in our own beats, not by a clock: whoever was stopped
// together with the runner gives it time to be heard again.
#ifndef NODE_IO_RUNNER_PEER_H
#define NODE_IO_RUNNER_PEER_H

#include <uv.h>

#include "node/io/feed.h"
#include "node/io/output.h"
#include "node/io/runner/link.h"

enum {
    RUNNER_PEER_BEAT_MS = 1000,
    RUNNER_PEER_SILENCE_COUNT = 5,
};

struct runner_peer {
    struct feed *feed;
    struct output *output; // takes the pipes that come with STARTED and RUNNING
    void (*lost)(struct runner_peer *peer, const char *why); // from the loop, once
    struct link link;
    uv_poll_t poll;
    bool is_open;
    bool is_reading;
    bool is_lost;
    const char *trouble; // found while an effect was performed; told at the next beat
    unsigned silent_beats;
};

// Takes the descriptor over. Frames are told from runner_peer_start on; until then they wait.
int runner_peer_open(struct runner_peer *peer, uv_loop_t *loop, struct feed *feed, struct output *output,
                     int descriptor) WARN_UNUSED;
void runner_peer_start(struct runner_peer *peer);
void runner_peer_send(struct runner_peer *peer, const struct frame *frame);
void runner_peer_beat(struct runner_peer *peer); // each second
// No frame goes either way any more, but the socket stays open: the runner takes its closing for our end
// and kills what is left of us.
void runner_peer_close(struct runner_peer *peer);
void runner_peer_deinit(struct runner_peer *peer); // after that, and at the very end: closes it

#endif
