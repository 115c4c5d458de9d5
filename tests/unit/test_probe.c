// test_probe.c - whom to ping, when to ask for help, when to give up.
#include "gossip/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { INTERVAL_MS = 1000, START_MS = 5000, COUNT_MAX = 40 };

struct world {
    struct members members;
    struct random random;
    struct probe probe;
    uint64_t now_ms;
    size_t count;
};

static struct node_id id_of(size_t number)
{
    return (struct node_id){{(uint8_t)(number + 1)}};
}

static struct address address_of(size_t number)
{
    return (struct address){.ip = {10, 0, 0, (uint8_t)number}, .ip_size = 4, .port = 5289};
}

// Node 0 is ourselves; all others are heard, with one address each.
static struct world *world_new(size_t count)
{
    static const uint8_t seed[RANDOM_SEED_SIZE] = {1};
    struct world *world = base_alloc(1, sizeof *world);
    struct node_id self = id_of(0);
    world->now_ms = START_MS;
    world->count = count;
    random_init(&world->random, seed);
    members_init(&world->members, &self, START_MS);
    for (size_t i = 1; i < count; i++) {
        struct node_id id = id_of(i);
        struct members_node *node = members_add(&world->members, &id, START_MS);
        struct address address = address_of(i);
        node->addresses = base_copy(&address, sizeof address);
        node->address_count = 1;
        node->reached = address;
        members_hear(&world->members, node, START_MS, true, START_MS);
    }
    probe_init(&world->probe, &world->members, &world->random, INTERVAL_MS, START_MS);
    return world;
}

static void world_free(struct world *world)
{
    probe_deinit(&world->probe);
    members_deinit(&world->members);
    free(world);
}

static struct members_node *node_of(struct world *world, size_t number)
{
    struct node_id id = id_of(number);
    return members_find(&world->members, &id);
}

static void tick_at(struct world *world, uint64_t now_ms)
{
    world->now_ms = now_ms;
    probe_tick(&world->probe, (struct probe_time){now_ms, 0});
}

static void start(struct world *world, size_t number)
{
    probe_start(&world->probe, node_of(world, number), PROBE_CHECK, (struct probe_time){world->now_ms, 0});
}

// The next action, which must be of this kind.
static struct probe_action expect(struct world *world, enum probe_action_kind kind)
{
    struct probe_action action;
    assert_true(probe_next(&world->probe, &action));
    assert_int_equal(action.kind, kind);
    return action;
}

static void expect_nothing(struct world *world)
{
    struct probe_action action;
    assert_false(probe_next(&world->probe, &action));
}

static bool ack(struct world *world, size_t from, uint32_t sequence)
{
    struct probe_success success;
    struct node_id id = id_of(from);
    struct address address = address_of(from);
    return probe_acked(&world->probe, &id, sequence, &address, &success);
}

static void everybody_is_asked_once_in_each_round(void **state)
{
    (void)state;
    struct world *world = world_new(20);
    for (size_t round = 0; round < 5; round++) {
        size_t asked[COUNT_MAX] = {0};
        for (size_t turn = 1; turn < world->count; turn++) {
            tick_at(world, probe_deadline_ms(&world->probe));
            struct probe_action ping = expect(world, PROBE_PING);
            asked[ping.target.b[0] - 1]++;
            assert_true(ack(world, ping.target.b[0] - 1U, ping.sequence));
        }
        assert_int_equal(asked[0], 0); // ourselves
        for (size_t i = 1; i < world->count; i++)
            assert_int_equal(asked[i], 1);
    }
    world_free(world);
}

static void the_order_differs_from_round_to_round(void **state)
{
    (void)state;
    struct world *world = world_new(20);
    size_t same = 0;
    uint8_t orders[2][COUNT_MAX];
    for (size_t round = 0; round < 2; round++) {
        for (size_t turn = 1; turn < world->count; turn++) {
            tick_at(world, probe_deadline_ms(&world->probe));
            struct probe_action ping = expect(world, PROBE_PING);
            orders[round][turn] = ping.target.b[0];
            ack(world, ping.target.b[0] - 1U, ping.sequence);
        }
    }
    for (size_t turn = 1; turn < world->count; turn++)
        same += orders[0][turn] == orders[1][turn];
    assert_true(same < 8);
    world_free(world);
}

