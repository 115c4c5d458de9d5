#include "node/core/happening.h"

#include "node/core/barred.h"
#include "node/core/ends.h"
#include "node/core/intake.h"
#include "node/core/schedule.h"
#include "node/core/state.h"

#include <stdio.h>
#include <string.h>

bool happening_is(const struct known_key *key)
{
    return key->trigger != OCCURRENCE_ORDER && key->due_ms == 0 && !hash_is_zero(&key->cause);
}

static enum definition_trigger_kind kind_of(const struct core *core, const struct job *job, uint16_t trigger)
{
    const struct definition *definition = jobs_definition(core, job);
    return definition && trigger < definition->trigger_count ? definition->triggers[trigger].kind
                                                             : DEFINITION_CRON;
}

int64_t happening_due_ms(const struct core *core, const struct job *job, const struct known_key *key)
{
    if (kind_of(core, job, key->trigger) != DEFINITION_BOOT)
        return core->wall_ms;
    uint64_t delay_ms = jobs_definition(core, job)->triggers[key->trigger].delay_ms;
    return boot_due_ms(core->wall_ms, core->boottime_ns, delay_ms);
}

enum frame_cause happening_cause(const struct core *core, const struct job *job, uint16_t trigger)
{
    switch (kind_of(core, job, trigger)) {
    case DEFINITION_BOOT:
        return FRAME_BOOT;
    case DEFINITION_MEMBER:
        return FRAME_MEMBER;
    case DEFINITION_AFTER:
        return FRAME_UPSTREAM;
    case DEFINITION_FILE:
        return FRAME_FILE;
    default:
        return FRAME_EVENT;
    }
}

static struct known_key key_of(const struct core *core, const struct job *job, uint16_t trigger,
                               const struct hash *cause)
{
    return (struct known_key){.schedule_version = job->schedule_version,
                              .trigger = trigger,
                              .target = jobs_target(core, job),
                              .cause = *cause};
}

bool happening_is_known(const struct core *core, const struct job *job, uint16_t trigger,
                        const struct hash *cause)
{
    const struct known_key key = key_of(core, job, trigger, cause);
    return known_find(&job->known, &key) != NULL;
}

bool happening_is_of(const struct job *job, const struct known_due *due, uint16_t trigger)
{
    return happening_is(&due->key) && due->key.trigger == trigger &&
           due->key.schedule_version == job->schedule_version && due->attempt_count > 0;
}

size_t happening_count_lately(const struct core *core, const struct job *job, uint16_t trigger)
{
    size_t count = 0;
    for (size_t i = 0; i < job->known.count; i++) {
        const struct known_due *due = &job->known.items[i];
        count += happening_is_of(job, due, trigger) &&
                 due->attempts[0].claimed_ms > core->wall_ms - HAPPENING_HOUR_MS;
    }
    return count;
}

bool happening_occur(struct core *core, struct job *job, uint16_t trigger, const struct hash *cause)
{
    const struct known_key key = key_of(core, job, trigger, cause);
    char text[HAPPENING_TEXT_ROOM];
    if (!schedule_is_possible(core, job) || known_find(&job->known, &key))
        return false;
    const struct jobs_pending pending = {.key = key,
                                         .attempt = 1,
                                         .start_ms = core->wall_ms,
                                         .cause = (uint8_t)happening_cause(core, job, trigger)};
    happening_tell(core, job, &key, text);
    book_story(core, job, &key, "made due by %s", text);
    schedule_attempt(core, job, &pending);
    schedule_job(core, job);
    return true;
}

// --- boot ---

static bool is_here(const struct core *core, const struct job *job)
{
    return job->row && (job->is_each || jobs_definition(core, job)->node[0]) &&
           jobs_runs_on(core, job, &core->self.id);
}

static bool has_kind(const struct core *core, const struct job *job, enum definition_trigger_kind kind)
{
    for (uint16_t i = 0; i < job->slot_count; i++)
        if (kind_of(core, job, i) == kind)
            return true;
    return false;
}

