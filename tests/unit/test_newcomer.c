// test_newcomer.c - what a joining machine is shown, honest and bent: only what follows from its token
// counts.
#include "node/cli/newcomer.h"
#include "proto/parcel.h"
#include "tests/unit/support_inviter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GATEWAY = 150, CAMERA, SIZE_MAX_OF_TEST = 64 };

// An honest conversation, as the joiner holds it afterwards.
static struct inviter inviter;
static struct agent_keys gateway;
static struct joiner joiner;
static struct bytes records[SIZE_MAX_OF_TEST]; // views into the joiner's
static size_t record_count;

static int setup(void **state)
{
    (void)state;
    struct reader reader;
    inviter_init(&inviter, NULL);
    gateway = inviter_machine_keys(GATEWAY);
    inviter_call(&inviter, &joiner, &gateway, "gateway");
    if (inviter_talk(&inviter, &joiner) != JOINER_ADMITTED)
        return -1;
    record_count = 0;
    reader_init(&reader, buffer_view(&joiner.records));
    while (parcel_next(&reader, &records[record_count]))
        record_count++;
    return reader_is_done(&reader) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    joiner_deinit(&joiner);
    inviter_deinit(&inviter);
    return 0;
}

static struct buffer pack(void)
{
    struct buffer parcel = {0};
    for (size_t i = 0; i < record_count; i++)
        if (records[i].size)
            parcel_add(&parcel, records[i]);
    return parcel;
}

static struct newcomer_claim claim_of(const struct buffer *parcel)
{
    return (struct newcomer_claim){.token = &inviter.token,
                                   .node_key = agent_keys_node_key(&gateway),
                                   .admission = joiner.admission,
                                   .records = buffer_view(parcel)};
}

static int judge(const struct newcomer_claim *claim)
{
    struct newcomer newcomer;
    int outcome = newcomer_init(&newcomer, claim);
    assert_non_null(newcomer_outcome_text(outcome));
    newcomer_deinit(&newcomer);
    return outcome;
}

static int judge_records(void)
{
    struct buffer parcel = pack();
    struct newcomer_claim claim = claim_of(&parcel);
    int outcome = judge(&claim);
    buffer_deinit(&parcel);
    return outcome;
}

// The index of the n-th record of a kind.
static size_t index_of(enum envelope_kind kind, size_t n)
{
    for (size_t i = 0; i < record_count; i++)
        if (records[i].size && records[i].data[0] == kind && n-- == 0)
            return i;
    fail();
    return 0;
}

static void drop_all(enum envelope_kind kind)
{
    for (size_t i = 0; i < record_count; i++)
        if (records[i].size && records[i].data[0] == kind)
            records[i].size = 0;
}

static void what_an_honest_inviter_says_holds_in_any_order(void **state)
{
    (void)state;
    uint64_t random = 5;
    assert_int_equal(judge_records(), 0);
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = record_count; i-- > 1;) {
            size_t other = support_random(&random) % (i + 1);
            struct bytes kept = records[i];
            records[i] = records[other];
            records[other] = kept;
        }
        assert_int_equal(judge_records(), 0);
    }
}

static void a_missing_piece_is_noticed(void **state)
{
    (void)state;
    static const struct {
        enum envelope_kind kind;
        int outcome;
    } pieces[] = {{ENVELOPE_GENESIS, NEWCOMER_OTHER_FLEET},
                  {ENVELOPE_AUTHORITY, NEWCOMER_OLD_LOG},
                  {ENVELOPE_INVITE, NEWCOMER_NOT_ADMITTED},
                  {ENVELOPE_ADMISSION, NEWCOMER_NOT_ADMITTED},
                  {ENVELOPE_KEYS, NEWCOMER_OTHER_INVITER},
                  {ENVELOPE_NODE, NEWCOMER_NOT_ADMITTED},
                  {ENVELOPE_ALIVE, 0}};
    struct bytes whole[SIZE_MAX_OF_TEST];
    memcpy(whole, records, sizeof whole);
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        drop_all(pieces[i].kind);
        assert_int_equal(judge_records(), pieces[i].outcome);
        memcpy(records, whole, sizeof whole);
    }
}

