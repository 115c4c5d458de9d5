#include "node/core/net/fleet.h"

#include "node/core/intake.h"
#include "node/core/net/inbox.h"
#include "node/core/net/sync.h"
#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fleet_boot(struct core *core, const struct event_boot *boot)
{
    struct fleet *fleet = &core->fleet;
    peers_init(core, boot->datagram_secret);
    fleet->seed_count = MIN_OF(boot->seed_count, COUNT_OF(fleet->seeds));
    for (size_t i = 0; i < fleet->seed_count; i++)
        fleet->seeds[i] = boot->seeds[i];
    fleet->returned_ms = core->now_ms;
    fleet->recheck_ms = UINT64_MAX;
}

void fleet_deinit(struct fleet *fleet)
{
    peers_deinit(&fleet->peers);
    for (size_t i = 0; i < fleet->stored_count; i++)
        buffer_deinit(&fleet->stored[i]);
    free(fleet->stored);
    if (fleet->gossip)
        gossip_free(fleet->gossip);
    *fleet = (struct fleet){0};
}

static void tell_gossip(struct core *core)
{
    struct fleet *fleet = &core->fleet;
    if (fleet->table_generation == core->table.generation &&
        fleet->told_directory_generation == core->directory.generation &&
        fleet->told_event_generation == core->emissions.set.generation)
        return;
    fleet->table_generation = core->table.generation;
    fleet->told_directory_generation = core->directory.generation;
    fleet->told_event_generation = core->emissions.set.generation;
    struct hash table = table_fingerprint(&core->table), directory = directory_fingerprint(&core->directory);
    struct hash events = event_set_fingerprint(&core->emissions.set);
    struct hasher hasher;
    hasher_start(&hasher, "katydid-both-1");
    hasher_add(&hasher, table.b, sizeof table.b);
    hasher_add(&hasher, directory.b, sizeof directory.b);
    hasher_add(&hasher, events.b, sizeof events.b);
    struct hash both = hasher_finish(&hasher);
    struct packet_fingerprint fingerprint;
    memcpy(fingerprint.b, both.b, sizeof fingerprint.b);
    gossip_set_table(fleet->gossip, &fingerprint);
    struct hash summary = authority_log_summary(&core->authority);
    gossip_set_authority(fleet->gossip, authority_log_get_head(&core->authority).number, &summary);
}

void fleet_advance(struct core *core, uint64_t gap_ms)
{
    struct fleet *fleet = &core->fleet;
    if (fleet->gossip)
        gossip_advance(fleet->gossip, core->now_ms, core->clock.shown_ms, gap_ms);
    if (gap_ms > GOSSIP_GAP_MS)
        fleet->returned_ms = core->now_ms;
}

static void sign_alive(struct core *core, uint64_t incarnation)
{
    struct authority_log_head head = authority_log_get_head(&core->authority);
    struct member_alive alive = {.generation = core->self.generation,
                                 .incarnation = incarnation,
                                 .addresses = core->self.addresses,
                                 .address_count = core->self.address_count,
                                 .probe_interval_ms = GOSSIP_PROBE_INTERVAL_MS,
                                 .slots = LIMIT_RUNNING_COUNT_MAX,
                                 .takes_work = core_takes_work(core),
                                 .clock_trusted = clock_is_trusted(core),
                                 .clock_error_ms = clock_error_ms(core),
                                 .authority_number = head.number,
                                 .authority_head = head.id.hash,
                                 .confined = core->self.confined};
    memcpy(alive.instance, core->self.instance, sizeof alive.instance);
    snprintf(alive.version, sizeof alive.version, "%s", core->self.version);
    memcpy(alive.zone_data, core->zones.version, sizeof alive.zone_data);
    struct buffer body = {0}, envelope = {0};
    member_alive_encode(&alive, &body);
    envelope_sign(&core->self.signer, ENVELOPE_ALIVE, buffer_view(&body), &envelope);
    const struct gossip_record record = {
        .signer = core->self.id, .envelope = buffer_view(&envelope), .vouched_ms = GOSSIP_NOT_VOUCHED};
    (void)gossip_add_alive(core->fleet.gossip, &record, &alive);
    buffer_deinit(&envelope);
    buffer_deinit(&body);
}

static void sign_suspicion(struct core *core, const struct member_suspicion *suspicion)
{
    struct buffer body = {0}, envelope = {0};
    member_suspicion_encode(suspicion, &body);
    envelope_sign(&core->self.signer, ENVELOPE_SUSPICION, buffer_view(&body), &envelope);
    const struct gossip_record record = {
        .signer = core->self.id, .envelope = buffer_view(&envelope), .vouched_ms = GOSSIP_NOT_VOUCHED};
    (void)gossip_add_suspicion(core->fleet.gossip, &record, suspicion);
    buffer_deinit(&envelope);
    buffer_deinit(&body);
}

