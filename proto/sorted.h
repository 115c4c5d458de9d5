// sorted.h - arrays kept in order: where a thing is, or where it belongs.
//
// The array stays its owner's. Order comes from the owner's comparison
// alone, never from addresses. Bisection, O(log n).
#ifndef PROTO_SORTED_H
#define PROTO_SORTED_H

#include "proto/base.h"

// <0: the element sorts before the key; 0: it has the key; >0: after it. `element` points into the array.
typedef int sorted_compare(const void *element, const void *key);

struct sorted {
    const void *elements;
    size_t count;
    size_t size; // of one element, in bytes
    sorted_compare *compare;
};

#define SORTED(array, length, order)                                                                         \
    (&(struct sorted){.elements = (array), .count = (length), .size = sizeof *(array), .compare = (order)})

// True when an element has the key, and where; otherwise false, and where it would belong.
bool sorted_find(const struct sorted *sorted, const void *key, size_t *ret_at);

// Makes room for one element (of `size` bytes, zeroed) at `at`, and returns it. *array may move.
void *sorted_insert(void **array, size_t *count, size_t *capacity, size_t at, size_t size);

#endif
