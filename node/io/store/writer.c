#include "node/io/store/writer.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "node/io/store/packet.h"
#include "node/io/store/series.h"

enum { PACK_LEVEL = 1 };

// What the columns of a claim, result or verdict hold beside its due times.
struct item {
    struct series series;
    const struct run_id *run; // NULL: none
    uint32_t count;
    uint64_t step_ms;
    enum ledger_status status;
    int64_t at_ms;
};

// Decoding has checked that this is an instant.
static int64_t stretch_end(int64_t first_ms, uint32_t count, uint64_t step_ms)
{
    return count > 1 ? first_ms + (int64_t)(step_ms * (count - 1)) : first_ms;
}

static void item_of_claim(const struct ledger_claim *claim, struct item *ret_item)
{
    const struct ledger_occurrence *occurrence = &claim->occurrence;
    *ret_item = (struct item){
        .run = &claim->run,
        .count = claim->count,
        .step_ms = claim->step_ms,
        .at_ms = claim->at_ms,
    };
    series_of(occurrence, stretch_end(occurrence->due_ms, claim->count, claim->step_ms), &ret_item->series);
}

static void item_of_result(const struct ledger_result *result, struct item *ret_item)
{
    const struct ledger_occurrence *occurrence = &result->occurrence;
    *ret_item = (struct item){
        .run = &result->run,
        .count = result->count,
        .step_ms = result->step_ms,
        .status = result->status,
        .at_ms = result->ended_ms,
    };
    series_of(occurrence, stretch_end(occurrence->due_ms, result->count, result->step_ms), &ret_item->series);
}

static void item_of_verdict(const struct ledger_verdict *verdict, struct item *ret_item)
{
    *ret_item = (struct item){
        .count = (uint32_t)MIN_OF(verdict->count, UINT32_MAX),
        .status = verdict->status,
        .at_ms = verdict->at_ms,
    };
    series_of(&verdict->occurrence, verdict->last_due_ms, &ret_item->series);
}

static void item_of(const struct packet *packet, size_t index, struct item *ret_item)
{
    if (packet->envelope.kind == ENVELOPE_CLAIM)
        item_of_claim(&packet->items.claims[index], ret_item);
    else if (packet->envelope.kind == ENVELOPE_RESULT)
        item_of_result(&packet->items.results[index], ret_item);
    else
        item_of_verdict(&packet->items.verdicts[index], ret_item);
}

// What an order or event caused has no due time. All its items get the time of the first one stored,
// so that they are found together.
static int settle_moment(struct database *database, struct item *item)
{
    if (hash_is_zero(&item->series.cause) || item->series.first_ms != 0)
        return 0;
    sqlite3_stmt *statement;
    bool row = false;
    int outcome = database_prepare(database, SQL_CAUSE_MOMENT, &statement);
    if (outcome)
        return outcome;
    series_bind(&item->series, statement);
    outcome = database_step(database, statement, &row);
    if (outcome)
        return outcome;
    int64_t moment_ms = row ? sqlite3_column_int64(statement, 0) : item->at_ms;
    sqlite3_reset(statement);
    item->series.first_ms = item->series.last_ms = moment_ms;
    return 0;
}

static int add_item(struct database *database, const struct packet *packet, size_t index, int64_t ledger)
{
    struct item item;
    item_of(packet, index, &item);
    sqlite3_stmt *statement;
    int outcome = settle_moment(database, &item);
    if (!outcome)
        outcome = database_prepare(database, SQL_ITEM_ADD, &statement);
    if (outcome)
        return outcome;
    series_bind(&item.series, statement);
    database_bind_number(statement, 9, ledger);
    database_bind_number(statement, 10, (int64_t)index);
    database_bind_number(statement, 11, packet->envelope.kind);
    if (item.run)
        database_bind_bytes(statement, 12, bytes_of(item.run->b, sizeof item.run->b));
    database_bind_number(statement, 13, item.count);
    database_bind_number(statement, 14, (int64_t)MAX_OF(item.step_ms, 1));
    database_bind_number(statement, 15, item.status);
    database_bind_number(statement, 16, item.at_ms);
    return database_run(database, statement);
}

