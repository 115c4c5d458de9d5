// test_gossip.c - stories of fleets in virtual time: joining, dying, sleeping, coming apart, healing.
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
    support_fleet_run(fleet, 3000 + 2000 * count); // everybody has asked everybody
    return fleet;
}

static void say(const char *what, uint64_t ms)
{
    printf("    %-62s %6llu ms\n", what, (unsigned long long)ms);
}

static bool anybody_doubts(const struct support_fleet *fleet, size_t subject)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (i != subject && fleet->nodes[i].gossip &&
            support_fleet_view(fleet, i, subject)->state != MEMBERS_ALIVE)
            return true;
    return false;
}

static bool anybody_thinks_dead(const struct support_fleet *fleet, size_t subject)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (i != subject && fleet->nodes[i].gossip &&
            support_fleet_view(fleet, i, subject)->state == MEMBERS_DEAD)
            return true;
    return false;
}

static bool nobody_doubts(const struct support_fleet *fleet, size_t subject)
{
    return !anybody_doubts(fleet, subject);
}

static bool is_settled(const struct support_fleet *fleet, size_t i)
{
    return fleet->nodes[i].settled_ms != 0;
}

static bool is_alone(const struct support_fleet *fleet, size_t i)
{
    return members_live_count(gossip_members(fleet->nodes[i].gossip)) == 1;
}

static size_t suspicions_signed(const struct support_fleet *fleet)
{
    size_t count = 0;
    for (size_t i = 0; i < fleet->count; i++)
        count += fleet->nodes[i].suspicions_signed;
    return count;
}

static uint64_t refutations(const struct support_fleet *fleet)
{
    uint64_t count = 0;
    for (size_t i = 0; i < fleet->count; i++)
        count += support_fleet_view(fleet, i, i)->incarnation - 1;
    return count;
}

static void join_all_at_once(size_t count, uint64_t limit_ms)
{
    struct support_fleet *fleet = support_fleet_new(count, 1);
    char what[64];
    for (size_t i = 0; i < fleet->count; i++)
        support_fleet_start(fleet, i, i ? 0 : SUPPORT_NOBODY);
    uint64_t took_ms = support_fleet_run_until(fleet, support_all_count_all, 0, limit_ms);
    snprintf(what, sizeof what, "%zu join at once through one seed, all count all", count);
    say(what, took_ms);
    assert_in_range(took_ms, 0, limit_ms);
    support_fleet_free(fleet);
}

static void twenty_joining_at_once_all_see_twenty(void **state)
{
    (void)state;
    join_all_at_once(20, 5000);
}

static void a_hundred_joining_at_once_all_see_a_hundred(void **state)
{
    (void)state;
    join_all_at_once(100, 5000);
}

static void everybody_hears_of_a_newcomer_without_any_repair(void **state)
{
    (void)state;
    struct support_fleet *fleet = support_fleet_new(20, 17);
    for (size_t i = 0; i < 19; i++)
        support_fleet_start(fleet, i, i ? 0 : SUPPORT_NOBODY);
    assert_true(support_fleet_run_until(fleet, support_all_count_all, 0, 5000) <= 5000);
    support_fleet_run(fleet, 20000);
    fleet->repairs = false;
    support_fleet_start(fleet, 19, 4);
    support_fleet_run(fleet, 1000);
    for (size_t i = 0; i < 19; i++)
        assert_true(support_fleet_counts(fleet, i, 19));
    support_fleet_free(fleet);
}

