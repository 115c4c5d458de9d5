// sim_heard.h - who should have heard how a run ended, by who was up together with whom.
//
// A node that was never up at the same time as the one where it ended, nor with anybody who was told, may
// rightly begin the run anew. The world notes when network processes lived; the question is asked seldom, and
// answered from that.
#ifndef TESTS_SIM_SIM_HEARD_H
#define TESTS_SIM_SIM_HEARD_H

#include "proto/base.h"

struct sim;
struct sim_node;
struct sim_start;

struct sim_span { // a network process
    size_t node;
    uint64_t from_ms, until_ms; // true time; UINT64_MAX: it lives
};

struct sim_heard {
    struct sim_span *spans; // owned, by from_ms
    size_t count, capacity;
};

void sim_heard_deinit(struct sim_heard *heard);
void sim_heard_up(struct sim *sim, const struct sim_node *node);
void sim_heard_down(struct sim *sim, const struct sim_node *node);

// Was this node's network process away after that time for so long that others may have thought it dead?
bool sim_heard_nothing_of(const struct sim *sim, size_t node, uint64_t since_ms);
// Had this node the time to hear of the end of a run, from where it ran or from somebody who is up and knows
// of it? Cuts between nodes are not looked at.
bool sim_heard_end(const struct sim *sim, const struct sim_start *start, size_t node);

#endif
