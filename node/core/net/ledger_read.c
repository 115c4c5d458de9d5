// ledger_read.c - a ledger record of another node: verified, then handed over item by item.
#include "node/core/state.h"

#include <string.h>

struct reading {
    struct event_row row;
    void (*each)(void *context, const struct event_row *row);
    void *context;
    size_t count;
};

static void item(struct reading *reading, enum event_row_kind kind, uint32_t index)
{
    reading->row.kind = kind;
    reading->row.index = index;
    reading->each(reading->context, &reading->row);
    reading->count++;
}

#define EACH(type, KIND, field)                                                                              \
    do {                                                                                                     \
        struct ledger_##field *items;                                                                        \
        size_t count;                                                                                        \
        if (type##_decode(envelope->body, arena, &items, &count) == 0)                                       \
            for (size_t i = 0; i < count; i++) {                                                             \
                reading->row.is.field = items[i];                                                            \
                item(reading, KIND, (uint32_t)i);                                                            \
            }                                                                                                \
    } while (0)

static void items(const struct envelope *envelope, struct arena *arena, struct reading *reading)
{
    switch (envelope->kind) {
    case ENVELOPE_CLAIM:
        EACH(ledger_claims, EVENT_ROW_CLAIM, claim);
        return;
    case ENVELOPE_RESULT:
        EACH(ledger_results, EVENT_ROW_RESULT, result);
        return;
    case ENVELOPE_VERDICT:
        EACH(ledger_verdicts, EVENT_ROW_VERDICT, verdict);
        return;
    case ENVELOPE_CURSOR:
        EACH(ledger_cursors, EVENT_ROW_CURSOR, cursor);
        return;
    case ENVELOPE_SEGMENT:
        EACH(ledger_segments, EVENT_ROW_SEGMENT, segment);
        return;
    default:
        return;
    }
}

bool keep_read(struct core *core, struct bytes bytes,
               void (*each)(void *context, const struct event_row *row), void *context)
{
    struct envelope envelope;
    struct record_id id;
    struct arena arena = {0};
    if (envelope_parse(bytes, &envelope))
        return false;
    const struct directory_node *node = directory_find(&core->directory, &envelope.signer);
    if (!node || envelope_verify(&envelope, &core->self.fleet, &node->key, &id))
        return false;
    struct reading reading = {.each = each, .context = context};
    reading.row.envelope = bytes;
    reading.row.record = id.hash;
    reading.row.signer = envelope.signer;
    items(&envelope, &arena, &reading);
    arena_deinit(&arena);
    return reading.count > 0;
}
