// learn.h - what claims, results, verdicts and cursors teach a node about its jobs.
//
// One way in for what is on the own disk and for what other nodes send: the same items give the same
// knowledge whatever their order. Rule 7: a cursor or claim of somebody who may not own, or that
// lies too far ahead of this clock, raises nothing here (it is stored as history all the same).
#ifndef NODE_CORE_LEARN_H
#define NODE_CORE_LEARN_H

#include "node/core/event.h"

struct core;

enum { LEARN_AHEAD_MS = 62000 }; // claim-ahead and a minute for clocks that differ

void learn_row(struct core *core, const struct event_row *row);

#endif
