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
    answers->items[answers->count++] = answer;
    return answer;
}

void answer_end(struct core *core, struct answer *answer)
{
    struct answers *answers = &core->answers;
    for (size_t i = 0; i < answers->count; i++) {
        if (answers->items[i] != answer)
            continue;
        memmove(&answers->items[i], &answers->items[i + 1], (answers->count - i - 1) * sizeof(struct answer *));
        answers->count--;
        break;
    }
    answer_free(answer);
}

void answer_query(struct core *core, struct answer *answer, struct effect_query *query)
{
    answer->query = query->query = ++core->answers.query;
    answer->rows_in_page = 0;
    outbox_query(&core->outbox, query);
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
    case CONTROL_DRAIN:
    case CONTROL_LEAVE:
        break;
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

void answer_row(struct core *core, uint64_t query, const struct event_row *row)
{
    struct answer *answer = find_query(core, query);
    if (!answer)
        return;
    answer->rows_in_page++;
    if (answer->stage == ANSWER_SEGMENTS)
        answer_logs_row(core, answer, row);
    else if (row->kind == EVENT_ROW_STORY)
        answer_why_row(core, answer, row);
    else
        gather_row(&answer->gather, row);
}

void answer_rows_done(struct core *core, uint64_t query, bool failed)
{
    struct answer *answer = find_query(core, query);
    if (!answer)
        return;
    answer->query = 0;
    if (failed) {
        answer_last(core, answer->client, 1, "the history on this node's disk cannot be read; see the agent's log");
        answer_end(core, answer);
        return;
    }
    if (answer->kind == CONTROL_RUNS)
        answer_runs_done(core, answer);
    else if (answer->kind == CONTROL_WAIT)
        answer_wait_done(core, answer);
    else if (answer->kind == CONTROL_LOGS)
        answer_logs_done(core, answer);
    else
        answer_why_done(core, answer);
}

void answer_settled(struct core *core)
{
    for (size_t i = core->answers.count; i-- > 0;) {
        struct answer *answer = core->answers.items[i];
        if (answer->stage == ANSWER_STORING && answer->ticket <= core->settled_ticket)
            answer_put_done(core, answer);
    }
}
