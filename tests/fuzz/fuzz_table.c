// fuzz_table.c - sequences of records for the table, in two orders, with a revocation among them.
//
// Four bytes make a record: what it is, about which job and by whom, its life and version, its stamp. One
// replica takes them in order and learns of the revocation at its place; the other takes them backwards and
// knew of it before. Both must come to one digest, before and after pruning, and their fingerprints must be
// those of their live lists. A first byte of 6 gives the rest of the input as a record's body instead.
#include "crdt/table.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/trust.h"

enum {
    RECORD_COUNT_MAX = 48,
    ALICE = 2,
    BOB = 3,
    REVOKED_STAMP = 128,
};

struct sequence {
    struct buffer envelopes[RECORD_COUNT_MAX];
    struct record_id ids[RECORD_COUNT_MAX];
    size_t count;
    size_t revoked_at; // so many records come before the revocation
};

static struct buffer genesis;
static struct fleet_id fleet;
static struct authority_log before, after;
static struct envelope_signer signers[2];

static void start(void)
{
    struct buffer entries[3] = {{0}};
    uint64_t needed;
    fleet = trust_genesis(&genesis);
    struct hash previous = fleet.hash;
    struct authority_entry all[] = {trust_operator(ALICE), trust_operator(BOB),
                                    trust_revoke(ALICE, REVOKED_STAMP)};
    int outcome = authority_log_init(&before, buffer_view(&genesis), &fleet);
    assert(outcome == 0);
    outcome = authority_log_init(&after, buffer_view(&genesis), &fleet);
    assert(outcome == 0);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i].number = i + 1;
        all[i].previous = previous;
        previous = trust_sign_entry(&fleet, all[i], &entries[i]).hash;
        outcome = authority_log_add(&after, buffer_view(&entries[i]), &needed);
        assert(outcome == 0);
        if (i < 2)
            outcome = authority_log_add(&before, buffer_view(&entries[i]), &needed);
        assert(outcome == 0);
        buffer_deinit(&entries[i]);
    }
    signers[0] = trust_signer(&fleet, ALICE);
    signers[1] = trust_signer(&fleet, BOB);
}

// An envelope that table_restore takes: it trusts the disk and looks at no signature.
static void put(struct sequence *sequence, int signer, enum envelope_kind kind, struct bytes body)
{
    struct buffer *out = &sequence->envelopes[sequence->count];
    struct node_id id = node_id_of(&signers[signer].key);
    struct signature none = {{0}};
    struct envelope envelope;
    *out = (struct buffer){0};
    buffer_add_u8(out, (uint8_t)kind);
    buffer_add_u8(out, ENVELOPE_VERSION);
    buffer_add(out, id.b, sizeof id.b);
    buffer_add(out, none.b, sizeof none.b);
    buffer_add_u32(out, (uint32_t)body.size);
    buffer_add(out, body.data, body.size);
    if (envelope_parse(buffer_view(out), &envelope) == 0)
        sequence->ids[sequence->count] = envelope_id(&envelope, &fleet, &signers[signer].key);
    sequence->count++;
}

static void put_definition(struct sequence *sequence, int signer, const char *name, uint8_t number,
                           uint8_t stamp)
{
    static const struct definition_trigger trigger = {.kind = DEFINITION_EVERY, .period_ms = 60000};
    static const char *const argv[] = {"/bin/true"};
    struct definition definition = {
        .namespace_name = "main",
        .life = number & 4 ? 3 : 1,
        .version = 1 + number % 4,
        .stamp = stamp,
        .schedule_version = 1,
        .authority_number = 2,
        .triggers = &trigger,
        .trigger_count = 1,
        .zone = "UTC",
        .argv = argv,
        .argument_count = 1,
        .user = "nobody",
    };
    struct buffer body = {0};
    memcpy(definition.name, name, strlen(name) + 1);
    definition_encode(&definition, &body);
    put(sequence, signer, ENVELOPE_DEFINITION, buffer_view(&body));
    buffer_deinit(&body);
}

static void put_pause(struct sequence *sequence, int signer, const char *name, uint8_t number, uint8_t stamp)
{
    struct pause pause = {
        .namespace_name = "main",
        .life = number & 4 ? 3 : 1,
        .stamp = stamp,
        .until_ms = number & 8 ? stamp : 0,
        .authority_number = 2,
    };
    struct buffer body = {0};
    if (number & 16 && sequence->count) {
        pause.lifts = &sequence->ids[number % sequence->count].hash;
        pause.lift_count = 1;
    }
    memcpy(pause.name, name, strlen(name) + 1);
    pause_encode(&pause, &body);
    put(sequence, signer, ENVELOPE_PAUSE, buffer_view(&body));
    buffer_deinit(&body);
}