void happening_load(struct core *core, struct bytes boot_done)
{
    struct happenings *happenings = &core->happenings;
    if (boot_done.size == sizeof happenings->boot_done)
        memcpy(happenings->boot_done, boot_done.data, boot_done.size);
}

void happening_ready(struct core *core)
{
    struct happenings *happenings = &core->happenings;
    happenings->is_boot_new = memcmp(happenings->boot, happenings->boot_done, sizeof happenings->boot) != 0;
    for (size_t i = 0; happenings->is_boot_new && i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        job->awaits_boot = job->waits && is_here(core, job) && has_kind(core, job, DEFINITION_BOOT);
    }
    for (size_t i = 0; i < core->jobs.count; i++)
        happening_offer(core, core->jobs.items[i]);
}

static uint64_t up_ms(const struct core *core)
{
    return core->boottime_ns / 1000000;
}

// The delays of boot triggers count from the boot of the machine, whatever its wall clock shows. A job that
// cannot run here for long after that waits no longer, so that the boot comes to its end.
static void look_at_boot(struct core *core, struct job *job)
{
    const struct hash cause = boot_cause(core->happenings.boot, &core->self.id);
    bool is_waiting = false;
    for (uint16_t i = 0; i < job->slot_count; i++) {
        const struct definition_trigger *trigger = &jobs_definition(core, job)->triggers[i];
        if (trigger->kind != DEFINITION_BOOT)
            continue;
        uint64_t delay_ms = trigger->delay_ms, ready_ms = core->now_ms - core->self.booted_ms;
        if (up_ms(core) < delay_ms)
            is_waiting = true;
        else if (schedule_is_possible(core, job))
            (void)happening_occur(core, job, i, &cause);
        else
            is_waiting |= ready_ms < delay_ms + HAPPENING_BOOT_MS;
    }
    job->awaits_boot = is_waiting;
}

// Only when nothing waits any more: whoever is killed before that begins anew, and the ledger knows what ran.
static void end_boot(struct core *core)
{
    struct happenings *happenings = &core->happenings;
    for (size_t i = 0; i < core->jobs.count; i++)
        if (core->jobs.items[i]->awaits_boot)
            return;
    happenings->is_boot_new = false;
    memcpy(happenings->boot_done, happenings->boot, sizeof happenings->boot);
    const struct effect_write write = {.kind = EFFECT_WRITE_META,
                                       .class = EFFECT_WRITE_MUST,
                                       .key = "boot",
                                       .value = bytes_of(happenings->boot, sizeof happenings->boot)};
    outbox_write(&core->outbox, &write);
}

// --- files ---

void happening_offer(struct core *core, struct job *job)
{
    if (core->is_ready && job->row && job->waits && has_kind(core, job, DEFINITION_FILE) &&
        jobs_runs_on(core, job, &core->self.id))
        intake_feed_record(core, &job->definition_id);
}

void happening_seen(struct core *core, const struct frame *frame)
{
    for (size_t i = 0; core->is_ready && i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        uint16_t trigger = frame->start.trigger;
        bool is_meant = job->row && job->waits && hash_equal(&job->definition_id, &frame->start.definition) &&
                        kind_of(core, job, trigger) == DEFINITION_FILE;
        if (is_meant && happening_occur(core, job, trigger, &frame->start.cause_record))
            book_story(core, job, NULL, "a file was seen to change: %.120s", frame->name);
    }
}

