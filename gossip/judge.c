#include "gossip/judge.h"

#include "gossip/courier.h"
#include "gossip/state.h"

static struct probe_time time_of(const struct gossip *gossip)
{
    return (struct probe_time){gossip->now_ms, gossip->wall_ms};
}

// Checks are spread over a while, so that a newcomer is not asked by the whole fleet at one instant and
// most can be spared, because somebody else's vouching arrives first.
static uint64_t spread_ms(const struct gossip *gossip)
{
    uint64_t spread = (uint64_t)JUDGE_CHECK_SPREAD_MS * members_live_count(&gossip->members);
    return MIN_OF(spread, (uint64_t)JUDGE_CHECK_SPREAD_MS_MAX);
}

static void set_timer(struct gossip *gossip, struct members_node *node, uint64_t due_ms)
{
    node->timed = node->state;
    timers_set(&gossip->members.timers, &node->timer, due_ms);
}

static bool has_timer(const struct members_node *node)
{
    return node->timer.position && node->timed == node->state;
}

uint64_t judge_patience_ms(const struct gossip *gossip)
{
    return 2 * suspicion_minimum_ms(members_live_count(&gossip->members)) + 3000;
}

void judge_start(struct gossip *gossip)
{
    gossip->is_settled = false;
    gossip->settle_ms = gossip->now_ms + judge_patience_ms(gossip);
    gossip->failures = 0;
}

static uint64_t suspicion_ends_ms(const struct gossip *gossip, const struct members_node *node)
{
    uint64_t minimum_ms = suspicion_minimum_ms(members_live_count(&gossip->members));
    minimum_ms = MAX_OF(minimum_ms, 2 * members_interval_ms(node)); // who sleeps long hears of it late
    return node->state_ms +
           suspicion_timeout_ms(minimum_ms, MAX_OF(node->accusation_count, (size_t)1), gossip->needed);
}

void judge_review(struct gossip *gossip, struct members_node *node)
{
    if (members_is_self(&gossip->members, node))
        return;
    switch (node->state) {
    case MEMBERS_ALIVE:
        if (node->heard && !node->unanswered)
            timers_remove(&gossip->members.timers, &node->timer);
        else if (!has_timer(node))
            set_timer(gossip, node, gossip->now_ms + random_below(&gossip->random, spread_ms(gossip)));
        return;
    case MEMBERS_SUSPECT:
        set_timer(gossip, node, suspicion_ends_ms(gossip, node));
        return;
    case MEMBERS_DEAD:
    case MEMBERS_LEFT:
        node->reached = (struct address){0}; // it may come back anywhere
        set_timer(gossip, node, node->state_ms + GOSSIP_FORGET_MS);
        return;
    case MEMBERS_STATE_COUNT:
        break;
    }
    assert(false);
}

void judge_check(struct gossip *gossip, struct members_node *node)
{
    probe_start(&gossip->probe, node, members_is_live(node) ? PROBE_CHECK : PROBE_CONTACT, time_of(gossip));
}

static void note_clock(struct gossip *gossip, struct members_node *node, const struct judge_ack *ack)
{
    struct clock_offset_sample sample = {
        .sent_ms = ack->sent_ms,
        .received_ms = gossip->now_ms,
        .sent_wall_ms = ack->sent_wall_ms,
        .received_wall_ms = gossip->wall_ms,
        .peer_wall_ms = ack->peer_wall_ms,
    };
    clock_offset_add(&node->clock, &sample);
}

void judge_acked(struct gossip *gossip, struct members_node *node, const struct judge_ack *ack)
{
    gossip->failures = 0;
    node->attempts = 0;
    roundtrip_add(&node->roundtrip, gossip->now_ms - ack->sent_ms);
    note_clock(gossip, node, ack);
    members_hear(&gossip->members, node, gossip->now_ms, true, gossip->now_ms);
    judge_review(gossip, node);
    node->reached = ack->pinged;
}

void judge_stream_acked(struct gossip *gossip, struct members_node *node, uint64_t sent_ms)
{
    gossip->failures = 0;
    if (members_is_self(&gossip->members, node) || node->state == MEMBERS_LEFT ||
        (node->state == MEMBERS_DEAD && sent_ms <= node->state_ms))
        return; // the ping is older than its death
    members_hear(&gossip->members, node, sent_ms, true, gossip->now_ms);
    judge_review(gossip, node);
}

void judge_vouched(struct gossip *gossip, struct members_node *node, const struct node_id *from,
                   uint64_t age_ms)
{
    const struct members_node *voucher = members_find(&gossip->members, from);
    if (!voucher || !members_is_trusted(voucher) || voucher == node ||
        members_is_self(&gossip->members, node) || age_ms > 3 * gossip->interval_ms ||
        age_ms > gossip->now_ms || node->state == MEMBERS_LEFT)
        return;
    uint64_t at_ms = gossip->now_ms - age_ms;
    if (node->state == MEMBERS_DEAD && (node->accusation_count || at_ms <= node->state_ms))
        return; // it has to refute, or the ack is older than its death
    members_hear(&gossip->members, node, at_ms, false, gossip->now_ms);
    judge_review(gossip, node);
}

