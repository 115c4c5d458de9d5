// test_heap.c - the heap against a sorted list that is too simple to be wrong.
#include "node/core/trigger/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % bound;
}

enum { INDEX_COUNT = 200 };

struct model {
    bool present[INDEX_COUNT];
    int64_t due_ms[INDEX_COUNT];
};

static bool model_first(const struct model *model, struct heap_entry *ret)
{
    bool found = false;
    for (uint32_t i = 0; i < INDEX_COUNT; i++)
        if (model->present[i] && (!found || model->due_ms[i] < ret->due_ms)) {
            *ret = (struct heap_entry){model->due_ms[i], i};
            found = true;
        }
    return found;
}

static void assert_same_first(const struct heap *heap, const struct model *model)
{
    struct heap_entry expected, found;
    bool any = model_first(model, &expected);
    assert_int_equal(heap_first(heap, &found), any);
    if (any)
        assert_true(found.due_ms == expected.due_ms && found.index == expected.index);
}

static void any_sequence_agrees_with_the_model(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct model model = {0};
    for (int round = 0; round < 60000; round++) {
        uint32_t index = random_below(INDEX_COUNT), what = random_below(4);
        if (round % 6000 > 4000) // now and then let it run empty
            what = MAX_OF(what, 2u);
        if (what < 2) {
            model.present[index] = true;
            model.due_ms[index] = (int64_t)random_below(50) - 25; // many are equal
            heap_set(&heap, index, model.due_ms[index]);
        } else if (what == 2) {
            assert_int_equal(heap_remove(&heap, index), model.present[index]);
            model.present[index] = false;
        } else {
            struct heap_entry first;
            if (heap_first(&heap, &first)) {
                assert_true(heap_remove(&heap, first.index));
                model.present[first.index] = false;
            }
        }
        assert_int_equal(heap_has(&heap, index), model.present[index]);
        assert_same_first(&heap, &model);
    }
    heap_deinit(&heap);
}

static void equal_due_times_come_by_index(void **state)
{
    (void)state;
    struct heap heap = {0};
    struct heap_entry first;
    for (uint32_t i = 1000; i-- > 0;)
        heap_set(&heap, i * 7 % 1000, 5);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(heap_first(&heap, &first));
        assert_int_equal(first.index, i);
        assert_true(heap_remove(&heap, i));
    }
    assert_false(heap_first(&heap, &first));
    heap_deinit(&heap);
}

static void an_entry_is_small(void **state)
{
    (void)state;
    struct heap heap = {0};
    enum { COUNT = 100000 };
    for (uint32_t i = 0; i < COUNT; i++)
        heap_set(&heap, i, (int64_t)random_below(1u << 30));
    size_t bytes = heap.capacity * sizeof *heap.entries + heap.place_count * sizeof *heap.places;
    assert_true(bytes <= 64 * COUNT);
    int64_t before_ms = INT64_MIN;
    struct heap_entry first;
    while (heap_first(&heap, &first)) {
        assert_true(first.due_ms >= before_ms);
        before_ms = first.due_ms;
        assert_true(heap_remove(&heap, first.index));
    }
    heap_deinit(&heap);
}

static void an_index_never_seen_is_not_there(void **state)
{
    (void)state;
    struct heap heap = {0};
    assert_false(heap_has(&heap, 0) || heap_has(&heap, UINT32_MAX) || heap_remove(&heap, 3));
    heap_set(&heap, 3, INT64_MAX);
    heap_set(&heap, 9, INT64_MIN);
    assert_false(heap_has(&heap, 2) || heap_remove(&heap, 1000000));
    struct heap_entry first;
    assert_true(heap_first(&heap, &first));
    assert_int_equal(first.index, 9);
    heap_deinit(&heap);
    heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_sequence_agrees_with_the_model),
        cmocka_unit_test(equal_due_times_come_by_index),
        cmocka_unit_test(an_entry_is_small),
        cmocka_unit_test(an_index_never_seen_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
