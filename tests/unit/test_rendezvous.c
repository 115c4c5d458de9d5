// test_rendezvous.c - ranks: fixed vectors for every machine, fair shares, and little movement.
//
// The vectors come from an independent computation with big integers; its logarithm was compared
// with one of sixty digits and lies at most one unit of 2^-32 above it.
#include "gossip/rendezvous.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct hash job_of(uint32_t number)
{
    struct hasher hasher;
    hasher_start(&hasher, "test job");
    hasher_add_u64(&hasher, number);
    return hasher_finish(&hasher);
}

static struct rendezvous_node node_of(uint8_t id, uint8_t salt, uint32_t weight)
{
    struct rendezvous_node node = {.weight = weight};
    memset(node.id.b, id, sizeof node.id.b);
    memset(node.salt, salt, sizeof node.salt);
    return node;
}

// nodes 1..count, salts 101.., all of weight 100
static void fill_fleet(struct rendezvous_node *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        nodes[i] = node_of((uint8_t)(i + 1), (uint8_t)(i + 101), 100);
}

static uint8_t first_for(uint32_t job_number, const struct rendezvous_node *nodes, size_t count)
{
    struct rendezvous_node ranked[64];
    struct hash job = job_of(job_number);
    assert_true(count <= COUNT_OF(ranked));
    memcpy(ranked, nodes, count * sizeof *nodes);
    rendezvous_rank(&job, ranked, count);
    return ranked[0].id.b[0];
}

static void scores_match_the_vectors(void **state)
{
    (void)state;
    static const struct {
        uint8_t job, id, salt;
        uint32_t weight;
        uint64_t score;
    } vectors[] = {
        {0, 0, 0, 100, 0x15cdba1}, {1, 2, 3, 100, 0x281a316},    {1, 2, 3, 200, 0x503462d},
        {1, 2, 3, 1, 0x66a97},     {1, 2, 3, 10000, 0xfaa3b4ce}, {255, 17, 9, 37, 0x8b21c6},
        {1, 2, 4, 100, 0x7b22bf},  {7, 2, 3, 100, 0x5841b8},
    };
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        struct hash job;
        memset(job.b, vectors[i].job, sizeof job.b);
        struct rendezvous_node node = node_of(vectors[i].id, vectors[i].salt, vectors[i].weight);
        assert_int_equal(rendezvous_score(&job, &node), vectors[i].score);
    }
}

static void an_order_matches_its_vector(void **state)
{
    (void)state;
    static const uint8_t expected[] = {5, 1, 2, 8, 4, 3, 6, 7};
    struct hash job;
    memset(job.b, 1, sizeof job.b);
    struct rendezvous_node nodes[8];
    fill_fleet(nodes, 8);
    rendezvous_rank(&job, nodes, 8);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(nodes[i].id.b[0], expected[i]);
}

static void the_order_of_the_input_does_not_matter(void **state)
{
    (void)state;
    enum { COUNT = 7 };
    struct rendezvous_node forward[COUNT], rotated[COUNT];
    for (uint32_t number = 0; number < 200; number++) {
        struct hash job = job_of(number);
        fill_fleet(forward, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            rotated[(i * 3 + number) % COUNT] = forward[i];
        rendezvous_rank(&job, forward, COUNT);
        rendezvous_rank(&job, rotated, COUNT);
        assert_memory_equal(forward, rotated, sizeof forward);
    }
}

static void equal_scores_are_broken_by_the_lower_id(void **state)
{
    (void)state;
    struct hash job = job_of(1);
    struct rendezvous_node nodes[3] = {node_of(9, 1, 0), node_of(4, 1, 0), node_of(6, 1, 0)};
    rendezvous_rank(&job, nodes, 3);
    assert_int_equal(nodes[0].id.b[0], 4);
    assert_int_equal(nodes[1].id.b[0], 6);
    assert_int_equal(nodes[2].id.b[0], 9);
}

static void equal_weights_get_equal_shares(void **state)
{
    (void)state;
    enum { NODES = 10, JOBS = 20000 };
    struct rendezvous_node nodes[NODES];
    double won[NODES + 1] = {0};
    fill_fleet(nodes, NODES);
    for (uint32_t number = 0; number < JOBS; number++)
        won[first_for(number, nodes, NODES)]++;
    double chi_squared = 0;
    for (size_t i = 1; i <= NODES; i++) {
        double off = won[i] - JOBS / NODES;
        chi_squared += off * off / (JOBS / NODES);
    }
    assert_true(chi_squared < 27.9); // 9 degrees of freedom: exceeded once in a thousand fair hashes
}

static void shares_follow_the_weights(void **state)
{
    (void)state;
    enum { JOBS = 30000 };
    static const uint32_t weights[] = {1, 50, 100, 200, 649}; // of 1000
    struct rendezvous_node nodes[COUNT_OF(weights)];
    uint32_t won[COUNT_OF(weights) + 1] = {0};
    for (size_t i = 0; i < COUNT_OF(weights); i++)
        nodes[i] = node_of((uint8_t)(i + 1), 7, weights[i]);
    for (uint32_t number = 0; number < JOBS; number++)
        won[first_for(number, nodes, COUNT_OF(weights))]++;
    for (size_t i = 0; i < COUNT_OF(weights); i++) {
        uint32_t expected = JOBS / 1000 * weights[i];
        uint32_t slack = expected / 20 + 30; // about four standard deviations
        assert_in_range(won[i + 1], expected > slack ? expected - slack : 0, expected + slack);
    }
}

static void a_weight_of_nothing_never_wins(void **state)
{
    (void)state;
    struct rendezvous_node nodes[2] = {node_of(1, 1, 0), node_of(2, 2, 1)};
    for (uint32_t number = 0; number < 1000; number++)
        assert_int_equal(first_for(number, nodes, 2), 2);
}

static void removal_moves_only_what_the_removed_node_had(void **state)
{
    (void)state;
    enum { NODES = 12, GONE = 4 };
    struct rendezvous_node all[NODES], rest[NODES];
    for (uint32_t number = 0; number < 2000; number++) {
        struct hash job = job_of(number);
        fill_fleet(all, NODES);
        size_t kept = 0;
        for (size_t i = 0; i < NODES; i++)
            if (all[i].id.b[0] != GONE)
                rest[kept++] = all[i];
        rendezvous_rank(&job, all, NODES);
        rendezvous_rank(&job, rest, kept);
        size_t at = 0; // the whole order without the gone node is the order of the rest
        for (size_t i = 0; i < NODES; i++)
            if (all[i].id.b[0] != GONE)
                assert_int_equal(all[i].id.b[0], rest[at++].id.b[0]);
    }
}

static void another_salt_is_another_draw(void **state)
{
    (void)state;
    uint32_t won = 0;
    for (uint32_t number = 0; number < 2000; number++) {
        struct hash job = job_of(number);
        struct rendezvous_node one = node_of(1, 1, 100), other = node_of(1, 2, 100);
        won += rendezvous_score(&job, &one) > rendezvous_score(&job, &other);
    }
    assert_in_range(won, 880, 1120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_match_the_vectors),
        cmocka_unit_test(an_order_matches_its_vector),
        cmocka_unit_test(the_order_of_the_input_does_not_matter),
        cmocka_unit_test(equal_scores_are_broken_by_the_lower_id),
        cmocka_unit_test(equal_weights_get_equal_shares),
        cmocka_unit_test(shares_follow_the_weights),
        cmocka_unit_test(a_weight_of_nothing_never_wins),
        cmocka_unit_test(removal_moves_only_what_the_removed_node_had),
        cmocka_unit_test(another_salt_is_another_draw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
