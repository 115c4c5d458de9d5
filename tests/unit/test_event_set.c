// test_event_set.c - whose events enter, how many stay, and that the order of arrival does not matter.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "crdt/event_set.h"
#include "crdt/stamp.h"
#include "tests/unit/support_trust.h"

#define START_MS 1790000000000LL

struct world {
    struct support_trust trust;
    struct directory directory;
    struct envelope_signer alice;
    struct event_set set;
};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    support_trust_init(&world->trust);
    support_trust_operators(&world->trust, 2);
    directory_init(&world->directory);
    event_set_init(&world->set);
    world->alice = support_signer(&world->trust.fleet, SUPPORT_ALICE);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    event_set_deinit(&world->set);
    directory_deinit(&world->directory);
    support_trust_deinit(&world->trust);
    free(world);
    return 0;
}

static struct buffer sign(const struct envelope_signer *signer, uint32_t number, int64_t lives_ms)
{
    struct buffer body = {0}, envelope = {0};
    struct event_record event = {.namespace_name = "main",
                                 .name = "deploy",
                                 .stamp = stamp_of_wall_ms(START_MS + number),
                                 .expires_ms = START_MS + number + lives_ms,
                                 .authority_number = 2};
    memcpy(event.random, &number, sizeof number);
    event.random[15] = 1;
    event_record_encode(&event, &body);
    envelope_sign(signer, ENVELOPE_EVENT, buffer_view(&body), &envelope);
    buffer_deinit(&body);
    return envelope;
}

static int add(struct world *world, struct event_set *set, struct buffer envelope)
{
    struct record_id id;
    const struct event_set_trust trust = {&world->trust.log, &world->directory};
    int outcome = event_set_add(set, &trust, buffer_view(&envelope), &id);
    buffer_deinit(&envelope);
    return outcome;
}

static void an_operators_event_enters_once_and_expires(void **state)
{
    struct world *world = *state;
    assert_int_equal(add(world, &world->set, sign(&world->alice, 1, 60000)), 0);
    assert_int_equal(add(world, &world->set, sign(&world->alice, 1, 60000)), EVENT_SET_KNOWN);
    event_set_prune(&world->set, START_MS + 300000);
    assert_int_equal(world->set.count, 0);
    assert_int_equal(add(world, &world->set, sign(&world->alice, 1, 60000)), EVENT_SET_EXPIRED);
}

static void strangers_forgers_and_the_long_lived_stay_out(void **state)
{
    struct world *world = *state;
    struct envelope_signer stranger = support_signer(&world->trust.fleet, 99);
    assert_int_equal(add(world, &world->set, sign(&stranger, 1, 60000)), EVENT_SET_SIGNER_UNKNOWN);
    assert_int_equal(add(world, &world->set, sign(&world->alice, 1, 25 * 3600000LL)), EVENT_SET_MALFORMED);
    struct buffer forged = sign(&world->alice, 1, 60000);
    forged.data[30] ^= 1; // in the signature
    assert_int_equal(add(world, &world->set, forged), EVENT_SET_FORGED);
    assert_int_equal(world->set.count, 0);
}

static void the_order_of_arrival_does_not_matter_even_when_it_is_full(void **state)
{
    struct world *world = *state;
    struct event_set other;
    const uint32_t count = EVENT_SET_SIGNER_COUNT_MAX + 40;
    event_set_init(&other);
    for (uint32_t i = 0; i < count; i++) {
        (void)!add(world, &world->set, sign(&world->alice, i, 60000));
        (void)!add(world, &other, sign(&world->alice, count - 1 - i, 60000));
    }
    assert_int_equal(world->set.count, EVENT_SET_SIGNER_COUNT_MAX);
    struct hash one = event_set_fingerprint(&world->set), two = event_set_fingerprint(&other);
    assert_memory_equal(&one, &two, sizeof one);
    assert_int_equal(add(world, &other, sign(&world->alice, count, 60000)), EVENT_SET_FULL);
    event_set_deinit(&other);
}

// 10,000 a second must be little work: those that are refused cost no signature check.
static void what_a_full_set_refuses_costs_little(void **state)
{
    struct world *world = *state;
    struct buffer late = sign(&world->alice, 1000000, 60000);
    const struct event_set_trust trust = {&world->trust.log, &world->directory};
    struct record_id id;
    for (uint32_t i = 0; i < EVENT_SET_SIGNER_COUNT_MAX; i++)
        assert_int_equal(add(world, &world->set, sign(&world->alice, i, 60000)), 0);
    clock_t begun = clock();
    for (int i = 0; i < 10000; i++)
        assert_int_equal(event_set_add(&world->set, &trust, buffer_view(&late), &id), EVENT_SET_FULL);
    printf("10000 refused events took %.1f ms of CPU\n", (double)(clock() - begun) * 1000 / CLOCKS_PER_SEC);
    assert_int_equal(world->set.count, EVENT_SET_SIGNER_COUNT_MAX);
    buffer_deinit(&late);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_operators_event_enters_once_and_expires),
        TEST(strangers_forgers_and_the_long_lived_stay_out),
        TEST(the_order_of_arrival_does_not_matter_even_when_it_is_full),
        TEST(what_a_full_set_refuses_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
