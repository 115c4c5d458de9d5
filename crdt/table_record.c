#include "crdt/table_record.h"

#include "crdt/scope.h"
#include "crdt/stamp.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS             (24LL * 3600 * 1000)
#define RESUME_REMEMBER_MS (400 * DAY_MS) // an older pause may then come back, which only stops a job

// The versions that the author of a definition says to have seen: the one edited, and losers of a conflict.
static int read_seen(const struct definition *definition, struct arena *arena,
                     struct table_record_reading *reading)
{
    struct hash *seen;
    if (hash_is_zero(&definition->edited_from))
        return 0;
    seen = arena_take(arena, definition->settle_count + 1, sizeof *seen);
    if (!seen)
        return TABLE_RECORD_MALFORMED;
    seen[0] = definition->edited_from;
    if (definition->settle_count)
        memcpy(seen + 1, definition->settles, definition->settle_count * sizeof *seen);
    reading->lifts = seen;
    reading->lift_count = definition->settle_count + 1;
    return 0;
}

static int read_definition(struct bytes body, struct arena *arena, struct table_record_reading *reading)
{
    struct definition definition;
    if (definition_decode(body, arena, &definition) != 0)
        return TABLE_RECORD_MALFORMED;
    reading->kind = TABLE_RECORD_DEFINITION;
    memcpy(reading->namespace_name, definition.namespace_name, NAME_ROOM);
    memcpy(reading->name, definition.name, NAME_ROOM);
    memcpy(reading->user, definition.user, NAME_ROOM);
    reading->life = definition.life;
    reading->version = definition.version;
    reading->stamp = definition.stamp;
    reading->authority_number = definition.authority_number;
    return read_seen(&definition, arena, reading);
}

static int read_pause(struct bytes body, struct arena *arena, struct table_record_reading *reading)
{
    struct pause pause;
    if (pause_decode(body, arena, &pause) != 0)
        return TABLE_RECORD_MALFORMED;
    reading->kind = pause.lift_count ? TABLE_RECORD_RESUME : TABLE_RECORD_PAUSE;
    memcpy(reading->namespace_name, pause.namespace_name, NAME_ROOM);
    memcpy(reading->name, pause.name, NAME_ROOM);
    reading->life = pause.life;
    reading->stamp = pause.stamp;
    reading->authority_number = pause.authority_number;
    reading->until_ms = pause.lift_count ? 0 : pause.until_ms;
    reading->lifts = pause.lifts;
    reading->lift_count = pause.lift_count;
    if (pause.lift_count)
        reading->expires_ms = stamp_wall_ms(pause.stamp) + RESUME_REMEMBER_MS;
    else if (pause.until_ms)
        reading->expires_ms = pause.until_ms + DAY_MS;
    return 0;
}

static int read_delete(struct bytes body, struct arena *arena, struct table_record_reading *reading)
{
    struct removal removal;
    if (removal_decode(body, arena, &removal) != 0)
        return TABLE_RECORD_MALFORMED;
    reading->kind = TABLE_RECORD_DELETE;
    memcpy(reading->namespace_name, removal.namespace_name, NAME_ROOM);
    memcpy(reading->name, removal.name, NAME_ROOM);
    reading->life = removal.life;
    reading->stamp = removal.stamp;
    reading->authority_number = removal.authority_number;
    return 0;
}

static int read_order(struct bytes body, struct arena *arena, struct table_record_reading *reading)
{
    struct order order;
    if (order_decode(body, arena, &order) != 0)
        return TABLE_RECORD_MALFORMED;
    reading->kind = TABLE_RECORD_ORDER;
    memcpy(reading->namespace_name, order.namespace_name, NAME_ROOM);
    memcpy(reading->name, order.name, NAME_ROOM);
    reading->life = order.life;
    reading->stamp = order.stamp;
    reading->authority_number = order.authority_number;
    reading->until_ms = order.not_after_ms;
    reading->expires_ms = order.not_after_ms + DAY_MS;
    return 0;
}

int table_record_read(const struct envelope *envelope, struct arena *arena,
                      struct table_record_reading *ret_reading)
{
    *ret_reading = (struct table_record_reading){0};
    switch (envelope->kind) {
    case ENVELOPE_DEFINITION:
        return read_definition(envelope->body, arena, ret_reading);
    case ENVELOPE_PAUSE:
        return read_pause(envelope->body, arena, ret_reading);
    case ENVELOPE_DELETE:
        return read_delete(envelope->body, arena, ret_reading);
    case ENVELOPE_ORDER:
        return read_order(envelope->body, arena, ret_reading);
    default:
        return TABLE_RECORD_WRONG_KIND;
    }
}