static void bind_cursor(sqlite3_stmt *statement, const struct ledger_cursor *cursor,
                        const struct node_id *signer)
{
    database_bind_text(statement, 1, cursor->job);
    database_bind_number(statement, 2, (int64_t)cursor->life);
    database_bind_number(statement, 3, (int64_t)cursor->schedule_version);
    database_bind_number(statement, 4, cursor->trigger);
    database_bind_id(statement, 5, &cursor->target);
    database_bind_bytes(statement, 6, bytes_of(signer->b, sizeof signer->b));
    database_bind_number(statement, 7, cursor->decided_ms);
    database_bind_number(statement, 8, (int64_t)MIN_OF(cursor->epoch.number, (uint64_t)INT64_MAX));
    database_bind_bytes(statement, 9, bytes_of(cursor->epoch.node.b, sizeof cursor->epoch.node.b));
}

// Decided time and epoch are each merged by their own maximum, so a cursor goes only when another of the
// same signer is at least as high in both. The records of those that went are swept up later in one go.
static int add_cursor(struct database *database, const struct packet *packet, size_t index, int64_t ledger)
{
    const struct ledger_cursor *cursor = &packet->items.cursors[index];
    sqlite3_stmt *statement;
    bool covered = false;
    int outcome = database_prepare(database, SQL_CURSOR_COVERED, &statement);
    if (outcome)
        return outcome;
    bind_cursor(statement, cursor, &packet->envelope.signer);
    outcome = database_step(database, statement, &covered);
    sqlite3_reset(statement);
    if (outcome || covered)
        return outcome;
    outcome = database_prepare(database, SQL_CURSOR_DROP_COVERED, &statement);
    if (outcome)
        return outcome;
    bind_cursor(statement, cursor, &packet->envelope.signer);
    outcome = database_run(database, statement);
    if (!outcome)
        outcome = database_prepare(database, SQL_CURSOR_ADD, &statement);
    if (outcome)
        return outcome;
    bind_cursor(statement, cursor, &packet->envelope.signer);
    database_bind_number(statement, 10, ledger);
    database_bind_number(statement, 11, (int64_t)index);
    return database_run(database, statement);
}

static int add_segment(struct database *database, const struct packet *packet, size_t index, int64_t ledger)
{
    const struct ledger_segment *segment = &packet->items.segments[index];
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_SEGMENT_ADD, &statement);
    if (outcome)
        return outcome;
    database_bind_number(statement, 1, ledger);
    database_bind_number(statement, 2, (int64_t)index);
    database_bind_bytes(statement, 3, bytes_of(segment->run.b, sizeof segment->run.b));
    database_bind_number(statement, 4, segment->index);
    return database_run(database, statement);
}

static int add_part(struct database *database, const struct packet *packet, size_t index, int64_t ledger)
{
    if (packet->envelope.kind == ENVELOPE_CURSOR)
        return add_cursor(database, packet, index, ledger);
    if (packet->envelope.kind == ENVELOPE_SEGMENT)
        return add_segment(database, packet, index, ledger);
    return add_item(database, packet, index, ledger);
}

// *ret_ledger is the new row, 0 when the record was there already.
static int add_whole(struct database *database, const struct packet *packet, int64_t *ret_ledger)
{
    struct bytes envelope = packet->envelope.whole;
    size_t room = ZSTD_compressBound(envelope.size);
    uint8_t *packed = NULL;
    size_t packed_size = 0;
    if (packet->envelope.kind == ENVELOPE_SEGMENT) {
        packed = base_alloc(room, 1);
        packed_size = ZSTD_compress(packed, room, envelope.data, envelope.size, PACK_LEVEL);
    }
    bool is_packed = packed && !ZSTD_isError(packed_size) && packed_size < envelope.size;
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_LEDGER_ADD, &statement);
    if (!outcome) {
        database_bind_hash(statement, 1, &packet->record);
        database_bind_number(statement, 2, packet->envelope.kind);
        database_bind_number(statement, 3, is_packed ? (int64_t)envelope.size : 0);
        database_bind_bytes(statement, 4, is_packed ? bytes_of(packed, packed_size) : envelope);
        outcome = database_run(database, statement);
    }
    free(packed);
    if (!outcome)
        *ret_ledger =
            sqlite3_changes(database->connection) ? sqlite3_last_insert_rowid(database->connection) : 0;
    return outcome;
}