static void kill_in_a_fleet_of(size_t count, size_t times, uint64_t limit_ms)
{
    struct support_fleet *fleet = formed(count, 2);
    char what[64];
    uint64_t worst_ms = 0, sum_ms = 0;
    for (size_t time = 0; time < times; time++) {
        size_t victim = (time * 7 + 1) % count;
        support_fleet_run(fleet, 137 * time);
        support_fleet_kill(fleet, victim);
        uint64_t took_ms = support_fleet_run_until(fleet, support_all_know_dead, victim, 60000);
        worst_ms = MAX_OF(worst_ms, took_ms);
        sum_ms += took_ms;
        support_fleet_start(fleet, victim, (int)((victim + 1) % count));
        assert_true(support_fleet_run_until(fleet, support_all_count_all, 0, 5000) <= 5000);
        support_fleet_run(fleet, 2000 * count);
    }
    snprintf(what, sizeof what, "%zu nodes, one killed, all know (mean of %zu)", count, times);
    say(what, sum_ms / times);
    snprintf(what, sizeof what, "%zu nodes, one killed, all know (worst)", count);
    say(what, worst_ms);
    assert_in_range(worst_ms, suspicion_minimum_ms(count), limit_ms);
    support_fleet_free(fleet);
}

static void a_killed_node_is_dead_for_all_after_the_suspicion_time(void **state)
{
    (void)state;
    kill_in_a_fleet_of(3, 10, 8000);
    kill_in_a_fleet_of(8, 10, 8000);
    kill_in_a_fleet_of(100, 3, 9000);
}

static void a_wrong_suspicion_is_refuted_at_once(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(20, 3);
    struct buffer lie = {0};
    support_fleet_sign_suspicion(fleet, 4, 7, &lie);
    support_fleet_hand(fleet, 4, 9, buffer_view(&lie));
    assert_true(anybody_doubts(fleet, 7));
    uint64_t took_ms = support_fleet_run_until(fleet, nobody_doubts, 7, 2000);
    support_fleet_run(fleet, 20000);
    say("20 nodes, a wrong suspicion, nobody doubts any more", took_ms);
    assert_in_range(took_ms, 1, 1000);
    assert_false(anybody_doubts(fleet, 7));
    for (size_t i = 0; i < fleet->count; i++)
        assert_int_equal(support_fleet_view(fleet, i, 7)->incarnation, 2);
    buffer_deinit(&lie);
    support_fleet_free(fleet);
}

static void helpers_bridge_a_one_way_cut(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 4);
    fleet->is_cut[2][5] = true;
    for (size_t second = 0; second < 120; second++) {
        support_fleet_run(fleet, 1000);
        assert_false(anybody_doubts(fleet, 5) || anybody_doubts(fleet, 2));
    }
    assert_int_equal(suspicions_signed(fleet), 0);
    support_fleet_free(fleet);
}

// Datagrams between `i` and all from `from` on are lost, both ways; streams get through.
static void block(struct support_fleet *fleet, size_t i, size_t from)
{
    fleet->has_streams = true;
    for (size_t k = from; k < fleet->count; k++)
        fleet->is_blocked[i][k] = fleet->is_blocked[k][i] = k != i;
}

static void two_nodes_without_datagrams_between_them_live_by_streams(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(2, 18);
    block(fleet, 0, 1);
    support_fleet_run(fleet, 120000);
    assert_int_equal(suspicions_signed(fleet), 0);
    assert_true(support_all_count_all(fleet, 0));
    support_fleet_free(fleet);
}

static void a_node_without_any_datagrams_lives_by_streams(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(7, 19);
    block(fleet, 3, 0);
    support_fleet_run(fleet, 180000);
    for (size_t i = 0; i < 7; i++)
        assert_false(anybody_thinks_dead(fleet, i));
    assert_true(support_all_count_all(fleet, 0));
    support_fleet_kill(fleet, 5); // and it learns who dies
    assert_true(support_fleet_run_until(fleet, support_all_know_dead, 5, 60000) != UINT64_MAX);
    support_fleet_free(fleet);
}

static void a_dead_node_without_datagrams_dies_all_the_same(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(5, 20);
    block(fleet, 2, 0);
    support_fleet_run(fleet, 20000);
    support_fleet_kill(fleet, 2);
    uint64_t took_ms = support_fleet_run_until(fleet, support_all_know_dead, 2, 60000);
    assert_true(took_ms < 15000);
    support_fleet_start(fleet, 2, 0); // it comes back, and is let in over a stream
    assert_true(support_fleet_run_until(fleet, support_all_count_all, 0, 60000) != UINT64_MAX);
    support_fleet_free(fleet);
}

