#include "crdt/tree.h"

enum {
    TREE_HEIGHT_MAX = 64, // 1.44 log2(n): more than memory can hold
};

// The links that lead from the root to a place in the tree, the root's own first.
struct path {
    struct tree_node **links[TREE_HEIGHT_MAX];
    size_t count;
};

void tree_init(struct tree *tree, tree_compare *compare)
{
    *tree = (struct tree){.compare = compare};
}

struct tree_node *tree_find(const struct tree *tree, const void *key)
{
    struct tree_node *node = tree->root;
    while (node) {
        int order = tree->compare(node, key);
        if (!order)
            return node;
        node = order < 0 ? node->right : node->left;
    }
    return NULL;
}

struct tree_node *tree_find_first(const struct tree *tree)
{
    struct tree_node *node = tree->root;
    while (node && node->left)
        node = node->left;
    return node;
}

struct tree_node *tree_find_after(const struct tree *tree, const void *key)
{
    struct tree_node *best = NULL, *node = tree->root;
    while (node) {
        if (tree->compare(node, key) > 0) {
            best = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

static int height_of(const struct tree_node *node)
{
    return node ? node->height : 0;
}

static void measure(struct tree_node *node)
{
    node->height = 1 + MAX_OF(height_of(node->left), height_of(node->right));
}

static struct tree_node *turn_right(struct tree_node *node)
{
    struct tree_node *top = node->left;
    node->left = top->right;
    top->right = node;
    measure(node);
    measure(top);
    return top;
}

static struct tree_node *turn_left(struct tree_node *node)
{
    struct tree_node *top = node->right;
    node->right = top->left;
    top->left = node;
    measure(node);
    measure(top);
    return top;
}

static struct tree_node *balanced(struct tree_node *node)
{
    int lean = height_of(node->left) - height_of(node->right);
    if (lean > 1) {
        if (height_of(node->left->left) < height_of(node->left->right))
            node->left = turn_left(node->left);
        return turn_right(node);
    }
    if (lean < -1) {
        if (height_of(node->right->right) < height_of(node->right->left))
            node->right = turn_right(node->right);
        return turn_left(node);
    }
    measure(node);
    return node;
}

static void balance_path(struct path *path)
{
    while (path->count) {
        struct tree_node **link = path->links[--path->count];
        if (*link)
            *link = balanced(*link);
    }
}

static void path_add(struct path *path, struct tree_node **link)
{
    assert(path->count < TREE_HEIGHT_MAX);
    path->links[path->count++] = link;
}

// Leads to the node with the key, or to the empty link where it would hang.
static void path_to(struct tree *tree, const void *key, struct path *path)
{
    struct tree_node **link = &tree->root;
    path->count = 0;
    path_add(path, link);
    while (*link) {
        int order = tree->compare(*link, key);
        if (!order)
            return;
        link = order < 0 ? &(*link)->right : &(*link)->left;
        path_add(path, link);
    }
}

void tree_add(struct tree *tree, struct tree_node *node, const void *key)
{
    struct path path;
    path_to(tree, key, &path);
    struct tree_node **link = path.links[path.count - 1];
    assert(!*link);
    *node = (struct tree_node){.height = 1};
    *link = node;
    tree->count++;
    balance_path(&path);
}

struct tree_node *tree_remove(struct tree *tree, const void *key)
{
    struct path path;
    path_to(tree, key, &path);
    struct tree_node **link = path.links[path.count - 1], *gone = *link;
    if (!gone)
        return NULL;
    if (gone->left && gone->right) { // its follower takes its place
        size_t place = path.count;
        struct tree_node **next = &gone->right;
        path_add(&path, next);
        while ((*next)->left) {
            next = &(*next)->left;
            path_add(&path, next);
        }
        struct tree_node *follower = *next;
        *next = follower->right;
        follower->left = gone->left;
        follower->right = gone->right;
        *link = follower;
        path.links[place] = &follower->right; // was gone's own link
    } else {
        *link = gone->left ? gone->left : gone->right;
    }
    tree->count--;
    balance_path(&path);
    return gone;
}

struct tree_node *tree_take_any(struct tree *tree)
{
    struct tree_node **link = &tree->root;
    while (*link && ((*link)->left || (*link)->right))
        link = (*link)->left ? &(*link)->left : &(*link)->right;
    struct tree_node *leaf = *link;
    *link = NULL;
    tree->count -= leaf ? 1 : 0;
    return leaf;
}
