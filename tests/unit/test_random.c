// test_random.c - the stream that all chance in gossip comes from.
#include "gossip/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void one_seed_gives_one_stream(void **state)
{
    (void)state;
    // The keystream of ChaCha20 under the zero key and nonce (RFC 8439, appendix A.1, vector 1).
    static const uint8_t seed[RANDOM_SEED_SIZE];
    struct random random, again;
    random_init(&random, seed);
    random_init(&again, seed);
    assert_int_equal(random_u64(&random), UINT64_C(0x903df1a0ade0b876));
    assert_int_equal(random_u64(&random), UINT64_C(0x28bd8653e56a5d40));
    random_u64(&again);
    random_u64(&again);
    for (size_t i = 0; i < 1000; i++) // far beyond one pool
        assert_int_equal(random_u64(&random), random_u64(&again));
}

static void another_seed_gives_another_stream(void **state)
{
    (void)state;
    static const uint8_t zero[RANDOM_SEED_SIZE], one[RANDOM_SEED_SIZE] = {1};
    struct random random, other;
    random_init(&random, zero);
    random_init(&other, one);
    assert_int_not_equal(random_u64(&random), random_u64(&other));
}

static void numbers_below_a_bound_are_uniform(void **state)
{
    (void)state;
    static const uint8_t seed[RANDOM_SEED_SIZE] = {7};
    struct random random;
    size_t drawn[6] = {0};
    random_init(&random, seed);
    for (size_t i = 0; i < 60000; i++)
        drawn[random_below(&random, COUNT_OF(drawn))]++;
    for (size_t i = 0; i < COUNT_OF(drawn); i++)
        assert_in_range(drawn[i], 9600, 10400);
    assert_int_equal(random_below(&random, 1), 0);
    assert_int_equal(random_below(&random, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_seed_gives_one_stream),
        cmocka_unit_test(another_seed_gives_another_stream),
        cmocka_unit_test(numbers_below_a_bound_are_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
