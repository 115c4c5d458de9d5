// answer_jobs.c - `jobs`, `show`, `owner`: what is in the table, and who sees to it.
#include "node/core/after_end.h"
#include "node/core/catch_up.h"
#include "node/core/state.h"

#include <string.h>

enum {
    ANSWER_LIST_MAX = 64,      // conflicts or pauses shown of one job
    ANSWER_BLACKOUT_MAX = 100, // blackouts that are looked past
};

// The next due time that no blackout holds.
static bool next_of_slot(const struct jobs_slot *slot, int64_t after_ms, int64_t *ret_due_ms)
{
    for (int i = 0; slot->compiled && i < ANSWER_BLACKOUT_MAX; i++) {
        if (!due_next(slot->compiled, after_ms, ret_due_ms))
            return false;
        int64_t end_ms = catch_up_blackout_end_ms(slot->compiled, *ret_due_ms);
        if (!end_ms)
            return true;
        after_ms = end_ms - 1;
    }
    return false;
}

static int64_t next_due_ms(const struct core *core, const struct job *job)
{
    int64_t next_ms = 0;
    for (size_t i = 0; i < job->slot_count; i++) {
        int64_t due_ms;
        if (after_end_is(&job->slots[i]) ? !after_end_due_ms(core, job, &job->slots[i], &due_ms)
                                         : !next_of_slot(&job->slots[i], core->wall_ms, &due_ms))
            continue;
        if (!next_ms || due_ms < next_ms)
            next_ms = due_ms;
    }
    return next_ms;
}

struct names {
    const char *list[OWNER_KEEPER_COUNT];
    size_t count;
};

static const char *name_rank(struct core *core, const struct owner_rank *rank, struct names *keepers)
{
    for (size_t i = 0; i < rank->count; i++)
        keepers->list[keepers->count++] = core_node_name(core, &rank->nodes[i]);
    return rank->count && !rank->nobody_eligible ? keepers->list[0] : "";
}

static void reply_job(struct core *core, uint64_t client, const struct job *job, bool whole)
{
    struct table_job *row = jobs_row(core, job->name);
    struct names keepers = {0};
    struct bytes conflicts[ANSWER_LIST_MAX], pauses[ANSWER_LIST_MAX];
    struct owner_rank rank;
    char blackout[CATCH_UP_TEXT_ROOM];
    owner_rank(core, job, NULL, 0, &rank);
    catch_up_tell_blackout(job, core->wall_ms, blackout);
    const char *trouble = jobs_complaint(core, job);
    struct control_reply reply = {.kind = CONTROL_REPLY_JOB};
    struct control_job *out = &reply.is.job;
    *out = (struct control_job){.job = job->name,
                                .life = job->life,
                                .version = row->active->version,
                                .paused = job->is_paused,
                                .running = job->live > 0,
                                .definition = table_record_bytes(row->active),
                                .owner = name_rank(core, &rank, &keepers),
                                .keepers = keepers.list,
                                .keeper_count = keepers.count,
                                .next_ms = next_due_ms(core, job),
                                .last_due_ms = job->last_due_ms,
                                .last_status = job->last_status,
                                .conflicts = conflicts,
                                .pauses = pauses,
                                .problem = trouble ? trouble : blackout};
    for (const struct table_record *record = NULL;
         whole && out->conflict_count < ANSWER_LIST_MAX && (record = table_job_next_conflict(row, record));)
        conflicts[out->conflict_count++] = table_record_bytes(record);
    for (const struct table_record *record = NULL;
         whole && out->pause_count < ANSWER_LIST_MAX && (record = table_job_next_pause(row, record));)
        pauses[out->pause_count++] = table_record_bytes(record);
    answer_reply(core, client, &reply);
}

void answer_jobs(struct core *core, uint64_t client)
{
    for (size_t i = 0; i < core->jobs.count; i++)
        if (core->jobs.items[i]->row)
            reply_job(core, client, core->jobs.items[i], false);
    answer_last(core, client, 0, "%s", "");
}

static struct job *find_or_refuse(struct core *core, uint64_t client, const char *name)
{
    struct job *job = jobs_find(&core->jobs, name);
    if (job && job->row)
        return job;
    const struct table_job *row = jobs_row(core, name);
    if (row && row->life && row->life % 2 == 0)
        answer_last(core, client, 4, "%s was deleted; `katydid runs %s` shows its history", name, name);
    else
        answer_last(core, client, 4, "there is no job %s; `katydid jobs` lists them", name);
    return NULL;
}

// A deleted name is not found, but who defines it anew has to begin above its even life.
static void reply_dead_life(struct core *core, uint64_t client, const char *name)
{
    const struct table_job *row = jobs_row(core, name);
    if (!row || row->life == 0 || row->life % 2)
        return;
    struct control_reply reply = {.kind = CONTROL_REPLY_JOB, .is.job = {.job = name, .life = row->life}};
    answer_reply(core, client, &reply);
}

void answer_job(struct core *core, uint64_t client, const struct control_request *request)
{
    const struct job *known = jobs_find(&core->jobs, request->job);
    if (!known || !known->row)
        reply_dead_life(core, client, request->job);
    struct job *job = find_or_refuse(core, client, request->job);
    if (!job)
        return;
    reply_job(core, client, job, true);
    answer_last(core, client, 0, "%s", "");
}

void answer_owner(struct core *core, uint64_t client, const struct control_request *request)
{
    struct job *job = find_or_refuse(core, client, request->job);
    if (!job)
        return;
    struct node_id without[CONTROL_NAME_COUNT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < request->name_count; i++) {
        if (!core_node_find(core, request->names[i], &without[count])) {
            answer_last(core, client, 4, "there is no node %s; `katydid members` lists them",
                        request->names[i]);
            return;
        }
        count++;
    }
    struct owner_rank rank;
    struct names keepers = {0};
    owner_rank(core, job, without, count, &rank);
    struct control_reply reply = {.kind = CONTROL_REPLY_OWNER,
                                  .is.owner = {.job = job->name, .owner = name_rank(core, &rank, &keepers)}};
    reply.is.owner.keepers = keepers.list;
    reply.is.owner.keeper_count = keepers.count;
    answer_reply(core, client, &reply);
    answer_last(core, client, 0, "%s", "");
}
