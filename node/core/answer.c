#include "node/core/answer.h"

#include "node/core/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer_free(struct answer *answer)
{
    gather_deinit(&answer->gather);
    for (size_t i = 0; i < answer->line_count; i++)
        free(answer->lines[i].what);
    free(answer->lines);
    for (size_t i = 0; i < answer->put_count; i++)
        free((char *)(uintptr_t)answer->puts[i].text);
    free(answer->puts);
    for (size_t i = 0; i < answer->segment_count; i++)
        buffer_deinit(&answer->segments[i].data);
    free(answer->segments);
    free(answer->unreachable);
    free(answer->live);
    free(answer);
}

void answers_deinit(struct answers *answers)
{
    for (size_t i = 0; i < answers->count; i++)
        answer_free(answers->items[i]);
    free(answers->items);
    *answers = (struct answers){0};
}

struct answer *answer_new(struct core *core, uint64_t client, const struct control_request *request)
{
    struct answers *answers = &core->answers;
    void *items = answers->items;
    base_grow(&items, &answers->capacity, answers->count + 1, sizeof(struct answer *));
    answers->items = items;
    struct answer *answer = base_alloc(1, sizeof *answer);
    answer->client = client;
    answer->kind = request->kind;
    snprintf(answer->job, sizeof answer->job, "%s", request->job);
    snprintf(answer->run_prefix, sizeof answer->run_prefix, "%s", request->run);
    answer->at_ms = request->at_ms;
    answer->limit = request->limit;
    answer->failed = request->failed;
    answer->duplicates = request->duplicates;
    answer->follow = request->follow;
    answer->local = request->local;
    answers->items[answers->count++] = answer;
    return answer;
}

void answer_end(struct core *core, struct answer *answer)
{
    struct answers *answers = &core->answers;
    for (size_t i = 0; i < answers->count; i++) {
        if (answers->items[i] != answer)
            continue;
        memmove(&answers->items[i], &answers->items[i + 1],
                (answers->count - i - 1) * sizeof(struct answer *));
        answers->count--;
        break;
    }
    if (answer->query)
        ask_forget(core, answer->query);
    answer_free(answer);
}

void answer_query(struct core *core, struct answer *answer, struct effect_query *query)
{
    answer->query = query->query = ++core->answers.query;
    answer->rows_in_page = 0;
    answer->waiting = 1;
    answer->deadline_ms = core->now_ms + ASK_PATIENCE_MS;
    answer->unreachable_count = 0;
    answer->live_count = 0;
    held_write_all(core); // a question sees all that has ended
    book_flush(core);
    outbox_query(&core->outbox, query);
    if (!answer->local)
        answer->waiting += ask_others(core, answer, query);
}

void answer_reply(struct core *core, uint64_t client, struct control_reply *reply)
{
    if (!reply->text)
        reply->text = "";
    outbox_reply(&core->outbox, client, reply);
}

void answer_last(struct core *core, uint64_t client, uint32_t exit_status, const char *format, ...)
{
    char text[LIMIT_TEXT_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct control_reply reply = {
        .kind = CONTROL_REPLY_END, .last = true, .exit_status = exit_status, .text = text, .complete = true};
    answer_reply(core, client, &reply);
}

void answer_request(struct core *core, uint64_t client, const struct control_request *request)
{
    if (!core->is_loaded) {
        answer_last(core, client, 1, "this node is still reading its disk; try again in a moment");
        return;
    }
    switch (request->kind) {
    case CONTROL_STATUS:
        answer_status(core, client);
        return;
    case CONTROL_MEMBERS:
        answer_members(core, client);
        return;
    case CONTROL_AUTHORITY:
        answer_authority(core, client, request);
        return;
    case CONTROL_PUT:
        answer_put(core, client, request);
        return;
    case CONTROL_JOBS:
        answer_jobs(core, client);
        return;
    case CONTROL_JOB:
        answer_job(core, client, request);
        return;
    case CONTROL_RUNS:
        answer_runs(core, client, request);
        return;
    case CONTROL_LOGS:
        answer_logs(core, client, request);
        return;
    case CONTROL_WHY:
        answer_why(core, client, request);
        return;
    case CONTROL_OWNER:
        answer_owner(core, client, request);
        return;
    case CONTROL_WAIT:
        answer_wait(core, client, request);
        return;
    case CONTROL_CLOCK_TRUST:
        answer_clock_trust(core, client, request);
        return;
    case CONTROL_EMIT:
        answer_emit(core, client, request);
        return;
    case CONTROL_DRAIN:
        answer_drain(core, client, request);
        return;
    case CONTROL_LEAVE:
        answer_leave(core, client, request);
        return;
    }
    answer_last(core, client, 1, "this version does not know that request; update the agent");
}

void answer_client_gone(struct core *core, uint64_t client)
{
    for (size_t i = core->answers.count; i-- > 0;)
        if (core->answers.items[i]->client == client)
            answer_end(core, core->answers.items[i]);
}

static struct answer *find_query(struct core *core, uint64_t query)
{
    for (size_t i = 0; i < core->answers.count; i++)
        if (core->answers.items[i]->query == query)
            return core->answers.items[i];
    return NULL;
}

// A record that another node sent holds items of other jobs and due times as well.
static bool concerns(const struct answer *answer, const struct ledger_occurrence *occurrence,
                     int64_t last_due_ms)
{
    if (answer->job[0] && strcmp(answer->job, occurrence->job) != 0)
        return false;
    if (answer->kind == CONTROL_WHY && answer->at_ms && occurrence->due_ms)
        return occurrence->due_ms <= answer->at_ms && answer->at_ms <= last_due_ms;
    return answer->kind != CONTROL_WAIT || hash_equal(&answer->cause, &occurrence->cause);
}

static bool wants(const struct answer *answer, const struct event_row *row)
{
    switch (row->kind) {
    case EVENT_ROW_CLAIM: {
        const struct ledger_claim *claim = &row->is.claim;
        return concerns(answer, &claim->occurrence,
                        claim->occurrence.due_ms + (int64_t)((claim->count - 1) * claim->step_ms));
    }
    case EVENT_ROW_RESULT: {
        const struct ledger_result *result = &row->is.result;
        return concerns(answer, &result->occurrence,
                        result->occurrence.due_ms + (int64_t)((result->count - 1) * result->step_ms));
    }
    case EVENT_ROW_VERDICT:
        return concerns(answer, &row->is.verdict.occurrence, row->is.verdict.last_due_ms);
    case EVENT_ROW_SEGMENT:
        return run_id_equal(&row->is.segment.run, &answer->run);
    case EVENT_ROW_STORY:
        return true;
    case EVENT_ROW_RECORD:
    case EVENT_ROW_CURSOR:
    case EVENT_ROW_META:
    case EVENT_ROW_LIST:
        return false;
    }
    return false;
}

void answer_row(struct core *core, uint64_t query, const struct event_row *row, const struct node_id *source)
{
    struct answer *answer = find_query(core, query);
    if (!answer || !wants(answer, row))
        return;
    answer->rows_in_page++;
    if (answer->stage == ANSWER_SEGMENTS)
        answer_logs_row(core, answer, row);
    else if (row->kind == EVENT_ROW_STORY)
        answer_why_row(core, answer, row);
    else
        gather_row(&answer->gather, row, source);
}

void answer_live(struct core *core, uint64_t query, const struct run_id *run, int64_t started_ms)
{
    struct answer *answer = find_query(core, query);
    if (!answer || answer->live_count == LIMIT_RUNNING_COUNT_MAX)
        return;
    answer->live = base_resize(answer->live, answer->live_count + 1, sizeof *answer->live);
    answer->live[answer->live_count++] = (struct answer_live_run){*run, started_ms};
}

void answer_unreachable(struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->unreachable_count; i++)
        if (strcmp(answer->unreachable[i], name) == 0)
            return;
    answer->unreachable =
        base_resize(answer->unreachable, answer->unreachable_count + 1, sizeof *answer->unreachable);
    snprintf(answer->unreachable[answer->unreachable_count++], NAME_ROOM, "%s", name);
}

