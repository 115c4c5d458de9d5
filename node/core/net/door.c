#include "node/core/net/door.h"

#include "node/core/intake.h"
#include "node/core/state.h"
#include "node/core/trigger/instant.h"
#include "proto/token.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOOR_WEIGHT = 100, DOOR_MEMBER_MAX = 16, DOOR_BATCH_BYTES = 48 * 1024 };

void door_deinit(struct door *door)
{
    free(door->guests);
    *door = (struct door){0};
}

// Walks records of one kind in record id order; NULL first.
static const struct directory_record *
next_record(const struct core *core, const struct directory_record *last, enum envelope_kind kind)
{
    const struct tree *records = &core->directory.records;
    const struct tree_node *node = last ? tree_find_after(records, &last->id) : tree_find_first(records);
    for (; node;
         node = tree_find_after(records, &((const struct directory_record *)(const void *)node)->id)) {
        const struct directory_record *record = (const struct directory_record *)(const void *)node;
        if (record->kind == kind)
            return record;
    }
    return NULL;
}

static const struct directory_record *find_invite(const struct core *core, const uint8_t tag[STREAM_TAG_SIZE])
{
    for (const struct directory_record *record = NULL;
         (record = next_record(core, record, ENVELOPE_INVITE));) {
        uint8_t own[TOKEN_TAG_SIZE];
        if (!record->is_live || !node_id_equal(&record->body.invite.redeemer, &core->self.id))
            continue;
        token_tag(&core->self.fleet, &record->body.invite.token_key, own);
        if (memcmp(own, tag, sizeof own) == 0)
            return record;
    }
    return NULL;
}

bool door_called(struct core *core, struct link *link, const uint8_t tag[STREAM_TAG_SIZE])
{
    const struct directory_record *invite = find_invite(core, tag);
    if (!invite) {
        core->rejected++;
        return false;
    }
    link->invite = invite->id;
    link->is_joining = true;
    return stream_accept(&link->stream) == 0;
}

static bool refuse(struct core *core, struct link *link, const char *format, ...) PRINTF_LIKE(3, 4);

static bool refuse(struct core *core, struct link *link, const char *format, ...)
{
    char text[LIMIT_TEXT_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    core->rejected++;
    link->is_closing = true;
    return stream_send(&link->stream, JOIN_REFUSED, bytes_of_text(text)) == 0;
}

static void add_guest(struct core *core, const struct door_guest *guest)
{
    struct door *door = &core->door;
    void *guests = door->guests;
    base_grow(&guests, &door->capacity, door->count + 1, sizeof *door->guests);
    door->guests = guests;
    door->guests[door->count++] = *guest;
}

// Signs the admission, gives it to the directory and the disk. False: it could not be taken.
static bool admit(struct core *core, const struct directory_record *invite,
                  const struct join_request *request, uint32_t use, struct intake_note *ret_note)
{
    struct admission admission = {.invite = invite->id.hash,
                                  .use = use,
                                  .node_key = request->node_key,
                                  .weight = DOOR_WEIGHT,
                                  .at_ms = core->wall_ms};
    memcpy(admission.name, request->name, sizeof admission.name);
    random_fill(&core->random, admission.salt, sizeof admission.salt);
    struct buffer body = {0}, envelope = {0};
    admission_encode(&admission, &body);
    envelope_sign(&core->self.signer, ENVELOPE_ADMISSION, buffer_view(&body), &envelope);
    int outcome = intake_record(core, buffer_view(&envelope), INTAKE_PEER, ret_note);
    if (outcome == 0)
        fleet_spread(core, &ret_note->id, buffer_view(&envelope), NULL);
    buffer_deinit(&body);
    buffer_deinit(&envelope);
    return outcome == 0;
}

struct uses {
    uint32_t next;                       // the next free use number
    const struct directory_record *own;  // the admission of this very key
    const struct directory_record *last; // the admission that took the last use
};

static struct uses count_uses(const struct core *core, const struct record_id *invite,
                              const struct public_key *key)
{
    struct uses uses = {0};
    for (const struct directory_record *record = NULL;
         (record = next_record(core, record, ENVELOPE_ADMISSION));) {
        const struct admission *admission = &record->body.admission;
        if (!hash_equal(&admission->invite, &invite->hash))
            continue;
        if (memcmp(&admission->node_key, key, sizeof *key) == 0)
            uses.own = record;
        if (admission->use >= uses.next) {
            uses.next = admission->use + 1;
            uses.last = record;
        }
    }
    return uses;
}

static bool refuse_used(struct core *core, struct link *link, const struct uses *uses)
{
    char when[INSTANT_TEXT_SIZE];
    instant_print(uses->last->body.admission.at_ms, when);
    return refuse(core, link, "this token is used: by %s at %s; ask for a new one with `katydid invite`",
                  uses->last->body.admission.name, when);
}

// Those who left or were revoked need theirs no more.
static bool is_name_taken(const struct core *core, const char *name, const struct node_id *by)
{
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));)
        if (strcmp(node->name, name) == 0 && !node->is_revoked && !node_id_equal(&node->id, by) &&
            fleet_state_of(core, &node->id) != FLEET_LEFT)
            return true;
    return false;
}

