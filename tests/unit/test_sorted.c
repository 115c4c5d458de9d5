// test_sorted.c - an array that is kept in order: things are found, and new ones come to their place.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/sorted.h"

struct pair {
    int key;
    int value;
};

struct pairs {
    struct pair *items;
    size_t count, capacity;
};

static int compare(const void *element, const void *key)
{
    int wanted = *(const int *)key, there = ((const struct pair *)element)->key;
    return (there > wanted) - (there < wanted);
}

static bool find(const struct pairs *pairs, int key, size_t *ret_at)
{
    return sorted_find(SORTED(pairs->items, pairs->count, compare), &key, ret_at);
}

static void add(struct pairs *pairs, int key, int value)
{
    size_t at;
    assert_false(find(pairs, key, &at));
    void *items = pairs->items;
    struct pair *added = sorted_insert(&items, &pairs->count, &pairs->capacity, at, sizeof *added);
    pairs->items = items;
    assert_int_equal(added->key, 0);
    assert_int_equal(added->value, 0);
    *added = (struct pair){key, value};
}

static void nothing_is_found_in_an_empty_array(void **state)
{
    (void)state;
    struct pairs pairs = {0};
    size_t at = 7;
    assert_false(find(&pairs, 1, &at));
    assert_int_equal(at, 0);
}

// Keys 3, 10, 17, ... each once, in an order that begins and ends somewhere in the middle.
static void whatever_the_order_of_coming_the_array_is_in_order(void **state)
{
    (void)state;
    enum { COUNT = 101, STEP = 37 };
    struct pairs pairs = {0};
    for (int i = 0; i < COUNT; i++) {
        int rank = (50 + i * STEP) % COUNT;
        add(&pairs, 3 + 7 * rank, rank);
    }
    assert_int_equal(pairs.count, COUNT);
    for (int rank = 0; rank < COUNT; rank++) {
        size_t at;
        assert_true(find(&pairs, 3 + 7 * rank, &at));
        assert_int_equal(at, rank);
        assert_int_equal(pairs.items[at].value, rank);
        assert_false(find(&pairs, 4 + 7 * rank, &at)); // between this one and the next
        assert_int_equal(at, rank + 1);
    }
    free(pairs.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_found_in_an_empty_array),
        cmocka_unit_test(whatever_the_order_of_coming_the_array_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
