#include "node/core/net/inbox.h"

#include "node/core/intake.h"
#include "node/core/net/detour.h"
#include "node/core/state.h"

void inbox_record(struct core *core, const struct node_id *from, struct bytes envelope)
{
    struct intake_note note;
    int outcome = intake_record(core, envelope, INTAKE_PEER, &note);
    if (outcome == 0) {
        fleet_spread(core, &note.id, envelope, from);
        intake_follow(core);
        sync_retry(core);
    } else if (outcome == INTAKE_SIGNER_UNKNOWN) {
        sync_wait(core, from, envelope);
    }
}

void inbox_introduction(struct core *core, struct bytes payload)
{
    struct arena arena = {0};
    struct message_list list;
    const struct node_id nobody = {{0}};
    if (!message_list_decode(payload, &arena, &list))
        for (size_t i = 0; i < list.count; i++)
            inbox_record(core, &nobody, list.items[i]);
    arena_deinit(&arena);
}

static bool records(struct core *core, const struct node_id *from, struct bytes body)
{
    struct arena arena = {0};
    struct message_list list;
    bool is_well_formed = message_list_decode(body, &arena, &list) == 0;
    for (size_t i = 0; is_well_formed && i < list.count; i++) {
        struct bytes envelope = list.items[i];
        if (envelope.size && (envelope.data[0] & 0xf0) == 0x30)
            fleet_member_record(core, envelope, from, GOSSIP_NOT_VOUCHED);
        else
            inbox_record(core, from, envelope);
    }
    arena_deinit(&arena);
    return is_well_formed;
}

bool inbox_message(struct core *core, const struct node_id *from, uint8_t type, struct bytes body)
{
    switch ((enum message_type)type) {
    case MESSAGE_RECORDS:
        return records(core, from, body);
    case MESSAGE_WANT:
        return sync_wanted(core, from, body);
    case MESSAGE_AUTHORITY:
        return sync_authority_asked(core, from, body);
    case MESSAGE_RECONCILE:
        return sync_reconcile(core, from, body);
    case MESSAGE_KEEP:
        return keep_receive(core, from, body);
    case MESSAGE_KEPT:
        return keep_acknowledged(core, from, body);
    case MESSAGE_OFFER:
        return copies_offered(core, from, body);
    case MESSAGE_LACK:
        return copies_lacked(core, from, body);
    case MESSAGE_TAKE:
        return take_asked(core, from, body);
    case MESSAGE_TAKEN:
        return take_answered(core, from, body);
    case MESSAGE_ASK:
        return ask_received(core, from, body);
    case MESSAGE_TOLD:
        return ask_told(core, from, body);
    case MESSAGE_PROBE:
        fleet_probed(core, from, body);
        return true;
    case MESSAGE_PROVISIONAL:
        return provisional_receive(core, from, body);
    case MESSAGE_COMPARE:
        return copies_asked(core, from, body);
    case MESSAGE_COMPARED:
        return copies_compared(core, from, body);
    case MESSAGE_DETOUR:
        return detour_received(core, from, body);
    }
    core->rejected++;
    return false;
}

void inbox_connected(struct core *core, const struct node_id *node)
{
    keep_connected(core, node);
}

void inbox_disconnected(struct core *core, const struct node_id *node)
{
    ask_disconnected(core, node);
}
