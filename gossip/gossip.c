#include "gossip/gossip.h"

#include "gossip/courier.h"
#include "gossip/hear.h"
#include "gossip/judge.h"
#include "gossip/state.h"

#include <stdlib.h>
#include <string.h>

struct gossip *gossip_new(const struct gossip_options *options)
{
    struct gossip *gossip = base_alloc(1, sizeof *gossip);
    gossip->interval_ms = options->probe_interval_ms ? options->probe_interval_ms : GOSSIP_PROBE_INTERVAL_MS;
    gossip->now_ms = options->now_ms;
    gossip->wall_ms = options->wall_ms;
    random_init(&gossip->random, options->seed);
    members_init(&gossip->members, &options->self, gossip->now_ms);
    probe_init(&gossip->probe, &gossip->members, &gossip->random, gossip->interval_ms, gossip->now_ms);
    gossip->round_ms = gossip->now_ms + random_below(&gossip->random, GOSSIP_ROUND_MS);
    gossip->contact_ms = gossip->now_ms + random_below(&gossip->random, gossip->interval_ms);
    gossip->sign_ms = gossip->now_ms;
    gossip->needed = 1;
    judge_start(gossip);
    return gossip;
}

void gossip_free(struct gossip *gossip)
{
    if (!gossip)
        return;
    relay_deinit(&gossip->relays);
    probe_deinit(&gossip->probe);
    rumor_deinit(&gossip->rumors);
    outputs_deinit(&gossip->outbox);
    members_deinit(&gossip->members);
    free(gossip);
}

static bool has_urgent(const struct gossip *gossip)
{
    return gossip->rumors.unsent_urgent_count &&
           (gossip->has_more || gossip->rumors.urgent_serial != gossip->pushed_serial);
}

uint64_t gossip_deadline_ms(const struct gossip *gossip)
{
    uint64_t deadline_ms = MIN_OF(judge_deadline_ms(gossip), probe_deadline_ms(&gossip->probe));
    deadline_ms = MIN_OF(deadline_ms, relay_deadline_ms(&gossip->relays));
    deadline_ms = MIN_OF(deadline_ms, mismatch_deadline_ms(&gossip->mismatch));
    if (gossip->rumors.count)
        deadline_ms = MIN_OF(deadline_ms, gossip->round_ms);
    if (has_urgent(gossip))
        deadline_ms = MIN_OF(deadline_ms, gossip->pushed_ms + COURIER_PUSH_MS);
    return deadline_ms;
}

static void note_lateness(struct gossip *gossip, uint64_t now_ms, uint64_t gap_ms)
{
    uint64_t expected_ms = MAX_OF(gossip_deadline_ms(gossip), gossip->now_ms);
    uint64_t late_ms = MAX_OF(now_ms > expected_ms ? now_ms - expected_ms : 0, gap_ms);
    gossip->now_ms = now_ms;
    if (late_ms > GOSSIP_GAP_MS)
        judge_gap(gossip);
    else if (late_ms > GOSSIP_LATE_MS)
        judge_late(gossip);
}

void gossip_advance(struct gossip *gossip, uint64_t now_ms, int64_t wall_ms, uint64_t gap_ms)
{
    gossip->wall_ms = wall_ms;
    note_lateness(gossip, now_ms, gap_ms);
    judge_tick(gossip);
    relay_tick(gossip);
    mismatch_tick(gossip);
    probe_tick(&gossip->probe, (struct probe_time){now_ms, wall_ms});
    if (gossip->round_ms <= now_ms) {
        gossip->round_ms = now_ms + GOSSIP_ROUND_MS;
        rumor_expire(&gossip->rumors, now_ms);
        if (gossip->rumors.count)
            courier_round(gossip);
    }
}

void gossip_receive(struct gossip *gossip, const struct node_id *from, const struct address *address,
                    struct bytes packet)
{
    hear_packet(gossip, from, address, packet);
}

void gossip_receive_stream(struct gossip *gossip, const struct node_id *from, struct bytes packet)
{
    hear_stream_packet(gossip, from, packet);
}

void gossip_send_failed(struct gossip *gossip, const struct node_id *to)
{
    probe_send_failed(&gossip->probe, to, gossip->now_ms);
}

static void retell(struct gossip *gossip, uint8_t class, const struct gossip_record *record, struct hash key)
{
    rumor_add(&gossip->rumors, &(struct rumor_words){.class = class,
                                                     .urgent = true,
                                                     .key = key,
                                                     .source = record->from,
                                                     .data = record->envelope,
                                                     .now_ms = gossip->now_ms});
}