void happening_watched(struct core *core, const struct frame *frame)
{
    for (size_t i = 0; i < core->jobs.count; i++) {
        struct job *job = core->jobs.items[i];
        uint16_t trigger = frame->start.trigger;
        bool is_meant = job->row && hash_equal(&job->definition_id, &frame->start.definition) &&
                        trigger < job->slot_count;
        if (!is_meant || !jobs_set_trouble(&job->slots[trigger], frame->reason))
            continue;
        const char *what = frame->reason[0] ? frame->reason : "what it watches can be looked at again";
        book_story(core, job, NULL, "%s", what);
        outbox_notice(&core->outbox, frame->reason[0] ? EFFECT_WARNING : EFFECT_INFO, "job %s: %s", job->name,
                      what);
    }
}

// --- all kinds ---

static void look_at(struct core *core, struct job *job, uint16_t trigger)
{
    switch (kind_of(core, job, trigger)) {
    case DEFINITION_EVENT:
        emissions_look(core, job, trigger);
        return;
    case DEFINITION_MEMBER:
        comings_look(core, job, trigger);
        return;
    default:
        return;
    }
}

void happening_look(struct core *core, struct job *job)
{
    if (!core->is_ready || !job->row || !job->waits)
        return;
    if (job->awaits_boot)
        look_at_boot(core, job);
    ends_look(core, job);
    for (uint16_t i = 0; i < job->slot_count; i++)
        look_at(core, job, i);
}

void happening_look_at(struct core *core, uint64_t now_ms)
{
    uint64_t *look_ms = &core->happenings.look_ms;
    *look_ms = *look_ms ? MIN_OF(*look_ms, now_ms) : now_ms;
}

bool happening_describe(const struct core *core, const struct job *job, const struct known_key *key,
                        struct frame_start *start)
{
    const struct comings_change *change;
    switch (kind_of(core, job, key->trigger)) {
    case DEFINITION_EVENT:
        return event_set_find(&core->emissions.set, &key->cause) != NULL;
    case DEFINITION_MEMBER:
        change = comings_find(core, &key->cause);
        if (change)
            start->member = change->member;
        return change != NULL;
    default:
        return true;
    }
}

const char *happening_bars(const struct core *core, const struct job *job, const struct known_key *key)
{
    enum definition_trigger_kind kind = kind_of(core, job, key->trigger);
    bool is_judged_now = kind == DEFINITION_BOOT || kind == DEFINITION_FILE || kind == DEFINITION_MEMBER;
    return happening_is(key) && is_judged_now ? barred_reason(job, key->trigger, core->wall_ms) : NULL;
}

void happening_tell(const struct core *core, const struct job *job, const struct known_key *key,
                    char out[HAPPENING_TEXT_ROOM])
{
    switch (kind_of(core, job, key->trigger)) {
    case DEFINITION_BOOT:
        snprintf(out, HAPPENING_TEXT_ROOM, "boot");
        return;
    case DEFINITION_EVENT:
        emissions_tell(core, &key->cause, out);
        return;
    case DEFINITION_MEMBER:
        comings_tell(core, &key->cause, out);
        return;
    case DEFINITION_FILE:
        snprintf(out, HAPPENING_TEXT_ROOM, "a file");
        return;
    case DEFINITION_AFTER:
        snprintf(out, HAPPENING_TEXT_ROOM, "after ");
        ends_tell(core, job, key, out + strlen(out), HAPPENING_TEXT_ROOM - strlen(out));
        return;
    default:
        snprintf(out, HAPPENING_TEXT_ROOM, "what happened");
        return;
    }
}

void happening_tick(struct core *core)
{
    struct happenings *happenings = &core->happenings;
    if (!happenings->look_ms || core->now_ms < happenings->look_ms)
        return;
    happenings->look_ms = 0;
    for (size_t i = 0; i < core->jobs.count; i++)
        happening_look(core, core->jobs.items[i]);
}

void happening_keep_house(struct core *core)
{
    core->happenings.look_ms = core->now_ms;
    happening_tick(core);
    if (core->happenings.is_boot_new)
        end_boot(core);
}

uint64_t happening_deadline_ms(const struct core *core)
{
    return core->happenings.look_ms ? core->happenings.look_ms : UINT64_MAX;
}