static void silence_brings_three_helpers_and_a_second_ping(void **state)
{
    (void)state;
    struct world *world = world_new(10);
    start(world, 4);
    struct probe_action ping = expect(world, PROBE_PING);
    tick_at(world, START_MS + INTERVAL_MS / 2); // nothing is known of the round trip
    bool is_helper[COUNT_MAX] = {false};
    for (size_t i = 0; i < PROBE_HELPER_COUNT; i++) {
        struct probe_action ask = expect(world, PROBE_ASK);
        size_t helper = ask.helper.b[0] - 1U;
        assert_true(helper != 0 && helper != 4 && !is_helper[helper]);
        assert_int_equal(ask.sequence, ping.sequence);
        assert_in_range(ask.wait_ms, PROBE_INDIRECT_MS_MIN, INTERVAL_MS / 2);
        is_helper[helper] = true;
    }
    assert_int_equal(expect(world, PROBE_PING).sequence, ping.sequence);
    assert_int_equal(expect(world, PROBE_STREAM).sequence, ping.sequence);
    world_free(world);
}

static bool stream_ack(struct world *world, size_t from, uint32_t sequence)
{
    struct node_id id = id_of(from);
    uint64_t sent_ms = 0;
    bool is_ack = probe_stream_acked(&world->probe, &id, sequence, &sent_ms);
    assert_true(!is_ack || sent_ms == START_MS + INTERVAL_MS / 2);
    return is_ack;
}

static void an_ack_over_a_stream_ends_the_probe(void **state)
{
    (void)state;
    struct world *world = world_new(2);
    start(world, 1);
    struct probe_action ping = expect(world, PROBE_PING);
    assert_false(stream_ack(world, 1, ping.sequence)); // nothing went over a stream yet
    tick_at(world, START_MS + INTERVAL_MS / 2);
    assert_false(stream_ack(world, 0, ping.sequence)); // it was not asked
    assert_false(stream_ack(world, 1, ping.sequence + 1));
    assert_true(stream_ack(world, 1, ping.sequence));
    assert_false(probe_is_pending(&world->probe, &node_of(world, 1)->id));
    assert_false(stream_ack(world, 1, ping.sequence));
    world_free(world);
}

static void an_ack_over_a_stream_counts_once_after_the_probe_failed(void **state)
{
    (void)state;
    struct world *world = world_new(2);
    start(world, 1);
    uint32_t sequence = expect(world, PROBE_PING).sequence;
    tick_at(world, START_MS + INTERVAL_MS / 2);
    tick_at(world, START_MS + INTERVAL_MS);
    assert_false(probe_is_pending(&world->probe, &node_of(world, 1)->id));
    assert_true(stream_ack(world, 1, sequence));
    assert_false(stream_ack(world, 1, sequence));
    world_free(world);
}

static void a_contact_goes_over_a_stream_where_its_target_was_heard_there(void **state)
{
    (void)state;
    struct world *world = world_new(3);
    probe_stream(&world->probe, &node_of(world, 2)->id, START_MS); // none under way: nothing
    probe_start(&world->probe, node_of(world, 2), PROBE_CONTACT, (struct probe_time){START_MS, 0});
    uint32_t sequence = expect(world, PROBE_PING).sequence;
    probe_stream(&world->probe, &node_of(world, 2)->id, START_MS);
    assert_int_equal(expect(world, PROBE_STREAM).sequence, sequence);
    probe_stream(&world->probe, &node_of(world, 2)->id, START_MS + 1);
    expect_nothing(world);
    world_free(world);
}

static void a_known_peer_is_doubted_sooner(void **state)
{
    (void)state;
    struct world *world = world_new(3);
    for (size_t i = 0; i < 20; i++)
        roundtrip_add(&node_of(world, 1)->roundtrip, 1);
    start(world, 1);
    expect(world, PROBE_PING);
    tick_at(world, START_MS + PROBE_TIMEOUT_MS_MIN - 1);
    struct probe_action action;
    while (probe_next(&world->probe, &action))
        assert_int_not_equal(action.kind, PROBE_ASK);
    tick_at(world, START_MS + PROBE_TIMEOUT_MS_MIN);
    expect(world, PROBE_ASK);
    world_free(world);
}

static void a_probe_fails_within_one_interval_even_without_helpers(void **state)
{
    (void)state;
    struct world *world = world_new(2);
    start(world, 1);
    expect(world, PROBE_PING);
    tick_at(world, START_MS + INTERVAL_MS / 2);
    expect(world, PROBE_PING);
    expect(world, PROBE_STREAM);
    tick_at(world, START_MS + INTERVAL_MS);
    struct probe_action failed = expect(world, PROBE_FAILED);
    assert_int_equal(failed.target.b[0], 2);
    assert_int_equal(failed.suspicion_count, 0);
    world_free(world);
}