static void take_member(struct core *core, const struct envelope *envelope,
                        const struct gossip_record *record)
{
    struct arena arena = {0};
    struct member_alive alive;
    struct member_leave leave;
    struct member_suspicion suspicion;
    if (envelope->kind == ENVELOPE_ALIVE && !member_alive_decode(envelope->body, &arena, &alive))
        (void)gossip_add_alive(core->fleet.gossip, record, &alive);
    else if (envelope->kind == ENVELOPE_LEAVE && !member_leave_decode(envelope->body, &arena, &leave))
        (void)gossip_add_leave(core->fleet.gossip, record, &leave);
    else if (envelope->kind == ENVELOPE_SUSPICION &&
             !member_suspicion_decode(envelope->body, &arena, &suspicion))
        (void)gossip_add_suspicion(core->fleet.gossip, record, &suspicion);
    else
        core->rejected++;
    arena_deinit(&arena);
}

// False: its signer is not a member here yet.
static bool member_record(struct core *core, struct bytes bytes, struct gossip_record *record)
{
    struct envelope envelope;
    struct record_id id;
    if (envelope_parse(bytes, &envelope)) {
        core->rejected++;
        return true;
    }
    const struct directory_node *node = directory_find(&core->directory, &envelope.signer);
    if (!node)
        return false;
    if (node->is_revoked || envelope_verify(&envelope, &core->self.fleet, &node->key, &id)) {
        core->rejected++;
        return true;
    }
    record->signer = envelope.signer;
    record->envelope = bytes;
    take_member(core, &envelope, record);
    return true;
}

void fleet_member_record(struct core *core, struct bytes envelope, const struct node_id *from,
                         uint64_t vouched_ms)
{
    struct gossip_record record = {.is_repair = true, .vouched_ms = vouched_ms};
    if (from)
        record.from = *from;
    if (!member_record(core, envelope, &record) && from)
        sync_wait(core, from, envelope);
}

bool fleet_member_news(struct core *core, struct bytes envelope, const struct node_id *from)
{
    struct gossip_record record = {.from = *from, .vouched_ms = GOSSIP_NOT_VOUCHED};
    return member_record(core, envelope, &record);
}

void fleet_load_member(struct core *core, struct bytes envelope)
{
    struct fleet *fleet = &core->fleet;
    void *stored = fleet->stored;
    base_grow(&stored, &fleet->stored_capacity, fleet->stored_count + 1, sizeof *fleet->stored);
    fleet->stored = stored;
    struct buffer *kept = &fleet->stored[fleet->stored_count++];
    *kept = (struct buffer){0};
    buffer_add(kept, envelope.data, envelope.size);
}

void fleet_loaded(struct core *core)
{
    struct fleet *fleet = &core->fleet;
    struct gossip_options options = {
        .self = core->self.id, .now_ms = core->now_ms, .wall_ms = core->clock.shown_ms};
    random_fill(&core->random, options.seed, sizeof options.seed);
    fleet->gossip = gossip_new(&options);
    for (size_t i = 0; i < fleet->seed_count; i++)
        gossip_add_seed(fleet->gossip, &fleet->seeds[i]);
    for (size_t i = 0; i < fleet->stored_count; i++) {
        fleet_member_record(core, buffer_view(&fleet->stored[i]), NULL, GOSSIP_NOT_VOUCHED);
        buffer_deinit(&fleet->stored[i]);
    }
    fleet->stored_count = 0;
    core->fleet.is_dirty |= peers_follow(core);
    tell_gossip(core);
}

static void deliver(struct core *core, const struct gossip_output *output)
{
    struct buffer data = {0}; // taking it makes gossip do things, which ends the life of output->data
    buffer_add(&data, output->data.data, output->data.size);
    if (output->class < RUMOR_NEWS) {
        struct gossip_record record = {.from = output->node, .vouched_ms = output->vouched_ms};
        if (!member_record(core, buffer_view(&data), &record))
            sync_wait(core, &output->node, buffer_view(&data));
    } else if (output->class == FLEET_CLASS_RECORD) {
        inbox_record(core, &output->node, buffer_view(&data));
    } else if (output->class == FLEET_CLASS_ID && data.size == HASH_SIZE) {
        sync_announced(core, &output->node, (const struct hash *)data.data);
    }
    buffer_deinit(&data);
}

void fleet_spread(struct core *core, const struct record_id *id, struct bytes envelope,
                  const struct node_id *from)
{
    struct gossip_news news = {.key = id->hash, .urgent = true};
    bool fits = envelope.size <= LIMIT_RUMOUR_RECORD_SIZE_MAX && envelope.size <= RUMOR_SIZE_MAX;
    news.class = fits ? FLEET_CLASS_RECORD : FLEET_CLASS_ID;
    news.data = fits ? envelope : bytes_of(id->hash.b, sizeof id->hash.b);
    if (from)
        news.from = *from;
    (void)gossip_spread(core->fleet.gossip, &news);
}

