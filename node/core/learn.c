#include "node/core/learn.h"

#include "node/core/ends.h"
#include "node/core/schedule.h"
#include "node/core/state.h"

#include <string.h>

// The job an item is about, when it concerns this node: for any node, or for this one.
static struct job *job_of(struct core *core, const struct ledger_occurrence *occurrence)
{
    struct job *job = jobs_find(&core->jobs, occurrence->job);
    bool is_mine = node_id_is_zero(&occurrence->target) || node_id_equal(&occurrence->target, &core->self.id);
    return job && job->life == occurrence->life && is_mine ? job : NULL;
}

// Deputies of the owner may decide due times: whoever the directory knows as a node.
static bool is_credible(const struct core *core, const struct node_id *signer, int64_t due_ms)
{
    const struct directory_node *node = directory_find(&core->directory, signer);
    return node && !node->is_revoked && due_ms <= core->wall_ms + LEARN_AHEAD_MS;
}

static void raise_cursor(struct job *job, const struct ledger_occurrence *of, int64_t decided_ms)
{
    if (of->trigger >= job->slot_count || of->schedule_version != job->schedule_version ||
        !hash_is_zero(&of->cause))
        return;
    struct jobs_slot *slot = &job->slots[of->trigger];
    slot->decided_ms = MAX_OF(slot->decided_ms, decided_ms);
}

static void note_status(struct job *job, enum ledger_status status, int64_t due_ms)
{
    if (due_ms < job->last_due_ms)
        return;
    job->last_due_ms = due_ms;
    job->last_status = status;
}

static void claim(struct core *core, struct job *job, const struct event_row *row)
{
    const struct ledger_claim *claim = &row->is.claim;
    int64_t last_ms = claim->occurrence.due_ms + (int64_t)((claim->count - 1) * claim->step_ms);
    bool is_promised_away = ledger_epoch_compare(&claim->epoch, &job->promised) < 0;
    known_claim(&job->known, job->name, claim, &row->signer);
    if (core->is_ready && job->role == JOBS_OWNER)
        take_look(core, job);
    if (!is_credible(core, &row->signer, last_ms) || (is_promised_away && core->is_ready))
        return;
    raise_cursor(job, &claim->occurrence, last_ms);
    if (ledger_epoch_compare(&claim->epoch, &job->promised) > 0)
        job->promised = claim->epoch;
}

static void result(struct core *core, struct job *job, const struct event_row *row)
{
    const struct ledger_result *result = &row->is.result;
    const struct known_key key = known_key_of(&result->occurrence, result->occurrence.due_ms);
    known_result(&job->known, job->name, result, &row->signer);
    note_status(job, result->status,
                result->occurrence.due_ms ? result->occurrence.due_ms : result->started_ms);
    if (is_credible(core, &row->signer, result->occurrence.due_ms))
        raise_cursor(job, &result->occurrence,
                     result->occurrence.due_ms + (int64_t)((result->count - 1) * result->step_ms));
    if (core->is_ready && job->role == JOBS_OWNER && !node_id_equal(&row->signer, &core->self.id))
        schedule_run_ended(core, job, &key);
}

static void verdict(struct core *core, struct job *job, const struct event_row *row)
{
    const struct ledger_verdict *verdict = &row->is.verdict;
    known_verdict(&job->known, verdict);
    note_status(job, verdict->status, verdict->last_due_ms);
    if (is_credible(core, &row->signer, verdict->last_due_ms))
        raise_cursor(job, &verdict->occurrence, verdict->last_due_ms);
}

static void cursor(struct core *core, const struct event_row *row)
{
    const struct ledger_cursor *cursor = &row->is.cursor;
    struct ledger_occurrence of = {.life = cursor->life,
                                   .schedule_version = cursor->schedule_version,
                                   .trigger = cursor->trigger,
                                   .target = cursor->target};
    memcpy(of.job, cursor->job, sizeof of.job);
    struct job *job = job_of(core, &of);
    if (job && is_credible(core, &row->signer, cursor->decided_ms))
        raise_cursor(job, &of, cursor->decided_ms);
}

void learn_row(struct core *core, const struct event_row *row)
{
    struct job *job;
    past_learn(core, row);
    if (row->kind == EVENT_ROW_RESULT || row->kind == EVENT_ROW_VERDICT)
        ends_note(core, row);
    switch (row->kind) {
    case EVENT_ROW_CLAIM:
        if ((job = job_of(core, &row->is.claim.occurrence)))
            claim(core, job, row);
        return;
    case EVENT_ROW_RESULT:
        if ((job = job_of(core, &row->is.result.occurrence)))
            result(core, job, row);
        return;
    case EVENT_ROW_VERDICT:
        if ((job = job_of(core, &row->is.verdict.occurrence)))
            verdict(core, job, row);
        return;
    case EVENT_ROW_CURSOR:
        cursor(core, row);
        return;
    case EVENT_ROW_RECORD:
    case EVENT_ROW_SEGMENT:
    case EVENT_ROW_STORY:
    case EVENT_ROW_META:
    case EVENT_ROW_LIST:
        return;
    }
}