bool answer_is_late(const struct core *core, uint64_t query)
{
    for (size_t i = 0; i < core->answers.count; i++)
        if (core->answers.items[i]->query == query)
            return core->now_ms >= core->answers.items[i]->deadline_ms;
    return true;
}

static void all_said(struct core *core, struct answer *answer)
{
    answer->query = 0;
    if (core->past.client && answer->client == core->past.client)
        past_answered(core, answer);
    else if (answer->kind == CONTROL_RUNS)
        answer_runs_done(core, answer);
    else if (answer->kind == CONTROL_WAIT)
        answer_wait_done(core, answer);
    else if (answer->kind == CONTROL_LOGS)
        answer_logs_done(core, answer);
    else
        answer_why_done(core, answer);
}

void answer_rows_done(struct core *core, uint64_t query, bool failed)
{
    struct answer *answer = find_query(core, query);
    if (!answer)
        return;
    if (failed)
        answer_unreachable(answer, core_node_name(core, &core->self.id));
    if (--answer->waiting == 0)
        all_said(core, answer);
}

void answer_peer_done(struct core *core, uint64_t query, const char *in_vain)
{
    struct answer *answer = find_query(core, query);
    if (!answer)
        return;
    if (in_vain)
        answer_unreachable(answer, in_vain);
    if (--answer->waiting == 0)
        all_said(core, answer);
}

void answer_finish(struct core *core, struct answer *answer, uint32_t exit_status)
{
    const char *names[LIMIT_TARGET_COUNT_MAX];
    size_t count = MIN_OF(answer->unreachable_count, COUNT_OF(names));
    for (size_t i = 0; i < count; i++)
        names[i] = answer->unreachable[i];
    struct control_reply reply = {.kind = CONTROL_REPLY_END,
                                  .last = true,
                                  .exit_status = exit_status == 0 && count ? 5 : exit_status,
                                  .complete = count == 0,
                                  .unreachable = names,
                                  .unreachable_count = count};
    answer_reply(core, answer->client, &reply);
    answer_end(core, answer);
}

void answer_tick(struct core *core)
{
    for (size_t i = core->answers.count; i-- > 0;) {
        struct answer *answer = core->answers.items[i];
        if (!answer->poll_ms || core->now_ms < answer->poll_ms || answer->query)
            continue;
        answer->poll_ms = 0;
        if (answer->stage == ANSWER_WAITING)
            answer_look_again(core, answer);
        else if (answer->stage == ANSWER_POLLING)
            answer_logs_more(core, answer);
        else if (answer->stage == ANSWER_DRAINING)
            answer_drain_more(core, answer);
        else if (answer->stage == ANSWER_LEAVING)
            answer_leave_more(core, answer);
    }
}

void answer_settled(struct core *core)
{
    for (size_t i = core->answers.count; i-- > 0;) {
        struct answer *answer = core->answers.items[i];
        if (answer->stage == ANSWER_STORING && answer->ticket <= core->settled_ticket)
            answer_put_done(core, answer);
    }
}