static void put_delete(struct sequence *sequence, int signer, const char *name, uint8_t number, uint8_t stamp)
{
    struct removal removal = {
        .namespace_name = "main", .life = number & 4 ? 4 : 2, .stamp = stamp, .authority_number = 2};
    struct buffer body = {0};
    memcpy(removal.name, name, strlen(name) + 1);
    removal_encode(&removal, &body);
    put(sequence, signer, ENVELOPE_DELETE, buffer_view(&body));
    buffer_deinit(&body);
}

static void put_order(struct sequence *sequence, int signer, const char *name, uint8_t number, uint8_t stamp)
{
    struct order order = {
        .random = {number},
        .action = ORDER_RUN,
        .namespace_name = "main",
        .life = 1,
        .not_after_ms = (int64_t)number * 3600000,
        .stamp = stamp,
        .authority_number = 2,
    };
    struct buffer body = {0};
    memcpy(order.name, name, strlen(name) + 1);
    order_encode(&order, &body);
    put(sequence, signer, ENVELOPE_ORDER, buffer_view(&body));
    buffer_deinit(&body);
}

static void make_sequence(const uint8_t *data, size_t size, struct sequence *sequence)
{
    static const char *const names[] = {"a", "b"};
    for (; size >= 4 && sequence->count < RECORD_COUNT_MAX; data += 4, size -= 4) {
        const char *name = names[data[1] % 2];
        int signer = data[1] / 2 % 2;
        uint8_t number = data[2], stamp = data[3];
        switch (data[0] % 8) {
        case 0:
        case 1:
            put_definition(sequence, signer, name, number, stamp);
            break;
        case 2:
        case 3:
            put_pause(sequence, signer, name, number, stamp);
            break;
        case 4:
            put_delete(sequence, signer, name, number, stamp);
            break;
        case 5:
            put_order(sequence, signer, name, number, stamp);
            break;
        case 6:
            put(sequence, signer, ENVELOPE_DEFINITION + number % 4, bytes_of(data + 4, size - 4));
            return;
        default:
            sequence->revoked_at = sequence->count;
            break;
        }
    }
}

static void take(struct table *table, const struct authority_log *log, const struct buffer *envelope)
{
    int outcome = table_restore(table, log, buffer_view(envelope));
    assert(outcome != TABLE_FORGED && outcome != TABLE_WRONG_KIND);
}

static void check_live_list(struct table *table)
{
    struct reconcile_view view = table_live(table);
    struct fingerprint sum = {0};
    for (size_t i = 0; i < view.count; i++) {
        struct record_id id = {view.items[i].id};
        const struct table_record *record = table_find_record(table, &id);
        assert(record && record->is_live && record->stamp == view.items[i].stamp);
        assert(i == 0 || reconcile_item_compare(&view.items[i - 1], &view.items[i]) < 0);
        fingerprint_add(&sum, &view.items[i].id);
    }
    struct hash expected = fingerprint_hash(&sum), told = table_fingerprint(table);
    assert(hash_equal(&expected, &told));
}

static bool has_dropped(struct table *table)
{
    struct record_id id;
    bool is_any = false;
    while (table_take_dropped(table, &id))
        is_any = true;
    return is_any;
}

static void compare(struct table tables[2])
{
    struct hash left = table_digest(&tables[0]), right = table_digest(&tables[1]);
    assert(hash_equal(&left, &right));
}

static void run(const struct sequence *sequence, struct table tables[2])
{
    const struct authority_log *log = &before;
    for (size_t i = 0; i <= sequence->count; i++) {
        if (i == sequence->revoked_at) {
            log = &after;
            table_recheck(&tables[0], log);
            check_live_list(&tables[0]);
        }
        if (i < sequence->count)
            take(&tables[0], log, &sequence->envelopes[i]);
    }
    for (size_t i = sequence->count; i-- > 0;)
        take(&tables[1], &after, &sequence->envelopes[i]);
    for (int i = 0; i < 2; i++)
        check_live_list(&tables[i]);
    bool is_complete = !has_dropped(&tables[0]); // superseded definitions beyond those that are kept
    is_complete = !has_dropped(&tables[1]) && is_complete;
    if (is_complete)
        compare(tables);
    for (int i = 0; i < 2; i++) {
        table_prune(&tables[i], 100LL * 3600000);
        check_live_list(&tables[i]);
        while (table_take_changed_job(&tables[i]))
            ;
    }
    if (is_complete)
        compare(tables);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sequence sequence = {.revoked_at = 0};
    struct table tables[2];
    if (!genesis.size)
        start();
    make_sequence(data, size, &sequence);
    table_init(&tables[0]);
    table_init(&tables[1]);
    run(&sequence, tables);
    table_deinit(&tables[0]);
    table_deinit(&tables[1]);
    for (size_t i = 0; i < sequence.count; i++)
        buffer_deinit(&sequence.envelopes[i]);
    return 0;
}
