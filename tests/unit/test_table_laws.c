// test_table_laws.c - the table's laws: any order of arrival, any division among replicas, any repetition
// comes to one table.
//
// Small scenarios are gone through exhaustively: every order of all operations at one replica, and every
// way of giving each operation to some of three replicas that then repair each other. Longer random
// sequences are compared with an oracle that works the state out from the plain list of records.
#include "tests/unit/support_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    OPERATION_COUNT_MAX = 40,
    REPLICA_COUNT = 3,
    REVOKED_MS = 5000, // records of the revoked signer stamped later are void
};

// One thing that reaches a replica: a record, or the authority entry that changes who may do what.
struct operation {
    struct support_record record;
    bool is_authority;
};

static struct support_table fx;    // signs; its trust.log is the log before the authority entry
static struct authority_log later; // the log with it
static struct operation operations[OPERATION_COUNT_MAX];
static size_t operation_count;

static const struct record_id *put(struct support_record record)
{
    assert_true(operation_count < OPERATION_COUNT_MAX);
    operations[operation_count] = (struct operation){record, false};
    return &operations[operation_count++].record.id;
}

static struct record_id define(const struct envelope_signer *signer, const char *name, uint64_t life,
                               uint64_t version, int64_t at_ms)
{
    struct support_record record = {0};
    struct definition definition = support_definition(name);
    definition.life = life;
    definition.version = version;
    definition.stamp = support_stamp(at_ms);
    definition.authority_number = authority_log_get_head(&fx.trust.log).number;
    record.id = support_sign_definition(signer, &definition, &record.envelope);
    return *put(record);
}

static const struct record_id *pause_job(const struct envelope_signer *signer, uint64_t life, int64_t at_ms)
{
    return put(support_pause(&fx, signer, "job", life, at_ms));
}

static void resume(const struct envelope_signer *signer, const struct record_id *pause, int64_t at_ms)
{
    put(support_resume(&fx, signer, "job", pause, at_ms));
}

static void delete (const struct envelope_signer *signer, uint64_t life, int64_t at_ms)
{
    put(support_delete(&fx, signer, "job", life, at_ms));
}

static void change_authority(struct authority_entry entry)
{
    struct authority_log_head head = authority_log_get_head(&fx.trust.log);
    struct buffer envelope = {0};
    uint64_t needed;
    support_sign_entry(&fx.trust.root, head.number + 1, &head.id.hash, entry, &envelope);
    assert_int_equal(authority_log_add(&later, buffer_view(&envelope), &needed), 0);
    buffer_deinit(&envelope);
    operations[operation_count++] = (struct operation){.is_authority = true};
}

static void revoke(uint8_t number)
{
    change_authority(support_revoke(number, support_stamp(REVOKED_MS)));
}

static int setup(void **state)
{
    (void)state;
    uint64_t needed;
    support_table_init(&fx);
    support_trust_new_log(&fx.trust, &later);
    for (size_t i = 0; i < fx.trust.log.entry_count; i++)
        assert_int_equal(authority_log_add(&later, buffer_view(&fx.trust.log.entries[i]->envelope), &needed),
                         0);
    operation_count = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < operation_count; i++)
        support_record_deinit(&operations[i].record);
    authority_log_deinit(&later);
    support_table_deinit(&fx);
    return 0;
}

// --- replicas ----------------------------------------------------------------

struct replica {
    struct table table;
    const struct authority_log *log;
    const struct operation *waiting[OPERATION_COUNT_MAX]; // for the authority log
    size_t waiting_count;
};

static void replica_init(struct replica *replica)
{
    *replica = (struct replica){.log = &fx.trust.log};
    table_init(&replica->table);
}

static void replica_take(struct replica *replica, const struct operation *operation);

static void replica_take_authority(struct replica *replica)
{
    size_t count = replica->waiting_count;
    replica->log = &later;
    replica->waiting_count = 0;
    table_recheck(&replica->table, &later);
    for (size_t i = 0; i < count; i++)
        replica_take(replica, replica->waiting[i]);
}