struct permission_request table_record_request(const struct table_record_reading *reading)
{
    static const char *const actions[] = {
        [TABLE_RECORD_DEFINITION] = SCOPE_DEFINE, [TABLE_RECORD_PAUSE] = SCOPE_PAUSE,
        [TABLE_RECORD_RESUME] = SCOPE_PAUSE,      [TABLE_RECORD_DELETE] = SCOPE_DEFINE,
        [TABLE_RECORD_ORDER] = SCOPE_TRIGGER,
    };
    return (struct permission_request){
        .action = actions[reading->kind],
        .namespace_name = reading->namespace_name,
        .user = reading->kind == TABLE_RECORD_DEFINITION ? reading->user : NULL,
        .stamp = reading->stamp,
        .authority_number = reading->authority_number,
    };
}

struct table_record *table_record_new(const struct record_id *id, const struct table_record_reading *reading,
                                      struct bytes envelope)
{
    assert(envelope.size <= LIMIT_RECORD_SIZE_MAX);
    struct table_record *record = base_alloc(1, sizeof *record + envelope.size);
    record->id = *id;
    record->stamp = reading->stamp;
    record->life = reading->life;
    record->version = reading->version;
    record->authority_number = reading->authority_number;
    record->until_ms = reading->until_ms;
    record->expires_ms = reading->expires_ms;
    record->kind = (uint8_t)reading->kind;
    record->size = (uint32_t)envelope.size;
    memcpy(record->envelope, envelope.data, envelope.size);
    if (reading->lift_count) {
        record->lifts = base_copy(reading->lifts, reading->lift_count * sizeof *reading->lifts);
        record->lift_count = (uint32_t)reading->lift_count;
    }
    return record;
}

void table_record_free(struct table_record *record)
{
    if (record)
        free(record->lifts);
    free(record);
}

struct bytes table_record_bytes(const struct table_record *record)
{
    return bytes_of(record->envelope, record->size);
}

static struct envelope envelope_of(const struct table_record *record)
{
    struct envelope envelope;
    int outcome = envelope_parse(table_record_bytes(record), &envelope);
    assert(outcome == 0); // it was parsed before it became a record
    return envelope;
}

struct node_id table_record_signer(const struct table_record *record)
{
    return envelope_of(record).signer;
}

void table_record_definition(const struct table_record *record, struct arena *arena, struct definition *ret)
{
    assert(record->kind == TABLE_RECORD_DEFINITION);
    struct envelope envelope = envelope_of(record);
    arena_allow(arena, envelope.body.size);
    int outcome = definition_decode(envelope.body, arena, ret);
    assert(outcome == 0);
}

void table_record_pause(const struct table_record *record, struct arena *arena, struct pause *ret)
{
    assert(record->kind == TABLE_RECORD_PAUSE || record->kind == TABLE_RECORD_RESUME);
    struct envelope envelope = envelope_of(record);
    arena_allow(arena, envelope.body.size);
    int outcome = pause_decode(envelope.body, arena, ret);
    assert(outcome == 0);
}

void table_record_order(const struct table_record *record, struct arena *arena, struct order *ret)
{
    assert(record->kind == TABLE_RECORD_ORDER);
    struct envelope envelope = envelope_of(record);
    arena_allow(arena, envelope.body.size);
    int outcome = order_decode(envelope.body, arena, ret);
    assert(outcome == 0);
}

bool table_record_counts(const struct table_record *record)
{
    bool stops = record->kind == TABLE_RECORD_PAUSE || record->kind == TABLE_RECORD_DELETE;
    return permission_is_accepted(record->permission) || (stops && record->permission == PERMISSION_VOID);
}

bool table_record_is_denied(const struct table_record *record)
{
    return record->permission != PERMISSION_GRANTED;
}

int table_record_order_of(const struct table_record *a, const struct table_record *b)
{
    if (a->life != b->life)
        return a->life > b->life ? -1 : 1;
    if (a->version != b->version)
        return a->version > b->version ? -1 : 1;
    if (a->stamp != b->stamp)
        return a->stamp > b->stamp ? -1 : 1;
    return memcmp(&b->id, &a->id, sizeof a->id);
}
