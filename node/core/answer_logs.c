// answer_logs.c - `logs`: what a run said, page by page from the disk, then live while it runs.
#include "node/core/state.h"

#include <stdio.h>
#include <string.h>

enum {
    ANSWER_LOGS_PAGE = 64, // segments a query
    ANSWER_LOGS_POLL_MS = 1000,
    ANSWER_LOGS_UNREAD_MAX = 256 * 1024, // the next piece waits until the client has read this much
};

static void query_page(struct core *core, struct answer *answer)
{
    answer->stage = ANSWER_SEGMENTS;
    answer->is_behind = false;
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
    struct effect_query query = {.kind = request->run[0] ? EFFECT_QUERY_RUN : EFFECT_QUERY_RUNS,
                                 .job = request->run[0] ? "" : answer->job,
                                 .until_ms = core->wall_ms, // what is claimed ahead has said nothing yet
                                 .limit = 5};
    snprintf(query.run_prefix, sizeof query.run_prefix, "%s", request->run);
    answer_query(core, answer, &query);
}

static void reply_segment(struct core *core, struct answer *answer, const struct answer_segment *segment)
{
    struct control_reply reply = {.kind = CONTROL_REPLY_LOG,
                                  .is.log = {.run = answer->run,
                                             .offset = segment->offset,
                                             .stream = segment->stream,
                                             .at_ms = segment->at_ms,
                                             .data = buffer_view(&segment->data)}};
    answer->unread_bytes += segment->data.size;
    answer_reply(core, answer->client, &reply);
}

// Segments of a page come from several nodes; each index is kept once, in order.
void answer_logs_row(struct core *core, struct answer *answer, const struct event_row *row)
{
    (void)core;
    const struct ledger_segment *segment = &row->is.segment;
    size_t at = answer->segment_count;
    if (row->kind != EVENT_ROW_SEGMENT || segment->index < answer->next_segment)
        return;
    while (at > 0 && answer->segments[at - 1].index > segment->index)
        at--;
    if (at > 0 && answer->segments[at - 1].index == segment->index)
        return;
    void *segments = answer->segments;
    base_grow(&segments, &answer->segment_capacity, answer->segment_count + 1, sizeof *answer->segments);
    answer->segments = segments;
    memmove(&answer->segments[at + 1], &answer->segments[at],
            (answer->segment_count++ - at) * sizeof *answer->segments);
    struct answer_segment *kept = &answer->segments[at];
    *kept = (struct answer_segment){.index = segment->index,
                                    .offset = segment->offset,
                                    .at_ms = segment->at_ms,
                                    .stream = segment->stream};
    buffer_add(&kept->data, segment->data.data, segment->data.size);
}

// No more than a page: a source that lacks some in between has told of later ones instead, and up to those
// another source has not told all. The first page of the union is complete in any case.
static void reply_page(struct core *core, struct answer *answer)
{
    for (size_t i = 0; i < answer->segment_count; i++) {
        if (i < ANSWER_LOGS_PAGE) {
            answer->next_segment = answer->segments[i].index + 1;
            reply_segment(core, answer, &answer->segments[i]);
        }
        buffer_deinit(&answer->segments[i].data);
    }
    answer->segment_count = 0;
}

static bool is_running_elsewhere(const struct answer *answer, const struct run_id *run)
{
    for (size_t i = 0; i < answer->live_count; i++)
        if (run_id_equal(&answer->live[i].run, run))
            return true;
    return false;
}

// It ended or runs somewhere, or its node went away with it: what that one said meanwhile is with the
// keepers.
static bool may_have_said_something(const struct core *core, const struct answer *answer,
                                    const struct gather_due *due, const struct gather_run *run)
{
    return run->status != LEDGER_OPEN || due->verdict == LEDGER_LOST || runs_find(&core->runs, &run->run) ||
           is_running_elsewhere(answer, &run->run) || owner_is_gone(core, &run->executor);
}

// The run to show: the one asked for, or the newest that has started.
static const struct gather_run *choose(struct core *core, struct answer *answer)
{
    gather_sort(&answer->gather);
    for (size_t i = 0; i < answer->gather.count; i++) {
        const struct gather_due *due = &answer->gather.items[i];
        const struct gather_run *run = gather_deciding_run(due);
        if (run && may_have_said_something(core, answer, due, run))
            return run;
    }
    return NULL;
}

static bool is_running_here(const struct core *core, const struct run_id *id)
{
    const struct run *run = runs_find(&core->runs, id);
    return run && !runs_is_over(run);
}

static void page_done(struct core *core, struct answer *answer)
{
    bool is_full = answer->segment_count >= ANSWER_LOGS_PAGE;
    reply_page(core, answer);
    if ((is_full || answer->follow) && answer->unread_bytes >= ANSWER_LOGS_UNREAD_MAX) {
        answer->stage = ANSWER_SENDING;
    } else if (is_full) {
        query_page(core, answer);
    } else if (answer->follow && is_running_here(core, &answer->run)) {
        answer->stage = ANSWER_FOLLOWING;
    } else if (answer->follow && is_running_elsewhere(answer, &answer->run)) {
        answer->stage = ANSWER_POLLING;
        answer->poll_ms = core->now_ms + ANSWER_LOGS_POLL_MS;
    } else {
        answer_finish(core, answer, 0);
    }
}

void answer_drained(struct core *core, uint64_t client)
{
    for (size_t i = core->answers.count; i-- > 0;) {
        struct answer *answer = core->answers.items[i];
        if (answer->client != client || answer->kind != CONTROL_LOGS)
            continue;
        answer->unread_bytes = 0;
        if (answer->stage == ANSWER_SENDING || (answer->stage == ANSWER_FOLLOWING && answer->is_behind))
            query_page(core, answer);
    }
}

void answer_logs_more(struct core *core, struct answer *answer)
{
    query_page(core, answer);
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
    const struct gather_run *run = answer->run_prefix[0] ? find_prefix(answer) : choose(core, answer);
    if (run) {
        chosen(core, answer, &run->run);
        return;
    }
    if (!answer->run_prefix[0])
        answer_last(core, answer->client, 4, "%s has not run yet; `katydid next %s` says when it will",
                    answer->job, answer->job);
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
        answer->is_behind |= answer->unread_bytes >= ANSWER_LOGS_UNREAD_MAX;
        for (size_t k = 0; !answer->is_behind && k < count; k++) {
            const struct event_row row = {.kind = EVENT_ROW_SEGMENT, .is.segment = segments[k]};
            answer_logs_row(core, answer, &row);
        }
        reply_page(core, answer);
    }
}

void answer_run_ended(struct core *core, const struct run_id *run)
{
    for (size_t i = core->answers.count; i-- > 0;) {
        struct answer *answer = core->answers.items[i];
        if (answer->stage != ANSWER_FOLLOWING || !run_id_equal(&answer->run, run))
            continue;
        answer->follow = false; // what was not said yet is read from the disk first
        if (answer->is_behind)
            continue;
        answer_last(core, answer->client, 0, "%s", "");
        answer_end(core, answer);
    }
}
