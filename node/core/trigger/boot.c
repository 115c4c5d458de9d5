#include "node/core/trigger/boot.h"

struct hash boot_cause(const uint8_t boot[BOOT_ID_SIZE], const struct node_id *node)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-boot-1");
    hasher_add(&hasher, boot, BOOT_ID_SIZE);
    hasher_add(&hasher, node->b, sizeof node->b);
    return hasher_finish(&hasher);
}
