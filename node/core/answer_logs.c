// answer_logs.c - `logs`: what a run said, page by page from the disk, then live while it runs.
#include "node/core/state.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_LOGS_PAGE = 64 }; // segments a query

static void query_page(struct core *core, struct answer *answer)
{
    answer->stage = ANSWER_SEGMENTS;
    struct effect_query query = {.kind = EFFECT_QUERY_SEGMENTS,
                                 .job = "",
                                 .run = answer->run,
                                 .from = answer->next_segment,
                                 .limit = ANSWER_LOGS_PAGE};
    answer_query(core, answer, &query);
}

void answer_logs(struct core *core, uint64_t client, const struct control_request *request)
{
    if (!request->run[0] && !jobs_row(core, request->job)) {
        answer_last(core, client, 4, "there is no job %s; `katydid jobs` lists them", request->job);
        return;
    }
    struct answer *answer = answer_new(core, client, request);
    struct effect_query query = {
        .kind = request->run[0] ? EFFECT_QUERY_RUN : EFFECT_QUERY_RUNS, .job = request->run[0] ? "" : answer->job,
        .limit = 5};
    snprintf(query.run_prefix, sizeof query.run_prefix, "%s", request->run);
    answer_query(core, answer, &query);
}

static void reply_segment(struct core *core, const struct answer *answer, const struct ledger_segment *segment)
{
    struct control_reply reply = {.kind = CONTROL_REPLY_LOG,
                                  .is.log = {.run = segment->run,
                                             .offset = segment->offset,
                                             .stream = segment->stream,
                                             .at_ms = segment->at_ms,
                                             .data = segment->data}};
    answer_reply(core, answer->client, &reply);
}

void answer_logs_row(struct core *core, struct answer *answer, const struct event_row *row)
{
    if (row->kind != EVENT_ROW_SEGMENT || row->is.segment.index < answer->next_segment)
        return;
    answer->next_segment = row->is.segment.index + 1;
    reply_segment(core, answer, &row->is.segment);
}

// The run to show: the one asked for, or the newest that has started.
static const struct gather_run *choose(struct core *core, struct gather *gather)
{
    gather_sort(gather);
    for (size_t i = 0; i < gather->count; i++) {
        const struct gather_run *run = gather_deciding_run(&gather->items[i]);
        if (run && (run->status != LEDGER_OPEN || runs_find(&core->runs, &run->run)))
            return run;
    }
    return NULL;
}

static bool is_running(const struct core *core, const struct run_id *id)
{
    const struct run *run = runs_find(&core->runs, id);
    return run && run->state != RUN_WRITTEN;
}

static void page_done(struct core *core, struct answer *answer)
{
    if (answer->rows_in_page >= ANSWER_LOGS_PAGE) {
        query_page(core, answer);
    } else if (answer->follow && is_running(core, &answer->run)) {
        answer->stage = ANSWER_FOLLOWING;
    } else {
        answer_last(core, answer->client, 0, "%s", "");
        answer_end(core, answer);
    }
}

static void chosen(struct core *core, struct answer *answer, const struct run_id *run)
{
    answer->run = *run;
    answer->run_is_known = true;
    query_page(core, answer);
}

// The run whose id begins as asked.
static const struct gather_run *find_prefix(const struct answer *answer)
{
    for (size_t i = 0; i < answer->gather.count; i++)
        for (size_t k = 0; k < answer->gather.items[i].run_count; k++) {
            char hex[2 * RUN_ID_SIZE + 1];
            hex_encode(answer->gather.items[i].runs[k].run.b, RUN_ID_SIZE, hex);
            if (strncmp(hex, answer->run_prefix, strlen(answer->run_prefix)) == 0)
                return &answer->gather.items[i].runs[k];
        }
    return NULL;
}

void answer_logs_done(struct core *core, struct answer *answer)
{
    if (answer->run_is_known) {
        page_done(core, answer);
        return;
    }
    const struct gather_run *run = answer->run_prefix[0] ? find_prefix(answer) : choose(core, &answer->gather);
    if (run) {
        chosen(core, answer, &run->run);
        return;
    }
    if (!answer->run_prefix[0])
        answer_last(core, answer->client, 4, "%s has not run yet; `katydid next %s` says when it will", answer->job,
                    answer->job);
    else
        answer_last(core, answer->client, 4, "no run has an id that begins so; `katydid runs` lists them");
    answer_end(core, answer);
}

void answer_log_grew(struct core *core, const struct ledger_segment *segments, size_t count)
{
    for (size_t i = 0; i < core->answers.count; i++) {
        struct answer *answer = core->answers.items[i];
        if (answer->stage != ANSWER_FOLLOWING || !run_id_equal(&answer->run, &segments[0].run))
            continue;
        for (size_t k = 0; k < count; k++)
            if (segments[k].index >= answer->next_segment) {
                answer->next_segment = segments[k].index + 1;
                reply_segment(core, answer, &segments[k]);
            }
    }
}

void answer_run_ended(struct core *core, const struct run_id *run)
{
    for (size_t i = core->answers.count; i-- > 0;) {
        struct answer *answer = core->answers.items[i];
        if (answer->stage != ANSWER_FOLLOWING || !run_id_equal(&answer->run, run))
            continue;
        answer_last(core, answer->client, 0, "%s", "");
        answer_end(core, answer);
    }
}
