#include "tests/unit/support_gossip.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEALING_SIZE = 29, // type, index, sequence, tag
    HEADERS_SIZE = 28, // IPv4 and UDP
    SOCKET_SIZE = 212992,
    PORT = 1000,
};

#define START_WALL_MS INT64_C(1790000000000)

enum support_event_kind { SUPPORT_DATAGRAM, SUPPORT_REPAIR, SUPPORT_CONTACT };

struct support_event {
    uint64_t at_ms;
    uint64_t serial;
    enum support_event_kind kind;
    struct support_datagram datagram; // REPAIR, CONTACT: `from` learns of `to`
};

static bool is_before(const struct support_event *a, const struct support_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->serial < b->serial;
}

static void event_push(struct support_fleet *fleet, struct support_event event)
{
    void *array = fleet->events;
    base_grow(&array, &fleet->event_capacity, fleet->event_count + 1, sizeof event);
    fleet->events = array;
    event.serial = fleet->event_serial++;
    size_t place = fleet->event_count++;
    for (; place && is_before(&event, &fleet->events[(place - 1) / 2]); place = (place - 1) / 2)
        fleet->events[place] = fleet->events[(place - 1) / 2];
    fleet->events[place] = event;
}

static struct support_event event_pop(struct support_fleet *fleet)
{
    struct support_event first = fleet->events[0], last = fleet->events[--fleet->event_count];
    size_t place = 0;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= fleet->event_count)
            break;
        if (child + 1 < fleet->event_count && is_before(&fleet->events[child + 1], &fleet->events[child]))
            child++;
        if (!is_before(&fleet->events[child], &last))
            break;
        fleet->events[place] = fleet->events[child];
        place = child;
    }
    if (fleet->event_count)
        fleet->events[place] = last;
    return first;
}

static uint64_t delay_ms(struct support_fleet *fleet)
{
    return fleet->delay_ms_min + random_below(&fleet->random, fleet->delay_ms_max - fleet->delay_ms_min + 1);
}

struct support_fleet *support_fleet_new(size_t count, uint64_t seed)
{
    struct support_fleet *fleet = base_alloc(1, sizeof *fleet);
    uint8_t seed_bytes[RANDOM_SEED_SIZE] = {0};
    memcpy(seed_bytes, &seed, sizeof seed);
    random_init(&fleet->random, seed_bytes);
    hasher_start(&fleet->trace, "trace");
    fleet->count = count;
    fleet->now_ms = 1000000;
    fleet->delay_ms_min = 1;
    fleet->delay_ms_max = 3;
    fleet->repairs = true;
    for (size_t i = 0; i < count; i++) {
        struct support_node *node = &fleet->nodes[i];
        uint8_t key_seed[32] = {0};
        memcpy(key_seed, &i, sizeof i);
        envelope_keypair(key_seed, &node->signer.key, &node->signer.secret);
        memset(node->signer.fleet.hash.b, 0xf1, sizeof node->signer.fleet.hash.b);
        node->id = node_id_of(&node->signer.key);
        node->address = (struct address){.ip = {127, 0, 0, 1}, .ip_size = 4, .port = (uint16_t)(PORT + i)};
        node->takes_work = true;
    }
    return fleet;
}

static void inbox_clear(struct support_node *node)
{
    for (size_t i = 0; i < node->inbox_count; i++)
        buffer_deinit(&node->inbox[i].data);
    node->inbox_count = 0;
}

static void memory_clear(struct support_node *node)
{
    for (size_t i = 0; i < node->memory_count; i++)
        buffer_deinit(&node->memory[i]);
    free(node->memory);
    node->memory = NULL;
    node->memory_count = 0;
}

void support_fleet_free(struct support_fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        gossip_free(fleet->nodes[i].gossip);
        inbox_clear(&fleet->nodes[i]);
        free(fleet->nodes[i].inbox);
        memory_clear(&fleet->nodes[i]);
    }
    for (size_t i = 0; i < fleet->event_count; i++)
        buffer_deinit(&fleet->events[i].datagram.data);
    free(fleet->events);
    free(fleet);
}

static int index_at(const struct support_fleet *fleet, const struct address *address)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (address_equal(&fleet->nodes[i].address, address))
            return (int)i;
    return SUPPORT_NOBODY;
}

static int index_of(const struct support_fleet *fleet, const struct node_id *id)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (node_id_equal(&fleet->nodes[i].id, id))
            return (int)i;
    return SUPPORT_NOBODY;
}

