// copies_answer.c - the keeper's side: what of somebody's records is here. See copies.h.
#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

static struct copies_question *find_question(struct core *core, const struct node_id *from)
{
    for (size_t i = 0; i < core->copies.question_count; i++)
        if (node_id_equal(&core->copies.questions[i].from, from))
            return &core->copies.questions[i];
    return NULL;
}

static struct copies_question *get_question(struct core *core, const struct node_id *from)
{
    struct copies *copies = &core->copies;
    struct copies_question *question = find_question(core, from);
    if (question)
        return question;
    void *questions = copies->questions;
    base_grow(&questions, &copies->question_capacity, copies->question_count + 1, sizeof *copies->questions);
    copies->questions = questions;
    question = &copies->questions[copies->question_count++];
    *question = (struct copies_question){.from = *from};
    return question;
}

// While one question of a node is being answered, its next one is not: it asks again.
static void ask_disk(struct core *core, const struct node_id *from, const struct message_compare *compare)
{
    struct copies_question *question = get_question(core, from);
    if (question->reading)
        return;
    question->compared = (struct message_compared){.number = compare->number};
    question->reading = compare->count;
    for (size_t i = 0; i < compare->count; i++) {
        const struct message_compare_job *job = &compare->jobs[i];
        struct copies_look look = {
            .mode = COPIES_COMPARING, .peer = *from, .number = compare->number, .index = job->index};
        struct effect_query query = {
            .kind = EFFECT_QUERY_IDS, .job = job->job, .limit = COPIES_ITEM_COUNT_MAX};
        memcpy(look.digest, job->digest, sizeof look.digest);
        copies_begin(core, &look, &query);
    }
}

bool copies_asked(struct core *core, const struct node_id *from, struct bytes body)
{
    struct arena arena = {0};
    struct message_compare compare;
    bool is_well_formed = message_compare_decode(body, &arena, &compare) == 0;
    if (is_well_formed && compare.count)
        ask_disk(core, from, &compare);
    arena_deinit(&arena);
    return is_well_formed;
}

static size_t count_checks(const struct core *core, const struct node_id *from)
{
    size_t count = 0;
    for (size_t i = 0; i < core->copies.look_count; i++)
        count +=
            core->copies.looks[i].mode == COPIES_CHECKING && node_id_equal(&core->copies.looks[i].peer, from);
    return count;
}

// A disk that takes nothing lacks nothing: who offers asks again.
bool copies_offered(struct core *core, const struct node_id *from, struct bytes body)
{
    struct message_offer offer;
    if (message_offer_decode(body, &offer))
        return false;
    if (core->storage != EVENT_STORAGE_OK || count_checks(core, from) >= COPIES_LOOK_COUNT_MAX)
        return true;
    const struct copies_look look = {.mode = COPIES_CHECKING, .peer = *from, .number = offer.number};
    struct bytes ids = bytes_of(offer.ids, offer.count * HASH_SIZE);
    struct effect_query query = {.kind = EFFECT_QUERY_RECORDS, .job = "", .ids = ids};
    struct copies_look *begun = copies_begin(core, &look, &query);
    buffer_add(&begun->ids, ids.data, ids.size);
    return true;
}

void copies_answer_row(struct core *core, struct copies_look *look, const struct event_row *row)
{
    if (look->mode == COPIES_CHECKING) {
        buffer_add(&look->found, row->record.b, sizeof row->record.b);
        return;
    }
    uint8_t digest[MESSAGE_DIGEST_SIZE];
    struct copies_question *question = find_question(core, &look->peer);
    copies_digest(row->is.list, digest);
    if (memcmp(digest, look->digest, sizeof digest) != 0)
        question->compared.differing[question->compared.count++] = look->index;
}

static void send_compared(struct core *core, const struct node_id *to,
                          const struct message_compared *compared)
{
    struct buffer body = {0};
    message_compared_encode(compared, &body);
    (void)links_send(core, to, MESSAGE_COMPARED, buffer_view(&body));
    buffer_deinit(&body);
}

// Found are those that are here, in the order in which they were offered.
static void send_lacking(struct core *core, const struct copies_look *look)
{
    struct buffer lacking = {0}, body = {0};
    size_t found = 0;
    for (size_t at = 0; at < look->ids.size; at += HASH_SIZE) {
        bool is_here =
            found < look->found.size && memcmp(look->ids.data + at, look->found.data + found, HASH_SIZE) == 0;
        if (is_here)
            found += HASH_SIZE;
        else
            buffer_add(&lacking, look->ids.data + at, HASH_SIZE);
    }
    const struct message_offer lack = {
        .number = look->number, .ids = (const struct hash *)lacking.data, .count = lacking.size / HASH_SIZE};
    message_offer_encode(&lack, &body);
    (void)links_send(core, &look->peer, MESSAGE_LACK, buffer_view(&body));
    buffer_deinit(&body);
    buffer_deinit(&lacking);
}

void copies_answer_done(struct core *core, struct copies_look *look)
{
    if (look->mode == COPIES_CHECKING) {
        send_lacking(core, look);
        return;
    }
    struct copies_question *question = find_question(core, &look->peer);
    if (--question->reading)
        return;
    send_compared(core, &question->from, &question->compared);
    *question = core->copies.questions[--core->copies.question_count];
}
