#include "node/core/reopen.h"

#include "node/core/backfill.h"
#include "node/core/catch_up.h"
#include "node/core/ends.h"
#include "node/core/happening.h"
#include "node/core/intake.h"
#include "node/core/retry.h"
#include "node/core/schedule.h"
#include "node/core/state.h"

#include <stdio.h>
#include <string.h>

enum { REOPEN_MINUTE_MS = 60000 }; // a start this late needs no catching up

enum fate { FATE_GOES_ON, FATE_GIVEN_UP, FATE_LOST };

struct plan { // what is to be done about one due time
    struct known_key key;
    const struct known_attempt *open; // NULL: the attempt to follow was not claimed yet
    uint32_t attempt;
    int64_t since_ms, start_ms; // it waits since then, and starts not before
    int64_t first_ms;           // nor would it have on any other node before this; lateness counts from here
    enum fate fate;
    bool may_have_run;
};

static bool is_waiting(const struct job *job, const struct known_key *key)
{
    for (size_t i = 0; i < job->pending_count; i++)
        if (known_key_compare(&job->pending[i].key, key) == 0)
            return true;
    return false;
}

static bool is_reported(const struct core *core, const struct job *job, const struct known_attempt *attempt)
{
    return ledger_epoch_compare(&attempt->running, &job->epoch) == 0 &&
           !owner_is_gone(core, &attempt->executor);
}

// Some attempt of it runs or waits here, or runs where it was reported when this node took the job.
static bool goes_on(const struct core *core, const struct job *job, const struct known_due *due)
{
    for (size_t i = 0; i < due->attempt_count; i++) {
        const struct known_attempt *attempt = &due->attempts[i];
        bool is_mine = node_id_equal(&attempt->executor, &core->self.id);
        if (attempt->status == LEDGER_OPEN &&
            (is_mine ? runs_find(&core->runs, &attempt->run) != NULL : is_reported(core, job, attempt)))
            return true;
    }
    return is_waiting(job, &due->key);
}

// What became of an attempt without a result, as its owner sees it. Its executor gave it up by answering
// the take without running it, by sleeping, or by starting anew; or it died, perhaps while running it.
static enum fate judge_attempt(const struct core *core, const struct known_attempt *attempt)
{
    bool is_mine = node_id_equal(&attempt->executor, &core->self.id);
    return !is_mine && owner_is_gone(core, &attempt->executor) ? FATE_LOST : FATE_GIVEN_UP;
}

static int64_t window_ms(const struct core *core, const struct job *job, const struct plan *plan)
{
    const struct known_key *key = &plan->key;
    int64_t window_ms = REOPEN_MINUTE_MS;
    if (plan->open && key->trigger < job->slot_count && job->slots[key->trigger].compiled)
        window_ms = MAX_OF(window_ms, catch_up_window_ms(jobs_definition(core, job),
                                                         &job->slots[key->trigger], key->due_ms));
    if (happening_is(key)) // a boot counts from the boot, and the agent may come up much later
        return happening_cause(core, job, key->trigger) == FRAME_BOOT ? HAPPENING_BOOT_MS : HAPPENING_LATE_MS;
    if (backfill_is(key))
        return LIMIT_ORDER_MS_MAX;
    return window_ms + (int64_t)jobs_definition(core, job)->catch_up_spread_ms;
}

// One that nobody has claimed yet: it will be caught up instead.
static bool has_later(const struct core *core, const struct job *job, const struct plan *plan)
{
    const struct due *due =
        plan->key.trigger < job->slot_count ? job->slots[plan->key.trigger].compiled : NULL;
    int64_t later_ms, end_ms;
    return due && hash_is_zero(&plan->key.cause) && plan->key.schedule_version == job->schedule_version &&
           due_next(due, plan->key.due_ms, &later_ms) && later_ms <= core->wall_ms &&
           !due_is_blacked_out(due, later_ms, &end_ms);
}

// A later due time of the same trigger has passed as well: of those that were not carried out the last
// is run, unless the job catches up on all.
static bool is_overtaken(const struct core *core, const struct job *job, const struct plan *plan)
{
    const struct definition *definition = jobs_definition(core, job);
    if (definition->catch_up == DEFINITION_CATCH_UP_ALL || definition->busy == DEFINITION_BUSY_ALLOW ||
        plan->attempt > 1)
        return false;
    for (size_t i = 0; i < job->known.count; i++) {
        const struct known_key *other = &job->known.items[i].key;
        if (other->trigger == plan->key.trigger && other->schedule_version == plan->key.schedule_version &&
            other->due_ms > plan->key.due_ms && other->due_ms <= core->wall_ms &&
            hash_is_zero(&other->cause) && hash_is_zero(&plan->key.cause))
            return true;
    }
    return has_later(core, job, plan);
}

// Which verdict ends a due time that is not claimed again; open: claim it again.
static enum ledger_status verdict_of(const struct core *core, const struct job *job,
                                     const struct known_due *due, const struct plan *plan)
{
    bool is_current =
        plan->key.schedule_version == job->schedule_version || plan->key.trigger == OCCURRENCE_ORDER;
    const struct definition *definition = jobs_definition(core, job);
    bool is_too_late = plan->first_ms + window_ms(core, job, plan) < core->wall_ms ||
                       start_time_is_over(core, job, &plan->key);
    enum ledger_status given_up = plan->may_have_run ? LEDGER_LOST : LEDGER_MISSED;
    if (intake_is_cancelled(core, job, due, plan->since_ms))
        return LEDGER_CANCELLED;
    if (plan->may_have_run && (is_too_late || definition->on_lost == DEFINITION_ON_LOST_REPORT ||
                               known_last_attempt(due) >= retry_attempts_max(definition)))
        return LEDGER_LOST;
    if (!is_current || is_too_late || known_last_attempt(due) >= LIMIT_ATTEMPT_MAX)
        return LEDGER_MISSED;
    return is_overtaken(core, job, plan) ? given_up : LEDGER_OPEN;
}

