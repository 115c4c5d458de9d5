#include "node/core/stall.h"

#include "node/core/catch_up.h"
#include "node/core/schedule.h"
#include "node/core/state.h"
#include "node/core/trigger/instant.h"
#include "node/core/trigger/phrase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE_SIZE_MAX = 100 }; // of the note of a pause, in the reason it gives

struct standing { // why a job stands still
    enum ledger_status status;
    int64_t from_ms; // wall; 0: not known, or since ever
    char reason[sizeof((struct jobs_stall *)0)->reason];
};

// The pause that has been open for longest, and how many are.
static const struct table_record *first_pause(const struct table_job *row, int64_t wall_ms, size_t *ret_count)
{
    const struct table_record *first = NULL, *pause = NULL;
    *ret_count = 0;
    while (row && (pause = table_job_next_pause(row, pause))) {
        if (pause->until_ms && wall_ms >= pause->until_ms)
            continue;
        ++*ret_count;
        if (!first || pause->stamp < first->stamp)
            first = pause;
    }
    return first;
}

// As much of a note as fits, cut between characters.
static void add_note(const struct table_record *record, struct phrase *phrase)
{
    struct arena arena = {0};
    struct pause pause;
    table_record_pause(record, &arena, &pause);
    size_t size = pause.note ? MIN_OF(strlen(pause.note), (size_t)NOTE_SIZE_MAX) : 0;
    bool is_cut = size && pause.note[size];
    while (is_cut && size && ((uint8_t)pause.note[size] & 0xc0) == 0x80)
        size--;
    if (size)
        phrase_add(phrase, ": %.*s%s", (int)size, pause.note, is_cut ? "..." : "");
    arena_deinit(&arena);
}

// "paused by ann until 2027-03-28T01:30:00.000Z: the disk is being replaced"
static void explain_pause(const struct core *core, const struct job *job, struct standing *ret)
{
    struct phrase phrase;
    char until[INSTANT_TEXT_SIZE];
    size_t count;
    const struct table_record *pause = first_pause(jobs_row(core, job->name), core->wall_ms, &count);
    phrase_init(&phrase, ret->reason, sizeof ret->reason);
    phrase_add(&phrase, "paused");
    if (!pause)
        return;
    struct node_id signer = table_record_signer(pause);
    const struct authority_log_operator *person = authority_log_find_operator(&core->authority, &signer);
    ret->from_ms = stamp_wall_ms(pause->stamp);
    if (person && person->name)
        phrase_add(&phrase, " by %.63s", person->name);
    instant_print(pause->until_ms, until);
    if (pause->until_ms)
        phrase_add(&phrase, " until %s", until);
    add_note(pause, &phrase);
    if (count > 1)
        phrase_add(&phrase, " (the first of %zu pauses)", count);
}

static void judge(const struct core *core, const struct job *job, struct standing *ret)
{
    static const char denied[] = "denied: ";
    *ret = (struct standing){0};
    if (job->is_paused) {
        ret->status = LEDGER_SKIPPED;
        explain_pause(core, job, ret);
    } else if (job->is_denied) {
        ret->status = LEDGER_DENIED;
        snprintf(ret->reason, sizeof ret->reason, "%s", job->problem + strlen(denied));
    } else if (job->is_each && core->self.drained) {
        ret->status = LEDGER_SKIPPED;
        snprintf(ret->reason, sizeof ret->reason, "drained");
    } else if (job->is_each && core->is_ready && !owner_trusts_clock(core, job, &core->self.id)) {
        ret->status = LEDGER_BLOCKED;
        char clock[OWNER_CLOCK_ROOM];
        owner_tell_clock(core, job, &core->self.id, clock);
        snprintf(ret->reason, sizeof ret->reason, "this node has %s", clock);
    } else if (job->problem && strncmp(job->problem, JOBS_WAITING, strlen(JOBS_WAITING)) != 0) {
        ret->status = LEDGER_BLOCKED;
        snprintf(ret->reason, sizeof ret->reason, "%s", job->problem);
    }
}

