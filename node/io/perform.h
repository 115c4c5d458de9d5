// perform.h - does to the world what the core asked for: one arm per effect, one line into a room.
#ifndef NODE_IO_PERFORM_H
#define NODE_IO_PERFORM_H

#include "node/core/effect.h"

struct perform_rooms { // all borrowed
    struct store *store;
    struct runner_peer *runner;
    struct output *output;
    struct control_server *control;
    struct udp *udp;
    struct tcp *tcp;
    void (*left)(struct perform_rooms *rooms); // EFFECT_EXIT
};

// Never tells the core anything before it returns.
void perform(struct perform_rooms *rooms, const struct effect *effect);

#endif