// Signatures were checked once, in base_digest; here only merging is judged.
static void replica_take(struct replica *replica, const struct operation *operation)
{
    if (operation->is_authority) {
        replica_take_authority(replica);
        return;
    }
    int outcome = table_restore(&replica->table, replica->log, buffer_view(&operation->record.envelope));
    if (outcome == TABLE_LOG_BEHIND || outcome == TABLE_SIGNER_UNKNOWN)
        replica->waiting[replica->waiting_count++] = operation;
    else
        assert_true(outcome <= TABLE_SUPERSEDED || outcome == TABLE_VOID || outcome == TABLE_OUT_OF_SCOPE);
}

// In the order they were made, with every signature checked.
static struct hash base_digest(struct table *table)
{
    const struct authority_log *log = &fx.trust.log;
    struct record_id id;
    table_init(table);
    for (int pass = 0; pass < 2; pass++) { // the second finds what waited for the authority log
        for (size_t i = 0; i < operation_count; i++) {
            if (operations[i].is_authority) {
                log = &later;
                table_recheck(table, log);
                continue;
            }
            int outcome = table_add(table, log, buffer_view(&operations[i].record.envelope), &id);
            assert_int_not_equal(outcome, TABLE_FORGED);
            assert_int_not_equal(outcome, TABLE_MALFORMED);
        }
    }
    return table_digest(table);
}

static bool next_order(size_t *order, size_t count)
{
    size_t i = count - 1;
    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    size_t j = count - 1;
    while (order[j] <= order[i - 1])
        j--;
    size_t swap = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swap;
    for (size_t low = i, high = count - 1; low < high; low++, high--) {
        swap = order[low];
        order[low] = order[high];
        order[high] = swap;
    }
    return true;
}

static void every_order_gives(const struct hash *expected)
{
    size_t order[OPERATION_COUNT_MAX];
    for (size_t i = 0; i < operation_count; i++)
        order[i] = i;
    do {
        struct replica replica;
        replica_init(&replica);
        for (size_t i = 0; i < operation_count; i++)
            replica_take(&replica, &operations[order[i]]);
        struct hash got = table_digest(&replica.table);
        if (!hash_equal(expected, &got)) {
            for (size_t i = 0; i < operation_count; i++)
                print_error("%zu ", order[i]);
            fail_msg("this order gives another table");
        }
        table_deinit(&replica.table);
    } while (next_order(order, operation_count));
}

// --- three replicas ----------------------------------------------------------

static bool tables_are_equal(struct replica *a, struct replica *b)
{
    struct hash left = table_fingerprint(&a->table), right = table_fingerprint(&b->table);
    return hash_equal(&left, &right);
}

static void send_all(struct replica *from, struct replica *to, const struct reconcile_lacks *lacks)
{
    for (size_t i = 0; i < lacks->count; i++) {
        struct record_id id = {lacks->ids[i]};
        const struct table_record *record = table_find_record(&from->table, &id);
        assert_non_null(record);
        int outcome = table_restore(&to->table, to->log, table_record_bytes(record));
        assert_true(outcome <= TABLE_SUPERSEDED);
    }
}

// What two nodes do when their fingerprints differ: find and send live records, nothing else.
static void repair(struct replica *a, struct replica *b)
{
    if (tables_are_equal(a, b))
        return;
    struct replica *sides[2] = {a, b};
    struct reconcile_lacks lacks[2] = {{0}};
    struct buffer message = {0}, answer = {0};
    struct reconcile_view view = table_live(&a->table);
    reconcile_start(&view, 42, &message);
    int outcome = 0;
    for (int side = 1; outcome == 0; side = !side) {
        view = table_live(&sides[side]->table);
        buffer_clear(&answer);
        outcome = reconcile_answer(&view, buffer_view(&message), &answer, &lacks[side]);
        assert_int_not_equal(outcome, RECONCILE_MALFORMED);
        buffer_clear(&message);
        buffer_add(&message, answer.data, answer.size);
    }
    send_all(a, b, &lacks[0]);
    send_all(b, a, &lacks[1]);
    buffer_deinit(&message);
    buffer_deinit(&answer);
    reconcile_lacks_deinit(&lacks[0]);
    reconcile_lacks_deinit(&lacks[1]);
}

