#include "gossip/probe.h"

#include <stdlib.h>
#include <string.h>

void probe_init(struct probe *probe, struct members *members, struct random *random, uint64_t interval_ms,
                uint64_t now_ms)
{
    *probe = (struct probe){.members = members, .random = random, .interval_ms = interval_ms};
    probe->sequence = (uint32_t)random_u64(random);
    probe->next_ms = now_ms + random_below(random, interval_ms);
}

static void pending_drop(struct probe *probe, struct probe_pending *pending)
{
    for (size_t i = 0; i < pending->suspicion_count; i++)
        buffer_deinit(&pending->suspicions[i]);
    size_t place = (size_t)(pending - probe->pending);
    probe->pending_count--;
    memmove(pending, pending + 1, (probe->pending_count - place) * sizeof *pending);
}

static void actions_clear(struct probe *probe)
{
    struct probe_action action;
    while (probe_next(probe, &action))
        for (size_t i = 0; i < action.suspicion_count; i++)
            buffer_deinit(&action.suspicions[i]);
}

void probe_deinit(struct probe *probe)
{
    actions_clear(probe);
    while (probe->pending_count)
        pending_drop(probe, &probe->pending[0]);
    free(probe->actions);
    free(probe->pending);
    free(probe->order);
    *probe = (struct probe){0};
}

uint32_t probe_next_sequence(struct probe *probe)
{
    return probe->sequence++;
}

static struct probe_action *action_add(struct probe *probe, const struct probe_pending *pending,
                                       enum probe_action_kind kind)
{
    void *array = probe->actions;
    base_grow(&array, &probe->action_capacity, probe->action_count + 1, sizeof(struct probe_action));
    probe->actions = array;
    struct probe_action *action = &probe->actions[probe->action_count++];
    *action = (struct probe_action){.kind = kind, .target = pending->target, .sequence = pending->sequence};
    return action;
}

bool probe_next(struct probe *probe, struct probe_action *ret_action)
{
    if (probe->action_next == probe->action_count) {
        probe->action_next = probe->action_count = 0;
        return false;
    }
    *ret_action = probe->actions[probe->action_next++];
    return true;
}

static struct probe_pending *find_target(const struct probe *probe, const struct node_id *target)
{
    for (size_t i = 0; i < probe->pending_count; i++)
        if (node_id_equal(&probe->pending[i].target, target))
            return &probe->pending[i];
    return NULL;
}

static struct probe_pending *find_sequence(const struct probe *probe, uint32_t sequence)
{
    for (size_t i = 0; i < probe->pending_count; i++)
        if (probe->pending[i].sequence == sequence)
            return &probe->pending[i];
    return NULL;
}

bool probe_is_pending(const struct probe *probe, const struct node_id *target)
{
    return find_target(probe, target) != NULL;
}

void probe_cancel(struct probe *probe, const struct node_id *target)
{
    struct probe_pending *pending = find_target(probe, target);
    if (pending)
        pending_drop(probe, pending);
}

// Who sleeps between its own probes answers late; both phases together fit into one interval, the longer
// of ours and its own.
static uint64_t interval_ms(const struct probe *probe, const struct members_node *node)
{
    return MAX_OF(probe->interval_ms, members_interval_ms(node));
}

uint64_t probe_timeout_ms(const struct probe *probe, const struct members_node *node)
{
    uint64_t half_ms = interval_ms(probe, node) / 2;
    return roundtrip_timeout_ms(&node->roundtrip, MIN_OF((uint64_t)PROBE_TIMEOUT_MS_MIN, half_ms), half_ms);
}

static uint64_t direct_ms(const struct probe *probe, const struct members_node *node, enum probe_kind kind)
{
    return kind == PROBE_CONTACT ? interval_ms(probe, node) : probe_timeout_ms(probe, node);
}

static uint64_t indirect_ms(const struct probe *probe, const struct members_node *node)
{
    uint64_t wait_ms = MAX_OF(3 * probe_timeout_ms(probe, node), (uint64_t)PROBE_INDIRECT_MS_MIN);
    return MIN_OF(wait_ms, interval_ms(probe, node) / 2);
}

// A contact that met with silence must not keep us from asking when there is a new reason to.
static bool is_busy(struct probe *probe, const struct node_id *target, uint64_t now_ms)
{
    struct probe_pending *pending = find_target(probe, target);
    if (!pending)
        return false;
    if (pending->kind != PROBE_CONTACT || now_ms < pending->sent_ms + PROBE_TIMEOUT_MS_MIN)
        return true;
    pending_drop(probe, pending);
    return false;
}

