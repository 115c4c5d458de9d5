#include "node/io/store/reading.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

void reading_deinit(struct reading *reading)
{
    free(reading->references);
}

static int compare_references(const void *a, const void *b)
{
    const struct reading_reference *left = a;
    const struct reading_reference *right = b;
    if (left->ledger != right->ledger)
        return left->ledger < right->ledger ? -1 : 1;
    return left->position < right->position ? -1 : left->position > right->position;
}

int reading_gather(struct reading *reading, sqlite3_stmt *statement)
{
    bool row = true;
    int outcome;
    while (!(outcome = database_step(reading->database, statement, &row)) && row) {
        base_grow((void **)&reading->references, &reading->capacity, reading->count + 1,
                  sizeof *reading->references);
        reading->references[reading->count++] = (struct reading_reference){
            .ledger = sqlite3_column_int64(statement, 0),
            .position = sqlite3_column_int64(statement, 1),
        };
    }
    return outcome;
}

static bool unpack(struct bytes packed, size_t size, struct buffer *out)
{
    if (size > LIMIT_RECORD_SIZE_MAX)
        return false;
    uint8_t *memory = base_alloc(size, 1);
    size_t unpacked = ZSTD_decompress(memory, size, packed.data, packed.size);
    bool ok = !ZSTD_isError(unpacked) && unpacked == size;
    if (ok)
        buffer_add(out, memory, size);
    free(memory);
    return ok;
}

// *ret_packet is NULL when the record went in the meantime.
static int fetch(struct reading *reading, int64_t ledger, struct packet **ret_packet)
{
    sqlite3_stmt *statement;
    bool row = false;
    int outcome = database_prepare(reading->database, SQL_LEDGER_GET, &statement);
    if (outcome)
        return outcome;
    database_bind_number(statement, 1, ledger);
    outcome = database_step(reading->database, statement, &row);
    if (outcome || !row)
        return outcome;
    struct hash record = {0};
    struct buffer envelope = {0};
    struct bytes id = database_column_bytes(statement, 0);
    size_t size = (size_t)sqlite3_column_int64(statement, 1);
    struct bytes stored = database_column_bytes(statement, 2);
    bool ok = id.size == sizeof record.b;
    if (ok)
        memcpy(record.b, id.data, id.size);
    if (ok && size)
        ok = unpack(stored, size, &envelope);
    else if (ok)
        buffer_add(&envelope, stored.data, stored.size);
    sqlite3_reset(statement);
    *ret_packet = ok ? packet_new(&envelope, &record) : NULL;
    buffer_deinit(&envelope);
    return *ret_packet ? 0 : STORE_CORRUPT;
}

void reading_emit(struct reading *reading, const struct event_row *row, struct packet *packet)
{
    if (!reading->stopped)
        reading->stopped = !reading->sink->take(reading->sink->context, row, packet);
}

int reading_finish(struct reading *reading)
{
    struct packet *packet = NULL;
    int64_t ledger = -1;
    int outcome = 0;
    if (reading->count && !reading->is_ordered)
        qsort(reading->references, reading->count, sizeof *reading->references, compare_references);
    for (size_t i = 0; i < reading->count && !outcome && !reading->stopped; i++) {
        const struct reading_reference *reference = &reading->references[i];
        if (i && compare_references(reference, reference - 1) == 0)
            continue;
        if (reference->ledger != ledger) {
            packet_release(packet);
            packet = NULL;
            ledger = reference->ledger;
            outcome = fetch(reading, ledger, &packet);
        }
        if (outcome || !packet || (size_t)reference->position >= packet->count)
            continue;
        struct event_row row;
        packet_row(packet, (size_t)reference->position, &row);
        reading_emit(reading, &row, packet);
    }
    packet_release(packet);
    return outcome;
}
