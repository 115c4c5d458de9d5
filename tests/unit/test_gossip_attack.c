// test_gossip_attack.c - members that lie with keys of their own, copied disks, replays, noise.
#include "tests/unit/support_gossip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct support_fleet *formed(size_t count, uint64_t seed)
{
    struct support_fleet *fleet = support_fleet_new(count, seed);
    support_fleet_form(fleet);
    support_fleet_run(fleet, 3000 + 2000 * count);
    return fleet;
}

static bool anybody_thinks_dead(const struct support_fleet *fleet, size_t subject)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (i != subject && support_fleet_view(fleet, i, subject)->state == MEMBERS_DEAD)
            return true;
    return false;
}

static void a_storm_of_suspicions_by_one_member_kills_nobody(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 1);
    struct buffer lie = {0};
    for (size_t time = 0; time < 600; time++) { // 60 s of it, at everybody but the victim
        for (size_t to = 1; to < 4; to++) {
            buffer_clear(&lie);
            support_fleet_sign_suspicion(fleet, 0, 4, &lie);
            support_fleet_hand(fleet, 0, to, buffer_view(&lie));
        }
        support_fleet_run(fleet, 100);
        assert_false(anybody_thinks_dead(fleet, 4));
    }
    uint64_t incarnation = support_fleet_view(fleet, 4, 4)->incarnation;
    printf("    60 s of lies by one member: refuted %llu times\n", (unsigned long long)incarnation - 1);
    assert_in_range(incarnation, 2, 60 * 1000 / 200 + 2); // the answer is not a storm of its own
    support_fleet_run(fleet, 5000);
    assert_true(support_all_count(fleet, 4));
    buffer_deinit(&lie);
    support_fleet_free(fleet);
}

static void one_accuser_alone_has_to_wait_six_times_as_long(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 2);
    struct buffer lie = {0};
    support_fleet_sign_suspicion(fleet, 0, 4, &lie);
    for (size_t to = 0; to < 4; to++) // the victim can hear and say nothing, but nobody else accuses it
        fleet->is_cut[to][4] = fleet->is_cut[4][to] = true;
    support_fleet_hand(fleet, 0, 1, buffer_view(&lie));
    const struct members_node *victim = support_fleet_view(fleet, 1, 4);
    assert_int_equal(victim->state, MEMBERS_SUSPECT);
    struct timers_entry timer = victim->timer;
    assert_int_equal(timer.due_ms, victim->state_ms + SUSPICION_MAX_FACTOR * suspicion_minimum_ms(5));
    buffer_deinit(&lie);
    support_fleet_free(fleet);
}

static void the_largest_incarnation_is_refused(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 3);
    struct buffer claim = {0};
    support_fleet_sign_alive(fleet, 4, UINT64_MAX, &claim); // whoever has the key of node 4
    for (size_t to = 0; to < 5; to++)
        support_fleet_hand(fleet, 2, to, buffer_view(&claim));
    support_fleet_run(fleet, 5000);
    for (size_t i = 0; i < fleet->count; i++)
        assert_in_range(support_fleet_view(fleet, i, 4)->incarnation, 1, 10);
    assert_true(support_all_count_all(fleet, 0));
    buffer_deinit(&claim);
    support_fleet_free(fleet);
}

static void two_processes_with_one_key_raise_the_alarm(void **state)
{
    (void)state;
    struct support_fleet *fleet = support_fleet_new(6, 4);
    fleet->count = 5;
    support_fleet_form(fleet);
    support_fleet_run(fleet, 10000);
    fleet->count = 6;
    support_fleet_clone(fleet, 5, 4);
    support_fleet_start(fleet, 5, 0); // generation 1, like the original
    support_fleet_run(fleet, 10000);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(support_fleet_view(fleet, i, 4)->alarm, MEMBERS_CLONED);
    for (size_t i = 1; i < 4; i++) { // and all agree on which of the two they believe
        struct bytes first = buffer_view(&support_fleet_view(fleet, 0, 4)->record);
        assert_true(bytes_equal(buffer_view(&support_fleet_view(fleet, i, 4)->record), first));
    }
    support_fleet_free(fleet);
}

