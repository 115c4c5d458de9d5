#include "node/core/comings.h"

#include "node/core/barred.h"
#include "node/core/intake.h"
#include "node/core/state.h"
#include "node/core/trigger/event_fate.h"
#include "node/core/trigger/member_change.h"
#include "proto/sorted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMINGS_TELL_MS = 60000 };

void comings_deinit(struct comings *comings)
{
    free(comings->nodes);
    free(comings->changes);
    *comings = (struct comings){0};
}

static int compare(const void *element, const void *id)
{
    return memcmp(&((const struct comings_node *)element)->id, id, sizeof(struct node_id));
}

static struct comings_node *get(struct comings *comings, const struct node_id *id, enum comings_state first)
{
    size_t at;
    if (sorted_find(SORTED(comings->nodes, comings->node_count, compare), id, &at))
        return &comings->nodes[at];
    void *nodes = comings->nodes;
    struct comings_node *added =
        sorted_insert(&nodes, &comings->node_count, &comings->node_capacity, at, sizeof *added);
    comings->nodes = nodes;
    *added = (struct comings_node){.id = *id, .state = first};
    return added;
}

void comings_ready(struct core *core)
{
    const struct directory_node *node = NULL;
    while ((node = directory_next(&core->directory, node)))
        (void)get(&core->comings, &node->id, COMINGS_UNKNOWN);
}

static void note(struct core *core, enum definition_member_change kind, const struct comings_node *node)
{
    struct comings *comings = &core->comings;
    struct comings_change change = {.member = {.change = (uint8_t)kind,
                                               .node = node->id,
                                               .generation = node->generation,
                                               .incarnation = node->incarnation},
                                    .at_ms = core->wall_ms,
                                    .at_now_ms = core->now_ms};
    change.cause = member_change_cause(&change.member);
    if (comings_find(core, &change.cause))
        return;
    if (comings->change_count == COMINGS_COUNT_MAX)
        memmove(comings->changes, comings->changes + 1, --comings->change_count * sizeof *comings->changes);
    void *changes = comings->changes;
    base_grow(&changes, &comings->change_capacity, comings->change_count + 1, sizeof *comings->changes);
    comings->changes = changes;
    comings->changes[comings->change_count++] = change;
    happening_look_at(core, core->now_ms);
}

static void come(struct core *core, struct comings_node *node, const struct members_node *member)
{
    bool is_back = node->generation && member->generation == node->generation;
    bool is_told = node->state == COMINGS_OUT;
    node->state = COMINGS_IN;
    node->generation = member->generation;
    node->incarnation = is_back ? node->incarnation : 0;
    if (is_told)
        note(core, DEFINITION_MEMBER_JOIN, node);
}

static void go(struct core *core, struct comings_node *node, const struct members_node *member)
{
    bool is_told = node->state == COMINGS_IN;
    node->state = COMINGS_OUT;
    node->generation = member->generation;
    node->incarnation = member->incarnation;
    if (is_told)
        note(core, member->state == MEMBERS_LEFT ? DEFINITION_MEMBER_LEAVE : DEFINITION_MEMBER_DEAD, node);
}

void comings_follow(struct core *core, const struct node_id *id)
{
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    if (!core->is_ready || !member || node_id_equal(id, &core->self.id))
        return;
    bool is_meeting = core->now_ms - core->self.booted_ms < COMINGS_START_MS || !fleet_is_settled(core);
    struct comings_node *node = get(&core->comings, id, is_meeting ? COMINGS_UNKNOWN : COMINGS_OUT);
    if (members_is_counted(member) && node->state != COMINGS_IN)
        come(core, node, member);
    else if (!members_is_live(member) && node->state != COMINGS_OUT)
        go(core, node, member);
}

void comings_keep_house(struct core *core)
{
    struct comings *comings = &core->comings;
    size_t old = 0;
    for (size_t i = 0; i < comings->node_count; i++) // heard before this node was ready
        if (comings->nodes[i].state == COMINGS_UNKNOWN)
            comings_follow(core, &comings->nodes[i].id);
    while (old < comings->change_count && core->now_ms - comings->changes[old].at_now_ms > COMINGS_KEEP_MS)
        old++;
    comings->change_count -= old;
    if (old)
        memmove(comings->changes, comings->changes + old, comings->change_count * sizeof *comings->changes);
}

const struct comings_change *comings_find(const struct core *core, const struct hash *cause)
{
    const struct comings *comings = &core->comings;
    for (size_t i = comings->change_count; i-- > 0;)
        if (hash_equal(&comings->changes[i].cause, cause))
            return &comings->changes[i];
    return NULL;
}

bool comings_feed(struct core *core, const struct hash *cause)
{
    const struct comings_change *change = comings_find(core, cause);
    if (change)
        intake_feed_node(core, &change->member.node);
    return change != NULL;
}

// --- what a trigger waits for --------------------------------------------------

static bool fits(const struct core *core, const struct definition *definition, uint16_t index,
                 const struct comings_change *change)
{
    const struct definition_trigger *trigger = &definition->triggers[index];
    const struct directory_node *node = directory_find(&core->directory, &change->member.node);
    return node && (trigger->changes & change->member.change) &&
           change->at_ms > stamp_wall_ms(definition->since) &&
           core->now_ms - change->at_now_ms <= COMINGS_NEW_MS &&
           labels_cover(&node->labels, &trigger->where) &&
           (!trigger->node[0] || strcmp(trigger->node, node->name) == 0);
}

static void tell_capped(struct core *core, struct job *job, uint16_t trigger)
{
    struct jobs_slot *slot = &job->slots[trigger];
    if (slot->told_ms && core->now_ms - slot->told_ms < COMINGS_TELL_MS)
        return;
    slot->told_ms = core->now_ms;
    book_story(core, job, NULL, "changes of members wait: more than %d within an hour", EVENT_FATE_PER_HOUR);
}

void comings_look(struct core *core, struct job *job, uint16_t trigger)
{
    const struct comings *comings = &core->comings;
    if (!comings->change_count || job->role != JOBS_OWNER)
        return;
    size_t lately = happening_count_lately(core, job, trigger);
    for (size_t i = 0; i < comings->change_count; i++) {
        const struct comings_change *change = &comings->changes[i];
        if (!fits(core, jobs_definition(core, job), trigger, change) ||
            happening_is_known(core, job, trigger, &change->cause) ||
            barred_is(core, job, trigger, change->at_ms))
            continue;
        if (lately >= EVENT_FATE_PER_HOUR) {
            tell_capped(core, job, trigger);
            return;
        }
        lately += happening_occur(core, job, trigger, &change->cause);
    }
}

void comings_tell(const struct core *core, const struct hash *cause, char out[HAPPENING_TEXT_ROOM])
{
    const struct comings_change *change = comings_find(core, cause);
    if (!change)
        snprintf(out, HAPPENING_TEXT_ROOM, "a change of members");
    else
        snprintf(out, HAPPENING_TEXT_ROOM, "member %s %s", core_node_name(core, &change->member.node),
                 member_change_text(change->member.change));
}
