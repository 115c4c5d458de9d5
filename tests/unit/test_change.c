// test_change.c - pauses, deletes, orders and events survive the journey, and what breaks a bound does not.
#include "tests/fuzz/round.h"
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

ROUND(pause, pause)
ROUND(removal, removal)
ROUND(order, order)
ROUND(event_record, event_record)
ROUND_ACCEPTS(pause, pause)
ROUND_ACCEPTS(removal, removal)
ROUND_ACCEPTS(order, order)
ROUND_ACCEPTS(event_record, event_record)

static const struct hash hashes[LIMIT_LIFTED_PAUSE_COUNT_MAX + 1] = {{{1}}, {{2}}};
static const struct node_id targets[LIMIT_TARGET_COUNT_MAX + 1] = {{{1}}, {{2}}};

static struct pause good_pause(void)
{
    return (struct pause){.namespace_name = "ops",
                          .name = "backup",
                          .life = 3,
                          .stamp = 4,
                          .until_ms = SUPPORT_WALL_MS,
                          .lifts = hashes,
                          .lift_count = 2,
                          .authority_number = 5,
                          .note = "Platte voll"};
}

static void pauses_survive(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct pause pause = good_pause(), decoded;
    pause_encode(&pause, &body);
    assert_int_equal(pause_decode(buffer_view(&body), &arena, &decoded), 0);
    assert_string_equal(decoded.namespace_name, "ops");
    assert_string_equal(decoded.name, "backup");
    assert_true(decoded.life == 3 && decoded.stamp == 4 && decoded.authority_number == 5);
    assert_int_equal(decoded.until_ms, SUPPORT_WALL_MS);
    assert_int_equal(decoded.lift_count, 2);
    assert_memory_equal(decoded.lifts, hashes, 2 * sizeof *hashes);
    assert_string_equal(decoded.note, "Platte voll");
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void pauses_have_bounds(void **state)
{
    (void)state;
    struct pause pause = good_pause();
    pause.note = NULL;
    pause.lift_count = LIMIT_LIFTED_PAUSE_COUNT_MAX;
    assert_true(accepts_pause(&pause));
    pause.lift_count++;
    assert_false(accepts_pause(&pause));
    pause = good_pause();
    pause.life = 4; // a deleted name has nothing to pause
    assert_false(accepts_pause(&pause));
    pause = good_pause();
    pause.stamp = ((uint64_t)LIMIT_WALL_MS_MAX << 16) + 1;
    assert_false(accepts_pause(&pause));
    pause = good_pause();
    pause.until_ms = LIMIT_WALL_MS_MAX + 1;
    assert_false(accepts_pause(&pause));
    pause = good_pause();
    pause.note = "\xed\xa0\x80"; // half of a surrogate pair
    assert_false(accepts_pause(&pause));
    pause = good_pause();
    strcpy(pause.name, "a/b");
    assert_false(accepts_pause(&pause));
}

static void deletes_survive_and_have_even_lives(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct removal decoded,
        removal = {.namespace_name = "ops", .name = "backup", .life = 4, .stamp = 5, .authority_number = 6};
    removal_encode(&removal, &body);
    assert_int_equal(removal_decode(buffer_view(&body), &arena, &decoded), 0);
    assert_string_equal(decoded.namespace_name, "ops");
    assert_string_equal(decoded.name, "backup");
    assert_true(decoded.life == 4 && decoded.stamp == 5 && decoded.authority_number == 6);
    buffer_deinit(&body);
    arena_deinit(&arena);
    removal.life = 3;
    assert_false(accepts_removal(&removal));
    removal.life = 0;
    assert_false(accepts_removal(&removal));
    removal.life = (uint64_t)INT64_MAX + 1;
    assert_false(accepts_removal(&removal));
}

static struct order good_order(void)
{
    return (struct order){.random = {1, [15] = 2},
                          .action = ORDER_CANCEL,
                          .namespace_name = "ops",
                          .name = "backup",
                          .life = 3,
                          .run = {{4}},
                          .targets = targets,
                          .target_count = 2,
                          .not_before_ms = SUPPORT_WALL_MS,
                          .not_after_ms = SUPPORT_WALL_MS + LIMIT_ORDER_MS_MAX,
                          .stamp = 5,
                          .authority_number = 6};
}

static void orders_survive(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct order order = good_order(), decoded;
    order_encode(&order, &body);
    assert_int_equal(order_decode(buffer_view(&body), &arena, &decoded), 0);
    assert_memory_equal(decoded.random, order.random, sizeof order.random);
    assert_int_equal(decoded.action, ORDER_CANCEL);
    assert_string_equal(decoded.namespace_name, "ops");
    assert_string_equal(decoded.name, "backup");
    assert_true(decoded.life == 3 && decoded.stamp == 5 && decoded.authority_number == 6);
    assert_true(run_id_equal(&decoded.run, &order.run));
    assert_int_equal(decoded.target_count, 2);
    assert_memory_equal(decoded.targets, targets, 2 * sizeof *targets);
    assert_int_equal(decoded.not_before_ms, SUPPORT_WALL_MS);
    assert_int_equal(decoded.not_after_ms, SUPPORT_WALL_MS + LIMIT_ORDER_MS_MAX);
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void orders_have_a_window_of_seven_days(void **state)
{
    (void)state;
    struct order order = good_order();
    order.not_after_ms++;
    assert_false(accepts_order(&order));
    order.not_after_ms = order.not_before_ms;
    assert_true(accepts_order(&order));
    order.not_after_ms--;
    assert_false(accepts_order(&order));
    order.not_before_ms = INT64_MIN;
    order.not_after_ms = INT64_MAX;
    assert_false(accepts_order(&order));
}

static void a_range_of_due_times_has_two_ends_and_is_for_a_run(void **state)
{
    (void)state;
    struct order order = good_order();
    order.action = ORDER_RUN;
    order.run = (struct run_id){{0}};
    order.from_ms = SUPPORT_WALL_MS;
    assert_false(accepts_order(&order));
    order.until_ms = SUPPORT_WALL_MS - 1;
    assert_false(accepts_order(&order));
    order.until_ms = SUPPORT_WALL_MS;
    assert_true(accepts_order(&order));
    order.action = ORDER_CANCEL;
    assert_false(accepts_order(&order));
    order.from_ms = order.until_ms = 0;
    assert_true(accepts_order(&order));
}

static void orders_have_bounds(void **state)
{
    (void)state;
    struct order order = good_order();
    order.target_count = LIMIT_TARGET_COUNT_MAX;
    assert_true(accepts_order(&order));
    order.target_count++;
    assert_false(accepts_order(&order));
    order = good_order();
    order.action = (enum order_action)0;
    assert_false(accepts_order(&order));
    order.action = ORDER_EMIT + 1;
    assert_false(accepts_order(&order));
    order.action = ORDER_RUN; // and names a run that is there already
    assert_false(accepts_order(&order));
    order.run = (struct run_id){{0}};
    assert_true(accepts_order(&order));
    order.life = 2;
    assert_false(accepts_order(&order));
    order.action = ORDER_EMIT;
    assert_false(accepts_order(&order));
    order.life = 0;
    assert_true(accepts_order(&order));
}

static void events_survive_with_any_bytes(void **state)
{
    (void)state;
    uint8_t data[LIMIT_EVENT_DATA_SIZE_MAX + 1];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31);
    struct buffer body = {0};
    struct arena arena = {0};
    struct event_record decoded, event = {.namespace_name = "ops",
                                          .name = "usb",
                                          .random = {1, [15] = 9},
                                          .stamp = 2,
                                          .expires_ms = 3,
                                          .data = {data, LIMIT_EVENT_DATA_SIZE_MAX}};
    event_record_encode(&event, &body);
    assert_int_equal(event_record_decode(buffer_view(&body), &arena, &decoded), 0);
    buffer_deinit(&body); // what was decoded must not point into it
    assert_string_equal(decoded.namespace_name, "ops");
    assert_string_equal(decoded.name, "usb");
    assert_memory_equal(decoded.random, event.random, sizeof event.random);
    assert_true(decoded.stamp == 2 && decoded.expires_ms == 3);
    assert_true(bytes_equal(decoded.data, event.data));
    arena_deinit(&arena);
    event.data.size++;
    assert_false(accepts_event_record(&event));
    event.data.size = 0;
    assert_true(accepts_event_record(&event));
    strcpy(event.name, "usb/*");
    assert_false(accepts_event_record(&event));
}

static void bombs_of_empty_ids_are_refused(void **state)
{
    (void)state;
    struct buffer body = {0};
    while (body.size < LIMIT_RECORD_SIZE_MAX)
        buffer_add(&body, "\x32\x00", 2); // field 6: lifts of a pause, targets of an order
    assert_false(round_pause(buffer_view(&body)));
    assert_false(round_order(buffer_view(&body)));
    buffer_deinit(&body);
}

static void fields_of_a_later_version_are_skipped(void **state)
{
    (void)state;
    static const uint8_t later[] = {0xfa, 0x3e, 1, 'x'}; // field 1007
    struct buffer body = {0};
    struct pause pause = good_pause();
    pause_encode(&pause, &body);
    buffer_add(&body, later, sizeof later);
    assert_true(round_pause(buffer_view(&body)));
    buffer_deinit(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_survive),
        cmocka_unit_test(pauses_have_bounds),
        cmocka_unit_test(deletes_survive_and_have_even_lives),
        cmocka_unit_test(orders_survive),
        cmocka_unit_test(orders_have_a_window_of_seven_days),
        cmocka_unit_test(a_range_of_due_times_has_two_ends_and_is_for_a_run),
        cmocka_unit_test(orders_have_bounds),
        cmocka_unit_test(events_survive_with_any_bytes),
        cmocka_unit_test(bombs_of_empty_ids_are_refused),
        cmocka_unit_test(fields_of_a_later_version_are_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