static void five_percent_loss_kills_nobody(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(20, 5);
    fleet->loss_permille = 50;
    for (size_t second = 0; second < 300; second++) {
        support_fleet_run(fleet, 1000);
        for (size_t i = 0; i < fleet->count; i++)
            assert_false(anybody_thinks_dead(fleet, i));
    }
    printf("    %-62s %6llu\n", "20 nodes, 5 % loss, refutations in 300 s",
           (unsigned long long)refutations(fleet));
    support_fleet_free(fleet);
}

static void a_sleeper_wakes_and_accuses_nobody(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 6);
    support_fleet_stop(fleet, 3);
    assert_true(support_fleet_run_until(fleet, support_all_know_dead, 3, 10000) <= 10000);
    support_fleet_run(fleet, 20000);
    size_t before = fleet->nodes[3].suspicions_signed;
    support_fleet_continue(fleet, 3);
    assert_false(support_fleet_counts(fleet, 3, 0)); // everybody has to be heard again
    uint64_t took_ms = support_fleet_run_until(fleet, support_all_count_all, 0, 5000);
    say("8 nodes, one wakes after 30 s, all count all", took_ms);
    assert_in_range(took_ms, 0, 2000);
    for (size_t second = 0; second < 20; second++) {
        support_fleet_run(fleet, 1000);
        for (size_t i = 0; i < fleet->count; i++)
            assert_false(anybody_doubts(fleet, i));
    }
    assert_int_equal(fleet->nodes[3].suspicions_signed, before);
    support_fleet_free(fleet);
}

static void a_short_sleep_is_no_death(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 7);
    for (size_t time = 0; time < 20; time++) {
        support_fleet_stop(fleet, 3);
        support_fleet_run(fleet, 1900);
        support_fleet_continue(fleet, 3);
        for (size_t moment = 0; moment < 50; moment++) {
            support_fleet_run(fleet, 100);
            for (size_t i = 0; i < fleet->count; i++)
                assert_false(anybody_thinks_dead(fleet, i));
        }
    }
    support_fleet_free(fleet);
}

static void split_and_heal(size_t count, size_t border, uint64_t limit_ms)
{
    struct support_fleet *fleet = formed(count, 8);
    char what[64];
    support_fleet_split(fleet, border, true);
    support_fleet_run(fleet, 60000);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(support_fleet_counts(fleet, 0, i), i < border);
        assert_int_equal(support_fleet_counts(fleet, count - 1, i), i >= border);
    }
    support_fleet_split(fleet, border, false);
    uint64_t took_ms = support_fleet_run_until(fleet, support_all_count_all, 0, 60000);
    snprintf(what, sizeof what, "%zu and %zu nodes, healed after 60 s apart", border, count - border);
    say(what, took_ms);
    assert_in_range(took_ms, 0, limit_ms);
    support_fleet_free(fleet);
}

static void both_sides_of_a_split_go_on_and_find_each_other(void **state)
{
    (void)state;
    split_and_heal(3, 1, 10000);
    split_and_heal(10, 5, 2000);
    split_and_heal(100, 1, 10000);
}

static void a_split_heals_by_refutation_alone(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(10, 15);
    fleet->repairs = false;
    support_fleet_split(fleet, 5, true);
    support_fleet_run(fleet, 60000);
    support_fleet_split(fleet, 5, false);
    uint64_t took_ms = support_fleet_run_until(fleet, support_all_count_all, 0, 60000);
    say("5 and 5 nodes, healed without any repair", took_ms);
    assert_in_range(took_ms, 0, 20000);
    support_fleet_free(fleet);
}

static void cut_off(struct support_fleet *fleet, size_t i, bool is_cut)
{
    for (size_t j = 0; j < fleet->count; j++)
        fleet->is_cut[i][j] = fleet->is_cut[j][i] = is_cut;
}

