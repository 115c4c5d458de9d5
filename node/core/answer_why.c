// answer_why.c - `why`: what happened to one due time, told in order.
//
// The story is made of what is on disk about it: claims, attempts and how they ended, verdicts, and
// the lines nodes wrote when something unusual happened to the job around that time.
#include "node/core/catch_up.h"
#include "node/core/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_WHY_AROUND_MS = 120 * 1000, // lines about the job or the node this close belong to the story
    ANSWER_WHY_LINE_MAX = 400,
};

static void add_line(struct answer *answer, const struct answer_line *shape, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void add_line(struct answer *answer, const struct answer_line *shape, const char *format, ...)
{
    if (answer->line_count >= ANSWER_WHY_LINE_MAX)
        return;
    char text[LIMIT_TEXT_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    void *lines = answer->lines;
    base_grow(&lines, &answer->line_capacity, answer->line_count + 1, sizeof *answer->lines);
    answer->lines = lines;
    struct answer_line *line = &answer->lines[answer->line_count++];
    *line = *shape;
    line->what = base_copy_text(text);
}

void answer_why_row(struct core *core, struct answer *answer, const struct event_row *row)
{
    (void)core;
    const struct event_story *story = &row->is.story;
    if (!hash_is_zero(&story->occurrence) && !hash_equal(&story->occurrence, &answer->cause))
        return; // about another due time
    const struct answer_line shape = {.at_ms = stamp_wall_ms(story->stamp),
                                      .stamp = story->stamp,
                                      .node = story->node,
                                      .is_node_wide = !story->job[0]};
    add_line(answer, &shape, "%s", story->what);
}

static struct occurrence_id occurrence_of(const struct gather_due *due)
{
    const struct occurrence occurrence = {.job = due->job,
                                          .life = due->life,
                                          .schedule_version = due->key.schedule_version,
                                          .trigger = due->key.trigger,
                                          .target = due->key.target,
                                          .due_ms = due->key.due_ms,
                                          .cause = due->key.cause};
    return occurrence_id_of(&occurrence);
}

// The nearest due times before and after an instant.
static void nearest(const struct job *job, int64_t at_ms, struct control_why *why)
{
    for (size_t i = 0; i < job->slot_count; i++) {
        const struct due *trigger = job->slots[i].compiled;
        int64_t due_ms, back_ms = 1000;
        if (!trigger)
            continue;
        why->is_due |= due_is(trigger, at_ms);
        if (due_next(trigger, at_ms, &due_ms) && (!why->after_ms || due_ms < why->after_ms))
            why->after_ms = due_ms;
        while (back_ms < LIMIT_PERIOD_MS_MAX &&
               due_count_between(trigger, at_ms - back_ms, at_ms - 1, UINT32_MAX, &due_ms) == 0)
            back_ms *= 4;
        if (back_ms < LIMIT_PERIOD_MS_MAX)
            why->before_ms = MAX_OF(why->before_ms, due_ms);
    }
}

static void query_story(struct core *core, struct answer *answer)
{
    answer->stage = ANSWER_FOLLOWING;
    struct effect_query query = {.kind = EFFECT_QUERY_STORY,
                                 .job = answer->job,
                                 .since_ms = answer->at_ms - ANSWER_WHY_AROUND_MS,
                                 .until_ms = answer->at_ms + ANSWER_WHY_AROUND_MS,
                                 .limit = ANSWER_WHY_LINE_MAX};
    answer_query(core, answer, &query);
}

// What has no due time was due at some millisecond, and people name the second or minute they see in `runs`.
static int64_t unsaid_ms(int64_t at_ms)
{
    return at_ms % 60000 == 0 ? 59999 : at_ms % 1000 == 0 ? 999 : 0;
}

void answer_why(struct core *core, uint64_t client, const struct control_request *request)
{
    struct job *job = jobs_find(&core->jobs, request->job);
    if (!job && !jobs_row(core, request->job)) {
        answer_last(core, client, 4, "there is no job %s; `katydid jobs` lists them", request->job);
        return;
    }
    struct answer *answer = answer_new(core, client, request);
    struct effect_query query = {
        .kind = EFFECT_QUERY_RUNS, .job = answer->job, .until_ms = core->wall_ms, .limit = 1};
    if (answer->at_ms) {
        query.kind = EFFECT_QUERY_DUE;
        query.since_ms = answer->at_ms;
        query.until_ms = answer->at_ms + unsaid_ms(answer->at_ms);
        query.limit = 50;
    }
    answer_query(core, answer, &query);
}

static void tell_run(struct core *core, struct answer *answer, const struct gather_run *run)
{
    char id[2 * RUN_ID_SIZE + 1];
    hex_encode(run->run.b, RUN_ID_SIZE, id);
    id[8] = 0;
    // Behind what was written about it in the same millisecond: why it was claimed.
    const uint64_t stamp = UINT64_MAX - 1;
    const struct answer_line claimed = {.at_ms = run->claimed_ms, .stamp = stamp, .node = run->owner};
    const struct answer_line started = {.at_ms = run->started_ms, .stamp = stamp, .node = run->executor};
    const struct answer_line ended = {.at_ms = run->ended_ms, .stamp = stamp, .node = run->executor};
    if (run->claimed_ms)
        add_line(answer, &claimed, "claimed attempt %u for %s", run->attempt,
                 core_node_name(core, &run->executor));
    if (run->started_ms)
        add_line(answer, &started, "started run %s", id);
    if (run->status == LEDGER_OPEN)
        return;
    if (run->signal)
        add_line(answer, &ended, "%s: ended by signal %d%s%s", ledger_status_text(run->status), run->signal,
                 run->reason[0] ? ", " : "", run->reason);
    else if (run->exit_code >= 0)
        add_line(answer, &ended, "%s, exit %d%s%s; %s%s", ledger_status_text(run->status), run->exit_code,
                 run->reason[0] ? ", " : "", run->reason,
                 run->output_bytes ? "log: katydid logs " : "no output", run->output_bytes ? id : "");
    else
        add_line(answer, &ended, "%s: %s", ledger_status_text(run->status), run->reason);
}

// Who has it on disk, of those that were asked just now; and how many should.
static void tell_copies(struct core *core, struct answer *answer, const struct gather_due *due)
{
    const struct job *job = jobs_find(&core->jobs, answer->job);
    const struct answer_line now = {.at_ms = core->wall_ms, .stamp = UINT64_MAX, .node = core->self.id};
    uint64_t holders = gather_holders(due);
    char names[LIMIT_TEXT_SIZE_MAX / 2] = "";
    struct owner_rank rank = {0};
    if (job && job->row)
        owner_rank(core, job, NULL, 0, &rank);
    for (size_t i = 0, used = 0; i < answer->gather.source_count && used < sizeof names; i++)
        if (holders >> i & 1)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                     core_node_name(core, &answer->gather.sources[i]));
    add_line(answer, &now, "copies %u/%zu: %s", gather_copy_count(due),
             MAX_OF(rank.count, (size_t)gather_copy_count(due)), names);
}

static void tell_due(struct core *core, struct answer *answer, const struct gather_due *due)
{
    for (size_t i = 0; i < due->run_count; i++)
        tell_run(core, answer, &due->runs[i]);
    const struct answer_line judged = {.at_ms = due->at_ms, .node = due->judge};
    if (due->verdict != LEDGER_OPEN && due->count > 1)
        add_line(answer, &judged, "%s, as one of %llu due times: %s", ledger_status_text(due->verdict),
                 (unsigned long long)due->count, due->reason);
    else if (due->verdict != LEDGER_OPEN)
        add_line(answer, &judged, "%s: %s", ledger_status_text(due->verdict), due->reason);
    tell_copies(core, answer, due);
}

static int by_time(const struct answer_line *a, const struct answer_line *b)
{
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return (a->stamp > b->stamp) - (a->stamp < b->stamp);
}

static void sort_lines(struct answer *answer)
{
    for (size_t i = 1; i < answer->line_count; i++) {
        struct answer_line line = answer->lines[i];
        size_t at = i;
        for (; at > 0 && by_time(&answer->lines[at - 1], &line) > 0; at--)
            answer->lines[at] = answer->lines[at - 1];
        answer->lines[at] = line;
    }
}

// Why the job stands still: "paused by ann", "blocked: no eligible node: n1 is away".
static void tell_stall(const struct jobs_stall *stall, const char *before, char *text, size_t size)
{
    bool is_skipped = stall->status == LEDGER_SKIPPED;
    snprintf(text, size, "%s%s%s%s", before, is_skipped ? "" : ledger_status_text(stall->status),
             is_skipped ? "" : ": ", stall->reason);
}

static void open_because(const struct core *core, const struct job *job, const struct control_why *why,
                         char *text, size_t size)
{
    const struct definition *definition = job ? jobs_definition(core, job) : NULL;
    if (!definition)
        snprintf(text, size, "the job was deleted before anything was written about this due time");
    else if (!why->is_due)
        snprintf(text, size, "%s", jobs_trouble(job) ? jobs_trouble(job) : "it was not due then");
    else if (why->due_ms > core->wall_ms && job->stall)
        tell_stall(job->stall, "it lies ahead; ", text, size);
    else if (why->due_ms > core->wall_ms)
        snprintf(text, size, "it lies ahead");
    else if (why->due_ms <= stamp_wall_ms(definition->since))
        snprintf(text, size, "the schedule began later than this");
    else if (job->stall)
        tell_stall(job->stall, "", text, size);
    else if (jobs_complaint(core, job))
        snprintf(text, size, "%s", jobs_complaint(core, job));
    else
        snprintf(text, size, "nothing is written about it on this node");
}

static void reply_why(struct core *core, struct answer *answer, const struct gather_due *due)
{
    struct job *job = jobs_find(&core->jobs, answer->job);
    struct control_reply reply = {.kind = CONTROL_REPLY_WHY};
    struct control_why *why = &reply.is.why;
    char blackout[CATCH_UP_TEXT_ROOM] = "";
    char because[sizeof job->stall->reason + 64], trigger[TRIGGER_TEXT_SIZE];
    *why = (struct control_why){.job = answer->job,
                                .due_ms = answer->at_ms,
                                .reason = "",
                                .owner = "",
                                .node = "",
                                .trigger_text = ""};
    if (job)
        nearest(job, answer->at_ms, why);
    if (due) {
        struct control_run row = answer_run_row(core, due, trigger);
        why->is_due = true;
        why->status = row.status;
        why->reason = row.reason;
        why->owner = row.owner;
        why->node = row.node;
        why->run = row.run;
        why->has_run = row.has_run;
        why->trigger = row.trigger;
        why->trigger_text = row.trigger_text;
    } else {
        open_because(core, job, why, because, sizeof because);
        why->reason = because;
        if (job && job->row && why->is_due)
            catch_up_tell_blackout(job, why->due_ms, blackout);
        if (blackout[0])
            why->reason = blackout;
    }
    answer_reply(core, answer->client, &reply);
}

// Did this node have to do with the due time: claimed, ran or judged it, owns the job, or wrote about it?
static bool is_involved(struct core *core, const struct answer *answer, const struct gather_due *due,
                        const struct node_id *node)
{
    const struct job *job = jobs_find(&core->jobs, answer->job);
    struct owner_rank rank;
    for (size_t i = 0; i < answer->line_count; i++)
        if (!answer->lines[i].is_node_wide && node_id_equal(&answer->lines[i].node, node))
            return true; // claims, runs and verdicts are lines as well
    if (due && node_id_equal(&due->key.target, node))
        return true;
    if (!job || !job->row)
        return false;
    owner_rank(core, job, NULL, 0, &rank);
    return node_id_equal(&job->promised.node, node) || (rank.count && node_id_equal(&rank.nodes[0], node)) ||
           job->is_each;
}

// A node that reads a record again may write the same line again.
static bool is_repeated(const struct answer *answer, size_t index)
{
    const struct answer_line *line = &answer->lines[index];
    for (size_t i = index; i-- > 0 && line->at_ms - answer->lines[i].at_ms < 1000;)
        if (node_id_equal(&line->node, &answer->lines[i].node) &&
            strcmp(line->what, answer->lines[i].what) == 0)
            return true;
    return false;
}

static void reply_lines(struct core *core, struct answer *answer, const struct gather_due *due)
{
    sort_lines(answer);
    for (size_t i = 0; i < answer->line_count; i++) {
        const struct answer_line *line = &answer->lines[i];
        if (is_repeated(answer, i) || (line->is_node_wide && !is_involved(core, answer, due, &line->node)))
            continue;
        struct control_reply reply = {.kind = CONTROL_REPLY_STORY,
                                      .is.story = {.at_ms = line->at_ms,
                                                   .stamp = line->stamp,
                                                   .node = core_node_name(core, &line->node),
                                                   .what = line->what,
                                                   .job = answer->job}};
        answer_reply(core, answer->client, &reply);
    }
}

// Does the schedule, as it is now, have this very due time?
static bool is_due_at(const struct core *core, const struct answer *answer)
{
    const struct job *job = jobs_find(&core->jobs, answer->job);
    struct control_why why = {0};
    if (job)
        nearest(job, answer->at_ms, &why);
    return why.is_due;
}

// The due time asked about, or the stretch it lies in, or the first that came in the time named; without
// one, the newest that has come.
static const struct gather_due *choose(const struct core *core, const struct answer *answer)
{
    const struct gather_due *stretch = NULL, *caused = NULL; // the first of those
    for (size_t i = 0; i < answer->gather.count; i++) {
        const struct gather_due *due = &answer->gather.items[i];
        int64_t time_ms = gather_time_ms(due);
        if (answer->at_ms ? time_ms == answer->at_ms && due->count == 1 : time_ms <= core->wall_ms)
            return due;
        if (answer->at_ms && due->count > 1 && time_ms <= answer->at_ms && answer->at_ms <= due->last_due_ms)
            stretch = due;
        if (answer->at_ms && due->key.due_ms == 0 && time_ms > answer->at_ms &&
            time_ms <= answer->at_ms + unsaid_ms(answer->at_ms))
            caused = due;
    }
    return stretch || !caused || is_due_at(core, answer) ? stretch : caused;
}

// The newest due time that has come, whether or not anything is written about it.
static int64_t newest_ms(const struct core *core, const struct answer *answer, const struct gather_due *due)
{
    const struct job *job = jobs_find(&core->jobs, answer->job);
    int64_t told_ms = due ? MAX_OF(due->last_due_ms, gather_time_ms(due)) : 0;
    struct control_why why = {0};
    const struct definition *definition = job ? jobs_definition(core, job) : NULL;
    if (definition)
        nearest(job, core->wall_ms + 1, &why);
    if (why.before_ms > told_ms && why.before_ms > stamp_wall_ms(definition->since))
        return why.before_ms;
    return due ? gather_time_ms(due) : core->wall_ms;
}

void answer_why_done(struct core *core, struct answer *answer)
{
    gather_sort(&answer->gather);
    const struct gather_due *due = choose(core, answer);
    if (answer->stage == ANSWER_GATHERING) {
        if (!answer->at_ms) {
            answer->at_ms = newest_ms(core, answer, due);
            due = choose(core, answer);
        }
        if (due)
            answer->cause = occurrence_of(due).hash;
        if (due && due->key.due_ms == 0)
            answer->at_ms = gather_time_ms(due);
        query_story(core, answer);
        return;
    }
    for (size_t i = 0; i < answer->gather.count; i++)
        if (&answer->gather.items[i] == due)
            tell_due(core, answer, &answer->gather.items[i]);
    reply_why(core, answer, due);
    reply_lines(core, answer, due);
    answer_finish(core, answer, 0);
}
