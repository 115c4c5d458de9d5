#include "node/core/emissions.h"

#include "node/core/barred.h"
#include "node/core/state.h"
#include "node/core/trigger/duration.h"
#include "node/core/trigger/event_fate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void emissions_init(struct emissions *emissions)
{
    event_set_init(&emissions->set);
}

void emissions_deinit(struct emissions *emissions)
{
    event_set_deinit(&emissions->set);
}

static struct event_set_trust trust_of(const struct core *core)
{
    return (struct event_set_trust){&core->authority, &core->directory};
}

// --- in and out ----------------------------------------------------------------

static void drop_from_disk(struct core *core)
{
    struct record_id dropped;
    while (event_set_take_dropped(&core->emissions.set, &dropped)) {
        const struct effect_write write = {
            .kind = EFFECT_WRITE_RECORD_DROP, .class = EFFECT_WRITE_MUST, .record = dropped.hash};
        outbox_write(&core->outbox, &write);
    }
}

static void say_full(struct core *core)
{
    struct emissions *emissions = &core->emissions;
    if (emissions->full_told_ms && core->now_ms - emissions->full_told_ms < EMISSIONS_TELL_MS)
        return;
    emissions->full_told_ms = core->now_ms;
    outbox_notice(&core->outbox, EFFECT_WARNING,
                  "%zu events have not expired; more of whoever emitted most of them are not taken",
                  emissions->set.count);
}

// Jobs look soon: at once, unless they did so a moment ago.
static void look_soon(struct core *core)
{
    uint64_t at_ms = MAX_OF(core->now_ms, core->emissions.looked_ms + EMISSIONS_LOOK_MS);
    happening_look_at(core, at_ms);
}

int emissions_take(struct core *core, struct bytes envelope, enum intake_origin origin,
                   struct intake_note *note)
{
    struct event_set *set = &core->emissions.set;
    const struct event_set_trust trust = trust_of(core);
    int outcome = origin == INTAKE_DISK ? event_set_restore(set, &trust, envelope)
                  : origin == INTAKE_PERSON
                      ? event_set_submit(set, &trust, envelope, core->wall_ms, &note->id)
                      : event_set_add(set, &trust, envelope, &note->id);
    drop_from_disk(core);
    note->text = event_set_outcome_text(outcome);
    switch (outcome) {
    case 0:
        if (core->is_ready)
            look_soon(core);
        return 0;
    case EVENT_SET_KNOWN:
        return INTAKE_KNOWN;
    case EVENT_SET_SIGNER_UNKNOWN:
    case EVENT_SET_LOG_BEHIND:
        return INTAKE_SIGNER_UNKNOWN;
    case EVENT_SET_FULL:
        say_full(core);
        return INTAKE_REFUSED;
    default:
        return INTAKE_REFUSED;
    }
}

void emissions_recheck(struct core *core)
{
    const struct event_set_trust trust = trust_of(core);
    event_set_recheck(&core->emissions.set, &trust);
    drop_from_disk(core);
}

void emissions_keep_house(struct core *core)
{
    if (clock_is_trusted(core))
        event_set_prune(&core->emissions.set, core->wall_ms);
    drop_from_disk(core);
}

static void feed(struct core *core, struct bytes envelope)
{
    const struct frame frame = {.kind = FRAME_RECORD, .data = envelope};
    outbox_frame(&core->outbox, &frame);
}

bool emissions_feed(struct core *core, const struct hash *id)
{
    const struct event_set_item *item = event_set_find(&core->emissions.set, id);
    if (!item)
        return false;
    if (item->is_of_node)
        intake_feed_node(core, &item->signer);
    feed(core, buffer_view(&item->envelope));
    return true;
}

int emissions_emit(struct core *core, struct event_record *event, struct intake_note *note)
{
    struct buffer body = {0}, envelope = {0};
    random_fill(&core->random, event->random, sizeof event->random);
    event->stamp = stamp_next(&core->stamps, core->wall_ms);
    event_record_encode(event, &body);
    envelope_sign(&core->self.signer, ENVELOPE_EVENT, buffer_view(&body), &envelope);
    int outcome = intake_record(core, buffer_view(&envelope), INTAKE_PERSON, note);
    if (outcome == 0)
        fleet_spread(core, &note->id, buffer_view(&envelope), NULL);
    buffer_deinit(&body);
    buffer_deinit(&envelope);
    return outcome;
}

// --- which of them a trigger listens to --------------------------------------------

