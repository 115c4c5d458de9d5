// mismatch.h - when a peer has something else than we have, and whether that is worth a repair.
//
// While news travels, summaries differ for a moment; a repair then would be waste. So a difference
// counts when it is still there at a second look at the same peer, and reports back off while they
// do not help. A node that has just started, and was never equal to anybody, asks at once.
// The authority log only grows, so who is behind knows at once that it is.
#ifndef GOSSIP_MISMATCH_H
#define GOSSIP_MISMATCH_H

#include "gossip/gossip.h"

enum {
    MISMATCH_LASTS_MS = 1500, // until the second look
    MISMATCH_BACKOFF_MS_MIN = 500,
    MISMATCH_BACKOFF_MS_MAX = 60000,
};

struct mismatch {
    struct {
        bool was_equal;      // to anybody, since the start or the last gap
        uint64_t next_ms;    // no report before
        uint64_t backoff_ms; // 0: none yet
    } kinds[GOSSIP_WHAT_COUNT];
    struct node_id peer; // to be looked at again
    bool has_peer;
    uint64_t first_ms; // when it was found to differ
    uint64_t look_ms;  // when to look again
};

// `theirs` NULL: equal to ours.
void mismatch_compare(struct gossip *gossip, const struct node_id *peer, const struct packet_summary *theirs);
// Looks again where it is time.
void mismatch_tick(struct gossip *gossip);
uint64_t mismatch_deadline_ms(const struct mismatch *mismatch);
void mismatch_restart(struct mismatch *mismatch);

#endif
