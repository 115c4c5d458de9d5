// test_clock_offset.c - how far a peer's wall clock is off, from the samples in pings and acks.
#include "gossip/clock_offset.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

// Their clock is `off` ahead of ours; the way there takes `there_ms`, the way back `back_ms`.
static struct clock_offset_sample sample_of(uint64_t at_ms, uint64_t there_ms, uint64_t back_ms, int64_t off)
{
    int64_t wall_ms = 1790000000000 + (int64_t)at_ms;
    return (struct clock_offset_sample){
        .sent_ms = at_ms,
        .received_ms = at_ms + there_ms + back_ms,
        .sent_wall_ms = wall_ms,
        .received_wall_ms = wall_ms + (int64_t)(there_ms + back_ms),
        .peer_wall_ms = wall_ms + (int64_t)there_ms + off,
    };
}

static void assert_holds(const struct clock_offset *offset, uint64_t now_ms, int64_t truth_ms)
{
    int64_t unsure_ms = (int64_t)clock_offset_uncertainty_ms(offset, now_ms);
    assert_true(offset->known);
    assert_true(truth_ms >= offset->offset_ms - unsure_ms && truth_ms <= offset->offset_ms + unsure_ms);
}

static void the_truth_lies_within_the_uncertainty_however_lopsided_the_way(void **state)
{
    (void)state;
    for (uint64_t there_ms = 0; there_ms <= 40; there_ms++) {
        struct clock_offset offset = {0};
        struct clock_offset_sample sample = sample_of(1000, there_ms, 40 - there_ms, -7200000);
        clock_offset_add(&offset, &sample);
        assert_holds(&offset, 1040, -7200000);
        assert_int_equal(clock_offset_uncertainty_ms(&offset, 1040), 21);
    }
}

static void the_surest_sample_is_kept_until_it_ages(void **state)
{
    (void)state;
    struct clock_offset offset = {0};
    struct clock_offset_sample sure = sample_of(1000, 1, 1, 500), unsure = sample_of(2000, 90, 10, 500);
    clock_offset_add(&offset, &sure);
    clock_offset_add(&offset, &unsure);
    assert_int_equal(offset.at_ms, 1002);
    unsure = sample_of(600000, 50, 50, 500); // after ten minutes 2 ms have become over 120
    clock_offset_add(&offset, &unsure);
    assert_int_equal(offset.at_ms, 600100);
}

static void a_clock_that_was_set_shows_at_once(void **state)
{
    (void)state;
    struct clock_offset offset = {0};
    struct clock_offset_sample before = sample_of(1000, 1, 1, 0), after = sample_of(2000, 60, 30, 3600000);
    clock_offset_add(&offset, &before);
    clock_offset_add(&offset, &after);
    assert_holds(&offset, 2090, 3600000);
}

static void a_sample_during_which_our_clock_was_set_is_ignored(void **state)
{
    (void)state;
    struct clock_offset offset = {0};
    struct clock_offset_sample sample = sample_of(1000, 5, 5, 0);
    sample.received_wall_ms += 60000;
    clock_offset_add(&offset, &sample);
    assert_false(offset.known);
}

static void the_median_ignores_the_unknown_and_the_liar(void **state)
{
    (void)state;
    struct clock_offset good[3] = {
        {.offset_ms = 3, .known = true}, {.offset_ms = -2, .known = true}, {.offset_ms = 1, .known = true}};
    struct clock_offset liar = {.offset_ms = 86400000, .known = true}, unknown = {.offset_ms = -86400000};
    const struct clock_offset *all[] = {&good[0], &liar, &unknown, &good[1], &good[2]};
    assert_int_equal(clock_offset_median_ms(all, COUNT_OF(all)), 1);
    assert_int_equal(clock_offset_median_ms(all, 0), 0);
    const struct clock_offset own = {.known = true}, *two[] = {&liar, &own}, *behind[] = {&own, &good[1]};
    assert_int_equal(clock_offset_median_ms(two, 2), 0); // of two in the middle the one nearer to zero
    assert_int_equal(clock_offset_median_ms(behind, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_truth_lies_within_the_uncertainty_however_lopsided_the_way),
        cmocka_unit_test(the_surest_sample_is_kept_until_it_ages),
        cmocka_unit_test(a_clock_that_was_set_shows_at_once),
        cmocka_unit_test(a_sample_during_which_our_clock_was_set_is_ignored),
        cmocka_unit_test(the_median_ignores_the_unknown_and_the_liar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