static void repair_all(struct replica replicas[REPLICA_COUNT])
{
    for (int round = 0; round < 3; round++) {
        repair(&replicas[0], &replicas[1]);
        repair(&replicas[1], &replicas[2]);
        repair(&replicas[2], &replicas[0]);
    }
}

// `sharing` says in base 7 which non-empty set of replicas hears of each operation by itself.
static void share_out(unsigned sharing, const struct hash *expected)
{
    struct replica replicas[REPLICA_COUNT];
    for (size_t k = 0; k < REPLICA_COUNT; k++)
        replica_init(&replicas[k]);
    for (size_t i = 0; i < operation_count; i++, sharing /= 7)
        for (size_t k = 0; k < REPLICA_COUNT; k++)
            if ((1 + sharing % 7) >> k & 1)
                replica_take(&replicas[k], &operations[i]);
    for (size_t k = 0; k < REPLICA_COUNT; k++) // the log reaches everybody before repair, as in the daemon
        if (replicas[k].log != &later)
            replica_take_authority(&replicas[k]);
    repair_all(replicas);
    for (size_t k = 0; k < REPLICA_COUNT; k++) {
        struct hash got = table_digest(&replicas[k].table);
        assert_true(hash_equal(expected, &got));
        table_deinit(&replicas[k].table);
    }
}

static void every_sharing_gives(const struct hash *expected)
{
    unsigned sharings = 1;
    for (size_t i = 0; i < operation_count; i++)
        sharings *= 7;
    unsigned step = sharings > 17000 ? sharings / 5000 | 1 : 1; // of five operations all, of more a sample
    for (unsigned sharing = 0; sharing < sharings; sharing += step)
        share_out(sharing, expected);
}

// Checks both laws and hands out the job as it came to be.
static struct table_job *settle(struct table *table)
{
    struct hash expected = base_digest(table);
    every_order_gives(&expected);
    every_sharing_gives(&expected);
    return table_find_job(table, "main", "job");
}

// --- scenarios ---------------------------------------------------------------

static void two_edits_of_one_version(void **state)
{
    (void)state;
    struct table table;
    define(&fx.alice, "job", 1, 1, 0);
    define(&fx.alice, "job", 1, 2, 10);
    struct record_id winner = define(&fx.bob, "job", 1, 2, 11);
    pause_job(&fx.alice, 1, 5);
    define(&fx.bob, "other", 1, 1, 3);
    struct table_job *job = settle(&table);
    assert_true(hash_equal(&job->active->id.hash, &winner.hash));
    assert_int_equal(job->conflict_count, 1);
    assert_true(table_job_is_paused(job, SUPPORT_WALL_MS));
    table_deinit(&table);
}

static void a_resume_of_an_older_pause_leaves_the_newer_one(void **state)
{
    (void)state;
    struct table table;
    define(&fx.alice, "job", 1, 1, 0);
    const struct record_id *older = pause_job(&fx.alice, 1, 5);
    const struct record_id *newer = pause_job(&fx.bob, 1, 20);
    resume(&fx.bob, older, 10);
    resume(&fx.alice, older, 30); // the same one twice
    struct table_job *job = settle(&table);
    assert_int_equal(job->open_pause_count, 1);
    assert_true(hash_equal(&table_job_next_pause(job, NULL)->id.hash, &newer->hash));
    table_deinit(&table);
}

static void a_delete_against_edits_of_its_life(void **state)
{
    (void)state;
    struct table table;
    define(&fx.alice, "job", 1, 1, 0);
    delete (&fx.bob, 2, 10);
    delete (&fx.alice, 2, 12);
    define(&fx.alice, "job", 1, 2, 20);
    const struct record_id *pause = pause_job(&fx.alice, 1, 21);
    resume(&fx.alice, pause, 22);
    struct table_job *job = settle(&table);
    assert_int_equal(job->life, 2);
    assert_null(job->active);
    table_deinit(&table);
}