static void a_restored_disk_raises_the_alarm_on_both_ends(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 5);
    for (size_t time = 0; time < 3; time++) {
        support_fleet_kill(fleet, 4);
        support_fleet_start(fleet, 4, 0);
        support_fleet_run(fleet, 3000);
    }
    support_fleet_kill(fleet, 4);
    support_fleet_forget(fleet, 4);
    fleet->nodes[4].generation = 1; // the disk of last week
    support_fleet_start(fleet, 4, 0);
    support_fleet_run(fleet, 5000);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(support_fleet_view(fleet, i, 4)->alarm, MEMBERS_RESTORED);
    assert_int_equal(support_fleet_view(fleet, 0, 4)->generation, 4);
    support_fleet_free(fleet);
}

static void acks_of_nothing_are_worth_nothing(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 6);
    struct buffer wire = {0};
    support_fleet_kill(fleet, 4);
    for (size_t time = 0; time < 100; time++) { // somebody goes on sending old acks in its name
        struct packet ack = {.type = PACKET_ACK, .sequence = (uint32_t)time};
        buffer_clear(&wire);
        packet_encode(&ack, &wire);
        for (size_t to = 0; to < 4; to++)
            support_fleet_send(fleet, 4, to, buffer_view(&wire));
        support_fleet_run(fleet, 100);
    }
    assert_true(support_all_know_dead(fleet, 4));
    buffer_deinit(&wire);
    support_fleet_free(fleet);
}

static void a_relayed_ack_counts_only_from_a_helper_that_was_asked(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 7);
    struct buffer wire = {0};
    support_fleet_kill(fleet, 4);
    for (size_t time = 0; time < 100; time++) {
        struct packet relayed = {.type = PACKET_RELAYED, .sequence = (uint32_t)time};
        buffer_clear(&wire);
        packet_encode(&relayed, &wire);
        support_fleet_send(fleet, 3, 0, buffer_view(&wire));
        support_fleet_run(fleet, 100);
    }
    assert_true(support_all_know_dead(fleet, 4));
    buffer_deinit(&wire);
    support_fleet_free(fleet);
}

static void a_hasty_asker_collects_no_accusations(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 11);
    struct buffer wire = {0};
    size_t before = 0;
    for (size_t i = 0; i < fleet->count; i++)
        before += fleet->nodes[i].suspicions_signed;
    for (uint32_t time = 0; time < 100; time++) { // "ping node 4 for me, I wait no longer than 0 ms"
        struct packet ask = {.type = PACKET_ASK, .sequence = time, .target = fleet->nodes[4].id};
        buffer_clear(&wire);
        packet_encode(&ask, &wire);
        for (size_t to = 1; to < 4; to++)
            support_fleet_send(fleet, 0, to, buffer_view(&wire));
        support_fleet_run(fleet, 100);
    }
    for (size_t i = 0; i < fleet->count; i++)
        before -= fleet->nodes[i].suspicions_signed;
    assert_int_equal(before, 0);
    buffer_deinit(&wire);
    support_fleet_free(fleet);
}

static void stale_claims_draw_few_corrections(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 12);
    struct buffer old_claim = {0};
    support_fleet_sign_alive(fleet, 4, 1, &old_claim);
    support_fleet_kill(fleet, 4);
    support_fleet_start(fleet, 4, 0);
    support_fleet_run(fleet, 5000);
    fleet->nodes[1].sent_packets = 0;
    for (size_t time = 0; time < 1000; time++) { // within one second
        support_fleet_hand(fleet, 0, 1, buffer_view(&old_claim));
        support_fleet_run(fleet, 1);
    }
    assert_in_range(fleet->nodes[1].sent_packets, 1, 15);
    buffer_deinit(&old_claim);
    support_fleet_free(fleet);
}