// Somebody holds a claim of ours. A later one than we ever made proves that our key lives twice.
static int judge_own_echo(struct gossip *gossip, const struct gossip_record *record,
                          const struct member_alive *alive)
{
    struct members_node *self = members_find(&gossip->members, &gossip->members.self);
    int order = claims_compare(alive->generation, alive->incarnation, self);
    bool is_other = self->has_instance && alive->generation == self->generation &&
                    memcmp(alive->instance, self->instance, sizeof self->instance) != 0;
    if (!self->record.size || (order == 0 && !is_other))
        return CLAIMS_KNOWN;
    if (order < 0 && !is_other) {
        courier_correct(gossip, &record->from, self);
        return CLAIMS_STALE;
    }
    self->alarm = is_other ? MEMBERS_CLONED : MEMBERS_RESTORED;
    members_touch(&gossip->members, self);
    return is_other ? CLAIMS_CLONED : CLAIMS_RESTORED;
}

static void own_alive_signed(struct gossip *gossip, const struct gossip_record *record)
{
    gossip->is_signing = false;
    for (size_t i = 0; i < gossip->teller_count; i++) {
        struct members_node *node = members_find(&gossip->members, &gossip->tellers[i]);
        if (node)
            courier_tell(gossip, node, RUMOR_ALIVE, record->envelope);
    }
    gossip->teller_count = 0;
}

// A member with a claim that is news to us.
static void alive_taken(struct gossip *gossip, const struct gossip_record *record, bool is_new)
{
    struct members_node *node = members_find(&gossip->members, &record->signer);
    rumor_remove_suspicions(&gossip->rumors, &node->id);
    if (!record->is_repair || !is_new)
        retell(gossip, RUMOR_ALIVE, record, rumor_key(&node->id, NULL));
    if (members_is_self(&gossip->members, node)) {
        own_alive_signed(gossip, record);
        return;
    }
    if (is_new)
        probe_insert(&gossip->probe, &node->id);
    if (!node->heard)
        probe_cancel(&gossip->probe, &node->id);
    judge_review(gossip, node);
    bool is_direct = node_id_equal(&record->from, &record->signer);
    bool has_moved = node->answered && !node->reached.ip_size;
    if ((is_direct && !node->answered) || has_moved)
        judge_check(gossip, node);
}

int gossip_add_alive(struct gossip *gossip, const struct gossip_record *record,
                     const struct member_alive *alive)
{
    bool is_own = node_id_equal(&record->signer, &gossip->members.self);
    if (is_own && !node_id_is_zero(&record->from))
        return judge_own_echo(gossip, record, alive);
    struct members_node *node = members_find(&gossip->members, &record->signer);
    bool is_new = !node || !node->record.size;
    struct claims_claim claim = {record->signer, record->envelope,
                                 node_id_equal(&record->from, &record->signer)};
    int outcome = claims_add_alive(&gossip->members, &claim, alive, gossip->now_ms);
    node = members_find(&gossip->members, &record->signer);
    if (outcome == 0 ||
        (outcome == CLAIMS_CLONED && bytes_equal(buffer_view(&node->record), record->envelope)))
        alive_taken(gossip, record, is_new);
    else if (outcome == CLAIMS_STALE || outcome == CLAIMS_RESTORED)
        courier_correct(gossip, &record->from, node);
    if (outcome == CLAIMS_KNOWN && record->is_repair)
        courier_accuse(gossip, &record->from, node); // it missed what we hold against this member
    if (node && record->vouched_ms != GOSSIP_NOT_VOUCHED && (outcome == 0 || outcome == CLAIMS_KNOWN))
        judge_vouched(gossip, node, &record->from, record->vouched_ms);
    return outcome;
}

int gossip_add_leave(struct gossip *gossip, const struct gossip_record *record,
                     const struct member_leave *leave)
{
    struct claims_claim claim = {record->signer, record->envelope, false};
    int outcome = claims_add_leave(&gossip->members, &claim, leave, gossip->now_ms);
    struct members_node *node = members_find(&gossip->members, &record->signer);
    if (outcome == CLAIMS_STALE)
        courier_correct(gossip, &record->from, node);
    if (outcome)
        return outcome;
    struct hash key = rumor_key(&record->signer, NULL);
    rumor_remove(&gossip->rumors, RUMOR_ALIVE, &key);
    rumor_remove_suspicions(&gossip->rumors, &record->signer);
    retell(gossip, RUMOR_LEAVE, record, key);
    judge_review(gossip, node);
    return 0;
}

