// core.h - one node as a deterministic state machine: events in, effects out, deadlines between.
//
//   core_step(core, &event);
//   while (core_next_effect(core, &effect)) perform(&effect);
//   core_deadline(core, &now_ms, &wall_ms);   // wake me then with EVENT_DEADLINE
//
// The core never calls out, reads no clock and draws no entropy; equal events give equal effects.
#ifndef NODE_CORE_CORE_H
#define NODE_CORE_CORE_H

#include "node/core/effect.h"

struct core;

struct core *core_new(void) WARN_UNUSED;
void core_free(struct core *core);

void core_step(struct core *core, const struct event *event);
// False when there is none left.
bool core_next_effect(struct core *core, struct effect *ret_effect);
// When the core next wants EVENT_DEADLINE, on the monotonic and on the wall clock; UINT64_MAX and
// INT64_MAX mean never.
void core_deadline(const struct core *core, uint64_t *ret_now_ms, int64_t *ret_wall_ms);

#endif
