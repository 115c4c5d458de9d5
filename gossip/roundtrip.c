#include "gossip/roundtrip.h"

enum { SAMPLE_MS_MAX = 60000 };

void roundtrip_add(struct roundtrip *roundtrip, uint64_t sample_ms)
{
    uint32_t sample = (uint32_t)MIN_OF(sample_ms, (uint64_t)SAMPLE_MS_MAX) * 8;
    if (!roundtrip->known) {
        *roundtrip = (struct roundtrip){sample, sample / 2, true};
        return;
    }
    uint32_t mean = roundtrip->mean_eighths;
    uint32_t off = sample > mean ? sample - mean : mean - sample;
    roundtrip->deviation_eighths = (3 * roundtrip->deviation_eighths + off) / 4;
    roundtrip->mean_eighths = (7 * mean + sample) / 8;
}

uint64_t roundtrip_timeout_ms(const struct roundtrip *roundtrip, uint64_t floor_ms, uint64_t ceiling_ms)
{
    if (!roundtrip->known)
        return ceiling_ms;
    uint64_t wait_ms = (roundtrip->mean_eighths + 4 * (uint64_t)roundtrip->deviation_eighths + 7) / 8;
    return MIN_OF(MAX_OF(wait_ms, floor_ms), ceiling_ms);
}