static void a_job_that_is_deleted_and_made_again(void **state)
{
    (void)state;
    struct table table;
    define(&fx.alice, "job", 1, 7, 0);
    pause_job(&fx.alice, 1, 5);
    delete (&fx.bob, 2, 10);
    struct record_id again = define(&fx.bob, "job", 3, 1, 20);
    define(&fx.alice, "job", 1, 8, 30);
    pause_job(&fx.bob, 3, 40);
    struct table_job *job = settle(&table);
    assert_int_equal(job->life, 3);
    assert_true(hash_equal(&job->active->id.hash, &again.hash));
    assert_int_equal(job->open_pause_count, 1);
    table_deinit(&table);
}

static void a_revoked_signer_s_edits(void **state)
{
    (void)state;
    struct table table;
    define(&fx.bob, "job", 1, 1, 0);
    struct record_id early = define(&fx.alice, "job", 1, 2, 10);
    define(&fx.alice, "job", 1, 3, REVOKED_MS + 10);
    define(&fx.bob, "other", 1, 1, 3);
    define(&fx.alice, "other", 1, 2, REVOKED_MS + 20);
    revoke(SUPPORT_ALICE);
    struct table_job *job = settle(&table);
    assert_true(hash_equal(&job->active->id.hash, &early.hash));
    assert_int_equal(table_job_permission(job), PERMISSION_REVOKED);
    assert_true(table_job_is_runnable(table_find_job(&table, "main", "other")));
    table_deinit(&table);
}

static void a_revoked_signer_s_pauses_and_resumes(void **state)
{
    (void)state;
    struct table table;
    define(&fx.bob, "job", 1, 1, 0);
    const struct record_id *first = pause_job(&fx.bob, 1, 10), *second = pause_job(&fx.bob, 1, 20);
    resume(&fx.alice, first, 30);               // counts
    resume(&fx.alice, second, REVOKED_MS + 10); // void
    pause_job(&fx.alice, 1, REVOKED_MS + 20);   // stops all the same
    revoke(SUPPORT_ALICE);
    struct table_job *job = settle(&table);
    assert_int_equal(job->open_pause_count, 2);
    table_deinit(&table);
}

static void a_revoked_signer_s_deletes_and_recreations(void **state)
{
    (void)state;
    struct table table;
    define(&fx.bob, "job", 1, 1, 0);
    delete (&fx.alice, 2, REVOKED_MS + 10);          // never voided
    define(&fx.alice, "job", 3, 1, REVOKED_MS + 20); // void
    define(&fx.bob, "other", 1, 1, 3);
    put(support_order(&fx, &fx.alice, "other", 10));
    put(support_order(&fx, &fx.alice, "other", REVOKED_MS + 30)); // void
    revoke(SUPPORT_ALICE);
    struct table_job *job = settle(&table);
    assert_int_equal(job->life, 2);
    const struct table_order *order = table_next_order(&table, NULL);
    assert_true(table_order_is_denied(order));
    assert_null(table_next_order(&table, order));
    table_deinit(&table);
}

static void a_signer_whose_scope_narrows(void **state)
{
    (void)state;
    static const char *const all[] = {"*"}, *const pause_only[] = {"pause"};
    struct scope narrow = {all, 1, {0}, pause_only, 1, all, 1};
    struct table table;
    define(&fx.bob, "job", 1, 1, 0);
    struct record_id early = define(&fx.alice, "job", 1, 2, 10);
    pause_job(&fx.alice, 1, 20);
    change_authority(support_operator(SUPPORT_ALICE, &narrow));
    struct pause under_new_log = {
        .namespace_name = "main", .name = "job", .life = 1, .stamp = support_stamp(40)};
    under_new_log.authority_number = authority_log_get_head(&later).number; // waits for the log
    struct support_record record = {0};
    record.id = support_sign_pause(&fx.alice, &under_new_log, &record.envelope);
    put(record);
    struct definition refused = support_definition("job");
    refused.version = 9;
    refused.authority_number = under_new_log.authority_number;
    record = (struct support_record){0};
    record.id = support_sign_definition(&fx.alice, &refused, &record.envelope);
    put(record);
    struct table_job *job = settle(&table);
    assert_true(hash_equal(&job->active->id.hash, &early.hash));
    assert_int_equal(table_job_permission(job), PERMISSION_NARROWED);
    assert_int_equal(job->open_pause_count, 2);
    table_deinit(&table);
}

