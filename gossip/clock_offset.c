#include "gossip/clock_offset.h"

#include <stdlib.h>

enum {
    SET_MS = 50,         // our wall clock moved this much more or less than time passed: it was set
    DRIFT_ONE_IN = 5000, // 200 ppm
};

static uint64_t distance(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

uint64_t clock_offset_uncertainty_ms(const struct clock_offset *offset, uint64_t now_ms)
{
    return offset->uncertainty_ms + (now_ms - offset->at_ms) / DRIFT_ONE_IN;
}

void clock_offset_add(struct clock_offset *offset, const struct clock_offset_sample *sample)
{
    uint64_t trip_ms = sample->received_ms - sample->sent_ms;
    int64_t wall_trip_ms = sample->received_wall_ms - sample->sent_wall_ms;
    if (distance(wall_trip_ms, (int64_t)trip_ms) > SET_MS)
        return;
    struct clock_offset fresh = {
        .offset_ms = sample->peer_wall_ms - sample->received_wall_ms + (int64_t)(trip_ms / 2),
        .uncertainty_ms = trip_ms / 2 + 1,
        .at_ms = sample->received_ms,
        .known = true,
    };
    if (offset->known) {
        uint64_t unsure_ms = clock_offset_uncertainty_ms(offset, fresh.at_ms);
        bool agree = distance(fresh.offset_ms, offset->offset_ms) <= unsure_ms + fresh.uncertainty_ms;
        if (agree && fresh.uncertainty_ms > unsure_ms)
            return;
    }
    *offset = fresh;
}

static int ascending(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

int64_t clock_offset_median_ms(const struct clock_offset *const *offsets, size_t count)
{
    int64_t *values = base_alloc(count + 1, sizeof *values);
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        if (offsets[i]->known)
            values[known++] = offsets[i]->offset_ms;
    qsort(values, known, sizeof *values, ascending);
    int64_t low = known ? values[(known - 1) / 2] : 0, high = known ? values[known / 2] : 0;
    free(values);
    return llabs(low) <= llabs(high) ? low : high;
}