static void an_accusation_by_nobody_is_not_counted(void **state)
{
    (void)state;
    struct support_fleet *fleet = support_fleet_new(6, 8);
    struct buffer lie = {0};
    fleet->count = 5;
    support_fleet_form(fleet);
    support_fleet_run(fleet, 10000);
    struct member_suspicion suspicion = {.target = fleet->nodes[4].id, .generation = 1, .incarnation = 1};
    struct buffer body = {0};
    member_suspicion_encode(&suspicion, &body);
    envelope_sign(&fleet->nodes[5].signer, ENVELOPE_SUSPICION, buffer_view(&body), &lie); // never a member
    support_fleet_hand(fleet, 0, 1, buffer_view(&lie));
    assert_int_equal(support_fleet_view(fleet, 1, 4)->state, MEMBERS_ALIVE);
    buffer_deinit(&body);
    buffer_deinit(&lie);
    support_fleet_free(fleet);
}

static void noise_changes_nothing(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 9);
    for (size_t time = 0; time < 20000; time++) {
        uint8_t noise[64];
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (uint8_t)random_u64(&fleet->random);
        if (time % 2)
            noise[0] = (uint8_t)(1 + noise[0] % 6);
        support_fleet_send(fleet, 3, 1, bytes_of(noise, random_below(&fleet->random, sizeof noise)));
        support_fleet_run(fleet, 1);
    }
    support_fleet_run(fleet, 3000);
    assert_true(support_all_count_all(fleet, 0));
    support_fleet_free(fleet);
}

static void a_new_address_that_does_not_answer_is_sent_no_news(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 10);
    struct buffer claim = {0};
    struct address true_address = fleet->nodes[4].address;
    fleet->nodes[4].address = (struct address){.ip = {192, 0, 2, 1}, .ip_size = 4, .port = 9};
    support_fleet_sign_alive(fleet, 4, 2, &claim); // member 4 points at somebody else's machine
    fleet->nodes[4].address = true_address;
    support_fleet_hand(fleet, 4, 0, buffer_view(&claim));
    assert_int_equal(support_fleet_view(fleet, 0, 4)->reached.ip_size, 0);
    for (size_t time = 0; time < 20; time++) {
        uint8_t data[64] = {(uint8_t)(time + 1)};
        struct gossip_news news = {.class = RUMOR_NEWS, .data = bytes_of(data, sizeof data), .urgent = true};
        struct gossip_output output;
        news.key.b[0] = data[0];
        support_fleet_run(fleet, 50);
        assert_int_equal(gossip_spread(fleet->nodes[0].gossip, &news), 0);
        while (gossip_next_output(fleet->nodes[0].gossip, &output))
            if (output.kind == GOSSIP_SEND && output.address.ip[0] == 192)
                assert_int_not_equal(output.data.data[0], PACKET_NEWS);
    }
    buffer_deinit(&claim);
    support_fleet_free(fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_storm_of_suspicions_by_one_member_kills_nobody),
        cmocka_unit_test(one_accuser_alone_has_to_wait_six_times_as_long),
        cmocka_unit_test(the_largest_incarnation_is_refused),
        cmocka_unit_test(two_processes_with_one_key_raise_the_alarm),
        cmocka_unit_test(a_restored_disk_raises_the_alarm_on_both_ends),
        cmocka_unit_test(acks_of_nothing_are_worth_nothing),
        cmocka_unit_test(a_relayed_ack_counts_only_from_a_helper_that_was_asked),
        cmocka_unit_test(a_hasty_asker_collects_no_accusations),
        cmocka_unit_test(stale_claims_draw_few_corrections),
        cmocka_unit_test(an_accusation_by_nobody_is_not_counted),
        cmocka_unit_test(noise_changes_nothing),
        cmocka_unit_test(a_new_address_that_does_not_answer_is_sent_no_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
