// judge.h - from silence to death and back: who is accused, of whom it is enough, and who is innocent.
//
// A failed probe of somebody who had answered before becomes a signed suspicion, told to everybody and
// to the accused, who refutes it with a new incarnation. Every node that knows of it runs the clock of
// gossip/suspicion.h; when it has run out the member is dead here. A failed probe of somebody never
// heard accuses nobody: after three of them the name counts as dead, quietly, until it answers.
// After a gap all of this begins anew: nobody is heard, no accusation is made before an answer.
#ifndef GOSSIP_JUDGE_H
#define GOSSIP_JUDGE_H

#include "gossip/members.h"
#include "gossip/probe.h"

struct gossip;

enum {
    JUDGE_SILENCES_MAX = 3,     // unanswered probes until a name counts as dead
    JUDGE_ISOLATED_COUNT = 3,   // probes in a row without any ack: we may be the one who is cut off
    JUDGE_CHECK_SPREAD_MS = 10, // per member: so much time to check all of them
    JUDGE_CHECK_SPREAD_MS_MAX = 10000,
    JUDGE_REFUTE_MS = 200, // between two refutations
};

#define JUDGE_LONG_DEAD_MS (UINT64_C(3600) * 1000) // tried ten times less from here on

struct judge_ack { // an ack to me
    uint64_t sent_ms;
    int64_t sent_wall_ms;
    int64_t peer_wall_ms;
    struct address pinged;
};

void judge_start(struct gossip *gossip);
// How long whoever is not heard yet may take to answer, before nobody waits for it any more.
uint64_t judge_patience_ms(const struct gossip *gossip);
// Sets the clock of a member whose state or claims changed.
void judge_review(struct gossip *gossip, struct members_node *node);
// To be checked now instead of when its turn comes.
void judge_check(struct gossip *gossip, struct members_node *node);
void judge_acked(struct gossip *gossip, struct members_node *node, const struct judge_ack *ack);
// An ack over a stream to a ping that left at sent_ms: it lives, but nothing is known of where and how fast
// its datagrams are.
void judge_stream_acked(struct gossip *gossip, struct members_node *node, uint64_t sent_ms);
// `from`, who counts if it was heard, knows of an ack `age_ms` ago.
void judge_vouched(struct gossip *gossip, struct members_node *node, const struct node_id *from,
                   uint64_t age_ms);
// Takes what the action owns.
void judge_failed(struct gossip *gossip, struct probe_action *action);
// Somebody says that we are suspect.
void judge_refute(struct gossip *gossip, const struct node_id *teller);
// What is due at this time.
void judge_tick(struct gossip *gossip);
uint64_t judge_deadline_ms(const struct gossip *gossip);
void judge_late(struct gossip *gossip);
void judge_gap(struct gossip *gossip);

#endif