// A member's own word is kept, so that after a start its addresses are known, or that it left: once per boot
// of it, when its address changes, and when it leaves.
static void keep_member(struct core *core, struct peers_peer *peer, const struct members_node *member)
{
    bool has_left = member->state == MEMBERS_LEFT;
    struct address first = member->address_count ? member->addresses[0] : (struct address){0};
    if (!member->record.size || (!member->address_count && !has_left) ||
        (peer->kept_generation == member->generation && peer->kept_left == has_left &&
         address_equal(&peer->kept_address, &first)))
        return;
    bool is_must =
        has_left || !peer->kept_generation; // who is forgotten on a full disk is waited for by nobody
    peer->kept_generation = member->generation;
    peer->kept_address = first;
    peer->kept_left = has_left;
    char key[8 + 2 * NODE_ID_SIZE] = "member/";
    hex_encode(member->id.b, sizeof member->id.b, key + 7);
    const struct effect_write write = {.kind = EFFECT_WRITE_META,
                                       .class = is_must ? EFFECT_WRITE_MUST : EFFECT_WRITE_MAY,
                                       .key = key,
                                       .value = buffer_view(&member->record)};
    outbox_write(&core->outbox, &write);
}

// A node that came back may hold newer promises: whoever owns anything takes it anew (rule 6).
static void changed(struct core *core, const struct node_id *id)
{
    const struct members_node *member = gossip_find(core->fleet.gossip, id);
    struct peers_peer *peer = peers_find(&core->fleet.peers, id);
    bool is_counted = member && members_is_counted(member);
    core->fleet.is_dirty = true;
    comings_follow(core, id);
    if (peer && member)
        keep_member(core, peer, member);
    if (peer && is_counted && peer->seen_generation != member->generation) {
        peer->seen_generation = member->generation;
        copies_changed(core, id);
    }
    if (!peer || is_counted == peer->was_counted)
        return;
    peer->was_counted = is_counted;
    if (core->storage == EVENT_STORAGE_FULL)
        fleet_renew(core); // whether it takes work depends on who else is here
    copies_changed(core, id);
    if (is_counted)
        take_again(core);
    else
        links_drop(core, id);
}

void fleet_probed(struct core *core, const struct node_id *from, struct bytes packet)
{
    if (!core->fleet.gossip || packet.size > LIMIT_DATAGRAM_SIZE_MAX)
        return;
    if (!core->fleet.peers.is_known)
        sync_met_first(core, from);
    core->fleet.peers.is_known = true;
    gossip_receive_stream(core->fleet.gossip, from, packet);
}

static void perform(struct core *core, const struct gossip_output *output)
{
    switch (output->kind) {
    case GOSSIP_SEND:
        if (output->over_stream)
            links_send(core, &output->node, MESSAGE_PROBE, output->data);
        else
            peers_send(core, &output->node, &output->address, output->data);
        return;
    case GOSSIP_CONTACT:
        peers_find_out(core, &output->address);
        return;
    case GOSSIP_SIGN_ALIVE:
        sign_alive(core, output->incarnation);
        return;
    case GOSSIP_SIGN_SUSPICION: {
        struct member_suspicion suspicion = output->suspicion;
        sign_suspicion(core, &suspicion);
        return;
    }
    case GOSSIP_DELIVER:
        deliver(core, output);
        return;
    case GOSSIP_CHANGED:
        changed(core, &output->node);
        return;
    case GOSSIP_DIFFERS:
        sync_repair(core, &output->node, output->what);
        return;
    case GOSSIP_SETTLED:
        core->fleet.is_dirty = true;
        return;
    }
}

void fleet_pump(struct core *core)
{
    struct gossip_output output;
    if (!core->is_loaded)
        return;
    core->fleet.is_dirty |= peers_follow(core);
    tell_gossip(core);
    while (gossip_next_output(core->fleet.gossip, &output))
        perform(core, &output);
    core->fleet.is_dirty |= peers_follow(core);
    if (core->now_ms >= core->fleet.recheck_ms)
        core->fleet.is_dirty = true;
    if (core->fleet.is_dirty && core->is_ready) {
        core->fleet.is_dirty = false;
        core->fleet.recheck_ms = UINT64_MAX;
        owner_all(core);
        copies_look_again(core);
    }
}

void fleet_leave(struct core *core)
{
    const struct members_node *self = gossip_find(core->fleet.gossip, &core->self.id);
    const struct member_leave leave = {.generation = core->self.generation,
                                       .incarnation = self->incarnation + 1};
    struct buffer body = {0}, envelope = {0};
    member_leave_encode(&leave, &body);
    envelope_sign(&core->self.signer, ENVELOPE_LEAVE, buffer_view(&body), &envelope);
    const struct gossip_record record = {
        .signer = core->self.id, .envelope = buffer_view(&envelope), .vouched_ms = GOSSIP_NOT_VOUCHED};
    (void)gossip_add_leave(core->fleet.gossip, &record, &leave);
    buffer_deinit(&envelope);
    buffer_deinit(&body);
}

void fleet_dirty(struct core *core)
{
    core->fleet.is_dirty = true;
}

void fleet_renew(struct core *core)
{
    if (core->fleet.gossip)
        gossip_renew(core->fleet.gossip);
}

uint64_t fleet_deadline_ms(const struct core *core)
{
    if (!core->is_loaded)
        return UINT64_MAX;
    return MIN_OF(gossip_deadline_ms(core->fleet.gossip), core->fleet.recheck_ms);
}
