// test_gossip_news.c - stories of news in virtual time: spreading, finding out what was missed, idling.
#include "tests/unit/support_gossip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct support_fleet *formed(size_t count, uint64_t seed)
{
    struct support_fleet *fleet = support_fleet_new(count, seed);
    support_fleet_form(fleet);
    support_fleet_run(fleet, 3000 + 1000 * count);
    return fleet;
}

static void say(const char *what, uint64_t value, const char *unit)
{
    printf("    %-62s %6llu %s\n", what, (unsigned long long)value, unit);
}

// Node 0 tells something of `size` bytes that nobody heard before.
static void tell(struct support_fleet *fleet, uint32_t number, size_t size)
{
    uint8_t data[RUMOR_SIZE_MAX] = {0};
    struct gossip_news news = {.class = RUMOR_NEWS, .data = bytes_of(data, size), .urgent = true};
    memcpy(data, &number, sizeof number);
    memcpy(news.key.b, data, sizeof news.key.b);
    support_fleet_run(fleet, 0);
    assert_int_equal(gossip_spread(fleet->nodes[0].gossip, &news), 0);
    support_fleet_settle(fleet, 0);
}

static bool all_have_news(const struct support_fleet *fleet, size_t pieces)
{
    for (size_t i = 1; i < fleet->count; i++)
        if (fleet->nodes[i].news_count < pieces)
            return false;
    return true;
}

static int ascending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static uint64_t median_arrival_ms(const struct support_fleet *fleet, uint64_t start_ms)
{
    uint64_t arrivals[SUPPORT_NODE_COUNT_MAX];
    for (size_t i = 1; i < fleet->count; i++)
        arrivals[i - 1] = fleet->nodes[i].news_ms - start_ms;
    qsort(arrivals, fleet->count - 1, sizeof *arrivals, ascending);
    return arrivals[(fleet->count - 1) / 2];
}

static void urgent_news_floods_the_fleet(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(100, 1);
    fleet->retells = true;
    uint64_t start_ms = fleet->now_ms;
    tell(fleet, 1, 64);
    uint64_t took_ms = support_fleet_run_until(fleet, all_have_news, 1, 10000);
    say("100 nodes, urgent news, half of them have it", median_arrival_ms(fleet, start_ms), "ms");
    say("100 nodes, urgent news, all have it", took_ms, "ms");
    assert_in_range(median_arrival_ms(fleet, start_ms), 0, 20);
    assert_in_range(took_ms, 0, 1000);
    support_fleet_free(fleet);
}

static void news_gets_through_ten_percent_loss(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(100, 2);
    fleet->retells = true;
    fleet->loss_permille = 100;
    tell(fleet, 1, 64);
    uint64_t took_ms = support_fleet_run_until(fleet, all_have_news, 1, 10000);
    say("100 nodes, 10 % loss, all have it", took_ms, "ms");
    assert_in_range(took_ms, 0, 1500);
    support_fleet_free(fleet);
}

static void each_piece_is_delivered_once(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(20, 3);
    fleet->retells = true;
    tell(fleet, 1, 64);
    support_fleet_run(fleet, 4000);
    for (size_t i = 1; i < fleet->count; i++)
        assert_int_equal(fleet->nodes[i].news_count, 1);
    support_fleet_free(fleet);
}

static void a_burst_gets_through_while_the_fleet_is_in_turmoil(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(60, 4);
    fleet->retells = true;
    for (size_t i = 40; i < 60; i++) // a third dies, a storm of accusations follows
        support_fleet_kill(fleet, i);
    support_fleet_run(fleet, 1500);
    for (uint32_t number = 0; number < 50; number++)
        tell(fleet, number, 700);
    fleet->count = 40;
    uint64_t took_ms = support_fleet_run_until(fleet, all_have_news, 50, 20000);
    fleet->count = 60;
    say("40 of 60 nodes left, 50 pieces of 700 bytes, all have all", took_ms, "ms");
    assert_in_range(took_ms, 0, 5000);
    support_fleet_free(fleet);
}

static void an_idle_fleet_is_quiet(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(100, 5);
    size_t bytes = 0, packets = 0;
    for (size_t i = 0; i < fleet->count; i++)
        fleet->nodes[i].sent_bytes = fleet->nodes[i].sent_packets = fleet->nodes[i].differs_count = 0;
    support_fleet_run(fleet, 100000);
    for (size_t i = 0; i < fleet->count; i++) {
        bytes += fleet->nodes[i].sent_bytes;
        packets += fleet->nodes[i].sent_packets;
        assert_int_equal(fleet->nodes[i].differs_count, 0); // equal tables: not one repair
    }
    say("100 nodes, idle, sent by each node, all headers included", bytes / 100 / 100, "B/s");
    say("100 nodes, idle, packets of each node in 100 s", packets / 100, "");
    assert_in_range(bytes / 100 / 100, 1, 200);
    support_fleet_free(fleet);
}

static void set_table(struct support_fleet *fleet, size_t i, uint8_t fill)
{
    struct packet_fingerprint table;
    memset(table.b, fill, sizeof table.b);
    gossip_set_table(fleet->nodes[i].gossip, &table);
}

static size_t reports_of(const struct support_fleet *fleet, enum gossip_what what)
{
    size_t count = 0;
    for (size_t i = 0; i < fleet->count; i++)
        for (size_t at = 0; at < fleet->nodes[i].differs_count; at++)
            count += fleet->nodes[i].differs[at].what == what;
    return count;
}

