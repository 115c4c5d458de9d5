// test_reconcile.c - two sets find what they lack of each other, and what that costs.
#include "crdt/reconcile.h"
#include "crdt/reconcile_wire.h"
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 20260921;

struct set {
    struct reconcile_item *items;
    size_t count;
};

struct outcome {
    size_t message_count, size_bytes, largest_bytes;
};

static struct reconcile_item item_of(uint64_t stamp)
{
    struct reconcile_item item = {.stamp = stamp};
    for (size_t i = 0; i < sizeof item.id.b; i += 8) {
        uint64_t word = support_random(&seed);
        memcpy(item.id.b + i, &word, sizeof word);
    }
    return item;
}

static int item_order(const void *a, const void *b)
{
    return reconcile_item_compare(a, b);
}

static void set_sort(struct set *set)
{
    qsort(set->items, set->count, sizeof *set->items, item_order);
}

// `count` records of one year, in hybrid time.
static struct set set_of_a_year(size_t count)
{
    struct set set = {base_alloc(count + 1, sizeof(struct reconcile_item)), count};
    for (size_t i = 0; i < count; i++) {
        uint64_t ms = (uint64_t)SUPPORT_WALL_MS + support_random(&seed) % (366ull * 24 * 3600 * 1000);
        set.items[i] = item_of(ms << 16 | support_random(&seed) % 3);
    }
    set_sort(&set);
    return set;
}

static struct reconcile_view view_of(const struct set *set)
{
    return (struct reconcile_view){set->items, set->count};
}

static void learn(struct set *set, const struct set *from, const struct reconcile_lacks *sent)
{
    set->items = base_resize(set->items, set->count + sent->count + 1, sizeof *set->items);
    for (size_t i = 0; i < sent->count; i++) {
        size_t k = 0;
        while (k < from->count && !hash_equal(&from->items[k].id, &sent->ids[i]))
            k++;
        assert_true(k < from->count); // only what the sender has
        for (size_t other = 0; other < set->count; other++)
            if (hash_equal(&set->items[other].id, &sent->ids[i]))
                fail_msg("sent what the other side has");
        set->items[set->count++] = from->items[k];
    }
}

// Runs a whole repair between sets that stand still; what each side would send is in lacks[side].
static struct outcome converse(const struct set sets[2], struct reconcile_lacks lacks[2])
{
    struct outcome outcome = {0};
    struct buffer message = {0}, answer = {0};
    struct reconcile_view views[2] = {view_of(&sets[0]), view_of(&sets[1])};
    reconcile_start(&views[0], support_random(&seed), &message);
    for (int side = 1;; side = !side) {
        outcome.message_count++;
        outcome.size_bytes += message.size;
        outcome.largest_bytes = MAX_OF(outcome.largest_bytes, message.size);
        assert_true(message.size <= LIMIT_STREAM_FRAME_SIZE_MAX);
        assert_true(outcome.message_count < 200);
        buffer_clear(&answer);
        int result = reconcile_answer(&views[side], buffer_view(&message), &answer, &lacks[side]);
        assert_int_not_equal(result, RECONCILE_MALFORMED);
        struct buffer swap = message;
        message = answer;
        answer = swap;
        if (result == RECONCILE_DONE)
            break;
    }
    assert_int_equal(message.size, 0);
    buffer_deinit(&message);
    buffer_deinit(&answer);
    return outcome;
}

static void remove_at(struct set *set, size_t index)
{
    memmove(set->items + index, set->items + index + 1, (set->count - index - 1) * sizeof *set->items);
    set->count--;
}

static struct set copy_of(const struct set *set)
{
    return (struct set){base_copy(set->items, (set->count + 1) * sizeof *set->items), set->count};
}

static void free_all(struct set sets[2], struct reconcile_lacks lacks[2])
{
    for (int side = 0; side < 2; side++) {
        free(sets[side].items);
        reconcile_lacks_deinit(&lacks[side]);
    }
}

static void exchange(struct set sets[2], const struct reconcile_lacks lacks[2])
{
    struct set before[2] = {copy_of(&sets[0]), copy_of(&sets[1])};
    learn(&sets[0], &before[1], &lacks[1]);
    learn(&sets[1], &before[0], &lacks[0]);
    free(before[0].items);
    free(before[1].items);
    set_sort(&sets[0]);
    set_sort(&sets[1]);
    assert_int_equal(sets[0].count, sets[1].count);
    assert_memory_equal(sets[0].items, sets[1].items, sets[0].count * sizeof *sets[0].items);
}

// --- what it finds -----------------------------------------------------------

