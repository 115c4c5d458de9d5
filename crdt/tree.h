// tree.h - an ordered set of things that embed a tree_node: find, walk in order, add, remove.
//
// A balanced binary tree without parent links: three words per thing, and a walk is a search for the
// next key, so a walk survives changes between its steps. Order comes from the caller's comparison
// alone, never from addresses, so every replica walks alike. The tree owns nothing.
// Source: Adelson-Velsky & Landis 1962.
#ifndef CRDT_TREE_H
#define CRDT_TREE_H

#include "proto/base.h"

struct tree_node {
    struct tree_node *left;
    struct tree_node *right;
    int height;
};

// <0: the node sorts before the key; 0: it has the key; >0: after it.
typedef int tree_compare(const struct tree_node *node, const void *key);

struct tree {
    struct tree_node *root;
    size_t count;
    tree_compare *compare;
};

void tree_init(struct tree *tree, tree_compare *compare);

struct tree_node *tree_find(const struct tree *tree, const void *key);
struct tree_node *tree_find_first(const struct tree *tree);
// The first whose key is above `key`, which need not be in the tree.
struct tree_node *tree_find_after(const struct tree *tree, const void *key);

// The key must not be in the tree.
void tree_add(struct tree *tree, struct tree_node *node, const void *key);
// Returns what was removed, or NULL.
struct tree_node *tree_remove(struct tree *tree, const void *key);
// Takes out any one node, cheaply; NULL when empty. For emptying a tree before its memory goes.
struct tree_node *tree_take_any(struct tree *tree);

#endif
