#include "gossip/members.h"

#include <stdlib.h>
#include <string.h>

#include "proto/sorted.h"

// From the row's state to the column's; see the drawing in the header.
static const bool allowed[MEMBERS_STATE_COUNT][MEMBERS_STATE_COUNT] = {
    [MEMBERS_ALIVE] = {[MEMBERS_SUSPECT] = true, [MEMBERS_DEAD] = true, [MEMBERS_LEFT] = true},
    [MEMBERS_SUSPECT] = {[MEMBERS_ALIVE] = true, [MEMBERS_DEAD] = true, [MEMBERS_LEFT] = true},
    [MEMBERS_DEAD] = {[MEMBERS_ALIVE] = true, [MEMBERS_LEFT] = true},
    [MEMBERS_LEFT] = {[MEMBERS_ALIVE] = true},
};

void members_init(struct members *members, const struct node_id *self, uint64_t now_ms)
{
    *members = (struct members){.self = *self};
    struct members_node *node = members_add(members, self, now_ms);
    node->heard = true;
    node->heard_ms = now_ms;
}

static void node_free(struct members_node *node)
{
    for (size_t i = 0; i < node->accusation_count; i++)
        buffer_deinit(&node->accusations[i].envelope);
    buffer_deinit(&node->record);
    free(node->addresses);
    free(node);
}

void members_deinit(struct members *members)
{
    for (size_t i = 0; i < members->count; i++)
        node_free(members->nodes[i]);
    free(members->nodes);
    free(members->changes);
    timers_deinit(&members->timers);
    *members = (struct members){0};
}

static int compare(const void *element, const void *id)
{
    struct members_node *const *node = element;
    return memcmp(&(*node)->id, id, sizeof(struct node_id));
}

static bool find(const struct members *members, const struct node_id *id, size_t *ret_at)
{
    return sorted_find(SORTED(members->nodes, members->count, compare), id, ret_at);
}

struct members_node *members_find(const struct members *members, const struct node_id *id)
{
    size_t at;
    return find(members, id, &at) ? members->nodes[at] : NULL;
}

struct members_node *members_add(struct members *members, const struct node_id *id, uint64_t now_ms)
{
    size_t at;
    if (find(members, id, &at))
        return members->nodes[at];
    if (members->count == LIMIT_MEMBER_COUNT_MAX)
        return NULL;
    void *array = members->nodes;
    struct members_node **place =
        sorted_insert(&array, &members->count, &members->capacity, at, sizeof *place);
    members->nodes = array;
    struct members_node *node = base_alloc(1, sizeof *node);
    node->id = *id;
    node->state = MEMBERS_ALIVE;
    node->state_ms = node->unheard_ms = now_ms;
    *place = node;
    members->in_state[MEMBERS_ALIVE]++;
    members_touch(members, node);
    return node;
}

void members_remove(struct members *members, struct members_node *node)
{
    size_t at;
    bool found = find(members, &node->id, &at);
    assert(found);
    members_touch(members, node);
    members->in_state[node->state]--;
    members->print -= node->print;
    timers_remove(&members->timers, &node->timer);
    members->count--;
    memmove(members->nodes + at, members->nodes + at + 1, (members->count - at) * sizeof *members->nodes);
    node_free(node);
}

bool members_is_self(const struct members *members, const struct members_node *node)
{
    return node_id_equal(&members->self, &node->id);
}

size_t members_live_count(const struct members *members)
{
    return members->in_state[MEMBERS_ALIVE] + members->in_state[MEMBERS_SUSPECT];
}

bool members_is_live(const struct members_node *node)
{
    return node->state == MEMBERS_ALIVE || node->state == MEMBERS_SUSPECT;
}

bool members_is_counted(const struct members_node *node)
{
    return node->heard && members_is_live(node);
}

bool members_is_trusted(const struct members_node *node)
{
    return node->heard && node->state == MEMBERS_ALIVE;
}