static bool has_accused(const struct gossip *gossip, const struct members_node *node)
{
    for (size_t i = 0; i < node->accusation_count; i++)
        if (node_id_equal(&node->accusations[i].accuser, &gossip->members.self))
            return true;
    return false;
}

// Those helpers who met with the same silence and signed it, then ourselves.
static void accuse(struct gossip *gossip, struct members_node *node, const struct probe_action *action)
{
    for (size_t i = 0; i < action->suspicion_count; i++)
        outputs_add(&gossip->outbox, &(struct gossip_output){.kind = GOSSIP_DELIVER,
                                                             .class = RUMOR_SUSPICION,
                                                             .data = buffer_view(&action->suspicions[i]),
                                                             .vouched_ms = GOSSIP_NOT_VOUCHED});
    if (node->accusing || has_accused(gossip, node))
        return;
    node->accusing = true;
    struct member_suspicion words = {node->id, node->generation, node->incarnation, 0};
    outputs_add(&gossip->outbox,
                &(struct gossip_output){.kind = GOSSIP_SIGN_SUSPICION, .node = node->id, .suspicion = words});
}

// A name that never answered since we started: nobody is told, it just does not count.
static void note_silence(struct gossip *gossip, struct members_node *node)
{
    if (node->state != MEMBERS_ALIVE)
        return;
    node->unanswered++;
    if (node->unanswered >= JUDGE_SILENCES_MAX) {
        members_move(&gossip->members, node, MEMBERS_DEAD, gossip->now_ms);
        judge_review(gossip, node);
        return;
    }
    uint64_t half_ms = gossip->interval_ms / 2;
    set_timer(gossip, node, gossip->now_ms + half_ms + random_below(&gossip->random, half_ms));
}

// Nobody answered the last few probes. If it is the rest that is gone, a fragment must go on soon: so
// everybody is asked, not one per interval.
static void check_everybody(struct gossip *gossip)
{
    for (size_t i = 0; i < gossip->members.count; i++) {
        struct members_node *node = gossip->members.nodes[i];
        if (node->state == MEMBERS_ALIVE && !has_timer(node) && !members_is_self(&gossip->members, node))
            set_timer(gossip, node, gossip->now_ms + random_below(&gossip->random, spread_ms(gossip)));
    }
}

void judge_failed(struct gossip *gossip, struct probe_action *action)
{
    struct members_node *node = members_find(&gossip->members, &action->target);
    if (action->probe != PROBE_CONTACT && ++gossip->failures == JUDGE_ISOLATED_COUNT)
        check_everybody(gossip);
    if (node && members_is_live(node)) {
        if (node->answered)
            accuse(gossip, node, action);
        else
            note_silence(gossip, node);
    }
    for (size_t i = 0; i < action->suspicion_count; i++)
        buffer_deinit(&action->suspicions[i]);
    action->suspicion_count = 0;
}

void judge_refute(struct gossip *gossip, const struct node_id *teller)
{
    bool is_noted = node_id_is_zero(teller);
    for (size_t i = 0; i < gossip->teller_count; i++)
        is_noted = is_noted || node_id_equal(&gossip->tellers[i], teller);
    if (!is_noted && gossip->teller_count < COUNT_OF(gossip->tellers))
        gossip->tellers[gossip->teller_count++] = *teller;
    if (!gossip->is_signing && gossip->sign_ms == UINT64_MAX)
        gossip->sign_ms = MAX_OF(gossip->now_ms, gossip->signed_ms + JUDGE_REFUTE_MS);
}

static void sign_alive(struct gossip *gossip)
{
    const struct members_node *self = members_find(&gossip->members, &gossip->members.self);
    if (self->state == MEMBERS_LEFT) { // its leave is its last word: an alive claim would take it back
        gossip->sign_ms = UINT64_MAX;
        return;
    }
    gossip->is_signing = true;
    gossip->sign_ms = UINT64_MAX;
    gossip->signed_ms = gossip->now_ms;
    outputs_add(&gossip->outbox, &(struct gossip_output){.kind = GOSSIP_SIGN_ALIVE,
                                                         .node = self->id,
                                                         .incarnation = self->incarnation + 1});
}

static void node_due(struct gossip *gossip, struct members_node *node)
{
    switch (node->state) {
    case MEMBERS_ALIVE:
        judge_check(gossip, node);
        if (members_is_counted(node) && !node->unanswered)
            timers_remove(&gossip->members.timers, &node->timer);
        else // the end of the probe sets another time; this is for a probe that could not begin
            set_timer(gossip, node, gossip->now_ms + 2 * gossip->interval_ms);
        return;
    case MEMBERS_SUSPECT:
        members_move(&gossip->members, node, MEMBERS_DEAD, gossip->now_ms);
        judge_review(gossip, node);
        return;
    case MEMBERS_DEAD:
    case MEMBERS_LEFT:
        members_remove(&gossip->members, node);
        return;
    case MEMBERS_STATE_COUNT:
        break;
    }
    assert(false);
}