static void close_due(struct core *core, struct job *job, const struct plan *plan, enum ledger_status status)
{
    char reason[128];
    if (status == LEDGER_CANCELLED)
        snprintf(reason, sizeof reason, "cancelled before attempt %u started", plan->attempt);
    else if (status == LEDGER_MISSED && start_time_is_over(core, job, &plan->key))
        snprintf(reason, sizeof reason, "its deadline passed before it could start");
    else if (plan->attempt > 1 && plan->fate != FATE_LOST)
        snprintf(reason, sizeof reason, "no node was there to start attempt %u in time", plan->attempt);
    else
        snprintf(reason, sizeof reason, "%.63s %s", core_node_name(core, &plan->open->executor),
                 plan->fate == FATE_LOST ? "died after claiming" : "had claimed it and gave it up");
    schedule_close(core, job, &plan->key, status, reason);
}

// An attempt that never ran keeps its number, whoever carries it out: only what may have run counts.
static void claim_again(struct core *core, struct job *job, const struct plan *plan)
{
    uint32_t attempt = plan->attempt + plan->may_have_run;
    enum frame_cause cause = plan->key.trigger == OCCURRENCE_ORDER ? FRAME_ORDERED
                             : happening_is(&plan->key)       ? happening_cause(core, job, plan->key.trigger)
                             : attempt > 1                    ? FRAME_RETRY
                             : plan->start_ms < core->wall_ms ? FRAME_CATCH_UP
                                                              : FRAME_SCHEDULED;
    const struct jobs_pending pending = {.key = plan->key,
                                         .attempt = attempt,
                                         .start_ms =
                                             MAX_OF(MAX_OF(plan->start_ms, core->wall_ms),
                                                    plan->key.due_ms), // the clock may have fallen back
                                         .cause = (uint8_t)cause};
    schedule_attempt(core, job, &pending);
}

static void carry_out(struct core *core, struct job *job, const struct known_due *due,
                      const struct plan *plan)
{
    enum ledger_status status = verdict_of(core, job, due, plan);
    const struct known_attempt *ended = known_last_ended(due);
    if (plan->fate == FATE_LOST)
        book_story(core, job, &plan->key, "%s died after claiming attempt %u",
                   core_node_name(core, &plan->open->executor), plan->attempt);
    if (status != LEDGER_OPEN) {
        if (plan->open) // what nobody claimed has an outcome, and nothing that waits
            close_due(core, job, plan, status);
        return;
    }
    if (!plan->open)
        book_story(core, job, &plan->key, "attempt %u will follow attempt %u, which was %s", plan->attempt,
                   ended->number, ledger_status_text(ended->status));
    claim_again(core, job, plan);
}

static int64_t first_claim_ms(const struct known_due *due)
{
    int64_t first_ms = INT64_MAX;
    for (size_t i = 0; i < due->attempt_count; i++)
        first_ms = MIN_OF(first_ms, due->attempts[i].claimed_ms);
    return first_ms;
}

// Above the cursor: its claim came after this node had promised the job to somebody, and reserves nothing. It
// is claimed with those around it.
static bool is_undecided(const struct job *job, const struct known_key *key)
{
    for (size_t i = 0; i < job->slot_count; i++)
        if (job->slots[i].trigger == key->trigger && job->schedule_version == key->schedule_version)
            return key->due_ms > job->slots[i].decided_ms;
    return false;
}

static void reopen(struct core *core, struct job *job, const struct known_due *due)
{
    const struct known_attempt *open = known_open_attempt(due);
    struct plan plan = {.key = due->key, .fate = FATE_GIVEN_UP};
    struct retry retry;
    if (retry_find(jobs_definition(core, job), due, &retry)) {
        plan.open = retry.open;
        plan.attempt = retry.attempt;
        plan.since_ms = retry.since_ms;
        plan.start_ms = plan.first_ms = retry.start_ms;
    } else if (due->status == LEDGER_OPEN && open) {
        plan.open = open;
        plan.attempt = open->number;
        bool has_time = due->key.due_ms && !backfill_is(&due->key);
        plan.since_ms = has_time ? due->key.due_ms : due->attempts[0].claimed_ms;
        plan.start_ms = start_time_ms(core, job, &due->key, first_claim_ms(due));
        plan.first_ms = MIN_OF(plan.start_ms, start_time_first_ms(core, job, &due->key, plan.since_ms));
    } else {
        return;
    }
    bool stands_still = !plan.open && (job->is_paused || job->is_denied);
    if (stands_still || is_undecided(job, &due->key) || goes_on(core, job, due))
        return;
    if (!job->is_each && known_is_news(&job->known, due, &job->epoch)) {
        take_look(core, job);
        return;
    }
    if (plan.open)
        plan.fate = judge_attempt(core, plan.open);
    plan.may_have_run = plan.fate == FATE_LOST && plan.first_ms <= core->wall_ms;
    carry_out(core, job, due, &plan);
}

void reopen_job(struct core *core, struct job *job)
{
    for (size_t i = 0; job->row && i < job->known.count; i++)
        reopen(core, job, &job->known.items[i]);
    held_write_verdicts(core, job->name);
    intake_orders(core, job->name);
    happening_look(core, job);
    ends_offer_again(core, job);
}

void reopen_after_end(struct core *core, struct job *job, const struct known_key *key)
{
    const struct known_due *due = known_find(&job->known, key);
    struct retry retry;
    if (due && retry_find(jobs_definition(core, job), due, &retry))
        reopen(core, job, due);
}
