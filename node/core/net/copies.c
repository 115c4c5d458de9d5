#include "node/core/net/copies.h"

#include "gossip/members.h"
#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

static void look_deinit(struct copies_look *look)
{
    for (size_t i = 0; i < look->held_count; i++)
        free((void *)(uintptr_t)look->held[i].data);
    free(look->held);
    buffer_deinit(&look->ids);
    buffer_deinit(&look->found);
}

static void page_clear(struct copies_page *page)
{
    for (size_t i = 0; i < page->peer_count; i++)
        buffer_deinit(&page->peers[i].ids);
    page->job_count = page->peer_count = page->reading = 0;
    page->deadline_ms = 0;
}

void copies_deinit(struct copies *copies)
{
    page_clear(&copies->page);
    free(copies->page.jobs);
    free(copies->page.peers);
    for (size_t i = 0; i < copies->look_count; i++)
        look_deinit(&copies->looks[i]);
    free(copies->looks);
    free(copies->questions);
    copies_settled_deinit(&copies->settled);
    *copies = (struct copies){0};
}

struct copies_look *copies_begin(struct core *core, const struct copies_look *shape,
                                 struct effect_query *query)
{
    struct copies *copies = &core->copies;
    void *looks = copies->looks;
    base_grow(&looks, &copies->look_capacity, copies->look_count + 1, sizeof *copies->looks);
    copies->looks = looks;
    struct copies_look *look = &copies->looks[copies->look_count++];
    *look = *shape;
    look->query = query->query = ++core->answers.query;
    outbox_query(&core->outbox, query);
    return look;
}

void copies_digest(struct bytes ids, uint8_t out[MESSAGE_DIGEST_SIZE])
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-copies-1");
    hasher_add(&hasher, ids.data, ids.size);
    struct hash hash = hasher_finish(&hasher);
    memcpy(out, hash.b, MESSAGE_DIGEST_SIZE);
}

// --- what is settled ---

static bool is_each(const struct core *core, const char *name)
{
    const struct job *job = jobs_find(&core->jobs, name);
    return job && job->is_each;
}

// In a large fleet not all at once: all that have something to tell tell it to the same few.
static uint64_t delay_ms(struct core *core)
{
    size_t live = members_live_count(gossip_members(core->fleet.gossip));
    return COPIES_SETTLE_MS + random_below(&core->random, live * COPIES_SPREAD_MS + 1);
}

void copies_look_again(struct core *core)
{
    struct copies *copies = &core->copies;
    uint64_t start_ms = core->now_ms + (core->fleet.gossip ? delay_ms(core) : COPIES_SETTLE_MS);
    copies->start_ms = copies->is_wanted ? MIN_OF(copies->start_ms, start_ms) : start_ms;
    copies->is_wanted = true;
    copies->again_ms = COPIES_AGAIN_MS;
}

void copies_forget(struct core *core)
{
    core->copies.serial++;
    core->copies.settled.count = 0;
    copies_look_again(core);
}

void copies_changed(struct core *core, const struct node_id *node)
{
    core->copies.serial++;
    copies_settled_forget_node(&core->copies.settled, &core->self.id, node);
    copies_look_again(core);
}

static bool is_compared_with_others(const struct copies_page *page, const char *name,
                                    const struct copies_settled_keepers *keepers)
{
    for (size_t i = 0; i < page->job_count; i++)
        if (strcmp(page->jobs[i].name, name) == 0)
            return !copies_settled_equal(&page->jobs[i].keys, keepers);
    return false;
}

void copies_written(struct core *core, const char *name, const struct owner_rank *rank)
{
    struct copies *copies = &core->copies;
    const struct copies_settled_keepers keepers = copies_settled_keepers_of(rank, is_each(core, name));
    bool is_compared = is_compared_with_others(&copies->page, name, &keepers);
    copies->serial += is_compared; // that page settles nothing
    if (copies_settled_forget_others(&copies->settled, name, &keepers) || is_compared)
        copies_look_again(core);
}

// --- a page of jobs ---

static struct copies_peer *find_peer(struct copies_page *page, const struct node_id *id)
{
    for (size_t i = 0; i < page->peer_count; i++)
        if (node_id_equal(&page->peers[i].id, id))
            return &page->peers[i];
    return NULL;
}

static struct copies_peer *find_asked(struct core *core, const struct node_id *id, uint64_t number)
{
    struct copies_page *page = &core->copies.page;
    return page->deadline_ms && page->number == number ? find_peer(page, id) : NULL;
}

