// replay_window.h - which numbered packets were already here, whatever the order they came in.
//
// Remembers the highest number and which of the REPLAY_WINDOW_SIZE numbers up to it were taken. A number
// below the window counts as taken: a packet that late is lost rather than risked. Ask only after a
// packet has proved genuine, else a forged number would push the window past the real ones.
// Source: RFC 4303, section 3.4.3, with a ring of bits.
#ifndef PROTO_REPLAY_WINDOW_H
#define PROTO_REPLAY_WINDOW_H

#include "proto/base.h"

enum { REPLAY_WINDOW_SIZE = 1024 };

struct replay_window {
    uint64_t top;                            // the highest taken
    uint64_t taken[REPLAY_WINDOW_SIZE / 64]; // bit number % REPLAY_WINDOW_SIZE; those up to `top` count
};

// Everything up to and including `floor` counts as taken.
void replay_window_init(struct replay_window *window, uint64_t floor);

// True the first time a number is seen; false for a repetition and for one below the window.
bool replay_window_take(struct replay_window *window, uint64_t number) WARN_UNUSED;

#endif