static void who_missed_a_refutation_gets_it_when_it_repeats_the_accusation(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 16);
    struct buffer lie = {0};
    fleet->repairs = false;
    cut_off(fleet, 3, true);
    support_fleet_sign_suspicion(fleet, 4, 7, &lie);
    support_fleet_hand(fleet, 4, 3, buffer_view(&lie));
    support_fleet_hand(fleet, 4, 5, buffer_view(&lie));
    support_fleet_run(fleet, 900); // the others are done with it
    assert_int_equal(support_fleet_view(fleet, 0, 7)->incarnation, 2);
    assert_int_equal(support_fleet_view(fleet, 3, 7)->state, MEMBERS_SUSPECT);
    cut_off(fleet, 3, false);
    uint64_t took_ms = support_fleet_run_until(fleet, nobody_doubts, 7, 20000);
    assert_in_range(took_ms, 1, 11000); // before the time of the suspicion is over
    assert_int_equal(support_fleet_view(fleet, 3, 7)->incarnation, 2);
    buffer_deinit(&lie);
    support_fleet_free(fleet);
}

static void a_quick_restart_is_heard_at_once_whatever_was_under_way(void **state)
{
    (void)state;
    uint64_t worst_ms = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct support_fleet *fleet = formed(3, seed);
        support_fleet_kill(fleet, 1);
        support_fleet_run(fleet, 5000 + 37 * seed);
        support_fleet_start(fleet, 1, 0);
        uint64_t took_ms = support_fleet_run_until(fleet, support_all_count_all, 0, 5000);
        worst_ms = MAX_OF(worst_ms, took_ms);
        support_fleet_free(fleet);
    }
    say("3 nodes, one restarts, all count it (worst of 30)", worst_ms);
    assert_in_range(worst_ms, 1, 500);
}

static void the_last_one_left_goes_on_alone(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(20, 9);
    for (size_t i = 1; i < fleet->count; i++)
        support_fleet_kill(fleet, i);
    uint64_t took_ms = support_fleet_run_until(fleet, is_alone, 0, 60000);
    say("19 of 20 killed at once, the last one knows", took_ms);
    assert_in_range(took_ms, 0, 12000);
    assert_true(gossip_is_isolated(fleet->nodes[0].gossip));
    support_fleet_free(fleet);
}

static void a_node_that_boots_alone_settles_and_accuses_nobody(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 10);
    for (size_t i = 0; i < fleet->count; i++)
        support_fleet_kill(fleet, i);
    support_fleet_start(fleet, 2, SUPPORT_NOBODY);
    assert_false(is_settled(fleet, 2));
    assert_false(support_fleet_counts(fleet, 2, 3));
    uint64_t took_ms = support_fleet_run_until(fleet, is_settled, 2, 60000);
    say("a lone boot that remembers 7 settles", took_ms);
    assert_in_range(took_ms, 1000, 2 * suspicion_minimum_ms(8) + 3000);
    assert_true(is_alone(fleet, 2));
    assert_int_equal(fleet->nodes[2].suspicions_signed, 0);
    support_fleet_free(fleet);
}

// Node 1 tells node 0 that it knows of an ack of node 2 so long ago.
static void vouch(struct support_fleet *fleet, uint64_t age_ms)
{
    struct buffer envelope = {0};
    struct member_alive alive = {.generation = 1, .incarnation = 1, .addresses = &fleet->nodes[2].address};
    struct gossip_record record = {
        .signer = fleet->nodes[2].id, .from = fleet->nodes[1].id, .is_repair = true, .vouched_ms = age_ms};
    memcpy(alive.instance, fleet->nodes[2].instance, sizeof alive.instance);
    alive.address_count = 1;
    support_fleet_sign_alive(fleet, 2, 1, &envelope);
    record.envelope = buffer_view(&envelope);
    assert_int_equal(gossip_add_alive(fleet->nodes[0].gossip, &record, &alive), CLAIMS_KNOWN);
    support_fleet_settle(fleet, 0);
    buffer_deinit(&envelope);
}

