// test_tree.c - the ordered set against a plain array, and fingerprints of sets.
#include "crdt/fingerprint.h"
#include "crdt/tree.h"
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KEY_COUNT = 400 };

struct thing {
    struct tree_node node; // first
    int key;
    bool is_in;
};

static int compare(const struct tree_node *node, const void *key)
{
    return ((const struct thing *)(const void *)node)->key - *(const int *)key;
}

// Checks order and balance below a node; returns its height.
static int height_of(const struct tree_node *node)
{
    if (!node)
        return 0;
    int left = height_of(node->left), right = height_of(node->right);
    assert_true(abs(left - right) <= 1);
    assert_int_equal(node->height, 1 + (left > right ? left : right));
    return node->height;
}

static void check(const struct tree *tree, const struct thing *things)
{
    const struct tree_node *node = tree_find_first(tree);
    size_t count = 0;
    for (int key = 0; key < KEY_COUNT; key++) {
        assert_ptr_equal(tree_find(tree, &key), things[key].is_in ? &things[key].node : NULL);
        if (!things[key].is_in)
            continue;
        assert_ptr_equal(node, &things[key].node);
        node = tree_find_after(tree, &key);
        count++;
    }
    assert_null(node);
    assert_int_equal(tree->count, count);
    height_of(tree->root);
}

static void a_tree_is_an_ordered_set(void **state)
{
    (void)state;
    static struct thing things[KEY_COUNT];
    uint64_t seed = 20260921;
    struct tree tree;
    tree_init(&tree, compare);
    for (int i = 0; i < KEY_COUNT; i++)
        things[i].key = i;
    for (int step = 0; step < 6000; step++) {
        struct thing *thing = &things[support_random(&seed) % KEY_COUNT];
        if (!thing->is_in)
            tree_add(&tree, &thing->node, &thing->key);
        else
            assert_ptr_equal(tree_remove(&tree, &thing->key), &thing->node);
        thing->is_in = !thing->is_in;
        if (step % 10 == 0)
            check(&tree, things);
    }
    while (tree.count) {
        struct thing *thing = (struct thing *)(void *)tree_take_any(&tree);
        assert_true(thing->is_in);
        thing->is_in = false;
    }
    assert_null(tree_take_any(&tree));
}

static void growing_in_order_stays_balanced(void **state)
{
    (void)state;
    static struct thing things[KEY_COUNT];
    struct tree tree;
    int absent = -1;
    tree_init(&tree, compare);
    for (int i = 0; i < KEY_COUNT; i++) {
        things[i].key = i;
        things[i].is_in = true;
        tree_add(&tree, &things[i].node, &i);
    }
    check(&tree, things);
    assert_true(height_of(tree.root) <= 10);
    assert_null(tree_remove(&tree, &absent));
    assert_ptr_equal(tree_find_after(&tree, &absent), &things[0].node);
}

static void a_fingerprint_forgets_order_and_what_was_removed(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct hash ids[50];
    struct fingerprint forwards = {0}, backwards = {0}, empty = {0};
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        for (size_t k = 0; k < sizeof ids[i].b; k++)
            ids[i].b[k] = i % 5 ? (uint8_t)support_random(&seed) : 0xff; // carries all the way
        fingerprint_add(&forwards, &ids[i]);
    }
    for (size_t i = COUNT_OF(ids); i-- > 0;)
        fingerprint_add(&backwards, &ids[i]);
    struct hash first = fingerprint_hash(&forwards), second = fingerprint_hash(&backwards);
    assert_true(hash_equal(&first, &second));
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        fingerprint_remove(&forwards, &ids[(i * 7) % COUNT_OF(ids)]);
        second = fingerprint_hash(&forwards);
        assert_false(hash_equal(&first, &second));
    }
    first = fingerprint_hash(&empty);
    assert_true(hash_equal(&first, &second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_an_ordered_set),
        cmocka_unit_test(growing_in_order_stays_balanced),
        cmocka_unit_test(a_fingerprint_forgets_order_and_what_was_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