void support_fleet_sign_alive(struct support_fleet *fleet, size_t i, uint64_t incarnation, struct buffer *out)
{
    struct support_node *node = &fleet->nodes[i];
    struct member_alive alive = {
        .generation = node->generation,
        .incarnation = incarnation,
        .addresses = &node->address,
        .address_count = 1,
        .probe_interval_ms = 1000,
        .slots = 4,
        .takes_work = node->takes_work,
        .clock_trusted = true,
        .version = "0.1.0",
    };
    struct buffer body = {0};
    memcpy(alive.instance, node->instance, sizeof alive.instance);
    member_alive_encode(&alive, &body);
    envelope_sign(&node->signer, ENVELOPE_ALIVE, buffer_view(&body), out);
    buffer_deinit(&body);
}

static void sign_suspicion(const struct support_node *node, const struct member_suspicion *suspicion,
                           struct buffer *out)
{
    struct buffer body = {0};
    member_suspicion_encode(suspicion, &body);
    envelope_sign(&node->signer, ENVELOPE_SUSPICION, buffer_view(&body), out);
    buffer_deinit(&body);
}

void support_fleet_sign_suspicion(struct support_fleet *fleet, size_t accuser, size_t target,
                                  struct buffer *out)
{
    const struct members_node *known = support_fleet_view(fleet, accuser, target);
    assert(known);
    struct member_suspicion suspicion = {known->id, known->generation, known->incarnation, 0};
    sign_suspicion(&fleet->nodes[accuser], &suspicion, out);
}

static bool advance(struct support_fleet *fleet, size_t i);

// What the core does with a record of a member.
static void add_record(struct support_fleet *fleet, size_t i, const struct gossip_record *partial)
{
    struct gossip *gossip = fleet->nodes[i].gossip;
    struct gossip_record record = *partial;
    struct envelope envelope;
    struct arena arena = {0};
    if (envelope_parse(record.envelope, &envelope) != 0)
        return;
    record.signer = envelope.signer;
    arena_allow(&arena, envelope.body.size);
    struct member_alive alive;
    struct member_leave leave;
    struct member_suspicion suspicion;
    if (envelope.kind == ENVELOPE_ALIVE && member_alive_decode(envelope.body, &arena, &alive) == 0)
        gossip_add_alive(gossip, &record, &alive);
    if (envelope.kind == ENVELOPE_LEAVE && member_leave_decode(envelope.body, &arena, &leave) == 0)
        gossip_add_leave(gossip, &record, &leave);
    if (envelope.kind == ENVELOPE_SUSPICION &&
        member_suspicion_decode(envelope.body, &arena, &suspicion) == 0)
        gossip_add_suspicion(gossip, &record, &suspicion);
    arena_deinit(&arena);
}

void support_fleet_sign_leave(struct support_fleet *fleet, size_t i, struct buffer *out)
{
    const struct members_node *self = support_fleet_view(fleet, i, i);
    struct member_leave leave = {self->generation, self->incarnation + 1};
    struct buffer body = {0};
    member_leave_encode(&leave, &body);
    envelope_sign(&fleet->nodes[i].signer, ENVELOPE_LEAVE, buffer_view(&body), out);
    buffer_deinit(&body);
}

void support_fleet_hand(struct support_fleet *fleet, int from, size_t to, struct bytes envelope)
{
    struct gossip_record record = {.envelope = envelope, .vouched_ms = GOSSIP_NOT_VOUCHED};
    if (from != SUPPORT_NOBODY)
        record.from = fleet->nodes[from].id;
    if (!advance(fleet, to))
        return;
    add_record(fleet, to, &record);
    support_fleet_settle(fleet, to);
}

static bool is_lost(struct support_fleet *fleet, size_t from, size_t to)
{
    return fleet->is_cut[from][to] || fleet->is_blocked[from][to] ||
           random_below(&fleet->random, 1000) < fleet->loss_permille;
}

void support_fleet_send(struct support_fleet *fleet, size_t from, size_t to, struct bytes packet)
{
    fleet->nodes[from].sent_bytes += packet.size + SEALING_SIZE + HEADERS_SIZE;
    fleet->nodes[from].sent_packets++;
    hasher_add_u64(&fleet->trace, fleet->now_ms);
    hasher_add_u64(&fleet->trace, (uint64_t)from << 32 | to);
    hasher_add(&fleet->trace, packet.data, packet.size);
    if (is_lost(fleet, from, to))
        return;
    struct support_event event = {.at_ms = fleet->now_ms + delay_ms(fleet), .kind = SUPPORT_DATAGRAM};
    event.datagram = (struct support_datagram){.from = from, .to = to};
    buffer_add(&event.datagram.data, packet.data, packet.size);
    event_push(fleet, event);
}