static void add_peer(struct copies_page *page, const struct node_id *id)
{
    if (find_peer(page, id))
        return;
    void *peers = page->peers;
    base_grow(&peers, &page->peer_capacity, page->peer_count + 1, sizeof *page->peers);
    page->peers = peers;
    page->peers[page->peer_count++] = (struct copies_peer){.id = *id};
}

static void add_job(struct core *core, const char *name)
{
    struct copies_page *page = &core->copies.page;
    struct copies_job job = {0};
    struct owner_rank rank;
    if (!keep_find_keepers(core, name, &rank))
        return;
    memcpy(job.name, name, strlen(name) + 1);
    for (size_t i = 0; i < rank.count; i++)
        if (!node_id_equal(&rank.nodes[i], &core->self.id))
            job.keepers[job.keeper_count++] = rank.nodes[i];
    job.keys = copies_settled_keepers_of(&rank, is_each(core, name));
    if (!job.keeper_count || copies_settled_has(&core->copies.settled, name, &job.keys))
        return;
    for (size_t i = 0; i < job.keeper_count; i++)
        add_peer(page, &job.keepers[i]);
    page->jobs[page->job_count++] = job;
}

static void ask_names(struct core *core)
{
    struct copies_page *page = &core->copies.page;
    struct effect_query query = {
        .kind = EFFECT_QUERY_JOBS, .job = page->last, .limit = LIMIT_COMPARED_JOB_COUNT_MAX};
    page_clear(page);
    page->number = ++core->copies.number;
    page->serial = core->copies.serial;
    page->deadline_ms = core->now_ms + COPIES_PATIENCE_MS;
    page->reading = 1; // the names
    page->has_more = false;
    copies_begin(core, &(struct copies_look){.mode = COPIES_NAMING, .number = page->number}, &query);
}

static void end_walk(struct core *core)
{
    struct copies *copies = &core->copies;
    copies->is_walking = false;
    if (!copies->is_unsettled || copies->is_wanted)
        return;
    copies->is_wanted = true;
    copies->start_ms = core->now_ms + copies->again_ms;
    copies->again_ms = MIN_OF(2 * copies->again_ms, (uint64_t)COPIES_AGAIN_MS_MAX);
}

static bool is_answered(const struct copies_peer *peer)
{
    return peer->has_compared && !peer->reading && !peer->is_offered && peer->offered_size == peer->ids.size;
}

static bool lacks_nothing(struct copies_page *page, const struct copies_job *job)
{
    bool is_complete = true;
    for (size_t i = 0; i < job->keeper_count; i++) {
        const struct copies_peer *peer = find_peer(page, &job->keepers[i]);
        is_complete &= peer->has_compared;
        is_complete &= !job->differs[i] || (is_answered(peer) && !peer->has_lacked);
    }
    return is_complete;
}

static void end_page(struct core *core)
{
    struct copies *copies = &core->copies;
    struct copies_page *page = &copies->page;
    for (size_t i = 0; i < page->job_count; i++) {
        bool is_settled_now = lacks_nothing(page, &page->jobs[i]);
        copies->is_unsettled |= !is_settled_now;
        if (is_settled_now && page->serial == copies->serial)
            copies_settled_add(&copies->settled, page->jobs[i].name, &page->jobs[i].keys);
    }
    bool has_more = page->has_more;
    page_clear(page);
    if (has_more)
        ask_names(core);
    else
        end_walk(core);
}

static void end_page_if_answered(struct core *core)
{
    struct copies_page *page = &core->copies.page;
    bool is_over = page->deadline_ms && !page->reading;
    for (size_t i = 0; i < page->peer_count; i++)
        is_over &= is_answered(&page->peers[i]);
    if (is_over)
        end_page(core);
}

void copies_tick(struct core *core)
{
    struct copies *copies = &core->copies;
    if (copies->is_walking && core->now_ms >= copies->page.deadline_ms) {
        copies->is_unsettled |= copies->page.reading > 0;
        end_page(core);
    } else if (!copies->is_walking && copies->is_wanted && core->now_ms >= copies->start_ms &&
               fleet_is_settled(core)) {
        copies->is_walking = true;
        copies->is_wanted = copies->is_unsettled = false;
        copies->page.last[0] = 0;
        ask_names(core);
    }
}

// --- asking ---