// Our own word is out: it goes to helpers' askers, or to everybody and straight to the accused.
static void own_suspicion_signed(struct gossip *gossip, const struct gossip_record *record,
                                 const struct member_suspicion *suspicion)
{
    struct members_node *node = members_find(&gossip->members, &suspicion->target);
    relay_signed(gossip, &suspicion->target, record->envelope);
    if (!node || !node->accusing)
        return;
    node->accusing = false;
    struct claims_claim claim = {record->signer, record->envelope, true};
    if (claims_add_suspicion(&gossip->members, &claim, suspicion, gossip->now_ms) != 0)
        return;
    retell(gossip, RUMOR_SUSPICION, record, rumor_key(&node->id, &record->signer));
    courier_tell(gossip, node, RUMOR_SUSPICION, record->envelope);
    judge_review(gossip, node);
}

static int judge_accusation_of_self(struct gossip *gossip, const struct gossip_record *record,
                                    const struct member_suspicion *suspicion)
{
    struct members_node *self = members_find(&gossip->members, &gossip->members.self);
    int order = claims_compare(suspicion->generation, suspicion->incarnation, self);
    if (order > 0)
        return CLAIMS_UNKNOWN;
    if (order < 0) {
        courier_correct(gossip, &record->from, self);
        return CLAIMS_STALE;
    }
    judge_refute(gossip, &record->from);
    return 0;
}

int gossip_add_suspicion(struct gossip *gossip, const struct gossip_record *record,
                         const struct member_suspicion *suspicion)
{
    if (node_id_equal(&record->signer, &gossip->members.self) && node_id_is_zero(&record->from)) {
        own_suspicion_signed(gossip, record, suspicion);
        return 0;
    }
    if (node_id_equal(&suspicion->target, &gossip->members.self))
        return judge_accusation_of_self(gossip, record, suspicion);
    struct claims_claim claim = {record->signer, record->envelope, false};
    int outcome = claims_add_suspicion(&gossip->members, &claim, suspicion, gossip->now_ms);
    struct members_node *node = members_find(&gossip->members, &suspicion->target);
    if (outcome == CLAIMS_STALE)
        courier_correct(gossip, &record->from, node);
    if (outcome)
        return outcome;
    retell(gossip, RUMOR_SUSPICION, record, rumor_key(&node->id, &record->signer));
    judge_review(gossip, node);
    return 0;
}

void gossip_add_contact(struct gossip *gossip, const struct node_id *id, const struct address *address)
{
    struct members_node *node = members_add(&gossip->members, id, gossip->now_ms);
    if (!node || members_is_self(&gossip->members, node) || members_is_counted(node))
        return;
    node->reached = *address;
    if (!node->record.size) {
        free(node->addresses);
        node->addresses = base_copy(address, sizeof *address);
        node->address_count = 1;
    }
    judge_review(gossip, node);
    node->reached = *address;
    judge_check(gossip, node);
}

void gossip_add_seed(struct gossip *gossip, const struct address *address)
{
    for (size_t i = 0; i < gossip->seed_count; i++)
        if (address_equal(&gossip->seeds[i], address))
            return;
    if (gossip->seed_count < COUNT_OF(gossip->seeds))
        gossip->seeds[gossip->seed_count++] = *address;
}

void gossip_clear_alarm(struct gossip *gossip, const struct node_id *id)
{
    struct members_node *node = members_find(&gossip->members, id);
    if (node)
        members_clear_alarm(&gossip->members, node);
}

void gossip_renew(struct gossip *gossip)
{
    if (!gossip->is_signing)
        gossip->sign_ms = gossip->now_ms;
}

void gossip_set_table(struct gossip *gossip, const struct packet_fingerprint *table)
{
    gossip->summary.table = *table;
}

void gossip_set_authority(struct gossip *gossip, uint64_t number, const struct hash *head)
{
    gossip->summary.authority_number = number;
    memcpy(gossip->summary.authority_head.b, head->b, PACKET_FINGERPRINT_SIZE);
}

int gossip_spread(struct gossip *gossip, const struct gossip_news *news)
{
    assert(news->class >= RUMOR_NEWS);
    struct rumor_words words = {.class = news->class,
                                .urgent = news->urgent,
                                .key = news->key,
                                .source = news->from,
                                .data = news->data,
                                .now_ms = gossip->now_ms};
    return rumor_add(&gossip->rumors, &words);
}

