// answer_leave.c - `drain` and `leave`: this node hands over what it owns, or goes for good.
#include "node/core/state.h"

#include <stdio.h>
#include <string.h>

enum {
    ANSWER_DRAIN_POLL_MS = 100,
    ANSWER_LEAVE_MS = 1500, // for the word of it to spread
};

static void set_drained(struct core *core, bool drained)
{
    const uint8_t one = 1;
    const struct effect_write write = {.kind = EFFECT_WRITE_META,
                                       .class = EFFECT_WRITE_MUST,
                                       .key = "drained",
                                       .value = bytes_of(&one, drained ? 1 : 0)};
    outbox_write(&core->outbox, &write);
    core->self.drained = drained;
    book_story(core, NULL, NULL, drained ? "drained by a person" : "takes work again");
    fleet_renew(core);
    fleet_dirty(core);
}

// Somebody else could own the job, so it will be taken.
static bool may_move(struct core *core, const struct job *job)
{
    struct owner_rank rank;
    if (job->role != JOBS_OWNER || job->is_each)
        return false;
    owner_rank(core, job, &core->self.id, 1, &rank);
    return !rank.nobody_eligible;
}

static size_t count_moving(struct core *core)
{
    size_t count = 0;
    for (size_t i = 0; i < core->jobs.count; i++)
        count += core->jobs.items[i]->row && may_move(core, core->jobs.items[i]);
    return count;
}

void answer_drain(struct core *core, uint64_t client, const struct control_request *request)
{
    set_drained(core, !request->undo);
    if (request->undo || request->now) {
        answer_last(core, client, 0, "%s",
                    request->undo ? "takes work again" : "drained; what runs here runs on");
        return;
    }
    struct answer *answer = answer_new(core, client, request);
    answer->stage = ANSWER_DRAINING;
    answer->poll_ms = core->now_ms;
}

void answer_drain_more(struct core *core, struct answer *answer)
{
    size_t kept = 0;
    if (!core->self.drained) {
        answer_last(core, answer->client, 1, "somebody undid the drain meanwhile");
        answer_end(core, answer);
        return;
    }
    held_write_all(core);
    if (count_moving(core) || core->runs.count) {
        answer->poll_ms = core->now_ms + ANSWER_DRAIN_POLL_MS;
        return;
    }
    for (size_t i = 0; i < core->jobs.count; i++)
        kept += core->jobs.items[i]->role == JOBS_OWNER;
    if (kept)
        answer_last(core, answer->client, 0, "drained; %zu job%s, because no other node may run %s", kept,
                    kept == 1 ? " stays" : "s stay", kept == 1 ? "it" : "them");
    else
        answer_last(core, answer->client, 0, "drained; nothing is owned and nothing runs here");
    answer_end(core, answer);
}

void answer_leave(struct core *core, uint64_t client, const struct control_request *request)
{
    held_write_all(core);
    fleet_leave(core);
    struct answer *answer = answer_new(core, client, request);
    answer->stage = ANSWER_LEAVING;
    answer->poll_ms = core->now_ms + ANSWER_LEAVE_MS;
}

void answer_leave_more(struct core *core, struct answer *answer)
{
    answer_last(core, answer->client, 0, "left the fleet; this node's agent ends now");
    answer_end(core, answer);
    outbox_exit(&core->outbox);
}