static void random_sets_become_equal(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t count = support_random(&seed) % 600, lost = support_random(&seed) % 60;
        struct set sets[2] = {set_of_a_year(count), {0}};
        struct reconcile_lacks lacks[2] = {{0}};
        sets[1] = copy_of(&sets[0]);
        size_t missing = 0;
        for (size_t i = 0; i < lost && count; i++) {
            struct set *set = &sets[support_random(&seed) % 2];
            if (!set->count)
                continue;
            remove_at(set, (size_t)(support_random(&seed) % set->count));
            missing++;
        }
        converse(sets, lacks);
        assert_true(lacks[0].count + lacks[1].count <= missing); // both may have lost the same one
        exchange(sets, lacks);
        free_all(sets, lacks);
    }
}

static void records_of_one_stamp_are_told_apart_by_their_ids(void **state)
{
    (void)state;
    struct set sets[2] = {set_of_a_year(500), {0}};
    struct reconcile_lacks lacks[2] = {{0}};
    for (size_t i = 0; i < sets[0].count; i++) {
        sets[0].items[i].stamp = i < 400 ? 0 : UINT64_MAX;
        if (i % 2) // long shared beginnings
            memset(sets[0].items[i].id.b, 0, sizeof sets[0].items[i].id.b - 4);
    }
    set_sort(&sets[0]);
    sets[1] = copy_of(&sets[0]);
    for (size_t i = 0; i < 20; i++)
        remove_at(&sets[i % 2], (size_t)(support_random(&seed) % sets[i % 2].count));
    converse(sets, lacks);
    exchange(sets, lacks);
    free_all(sets, lacks);
}

static void an_empty_set_learns_everything_in_one_message(void **state)
{
    (void)state;
    struct set sets[2] = {set_of_a_year(0), set_of_a_year(3000)};
    struct reconcile_lacks lacks[2] = {{0}};
    struct outcome outcome = converse(sets, lacks);
    assert_int_equal(outcome.message_count, 1);
    assert_int_equal(lacks[1].count, 3000);
    exchange(sets, lacks);
    free_all(sets, lacks);
}

static void a_full_set_finds_an_empty_one_in_two_messages(void **state)
{
    (void)state;
    struct set sets[2] = {set_of_a_year(3000), set_of_a_year(0)};
    struct reconcile_lacks lacks[2] = {{0}};
    struct outcome outcome = converse(sets, lacks);
    assert_int_equal(outcome.message_count, 2);
    assert_int_equal(lacks[0].count, 3000);
    exchange(sets, lacks);
    free_all(sets, lacks);
}

static int hash_order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash));
}

static size_t distinct_count(struct reconcile_lacks *lacks)
{
    size_t count = 0;
    qsort(lacks->ids, lacks->count, sizeof *lacks->ids, hash_order);
    for (size_t i = 0; i < lacks->count; i++)
        count += i == 0 || !hash_equal(&lacks->ids[i - 1], &lacks->ids[i]);
    return count;
}

static void messages_stay_within_a_frame_and_still_find_everything(void **state)
{
    (void)state;
    struct set sets[2] = {set_of_a_year(60000), {0}};
    struct reconcile_lacks lacks[2] = {{0}};
    sets[1].items = base_alloc(sets[0].count + 1, sizeof *sets[1].items);
    size_t kept = 0;
    for (size_t i = 0; i < sets[0].count; i++) { // every fourth is on one side only
        struct reconcile_item item = sets[0].items[i];
        if (i % 4 != 1)
            sets[1].items[sets[1].count++] = item;
        if (i % 4 != 3)
            sets[0].items[kept++] = item;
    }
    sets[0].count = kept;
    struct outcome outcome = converse(sets, lacks);
    assert_true(outcome.largest_bytes > LIMIT_STREAM_FRAME_SIZE_MAX / 2); // the bound was at work
    for (int side = 0; side < 2; side++) { // where a message was full, a record may be found twice
        assert_true(lacks[side].count < 15000 + 150);
        assert_int_equal(distinct_count(&lacks[side]), 15000);
    }
    free_all(sets, lacks);
}

static void a_record_that_comes_in_the_middle_of_a_repair_does_no_harm(void **state)
{
    (void)state;
    struct set sets[2] = {set_of_a_year(2000), {0}};
    struct reconcile_lacks lacks[2] = {{0}};
    struct buffer message = {0}, answer = {0};
    sets[1] = copy_of(&sets[0]);
    for (size_t i = 0; i < 50; i++)
        remove_at(&sets[i % 2], (size_t)(support_random(&seed) % sets[i % 2].count));
    struct reconcile_view view = view_of(&sets[0]);
    reconcile_start(&view, 1, &message);
    int result = 0;
    for (int side = 1; result == 0; side = !side) {
        remove_at(&sets[side], (size_t)(support_random(&seed) % sets[side].count)); // superseded meanwhile
        view = view_of(&sets[side]);
        buffer_clear(&answer);
        result = reconcile_answer(&view, buffer_view(&message), &answer, &lacks[side]);
        assert_int_not_equal(result, RECONCILE_MALFORMED);
        buffer_clear(&message);
        buffer_add(&message, answer.data, answer.size);
    }
    buffer_deinit(&message);
    buffer_deinit(&answer);
    free_all(sets, lacks);
}