static void a_changed_bit_is_never_taken_for_the_original(void **state)
{
    (void)state;
    for (size_t i = 0; i < record_count; i++) {
        struct bytes honest = records[i];
        for (size_t at = 0; at < honest.size; at += 7) {
            struct buffer bent = {0};
            buffer_add(&bent, honest.data, honest.size);
            bent.data[at] ^= 4;
            records[i] = buffer_view(&bent);
            int outcome = judge_records();
            // Without it, or as something unknown, the rest may still hold; then it did not matter.
            if (outcome == 0)
                assert_true(honest.data[0] == ENVELOPE_ALIVE || at < ENVELOPE_HEADER_SIZE);
            buffer_deinit(&bent);
        }
        records[i] = honest;
    }
}

static void another_fleet_or_an_older_log_is_refused(void **state)
{
    (void)state;
    struct buffer parcel = pack();
    struct token token = inviter.token;
    struct newcomer_claim claim = claim_of(&parcel);
    claim.token = &token;
    token.fleet.hash.b[0] ^= 1;
    assert_int_equal(judge(&claim), NEWCOMER_OTHER_FLEET);
    token = inviter.token;
    token.authority_number++;
    assert_int_equal(judge(&claim), NEWCOMER_OLD_LOG);
    token = inviter.token;
    token.authority_head.b[5] ^= 1;
    assert_int_equal(judge(&claim), NEWCOMER_OLD_LOG);
    buffer_deinit(&parcel);
}

static void a_log_of_another_root_is_refused(void **state)
{
    (void)state;
    struct scope all = support_scope_all();
    struct envelope_signer mallory = support_signer(&inviter.trust.fleet, 99);
    struct buffer entry = {0};
    struct authority_log_head head = authority_log_get_head(&inviter.trust.log);
    support_sign_entry(&mallory, 2, &head.id.hash, support_operator(SUPPORT_BOB, &all), &entry);
    records[record_count++] = buffer_view(&entry);
    assert_int_equal(judge_records(), NEWCOMER_BAD_LOG);
    buffer_deinit(&entry);
}

static void another_inviter_or_token_is_refused(void **state)
{
    (void)state;
    struct buffer parcel = pack();
    struct token token = inviter.token;
    struct newcomer_claim claim = claim_of(&parcel);
    claim.token = &token;
    token.redeemer_key.b[0] ^= 1;
    assert_int_equal(judge(&claim), NEWCOMER_OTHER_INVITER);
    token = inviter.token;
    token.seed[0] ^= 1;
    assert_int_equal(judge(&claim), NEWCOMER_NOT_OUR_INVITE);
    buffer_deinit(&parcel);
}

// Attack 13: an admission for somebody else shown to us, and ours shown to somebody else.
static void an_admission_of_somebody_else_admits_nobody_here(void **state)
{
    (void)state;
    struct agent_keys camera = inviter_machine_keys(CAMERA);
    struct buffer parcel = pack();
    struct newcomer_claim claim = claim_of(&parcel);
    claim.node_key = agent_keys_node_key(&camera);
    assert_int_equal(judge(&claim), NEWCOMER_NOT_ADMITTED);
    claim = claim_of(&parcel);
    claim.admission = inviter.node_record.id; // a record that holds, but admits another
    assert_int_equal(judge(&claim), NEWCOMER_NOT_ADMITTED);
    memset(&claim.admission, 7, sizeof claim.admission);
    assert_int_equal(judge(&claim), NEWCOMER_NOT_ADMITTED);
    buffer_deinit(&parcel);
}