static bool is_from(const struct core *core, const struct definition_trigger *trigger,
                    const struct event_set_item *item)
{
    if (!item->is_of_node)
        return trigger->from != DEFINITION_FROM_NODES;
    const struct directory_node *node = directory_find(&core->directory, &item->signer);
    return trigger->from != DEFINITION_FROM_OPERATORS && node &&
           labels_cover(&node->labels, &trigger->where) &&
           (!trigger->node[0] || strcmp(trigger->node, node->name) == 0);
}

static bool fits(const struct core *core, const struct definition *definition, uint16_t index,
                 const struct event_set_item *item)
{
    const struct definition_trigger *trigger = &definition->triggers[index];
    return !item->is_denied && item->stamp > definition->since && item->expires_ms > core->wall_ms &&
           name_fits(trigger->name, item->name) && is_from(core, trigger, item);
}

struct listening {                        // of one trigger, at one look
    const struct event_set_item **events; // owned
    struct event_fate_item *items;        // owned
    size_t count;
};

static void listen(struct core *core, struct job *job, uint16_t trigger, struct listening *ret)
{
    const struct definition *definition = jobs_definition(core, job);
    const struct event_set *set = &core->emissions.set;
    ret->events = base_alloc(set->count + 1, sizeof *ret->events);
    ret->items = base_alloc(set->count + 1, sizeof *ret->items);
    ret->count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct event_set_item *item = set->items[i];
        if (!fits(core, definition, trigger, item) ||
            barred_is(core, job, trigger, stamp_wall_ms(item->stamp)))
            continue;
        ret->events[ret->count] = item;
        ret->items[ret->count++] =
            (struct event_fate_item){.at_ms = stamp_wall_ms(item->stamp),
                                     .is_started = happening_is_known(core, job, trigger, &item->id.hash)};
    }
}

// What the ledger knows of this trigger: when it last started, and how many did lately.
static struct event_fate_rules rules_of(const struct core *core, const struct job *job, uint16_t index)
{
    const struct definition_trigger *trigger = &jobs_definition(core, job)->triggers[index];
    struct event_fate_rules rules = {
        .quiet_ms = trigger->quiet_ms, .throttle_ms = trigger->throttle_ms, .last_ms = INT64_MIN};
    size_t most = event_fate_per_hour(trigger->throttle_ms);
    for (size_t i = 0; i < job->known.count; i++) {
        const struct known_due *due = &job->known.items[i];
        if (!happening_is_of(job, due, index))
            continue;
        const struct event_set_item *item = event_set_find(&core->emissions.set, &due->key.cause);
        rules.last_ms =
            MAX_OF(rules.last_ms, item ? stamp_wall_ms(item->stamp) : due->attempts[0].claimed_ms);
    }
    rules.room = most - MIN_OF(happening_count_lately(core, job, index), most);
    return rules;
}

static void write_stretch(struct core *core, struct job *job, uint16_t trigger)
{
    struct jobs_slot *slot = &job->slots[trigger];
    uint64_t throttle_ms = jobs_definition(core, job)->triggers[trigger].throttle_ms;
    int64_t length_ms = slot->stretch_last_ms - slot->stretch_ms;
    char reason[96], span[DURATION_TEXT_SIZE];
    duration_print(throttle_ms, span);
    if (throttle_ms)
        snprintf(reason, sizeof reason, "throttled: at most one event in %s", span);
    else
        snprintf(reason, sizeof reason, "expired: more than %d events an hour", (int)EVENT_FATE_PER_HOUR);
    const struct known_key key = {.schedule_version = job->schedule_version,
                                  .trigger = trigger,
                                  .target = jobs_target(core, job),
                                  .due_ms = slot->stretch_ms};
    const struct ledger_verdict verdict = {
        .occurrence = book_occurrence(job, &key),
        .last_due_ms = slot->stretch_last_ms,
        .count = MIN_OF(slot->stretch_count, (uint64_t)length_ms + 1), // one a millisecond
        .status = throttle_ms ? LEDGER_SKIPPED : LEDGER_MISSED,
        .reason = reason,
        .at_ms = core->wall_ms};
    book_note_verdict(job, &verdict);
    book_write_verdict(core, &verdict);
    slot->decided_ms = slot->stretch_last_ms;
    slot->told_ms = core->now_ms;
}

static bool is_unwritten(const struct jobs_slot *slot)
{
    return slot->stretch_last_ms > slot->decided_ms;
}

// It never starts: another one did too shortly before, or there was no room until it expired.
static bool is_lost(const struct core *core, const struct listening *heard, size_t index)
{
    enum event_fate fate = heard->items[index].fate;
    return fate == EVENT_FATE_THROTTLED ||
           (fate == EVENT_FATE_CAPPED &&
            heard->events[index]->expires_ms <= core->wall_ms + (int64_t)EMISSIONS_LAST_MS);
}

