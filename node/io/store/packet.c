#include "node/io/store/packet.h"

#include <stdlib.h>

static int decode(struct packet *packet)
{
    struct bytes body = packet->envelope.body;
    struct arena *arena = &packet->arena;
    arena_allow(arena, body.size);
    switch (packet->envelope.kind) {
    case ENVELOPE_CLAIM:
        return ledger_claims_decode(body, arena, &packet->items.claims, &packet->count);
    case ENVELOPE_RESULT:
        return ledger_results_decode(body, arena, &packet->items.results, &packet->count);
    case ENVELOPE_VERDICT:
        return ledger_verdicts_decode(body, arena, &packet->items.verdicts, &packet->count);
    case ENVELOPE_CURSOR:
        return ledger_cursors_decode(body, arena, &packet->items.cursors, &packet->count);
    case ENVELOPE_SEGMENT:
        return ledger_segments_decode(body, arena, &packet->items.segments, &packet->count);
    default:
        return LEDGER_MALFORMED;
    }
}

struct packet *packet_new(struct buffer *envelope, const struct hash *record)
{
    struct packet *packet = base_alloc(1, sizeof *packet);
    atomic_init(&packet->holders, 1);
    packet->memory = *envelope;
    *envelope = (struct buffer){0};
    packet->record = *record;
    if (envelope_parse(buffer_view(&packet->memory), &packet->envelope) || decode(packet)) {
        packet_release(packet);
        return NULL;
    }
    return packet;
}

struct packet *packet_hold(struct packet *packet)
{
    atomic_fetch_add(&packet->holders, 1);
    return packet;
}

void packet_release(struct packet *packet)
{
    if (!packet || atomic_fetch_sub(&packet->holders, 1) > 1)
        return;
    arena_deinit(&packet->arena);
    buffer_deinit(&packet->memory);
    free(packet);
}

void packet_row(const struct packet *packet, size_t index, struct event_row *ret_row)
{
    assert(index < packet->count);
    *ret_row = (struct event_row){
        .envelope = packet->envelope.whole,
        .record = packet->record,
        .index = (uint32_t)index,
        .signer = packet->envelope.signer,
    };
    switch (packet->envelope.kind) {
    case ENVELOPE_CLAIM:
        ret_row->kind = EVENT_ROW_CLAIM;
        ret_row->is.claim = packet->items.claims[index];
        break;
    case ENVELOPE_RESULT:
        ret_row->kind = EVENT_ROW_RESULT;
        ret_row->is.result = packet->items.results[index];
        break;
    case ENVELOPE_VERDICT:
        ret_row->kind = EVENT_ROW_VERDICT;
        ret_row->is.verdict = packet->items.verdicts[index];
        break;
    case ENVELOPE_CURSOR:
        ret_row->kind = EVENT_ROW_CURSOR;
        ret_row->is.cursor = packet->items.cursors[index];
        break;
    case ENVELOPE_SEGMENT:
        ret_row->kind = EVENT_ROW_SEGMENT;
        ret_row->is.segment = packet->items.segments[index];
        break;
    default:
        assert(false && "packet_new takes no other kind");
    }
}