static bool request(struct core *core, struct link *link, struct bytes body)
{
    struct join_request request;
    struct intake_note note = {.text = ""};
    const struct directory_record *invite = directory_find_record(&core->directory, &link->invite);
    if (!invite || join_request_decode(body, &request) ||
        !join_request_verify(&request, stream_hash(&link->stream), &invite->body.invite.token_key))
        return refuse(core, link, "the request is not signed by the token's key");
    struct uses uses = count_uses(core, &invite->id, &request.node_key);
    struct door_guest guest = {.link = link->id, .node = node_id_of(&request.node_key)};
    if (uses.own) {
        guest.admission = uses.own->id;
    } else if (uses.next >= invite->body.invite.uses) {
        return refuse_used(core, link, &uses);
    } else if (!clock_is_trusted(core)) {
        return refuse(core, link,
                      "%s does not trust its clock, so it cannot tell whether this token has expired",
                      core_node_name(core, &core->self.id));
    } else if (core->wall_ms > invite->body.invite.expires_ms) {
        return refuse(core, link, "this token has expired; ask for a new one with `katydid invite`");
    } else if (is_name_taken(core, request.name, &guest.node)) {
        return refuse(core, link, "another node is called %s already; choose another with --name",
                      request.name);
    } else if (!admit(core, invite, &request, uses.next, &note)) {
        return refuse(core, link, "this node was not admitted: %s", note.text);
    } else {
        guest.admission = note.id;
    }
    guest.ticket = core->outbox.ticket; // an admission of a moment ago may not be durable yet
    add_guest(core, &guest);
    door_settled(core);
    return true;
}

static struct door_guest *find_guest(struct core *core, uint64_t link)
{
    for (size_t i = 0; i < core->door.count; i++)
        if (core->door.guests[i].link == link)
            return &core->door.guests[i];
    return NULL;
}

// The last word: the guest's keys record. Whatever it is, the conversation is over.
static bool take_keys(struct core *core, const struct link *link, struct bytes body)
{
    const struct door_guest *guest = find_guest(core, link->id);
    struct envelope envelope;
    struct intake_note note;
    if (!guest || !guest->is_told || envelope_parse(body, &envelope) || envelope.kind != ENVELOPE_KEYS ||
        !node_id_equal(&envelope.signer, &guest->node))
        core->rejected++;
    else if (intake_record(core, body, INTAKE_PEER, &note) == 0)
        fleet_spread(core, &note.id, body, NULL);
    sync_retry(core);
    return false;
}

bool door_frame(struct core *core, struct link *link, uint8_t type, struct bytes body)
{
    if (type == JOIN_KEYS)
        return take_keys(core, link, body);
    if (type == JOIN_REQUEST && !find_guest(core, link->id))
        return request(core, link, body);
    core->rejected++;
    return false;
}

void door_closed(struct core *core, uint64_t link)
{
    struct door_guest *guest = find_guest(core, link);
    if (guest)
        *guest = core->door.guests[--core->door.count];
}

struct batch { // records on their way to the new node
    struct link *link;
    struct bytes items[MESSAGE_LIST_MAX];
    size_t count, bytes;
};

static void batch_send(struct batch *batch)
{
    struct buffer body = {0};
    message_list_encode(batch->items, batch->count, &body);
    if (batch->count)
        (void)!stream_send(&batch->link->stream, JOIN_RECORDS, buffer_view(&body));
    buffer_deinit(&body);
    batch->count = batch->bytes = 0;
}

static void batch_add(struct batch *batch, struct bytes record)
{
    if (batch->count == MESSAGE_LIST_MAX || batch->bytes + record.size > DOOR_BATCH_BYTES)
        batch_send(batch);
    batch->items[batch->count++] = record;
    batch->bytes += record.size;
}

static void add_proof(struct core *core, struct batch *batch, const struct node_id *node)
{
    struct record_queue proof = {0};
    struct record_id id;
    directory_prove(&core->directory, node, &proof);
    while (record_queue_take(&proof, &id))
        batch_add(batch, directory_record_bytes(directory_find_record(&core->directory, &id)));
    record_queue_deinit(&proof);
}

static void add_member(struct core *core, struct batch *batch, const struct members_node *member)
{
    if (!member || !member->record.size || !members_is_live(member))
        return;
    add_proof(core, batch, &member->id);
    batch_add(batch, buffer_view(&member->record));
}

// Genesis, the authority log, this node, the new one, and some members with where they are reached.
static void hand_over(struct core *core, struct link *link, const struct door_guest *guest)
{
    struct batch *batch = base_alloc(1, sizeof *batch);
    batch->link = link;
    batch_add(batch, buffer_view(&core->authority.genesis_envelope));
    for (size_t i = 0; i < core->authority.entry_count; i++)
        batch_add(batch, buffer_view(&core->authority.entries[i]->envelope));
    add_proof(core, batch, &core->self.id);
    add_proof(core, batch, &guest->node);
    const struct members *members = gossip_members(core->fleet.gossip);
    add_member(core, batch, gossip_find(core->fleet.gossip, &core->self.id));
    for (size_t i = 0, told = 0; i < members->count && told < DOOR_MEMBER_MAX; i++) {
        if (members_is_self(members, members->nodes[i]) || !members_is_counted(members->nodes[i]))
            continue;
        add_member(core, batch, members->nodes[i]);
        told++;
    }
    batch_send(batch);
    (void)!stream_send(&link->stream, JOIN_ADMITTED, bytes_of(guest->admission.hash.b, HASH_SIZE));
    free(batch);
}

void door_settled(struct core *core)
{
    for (size_t i = 0; i < core->door.count; i++) {
        struct door_guest *guest = &core->door.guests[i];
        struct link *link = links_find(core, guest->link);
        if (guest->is_told || guest->ticket > core->settled_ticket || !link)
            continue;
        guest->is_told = true;
        hand_over(core, link, guest);
        links_write(core, link);
    }
}