static void perform_probes(struct gossip *gossip)
{
    struct probe_action action;
    while (probe_next(&gossip->probe, &action)) {
        struct courier_stop stop = {.node = action.target, .address = action.address};
        struct packet ask = {.type = PACKET_ASK,
                             .sequence = action.sequence,
                             .target = action.target,
                             .wait_ms = action.wait_ms};
        const struct members_node *helper = NULL;
        switch (action.kind) {
        case PROBE_PING:
            courier_ping(gossip, &stop, action.sequence);
            break;
        case PROBE_ASK:
            helper = members_find(&gossip->members, &action.helper);
            stop.node = action.helper;
            if (helper && members_address(helper, &stop.address))
                courier_ask(gossip, &stop, &ask);
            break;
        case PROBE_STREAM:
            stop.over_stream = true;
            courier_ping(gossip, &stop, action.sequence);
            break;
        case PROBE_FAILED:
            judge_failed(gossip, &action);
            break;
        }
    }
}

// What became due by what was just taken in; time has not moved.
static void work(struct gossip *gossip)
{
    judge_tick(gossip);
    perform_probes(gossip);
    if (has_urgent(gossip) && gossip->now_ms >= gossip->pushed_ms + COURIER_PUSH_MS) {
        gossip->pushed_ms = gossip->now_ms;
        gossip->pushed_serial = gossip->rumors.urgent_serial;
        gossip->has_more = courier_round(gossip);
    }
}

bool gossip_next_output(struct gossip *gossip, struct gossip_output *ret_output)
{
    struct node_id changed;
    if (outputs_next(&gossip->outbox, ret_output))
        return true;
    work(gossip);
    if (outputs_next(&gossip->outbox, ret_output))
        return true;
    if (!members_next_change(&gossip->members, &changed))
        return false;
    *ret_output = (struct gossip_output){.kind = GOSSIP_CHANGED, .node = changed};
    return true;
}

const struct members *gossip_members(const struct gossip *gossip)
{
    return &gossip->members;
}

const struct members_node *gossip_find(const struct gossip *gossip, const struct node_id *id)
{
    return members_find(&gossip->members, id);
}

uint64_t gossip_vouch_ms(const struct gossip *gossip, const struct members_node *node)
{
    if (!node->heard || members_is_self(&gossip->members, node) || !members_is_live(node))
        return GOSSIP_NOT_VOUCHED;
    uint64_t age_ms = gossip->now_ms - node->heard_ms;
    return age_ms <= 3 * gossip->interval_ms ? age_ms : GOSSIP_NOT_VOUCHED;
}

bool gossip_is_settled(const struct gossip *gossip)
{
    return gossip->is_settled;
}

bool gossip_is_awaited(const struct gossip *gossip, const struct members_node *node)
{
    return members_is_live(node) && !node->heard &&
           gossip->now_ms < node->unheard_ms + judge_patience_ms(gossip);
}

bool gossip_is_isolated(const struct gossip *gossip)
{
    return gossip->failures >= JUDGE_ISOLATED_COUNT;
}

static bool is_timekeeper(const struct members_node *node)
{
    return members_is_counted(node) && node->clock_trusted && node->clock.known;
}

void gossip_forget_clocks(struct gossip *gossip)
{
    for (size_t i = 0; i < gossip->members.count; i++)
        gossip->members.nodes[i]->clock = (struct clock_offset){0};
}

struct gossip_clock gossip_clock(const struct gossip *gossip, bool is_outsider)
{
    const struct members *members = &gossip->members;
    const struct members_node *self = members_find(members, &members->self);
    const struct clock_offset own = {.known = true};
    const struct clock_offset **offsets = base_alloc(members->count + 1, sizeof *offsets);
    struct gossip_clock clock = {0};
    size_t count = 0;
    bool any_sure = false;
    for (size_t i = 0; i < members->count; i++)
        any_sure |= is_timekeeper(members->nodes[i]) && members->nodes[i]->clock_error_ms;
    for (size_t i = 0; i < members->count; i++) {
        const struct members_node *node = members->nodes[i];
        if (members_is_self(members, node))
            continue;
        clock.unmeasured_count += members_is_counted(node) && node->clock_trusted && !node->clock.known;
        if (!is_timekeeper(node) || (any_sure && !node->clock_error_ms))
            continue;
        offsets[count++] = &node->clock;
        uint64_t unsure_ms = clock_offset_uncertainty_ms(&node->clock, gossip->now_ms);
        clock.uncertainty_ms = MAX_OF(clock.uncertainty_ms, unsure_ms);
    }
    clock.peer_count = count;
    if (count && !is_outsider && (!any_sure || (self && self->clock_error_ms)))
        offsets[count++] = &own;
    clock.offset_ms = clock_offset_median_ms(offsets, count);
    free(offsets);
    return clock;
}