// One dead member per interval in the whole fleet, more or less, for each dead member.
static void contact_dead(struct gossip *gossip)
{
    size_t dead = gossip->members.in_state[MEMBERS_DEAD];
    if (!dead || random_below(&gossip->random, members_live_count(&gossip->members)) >= dead)
        return;
    uint64_t chosen = random_below(&gossip->random, dead);
    for (size_t i = 0; i < gossip->members.count; i++) {
        struct members_node *node = gossip->members.nodes[i];
        if (node->state != MEMBERS_DEAD || chosen-- > 0)
            continue;
        bool is_long_dead = gossip->now_ms - node->state_ms > JUDGE_LONG_DEAD_MS;
        if (!is_long_dead || !random_below(&gossip->random, 10))
            judge_check(gossip, node);
        return;
    }
}

static bool is_reached(const struct gossip *gossip, const struct address *address)
{
    for (size_t i = 0; i < gossip->members.count; i++) {
        const struct members_node *node = gossip->members.nodes[i];
        if (members_is_counted(node) && address_equal(&node->reached, address))
            return true;
    }
    return false;
}

// Asked even while all looks well: the fleet may have come apart where nobody noticed.
static void contact_seed(struct gossip *gossip)
{
    bool is_alone = members_live_count(&gossip->members) == 1;
    if (!gossip->seed_count || (!is_alone && random_below(&gossip->random, 10)))
        return;
    const struct address *seed = &gossip->seeds[gossip->seed_next++ % gossip->seed_count];
    if (!is_reached(gossip, seed))
        outputs_add(&gossip->outbox, &(struct gossip_output){.kind = GOSSIP_CONTACT, .address = *seed});
}

static void settle(struct gossip *gossip)
{
    bool is_over = gossip->now_ms >= gossip->settle_ms;
    bool is_waiting = false;
    for (size_t i = 0; i < gossip->members.count; i++) {
        struct members_node *node = gossip->members.nodes[i];
        if (!members_is_live(node) || node->heard)
            continue;
        is_waiting = true;
        if (is_over && node->state == MEMBERS_ALIVE && node->unanswered) {
            members_move(&gossip->members, node, MEMBERS_DEAD, gossip->now_ms);
            judge_review(gossip, node);
        }
    }
    if (is_waiting && !is_over)
        return;
    gossip->is_settled = true;
    outputs_add(&gossip->outbox, &(struct gossip_output){.kind = GOSSIP_SETTLED});
}

// In a small fragment the number of accusers that are needed falls as others become suspect.
static void reconsider(struct gossip *gossip)
{
    size_t trusted = 0;
    for (size_t i = 0; i < gossip->members.count; i++)
        trusted += members_is_trusted(gossip->members.nodes[i]);
    size_t needed = suspicion_accusers_needed(trusted);
    if (needed == gossip->needed)
        return;
    gossip->needed = needed;
    for (size_t i = 0; i < gossip->members.count; i++)
        if (gossip->members.nodes[i]->state == MEMBERS_SUSPECT)
            judge_review(gossip, gossip->members.nodes[i]);
}

void judge_tick(struct gossip *gossip)
{
    struct timers_entry *first;
    if (gossip->members.change_count != gossip->considered) {
        gossip->considered = gossip->members.change_count;
        reconsider(gossip);
    }
    while ((first = timers_first(&gossip->members.timers)) && first->due_ms <= gossip->now_ms)
        node_due(gossip, CONTAINER_OF(first, struct members_node, timer));
    if (gossip->sign_ms <= gossip->now_ms)
        sign_alive(gossip);
    if (gossip->contact_ms <= gossip->now_ms) {
        gossip->contact_ms = gossip->now_ms + gossip->interval_ms;
        contact_dead(gossip);
        contact_seed(gossip);
    }
    if (!gossip->is_settled)
        settle(gossip);
}

uint64_t judge_deadline_ms(const struct gossip *gossip)
{
    const struct timers_entry *first = timers_first(&gossip->members.timers);
    uint64_t deadline_ms = MIN_OF(gossip->sign_ms, gossip->contact_ms);
    if (first)
        deadline_ms = MIN_OF(deadline_ms, first->due_ms);
    return gossip->is_settled ? deadline_ms : MIN_OF(deadline_ms, gossip->settle_ms);
}

void judge_late(struct gossip *gossip)
{
    probe_forgive(&gossip->probe, gossip->now_ms);
    relay_forgive(&gossip->relays);
}

void judge_gap(struct gossip *gossip)
{
    judge_late(gossip);
    judge_start(gossip);
    mismatch_restart(&gossip->mismatch);
    for (size_t i = 0; i < gossip->members.count; i++) {
        struct members_node *node = gossip->members.nodes[i];
        if (members_is_self(&gossip->members, node) || !members_is_live(node))
            continue;
        members_unhear(&gossip->members, node, gossip->now_ms);
        node->accusing = false;
        timers_remove(&gossip->members.timers, &node->timer);
        if (node->state == MEMBERS_SUSPECT)
            node->state_ms = gossip->now_ms; // its clock starts again: it may have spoken while we slept
        judge_review(gossip, node);
    }
}