void probe_start(struct probe *probe, struct members_node *node, enum probe_kind kind, struct probe_time time)
{
    struct address address;
    if (members_is_self(probe->members, node) || !members_address(node, &address) ||
        is_busy(probe, &node->id, time.now_ms) || probe->pending_count == PROBE_PENDING_COUNT_MAX)
        return;
    void *array = probe->pending;
    base_grow(&array, &probe->pending_capacity, probe->pending_count + 1, sizeof(struct probe_pending));
    probe->pending = array;
    struct probe_pending *pending = &probe->pending[probe->pending_count++];
    *pending = (struct probe_pending){
        .target = node->id,
        .kind = kind,
        .sequence = probe_next_sequence(probe),
        .sent_ms = time.now_ms,
        .sent_wall_ms = time.wall_ms,
        .deadline_ms = time.now_ms + direct_ms(probe, node, kind),
        .pinged = {address},
    };
    node->attempts++;
    action_add(probe, pending, PROBE_PING)->address = address;
}

// Three heard members at random, without the target.
static void choose_helpers(struct probe *probe, struct probe_pending *pending)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < probe->members->count; i++) {
        const struct members_node *node = probe->members->nodes[i];
        if (!members_is_trusted(node) || members_is_self(probe->members, node) || !node->reached.ip_size ||
            node_id_equal(&node->id, &pending->target))
            continue;
        seen++; // reservoir sampling
        if (pending->helper_count < PROBE_HELPER_COUNT) {
            pending->helpers[pending->helper_count++] = node->id;
            continue;
        }
        uint64_t place = random_below(probe->random, seen);
        if (place < PROBE_HELPER_COUNT)
            pending->helpers[place] = node->id;
    }
}

// The ping is repeated at the next address, in case this one is the trouble.
static void ping_again(struct probe *probe, struct probe_pending *pending, const struct members_node *node)
{
    struct address address = pending->pinged[0];
    if (node->address_count) {
        address = node->addresses[node->attempts % node->address_count];
        if (address_equal(&address, &pending->pinged[0]))
            address = node->addresses[(node->attempts + 1) % node->address_count];
    }
    pending->pinged[1] = address;
    action_add(probe, pending, PROBE_PING)->address = address;
}

static void ping_over_stream(struct probe *probe, struct probe_pending *pending, uint64_t now_ms)
{
    if (pending->streamed_ms)
        return;
    pending->streamed_ms = now_ms;
    action_add(probe, pending, PROBE_STREAM);
}

void probe_stream(struct probe *probe, const struct node_id *target, uint64_t now_ms)
{
    struct probe_pending *pending = find_target(probe, target);
    if (pending)
        ping_over_stream(probe, pending, now_ms);
}

static void ask_helpers(struct probe *probe, struct probe_pending *pending, uint64_t now_ms)
{
    const struct members_node *node = members_find(probe->members, &pending->target);
    pending->is_indirect = true;
    uint64_t wait_ms = node ? indirect_ms(probe, node) : 0;
    pending->deadline_ms = now_ms + wait_ms;
    if (!node)
        return;
    choose_helpers(probe, pending);
    for (size_t i = 0; i < pending->helper_count; i++) {
        struct probe_action *action = action_add(probe, pending, PROBE_ASK);
        action->helper = pending->helpers[i];
        action->wait_ms = (uint16_t)MIN_OF(wait_ms, (uint64_t)UINT16_MAX);
    }
    ping_again(probe, pending, node);
    ping_over_stream(probe, pending, now_ms);
}

static void give_up(struct probe *probe, struct probe_pending *pending)
{
    if (pending->streamed_ms)
        probe->late[probe->late_next++ % PROBE_LATE_COUNT_MAX] =
            (struct probe_late){pending->target, pending->sequence, pending->streamed_ms};
    struct probe_action *action = action_add(probe, pending, PROBE_FAILED);
    action->probe = pending->kind;
    memcpy(action->suspicions, pending->suspicions, sizeof action->suspicions);
    action->suspicion_count = pending->suspicion_count;
    pending->suspicion_count = 0; // the action owns them
    pending_drop(probe, pending);
}

static void time_out(struct probe *probe, uint64_t now_ms)
{
    for (size_t i = 0; i < probe->pending_count;) {
        struct probe_pending *pending = &probe->pending[i];
        if (pending->deadline_ms > now_ms) {
            i++;
        } else if (!pending->is_indirect && pending->kind != PROBE_CONTACT) {
            ask_helpers(probe, pending, now_ms);
            i++;
        } else {
            give_up(probe, pending);
        }
    }
}

static void order_add(struct probe *probe, const struct node_id *id)
{
    void *array = probe->order;
    base_grow(&array, &probe->order_capacity, probe->order_count + 1, sizeof(struct node_id));
    probe->order = array;
    probe->order[probe->order_count++] = *id;
}

static void swap_order(struct probe *probe, size_t a, size_t b)
{
    struct node_id kept = probe->order[a];
    probe->order[a] = probe->order[b];
    probe->order[b] = kept;
}

void probe_insert(struct probe *probe, const struct node_id *id)
{
    order_add(probe, id);
    size_t left = probe->order_count - probe->order_next;
    swap_order(probe, probe->order_count - 1, probe->order_next + (size_t)random_below(probe->random, left));
}

