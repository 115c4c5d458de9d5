// test_rumor.c - what goes into a packet, how often, and what must not starve.
#include "gossip/random.h"
#include "gossip/rumor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct packed { // what one packet got
    size_t count;
    size_t bytes;
    size_t news_bytes;
    uint8_t classes[256];
    uint8_t keys[256];
};

static void pack(void *context, const struct rumor *rumor)
{
    struct packed *packed = context;
    size_t size = PACKET_ITEM_OVERHEAD_SIZE + rumor->data.size + (rumor->class == RUMOR_ALIVE);
    packed->classes[packed->count] = rumor->class;
    packed->keys[packed->count++] = rumor->key.b[0];
    packed->bytes += size;
    packed->news_bytes += rumor->class >= RUMOR_NEWS ? size : 0;
}

static struct node_id node_of(uint8_t number)
{
    return (struct node_id){{number}};
}

static int add(struct rumors *rumors, uint8_t class, uint8_t key, size_t size, uint8_t fill)
{
    static uint8_t data[2 * LIMIT_DATAGRAM_SIZE_MAX];
    memset(data, fill, sizeof data);
    struct rumor_words words = {.class = class, .key = {{key}}, .data = bytes_of(data, size)};
    return rumor_add(rumors, &words);
}

static struct packed pick(struct rumors *rumors, uint8_t to, size_t room, unsigned sends)
{
    struct packed packed = {0};
    struct rumor_plan plan = {.to = node_of(to), .room_bytes = room, .sends_needed = sends};
    size_t chosen = rumor_pick(rumors, &plan, pack, &packed);
    assert_int_equal(chosen, packed.count);
    assert_true(packed.bytes <= room);
    return packed;
}

static void a_rumour_is_sent_so_often_and_forgotten(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    assert_int_equal(add(&rumors, RUMOR_NEWS, 1, 100, 0), 0);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(pick(&rumors, 9, 1000, 5).count, 1);
    assert_int_equal(pick(&rumors, 9, 1000, 5).count, 0);
    assert_int_equal(rumors.count, 0);
    rumor_deinit(&rumors);
}

static void sends_grow_with_the_logarithm_of_the_fleet(void **state)
{
    (void)state;
    assert_int_equal(rumor_sends_needed(1), 3);
    assert_int_equal(rumor_sends_needed(2), 3);
    assert_int_equal(rumor_sends_needed(3), 6);
    assert_int_equal(rumor_sends_needed(99), 8);
    assert_int_equal(rumor_sends_needed(999), 12);
    assert_int_equal(rumor_sends_needed(9999), 16);
}

static void a_newer_one_with_the_same_key_replaces_the_older(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    assert_int_equal(add(&rumors, RUMOR_NEWS, 1, 100, 7), 0);
    assert_int_equal(add(&rumors, RUMOR_NEWS, 1, 100, 7), RUMOR_KNOWN);
    pick(&rumors, 9, 1000, 5);
    assert_int_equal(add(&rumors, RUMOR_NEWS, 1, 50, 8), 0);
    assert_int_equal(rumors.count, 1);
    struct hash key = {{1}};
    assert_int_equal(rumor_find(&rumors, RUMOR_NEWS, &key)->sends, 0);
    assert_int_equal(add(&rumors, RUMOR_NEWS + 1, 1, 50, 8), 0); // another class: another rumour
    assert_int_equal(rumors.count, 2);
    rumor_deinit(&rumors);
}

static void what_is_too_large_for_a_packet_is_refused(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    assert_int_equal(add(&rumors, RUMOR_NEWS, 1, RUMOR_SIZE_MAX + 1, 0), RUMOR_TOO_LARGE);
    assert_int_equal(add(&rumors, RUMOR_NEWS, 1, RUMOR_SIZE_MAX, 0), 0);
    assert_int_equal(pick(&rumors, 9, PACKET_SIZE_MAX - PACKET_HEADER_SIZE_MAX, 5).count, 1);
    rumor_deinit(&rumors);
}

