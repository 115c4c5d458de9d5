#include "proto/sorted.h"

#include <string.h>

bool sorted_find(const struct sorted *sorted, const void *key, size_t *ret_at)
{
    const char *elements = sorted->elements;
    size_t low = 0, high = sorted->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted->compare(elements + middle * sorted->size, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_at = low;
    return low < sorted->count && sorted->compare(elements + low * sorted->size, key) == 0;
}

void *sorted_insert(void **array, size_t *count, size_t *capacity, size_t at, size_t size)
{
    assert(at <= *count);
    base_grow(array, capacity, *count + 1, size);
    char *place = (char *)*array + at * size;
    memmove(place + size, place, (*count - at) * size);
    memset(place, 0, size);
    (*count)++;
    return place;
}
