// test_timers.c - the heap of what is due, against a plain search through everything.
#include "gossip/random.h"
#include "gossip/timers.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct timers_entry *earliest(const struct timers_entry *entries, size_t count)
{
    const struct timers_entry *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct timers_entry *entry = &entries[i];
        if (entry->position && (!first || entry->due_ms < first->due_ms ||
                                (entry->due_ms == first->due_ms && entry->serial < first->serial)))
            first = entry;
    }
    return first;
}

static void the_first_is_the_earliest_whatever_was_set_moved_and_removed(void **state)
{
    (void)state;
    static const uint8_t seed[RANDOM_SEED_SIZE] = {3};
    struct random random;
    struct timers timers = {0};
    struct timers_entry entries[64] = {0};
    random_init(&random, seed);
    for (size_t step = 0; step < 20000; step++) {
        struct timers_entry *entry = &entries[random_below(&random, COUNT_OF(entries))];
        if (random_below(&random, 3))
            timers_set(&timers, entry, random_below(&random, 100));
        else
            timers_remove(&timers, entry);
        assert_ptr_equal(timers_first(&timers), earliest(entries, COUNT_OF(entries)));
    }
    timers_deinit(&timers);
}

static void equal_times_come_in_the_order_they_were_set(void **state)
{
    (void)state;
    struct timers timers = {0};
    struct timers_entry entries[50] = {0};
    for (size_t i = 0; i < COUNT_OF(entries); i++)
        timers_set(&timers, &entries[(i * 7) % COUNT_OF(entries)], 5);
    for (size_t i = 0; i < COUNT_OF(entries); i++) {
        assert_ptr_equal(timers_first(&timers), &entries[(i * 7) % COUNT_OF(entries)]);
        timers_remove(&timers, timers_first(&timers));
    }
    assert_null(timers_first(&timers));
    timers_deinit(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_the_earliest_whatever_was_set_moved_and_removed),
        cmocka_unit_test(equal_times_come_in_the_order_they_were_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
