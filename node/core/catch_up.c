#include "node/core/catch_up.h"

#include "node/core/schedule.h"
#include "node/core/state.h"
#include "node/core/trigger/instant.h"

#include <stdio.h>

#define MINUTE_MS (60 * 1000LL)
#define HOUR_MS   (60 * MINUTE_MS)

enum { JOINED_MAX = 1000 }; // blackouts that run into each other, looked at at once

int64_t catch_up_window_ms(const struct definition *definition, const struct jobs_slot *slot, int64_t at_ms)
{
    const struct definition_trigger *trigger = &definition->triggers[slot->trigger];
    if (trigger->kind == DEFINITION_AT && trigger->expires_ms)
        return (int64_t)trigger->expires_ms; // its deadline says it
    if (definition->catch_up == DEFINITION_CATCH_UP_NONE)
        return 0;
    if (definition->catch_up_within_ms)
        return (int64_t)definition->catch_up_within_ms;
    return MIN_OF(due_period_ms(slot->compiled, at_ms), HOUR_MS);
}

int64_t catch_up_latest_ms(const struct core *core, const struct job *job, const struct known_key *key)
{
    const struct definition *definition = jobs_definition(core, job);
    bool is_of_calendar = key->due_ms && hash_is_zero(&key->cause) && key->trigger < job->slot_count &&
                          key->schedule_version == job->schedule_version;
    if (!definition || !is_of_calendar || !job->slots[key->trigger].compiled)
        return INT64_MAX;
    int64_t window_ms = catch_up_window_ms(definition, &job->slots[key->trigger], key->due_ms);
    if (definition->catch_up != DEFINITION_CATCH_UP_NONE)
        window_ms += (int64_t)definition->catch_up_spread_ms;
    return start_time_first_ms(core, job, key, key->due_ms) + MAX_OF(window_ms, MINUTE_MS);
}

int64_t catch_up_blackout_end_ms(const struct due *due, int64_t at_ms)
{
    int64_t end_ms = 0;
    for (int i = 0; i < JOINED_MAX && due_is_blacked_out(due, end_ms ? end_ms : at_ms, &end_ms); i++)
        ;
    return end_ms;
}

void catch_up_tell_blackout(const struct job *job, int64_t at_ms, char out[CATCH_UP_TEXT_ROOM])
{
    char until[INSTANT_TEXT_SIZE];
    int64_t end_ms = 0, later_ms;
    const struct due *due = NULL;
    for (size_t i = 0; i < job->slot_count && !end_ms; i++)
        if ((due = job->slots[i].compiled))
            end_ms = catch_up_blackout_end_ms(due, at_ms);
    instant_print(end_ms, until);
    out[0] = 0;
    if (end_ms) // it may run into more than are looked at
        snprintf(out, CATCH_UP_TEXT_ROOM, "blackout until %s%s",
                 due_is_blacked_out(due, end_ms, &later_ms) ? "at least " : "", until);
}

bool catch_up_blackout(struct core *core, struct job *job, struct jobs_slot *slot)
{
    const struct ledger_verdict shape = {.status = LEDGER_SKIPPED, .reason = "blackout"};
    int64_t first_ms, end_ms;
    if (!due_next(slot->compiled, slot->decided_ms, &first_ms))
        return false;
    end_ms = catch_up_blackout_end_ms(slot->compiled, first_ms);
    if (!end_ms || end_ms > core->wall_ms)
        return false;
    return schedule_settle_slot(core, job, slot, end_ms - 1, &shape) > 0;
}

uint64_t catch_up_miss(struct core *core, struct job *job, struct jobs_slot *slot, int64_t until_ms)
{
    const struct definition *definition = jobs_definition(core, job);
    bool has_deadline = definition && slot->trigger < definition->trigger_count &&
                        definition->triggers[slot->trigger].expires_ms;
    const struct ledger_verdict shape = {.status = LEDGER_MISSED,
                                         .reason = has_deadline
                                                       ? "no node was there to start it before its deadline"
                                                       : "no node was there to start it"};
    uint64_t missed = 0;
    int64_t first_ms, start_ms;
    while (due_next(slot->compiled, slot->decided_ms, &first_ms) && first_ms <= until_ms) {
        if (catch_up_blackout(core, job, slot))
            continue;
        if (catch_up_blackout_end_ms(slot->compiled, first_ms))
            break; // it is not over
        int64_t before_ms = until_ms;
        if (due_next_blackout(slot->compiled, first_ms, &start_ms))
            before_ms = MIN_OF(before_ms, start_ms - 1);
        missed += schedule_settle_slot(core, job, slot, before_ms, &shape);
    }
    return missed;
}

// The last due time in (after, until] that lies in no blackout. False: there is none.
static bool last_outside(const struct due *due, int64_t after_ms, int64_t until_ms, int64_t *ret_last_ms)
{
    int64_t last_ms, start_ms;
    while (due_count_between(due, after_ms, until_ms, UINT32_MAX, &last_ms)) {
        if (!due_blackout_start(due, last_ms, &start_ms)) {
            *ret_last_ms = last_ms;
            return true;
        }
        until_ms = start_ms - 1;
    }
    return false;
}

// Of the due times in (after, until], so many as may wait: after which instant they lie.
static int64_t newest_after_ms(const struct due *due, int64_t after_ms, int64_t until_ms)
{
    int64_t last_ms = after_ms;
    uint64_t count = due_count_between(due, after_ms, until_ms, UINT32_MAX, &last_ms);
    if (count <= SCHEDULE_QUEUE_MAX)
        return after_ms;
    (void)due_count_between(due, after_ms, until_ms, count - SCHEDULE_QUEUE_MAX, &last_ms);
    return last_ms;
}

// Due times after this, of those up to until_ms, are carried out.
static int64_t run_after_ms(const struct core *core, const struct job *job, const struct jobs_slot *slot,
                            int64_t first_ms, int64_t until_ms)
{
    const struct definition *definition = jobs_definition(core, job);
    int64_t window_ms = catch_up_window_ms(definition, slot, first_ms), last_ms;
    int64_t after_ms = MAX_OF(slot->decided_ms, core->wall_ms - window_ms - 1);
    if (definition->catch_up == DEFINITION_CATCH_UP_ALL)
        return newest_after_ms(slot->compiled, after_ms, until_ms);
    return last_outside(slot->compiled, after_ms, until_ms, &last_ms) ? last_ms - 1 : until_ms;
}

void catch_up_slot(struct core *core, struct job *job, struct jobs_slot *slot)
{
    int64_t first_ms, last_ms, late_ms = core->wall_ms - SCHEDULE_LATE_MS - 1;
    while (catch_up_blackout(core, job, slot))
        ;
    if (!due_next(slot->compiled, slot->decided_ms, &first_ms) || first_ms > late_ms ||
        catch_up_blackout_end_ms(slot->compiled, first_ms))
        return;
    int64_t after_ms = run_after_ms(core, job, slot, first_ms, late_ms);
    uint64_t passed = catch_up_miss(core, job, slot, MIN_OF(after_ms, late_ms));
    passed += due_count_between(slot->compiled, slot->decided_ms, late_ms, UINT32_MAX, &last_ms);
    book_story(core, job, NULL, "caught up: %llu due times passed while no node was there",
               (unsigned long long)passed);
}
