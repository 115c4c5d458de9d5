// test_envelope.c - signed records: what is accepted is exactly what was signed, for this fleet, by this key.
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct fleet_id other_fleet = {{{7}}};

// RFC 8032, section 7.1, test 1.
static const char rfc_seed[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char rfc_key[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
// With that key, fleet id 00 01 .. 1f, kind 22, body "katydid": computed by an independent implementation.
static const char golden_record[] =
    "22019aa6c32ee8a0190bbec88f9820cd78001f6e9f63af2921e648676d38c8858767aecd0caa846cd16de9100374c959ed239b89"
    "f6"
    "d5a360688fee30c66ff69a40dcd110014410cc4bad2ccdf7d9da9b800d070000006b617479646964";
static const char golden_id[] = "d7931f9320be4e2f7e38c155e4e8d10cde8b09439d99b33cfc433522114f2c62";

struct fixture {
    struct envelope_signer signer;
    struct buffer record;
    struct record_id id;
};

static int set_up(void **state)
{
    struct fleet_id fleet = {{{1, 2, 3}}};
    struct fixture *fixture = base_alloc(1, sizeof *fixture);
    fixture->signer = support_signer(&fleet, 9);
    fixture->id = envelope_sign(&fixture->signer, ENVELOPE_DELETE,
                                bytes_of_text("forty-two bytes of a body, or thereabouts"), &fixture->record);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    buffer_deinit(&fixture->record);
    free(fixture);
    return 0;
}

static int open_record(const struct fixture *fixture, struct bytes record)
{
    struct envelope envelope;
    struct record_id id;
    int outcome = envelope_parse(record, &envelope);
    return outcome ? outcome : envelope_verify(&envelope, &fixture->signer.fleet, &fixture->signer.key, &id);
}

static void keys_and_signatures_match_rfc_8032(void **state)
{
    (void)state;
    struct envelope_signer signer = {0};
    struct buffer record = {0};
    uint8_t seed[32], expected[sizeof golden_record / 2];
    char text[65];
    assert_true(hex_decode(rfc_seed, seed, sizeof seed));
    envelope_keypair(seed, &signer.key, &signer.secret);
    hex_encode(signer.key.b, sizeof signer.key.b, text);
    assert_string_equal(text, rfc_key);

    for (uint8_t i = 0; i < 32; i++)
        signer.fleet.hash.b[i] = i;
    struct record_id id = envelope_sign(&signer, ENVELOPE_DELETE, bytes_of_text("katydid"), &record);
    assert_true(hex_decode(golden_record, expected, sizeof expected));
    assert_int_equal(record.size, sizeof expected);
    assert_memory_equal(record.data, expected, sizeof expected);
    hex_encode(id.hash.b, sizeof id.hash.b, text);
    assert_string_equal(text, golden_id);
    buffer_deinit(&record);
}

static void what_was_signed_is_accepted(void **state)
{
    const struct fixture *fixture = *state;
    struct envelope envelope;
    struct record_id id;
    assert_int_equal(envelope_parse(buffer_view(&fixture->record), &envelope), 0);
    assert_int_equal(envelope.kind, ENVELOPE_DELETE);
    assert_int_equal(envelope.whole.size, fixture->record.size);
    assert_int_equal(envelope.body.size, fixture->record.size - ENVELOPE_HEADER_SIZE);
    assert_int_equal(envelope_verify(&envelope, &fixture->signer.fleet, &fixture->signer.key, &id), 0);
    assert_true(hash_equal(&id.hash, &fixture->id.hash));
    id = envelope_id(&envelope, &fixture->signer.fleet, &fixture->signer.key);
    assert_true(hash_equal(&id.hash, &fixture->id.hash));
}

static void every_changed_bit_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    uint8_t *copy = base_copy(fixture->record.data, fixture->record.size);
    for (size_t bit = 0; bit < 8 * fixture->record.size; bit++) {
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(open_record(fixture, bytes_of(copy, fixture->record.size)), 0);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(open_record(fixture, bytes_of(copy, fixture->record.size)), 0);
    free(copy);
}

static void a_changed_kind_is_forged(void **state)
{
    const struct fixture *fixture = *state;
    fixture->record.data[0] = ENVELOPE_PAUSE;
    assert_int_equal(open_record(fixture, buffer_view(&fixture->record)), ENVELOPE_FORGED);
}

static void every_truncation_is_short(void **state)
{
    const struct fixture *fixture = *state;
    for (size_t size = 0; size < fixture->record.size; size++) {
        uint8_t *exact = base_copy(fixture->record.data, size); // so that reading past its end shows
        assert_int_equal(open_record(fixture, bytes_of(exact, size)), ENVELOPE_SHORT);
        free(exact);
    }
}

static void a_body_length_that_lies_is_refused(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *length = fixture->record.data + ENVELOPE_HEADER_SIZE - 4;
    length[0]++;
    assert_int_equal(open_record(fixture, buffer_view(&fixture->record)), ENVELOPE_SHORT);
    length[0] -= 2;
    assert_int_equal(open_record(fixture, buffer_view(&fixture->record)), ENVELOPE_SHORT);
    length[3] = 0xff;
    assert_int_equal(open_record(fixture, buffer_view(&fixture->record)), ENVELOPE_TOO_LARGE);
    length[3] = 0;
    length[0]++;
    buffer_add_u8(&fixture->record, 0);
    assert_int_equal(open_record(fixture, buffer_view(&fixture->record)), ENVELOPE_SHORT);
}

// (R, S + L) satisfies the group equation as (R, S) does; a verifier that takes both lets anybody who
// holds a record make a second one of it.
static void a_malleable_signature_is_forged(void **state)
{
    const struct fixture *fixture = *state;
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    uint8_t *s = fixture->record.data + 18 + 32;
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof order; i++) {
        carry += (unsigned)s[i] + order[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_int_equal(open_record(fixture, buffer_view(&fixture->record)), ENVELOPE_FORGED);
}

static void another_fleet_is_forged(void **state)
{
    const struct fixture *fixture = *state;
    struct envelope envelope;
    struct record_id id;
    assert_int_equal(envelope_parse(buffer_view(&fixture->record), &envelope), 0);
    assert_int_equal(envelope_verify(&envelope, &other_fleet, &fixture->signer.key, &id), ENVELOPE_FORGED);
}

static void another_key_is_the_wrong_signer(void **state)
{
    const struct fixture *fixture = *state;
    struct envelope_signer other = support_signer(&fixture->signer.fleet, 10);
    struct node_id other_id = node_id_of(&other.key);
    struct envelope envelope;
    struct record_id id;
    assert_int_equal(envelope_parse(buffer_view(&fixture->record), &envelope), 0);
    assert_int_equal(envelope_verify(&envelope, &other.fleet, &other.key, &id), ENVELOPE_WRONG_SIGNER);
    envelope.signer = other_id; // a header that claims it was the other
    assert_int_equal(envelope_verify(&envelope, &other.fleet, &other.key, &id), ENVELOPE_FORGED);
}

// The identity element as a key signs everything with R = 1, S = 0 if small orders are let in.
static void a_key_of_small_order_signs_nothing(void **state)
{
    (void)state;
    struct public_key weak = {{1}};
    struct envelope envelope = {
        .kind = ENVELOPE_DELETE, .version = 1, .signer = node_id_of(&weak), .signature = {{1}}};
    struct record_id id;
    assert_int_equal(envelope_verify(&envelope, &other_fleet, &weak, &id), ENVELOPE_FORGED);
}

static void genesis_is_signed_for_no_fleet(void **state)
{
    const struct fixture *fixture = *state;
    struct buffer record = {0};
    struct envelope envelope;
    struct record_id id, again;
    id = envelope_sign(&fixture->signer, ENVELOPE_GENESIS, bytes_of_text("body"), &record);
    assert_int_equal(envelope_parse(buffer_view(&record), &envelope), 0);
    assert_int_equal(envelope_verify(&envelope, &(struct fleet_id){0}, &fixture->signer.key, &again), 0);
    assert_true(hash_equal(&id.hash, &again.hash));
    assert_int_equal(envelope_verify(&envelope, &other_fleet, &fixture->signer.key, &again), 0);
    assert_true(hash_equal(&id.hash, &again.hash));
    buffer_deinit(&record);
}

static int parse_with_body(uint8_t kind, uint8_t version, uint32_t size)
{
    struct buffer record = {0};
    struct envelope envelope;
    uint8_t *rest = base_alloc(1, size);
    uint8_t header[NODE_ID_SIZE + SIGNATURE_SIZE] = {0};
    buffer_add_u8(&record, kind);
    buffer_add_u8(&record, version);
    buffer_add(&record, header, sizeof header);
    buffer_add_u32(&record, size);
    buffer_add(&record, rest, size);
    int outcome = envelope_parse(buffer_view(&record), &envelope);
    buffer_deinit(&record);
    free(rest);
    return outcome;
}

static void each_kind_has_its_largest_body(void **state)
{
    (void)state;
    static const struct {
        uint8_t kind;
        uint32_t max;
    } cases[] = {
        {ENVELOPE_AUTHORITY, LIMIT_AUTHORITY_SIZE_MAX},
        {ENVELOPE_NODE, LIMIT_AUTHORITY_SIZE_MAX},
        {ENVELOPE_DEFINITION, LIMIT_DEFINITION_SIZE_MAX},
        {ENVELOPE_ALIVE, LIMIT_RUMOUR_RECORD_SIZE_MAX - ENVELOPE_HEADER_SIZE},
        {ENVELOPE_SEGMENT, LIMIT_RECORD_SIZE_MAX - ENVELOPE_HEADER_SIZE},
        {0xee, LIMIT_RECORD_SIZE_MAX - ENVELOPE_HEADER_SIZE}, // a kind of tomorrow
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(parse_with_body(cases[i].kind, ENVELOPE_VERSION, cases[i].max), 0);
        assert_int_equal(parse_with_body(cases[i].kind, ENVELOPE_VERSION, cases[i].max + 1),
                         ENVELOPE_TOO_LARGE);
    }
}

static void other_versions_are_not_read(void **state)
{
    (void)state;
    assert_int_equal(parse_with_body(ENVELOPE_DELETE, 0, 0), ENVELOPE_VERSION_NEW);
    assert_int_equal(parse_with_body(ENVELOPE_DELETE, 2, 0), ENVELOPE_VERSION_NEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_signatures_match_rfc_8032),
        cmocka_unit_test_setup_teardown(what_was_signed_is_accepted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_changed_bit_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_kind_is_forged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_truncation_is_short, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_length_that_lies_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_malleable_signature_is_forged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_fleet_is_forged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_key_is_the_wrong_signer, set_up, tear_down),
        cmocka_unit_test(a_key_of_small_order_signs_nothing),
        cmocka_unit_test_setup_teardown(genesis_is_signed_for_no_fleet, set_up, tear_down),
        cmocka_unit_test(each_kind_has_its_largest_body),
        cmocka_unit_test(other_versions_are_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