static void say_over_stream(struct support_fleet *fleet, size_t from, int to, struct bytes packet)
{
    if (!fleet->has_streams || to == SUPPORT_NOBODY || fleet->is_cut[from][to] || fleet->is_cut[to][from])
        return;
    struct support_event event = {.at_ms = fleet->now_ms + 3 * delay_ms(fleet), .kind = SUPPORT_DATAGRAM};
    event.datagram = (struct support_datagram){.from = from, .to = (size_t)to, .over_stream = true};
    buffer_add(&event.datagram.data, packet.data, packet.size);
    event_push(fleet, event);
}

static void learn_later(struct support_fleet *fleet, enum support_event_kind kind, size_t i, int of)
{
    struct support_event event = {.at_ms = fleet->now_ms + 4 * delay_ms(fleet), .kind = kind};
    if (of == SUPPORT_NOBODY || fleet->is_cut[i][of] || fleet->is_cut[of][i])
        return;
    event.datagram = (struct support_datagram){.from = i, .to = (size_t)of};
    event_push(fleet, event);
}

static void perform(struct support_fleet *fleet, size_t i, const struct gossip_output *output)
{
    struct support_node *node = &fleet->nodes[i];
    struct gossip_record record = {.envelope = output->data, .vouched_ms = GOSSIP_NOT_VOUCHED};
    struct buffer signed_bytes = {0};
    int to;
    switch (output->kind) {
    case GOSSIP_SEND:
        if (output->over_stream) {
            say_over_stream(fleet, i, index_of(fleet, &output->node), output->data);
            break;
        }
        to = index_at(fleet, &output->address);
        if (to != SUPPORT_NOBODY && node_id_equal(&fleet->nodes[to].id, &output->node))
            support_fleet_send(fleet, i, (size_t)to, output->data);
        break;
    case GOSSIP_CONTACT:
        learn_later(fleet, SUPPORT_CONTACT, i, index_at(fleet, &output->address));
        break;
    case GOSSIP_SIGN_ALIVE:
        support_fleet_sign_alive(fleet, i, output->incarnation, &signed_bytes);
        record.envelope = buffer_view(&signed_bytes);
        add_record(fleet, i, &record);
        break;
    case GOSSIP_SIGN_SUSPICION:
        node->suspicions_signed++;
        sign_suspicion(node, &output->suspicion, &signed_bytes);
        record.envelope = buffer_view(&signed_bytes);
        add_record(fleet, i, &record);
        break;
    case GOSSIP_DELIVER:
        record.from = output->node;
        record.vouched_ms = output->vouched_ms;
        if (output->class < RUMOR_NEWS) {
            add_record(fleet, i, &record);
            break;
        }
        node->news_count++;
        node->news_ms = fleet->now_ms;
        if (fleet->retells) {
            struct gossip_news news = {
                .class = output->class, .data = output->data, .from = output->node, .urgent = true};
            memcpy(news.key.b, output->data.data, MIN_OF(output->data.size, sizeof news.key.b));
            assert(gossip_spread(node->gossip, &news) != RUMOR_TOO_LARGE);
        }
        break;
    case GOSSIP_DIFFERS:
        if (node->differs_count < COUNT_OF(node->differs))
            node->differs[node->differs_count++] = *output;
        if (output->what == GOSSIP_MEMBERS && fleet->repairs)
            learn_later(fleet, SUPPORT_REPAIR, i, index_of(fleet, &output->node));
        break;
    case GOSSIP_SETTLED:
        node->settled_ms = fleet->now_ms;
        break;
    case GOSSIP_CHANGED:
        break;
    }
    buffer_deinit(&signed_bytes);
}

void support_fleet_settle(struct support_fleet *fleet, size_t i)
{
    struct gossip_output output;
    while (gossip_next_output(fleet->nodes[i].gossip, &output))
        perform(fleet, i, &output);
}

static bool advance(struct support_fleet *fleet, size_t i)
{
    struct support_node *node = &fleet->nodes[i];
    if (!node->gossip || node->is_stopped)
        return false;
    int64_t wall_ms = START_WALL_MS + (int64_t)fleet->now_ms + node->wall_offset_ms;
    gossip_advance(node->gossip, fleet->now_ms, wall_ms, 0);
    return true;
}

static void remember(struct support_node *node)
{
    const struct members *members = gossip_members(node->gossip);
    memory_clear(node);
    node->memory = base_alloc(members->count, sizeof *node->memory);
    for (size_t i = 0; i < members->count; i++) {
        struct bytes record = buffer_view(&members->nodes[i]->record);
        if (!members_is_self(members, members->nodes[i]) && record.size)
            buffer_add(&node->memory[node->memory_count++], record.data, record.size);
    }
}

