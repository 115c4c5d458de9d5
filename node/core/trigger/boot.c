#include "node/core/trigger/boot.h"

struct hash boot_cause(const uint8_t boot[BOOT_ID_SIZE], const struct node_id *node)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-boot-1");
    hasher_add(&hasher, boot, BOOT_ID_SIZE);
    hasher_add(&hasher, node->b, sizeof node->b);
    return hasher_finish(&hasher);
}

// Two processes that read the clocks a moment apart shall find the same.
int64_t boot_due_ms(int64_t wall_ms, uint64_t boottime_ns, uint64_t delay_ms)
{
    int64_t booted_ms = wall_ms - (int64_t)(boottime_ns / 1000000);
    return MAX_OF((booted_ms + 500) / 1000 * 1000, 0) + (int64_t)delay_ms;
}
