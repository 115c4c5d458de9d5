// comings.h - who came, left and died lately, as this node saw it, and the jobs that are due because of it.
//
//               was there when this process began        the fleet is settled and it is new
//                        |                                        |
//   UNKNOWN <------------'                                        v
//      |  '------ dead or left, nothing is told ---------------> OUT
//      | heard, nothing is told                                 ^   | heard: `join`
//      '-----------------> IN ------- `dead`, `leave` ----------'   |
//                          ^----------------------------------------'
//
// A change is remembered for an hour, and whoever becomes the owner of a job with a member trigger within
// COMINGS_NEW_MS makes it due unless the ledger knows that it was. A node that is cut off sees all others die
// and acts on it: each fragment does. The agent of a node that is restarted before anybody misses it does not
// come anew.
#ifndef NODE_CORE_COMINGS_H
#define NODE_CORE_COMINGS_H

#include "node/core/happening.h"

enum {
    COMINGS_NEW_MS = 600 * 1000,
    COMINGS_KEEP_MS = 3600 * 1000,
    COMINGS_COUNT_MAX = 1024, // changes remembered
    COMINGS_START_MS = 60000, // for so long after its start a node meets those that were there
};

enum comings_state { COMINGS_UNKNOWN, COMINGS_IN, COMINGS_OUT };

struct comings_node {
    struct node_id id;
    enum comings_state state;
    uint64_t generation, incarnation; // when it went out; 0: it was never in
};

struct comings_change {
    struct frame_member member;
    struct hash cause;
    int64_t at_ms;      // wall
    uint64_t at_now_ms; // monotonic
};

struct comings {
    struct comings_node *nodes; // owned, by id
    size_t node_count, node_capacity;
    struct comings_change *changes; // owned, oldest first
    size_t change_count, change_capacity;
};

void comings_deinit(struct comings *comings);
void comings_ready(struct core *core); // those who were there
// Gossip believes something else of this node than before.
void comings_follow(struct core *core, const struct node_id *id);
void comings_keep_house(struct core *core);

const struct comings_change *comings_find(const struct core *core,
                                          const struct hash *cause); // NULL: forgotten
// The runner asked what this is about: sends what proves the node. False: no such change.
bool comings_feed(struct core *core, const struct hash *cause);
// The job is owned here: makes it due for what this trigger waits for and nobody acted on.
void comings_look(struct core *core, struct job *job, uint16_t trigger);
void comings_tell(const struct core *core, const struct hash *cause, char out[HAPPENING_TEXT_ROOM]);

#endif
