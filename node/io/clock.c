#include "node/io/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

static uint64_t read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clock_now_ms(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000000u;
}

uint64_t clock_boottime_ns(void)
{
    return read_ns(CLOCK_BOOTTIME);
}

int64_t clock_offset_ms(void)
{
#ifdef KATYDID_TESTING
    const char *offset = getenv("KATYDID_CLOCK_OFFSET_MS");
    if (offset)
        return atoll(offset);
#endif
    return 0;
}

int64_t clock_wall_ms(void)
{
    return (int64_t)(read_ns(CLOCK_REALTIME) / 1000000u) + clock_offset_ms();
}

bool clock_synchronised(uint32_t *ret_error_ms)
{
    struct timex timex = {0};
    bool is_kept = adjtimex(&timex) >= 0 && !(timex.status & STA_UNSYNC) && clock_offset_ms() == 0;
    *ret_error_ms = is_kept ? (uint32_t)(timex.maxerror / 1000 + 1) : 0;
    return is_kept;
}

void clock_entropy(void *out, size_t size)
{
    randombytes_buf(out, size);
}
