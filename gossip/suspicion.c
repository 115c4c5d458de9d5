#include "gossip/suspicion.h"

uint64_t suspicion_minimum_ms(size_t member_count)
{
    static const struct {
        size_t members;
        uint64_t minimum_ms;
    } points[] = {{8, 2000}, {100, 4400}, {1000, 6500}, {10000, 8500}, {100000, 10500}};
    if (member_count <= points[0].members)
        return points[0].minimum_ms;
    for (size_t i = 1; i < COUNT_OF(points); i++) {
        if (member_count > points[i].members)
            continue;
        uint64_t step_ms = points[i].minimum_ms - points[i - 1].minimum_ms;
        uint64_t width = points[i].members - points[i - 1].members;
        return points[i - 1].minimum_ms + step_ms * (member_count - points[i - 1].members) / width;
    }
    return points[COUNT_OF(points) - 1].minimum_ms;
}

size_t suspicion_accusers_needed(size_t live_others)
{
    return MAX_OF((size_t)1, MIN_OF(live_others, (size_t)SUSPICION_ACCUSER_COUNT_MAX));
}

uint64_t suspicion_timeout_ms(uint64_t minimum_ms, size_t accusers, size_t needed)
{
    // thousandths of the way from maximum to minimum: ln(accusers) / ln(needed)
    static const uint64_t fallen[SUSPICION_ACCUSER_COUNT_MAX + 1][SUSPICION_ACCUSER_COUNT_MAX + 1] = {
        [1] = {0, 1000, 1000, 1000},
        [2] = {0, 0, 1000, 1000},
        [3] = {0, 0, 631, 1000},
    };
    assert(needed >= 1 && needed <= SUSPICION_ACCUSER_COUNT_MAX);
    uint64_t maximum_ms = SUSPICION_MAX_FACTOR * minimum_ms;
    uint64_t share = fallen[needed][MIN_OF(accusers, (size_t)SUSPICION_ACCUSER_COUNT_MAX)];
    return maximum_ms - (maximum_ms - minimum_ms) * share / 1000;
}