static bool may_settle(const struct core *core, const struct job *job)
{
    return job->stall && core->is_ready && core->storage != EVENT_STORAGE_FAILED &&
           clock_is_settled(core, job) &&
           (!job->needs_clock || fleet_trusts_clock(core, &core->self.id, 0)) &&
           (job->role == JOBS_OWNER || job->settles);
}

static void settle(struct core *core, struct job *job, struct jobs_slot *slot, int64_t until_ms)
{
    const struct ledger_verdict shape = {.status = job->stall->status, .reason = job->stall->reason};
    int64_t *stretch_ms = &job->stall->stretch_ms[slot->trigger], first_ms;
    if (!slot->compiled)
        return;
    if (!*stretch_ms) // what was due before people stopped it was missed
        (void)catch_up_miss(core, job, slot, MIN_OF(job->stall->from_ms, until_ms));
    if (!due_next(slot->compiled, slot->decided_ms, &first_ms) || first_ms > until_ms)
        return;
    if (!*stretch_ms)
        *stretch_ms = first_ms;
    slot->decided_ms = *stretch_ms - 1; // the whole stretch anew
    (void)schedule_settle_slot(core, job, slot, until_ms, &shape);
}

static void settle_now(struct core *core, struct job *job)
{
    for (size_t i = 0; i < job->slot_count; i++) {
        struct jobs_slot *slot = &job->slots[i];
        int64_t until_ms = core->wall_ms, first_ms;
        if (!slot->compiled || !due_next(slot->compiled, slot->decided_ms, &first_ms))
            continue;
        if (job->stall->status == LEDGER_BLOCKED)
            until_ms -= MAX_OF(catch_up_window_ms(jobs_definition(core, job), slot, first_ms),
                               (int64_t)SCHEDULE_LATE_MS);
        settle(core, job, slot, until_ms);
    }
}

static void go_on(struct job *job)
{
    free(job->stall);
    job->stall = NULL;
}

void stall_follow(struct core *core, struct job *job)
{
    struct standing standing;
    judge(core, job, &standing);
    if (job->is_paused && job->stall &&
        job->stall->status == standing.status) // perhaps by one more, or one less
        memcpy(job->stall->reason, standing.reason, sizeof job->stall->reason);
    if (standing.status == (job->stall ? job->stall->status : LEDGER_OPEN))
        return;
    if (may_settle(core, job))
        settle_now(core, job);
    go_on(job);
    if (standing.status == LEDGER_OPEN)
        return;
    job->stall = base_alloc(1, sizeof *job->stall);
    *job->stall = (struct jobs_stall){.status = standing.status,
                                      .from_ms = standing.from_ms,
                                      .since_ms = core->wall_ms,
                                      .write_ms = core->wall_ms + STALL_FIRST_MS};
    memcpy(job->stall->reason, standing.reason, sizeof job->stall->reason);
}

void stall_end(struct core *core, struct job *job, int64_t end_ms)
{
    bool may = may_settle(core, job);
    for (size_t i = 0; may && i < job->slot_count; i++)
        settle(core, job, &job->slots[i], MIN_OF(end_ms, core->wall_ms));
    go_on(job);
}

// What was claimed before the job came to stand still is not started any more.
static void close_pending(struct core *core, struct job *job)
{
    size_t kept = 0;
    for (size_t i = 0; i < job->pending_count; i++) {
        const struct jobs_pending pending = job->pending[i];
        bool is_over = job->stall->status != LEDGER_BLOCKED && pending.start_ms <= core->wall_ms;
        if (is_over)
            schedule_close(core, job, &pending.key, job->stall->status, job->stall->reason);
        else
            job->pending[kept++] = pending;
    }
    job->pending_count = kept;
}

void stall_tick(struct core *core, struct job *job)
{
    if (!job->row || !may_settle(core, job))
        return;
    if (job->role == JOBS_OWNER)
        close_pending(core, job);
    if (core->wall_ms < job->stall->write_ms)
        return;
    int64_t length_ms = MAX_OF(core->wall_ms - job->stall->since_ms, (int64_t)STALL_FIRST_MS);
    job->stall->write_ms = core->wall_ms + MIN_OF((STALL_GROWTH - 1) * length_ms, (int64_t)STALL_LONGEST_MS);
    settle_now(core, job);
}