void support_fleet_clone(struct support_fleet *fleet, size_t i, size_t of)
{
    fleet->nodes[i].signer = fleet->nodes[of].signer;
    fleet->nodes[i].id = fleet->nodes[of].id;
}

void support_fleet_forget(struct support_fleet *fleet, size_t i)
{
    memory_clear(&fleet->nodes[i]);
}

void support_fleet_kill(struct support_fleet *fleet, size_t i)
{
    struct support_node *node = &fleet->nodes[i];
    remember(node);
    gossip_free(node->gossip);
    node->gossip = NULL;
    node->is_stopped = false;
    inbox_clear(node);
}

void support_fleet_start(struct support_fleet *fleet, size_t i, int seed)
{
    struct support_node *node = &fleet->nodes[i];
    assert(!node->gossip);
    node->generation++;
    node->settled_ms = 0;
    for (size_t at = 0; at < sizeof node->instance; at++)
        node->instance[at] = (uint8_t)random_u64(&fleet->random);
    struct gossip_options options = {.self = node->id,
                                     .now_ms = fleet->now_ms,
                                     .wall_ms =
                                         START_WALL_MS + (int64_t)fleet->now_ms + node->wall_offset_ms};
    for (size_t at = 0; at < sizeof options.seed; at++)
        options.seed[at] = (uint8_t)random_u64(&fleet->random);
    node->gossip = gossip_new(&options);
    for (size_t at = 0; at < node->memory_count; at++) {
        struct gossip_record record = {
            .envelope = buffer_view(&node->memory[at]), .is_repair = true, .vouched_ms = GOSSIP_NOT_VOUCHED};
        add_record(fleet, i, &record);
    }
    if (seed != SUPPORT_NOBODY)
        gossip_add_contact(node->gossip, &fleet->nodes[seed].id, &fleet->nodes[seed].address);
    support_fleet_settle(fleet, i);
}

void support_fleet_form(struct support_fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++)
        support_fleet_start(fleet, i, i ? 0 : SUPPORT_NOBODY);
    uint64_t took_ms = support_fleet_run_until(fleet, support_all_count_all, 0, 60000);
    assert(took_ms != UINT64_MAX);
}

void support_fleet_stop(struct support_fleet *fleet, size_t i)
{
    fleet->nodes[i].is_stopped = true;
}

static void receive(struct support_fleet *fleet, const struct support_datagram *datagram)
{
    struct support_node *node = &fleet->nodes[datagram->to];
    const struct support_node *from = &fleet->nodes[datagram->from];
    if (datagram->over_stream)
        gossip_receive_stream(node->gossip, &from->id, buffer_view(&datagram->data));
    else
        gossip_receive(node->gossip, &from->id, &from->address, buffer_view(&datagram->data));
    support_fleet_settle(fleet, datagram->to);
}

void support_fleet_continue(struct support_fleet *fleet, size_t i)
{
    struct support_node *node = &fleet->nodes[i];
    node->is_stopped = false;
    advance(fleet, i);
    support_fleet_settle(fleet, i);
    for (size_t at = 0; at < node->inbox_count; at++)
        receive(fleet, &node->inbox[at]);
    inbox_clear(node);
}

void support_fleet_split(struct support_fleet *fleet, size_t border, bool is_cut)
{
    for (size_t a = 0; a < border; a++)
        for (size_t b = border; b < fleet->count; b++)
            fleet->is_cut[a][b] = fleet->is_cut[b][a] = is_cut;
}

static void keep_for_later(struct support_node *node, struct support_datagram *datagram)
{
    size_t waiting_bytes = 0;
    for (size_t i = 0; i < node->inbox_count; i++)
        waiting_bytes += node->inbox[i].data.size + 512; // as the kernel counts
    if (waiting_bytes > SOCKET_SIZE)
        return;
    void *array = node->inbox;
    base_grow(&array, &node->inbox_capacity, node->inbox_count + 1, sizeof *datagram);
    node->inbox = array;
    node->inbox[node->inbox_count++] = *datagram;
    datagram->data = (struct buffer){0};
}

