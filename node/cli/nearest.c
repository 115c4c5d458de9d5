#include "node/cli/nearest.h"

#include <stdint.h>
#include <string.h>

#include "proto/base.h"

size_t nearest_distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    if (rows > NEAREST_WORD_SIZE_MAX || columns > NEAREST_WORD_SIZE_MAX)
        return SIZE_MAX;
    size_t cost[NEAREST_WORD_SIZE_MAX + 1][NEAREST_WORD_SIZE_MAX + 1];
    for (size_t i = 0; i <= rows; i++)
        cost[i][0] = i;
    for (size_t j = 0; j <= columns; j++)
        cost[0][j] = j;
    for (size_t i = 1; i <= rows; i++) {
        for (size_t j = 1; j <= columns; j++) {
            size_t change = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            size_t least = MIN_OF(change, MIN_OF(cost[i - 1][j], cost[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                least = MIN_OF(least, cost[i - 2][j - 2] + 1);
            cost[i][j] = least;
        }
    }
    return cost[rows][columns];
}

const char *nearest_find(const char *typed, const char *const *known, size_t count)
{
    const char *best = NULL;
    size_t best_distance = MAX_OF(strlen(typed) / 3, (size_t)1) + 1;
    for (size_t i = 0; i < count; i++) {
        size_t distance = nearest_distance(typed, known[i]);
        if (distance < best_distance) {
            best_distance = distance;
            best = known[i];
        }
    }
    return best;
}