static void forget_reports(struct support_fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++)
        fleet->nodes[i].differs_count = 0;
}

static bool anybody_reports_the_table(const struct support_fleet *fleet, size_t unused)
{
    (void)unused;
    return reports_of(fleet, GOSSIP_TABLE) > 0;
}

static void a_difference_that_lasts_is_reported_and_backs_off(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 6);
    forget_reports(fleet);
    set_table(fleet, 3, 9);
    uint64_t took_ms = support_fleet_run_until(fleet, anybody_reports_the_table, 0, 20000);
    say("8 nodes, one has another table, first report", took_ms, "ms");
    assert_in_range(took_ms, 1000, 5000);
    support_fleet_run(fleet, 120000);
    assert_true(fleet->nodes[3].differs_count > 1);
    assert_true(fleet->nodes[3].differs_count < 20); // 120 s: it backed off
    for (size_t i = 0; i < fleet->count; i++)
        for (size_t at = 0; at < fleet->nodes[i].differs_count; at++)
            if (i != 3)
                assert_true(node_id_equal(&fleet->nodes[i].differs[at].node, &fleet->nodes[3].id));
    support_fleet_free(fleet);
}

static void a_difference_of_a_moment_is_not_reported(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 7);
    forget_reports(fleet);
    for (size_t time = 0; time < 50; time++) {
        for (size_t i = 0; i < fleet->count; i++) { // news that takes 300 ms to be everywhere
            set_table(fleet, i, (uint8_t)time);
            support_fleet_run(fleet, 40);
        }
        support_fleet_run(fleet, 4000);
    }
    assert_int_equal(reports_of(fleet, GOSSIP_TABLE), 0);
    support_fleet_free(fleet);
}

static void who_is_behind_in_the_authority_log_notices(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(8, 8);
    struct hash head = {{7}};
    for (size_t i = 0; i < fleet->count; i++)
        if (i != 5)
            gossip_set_authority(fleet->nodes[i].gossip, 12, &head);
    forget_reports(fleet);
    support_fleet_run(fleet, 5000);
    assert_true(fleet->nodes[5].differs_count > 0);
    assert_int_equal(fleet->nodes[5].differs[0].what, GOSSIP_AUTHORITY);
    assert_int_equal(reports_of(fleet, GOSSIP_AUTHORITY), fleet->nodes[5].differs_count);
    support_fleet_free(fleet);
}

static void a_fork_of_the_authority_log_is_noticed_by_both(void **state)
{
    (void)state;
    struct support_fleet *fleet = formed(2, 9);
    struct hash one = {{1}}, other = {{2}};
    gossip_set_authority(fleet->nodes[0].gossip, 5, &one);
    gossip_set_authority(fleet->nodes[1].gossip, 5, &other);
    forget_reports(fleet);
    support_fleet_run(fleet, 3000);
    assert_int_equal(fleet->nodes[0].differs[0].what, GOSSIP_AUTHORITY);
    assert_int_equal(fleet->nodes[1].differs[0].what, GOSSIP_AUTHORITY);
    support_fleet_free(fleet);
}

static void a_wrong_clock_shows_against_the_median(void **state)
{
    (void)state;
    struct support_fleet *fleet = support_fleet_new(8, 10);
    fleet->nodes[3].wall_offset_ms = -5 * 60 * 1000;
    fleet->delay_ms_max = 20;
    support_fleet_form(fleet);
    support_fleet_run(fleet, 20000);
    struct gossip_clock wrong = gossip_clock(fleet->nodes[3].gossip, false),
                        right = gossip_clock(fleet->nodes[4].gossip, false);
    assert_int_equal(wrong.peer_count, 7);
    assert_in_range(wrong.offset_ms, 300000 - (int64_t)wrong.uncertainty_ms, 300000 + wrong.uncertainty_ms);
    assert_in_range(right.offset_ms + 1000, 1000 - right.uncertainty_ms, 1000 + right.uncertainty_ms);
    assert_in_range(wrong.uncertainty_ms, 1, 30);
    support_fleet_free(fleet);
}

static void news_to_nobody_is_kept_a_while_and_no_longer(void **state)
{
    (void)state;
    struct support_fleet *fleet = support_fleet_new(1, 11);
    support_fleet_start(fleet, 0, SUPPORT_NOBODY);
    tell(fleet, 1, 64);
    support_fleet_run(fleet, RUMOR_AGE_MS_MAX + 1000);
    assert_true(gossip_deadline_ms(fleet->nodes[0].gossip) > fleet->now_ms); // and the loop may sleep
    assert_int_equal(fleet->nodes[0].sent_packets, 0);
    support_fleet_free(fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_news_floods_the_fleet),
        cmocka_unit_test(news_gets_through_ten_percent_loss),
        cmocka_unit_test(each_piece_is_delivered_once),
        cmocka_unit_test(a_burst_gets_through_while_the_fleet_is_in_turmoil),
        cmocka_unit_test(an_idle_fleet_is_quiet),
        cmocka_unit_test(a_difference_that_lasts_is_reported_and_backs_off),
        cmocka_unit_test(a_difference_of_a_moment_is_not_reported),
        cmocka_unit_test(who_is_behind_in_the_authority_log_notices),
        cmocka_unit_test(a_fork_of_the_authority_log_is_noticed_by_both),
        cmocka_unit_test(a_wrong_clock_shows_against_the_median),
        cmocka_unit_test(news_to_nobody_is_kept_a_while_and_no_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