static bool keeps(const struct copies_job *job, const struct node_id *id)
{
    for (size_t i = 0; i < job->keeper_count; i++)
        if (node_id_equal(&job->keepers[i], id))
            return true;
    return false;
}

static void ask_peer(struct core *core, const struct copies_peer *peer)
{
    const struct copies_page *page = &core->copies.page;
    struct message_compare compare = {.number = page->number};
    struct buffer body = {0};
    compare.jobs = base_alloc(page->job_count, sizeof *compare.jobs);
    for (size_t i = 0; i < page->job_count; i++) {
        const struct copies_job *job = &page->jobs[i];
        if (!keeps(job, &peer->id))
            continue;
        struct message_compare_job *asked = &compare.jobs[compare.count++];
        asked->index = (uint16_t)i;
        memcpy(asked->job, job->name, sizeof asked->job);
        memcpy(asked->digest, job->digest, sizeof asked->digest);
    }
    message_compare_encode(&compare, &body);
    (void)links_send(core, &peer->id, MESSAGE_COMPARE, buffer_view(&body));
    buffer_deinit(&body);
    free(compare.jobs);
}

static void read_names(struct core *core, struct bytes names)
{
    struct copies_page *page = &core->copies.page;
    if (!page->jobs)
        page->jobs = base_alloc(LIMIT_COMPARED_JOB_COUNT_MAX, sizeof *page->jobs);
    for (size_t at = 0; at < names.size && page->job_count < LIMIT_COMPARED_JOB_COUNT_MAX;) {
        const char *name = (const char *)names.data + at;
        memcpy(page->last, name, strlen(name) + 1);
        add_job(core, name);
        at += strlen(name) + 1;
    }
}

static void read_jobs(struct core *core)
{
    struct copies_page *page = &core->copies.page;
    page->reading = page->job_count;
    for (size_t i = 0; i < page->job_count; i++) {
        const struct copies_look look = {
            .mode = COPIES_READING, .number = page->number, .index = (uint16_t)i};
        struct effect_query query = {
            .kind = EFFECT_QUERY_IDS, .job = page->jobs[i].name, .limit = COPIES_ITEM_COUNT_MAX};
        copies_begin(core, &look, &query);
    }
}

static void job_is_read(struct core *core)
{
    struct copies_page *page = &core->copies.page;
    if (--page->reading)
        return;
    for (size_t i = 0; i < page->peer_count; i++)
        ask_peer(core, &page->peers[i]);
}

bool copies_compared(struct core *core, const struct node_id *from, struct bytes body)
{
    struct message_compared compared;
    if (message_compared_decode(body, &compared))
        return false;
    struct copies_peer *peer = find_asked(core, from, compared.number);
    if (!peer || peer->has_compared)
        return true;
    struct copies_page *page = &core->copies.page;
    peer->has_compared = true;
    page->deadline_ms = core->now_ms + COPIES_PATIENCE_MS;
    for (size_t i = 0; i < compared.count; i++) {
        struct copies_job *job =
            compared.differing[i] < page->job_count ? &page->jobs[compared.differing[i]] : NULL;
        const struct copies_look look = {
            .mode = COPIES_OFFERING, .peer = *from, .number = page->number, .index = compared.differing[i]};
        struct effect_query query = {.kind = EFFECT_QUERY_IDS, .limit = COPIES_ITEM_COUNT_MAX};
        if (!job || !keeps(job, from))
            continue;
        for (size_t k = 0; k < job->keeper_count; k++)
            job->differs[k] |= node_id_equal(&job->keepers[k], from);
        peer->reading++;
        query.job = job->name;
        copies_begin(core, &look, &query);
    }
    end_page_if_answered(core);
    return true;
}

// --- offering ---

static void offer_next(struct core *core, struct copies_peer *peer)
{
    if (peer->is_offered || peer->reading || peer->offered_size == peer->ids.size)
        return;
    struct buffer body = {0};
    const struct message_offer offer = {
        .number = core->copies.page.number,
        .ids = (const struct hash *)(peer->ids.data + peer->offered_size),
        .count = MIN_OF((peer->ids.size - peer->offered_size) / HASH_SIZE, (size_t)MESSAGE_LIST_MAX)};
    peer->offered_size += offer.count * HASH_SIZE;
    peer->is_offered = true;
    message_offer_encode(&offer, &body);
    (void)links_send(core, &peer->id, MESSAGE_OFFER, buffer_view(&body));
    buffer_deinit(&body);
}