// --- what it costs -----------------------------------------------------------

static struct outcome cost_of(size_t count, size_t lost, bool is_newest, int loser)
{
    struct set sets[2] = {set_of_a_year(count), {0}};
    struct reconcile_lacks lacks[2] = {{0}};
    sets[1] = copy_of(&sets[0]);
    for (size_t i = 0; i < lost; i++) {
        struct set *set = &sets[loser < 0 ? (int)(i % 2) : loser];
        remove_at(set, is_newest ? set->count - 1 : (size_t)(support_random(&seed) % set->count));
    }
    struct outcome outcome = converse(sets, lacks);
    size_t found = lacks[0].count + lacks[1].count;
    if (found != lost)
        fail_msg("found %zu of %zu", found, lost);
    print_message("    %zu of %zu, %s, %s: %zu bytes in %zu messages\n", lost, count,
                  is_newest ? "newest" : "scattered",
                  loser < 0 ? "both lack" : (loser ? "the other lacks" : "the starter lacks"),
                  outcome.size_bytes, outcome.message_count);
    free_all(sets, lacks);
    return outcome;
}

static void a_hundred_scattered_of_100000_cost_at_most_41_kB(void **state)
{
    (void)state;
    for (int loser = -1; loser < 2; loser++)
        assert_true(cost_of(100000, 100, false, loser).size_bytes <= 41000);
}

static void a_hundred_newest_of_100000_cost_at_most_3_kB(void **state)
{
    (void)state;
    for (int loser = 0; loser < 2; loser++)
        assert_true(cost_of(100000, 100, true, loser).size_bytes <= 3000);
}

static void a_few_differences_are_cheap(void **state)
{
    (void)state;
    assert_true(cost_of(100000, 1, false, 0).size_bytes <= 1000);
    assert_true(cost_of(100000, 10, false, -1).size_bytes <= 7000);
    assert_true(cost_of(100000, 1, true, 0).size_bytes <= 500);
    assert_true(cost_of(100000, 1, true, 0).message_count <= 2);
    assert_true(cost_of(1000, 3, false, -1).size_bytes <= 1500);
}

// --- hostile input -----------------------------------------------------------

static int answer_to(const struct set *set, struct bytes message)
{
    struct reconcile_view view = view_of(set);
    struct reconcile_lacks lacks = {0};
    struct buffer out = {0};
    int result = reconcile_answer(&view, message, &out, &lacks);
    assert_true(out.size <= LIMIT_STREAM_FRAME_SIZE_MAX);
    assert_true(lacks.count <= set->count);
    if (result == RECONCILE_MALFORMED)
        assert_true(out.size == 0 && lacks.count == 0);
    buffer_deinit(&out);
    reconcile_lacks_deinit(&lacks);
    return result;
}

static void cut_messages_are_refused_unless_they_end_between_ranges(void **state)
{
    (void)state;
    struct set set = set_of_a_year(200), other = set_of_a_year(200);
    struct reconcile_view view = view_of(&set);
    struct buffer message = {0};
    reconcile_start(&view, 7, &message);
    size_t refused = 0;
    for (size_t size = 0; size < message.size; size++)
        refused += answer_to(&other, bytes_of(message.data, size)) == RECONCILE_MALFORMED;
    assert_true(refused > message.size - 40);
    message.data[0] = 2; // another version
    assert_int_equal(answer_to(&other, buffer_view(&message)), RECONCILE_MALFORMED);
    buffer_deinit(&message);
    free(set.items);
    free(other.items);
}

