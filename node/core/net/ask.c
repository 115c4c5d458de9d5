#include "node/core/net/ask.h"

#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void drop_held(struct ask_question *question)
{
    for (size_t i = 0; i < question->held_count; i++)
        free((void *)(uintptr_t)question->held[i].data);
    for (size_t i = 0; i < question->story_count; i++)
        free((void *)(uintptr_t)question->stories[i].what);
    question->held_count = question->story_count = question->held_size = 0;
}

static void question_deinit(struct ask_question *question)
{
    drop_held(question);
    free(question->held);
    free(question->stories);
}

void asks_deinit(struct asks *asks)
{
    for (size_t i = 0; i < asks->question_count; i++)
        question_deinit(&asks->questions[i]);
    free(asks->peers);
    free(asks->questions);
    *asks = (struct asks){0};
}

static void send_question(struct core *core, const struct node_id *to, const struct effect_query *query)
{
    struct message_ask ask = {.number = query->query,
                              .kind = (uint8_t)query->kind,
                              .run = query->run,
                              .cause = query->cause,
                              .from = query->from,
                              .since_ms = query->since_ms,
                              .until_ms = query->until_ms,
                              .limit = query->limit,
                              .failed = query->failed};
    struct buffer body = {0};
    snprintf(ask.job, sizeof ask.job, "%s", query->job);
    memcpy(ask.run_prefix, query->run_prefix, sizeof ask.run_prefix);
    message_ask_encode(&ask, &body);
    links_send(core, to, MESSAGE_ASK, buffer_view(&body));
    buffer_deinit(&body);
}

static void add_peer(struct core *core, uint64_t query, const struct node_id *node)
{
    struct asks *asks = &core->asks;
    void *peers = asks->peers;
    base_grow(&peers, &asks->peer_capacity, asks->peer_count + 1, sizeof *asks->peers);
    asks->peers = peers;
    asks->peers[asks->peer_count++] = (struct ask_peer){query, *node};
}

// Would a node that cannot be asked have more to tell? Of one job: if it was a keeper of it. One that was
// away for so long that the membership forgot it does not count.
static bool may_know_more(const struct core *core, const struct answer *answer, const struct node_id *id)
{
    const struct job *job = answer->job[0] ? jobs_find(&core->jobs, answer->job) : NULL;
    if (!gossip_find(core->fleet.gossip, id))
        return false;
    return !job || !job->row || job->is_each || owner_may_keep(core, job, id);
}

size_t ask_others(struct core *core, struct answer *answer, const struct effect_query *query)
{
    size_t asked = 0;
    for (const struct directory_node *node = NULL;
         asked < ASK_PEER_MAX && (node = directory_next(&core->directory, node));) {
        enum fleet_state state = fleet_state_of(core, &node->id);
        if (node_id_equal(&node->id, &core->self.id) || node->is_revoked || state == FLEET_LEFT)
            continue;
        if (state == FLEET_DEAD || state == FLEET_UNHEARD) {
            if (may_know_more(core, answer, &node->id))
                answer_unreachable(answer, node->name);
            continue;
        }
        add_peer(core, query->query, &node->id);
        send_question(core, &node->id, query);
        asked++;
    }
    return asked;
}

// One node less to wait for; the answer goes on when it was the last.
static void one_less(struct core *core, size_t at, bool in_vain)
{
    const struct ask_peer peer = core->asks.peers[at];
    core->asks.peers[at] = core->asks.peers[--core->asks.peer_count];
    answer_peer_done(core, peer.query, in_vain ? core_node_name(core, &peer.node) : NULL);
}

void ask_tick(struct core *core)
{
    for (size_t i = core->asks.peer_count; i-- > 0;)
        if (i < core->asks.peer_count && answer_is_late(core, core->asks.peers[i].query))
            one_less(core, i, true);
}

void ask_disconnected(struct core *core, const struct node_id *node)
{
    for (size_t i = core->asks.peer_count; i-- > 0;)
        if (i < core->asks.peer_count && node_id_equal(&core->asks.peers[i].node, node))
            one_less(core, i, true);
}

void ask_forget(struct core *core, uint64_t query)
{
    for (size_t i = core->asks.peer_count; i-- > 0;)
        if (core->asks.peers[i].query == query)
            core->asks.peers[i] = core->asks.peers[--core->asks.peer_count];
}

// --- answering others ---

bool ask_received(struct core *core, const struct node_id *from, struct bytes body)
{
    struct message_ask ask;
    if (message_ask_decode(body, &ask) || ask.kind > EFFECT_QUERY_CAUSE)
        return false;
    struct asks *asks = &core->asks;
    void *questions = asks->questions;
    base_grow(&questions, &asks->question_capacity, asks->question_count + 1, sizeof *asks->questions);
    asks->questions = questions;
    struct ask_question *question = &asks->questions[asks->question_count++];
    *question = (struct ask_question){.from = *from, .number = ask.number, .query = ++core->answers.query};
    memcpy(question->job, ask.job, sizeof question->job);
    struct effect_query query = {.query = question->query,
                                 .kind = (enum effect_query_kind)ask.kind,
                                 .job = question->job,
                                 .run = ask.run,
                                 .cause = ask.cause,
                                 .from = ask.from,
                                 .since_ms = ask.since_ms,
                                 .until_ms = ask.until_ms,
                                 .limit = ask.limit,
                                 .failed = ask.failed};
    memcpy(query.run_prefix, ask.run_prefix, sizeof query.run_prefix);
    held_write_all(core); // a question sees all that has ended
    book_flush(core);
    outbox_query(&core->outbox, &query);
    return true;
}

