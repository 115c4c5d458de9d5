// nearest.h - "did you mean": the known word closest to a mistyped one.
//
// Source: the optimal string alignment distance (Damerau 1964, without moves of a moved letter):
// insert, delete, replace or swap two neighbours costs one each.
#ifndef NODE_CLI_NEAREST_H
#define NODE_CLI_NEAREST_H

#include <stddef.h>

enum {
    NEAREST_WORD_SIZE_MAX = 40, // longer words have no neighbour
};

// How many single changes lie between two words; SIZE_MAX when one is too long to compare.
size_t nearest_distance(const char *a, const char *b);
// The known word at most a third of the typed one away, the first of equals; NULL when none is near.
const char *nearest_find(const char *typed, const char *const *known, size_t count);

#endif