static void begin_round(struct probe *probe)
{
    probe->order_count = probe->order_next = 0;
    for (size_t i = 0; i < probe->members->count; i++) {
        const struct members_node *node = probe->members->nodes[i];
        if (members_is_live(node) && !members_is_self(probe->members, node))
            order_add(probe, &node->id);
    }
    for (size_t left = probe->order_count; left > 1; left--)
        swap_order(probe, left - 1, (size_t)random_below(probe->random, left));
}

// Members not heard yet are on a schedule of their own (gossip/judge.h).
static bool is_on_round(const struct members_node *node)
{
    return node && members_is_counted(node);
}

static void probe_one(struct probe *probe, struct probe_time time)
{
    bool began = false;
    for (;;) {
        if (probe->order_next == probe->order_count) {
            if (began)
                return; // nobody to ask
            begin_round(probe);
            began = true;
            continue;
        }
        struct members_node *node = members_find(probe->members, &probe->order[probe->order_next++]);
        if (!is_on_round(node) || members_is_self(probe->members, node) || probe_is_pending(probe, &node->id))
            continue;
        probe_start(probe, node, PROBE_ROUND, time);
        return;
    }
}

void probe_tick(struct probe *probe, struct probe_time time)
{
    time_out(probe, time.now_ms);
    if (probe->next_ms > time.now_ms)
        return;
    probe_one(probe, time);
    probe->next_ms += probe->interval_ms;
    if (probe->next_ms <= time.now_ms) // we were away: no catching up
        probe->next_ms = time.now_ms + probe->interval_ms;
}

uint64_t probe_deadline_ms(const struct probe *probe)
{
    uint64_t deadline_ms = probe->next_ms;
    for (size_t i = 0; i < probe->pending_count; i++)
        deadline_ms = MIN_OF(deadline_ms, probe->pending[i].deadline_ms);
    return deadline_ms;
}

void probe_forgive(struct probe *probe, uint64_t now_ms)
{
    while (probe->pending_count)
        pending_drop(probe, &probe->pending[probe->pending_count - 1]);
    memset(probe->late, 0, sizeof probe->late);
    actions_clear(probe);
    probe->next_ms = MAX_OF(probe->next_ms, now_ms + probe->interval_ms / 4);
}

void probe_send_failed(struct probe *probe, const struct node_id *target, uint64_t now_ms)
{
    struct probe_pending *pending = find_target(probe, target);
    if (pending && !pending->is_indirect)
        pending->deadline_ms = now_ms;
}

bool probe_acked(struct probe *probe, const struct node_id *from, uint32_t sequence,
                 const struct address *address, struct probe_success *ret_success)
{
    struct probe_pending *pending = find_sequence(probe, sequence);
    if (!pending || !node_id_equal(&pending->target, from))
        return false;
    bool second = pending->is_indirect && address_equal(&pending->pinged[1], address);
    *ret_success = (struct probe_success){
        .sent_ms = pending->sent_ms,
        .sent_wall_ms = pending->sent_wall_ms,
        .pinged = pending->pinged[second ? 1 : 0],
    };
    pending_drop(probe, pending);
    return true;
}

bool probe_stream_acked(struct probe *probe, const struct node_id *from, uint32_t sequence,
                        uint64_t *ret_sent_ms)
{
    struct probe_pending *pending = find_sequence(probe, sequence);
    if (pending && pending->streamed_ms && node_id_equal(&pending->target, from)) {
        *ret_sent_ms = pending->streamed_ms;
        pending_drop(probe, pending);
        return true;
    }
    for (size_t i = 0; i < PROBE_LATE_COUNT_MAX; i++) {
        struct probe_late *late = &probe->late[i];
        if (!late->streamed_ms || late->sequence != sequence || !node_id_equal(&late->target, from))
            continue;
        *ret_sent_ms = late->streamed_ms;
        *late = (struct probe_late){0};
        return true;
    }
    return false;
}

static bool was_asked(const struct probe_pending *pending, const struct node_id *helper)
{
    for (size_t i = 0; i < pending->helper_count; i++)
        if (node_id_equal(&pending->helpers[i], helper))
            return true;
    return false;
}

bool probe_relayed(struct probe *probe, const struct node_id *from, uint32_t sequence,
                   struct node_id *ret_target)
{
    struct probe_pending *pending = find_sequence(probe, sequence);
    if (!pending || !was_asked(pending, from))
        return false;
    *ret_target = pending->target;
    pending_drop(probe, pending);
    return true;
}

void probe_nacked(struct probe *probe, const struct node_id *from, uint32_t sequence, struct bytes suspicion)
{
    struct probe_pending *pending = find_sequence(probe, sequence);
    if (!pending || !was_asked(pending, from) || !suspicion.size ||
        pending->suspicion_count == COUNT_OF(pending->suspicions))
        return;
    struct buffer *kept = &pending->suspicions[pending->suspicion_count++];
    *kept = (struct buffer){0};
    buffer_add(kept, suspicion.data, suspicion.size);
}
