#include "gossip/mismatch.h"

#include "gossip/courier.h"
#include "gossip/judge.h"
#include "gossip/state.h"

static bool is_different(enum gossip_what what, const struct packet_summary *ours,
                         const struct packet_summary *theirs)
{
    switch (what) {
    case GOSSIP_MEMBERS:
        return !packet_fingerprint_equal(&ours->members, &theirs->members);
    case GOSSIP_TABLE:
        return !packet_fingerprint_equal(&ours->table, &theirs->table);
    case GOSSIP_AUTHORITY: // when they are behind, they will notice
        return theirs->authority_number > ours->authority_number ||
               (theirs->authority_number == ours->authority_number &&
                !packet_fingerprint_equal(&ours->authority_head, &theirs->authority_head));
    case GOSSIP_WHAT_COUNT:
        break;
    }
    return false;
}

static void mismatch_equal(struct mismatch *mismatch, enum gossip_what what)
{
    mismatch->kinds[what].was_equal = true;
    mismatch->kinds[what].backoff_ms = 0;
}

static void mismatch_report(struct gossip *gossip, const struct node_id *peer, enum gossip_what what)
{
    struct mismatch *mismatch = &gossip->mismatch;
    if (gossip->now_ms < mismatch->kinds[what].next_ms)
        return;
    uint64_t backoff_ms = MAX_OF(2 * mismatch->kinds[what].backoff_ms, (uint64_t)MISMATCH_BACKOFF_MS_MIN);
    backoff_ms = MIN_OF(backoff_ms, (uint64_t)MISMATCH_BACKOFF_MS_MAX);
    mismatch->kinds[what].backoff_ms = backoff_ms;
    mismatch->kinds[what].next_ms = gossip->now_ms + backoff_ms;
    outputs_add(&gossip->outbox,
                &(struct gossip_output){.kind = GOSSIP_DIFFERS, .node = *peer, .what = what});
}

// True when the difference with this peer has lasted; else remembers to look again.
static bool has_lasted(struct gossip *gossip, const struct node_id *peer)
{
    struct mismatch *mismatch = &gossip->mismatch;
    if (!mismatch->has_peer) {
        mismatch->has_peer = true;
        mismatch->peer = *peer;
        mismatch->first_ms = gossip->now_ms;
        mismatch->look_ms = gossip->now_ms + MISMATCH_LASTS_MS;
        return false;
    }
    return node_id_equal(&mismatch->peer, peer) && gossip->now_ms >= mismatch->first_ms + MISMATCH_LASTS_MS;
}

void mismatch_compare(struct gossip *gossip, const struct node_id *peer, const struct packet_summary *theirs)
{
    struct mismatch *mismatch = &gossip->mismatch;
    struct packet_summary ours = courier_summary(gossip);
    bool any = false, lasted = false;
    for (enum gossip_what what = 0; what < GOSSIP_WHAT_COUNT; what++) {
        if (!theirs || !is_different(what, &ours, theirs)) {
            mismatch_equal(mismatch, what);
            continue;
        }
        any = true;
        bool at_once = what == GOSSIP_AUTHORITY || !mismatch->kinds[what].was_equal;
        lasted = has_lasted(gossip, peer) || lasted;
        if (at_once || lasted)
            mismatch_report(gossip, peer, what);
    }
    if (mismatch->has_peer && node_id_equal(&mismatch->peer, peer) && (!any || lasted))
        mismatch->has_peer = false;
}

void mismatch_tick(struct gossip *gossip)
{
    struct mismatch *mismatch = &gossip->mismatch;
    if (!mismatch->has_peer || gossip->now_ms < mismatch->look_ms)
        return;
    struct members_node *node = members_find(&gossip->members, &mismatch->peer);
    bool is_over = gossip->now_ms >= mismatch->first_ms + 3 * MISMATCH_LASTS_MS;
    if (!node || !members_is_live(node) || is_over) {
        mismatch->has_peer = false;
        return;
    }
    mismatch->look_ms = gossip->now_ms + MISMATCH_LASTS_MS;
    judge_check(gossip, node);
}

uint64_t mismatch_deadline_ms(const struct mismatch *mismatch)
{
    return mismatch->has_peer ? mismatch->look_ms : UINT64_MAX;
}

void mismatch_restart(struct mismatch *mismatch)
{
    *mismatch = (struct mismatch){0};
}