static void nobody_is_told_what_it_told_us_nor_who_it_is(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    struct rumor_words words = {.class = RUMOR_NEWS, .source = node_of(5), .data = bytes_of("x", 1)};
    assert_int_equal(rumor_add(&rumors, &words), 0);
    struct node_id six = node_of(6);
    words =
        (struct rumor_words){.class = RUMOR_ALIVE, .key = rumor_key(&six, NULL), .data = bytes_of("y", 1)};
    assert_int_equal(rumor_add(&rumors, &words), 0);
    assert_int_equal(pick(&rumors, 5, 1000, 4).count, 1);
    assert_int_equal(pick(&rumors, 6, 1000, 4).count, 1);
    assert_int_equal(pick(&rumors, 7, 1000, 4).count, 2);
    rumor_deinit(&rumors);
}

static void the_least_often_sent_go_first_and_of_these_the_newest(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    for (uint8_t key = 1; key <= 4; key++)
        add(&rumors, RUMOR_NEWS, key, 97, 0); // 100 with overhead
    struct packed first = pick(&rumors, 9, 200, 5);
    assert_int_equal(first.keys[0], 4);
    assert_int_equal(first.keys[1], 3);
    struct packed second = pick(&rumors, 9, 200, 5);
    assert_int_equal(second.keys[0], 2);
    assert_int_equal(second.keys[1], 1);
    rumor_deinit(&rumors);
}

static void accusations_go_before_claims_of_life_and_these_before_news(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    add(&rumors, RUMOR_NEWS, 1, 30, 0);
    add(&rumors, RUMOR_ALIVE, 2, 30, 0);
    add(&rumors, RUMOR_SUSPICION, 3, 30, 0);
    struct packed packed = pick(&rumors, 9, 1000, 5);
    assert_int_equal(packed.count, 3);
    assert_int_equal(packed.classes[0], RUMOR_SUSPICION);
    assert_int_equal(packed.classes[1], RUMOR_ALIVE);
    assert_int_equal(packed.classes[2], RUMOR_NEWS);
    rumor_deinit(&rumors);
}

static void a_storm_of_membership_leaves_half_a_packet_to_news(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    for (uint8_t key = 0; key < 200; key++) {
        add(&rumors, RUMOR_ALIVE, key, 200, 0);
        add(&rumors, RUMOR_SUSPICION, key, 130, 0);
        add(&rumors, RUMOR_NEWS, key, 100, 0);
    }
    struct packed packed = pick(&rumors, 9, 1000, 8);
    assert_true(packed.news_bytes >= 400);
    assert_true(packed.bytes - packed.news_bytes <= 500);
    rumor_deinit(&rumors);
}

static void what_news_leaves_over_goes_to_membership(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    add(&rumors, RUMOR_NEWS, 1, 50, 0);
    for (uint8_t key = 0; key < 20; key++)
        add(&rumors, RUMOR_SUSPICION, key, 97, 0);
    struct packed packed = pick(&rumors, 9, 1000, 8);
    assert_int_equal(packed.count, 1 + 9);
    rumor_deinit(&rumors);
}

static void a_second_packet_to_the_same_member_repeats_nothing(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    struct packed packed = {0};
    add(&rumors, RUMOR_NEWS, 1, 97, 0);
    add(&rumors, RUMOR_NEWS, 2, 97, 0);
    struct rumor_plan plan = {.to = node_of(9), .room_bytes = 100, .sends_needed = 8};
    rumor_pick(&rumors, &plan, pack, &packed);
    plan.is_continued = true;
    rumor_pick(&rumors, &plan, pack, &packed);
    assert_int_equal(rumor_pick(&rumors, &plan, pack, &packed), 0);
    assert_int_equal(packed.count, 2);
    assert_int_not_equal(packed.keys[0], packed.keys[1]);
    rumor_deinit(&rumors);
}

static void what_nobody_can_be_told_expires(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    struct rumor_words words = {.class = RUMOR_NEWS, .data = bytes_of("x", 1), .now_ms = 1000};
    assert_int_equal(rumor_add(&rumors, &words), 0);
    rumor_expire(&rumors, 1000 + RUMOR_AGE_MS_MAX - 1);
    assert_int_equal(rumors.count, 1);
    rumor_expire(&rumors, 1000 + RUMOR_AGE_MS_MAX);
    assert_int_equal(rumors.count, 0);
    rumor_deinit(&rumors);
}