bool copies_lacked(struct core *core, const struct node_id *from, struct bytes body)
{
    struct message_offer lacking;
    if (message_offer_decode(body, &lacking))
        return false;
    struct copies_peer *peer = find_asked(core, from, lacking.number);
    if (!peer || !peer->is_offered)
        return true;
    peer->is_offered = false;
    core->copies.page.deadline_ms = core->now_ms + COPIES_PATIENCE_MS;
    if (lacking.count) {
        const struct copies_look look = {.mode = COPIES_SENDING, .peer = *from, .number = lacking.number};
        struct effect_query query = {
            .kind = EFFECT_QUERY_RECORDS, .job = "", .ids = bytes_of(lacking.ids, lacking.count * HASH_SIZE)};
        peer->has_lacked = true;
        copies_begin(core, &look, &query);
    }
    offer_next(core, peer);
    end_page_if_answered(core);
    return true;
}

static void send_held(struct core *core, struct copies_look *look)
{
    (void)keep_send(core, &look->peer, look->held, look->held_count);
    for (size_t i = 0; i < look->held_count; i++)
        free((void *)(uintptr_t)look->held[i].data);
    look->held_count = look->held_size = 0;
}

static void hold(struct core *core, struct copies_look *look, struct bytes envelope)
{
    void *held = look->held;
    base_grow(&held, &look->held_capacity, look->held_count + 1, sizeof *look->held);
    look->held = held;
    look->held[look->held_count++] = bytes_of(base_copy(envelope.data, envelope.size), envelope.size);
    look->held_size += envelope.size;
    if (look->held_size >= COPIES_HELD_SIZE)
        send_held(core, look);
}

// --- what this disk says ---

static struct copies_look *find_look(struct core *core, uint64_t query)
{
    for (size_t i = 0; i < core->copies.look_count; i++)
        if (core->copies.looks[i].query == query)
            return &core->copies.looks[i];
    return NULL;
}

static bool is_of_page(const struct core *core, const struct copies_look *look)
{
    return core->copies.page.deadline_ms && core->copies.page.number == look->number;
}

bool copies_row(struct core *core, uint64_t query, const struct event_row *row)
{
    struct copies_look *look = find_look(core, query);
    struct copies_page *page = &core->copies.page;
    struct copies_peer *peer;
    if (!look)
        return false;
    switch (look->mode) {
    case COPIES_NAMING:
        if (is_of_page(core, look))
            read_names(core, row->is.list);
        break;
    case COPIES_READING:
        if (is_of_page(core, look))
            copies_digest(row->is.list, page->jobs[look->index].digest);
        break;
    case COPIES_OFFERING:
        if ((peer = find_asked(core, &look->peer, look->number)))
            buffer_add(&peer->ids, row->is.list.data, row->is.list.size);
        break;
    case COPIES_SENDING:
        hold(core, look, row->envelope);
        break;
    case COPIES_COMPARING:
    case COPIES_CHECKING:
        copies_answer_row(core, look, row);
        break;
    }
    return true;
}

static void names_are_read(struct core *core, bool more)
{
    core->copies.page.has_more = more;
    read_jobs(core);
    end_page_if_answered(core);
}

static void ids_are_read(struct core *core, const struct copies_look *look)
{
    struct copies_peer *peer = find_asked(core, &look->peer, look->number);
    if (!peer)
        return;
    peer->reading--;
    offer_next(core, peer);
    end_page_if_answered(core);
}

static void look_is_done(struct core *core, struct copies_look *look, bool more)
{
    switch (look->mode) {
    case COPIES_NAMING:
        if (is_of_page(core, look))
            names_are_read(core, more);
        return;
    case COPIES_READING:
        if (is_of_page(core, look))
            job_is_read(core);
        return;
    case COPIES_OFFERING:
        ids_are_read(core, look);
        return;
    case COPIES_SENDING:
        send_held(core, look);
        return;
    case COPIES_COMPARING:
    case COPIES_CHECKING:
        copies_answer_done(core, look);
        return;
    }
}

bool copies_rows_done(struct core *core, uint64_t query, bool more)
{
    struct copies_look *found = find_look(core, query);
    if (!found)
        return false;
    struct copies_look look = *found; // what follows may add others
    *found = core->copies.looks[--core->copies.look_count];
    look_is_done(core, &look, more);
    look_deinit(&look);
    return true;
}
