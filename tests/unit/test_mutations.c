// test_mutations.c - signed records of every kind, changed in many ways: none is accepted.
//
// KATYDID_MUTATIONS sets how many (10,000), KATYDID_SEED the sequence; both are printed.
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t setting(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : usual;
}

static bool is_accepted(const struct support_fleet *fleet, struct bytes record)
{
    const struct public_key *const keys[] = {&fleet->root.key, &fleet->operator_.key, &fleet->node.key};
    struct envelope envelope;
    struct record_id id;
    uint8_t *exact = base_copy(record.data, record.size);
    bool accepted = false;
    if (envelope_parse(bytes_of(exact, record.size), &envelope) == 0)
        for (size_t i = 0; i < COUNT_OF(keys); i++)
            accepted = accepted || envelope_verify(&envelope, &fleet->id, keys[i], &id) == 0;
    free(exact);
    return accepted;
}

static void add_records(const struct support_fleet *fleet, struct buffer *records)
{
    const struct envelope_signer *const signers[] = {&fleet->root, &fleet->operator_, &fleet->node};
    struct buffer body = {0};
    for (size_t i = 0; i < support_kind_count; i++) {
        buffer_clear(&body);
        support_body(support_kinds[i], &body);
        envelope_sign(signers[i % COUNT_OF(signers)], support_kinds[i], buffer_view(&body), &records[i]);
        assert_true(is_accepted(fleet, buffer_view(&records[i])));
    }
    buffer_deinit(&body);
}

static void change_bytes(struct buffer *record, uint64_t *random)
{
    for (uint64_t left = 1 + support_random(random) % 4; left; left--) {
        uint64_t number = support_random(random);
        uint8_t *byte = &record->data[(number >> 32) % record->size];
        if (number & 1)
            *byte = (uint8_t)(number >> 8);
        else
            *byte ^= (uint8_t)(1u << (number >> 8) % 8);
    }
}

static void change_length(struct buffer *record, uint64_t *random)
{
    uint64_t number = support_random(random);
    if (number & 1)
        record->size = (size_t)(number >> 32) % record->size;
    else
        buffer_add(record, &number, 1 + (number >> 8) % sizeof number);
}

// The body of another record under this header, its length made to fit.
static void change_body(struct buffer *record, const struct buffer *other)
{
    record->size = ENVELOPE_HEADER_SIZE;
    buffer_add(record, other->data + ENVELOPE_HEADER_SIZE, other->size - ENVELOPE_HEADER_SIZE);
    memcpy(record->data + ENVELOPE_HEADER_SIZE - 4, other->data + ENVELOPE_HEADER_SIZE - 4, 4);
}

// Signer, signature and length of another record over this kind and body.
static void change_header(struct buffer *record, const struct buffer *other)
{
    memcpy(record->data + 2, other->data + 2, NODE_ID_SIZE + SIGNATURE_SIZE);
}

static void mutate(struct buffer *record, const struct buffer *other, uint64_t *random)
{
    switch (support_random(random) % 6) {
    case 0:
        change_length(record, random);
        break;
    case 1:
        change_body(record, other);
        break;
    case 2:
        change_header(record, other);
        break;
    case 3: // one kind passed off as another
        record->data[0] = (uint8_t)support_kinds[support_random(random) % support_kind_count];
        break;
    default:
        change_bytes(record, random);
    }
}

static void no_mutation_is_accepted(void **state)
{
    (void)state;
    uint64_t count = setting("KATYDID_MUTATIONS", 10000), seed = setting("KATYDID_SEED", 20260921),
             random = seed;
    struct support_fleet fleet;
    struct buffer *records = base_alloc(support_kind_count, sizeof *records), record = {0};
    support_fleet_init(&fleet);
    add_records(&fleet, records);
    print_message("%llu mutations, KATYDID_SEED=%llu\n", (unsigned long long)count, (unsigned long long)seed);
    for (uint64_t i = 0; i < count; i++) {
        const struct buffer *original = &records[i % support_kind_count];
        const struct buffer *other = &records[support_random(&random) % support_kind_count];
        buffer_clear(&record);
        buffer_add(&record, original->data, original->size);
        mutate(&record, other, &random);
        bool is_changed = !bytes_equal(buffer_view(&record), buffer_view(original)) &&
                          !bytes_equal(buffer_view(&record), buffer_view(other));
        if (is_changed && is_accepted(&fleet, buffer_view(&record)))
            fail_msg("mutation %llu of kind %02x is accepted", (unsigned long long)i, original->data[0]);
    }
    for (size_t i = 0; i < support_kind_count; i++)
        buffer_deinit(&records[i]);
    buffer_deinit(&record);
    free(records);
    support_fleet_deinit(&fleet);
}

// What a store that trusts ids alone would fall for: the id of a known record with another signature.
static void a_known_body_with_a_bad_signature_is_refused(void **state)
{
    (void)state;
    struct support_fleet fleet;
    struct buffer *records = base_alloc(support_kind_count, sizeof *records);
    support_fleet_init(&fleet);
    add_records(&fleet, records);
    for (size_t i = 0; i < support_kind_count; i++) {
        struct envelope good, bad;
        assert_int_equal(envelope_parse(buffer_view(&records[i]), &good), 0);
        uint8_t *copy = base_copy(records[i].data, records[i].size);
        copy[18 + i] ^= 1;
        assert_int_equal(envelope_parse(bytes_of(copy, records[i].size), &bad), 0);
        struct record_id a = envelope_id(&good, &fleet.id, &fleet.root.key);
        struct record_id b = envelope_id(&bad, &fleet.id, &fleet.root.key);
        assert_true(hash_equal(&a.hash, &b.hash));
        assert_false(is_accepted(&fleet, bad.whole));
        free(copy);
        buffer_deinit(&records[i]);
    }
    free(records);
    support_fleet_deinit(&fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_mutation_is_accepted),
        cmocka_unit_test(a_known_body_with_a_bad_signature_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