static int judge_admission_by(const struct envelope_signer *signer, const struct invite *invite)
{
    struct support_envelope invited = support_sign_invite(&inviter.alice, invite);
    struct admission admission = {.invite = invited.id.hash,
                                  .node_key = agent_keys_node_key(&gateway),
                                  .name = "gateway",
                                  .weight = 100,
                                  .at_ms = SUPPORT_WALL_MS};
    struct support_envelope admitted = support_sign_admission(signer, &admission);
    struct bytes whole[SIZE_MAX_OF_TEST];
    size_t count = record_count;
    memcpy(whole, records, sizeof whole);
    drop_all(ENVELOPE_INVITE);
    drop_all(ENVELOPE_ADMISSION);
    records[record_count++] = buffer_view(&invited.bytes);
    records[record_count++] = buffer_view(&admitted.bytes);
    struct buffer parcel = pack();
    struct newcomer_claim claim = claim_of(&parcel);
    claim.admission = admitted.id;
    int outcome = judge(&claim);
    memcpy(records, whole, sizeof whole);
    record_count = count;
    buffer_deinit(&parcel);
    support_envelope_deinit(&invited);
    support_envelope_deinit(&admitted);
    return outcome;
}

static void an_admission_signed_by_anybody_but_the_inviter_is_refused(void **state)
{
    (void)state;
    struct invite invite = inviter_invite(&inviter);
    struct envelope_signer self = agent_keys_signer(&gateway);
    self.fleet = inviter.trust.fleet;
    assert_int_equal(judge_admission_by(&inviter.node, &invite), 0);
    assert_int_equal(judge_admission_by(&self, &invite), NEWCOMER_NOT_ADMITTED);
    assert_int_equal(judge_admission_by(&inviter.alice, &invite), NEWCOMER_NOT_ADMITTED);
    invite.redeemer = node_id_of(&self.key);
    assert_int_equal(judge_admission_by(&inviter.node, &invite), NEWCOMER_NOT_ADMITTED);
}

static void an_invite_by_somebody_who_may_not_invite_is_refused(void **state)
{
    (void)state;
    struct invite invite = inviter_invite(&inviter);
    inviter.alice = support_signer(&inviter.trust.fleet, SUPPORT_BOB); // no operator
    assert_int_equal(judge_admission_by(&inviter.node, &invite), NEWCOMER_NOT_ADMITTED);
}

static void the_word_of_a_member_counts_only_with_its_signature(void **state)
{
    (void)state;
    struct buffer bent = {0};
    size_t at = index_of(ENVELOPE_ALIVE, 0);
    buffer_add(&bent, records[at].data, records[at].size);
    bent.data[bent.size - 1] ^= 1;
    records[at] = buffer_view(&bent);
    assert_int_equal(judge_records(), NEWCOMER_FORGED);
    buffer_deinit(&bent);
}

static void parcels_cut_anywhere_are_refused_or_lack_something(void **state)
{
    (void)state;
    struct buffer parcel = pack();
    size_t whole = parcel.size;
    for (size_t size = 0; size < whole; size++) {
        struct newcomer_claim claim = claim_of(&parcel);
        claim.records.size = size;
        struct reader reader;
        struct bytes record;
        reader_init(&reader, claim.records);
        while (parcel_next(&reader, &record))
            ;
        if (!reader_is_done(&reader))
            assert_int_equal(judge(&claim), NEWCOMER_MALFORMED);
    }
    uint8_t huge[] = {0xff, 0xff, 0xff, 0x7f, 1};
    struct newcomer_claim claim = claim_of(&parcel);
    claim.records = bytes_of(huge, sizeof huge);
    assert_int_equal(judge(&claim), NEWCOMER_MALFORMED);
    buffer_deinit(&parcel);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        STORY(what_an_honest_inviter_says_holds_in_any_order),
        STORY(a_missing_piece_is_noticed),
        STORY(a_changed_bit_is_never_taken_for_the_original),
        STORY(another_fleet_or_an_older_log_is_refused),
        STORY(a_log_of_another_root_is_refused),
        STORY(another_inviter_or_token_is_refused),
        STORY(an_admission_of_somebody_else_admits_nobody_here),
        STORY(an_admission_signed_by_anybody_but_the_inviter_is_refused),
        STORY(an_invite_by_somebody_who_may_not_invite_is_refused),
        STORY(the_word_of_a_member_counts_only_with_its_signature),
        STORY(parcels_cut_anywhere_are_refused_or_lack_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
