// test_member.c - what a node says about itself and others survives the journey; what breaks a bound does
// not.
#include "tests/fuzz/round.h"
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

ROUND(member_alive, member_alive)
ROUND(member_leave, member_leave)
ROUND(member_suspicion, member_suspicion)
ROUND_ACCEPTS(member_alive, member_alive)
ROUND_ACCEPTS(member_leave, member_leave)
ROUND_ACCEPTS(member_suspicion, member_suspicion)

static const struct address addresses[] = {
    {.ip = {192, 0, 2, 1}, .ip_size = 4, .port = 5289},
    {.ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .ip_size = 16, .port = UINT16_MAX},
};

static struct member_alive good_alive(void)
{
    return (struct member_alive){.generation = 1,
                                 .instance = {2, [15] = 3},
                                 .incarnation = 4,
                                 .addresses = addresses,
                                 .address_count = COUNT_OF(addresses),
                                 .probe_interval_ms = 1000,
                                 .slots = LIMIT_RUNNING_COUNT_MAX,
                                 .takes_work = true,
                                 .clock_trusted = true,
                                 .authority_number = 5,
                                 .authority_head = {{6}},
                                 .confined = MEMBER_CONFINED_FULL,
                                 .version = "0.1.0"};
}

static void alive_claims_survive(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct member_alive alive = good_alive(), decoded;
    member_alive_encode(&alive, &body);
    assert_int_equal(member_alive_decode(buffer_view(&body), &arena, &decoded), 0);
    assert_true(decoded.generation == 1 && decoded.incarnation == 4 && decoded.authority_number == 5);
    assert_memory_equal(decoded.instance, alive.instance, sizeof alive.instance);
    assert_int_equal(decoded.address_count, COUNT_OF(addresses));
    for (size_t i = 0; i < COUNT_OF(addresses); i++)
        assert_true(address_equal(&decoded.addresses[i], &addresses[i]));
    assert_true(decoded.probe_interval_ms == 1000 && decoded.slots == LIMIT_RUNNING_COUNT_MAX);
    assert_true(decoded.takes_work && decoded.clock_trusted);
    assert_true(hash_equal(&decoded.authority_head, &alive.authority_head));
    assert_int_equal(decoded.confined, MEMBER_CONFINED_FULL);
    assert_string_equal(decoded.version, "0.1.0");
    alive.takes_work = false;
    buffer_clear(&body);
    member_alive_encode(&alive, &body);
    assert_int_equal(member_alive_decode(buffer_view(&body), &arena, &decoded), 0);
    assert_true(!decoded.takes_work && decoded.clock_trusted);
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void numbers_have_a_range(void **state)
{
    (void)state;
    struct member_alive alive = good_alive();
    alive.incarnation = INT64_MAX;
    assert_true(accepts_member_alive(&alive));
    alive.incarnation++;
    assert_false(accepts_member_alive(&alive));
    alive = good_alive();
    alive.generation = UINT64_MAX;
    assert_false(accepts_member_alive(&alive));
    alive = good_alive();
    alive.probe_interval_ms = LIMIT_PROBE_INTERVAL_MS_MIN - 1;
    assert_false(accepts_member_alive(&alive));
    alive.probe_interval_ms = LIMIT_PROBE_INTERVAL_MS_MAX + 1;
    assert_false(accepts_member_alive(&alive));
    alive = good_alive();
    alive.slots++;
    assert_false(accepts_member_alive(&alive));
    alive = good_alive();
    alive.confined = MEMBER_CONFINED_FULL + 1;
    assert_false(accepts_member_alive(&alive));
    alive = good_alive();
    strcpy(alive.version, "");
    assert_false(accepts_member_alive(&alive));
    alive = good_alive();
    strcpy(alive.zone_data, "");
    assert_true(accepts_member_alive(&alive));
    strcpy(alive.zone_data, "2026 a\n"); // it is shown to people
    assert_false(accepts_member_alive(&alive));
}

static bool address_is_accepted(struct address address)
{
    struct member_alive alive = good_alive();
    alive.addresses = &address;
    alive.address_count = 1;
    return accepts_member_alive(&alive);
}

// Others send to these addresses: one that means many machines would make the fleet a weapon.
static void addresses_name_one_machine_and_a_port(void **state)
{
    (void)state;
    assert_true(address_is_accepted((struct address){.ip = {10, 1, 2, 3}, .ip_size = 4, .port = 1}));
    assert_false(address_is_accepted((struct address){.ip = {10, 1, 2, 3}, .ip_size = 4, .port = 0}));
    assert_false(address_is_accepted((struct address){.ip = {10, 1, 2, 3}, .ip_size = 0, .port = 1}));
    assert_false(address_is_accepted((struct address){.ip = {10, 1, 2, 3}, .ip_size = 5, .port = 1}));
    assert_false(address_is_accepted((struct address){.ip = {0}, .ip_size = 4, .port = 1}));
    assert_false(address_is_accepted((struct address){.ip = {224, 0, 0, 1}, .ip_size = 4, .port = 1}));
    assert_false(address_is_accepted((struct address){.ip = {255, 255, 255, 255}, .ip_size = 4, .port = 1}));
    assert_false(address_is_accepted((struct address){.ip = {0xff, 2}, .ip_size = 16, .port = 1}));
}

static void there_are_one_to_sixteen_addresses(void **state)
{
    (void)state;
    struct address many[LIMIT_ADDRESS_COUNT_MAX + 1];
    struct member_alive alive = good_alive();
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = addresses[1];
    alive.addresses = many;
    alive.address_count = LIMIT_ADDRESS_COUNT_MAX;
    assert_true(accepts_member_alive(&alive));
    alive.address_count++;
    assert_false(accepts_member_alive(&alive));
    alive.address_count = 0;
    assert_false(accepts_member_alive(&alive));
}

// Urgent news is pushed at once, so it must ride in a rumour however much there is to say.
static void the_largest_alive_claim_fits_a_rumour(void **state)
{
    (void)state;
    struct envelope_signer signer = support_signer(NULL, 1);
    struct address many[LIMIT_ADDRESS_COUNT_MAX];
    struct buffer body = {0}, record = {0};
    struct envelope envelope;
    struct member_alive alive = good_alive();
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = addresses[1];
    alive.addresses = many;
    alive.address_count = COUNT_OF(many);
    alive.generation = alive.incarnation = alive.authority_number = INT64_MAX;
    alive.probe_interval_ms = LIMIT_PROBE_INTERVAL_MS_MAX;
    memset(alive.version, 'v', LIMIT_NAME_SIZE_MAX);
    member_alive_encode(&alive, &body);
    assert_true(round_member_alive(buffer_view(&body)));
    envelope_sign(&signer, ENVELOPE_ALIVE, buffer_view(&body), &record);
    assert_true(record.size <= LIMIT_RUMOUR_RECORD_SIZE_MAX);
    assert_int_equal(envelope_parse(buffer_view(&record), &envelope), 0);
    buffer_deinit(&body);
    buffer_deinit(&record);
}

static void leaves_and_suspicions_survive(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct member_leave left, leave = {.generation = 1, .incarnation = 2};
    struct member_suspicion suspected,
        suspicion = {.target = {{1}}, .generation = 2, .incarnation = 3, .reason = UINT32_MAX};
    member_leave_encode(&leave, &body);
    assert_int_equal(member_leave_decode(buffer_view(&body), &arena, &left), 0);
    assert_true(left.generation == 1 && left.incarnation == 2);
    buffer_clear(&body);
    member_suspicion_encode(&suspicion, &body);
    assert_int_equal(member_suspicion_decode(buffer_view(&body), &arena, &suspected), 0);
    assert_true(node_id_equal(&suspected.target, &suspicion.target));
    assert_true(suspected.generation == 2 && suspected.incarnation == 3 && suspected.reason == UINT32_MAX);
    buffer_deinit(&body);
    arena_deinit(&arena);
    leave.incarnation = UINT64_MAX;
    assert_false(accepts_member_leave(&leave));
    suspicion.generation = UINT64_MAX;
    assert_false(accepts_member_suspicion(&suspicion));
    assert_false(round_member_suspicion((struct bytes){0})); // nobody in particular
}

static void a_bomb_of_empty_addresses_is_refused(void **state)
{
    (void)state;
    struct buffer body = {0};
    while (body.size < LIMIT_RECORD_SIZE_MAX)
        buffer_add(&body, "\x22\x00", 2); // field 4
    assert_false(round_member_alive(buffer_view(&body)));
    buffer_deinit(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alive_claims_survive),
        cmocka_unit_test(numbers_have_a_range),
        cmocka_unit_test(addresses_name_one_machine_and_a_port),
        cmocka_unit_test(there_are_one_to_sixteen_addresses),
        cmocka_unit_test(the_largest_alive_claim_fits_a_rumour),
        cmocka_unit_test(leaves_and_suspicions_survive),
        cmocka_unit_test(a_bomb_of_empty_addresses_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