static void a_contact_of_the_dead_is_one_ping_only(void **state)
{
    (void)state;
    struct world *world = world_new(5);
    probe_start(&world->probe, node_of(world, 2), PROBE_CONTACT, (struct probe_time){START_MS, 0});
    expect(world, PROBE_PING);
    world->probe.next_ms = UINT64_MAX; // no round meanwhile
    tick_at(world, START_MS + INTERVAL_MS);
    assert_int_equal(expect(world, PROBE_FAILED).probe, PROBE_CONTACT);
    expect_nothing(world);
    world_free(world);
}

static void a_silent_contact_does_not_hold_up_a_check(void **state)
{
    (void)state;
    struct world *world = world_new(5);
    probe_start(&world->probe, node_of(world, 2), PROBE_CONTACT, (struct probe_time){START_MS, 0});
    uint32_t first = expect(world, PROBE_PING).sequence;
    world->now_ms = START_MS + PROBE_TIMEOUT_MS_MIN - 1;
    start(world, 2); // it may still answer
    expect_nothing(world);
    world->now_ms = START_MS + PROBE_TIMEOUT_MS_MIN;
    start(world, 2);
    assert_int_not_equal(expect(world, PROBE_PING).sequence, first);
    world_free(world);
}

static void only_the_target_can_acknowledge_and_only_once(void **state)
{
    (void)state;
    struct world *world = world_new(5);
    start(world, 2);
    struct probe_action ping = expect(world, PROBE_PING);
    assert_false(ack(world, 3, ping.sequence));
    assert_false(ack(world, 2, ping.sequence + 1));
    assert_true(ack(world, 2, ping.sequence));
    assert_false(ack(world, 2, ping.sequence));
    world_free(world);
}

static void a_late_ack_still_ends_the_indirect_phase(void **state)
{
    (void)state;
    struct world *world = world_new(5);
    start(world, 2);
    struct probe_action ping = expect(world, PROBE_PING);
    world->probe.next_ms = UINT64_MAX;
    tick_at(world, START_MS + INTERVAL_MS / 2);
    struct probe_action ask = expect(world, PROBE_ASK);
    assert_true(ack(world, 2, ping.sequence));
    struct node_id target;
    assert_false(probe_relayed(&world->probe, &ask.helper, ask.sequence, &target)); // over already
    world_free(world);
}

static void a_relay_counts_only_from_who_was_asked(void **state)
{
    (void)state;
    struct world *world = world_new(10);
    start(world, 2);
    struct probe_action ping = expect(world, PROBE_PING), ask;
    struct node_id target, helper = {{0}};
    assert_false(probe_relayed(&world->probe, &(struct node_id){{4}}, ping.sequence, &target)); // nobody yet
    tick_at(world, START_MS + INTERVAL_MS / 2);
    bool was_asked[COUNT_MAX] = {false};
    while (probe_next(&world->probe, &ask)) {
        if (ask.kind != PROBE_ASK)
            continue;
        helper = ask.helper;
        was_asked[helper.b[0]] = true;
    }
    for (uint8_t id = 1; id <= world->count; id++)
        if (!was_asked[id])
            assert_false(probe_relayed(&world->probe, &(struct node_id){{id}}, ping.sequence, &target));
    assert_true(probe_relayed(&world->probe, &helper, ping.sequence, &target));
    assert_int_equal(target.b[0], 3);
    world_free(world);
}

static void suspicions_of_helpers_come_out_only_if_all_fails(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        struct world *world = world_new(10);
        struct probe_action action;
        start(world, 2);
        uint32_t sequence = expect(world, PROBE_PING).sequence;
        world->probe.next_ms = UINT64_MAX;
        tick_at(world, START_MS + INTERVAL_MS / 2);
        while (probe_next(&world->probe, &action))
            if (action.kind == PROBE_ASK)
                probe_nacked(&world->probe, &action.helper, sequence, bytes_of_text("signed"));
        probe_nacked(&world->probe, &(struct node_id){{99}}, sequence, bytes_of_text("uninvited"));
        if (answered)
            assert_true(ack(world, 2, sequence));
        tick_at(world, START_MS + INTERVAL_MS);
        assert_int_equal(probe_next(&world->probe, &action), !answered);
        if (!answered) {
            assert_int_equal(action.suspicion_count, PROBE_HELPER_COUNT);
            for (size_t i = 0; i < action.suspicion_count; i++) {
                assert_true(bytes_equal(buffer_view(&action.suspicions[i]), bytes_of_text("signed")));
                buffer_deinit(&action.suspicions[i]);
            }
        }
        world_free(world);
    }
}