void members_move(struct members *members, struct members_node *node, enum members_state state,
                  uint64_t now_ms)
{
    if (node->state == state)
        return;
    assert(allowed[node->state][state]);
    members->in_state[node->state]--;
    members->in_state[state]++;
    node->state = state;
    node->state_ms = now_ms;
    if (!node->heard)
        node->unheard_ms = now_ms;
    if (state == MEMBERS_DEAD || state == MEMBERS_LEFT)
        members_unhear(members, node, now_ms);
    members_touch(members, node);
}

void members_hear(struct members *members, struct members_node *node, uint64_t at_ms, bool direct,
                  uint64_t now_ms)
{
    bool was_heard = node->heard;
    node->unanswered = 0;
    node->heard_ms = was_heard ? MAX_OF(node->heard_ms, at_ms) : at_ms;
    if (!was_heard)
        node->heard_since_ms = now_ms;
    node->heard = true;
    node->answered = node->answered || direct;
    if (node->state == MEMBERS_DEAD && !node->accusation_count)
        members_move(members, node, MEMBERS_ALIVE, now_ms);
    else if (!was_heard)
        members_touch(members, node);
}

void members_unhear(struct members *members, struct members_node *node, uint64_t now_ms)
{
    bool was_heard = node->heard;
    node->unheard_ms = now_ms;
    node->answered = false;
    node->heard = false;
    node->unanswered = 0;
    if (was_heard)
        members_touch(members, node);
}

void members_clear_alarm(struct members *members, struct members_node *node)
{
    if (node->alarm == MEMBERS_NO_ALARM)
        return;
    node->alarm = MEMBERS_NO_ALARM;
    members_touch(members, node);
}

static uint64_t node_print(const struct members_node *node)
{
    struct hasher hasher;
    struct reader reader;
    if (!members_is_live(node) || !node->record.size)
        return 0;
    hasher_start(&hasher, "katydid-member-1");
    hasher_add(&hasher, node->id.b, sizeof node->id.b);
    hasher_add_u64(&hasher, node->generation);
    hasher_add_u64(&hasher, (uint64_t)node->clock_error_ms << 2 | (uint64_t)node->takes_work << 1 |
                                (uint64_t)node->clock_trusted);
    for (size_t i = 0; i < node->address_count; i++) {
        hasher_add_u64(&hasher, (uint64_t)node->addresses[i].ip_size << 16 | node->addresses[i].port);
        hasher_add(&hasher, node->addresses[i].ip, node->addresses[i].ip_size);
    }
    struct hash hash = hasher_finish(&hasher);
    reader_init(&reader, bytes_of(hash.b, sizeof hash.b));
    return reader_u64(&reader);
}

void members_touch(struct members *members, struct members_node *node)
{
    uint64_t print = node_print(node);
    members->print += print - node->print; // a sum, so the order of arrival does not matter
    node->print = print;
    members->change_count++;
    if (node->changed)
        return;
    node->changed = true;
    void *array = members->changes;
    base_grow(&array, &members->changes_capacity, members->changes_count + 1, sizeof(struct node_id));
    members->changes = array;
    members->changes[members->changes_count++] = node->id;
}

bool members_next_change(struct members *members, struct node_id *ret_id)
{
    if (!members->changes_count)
        return false;
    *ret_id = members->changes[--members->changes_count];
    struct members_node *node = members_find(members, ret_id);
    if (node)
        node->changed = false;
    return true;
}

struct packet_fingerprint members_fingerprint(const struct members *members)
{
    struct packet_fingerprint fingerprint;
    for (size_t i = 0; i < sizeof fingerprint.b; i++)
        fingerprint.b[i] = (uint8_t)(members->print >> (8 * i));
    return fingerprint;
}

uint64_t members_interval_ms(const struct members_node *node)
{
    return MIN_OF(node->probe_interval_ms, (uint32_t)MEMBERS_INTERVAL_MS_MAX);
}

bool members_address(const struct members_node *node, struct address *ret_address)
{
    if (node->reached.ip_size) {
        *ret_address = node->reached;
        return true;
    }
    if (!node->address_count)
        return false;
    *ret_address = node->addresses[node->attempts % node->address_count];
    return true;
}