// --- random sequences against an oracle --------------------------------------

struct plain { // what the oracle knows of an operation
    enum table_record_kind kind;
    int signer, job;
    uint64_t life, version;
    int64_t at_ms;
    size_t lifts; // the operation lifted
};

enum { RANDOM_COUNT = 30, JOB_COUNT = 3 };

static struct plain plains[OPERATION_COUNT_MAX];
static bool is_revoked; // Alice, in this sequence

static const char *job_name(int job)
{
    static const char *const names[JOB_COUNT] = {"a", "b", "job"};
    return names[job];
}

static struct plain random_plain(uint64_t *seed, size_t index, size_t definitions[JOB_COUNT])
{
    struct plain plain = {
        .kind = 1 + (enum table_record_kind)(support_random(seed) % 5),
        .signer = (int)(support_random(seed) % 2),
        .job = (int)(support_random(seed) % JOB_COUNT),
        .life = 1 + 2 * (support_random(seed) % 2),
        .version = 1 + support_random(seed) % 3,
        .at_ms = (int64_t)(support_random(seed) % (2 * REVOKED_MS)),
        .lifts = (size_t)support_random(seed) % (index + 1),
    };
    bool is_surplus = plain.kind == TABLE_RECORD_DEFINITION &&
                      definitions[plain.job]++ >= TABLE_JOB_OLD_DEFINITION_COUNT_MAX;
    bool lifts_nothing = plain.kind == TABLE_RECORD_RESUME &&
                         (plain.lifts >= index || plains[plain.lifts].kind != TABLE_RECORD_PAUSE);
    if (is_surplus || lifts_nothing)
        plain.kind = TABLE_RECORD_PAUSE;
    if (plain.kind == TABLE_RECORD_DELETE)
        plain.life++;
    if (plain.kind == TABLE_RECORD_RESUME)
        plain.life = 1;
    return plain;
}

static void sign_plain(const struct plain *plain)
{
    const struct envelope_signer *signer = plain->signer ? &fx.bob : &fx.alice;
    const char *name = job_name(plain->job);
    switch (plain->kind) {
    case TABLE_RECORD_DEFINITION:
        define(signer, name, plain->life, plain->version, plain->at_ms);
        break;
    case TABLE_RECORD_PAUSE:
        put(support_pause(&fx, signer, name, plain->life, plain->at_ms));
        break;
    case TABLE_RECORD_RESUME:
        put(support_resume(&fx, signer, name, &operations[plain->lifts].record.id, plain->at_ms));
        break;
    case TABLE_RECORD_DELETE:
        put(support_delete(&fx, signer, name, plain->life, plain->at_ms));
        break;
    case TABLE_RECORD_ORDER:
        put(support_order(&fx, signer, name, plain->at_ms));
        break;
    }
}

static bool oracle_counts(size_t i)
{
    bool stops = plains[i].kind == TABLE_RECORD_PAUSE || plains[i].kind == TABLE_RECORD_DELETE;
    return stops || !is_revoked || plains[i].signer == 1 || plains[i].at_ms <= REVOKED_MS;
}

static uint64_t oracle_life(int job)
{
    uint64_t life = 0;
    for (size_t i = 0; i < RANDOM_COUNT; i++)
        if (plains[i].job == job && oracle_counts(i) && plains[i].life > life &&
            (plains[i].kind == TABLE_RECORD_DEFINITION || plains[i].kind == TABLE_RECORD_DELETE))
            life = plains[i].life;
    return life;
}

static bool oracle_beats(size_t a, size_t b)
{
    if (plains[a].version != plains[b].version)
        return plains[a].version > plains[b].version;
    if (plains[a].at_ms != plains[b].at_ms)
        return plains[a].at_ms > plains[b].at_ms;
    return memcmp(&operations[a].record.id, &operations[b].record.id, sizeof(struct record_id)) > 0;
}