static void begin_stretch(struct core *core, struct job *job, uint16_t trigger, int64_t at_ms)
{
    struct jobs_slot *slot = &job->slots[trigger];
    if (is_unwritten(slot))
        write_stretch(core, job, trigger);
    slot->stretch_ms = at_ms;
    slot->stretch_count = 0;
    slot->told_ms = 0; // to be written at once
}

// Those that were too many: one range for a stretch of them, written at once and again while it grows. The
// slot's cursor says up to when they are told of, so the next owner goes on there.
static void settle_lost(struct core *core, struct job *job, uint16_t trigger, const struct listening *heard)
{
    struct jobs_slot *slot = &job->slots[trigger];
    uint64_t throttle_ms = jobs_definition(core, job)->triggers[trigger].throttle_ms;
    int64_t gap_ms = (int64_t)MAX_OF(throttle_ms, (uint64_t)EMISSIONS_TELL_MS);
    slot->stretch_last_ms = MAX_OF(slot->stretch_last_ms, slot->decided_ms);
    for (size_t i = 0; i < heard->count; i++) {
        int64_t at_ms = heard->items[i].at_ms;
        if (at_ms <= slot->stretch_last_ms || !is_lost(core, heard, i))
            continue;
        if (!slot->stretch_count || at_ms - slot->stretch_last_ms > gap_ms ||
            at_ms - slot->stretch_ms > (int64_t)EMISSIONS_STRETCH_MS)
            begin_stretch(core, job, trigger, at_ms);
        slot->stretch_count++;
        slot->stretch_last_ms = at_ms;
    }
    if (is_unwritten(slot) && (!slot->told_ms || core->now_ms - slot->told_ms >= EMISSIONS_TELL_MS))
        write_stretch(core, job, trigger);
}

// Those that wait for room in the hour are a trouble of the job, said once.
static void tell_capped(struct core *core, struct job *job, uint16_t trigger, const struct listening *heard)
{
    const struct definition_trigger *of = &jobs_definition(core, job)->triggers[trigger];
    char text[200] = "";
    bool is_capped = false;
    for (size_t i = 0; i < heard->count; i++)
        is_capped |= heard->items[i].fate == EVENT_FATE_CAPPED;
    if (is_capped)
        snprintf(text, sizeof text, "more than %zu events %.80s an hour: what is more waits, or expires",
                 event_fate_per_hour(of->throttle_ms), name_short_job(of->name));
    if (!jobs_set_trouble(&job->slots[trigger], text))
        return;
    book_story(core, job, NULL, "%s", is_capped ? text : "no more events wait for room in the hour");
    if (is_capped)
        outbox_notice(&core->outbox, EFFECT_WARNING, "job %s: %s", job->name, text);
}

static void forget_told(struct jobs_slot *slot)
{
    slot->stretch_last_ms = 0;
    slot->stretch_count = 0;
    (void)jobs_set_trouble(slot, "");
}

void emissions_look(struct core *core, struct job *job, uint16_t trigger)
{
    struct listening heard;
    struct jobs_slot *slot = &job->slots[trigger];
    core->emissions.looked_ms = core->now_ms;
    if (job->role != JOBS_OWNER) {
        if (!node_id_equal(&job->promised.node, &core->self.id))
            forget_told(slot); // it is the next owner's to say
        return;
    }
    if (!core->emissions.set.count && !slot->trouble && !is_unwritten(slot))
        return;
    listen(core, job, trigger, &heard);
    const struct event_fate_rules rules = rules_of(core, job, trigger);
    int64_t look_ms = event_fate_judge(heard.items, heard.count, &rules, core->wall_ms);
    if (look_ms != INT64_MAX)
        happening_look_at(core, core->now_ms + (uint64_t)(look_ms - core->wall_ms) + 1);
    settle_lost(core, job, trigger, &heard);
    tell_capped(core, job, trigger, &heard);
    for (size_t i = 0; i < heard.count; i++)
        if (heard.items[i].fate == EVENT_FATE_STARTS)
            (void)happening_occur(core, job, trigger, &heard.events[i]->id.hash);
    free(heard.events);
    free(heard.items);
}

void emissions_tell(const struct core *core, const struct hash *cause, char out[HAPPENING_TEXT_ROOM])
{
    const struct event_set_item *item = event_set_find(&core->emissions.set, cause);
    const struct authority_log_operator *operator_ =
        item && !item->is_of_node ? authority_log_find_operator(&core->authority, &item->signer) : NULL;
    if (!item)
        snprintf(out, HAPPENING_TEXT_ROOM, "an event that has expired");
    else
        snprintf(out, HAPPENING_TEXT_ROOM, "event %s from %s", item->name,
                 operator_ ? operator_->name : core_node_name(core, &item->signer));
}