static void copy_records(struct support_fleet *fleet, size_t from, size_t to)
{
    const struct members *members = gossip_members(fleet->nodes[from].gossip);
    for (size_t i = 0; i < members->count; i++) {
        const struct members_node *node = members->nodes[i];
        if (node->state == MEMBERS_DEAD)
            continue;
        struct gossip_record record = {.envelope = buffer_view(&node->record),
                                       .from = fleet->nodes[from].id,
                                       .is_repair = true,
                                       .vouched_ms = gossip_vouch_ms(fleet->nodes[from].gossip, node)};
        add_record(fleet, to, &record);
    }
    support_fleet_settle(fleet, to);
}

static void happen(struct support_fleet *fleet, struct support_event *event)
{
    struct support_datagram *datagram = &event->datagram;
    struct support_node *from = &fleet->nodes[datagram->from], *to = &fleet->nodes[datagram->to];
    switch (event->kind) {
    case SUPPORT_DATAGRAM:
        if (to->gossip && to->is_stopped)
            keep_for_later(to, datagram);
        else if (advance(fleet, datagram->to))
            receive(fleet, datagram);
        break;
    case SUPPORT_REPAIR:
        if (advance(fleet, datagram->from) && advance(fleet, datagram->to)) {
            copy_records(fleet, datagram->to, datagram->from);
            copy_records(fleet, datagram->from, datagram->to);
        }
        break;
    case SUPPORT_CONTACT:
        if (to->gossip && !to->is_stopped && advance(fleet, datagram->from)) {
            gossip_add_contact(from->gossip, &to->id, &to->address);
            support_fleet_settle(fleet, datagram->from);
        }
        break;
    }
    buffer_deinit(&datagram->data);
}

// One moment: the next event, or the next deadline. False when it is after end_ms.
static bool step(struct support_fleet *fleet, uint64_t end_ms)
{
    size_t first = fleet->count;
    uint64_t due_ms = fleet->event_count ? fleet->events[0].at_ms : UINT64_MAX;
    for (size_t i = 0; i < fleet->count; i++) {
        const struct support_node *node = &fleet->nodes[i];
        uint64_t deadline_ms =
            node->gossip && !node->is_stopped ? gossip_deadline_ms(node->gossip) : UINT64_MAX;
        if (deadline_ms >= due_ms)
            continue;
        due_ms = deadline_ms;
        first = i;
    }
    if (due_ms > end_ms)
        return false;
    fleet->now_ms = MAX_OF(fleet->now_ms, due_ms);
    if (first == fleet->count) {
        struct support_event event = event_pop(fleet);
        happen(fleet, &event);
    } else if (advance(fleet, first)) {
        support_fleet_settle(fleet, first);
    }
    return true;
}

void support_fleet_run(struct support_fleet *fleet, uint64_t ms)
{
    uint64_t end_ms = fleet->now_ms + ms;
    while (step(fleet, end_ms))
        ;
    fleet->now_ms = end_ms;
}

uint64_t support_fleet_run_until(struct support_fleet *fleet, support_condition *condition, size_t subject,
                                 uint64_t limit_ms)
{
    uint64_t start_ms = fleet->now_ms, checked_ms = 0;
    while (fleet->now_ms == checked_ms || !condition(fleet, subject)) {
        checked_ms = fleet->now_ms;
        if (!step(fleet, start_ms + limit_ms))
            return UINT64_MAX;
    }
    return fleet->now_ms - start_ms;
}

const struct members_node *support_fleet_view(const struct support_fleet *fleet, size_t observer,
                                              size_t subject)
{
    return gossip_find(fleet->nodes[observer].gossip, &fleet->nodes[subject].id);
}

bool support_fleet_counts(const struct support_fleet *fleet, size_t observer, size_t subject)
{
    const struct members_node *node = support_fleet_view(fleet, observer, subject);
    return node && members_is_counted(node);
}

static bool is_observer(const struct support_fleet *fleet, size_t i)
{
    return fleet->nodes[i].gossip && !fleet->nodes[i].is_stopped;
}

bool support_all_count_all(const struct support_fleet *fleet, size_t unused)
{
    (void)unused;
    for (size_t i = 0; i < fleet->count; i++)
        for (size_t j = 0; j < fleet->count; j++)
            if (is_observer(fleet, i) &&
                support_fleet_counts(fleet, i, j) != (fleet->nodes[j].gossip != NULL))
                return false;
    return true;
}

bool support_all_know_dead(const struct support_fleet *fleet, size_t subject)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (i != subject && is_observer(fleet, i) &&
            support_fleet_view(fleet, i, subject)->state != MEMBERS_DEAD)
            return false;
    return true;
}

bool support_all_count(const struct support_fleet *fleet, size_t subject)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (is_observer(fleet, i) && !support_fleet_counts(fleet, i, subject))
            return false;
    return true;
}