static struct ask_question *find_question(struct core *core, uint64_t query)
{
    for (size_t i = 0; i < core->asks.question_count; i++)
        if (core->asks.questions[i].query == query)
            return &core->asks.questions[i];
    return NULL;
}

static void tell(struct core *core, const struct ask_question *question, struct message_told *told)
{
    struct buffer body = {0};
    told->number = question->number;
    message_told_encode(told, &body);
    links_send(core, &question->from, MESSAGE_TOLD, buffer_view(&body));
    buffer_deinit(&body);
}

static void tell_held(struct core *core, struct ask_question *question)
{
    struct message_told told = {.envelopes = {question->held, question->held_count},
                                .stories = question->stories,
                                .story_count = question->story_count};
    if (question->held_count || question->story_count)
        tell(core, question, &told);
    drop_held(question);
}

static void make_room(struct core *core, struct ask_question *question, size_t size)
{
    size_t count = question->held_count + question->story_count;
    if (count == MESSAGE_LIST_MAX || (count && question->held_size + size > ASK_HELD_SIZE))
        tell_held(core, question);
    question->held_size += size;
}

// A record is told once: rows of one record come one after the other.
static void hold_record(struct core *core, struct ask_question *question, const struct event_row *row)
{
    if (hash_equal(&question->last, &row->record))
        return;
    make_room(core, question, row->envelope.size);
    void *held = question->held;
    base_grow(&held, &question->held_capacity, question->held_count + 1, sizeof *question->held);
    question->held = held;
    question->held[question->held_count++] =
        bytes_of(base_copy(row->envelope.data, row->envelope.size), row->envelope.size);
    question->last = row->record;
}

// Only what this node itself wrote: about the job, or about itself.
static void hold_story(struct core *core, struct ask_question *question, const struct event_story *story)
{
    if (!node_id_equal(&story->node, &core->self.id))
        return;
    make_room(core, question, sizeof(struct message_story) + strlen(story->what));
    void *stories = question->stories;
    base_grow(&stories, &question->story_capacity, question->story_count + 1, sizeof *question->stories);
    question->stories = stories;
    struct message_story *kept = &question->stories[question->story_count++];
    *kept = (struct message_story){.occurrence = story->occurrence,
                                   .stamp = story->stamp,
                                   .node = story->node,
                                   .what = base_copy_text(story->what)};
    memcpy(kept->job, story->job, sizeof kept->job);
}

bool ask_row(struct core *core, uint64_t query, const struct event_row *row)
{
    struct ask_question *question = find_question(core, query);
    if (!question)
        return false;
    if (row->kind == EVENT_ROW_STORY)
        hold_story(core, question, &row->is.story);
    else
        hold_record(core, question, row);
    return true;
}

bool ask_rows_done(struct core *core, uint64_t query)
{
    struct ask_question *question = find_question(core, query);
    if (!question)
        return false;
    tell_held(core, question);
    struct run_id live[LIMIT_RUNNING_COUNT_MAX];
    int64_t started_ms[LIMIT_RUNNING_COUNT_MAX];
    struct message_told told = {.done = true, .live = live, .live_started_ms = started_ms};
    for (size_t i = 0; i < core->runs.count && told.live_count < COUNT_OF(live); i++) {
        const struct run *run = core->runs.items[i];
        if (run->state != RUN_RUNNING || (question->job[0] && strcmp(question->job, run->job) != 0))
            continue;
        live[told.live_count] = run->id;
        started_ms[told.live_count++] = run->started_ms;
    }
    tell(core, question, &told);
    question_deinit(question);
    *question = core->asks.questions[--core->asks.question_count];
    return true;
}

// --- being told ---

struct telling {
    struct core *core;
    uint64_t query;
    const struct node_id *from;
};

static void told_row(void *context, const struct event_row *row)
{
    const struct telling *telling = context;
    answer_row(telling->core, telling->query, row, telling->from);
}

static size_t find_peer(const struct core *core, uint64_t query, const struct node_id *node)
{
    for (size_t i = 0; i < core->asks.peer_count; i++)
        if (core->asks.peers[i].query == query && node_id_equal(&core->asks.peers[i].node, node))
            return i;
    return SIZE_MAX;
}

static void take_story(const struct telling *telling, const struct message_story *story)
{
    struct event_row row = {.kind = EVENT_ROW_STORY};
    row.is.story = (struct event_story){
        .occurrence = story->occurrence, .stamp = story->stamp, .node = story->node, .what = story->what};
    memcpy(row.is.story.job, story->job, sizeof row.is.story.job);
    answer_row(telling->core, telling->query, &row, telling->from);
}

bool ask_told(struct core *core, const struct node_id *from, struct bytes body)
{
    struct arena arena = {0};
    struct message_told told;
    bool is_well_formed = message_told_decode(body, &arena, &told) == 0;
    size_t at = is_well_formed ? find_peer(core, told.number, from) : SIZE_MAX;
    if (at != SIZE_MAX) {
        struct telling telling = {core, told.number, from};
        for (size_t i = 0; i < told.envelopes.count; i++)
            if (!keep_read(core, told.envelopes.items[i], told_row, &telling))
                core->rejected++;
        for (size_t i = 0; i < told.story_count; i++)
            take_story(&telling, &told.stories[i]);
        for (size_t i = 0; i < told.live_count; i++)
            answer_live(core, told.number, &told.live[i], told.live_started_ms[i]);
        if (told.done && (at = find_peer(core, told.number, from)) != SIZE_MAX)
            one_less(core, at, false);
    }
    arena_deinit(&arena);
    return is_well_formed;
}