// The core has read the record before it asked for this; one that cannot be read has no place to go.
static int add_ledger(struct database *database, const struct effect_write *write)
{
    struct buffer copy = {0};
    buffer_add(&copy, write->envelope.data, write->envelope.size);
    struct packet *packet = packet_new(&copy, &write->record);
    if (!packet)
        return 0;
    int64_t ledger = 0;
    int outcome = add_whole(database, packet, &ledger);
    for (size_t i = 0; ledger && i < packet->count && !outcome; i++)
        outcome = add_part(database, packet, i, ledger);
    packet_release(packet);
    return outcome;
}

static uint64_t authority_number_of(struct bytes whole)
{
    struct envelope envelope;
    struct authority_entry entry = {0};
    struct arena arena = {0};
    if (envelope_parse(whole, &envelope))
        return 0;
    arena_allow(&arena, envelope.body.size);
    int outcome = authority_entry_decode(envelope.body, &arena, &entry);
    arena_deinit(&arena);
    return outcome ? 0 : entry.number;
}

static int add_record(struct database *database, const struct effect_write *write)
{
    bool is_authority = write->record_kind == ENVELOPE_AUTHORITY;
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_RECORD_ADD, &statement);
    if (outcome)
        return outcome;
    database_bind_hash(statement, 1, &write->record);
    database_bind_number(statement, 2, write->record_kind);
    database_bind_number(statement, 3, is_authority ? (int64_t)authority_number_of(write->envelope) : 0);
    database_bind_bytes(statement, 4, write->envelope);
    return database_run(database, statement);
}

static int drop_record(struct database *database, const struct effect_write *write)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_RECORD_DROP, &statement);
    if (outcome)
        return outcome;
    database_bind_hash(statement, 1, &write->record);
    return database_run(database, statement);
}

static int add_story(struct database *database, const struct event_story *story)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, SQL_STORY_ADD, &statement);
    if (outcome)
        return outcome;
    database_bind_number(statement, 1, (int64_t)story->stamp);
    database_bind_text(statement, 2, story->job);
    database_bind_hash(statement, 3, &story->occurrence);
    database_bind_id(statement, 4, &story->node);
    database_bind_text(statement, 5, story->what);
    return database_run(database, statement);
}

static int put_meta(struct database *database, const char *key, struct bytes value)
{
    sqlite3_stmt *statement;
    int outcome = database_prepare(database, value.size ? SQL_META_PUT : SQL_META_DROP, &statement);
    if (outcome)
        return outcome;
    database_bind_text(statement, 1, key);
    if (value.size)
        database_bind_bytes(statement, 2, value);
    return database_run(database, statement);
}

int writer_perform(struct database *database, const struct effect_write *write)
{
    switch (write->kind) {
    case EFFECT_WRITE_RECORD:
        return add_record(database, write);
    case EFFECT_WRITE_RECORD_DROP:
        return drop_record(database, write);
    case EFFECT_WRITE_LEDGER:
    case EFFECT_WRITE_SEGMENT:
        return add_ledger(database, write);
    case EFFECT_WRITE_STORY:
        return add_story(database, &write->story);
    case EFFECT_WRITE_META:
        return put_meta(database, write->key, write->value);
    case EFFECT_WRITE_RETAIN:
        return 0; // writes nothing itself: commit.h does it by and by
    }
    assert(false && "a kind of write the store does not know");
    return 0;
}