static bool is_quietly_dead(const struct support_fleet *fleet, size_t subject)
{
    const struct members_node *node = support_fleet_view(fleet, 0, subject);
    return node && node->state == MEMBERS_DEAD && !node->accusation_count;
}

static void an_ack_from_before_its_death_revives_nobody(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(3, 18);
    support_fleet_kill(fleet, 0);
    support_fleet_kill(fleet, 2);
    fleet->is_cut[1][0] = true; // what node 1 accuses does not get through
    support_fleet_start(fleet, 0, SUPPORT_NOBODY);
    assert_true(support_fleet_run_until(fleet, is_quietly_dead, 2, 20000) <= 20000);
    fleet->is_cut[1][0] = false;
    fleet->repairs = false;
    assert_true(support_fleet_run_until(fleet, support_all_count, 1, 3000) <= 3000);
    assert_true(is_quietly_dead(fleet, 2));
    uint64_t dead_ms = fleet->now_ms - support_fleet_view(fleet, 0, 2)->state_ms;
    assert_in_range(dead_ms, 1, 2900);
    vouch(fleet, dead_ms + 50);
    assert_true(is_quietly_dead(fleet, 2));
    vouch(fleet, 0);
    assert_true(support_fleet_counts(fleet, 0, 2));
    support_fleet_free(fleet);
}

static void a_booted_node_settles_when_all_answered(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 11);
    support_fleet_kill(fleet, 2);
    support_fleet_run(fleet, 20000);
    support_fleet_start(fleet, 2, SUPPORT_NOBODY); // it remembers the others
    uint64_t took_ms = support_fleet_run_until(fleet, is_settled, 2, 60000);
    say("a boot among 7 that it remembers settles", took_ms);
    assert_in_range(took_ms, 1, 500);
    assert_true(support_fleet_run_until(fleet, support_all_count_all, 0, 1000) <= 1000);
    support_fleet_free(fleet);
}

static void a_restart_within_the_suspicion_time_is_noticed_by_generation(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 12);
    support_fleet_kill(fleet, 2);
    support_fleet_run(fleet, 1800);
    support_fleet_start(fleet, 2, SUPPORT_NOBODY);
    uint64_t took_ms = support_fleet_run_until(fleet, support_all_count_all, 0, 5000);
    assert_in_range(took_ms, 1, 1000);
    for (size_t i = 0; i < fleet->count; i++)
        assert_int_equal(support_fleet_view(fleet, i, 2)->generation, 2);
    support_fleet_run(fleet, 20000);
    assert_false(anybody_doubts(fleet, 2));
    support_fleet_free(fleet);
}

static void the_same_key_at_a_new_address_is_accepted(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 13);
    support_fleet_kill(fleet, 2);
    fleet->nodes[2].address.port = 4242;
    support_fleet_start(fleet, 2, SUPPORT_NOBODY);
    uint64_t took_ms = support_fleet_run_until(fleet, support_all_count_all, 0, 5000);
    say("8 nodes, one restarts at a new address, all count it", took_ms);
    assert_in_range(took_ms, 1, 2000);
    support_fleet_run(fleet, 16000);
    for (size_t i = 0; i < fleet->count; i++)
        if (i != 2)
            assert_true(address_equal(&support_fleet_view(fleet, i, 2)->reached, &fleet->nodes[2].address));
    support_fleet_free(fleet);
}

static void who_left_stays_away(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 14);
    struct buffer leave = {0}, old_claim = {0};
    support_fleet_sign_alive(fleet, 2, 1, &old_claim);
    support_fleet_sign_leave(fleet, 2, &leave);
    support_fleet_hand(fleet, SUPPORT_NOBODY, 2, buffer_view(&leave));
    support_fleet_run(fleet, 1000);
    support_fleet_kill(fleet, 2);
    support_fleet_hand(fleet, 3, 4, buffer_view(&old_claim));
    support_fleet_run(fleet, 10000);
    for (size_t i = 0; i < fleet->count; i++)
        if (i != 2)
            assert_int_equal(support_fleet_view(fleet, i, 2)->state, MEMBERS_LEFT);
    assert_int_equal(suspicions_signed(fleet), 0);
    buffer_deinit(&leave);
    buffer_deinit(&old_claim);
    support_fleet_free(fleet);
}