static void accusations_of_one_target_can_be_dropped(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    for (uint8_t target = 1; target <= 3; target++) {
        for (uint8_t accuser = 10; accuser < 14; accuser++) {
            struct node_id about = node_of(target), by = node_of(accuser);
            struct rumor_words words = {
                .class = RUMOR_SUSPICION, .key = rumor_key(&about, &by), .data = bytes_of("x", 1)};
            assert_int_equal(rumor_add(&rumors, &words), 0);
        }
    }
    struct node_id two = node_of(2);
    rumor_remove_suspicions(&rumors, &two);
    assert_int_equal(rumors.count, 8);
    for (size_t i = 0; i < rumors.count; i++)
        assert_int_not_equal(rumors.index[i]->key.b[0], 2);
    rumor_deinit(&rumors);
}

static void the_queue_is_bounded(void **state)
{
    (void)state;
    struct rumors rumors = {0};
    for (uint32_t i = 0; i < RUMOR_COUNT_MAX + 100; i++) {
        struct rumor_words words = {.class = RUMOR_NEWS, .data = bytes_of("x", 1)};
        memcpy(words.key.b, &i, sizeof i);
        assert_int_equal(rumor_add(&rumors, &words), 0);
    }
    assert_int_equal(rumors.count, RUMOR_COUNT_MAX);
    assert_int_equal(add(&rumors, RUMOR_SUSPICION, 1, 100, 0), 0); // news makes room for it
    struct hash key = {{1}};
    assert_non_null(rumor_find(&rumors, RUMOR_SUSPICION, &key));
    rumor_deinit(&rumors);
}

static void every_rumour_is_sent_exactly_often_enough_in_any_mix(void **state)
{
    (void)state;
    enum { SENDS = 8, COUNT = 60 };
    static const uint8_t classes[] = {RUMOR_ALIVE, RUMOR_SUSPICION, RUMOR_LEAVE, RUMOR_NEWS, RUMOR_NEWS + 3};
    static const uint8_t seed[RANDOM_SEED_SIZE] = {5};
    struct rumors rumors = {0};
    struct random random;
    unsigned sent[COUNT] = {0};
    random_init(&random, seed);
    for (uint8_t key = 0; key < COUNT; key++)
        add(&rumors, classes[key % COUNT_OF(classes)], key, 20 + random_below(&random, 400), 0);
    for (size_t packet = 0; packet < 2000 && rumors.count; packet++) {
        struct packed packed = pick(&rumors, 99, 1000, SENDS);
        for (size_t i = 0; i < packed.count; i++)
            sent[packed.keys[i]]++;
    }
    for (size_t key = 0; key < COUNT; key++)
        assert_int_equal(sent[key], SENDS);
    rumor_deinit(&rumors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rumour_is_sent_so_often_and_forgotten),
        cmocka_unit_test(sends_grow_with_the_logarithm_of_the_fleet),
        cmocka_unit_test(a_newer_one_with_the_same_key_replaces_the_older),
        cmocka_unit_test(what_is_too_large_for_a_packet_is_refused),
        cmocka_unit_test(nobody_is_told_what_it_told_us_nor_who_it_is),
        cmocka_unit_test(the_least_often_sent_go_first_and_of_these_the_newest),
        cmocka_unit_test(accusations_go_before_claims_of_life_and_these_before_news),
        cmocka_unit_test(a_storm_of_membership_leaves_half_a_packet_to_news),
        cmocka_unit_test(what_news_leaves_over_goes_to_membership),
        cmocka_unit_test(a_second_packet_to_the_same_member_repeats_nothing),
        cmocka_unit_test(what_nobody_can_be_told_expires),
        cmocka_unit_test(accusations_of_one_target_can_be_dropped),
        cmocka_unit_test(the_queue_is_bounded),
        cmocka_unit_test(every_rumour_is_sent_exactly_often_enough_in_any_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