static void the_second_ping_goes_to_the_next_address(void **state)
{
    (void)state;
    struct world *world = world_new(2);
    struct members_node *node = node_of(world, 1);
    struct address addresses[2] = {address_of(1), address_of(77)};
    free(node->addresses);
    node->addresses = base_copy(addresses, sizeof addresses);
    node->address_count = 2;
    start(world, 1);
    struct probe_action ping = expect(world, PROBE_PING);
    assert_true(address_equal(&ping.address, &addresses[0]));
    tick_at(world, START_MS + INTERVAL_MS / 2);
    struct probe_action again = expect(world, PROBE_PING);
    assert_true(address_equal(&again.address, &addresses[1]));
    struct probe_success success;
    assert_true(probe_acked(&world->probe, &again.target, again.sequence, &addresses[1], &success));
    assert_true(address_equal(&success.pinged, &addresses[1])); // here it was reached
    world_free(world);
}

static void a_ping_that_could_not_leave_brings_helpers_at_once(void **state)
{
    (void)state;
    struct world *world = world_new(5);
    start(world, 2);
    struct probe_action ping = expect(world, PROBE_PING);
    world->probe.next_ms = UINT64_MAX;
    probe_send_failed(&world->probe, &ping.target, START_MS);
    tick_at(world, START_MS);
    expect(world, PROBE_ASK);
    world_free(world);
}

static void forgiving_forgets_what_is_under_way(void **state)
{
    (void)state;
    struct world *world = world_new(5);
    start(world, 2);
    start(world, 3);
    uint32_t sequence = expect(world, PROBE_PING).sequence;
    probe_forgive(&world->probe, START_MS + 30000);
    expect_nothing(world);
    assert_false(ack(world, 2, sequence));
    tick_at(world, START_MS + 30001);
    expect_nothing(world);
    world_free(world);
}

static void one_member_has_one_probe_at_a_time(void **state)
{
    (void)state;
    struct world *world = world_new(5);
    start(world, 2);
    start(world, 2);
    expect(world, PROBE_PING);
    expect_nothing(world);
    start(world, 0); // nor do we ask ourselves
    expect_nothing(world);
    world_free(world);
}

static void a_newcomer_gets_a_place_in_the_present_round(void **state)
{
    (void)state;
    struct world *world = world_new(10);
    tick_at(world, probe_deadline_ms(&world->probe)); // the round begins
    struct probe_action ping = expect(world, PROBE_PING);
    ack(world, ping.target.b[0] - 1U, ping.sequence);
    struct node_id id = id_of(30);
    struct members_node *node = members_add(&world->members, &id, START_MS);
    node->reached = address_of(30);
    members_hear(&world->members, node, START_MS, true, START_MS);
    probe_insert(&world->probe, &id);
    bool was_asked = false;
    for (size_t turn = 0; turn < 9; turn++) {
        tick_at(world, probe_deadline_ms(&world->probe));
        ping = expect(world, PROBE_PING);
        was_asked = was_asked || ping.target.b[0] == 31;
        ack(world, ping.target.b[0] - 1U, ping.sequence);
    }
    assert_true(was_asked);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_is_asked_once_in_each_round),
        cmocka_unit_test(the_order_differs_from_round_to_round),
        cmocka_unit_test(silence_brings_three_helpers_and_a_second_ping),
        cmocka_unit_test(an_ack_over_a_stream_ends_the_probe),
        cmocka_unit_test(an_ack_over_a_stream_counts_once_after_the_probe_failed),
        cmocka_unit_test(a_contact_goes_over_a_stream_where_its_target_was_heard_there),
        cmocka_unit_test(a_known_peer_is_doubted_sooner),
        cmocka_unit_test(a_probe_fails_within_one_interval_even_without_helpers),
        cmocka_unit_test(a_contact_of_the_dead_is_one_ping_only),
        cmocka_unit_test(a_silent_contact_does_not_hold_up_a_check),
        cmocka_unit_test(only_the_target_can_acknowledge_and_only_once),
        cmocka_unit_test(a_late_ack_still_ends_the_indirect_phase),
        cmocka_unit_test(a_relay_counts_only_from_who_was_asked),
        cmocka_unit_test(suspicions_of_helpers_come_out_only_if_all_fails),
        cmocka_unit_test(the_second_ping_goes_to_the_next_address),
        cmocka_unit_test(a_ping_that_could_not_leave_brings_helpers_at_once),
        cmocka_unit_test(forgiving_forgets_what_is_under_way),
        cmocka_unit_test(one_member_has_one_probe_at_a_time),
        cmocka_unit_test(a_newcomer_gets_a_place_in_the_present_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