static void who_leaves_does_not_take_it_back(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 15);
    struct buffer leave = {0};
    support_fleet_sign_leave(fleet, 2, &leave);
    support_fleet_hand(fleet, SUPPORT_NOBODY, 2, buffer_view(&leave));
    gossip_renew(fleet->nodes[2].gossip); // something about it changed in its last second
    support_fleet_run(fleet, 1500);
    for (size_t i = 0; i < fleet->count; i++)
        assert_int_equal(support_fleet_view(fleet, i, 2)->state, MEMBERS_LEFT);
    buffer_deinit(&leave);
    support_fleet_free(fleet);
}

static struct hash trace_of_a_stormy_minute(uint64_t seed)
{
    struct support_fleet *fleet = support_fleet_new(12, seed);
    fleet->loss_permille = 100;
    for (size_t i = 0; i < fleet->count; i++)
        support_fleet_start(fleet, i, i ? 0 : SUPPORT_NOBODY);
    support_fleet_run(fleet, 20000);
    support_fleet_kill(fleet, 3);
    support_fleet_split(fleet, 5, true);
    support_fleet_run(fleet, 20000);
    support_fleet_split(fleet, 5, false);
    support_fleet_start(fleet, 3, 7);
    support_fleet_run(fleet, 20000);
    struct hash trace = hasher_finish(&fleet->trace);
    support_fleet_free(fleet);
    return trace;
}

static void one_seed_replays_bit_for_bit(void **state)
{
    (void)state;
    struct hash first = trace_of_a_stormy_minute(42), again = trace_of_a_stormy_minute(42);
    struct hash other = trace_of_a_stormy_minute(43);
    assert_true(hash_equal(&first, &again));
    assert_false(hash_equal(&first, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_joining_at_once_all_see_twenty),
        cmocka_unit_test(a_hundred_joining_at_once_all_see_a_hundred),
        cmocka_unit_test(everybody_hears_of_a_newcomer_without_any_repair),
        cmocka_unit_test(a_killed_node_is_dead_for_all_after_the_suspicion_time),
        cmocka_unit_test(a_wrong_suspicion_is_refuted_at_once),
        cmocka_unit_test(helpers_bridge_a_one_way_cut),
        cmocka_unit_test(two_nodes_without_datagrams_between_them_live_by_streams),
        cmocka_unit_test(a_node_without_any_datagrams_lives_by_streams),
        cmocka_unit_test(a_dead_node_without_datagrams_dies_all_the_same),
        cmocka_unit_test(five_percent_loss_kills_nobody),
        cmocka_unit_test(a_sleeper_wakes_and_accuses_nobody),
        cmocka_unit_test(a_short_sleep_is_no_death),
        cmocka_unit_test(both_sides_of_a_split_go_on_and_find_each_other),
        cmocka_unit_test(a_split_heals_by_refutation_alone),
        cmocka_unit_test(who_missed_a_refutation_gets_it_when_it_repeats_the_accusation),
        cmocka_unit_test(a_quick_restart_is_heard_at_once_whatever_was_under_way),
        cmocka_unit_test(the_last_one_left_goes_on_alone),
        cmocka_unit_test(a_node_that_boots_alone_settles_and_accuses_nobody),
        cmocka_unit_test(an_ack_from_before_its_death_revives_nobody),
        cmocka_unit_test(a_booted_node_settles_when_all_answered),
        cmocka_unit_test(a_restart_within_the_suspicion_time_is_noticed_by_generation),
        cmocka_unit_test(the_same_key_at_a_new_address_is_accepted),
        cmocka_unit_test(who_left_stays_away),
        cmocka_unit_test(who_leaves_does_not_take_it_back),
        cmocka_unit_test(one_seed_replays_bit_for_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
