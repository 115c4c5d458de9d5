// test_suspicion.c - how long an accused has; how long a peer usually takes.
#include "gossip/roundtrip.h"
#include "gossip/suspicion.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void the_minimum_meets_its_points_and_never_falls_as_the_fleet_grows(void **state)
{
    (void)state;
    assert_int_equal(suspicion_minimum_ms(1), 2000);
    assert_int_equal(suspicion_minimum_ms(8), 2000);
    assert_int_equal(suspicion_minimum_ms(100), 4400);
    assert_int_equal(suspicion_minimum_ms(1000), 6500);
    assert_int_equal(suspicion_minimum_ms(10000), 8500);
    for (size_t count = 1; count < 200000; count++)
        assert_true(suspicion_minimum_ms(count) <= suspicion_minimum_ms(count + 1));
}

static void a_small_fleet_needs_fewer_accusers(void **state)
{
    (void)state;
    assert_int_equal(suspicion_accusers_needed(0), 1);
    assert_int_equal(suspicion_accusers_needed(1), 1); // I alone, when there are two of us
    assert_int_equal(suspicion_accusers_needed(2), 2);
    assert_int_equal(suspicion_accusers_needed(3), 3);
    assert_int_equal(suspicion_accusers_needed(9999), 3);
}

static void every_accuser_shortens_the_time_down_to_the_minimum(void **state)
{
    (void)state;
    assert_int_equal(suspicion_timeout_ms(2000, 1, 3), 12000);
    assert_int_equal(suspicion_timeout_ms(2000, 2, 3), 12000 - 6310); // ln 2 / ln 3
    assert_int_equal(suspicion_timeout_ms(2000, 3, 3), 2000);
    assert_int_equal(suspicion_timeout_ms(2000, 9, 3), 2000);
    assert_int_equal(suspicion_timeout_ms(2000, 1, 2), 12000);
    assert_int_equal(suspicion_timeout_ms(2000, 2, 2), 2000);
    assert_int_equal(suspicion_timeout_ms(2000, 1, 1), 2000);
}

static void an_unknown_peer_gets_the_longest_wait(void **state)
{
    (void)state;
    struct roundtrip roundtrip = {0};
    assert_int_equal(roundtrip_timeout_ms(&roundtrip, 100, 500), 500);
}

static void the_wait_follows_the_path(void **state)
{
    (void)state;
    struct roundtrip roundtrip = {0};
    for (size_t i = 0; i < 100; i++)
        roundtrip_add(&roundtrip, 60);
    assert_in_range(roundtrip_timeout_ms(&roundtrip, 10, 500), 60, 70); // steady: close to the mean
    assert_int_equal(roundtrip_timeout_ms(&roundtrip, 100, 500), 100);
    for (size_t i = 0; i < 100; i++)
        roundtrip_add(&roundtrip, i % 2 ? 20 : 100);
    assert_in_range(roundtrip_timeout_ms(&roundtrip, 10, 500), 180, 260); // shaky: mean + 4 deviations
    for (size_t i = 0; i < 100; i++)
        roundtrip_add(&roundtrip, 1);
    assert_in_range(roundtrip_timeout_ms(&roundtrip, 1, 500), 1, 5);
    roundtrip_add(&roundtrip, UINT64_MAX); // does not overflow
    assert_int_equal(roundtrip_timeout_ms(&roundtrip, 1, 500), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_minimum_meets_its_points_and_never_falls_as_the_fleet_grows),
        cmocka_unit_test(a_small_fleet_needs_fewer_accusers),
        cmocka_unit_test(every_accuser_shortens_the_time_down_to_the_minimum),
        cmocka_unit_test(an_unknown_peer_gets_the_longest_wait),
        cmocka_unit_test(the_wait_follows_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