// The operation that defines the job, or RANDOM_COUNT.
static size_t oracle_active(int job, uint64_t life)
{
    size_t best = RANDOM_COUNT;
    for (size_t i = 0; i < RANDOM_COUNT; i++)
        if (plains[i].job == job && plains[i].kind == TABLE_RECORD_DEFINITION && plains[i].life == life &&
            oracle_counts(i) && (best == RANDOM_COUNT || oracle_beats(i, best)))
            best = i;
    return best;
}

static bool is_same_record(size_t a, size_t b)
{
    return hash_equal(&operations[a].record.id.hash, &operations[b].record.id.hash);
}

static size_t oracle_open_pauses(int job, uint64_t life)
{
    size_t open = 0;
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        bool is_open = plains[i].kind == TABLE_RECORD_PAUSE && plains[i].job == job && plains[i].life == life;
        for (size_t k = 0; k < RANDOM_COUNT && is_open; k++) {
            bool is_resume = plains[k].kind == TABLE_RECORD_RESUME && plains[k].job == job &&
                             plains[k].life == life && oracle_counts(k);
            bool is_repeated = k < i && is_same_record(i, k);
            is_open = !is_repeated && !(is_resume && is_same_record(plains[k].lifts, i));
        }
        open += is_open;
    }
    return open;
}

static void check_against_oracle(const struct table *table)
{
    for (int job = 0; job < JOB_COUNT; job++) {
        const struct table_job *got = table_find_job(table, "main", job_name(job));
        uint64_t life = oracle_life(job);
        assert_int_equal(got ? got->life : 0, life);
        size_t active = oracle_active(job, life);
        if (active == RANDOM_COUNT) {
            assert_true(!got || !got->active);
            continue;
        }
        assert_true(hash_equal(&got->active->id.hash, &operations[active].record.id.hash));
        assert_int_equal(table_job_is_runnable(got), !is_revoked || plains[active].signer == 1);
        assert_int_equal(got->open_pause_count, oracle_open_pauses(job, life));
    }
}

static void deliver_shuffled(struct replica *replica, uint64_t *seed)
{
    size_t order[2 * OPERATION_COUNT_MAX], count = 2 * operation_count; // everything comes twice
    for (size_t i = 0; i < count; i++)
        order[i] = i % operation_count;
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)(support_random(seed) % i), swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; i < count; i++)
        replica_take(replica, &operations[order[i]]);
}

static void random_sequence(uint64_t *seed)
{
    size_t definitions[JOB_COUNT] = {0};
    struct table table;
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        plains[i] = random_plain(seed, i, definitions);
        sign_plain(&plains[i]);
    }
    is_revoked = support_random(seed) % 2;
    if (is_revoked)
        revoke(SUPPORT_ALICE);
    struct hash expected = base_digest(&table);
    check_against_oracle(&table);
    for (int order = 0; order < 6; order++) {
        struct replica replica;
        replica_init(&replica);
        deliver_shuffled(&replica, seed);
        struct hash got = table_digest(&replica.table);
        assert_true(hash_equal(&expected, &got));
        table_deinit(&replica.table);
    }
    table_deinit(&table);
}

static void random_sequences_agree_with_the_oracle_in_any_order(void **state)
{
    uint64_t seed = 20260921;
    const char *given = getenv("KATYDID_SEED");
    if (given)
        seed = strtoull(given, NULL, 0);
    print_message("    KATYDID_SEED=%llu\n", (unsigned long long)seed);
    for (int round = 0; round < 150; round++) {
        random_sequence(&seed);
        teardown(state);
        setup(state);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_edits_of_one_version),
        TEST(a_resume_of_an_older_pause_leaves_the_newer_one),
        TEST(a_delete_against_edits_of_its_life),
        TEST(a_job_that_is_deleted_and_made_again),
        TEST(a_revoked_signer_s_edits),
        TEST(a_revoked_signer_s_pauses_and_resumes),
        TEST(a_revoked_signer_s_deletes_and_recreations),
        TEST(a_signer_whose_scope_narrows),
        TEST(random_sequences_agree_with_the_oracle_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