static void ranges_out_of_order_are_refused(void **state)
{
    (void)state;
    struct set set = set_of_a_year(100);
    uint8_t end_twice[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 63 << 2, 63 << 2};
    uint8_t stands_still[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0 << 2, 0};
    uint8_t overflows[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 60 << 2, 16};
    uint8_t long_number[] = {1,    0,    0,    0,    0,    0,    0,    0,    0,    0 << 2,
                             0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    uint8_t long_id[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 62 << 2, 1, 33};
    uint8_t long_list[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 63 << 2 | 2, 32};
    uint8_t nothing[] = {1, 0, 0, 0, 0, 0, 0, 0, 0};
    uint8_t agreed[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 60 << 2, 15, 63 << 2};
    assert_int_equal(answer_to(&set, bytes_of(end_twice, sizeof end_twice)), RECONCILE_MALFORMED);
    assert_int_equal(answer_to(&set, bytes_of(stands_still, sizeof stands_still)), RECONCILE_MALFORMED);
    assert_int_equal(answer_to(&set, bytes_of(overflows, sizeof overflows)), RECONCILE_MALFORMED);
    assert_int_equal(answer_to(&set, bytes_of(long_number, sizeof long_number)), RECONCILE_MALFORMED);
    assert_int_equal(answer_to(&set, bytes_of(long_id, sizeof long_id)), RECONCILE_MALFORMED);
    assert_int_equal(answer_to(&set, bytes_of(long_list, sizeof long_list)), RECONCILE_MALFORMED);
    assert_int_equal(answer_to(&set, bytes_of(nothing, sizeof nothing)), RECONCILE_DONE);
    assert_int_equal(answer_to(&set, bytes_of(agreed, sizeof agreed)), RECONCILE_DONE);
    free(set.items);
}

static void noise_never_gets_out_of_bounds(void **state)
{
    (void)state;
    struct set set = set_of_a_year(300);
    struct reconcile_view view = view_of(&set);
    struct buffer message = {0};
    for (int round = 0; round < 20000; round++) {
        buffer_clear(&message);
        reconcile_start(&view, (uint64_t)round, &message);
        for (int flips = 0; flips < 1 + round % 8; flips++)
            message.data[9 + support_random(&seed) % (message.size - 9)] = (uint8_t)support_random(&seed);
        answer_to(&set, buffer_view(&message));
    }
    buffer_deinit(&message);
    free(set.items);
}

// --- bounds ------------------------------------------------------------------

static void a_bound_between_two_items_separates_them_and_survives_the_wire(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct reconcile_item pair[2] = {item_of(support_random(&seed)), item_of(support_random(&seed))};
        if (round % 3 == 0)
            pair[1].stamp = pair[0].stamp;
        if (round % 3 == 1)
            pair[1].stamp = pair[0].stamp ^ 1ull << (support_random(&seed) % 64);
        qsort(pair, 2, sizeof pair[0], item_order);
        struct reconcile_wire_bound bound = reconcile_wire_between(&pair[0], &pair[1]), start = {0};
        assert_true(reconcile_item_compare(&pair[0], &bound.item) < 0);
        assert_true(reconcile_item_compare(&bound.item, &pair[1]) <= 0);
        struct buffer out = {0};
        struct reconcile_wire_writer writer;
        struct reconcile_wire_reader reader;
        struct reconcile_wire_range range = {.upper = bound}, read;
        uint64_t salt;
        reconcile_wire_start(&writer, &out, 3);
        reconcile_wire_write(&writer, &start, &range);
        range.upper.is_end = true;
        reconcile_wire_write(&writer, &bound, &range);
        assert_true(reconcile_wire_open(&reader, buffer_view(&out), &salt));
        assert_int_equal(salt, 3);
        assert_true(reconcile_wire_read(&reader, &read));
        assert_int_equal(reconcile_wire_compare(&read.upper, &bound), 0);
        assert_true(reconcile_wire_read(&reader, &read));
        assert_true(read.upper.is_end);
        assert_false(reconcile_wire_has_more(&reader));
        buffer_deinit(&out);
    }
}

int main(void)
{
    print_message("    seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_sets_become_equal),
        cmocka_unit_test(records_of_one_stamp_are_told_apart_by_their_ids),
        cmocka_unit_test(an_empty_set_learns_everything_in_one_message),
        cmocka_unit_test(a_full_set_finds_an_empty_one_in_two_messages),
        cmocka_unit_test(messages_stay_within_a_frame_and_still_find_everything),
        cmocka_unit_test(a_record_that_comes_in_the_middle_of_a_repair_does_no_harm),
        cmocka_unit_test(a_hundred_scattered_of_100000_cost_at_most_41_kB),
        cmocka_unit_test(a_hundred_newest_of_100000_cost_at_most_3_kB),
        cmocka_unit_test(a_few_differences_are_cheap),
        cmocka_unit_test(cut_messages_are_refused_unless_they_end_between_ranges),
        cmocka_unit_test(ranges_out_of_order_are_refused),
        cmocka_unit_test(noise_never_gets_out_of_bounds),
        cmocka_unit_test(a_bound_between_two_items_separates_them_and_survives_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
