// claims.h - what a member signed about itself or about another, and when it is taken.
//
// Signatures were checked by the caller. Versions are (generation, incarnation), compared in this order;
// only the subject's own signature raises its version, so no accusation can and no stranger can. A claim
// that leaps ahead is refused, or a thief of a key could name the largest number and the owner of the
// key could never again speak louder.
// A key that exists twice shows in what it signs: two instances of one generation, two bodies of one
// version, or a live node with a generation lower than remembered. Of two bodies of one version the
// greater is kept, so that all nodes keep the same.
#ifndef GOSSIP_CLAIMS_H
#define GOSSIP_CLAIMS_H

#include "gossip/members.h"

enum {
    CLAIMS_KNOWN = 1, // nothing new
    CLAIMS_STALE,     // we hold a newer one; who told us should get it
    CLAIMS_LEAP,      // too far ahead of what we hold to be true
    CLAIMS_CLONED,    // proof of two copies of a key; the alarm is set
    CLAIMS_RESTORED,  // the same, by a generation of the past; the alarm is set
    CLAIMS_UNKNOWN,   // about a member or a version we do not have
    CLAIMS_FULL,      // no room for another member
};

enum {
    CLAIMS_GENERATION_STEP_MAX = 1 << 20, // boots between two meetings; first meeting: boots ever
    CLAIMS_INCARNATION_STEP_MAX = 1 << 20,
};

struct claims_claim {
    struct node_id signer;
    struct bytes envelope; // copied when the claim is taken
    bool direct;           // it came from the signer itself
};

// 0: taken; the member is alive with this version. Also CLAIMS_CLONED may have taken it.
int claims_add_alive(struct members *members, const struct claims_claim *claim,
                     const struct member_alive *alive, uint64_t now_ms) WARN_UNUSED;
// 0: taken; the member has left.
int claims_add_leave(struct members *members, const struct claims_claim *claim,
                     const struct member_leave *leave, uint64_t now_ms) WARN_UNUSED;
// 0: counted; the target is suspect, or has one accuser more.
int claims_add_suspicion(struct members *members, const struct claims_claim *claim,
                         const struct member_suspicion *suspicion, uint64_t now_ms) WARN_UNUSED;

// <0, 0, >0 as (generation, incarnation) is lower than, equal to or higher than that of `node`.
int claims_compare(uint64_t generation, uint64_t incarnation, const struct members_node *node);

#endif
